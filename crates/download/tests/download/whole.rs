//! Servers that send the file, each in its way.

use std::{
    fs,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use oneiric_download::{Checksum, RemoteFile, TransferProblem};

use crate::{
    kit::{NAME, content, downloader, files, problem, remote},
    server::Server,
};

#[test]
fn a_file_is_fetched_once_and_then_found() {
    let server = Server::of(content());
    let folder = tempfile::tempdir().expect("a folder");
    // A folder that is not there yet is made.
    let cache = folder.path().join("new").join("cache");
    let seen = Arc::<Mutex<Vec<_>>>::default();
    let record = seen.clone();
    let mut downloader = downloader(&cache).observer(move |report| {
        let mut seen = record.lock().expect("no panic");
        seen.push((
            report.file.to_string(),
            report.progress().done,
            report.progress().total,
        ));
    });
    let file = remote(server.url("/weights.bin"));
    let path = downloader.fetch(file.clone()).expect("a good server");
    assert_eq!(path, cache.join(NAME));
    assert_eq!(fs::read(&path).expect("just written"), content());
    assert_eq!(files(&cache), [NAME]);

    let again = downloader.fetch(file.clone()).expect("in the cache");
    assert_eq!(again, path);
    let requests = server.requests();
    assert_eq!(requests.len(), 1, "the second time no request was made");
    let head = requests[0].to_ascii_lowercase();
    assert!(head.starts_with("get /weights.bin http/1.1\r\n"), "{head}");
    let agent = format!("user-agent: oneiric/{}\r\n", env!("CARGO_PKG_VERSION"));
    assert!(head.contains(&agent), "{head}");

    let seen = seen.lock().expect("no panic");
    let total = content().len() as u64;
    let (first, last) = (seen.first(), seen.last());
    assert_eq!(first, Some(&(NAME.to_owned(), 0, Some(total))));
    assert_eq!(last, Some(&(NAME.to_owned(), total, Some(total))));
    assert!(seen.is_sorted_by_key(|&(_, received, _)| received));
}

#[test]
fn sha1_and_the_first_digits_are_enough() {
    // The hashes of "abc", from the examples of FIPS 180-4.
    let sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d".to_owned();
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned();
    let server = Server::of(b"abc".to_vec());
    let folder = tempfile::tempdir().expect("a folder");
    let checksums = [
        Checksum::Sha1(sha1),
        Checksum::Sha256(sha256.to_uppercase()),
        Checksum::Sha256Prefix(sha256[..8].to_owned()),
    ];
    for (index, checksum) in checksums.into_iter().enumerate() {
        let file = RemoteFile::new(server.url("/"), format!("{index}.bin"), checksum);
        let path = downloader(folder.path()).fetch(file);
        assert_eq!(fs::read(path.expect("right")).expect("there"), b"abc");
    }
    let wrong = Checksum::Sha256Prefix("ba7816b0".to_owned());
    let error = downloader(folder.path()).fetch(RemoteFile::new(server.url("/"), "d", wrong));
    let TransferProblem::Checksum { found, .. } = problem(error) else {
        panic!("another checksum");
    };
    assert_eq!(found, sha256);
}

#[test]
fn a_slow_but_steady_server_is_waited_for() {
    const PARTS: usize = 10;
    let server = Server::start(|mut exchange| {
        let content = content();
        exchange.head_of("200 OK", "", content.len());
        for part in content.chunks(content.len().div_ceil(PARTS)) {
            thread::sleep(Duration::from_millis(150));
            exchange.send(part);
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    // Shorter than the whole download, longer than any pause.
    let mut downloader = downloader(folder.path()).timeout(Duration::from_secs(1));
    let path = downloader.fetch(remote(server.url("/")));
    assert_eq!(fs::read(path.expect("slow")).expect("there"), content());
}

#[test]
fn chunks_without_a_length_are_put_together() {
    let server = Server::start(|mut exchange| {
        exchange.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for part in content().chunks(70_000) {
            exchange.send(format!("{:x}\r\n", part.len()));
            exchange.send(part);
            exchange.send("\r\n");
        }
        exchange.send("0\r\n\r\n");
    });
    let folder = tempfile::tempdir().expect("a folder");
    let totals = Arc::<Mutex<Vec<_>>>::default();
    let record = totals.clone();
    let path = downloader(folder.path())
        .observer(move |report| {
            record
                .lock()
                .expect("no panic")
                .push(report.progress().total)
        })
        .fetch(remote(server.url("/")));
    assert_eq!(fs::read(path.expect("chunks")).expect("there"), content());
    let totals = totals.lock().expect("no panic");
    assert!(!totals.is_empty() && totals.iter().all(Option::is_none));
}

#[test]
fn a_body_that_ends_with_the_connection_is_taken() {
    let server = Server::start(|mut exchange| {
        exchange.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        exchange.send(content());
    });
    let folder = tempfile::tempdir().expect("a folder");
    let path = downloader(folder.path()).fetch(remote(server.url("/")));
    assert_eq!(fs::read(path.expect("all")).expect("there"), content());
}

#[test]
fn redirects_are_followed() {
    let end = Server::of(content());
    let there = end.url("/there");
    let server = Server::start(move |exchange| match exchange.index {
        0 => exchange.answer("302 Found", "Location: /next\r\n", b"moved"),
        _ => exchange.answer(
            "301 Moved Permanently",
            &format!("Location: {there}\r\n"),
            b"",
        ),
    });
    let folder = tempfile::tempdir().expect("a folder");
    let path = downloader(folder.path()).fetch(remote(server.url("/first")));
    assert_eq!(fs::read(path.expect("moved")).expect("there"), content());
    assert!(server.requests()[1].starts_with("GET /next "));
    assert!(end.requests()[0].starts_with("GET /there "));
}

#[test]
fn redirects_without_end_are_given_up() {
    let server = Server::start(|exchange| {
        exchange.answer("307 Temporary Redirect", "Location: /again\r\n", b"");
    });
    let folder = tempfile::tempdir().expect("a folder");
    let error = downloader(folder.path()).fetch(remote(server.url("/")));
    assert!(matches!(problem(error), TransferProblem::Redirects(10)));
    assert_eq!(server.requests().len(), 11, "the first and ten redirects");
    assert!(files(folder.path()).is_empty());
}
