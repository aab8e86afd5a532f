//! Several that want the same file at once.

use std::{env, fs, thread, time::Duration};

use oneiric_download::{CancelToken, DownloadError, Downloader, TransferProblem};

use crate::{
    kit::{NAME, content, downloader, files, problem, remote, rerun},
    server::Server,
};

/// Sends the file in two parts, with time for somebody to come in between.
fn unhurried() -> Server {
    Server::start(|mut exchange| {
        let content = content();
        exchange.head_of("200 OK", "", content.len());
        exchange.send(&content[..150_000]);
        thread::sleep(Duration::from_millis(300));
        exchange.send(&content[150_000..]);
    })
}

#[test]
fn threads_take_turns_and_all_get_it() {
    let server = unhurried();
    let folder = tempfile::tempdir().expect("a folder");
    let file = remote(server.url("/"));
    thread::scope(|scope| {
        let fetches: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| downloader(folder.path()).fetch(file.clone())))
            .collect();
        for fetch in fetches {
            let path = fetch.join().expect("no panic").expect("served");
            assert_eq!(fs::read(path).expect("there"), content());
        }
    });
    assert_eq!(server.requests().len(), 1, "the others waited");
    assert_eq!(files(folder.path()), [NAME]);
}

#[test]
fn processes_take_turns_and_all_get_it() {
    const URL: &str = "ONEIRIC_TEST_PROCESSES";
    if let Ok(url) = env::var(URL) {
        let path = Downloader::new().fetch(remote(url)).expect("served");
        assert_eq!(fs::read(path).expect("there"), content());
        return;
    }
    let server = unhurried();
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().to_string_lossy();
    let url = server.url("/");
    let variables = [(URL, url.as_str()), ("ONEIRIC_CACHE", &cache)];
    let children = [(); 2].map(|()| {
        rerun("together::processes_take_turns_and_all_get_it", &variables)
            .spawn()
            .expect("a process")
    });
    for mut child in children {
        assert!(child.wait().expect("it ends").success());
    }
    assert_eq!(server.requests().len(), 1, "the other waited");
    assert_eq!(files(folder.path()), [NAME]);
}

#[test]
fn one_that_waits_its_turn_can_be_canceled() {
    let server = Server::start(|mut exchange| {
        exchange.head_of("200 OK", "", 300_000);
        exchange.stall();
    });
    let folder = tempfile::tempdir().expect("a folder");
    let file = remote(server.url("/"));
    let (first, second) = (CancelToken::new(), CancelToken::new());
    thread::scope(|scope| {
        let holder = scope.spawn(|| {
            downloader(folder.path())
                .timeout(Duration::from_secs(2))
                .cancel(first.clone())
                .fetch(file.clone())
        });
        while server.requests().is_empty() && !holder.is_finished() {
            thread::sleep(Duration::from_millis(5));
        }
        let waiter = scope.spawn(|| {
            downloader(folder.path())
                .cancel(second.clone())
                .fetch(file.clone())
        });
        second.cancel();
        let waited = waiter.join().expect("no panic");
        assert!(matches!(waited, Err(DownloadError::Canceled(_))));
        let held = holder.join().expect("no panic");
        assert!(matches!(problem(held), TransferProblem::Timeout(_)));
    });
    assert_eq!(server.requests().len(), 1);
}
