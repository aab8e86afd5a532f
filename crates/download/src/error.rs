//! What can go wrong on the way to a file.

use std::{error::Error, fmt, io, path::PathBuf, time::Duration};

use crate::{Checksum, Pretrained};

/// Why there is no file. Whatever needs the network also says how to do without it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// The user has no cache directory.
    #[error(
        "this user has no cache directory; name a folder in the variable ONEIRIC_CACHE or with \
         Downloader::cache_dir"
    )]
    NoCacheDir,
    /// A file name that is no plain name.
    #[error(
        "{file_name:?} cannot be the name of a file in the cache; give a plain name, without \
         folders or colons, a dot in front or .partial at the end"
    )]
    FileName {
        /// The name as given.
        file_name: String,
    },
    /// A URL that cannot be fetched.
    #[error("cannot fetch from {url:?}; give an http:// or https:// URL with a host")]
    Url {
        /// The URL as given.
        url: String,
    },
    /// A proxy that cannot be used.
    #[error(
        "{setting} holds no proxy's URL; give one like http://host:port (https and socks5 are \
         understood too), or unset it to connect directly"
    )]
    ProxySetting {
        /// The variable or the setting. Its value may hold a password and is not repeated.
        setting: String,
    },
    /// A file in the cache is not the published one.
    #[error(
        "the file {path:?} is not the one published at {url}: expected {expected}, found {found}; \
         delete it to have it downloaded again, or put a whole copy in its place"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the right one is published.
        url: String,
        /// What it must hash to.
        expected: Checksum,
        /// What it hashes to.
        found: String,
    },
    /// The cache could not be read or written.
    #[error(
        "cannot {action} {path:?}: {source}; free some space or correct the permissions, or name \
         another folder in ONEIRIC_CACHE or with Downloader::cache_dir"
    )]
    Disk {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A host's name has no address.
    #[error("cannot find the host {host} for {attempt}: {source}; {}", .attempt.by_hand())]
    Lookup {
        /// What was tried.
        attempt: Box<Attempt>,
        /// The host, which may be the proxy's.
        host: String,
        /// Why it failed.
        source: io::Error,
    },
    /// No connection, or one that broke before an answer came.
    #[error("cannot reach {attempt}: {source}; {}", .attempt.by_hand())]
    Connection {
        /// What was tried.
        attempt: Box<Attempt>,
        /// Why it failed.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Nothing came for too long.
    #[error(
        "{attempt} sent nothing for {timeout:?} (after {received} bytes); try again to go on from \
         there, wait longer with Downloader::timeout, or {}", .attempt.by_hand()
    )]
    Timeout {
        /// What was tried.
        attempt: Box<Attempt>,
        /// How long was waited.
        timeout: Duration,
        /// Bytes that are there.
        received: u64,
    },
    /// The server, or the proxy before it, answered with something else than the file.
    #[error("{attempt} answered with the HTTP status {status}; {}", .attempt.by_hand())]
    Status {
        /// What was tried.
        attempt: Box<Attempt>,
        /// The answer.
        status: u16,
    },
    /// The server sends on and on, or to where this crate does not follow.
    #[error("{attempt} redirects to {location:?}, {reason}; {}", .attempt.by_hand())]
    Redirect {
        /// What was tried.
        attempt: Box<Attempt>,
        /// Where to.
        location: String,
        /// Why that is not followed.
        reason: &'static str,
    },
    /// The connection ended before the file did.
    #[error(
        "{attempt} broke off after {received} bytes{}; try again to go on from there, or {}",
        of(.total), .attempt.by_hand()
    )]
    Truncated {
        /// What was tried.
        attempt: Box<Attempt>,
        /// Bytes that are there.
        received: u64,
        /// Bytes of the whole file, if the server said.
        total: Option<u64>,
    },
    /// More came than the file can hold.
    #[error(
        "{attempt} sends more than {limit} bytes, which is not the published file; {}",
        .attempt.by_hand()
    )]
    TooLarge {
        /// What was tried.
        attempt: Box<Attempt>,
        /// The most that was expected.
        limit: u64,
    },
    /// Something else came than the published file.
    #[error(
        "{attempt} sent another file than the published one ({received} bytes): expected {}, found \
         {found}; if the network shows a log-in page, log in and try again, or {}",
        .attempt.checksum, .attempt.by_hand()
    )]
    Checksum {
        /// What was tried, with the checksum that was expected.
        attempt: Box<Attempt>,
        /// What the content hashes to.
        found: String,
        /// Bytes that came.
        received: u64,
    },
    /// The caller cancelled.
    #[error("the download of {attempt} was cancelled after {received} bytes")]
    Cancelled {
        /// What was tried.
        attempt: Box<Attempt>,
        /// Bytes that are there; the next download goes on from them.
        received: u64,
    },
}

/// What was tried: shows as the URL, and the proxy if one was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// Where the file is published.
    pub url: String,
    /// The proxy that the last request went through, without its password.
    pub proxy: Option<String>,
    /// The place of the file in the cache.
    pub path: PathBuf,
    /// What the file must hash to.
    pub checksum: Checksum,
}

impl Attempt {
    /// How to do without the network.
    pub(crate) fn by_hand(&self) -> String {
        let Self {
            url,
            path,
            checksum,
            ..
        } = self;
        format!(
            "download {url} on another machine and put it at {path:?} ({checksum}), or load it by \
             its path with InceptionV1::load"
        )
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)?;
        match &self.proxy {
            Some(proxy) => write!(f, " through the proxy {proxy}"),
            None => Ok(()),
        }
    }
}

/// A name that is none of the [`Pretrained`] files'.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there are no pretrained weights {name:?}; the choices are {}",
    choices()
)]
#[non_exhaustive]
pub struct UnknownPretrained {
    /// The name as given.
    pub name: String,
}

/// Text that is no checksum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no checksum; give {}", digits(*.fewest, *.most))]
#[non_exhaustive]
pub struct ChecksumError {
    /// The text as given.
    pub text: String,
    /// Fewest digits that make one.
    pub fewest: usize,
    /// Most digits that make one.
    pub most: usize,
}

fn of(total: &Option<u64>) -> String {
    total.map_or_else(String::new, |total| format!(" of {total}"))
}

fn choices() -> String {
    Pretrained::ALL.map(|one| one.to_string()).join(", ")
}

fn digits(fewest: usize, most: usize) -> String {
    if fewest == most {
        format!("{most} hex digits")
    } else {
        format!("{fewest} to {most} hex digits")
    }
}
