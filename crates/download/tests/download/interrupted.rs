//! Downloads that end in the middle, and the next one.

use std::{
    env, fs,
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use oneiric_download::{CancelToken, DownloadError, Downloader, TransferProblem};

use crate::{
    kit::{NAME, SHORT, content, downloader, files, problem, remote, rerun},
    server::Server,
};

/// The name that a download has before it is whole.
const PARTIAL: &str = "weights.bin.partial";

/// Sends the first 100,000 bytes to the first request, and then whatever is asked for.
fn dies_once() -> Server {
    Server::start(|mut exchange| {
        if exchange.index == 0 {
            exchange.head_of("200 OK", "", 300_000);
            exchange.send(&content()[..100_000]);
        } else {
            exchange.send_ranged(&content());
        }
    })
}

fn fetched(folder: &Path, server: &Server) {
    let path = downloader(folder).fetch(remote(server.url("/")));
    let path = path.expect("the second time it works");
    assert_eq!(fs::read(path).expect("there"), content());
    assert_eq!(files(folder), [NAME]);
}

#[test]
fn the_next_download_goes_on_where_the_server_died() {
    let server = dies_once();
    let folder = tempfile::tempdir().expect("a folder");
    let error = downloader(folder.path()).fetch(remote(server.url("/")));
    assert!(matches!(problem(error), TransferProblem::Truncated(_)));
    assert_eq!(files(folder.path()), [PARTIAL]);
    fetched(folder.path(), &server);
    let second = server.requests()[1].to_ascii_lowercase();
    assert!(second.contains("range: bytes=100000-\r\n"), "{second}");
}

#[test]
fn a_server_without_ranges_starts_over() {
    let server = Server::start(|exchange| exchange.answer("200 OK", "", &content()));
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(PARTIAL), &content()[..1000]).expect("writable");
    fetched(folder.path(), &server);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_range_from_elsewhere_is_not_taken() {
    let server = Server::start(|exchange| match exchange.range() {
        Some(_) => {
            let range = "Content-Range: bytes 5-299999/300000\r\n";
            exchange.answer("206 Partial Content", range, &content()[5..]);
        }
        None => exchange.answer("200 OK", "", &content()),
    });
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(PARTIAL), &content()[..1000]).expect("writable");
    let first = Arc::<Mutex<Option<u64>>>::default();
    let seen = first.clone();
    let path = downloader(folder.path())
        .observer(move |report| {
            let mut first = seen.lock().expect("no panic");
            first.get_or_insert(report.progress().done);
        })
        .fetch(remote(server.url("/")));
    assert_eq!(fs::read(path.expect("anew")).expect("there"), content());
    assert_eq!(server.requests().len(), 2);
    let first = *first.lock().expect("no panic");
    assert_eq!(first, Some(0), "nothing was appended to what was left");
}

#[test]
fn wrong_bytes_that_were_left_are_replaced() {
    for left in [vec![0; 1000], vec![0; 300_000], vec![0; 400_000]] {
        let server = Server::of(content());
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(PARTIAL), &left).expect("writable");
        fetched(folder.path(), &server);
        assert_eq!(server.requests().len(), 2, "once to go on, once anew");
    }
}

#[test]
fn a_whole_file_without_its_name_gets_it() {
    let server = Server::of(content());
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(PARTIAL), content()).expect("writable");
    fetched(folder.path(), &server);
    assert_eq!(server.requests().len(), 0, "nothing was missing");
}

#[test]
fn an_observer_can_cancel() {
    let server = Server::of(content());
    let folder = tempfile::tempdir().expect("a folder");
    let cancel = CancelToken::new();
    let mut canceled = downloader(folder.path())
        .cancel(cancel.clone())
        .observer(move |report| {
            if report.progress().done > 0 {
                cancel.cancel();
            }
        });
    let error = canceled.fetch(remote(server.url("/")));
    let Err(DownloadError::Canceled(received)) = error else {
        panic!("{error:?}");
    };
    assert!((1..300_000).contains(&received), "{received}");
    assert!(!folder.path().join(NAME).exists());
    fetched(folder.path(), &server);
}

#[test]
fn nothing_is_asked_for_a_download_that_is_canceled_before() {
    let server = Server::of(content());
    let folder = tempfile::tempdir().expect("a folder");
    let cancel = CancelToken::new();
    cancel.cancel();
    let error = downloader(folder.path())
        .cancel(cancel)
        .fetch(remote(server.url("/")));
    assert!(matches!(error, Err(DownloadError::Canceled(_))));
    assert!(server.requests().is_empty() && files(folder.path()).is_empty());
}

#[test]
fn a_killed_process_leaves_nothing_that_is_taken_for_the_file() {
    const URL: &str = "ONEIRIC_TEST_KILLED";
    if let Ok(url) = env::var(URL) {
        // In the child: the parent kills it while this waits.
        let never = Downloader::new().fetch(remote(url));
        panic!("the server never sends the end: {never:?}");
    }
    let server = Server::start(|mut exchange| {
        if exchange.index == 0 {
            exchange.head_of("200 OK", "", 300_000);
            exchange.send(&content()[..100_000]);
            exchange.stall();
        } else {
            exchange.send_ranged(&content());
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let partial = folder.path().join(PARTIAL);
    let url = server.url("/");
    let cache = folder.path().to_string_lossy();
    let test = "interrupted::a_killed_process_leaves_nothing_that_is_taken_for_the_file";
    let mut child = rerun(test, &[(URL, &url), ("ONEIRIC_CACHE", &cache)])
        .spawn()
        .expect("a process");
    let began = Instant::now();
    let written = || fs::metadata(&partial).map_or(0, |metadata| metadata.len());
    while written() < 100_000 && began.elapsed() < Duration::from_secs(10) {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(written(), 100_000);
    child.kill().expect("still waiting");
    child.wait().expect("killed");
    assert_eq!(files(folder.path()), [PARTIAL]);
    fetched(folder.path(), &server);
}

#[test]
fn a_stall_is_gone_on_from() {
    let server = Server::start(|mut exchange| {
        if exchange.index == 0 {
            exchange.head_of("200 OK", "", 300_000);
            exchange.send(&content()[..50_000]);
            exchange.stall();
        } else {
            exchange.send_ranged(&content());
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let mut impatient = downloader(folder.path()).timeout(SHORT);
    let error = impatient.fetch(remote(server.url("/")));
    assert!(matches!(problem(error), TransferProblem::Timeout(_)));
    fetched(folder.path(), &server);
    let second = server.requests()[1].to_ascii_lowercase();
    assert!(second.contains("range: bytes=50000-\r\n"), "{second}");
}
