//! Files that lie in the cache, however they came there.

use std::{env, fs};

use oneiric_download::{DownloadError, Downloader, cache_dir};

use crate::{
    kit::{NAME, content, downloader, files, passes_again, remote, sha256},
    server::Server,
};

#[test]
fn a_file_that_was_put_there_is_used_without_network() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(NAME);
    fs::write(&path, content()).expect("writable");
    // Nothing listens there.
    let found = downloader(folder.path()).fetch(remote("http://127.0.0.1:9/"));
    assert_eq!(found.expect("in the cache"), path);
    assert_eq!(files(folder.path()), [NAME]);
}

#[test]
fn a_damaged_file_is_named_and_left_alone() {
    let server = Server::of(content());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(NAME);
    let mut damaged = content();
    damaged[12_345] ^= 1;
    fs::write(&path, &damaged).expect("writable");
    let error = downloader(folder.path()).fetch(remote(server.url("/")));
    let error = error.expect_err("damaged");
    assert!(matches!(error, DownloadError::Damaged { .. }), "{error}");
    let message = error.to_string();
    let (expected, found) = (sha256(&content()), sha256(&damaged));
    let path_text = format!("{path:?}");
    for part in [&path_text, &expected, &found, "delete it"] {
        assert!(message.contains(part), "{part} is missing in: {message}");
    }
    assert_eq!(fs::read(&path).expect("still there"), damaged);
    assert!(server.requests().is_empty());
}

#[test]
fn the_variable_names_the_cache() {
    const URL: &str = "ONEIRIC_TEST_VARIABLE";
    if let Ok(url) = env::var(URL) {
        let expected = env::var_os("ONEIRIC_CACHE").expect("set by the parent");
        assert_eq!(cache_dir().expect("set"), expected);
        Downloader::new().fetch(remote(url)).expect("served");
        return;
    }
    let server = Server::of(content());
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().join("named");
    let cache_text = cache.to_string_lossy();
    passes_again(
        "cache::the_variable_names_the_cache",
        &[(URL, &server.url("/")), ("ONEIRIC_CACHE", &cache_text)],
    );
    assert_eq!(files(&cache), [NAME]);
}

#[test]
fn without_the_variable_the_cache_is_the_users() {
    const CHILD: &str = "ONEIRIC_TEST_DEFAULT";
    if env::var_os(CHILD).is_some() {
        // Set but empty counts as not set.
        let path = cache_dir().expect("a home");
        assert_eq!(path.file_name(), Some("oneiric".as_ref()));
        assert!(path.is_absolute());
        return;
    }
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path().to_string_lossy();
    passes_again(
        "cache::without_the_variable_the_cache_is_the_users",
        &[(CHILD, "1"), ("ONEIRIC_CACHE", ""), ("HOME", &home)],
    );
}
