//! Servers that do not send the file.

use std::{
    net::TcpListener,
    path::Path,
    time::{Duration, Instant},
};

use oneiric_download::{DownloadError, Downloader, TransferError, TransferProblem};

use crate::{
    kit::{NAME, SHORT, content, downloader, files, problem, remote, sha256},
    server::Server,
};

/// The error, after a check that it says how to do without the network.
fn refused(folder: &Path, url: &str) -> TransferError {
    told(&mut downloader(folder), folder, url)
}

fn told(downloader: &mut Downloader, folder: &Path, url: &str) -> TransferError {
    let error = downloader
        .fetch(remote(url))
        .expect_err("nothing to be had");
    let message = error.to_string();
    let path = format!("{:?}", folder.join(NAME));
    let sum = sha256(&content());
    for part in [url, path.as_str(), sum.as_str(), "InceptionV1::load"] {
        assert!(message.contains(part), "{part} is missing in: {message}");
    }
    assert!(!folder.join(NAME).exists());
    match error {
        DownloadError::Transfer(error) => *error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_status_is_told() {
    for (status, number) in [("404 Not Found", 404), ("500 Internal Server Error", 500)] {
        let server = Server::start(move |exchange| exchange.answer(status, "", b"sorry"));
        let folder = tempfile::tempdir().expect("a folder");
        let error = refused(folder.path(), &server.url("/"));
        let told = matches!(error.problem, TransferProblem::Status(status) if status == number);
        assert!(told, "{error}");
        assert!(files(folder.path()).is_empty());
    }
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let folder = tempfile::tempdir().expect("a folder");
    let error = refused(folder.path(), &format!("http://{address}/"));
    let connection = matches!(error.problem, TransferProblem::Connection(_));
    assert!(connection, "{error}");
    assert!(files(folder.path()).is_empty());
}

#[test]
fn a_server_that_does_not_speak_tls_is_told() {
    let server = Server::of(content());
    let folder = tempfile::tempdir().expect("a folder");
    let url = server.url("/").replace("http://", "https://");
    let error = refused(folder.path(), &url);
    let connection = matches!(error.problem, TransferProblem::Connection(_));
    assert!(connection, "{error}");
    assert!(files(folder.path()).is_empty());
}

#[test]
fn a_host_without_an_address_is_named() {
    // A label has at most 63 letters, so the system refuses this one without asking a server.
    let host = format!("{}.invalid", "a".repeat(70));
    let folder = tempfile::tempdir().expect("a folder");
    let error = refused(folder.path(), &format!("http://{host}/"));
    let connection = matches!(error.problem, TransferProblem::Connection(_));
    assert!(connection, "{error}");
    #[cfg(unix)]
    assert!(error.to_string().contains("lookup"), "{error}");
}

#[test]
fn a_server_that_falls_silent_times_out() {
    let silences: [fn(crate::server::Exchange); 2] = [
        |exchange| exchange.stall(),
        |mut exchange| {
            exchange.head_of("200 OK", "", 300_000);
            exchange.send(&content()[..1000]);
            exchange.stall();
        },
    ];
    for (silence, expected) in silences.into_iter().zip([0, 1000]) {
        let server = Server::start(silence);
        let folder = tempfile::tempdir().expect("a folder");
        let began = Instant::now();
        let mut impatient = downloader(folder.path()).timeout(SHORT);
        let error = told(&mut impatient, folder.path(), &server.url("/"));
        let timeout = matches!(error.problem, TransferProblem::Timeout(SHORT));
        assert!(timeout, "{error}");
        assert_eq!(error.received, expected);
        // Generous, for a busy machine.
        assert!(began.elapsed() >= SHORT && began.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn an_end_before_the_end_is_told() {
    let ends: [fn(crate::server::Exchange); 2] = [
        |mut exchange| {
            exchange.head_of("200 OK", "", 300_000);
            exchange.send(&content()[..100_000]);
        },
        |mut exchange| {
            exchange.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n");
            exchange.send(&content()[..100_000]);
            exchange.send("\r\n");
        },
    ];
    for (end, expected) in ends.into_iter().zip([Some(300_000), None]) {
        let server = Server::start(end);
        let folder = tempfile::tempdir().expect("a folder");
        let error = refused(folder.path(), &server.url("/"));
        let TransferProblem::Truncated(total) = error.problem else {
            panic!("{error}");
        };
        assert_eq!((error.received, total), (100_000, expected));
    }
}

#[test]
fn another_content_is_refused_and_not_kept() {
    let page = b"<html>please log in</html>";
    let server = Server::of(page.to_vec());
    let folder = tempfile::tempdir().expect("a folder");
    let error = refused(folder.path(), &server.url("/"));
    let TransferProblem::Checksum { found, received } = error.problem else {
        panic!("{error}");
    };
    assert_eq!(found, sha256(page));
    assert_eq!(received, page.len() as u64);
    assert!(files(folder.path()).is_empty());
}

#[test]
fn too_much_is_refused_and_not_kept() {
    let endless = Server::start(|mut exchange| {
        exchange.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        while exchange.send(&chunk) {}
    });
    let announced = Server::start(|mut exchange| {
        exchange.head_of("200 OK", "", usize::MAX);
        exchange.stall();
    });
    for server in [endless, announced] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = remote(server.url("/")).with_max_bytes(400_000);
        let error = problem(downloader(folder.path()).fetch(file));
        assert!(
            matches!(error, TransferProblem::TooLarge(400_000)),
            "{error}"
        );
        assert!(files(folder.path()).is_empty());
    }
}

#[test]
fn a_cache_that_cannot_be_made_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let blocked = folder.path().join("file");
    std::fs::write(&blocked, b"not a folder").expect("writable");
    let error = downloader(&blocked.join("cache")).fetch(remote("http://127.0.0.1:9/"));
    let error = error.expect_err("a file is in the way");
    assert!(matches!(error, DownloadError::Disk { .. }), "{error}");
    assert!(error.to_string().contains("ONEIRIC_CACHE"), "{error}");
}
