//! Settings that cannot be used, and the public files.

use oneiric_download::{Checksum, DownloadError, Pretrained, RemoteFile};

use crate::kit::{downloader, files};

/// The error of a file before anything is requested or written.
fn refused(file: RemoteFile) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let error = downloader(folder.path()).fetch(file).expect_err("wrong");
    assert!(matches!(error, DownloadError::Setting(_)), "{error}");
    assert!(files(folder.path()).is_empty());
    error.to_string()
}

fn file(url: &str, name: &str) -> RemoteFile {
    RemoteFile::new(url, name, Checksum::Sha256Prefix("1378be20".to_owned()))
}

#[test]
fn names_that_leave_the_cache_are_refused() {
    for name in [
        "",
        ".",
        "..",
        "../a",
        "a/b",
        "a\\b",
        "c:a",
        ".lock",
        "a.partial",
    ] {
        let message = refused(file("http://127.0.0.1:9/", name));
        assert!(message.contains(&format!("{name:?}")), "{message}");
        assert!(message.contains("a plain name"), "{message}");
    }
}

#[test]
fn urls_that_cannot_be_fetched_are_refused() {
    for url in [
        "",
        "a.zip",
        "/a.zip",
        "file:///a.zip",
        "ftp://example.org/a",
        "http://a b/",
    ] {
        let message = refused(file(url, "a"));
        assert!(message.contains(&format!("{url:?}")), "{message}");
        assert!(message.contains("http:// or https://"), "{message}");
    }
}

#[test]
fn malformed_checksums_are_refused() {
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let wrong = [
        Checksum::Sha1(String::new()),
        Checksum::Sha1(sha256.to_owned()),
        Checksum::Sha1("g".repeat(40)),
        Checksum::Sha256(sha256[..40].to_owned()),
        Checksum::Sha256Prefix("ba7816b".to_owned()),
        Checksum::Sha256Prefix("ba7816bg".to_owned()),
        Checksum::Sha256Prefix(format!("{sha256}0")),
    ];
    for checksum in wrong {
        let message = refused(RemoteFile::new("http://127.0.0.1:9/", "a", checksum));
        assert!(message.contains("hex digits"), "{message}");
    }
}

#[test]
fn every_public_file_is_well_formed_and_parses_from_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let blocked = folder.path().join("file");
    std::fs::write(&blocked, b"not a folder").expect("writable");
    for pretrained in Pretrained::ALL {
        assert_eq!(pretrained.to_string().parse(), Ok(pretrained));
        let file = RemoteFile::from(pretrained);
        assert_eq!(file.url.rsplit('/').next(), Some(file.file_name.as_str()));
        // The settings are checked first; then the cache cannot be created.
        let error = downloader(&blocked.join("cache")).fetch(file);
        let error = error.expect_err("a file is in the way");
        assert!(matches!(error, DownloadError::Disk { .. }), "{error}");
    }
    assert_eq!("BVLC-GoogLeNet".parse(), Ok(Pretrained::BvlcGooglenet));
    assert_eq!("torchvision".parse(), Ok(Pretrained::TorchvisionGooglenet));
}

#[test]
fn an_unknown_name_lists_the_choices() {
    let error = "resnet50".parse::<Pretrained>().expect_err("none of them");
    let message = error.to_string();
    assert!(message.contains("resnet50"), "{message}");
    for pretrained in Pretrained::ALL {
        assert!(message.contains(&pretrained.to_string()), "{message}");
    }
}
