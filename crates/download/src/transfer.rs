//! From a server to a partial file that was found to be the published one.

use std::{
    io::{self, Read},
    path::Path,
    time::Duration,
};

use ureq::{
    Body, Error,
    http::{
        Response, Uri,
        header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderName},
    },
};

use crate::{
    Attempt, DownloadError, Progress, Proxies, RemoteFile,
    forward::LookupFailed,
    http::{Failure, Request},
    partial::{Partial, disk},
};

/// Bytes between two looks at whether to go on.
const BLOCK: usize = 64 * 1024;

/// A download.
pub(crate) struct Transfer<'a> {
    pub(crate) file: &'a RemoteFile,
    pub(crate) uri: Uri,
    pub(crate) target: &'a Path,
    pub(crate) proxies: &'a Proxies,
    pub(crate) timeout: Duration,
    pub(crate) observe: &'a mut dyn FnMut(Progress<'_>),
    pub(crate) cancelled: &'a dyn Fn() -> bool,
    /// The proxy of the last request.
    pub(crate) proxy: Option<String>,
}

impl Transfer<'_> {
    /// Fills the partial file and gives it its name.
    pub(crate) fn run(mut self, mut partial: Partial) -> Result<(), DownloadError> {
        let resumed = partial.length() > 0;
        if resumed && self.mismatch(&mut partial)?.is_none() {
            return partial.finish(); // It ended between the last byte and the new name.
        }
        self.receive(&mut partial)?;
        let mut found = self.mismatch(&mut partial)?;
        if resumed && found.is_some() {
            // What was left may have been of another version, or never right.
            partial.clear()?;
            self.receive(&mut partial)?;
            found = self.mismatch(&mut partial)?;
        }
        match found {
            None => partial.finish(),
            Some(found) => {
                let received = partial.length();
                partial.discard();
                Err(DownloadError::Checksum {
                    attempt: self.attempt(),
                    found,
                    received,
                })
            }
        }
    }

    /// What is tried, for errors.
    pub(crate) fn attempt(&self) -> Box<Attempt> {
        Box::new(Attempt {
            url: self.file.url.clone(),
            proxy: self.proxy.clone(),
            path: self.target.to_owned(),
            checksum: self.file.checksum.clone(),
        })
    }

    fn mismatch(&self, partial: &mut Partial) -> Result<Option<String>, DownloadError> {
        partial.sync()?;
        // From the disk, not on the way there: so this covers the disk, too, and what was resumed.
        let found = self.file.checksum.mismatch(partial.path());
        found.map_err(|source| disk("read", partial.path(), source))
    }

    /// Receives the file, or what is missing of it.
    fn receive(&mut self, partial: &mut Partial) -> Result<(), DownloadError> {
        let response = loop {
            let response = self.ask(partial)?;
            let start = partial.length();
            match response.status().as_u16() {
                206 if start > 0 && starts_at(&response, start) => break response,
                200 => {
                    // The whole file, also where only the rest was asked for.
                    partial.clear()?;
                    break response;
                }
                // No such range: the file has changed, or what is there was all of it.
                206 | 416 if start > 0 => partial.clear()?,
                status => {
                    return Err(DownloadError::Status {
                        attempt: self.attempt(),
                        status,
                    });
                }
            }
        };
        let rest = number(&response, &CONTENT_LENGTH);
        let total = rest.map(|rest| rest.saturating_add(partial.length()));
        self.check_size(partial, total.unwrap_or(0))?;
        let mut body = response.into_body().into_reader();
        let mut block = vec![0; BLOCK];
        loop {
            self.show(partial, total)?;
            let count = match body.read(&mut block) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.broken(error, partial, total)),
            };
            self.check_size(partial, partial.length() + count as u64)?;
            partial.write(&block[..count])?;
        }
        match total {
            Some(length) if length != partial.length() => Err(DownloadError::Truncated {
                attempt: self.attempt(),
                received: partial.length(),
                total,
            }),
            _ => Ok(()),
        }
    }

    fn ask(&mut self, partial: &Partial) -> Result<Response<Body>, DownloadError> {
        let request = Request {
            uri: &self.uri,
            proxies: self.proxies,
            timeout: self.timeout,
            start: partial.length(),
        };
        let answer = request.send(|proxy| self.proxy = proxy);
        answer.map_err(|failure| match failure {
            Failure::Redirect { location, reason } => DownloadError::Redirect {
                attempt: self.attempt(),
                location,
                reason,
            },
            Failure::Request(error) => self.unreachable(error, partial.length()),
        })
    }

    /// Tells the observer, and heeds whoever wants to stop.
    fn show(&mut self, partial: &Partial, total: Option<u64>) -> Result<(), DownloadError> {
        let received = partial.length();
        (self.observe)(Progress {
            file: self.file,
            received,
            total,
        });
        if (self.cancelled)() {
            return Err(DownloadError::Cancelled {
                attempt: self.attempt(),
                received,
            });
        }
        Ok(())
    }

    fn check_size(&self, partial: &mut Partial, size: u64) -> Result<(), DownloadError> {
        if size <= self.file.max_bytes {
            return Ok(());
        }
        // Resuming this would only lead here again.
        partial.clear()?;
        Err(DownloadError::TooLarge {
            attempt: self.attempt(),
            limit: self.file.max_bytes,
        })
    }

    /// An error before there was an answer.
    fn unreachable(&self, error: Error, received: u64) -> DownloadError {
        let attempt = self.attempt();
        match error {
            Error::Timeout(_) => DownloadError::Timeout {
                attempt,
                timeout: self.timeout,
                received,
            },
            Error::Io(source) => DownloadError::Connection {
                attempt,
                source: source.into(),
            },
            Error::Other(source) => match source.downcast::<LookupFailed>() {
                Ok(failed) => DownloadError::Lookup {
                    attempt,
                    host: failed.host,
                    source: failed.source,
                },
                Err(source) => DownloadError::Connection { attempt, source },
            },
            other => DownloadError::Connection {
                attempt,
                source: other.into(),
            },
        }
    }

    /// An error in the middle of an answer.
    fn broken(&self, error: io::Error, partial: &Partial, total: Option<u64>) -> DownloadError {
        match Error::from(error) {
            Error::Timeout(_) => DownloadError::Timeout {
                attempt: self.attempt(),
                timeout: self.timeout,
                received: partial.length(),
            },
            // Whatever else it is called, the file is not whole.
            _ => DownloadError::Truncated {
                attempt: self.attempt(),
                received: partial.length(),
                total,
            },
        }
    }
}

/// Whether a partial answer begins where it was asked to: `bytes 5-9/10`.
fn starts_at(response: &Response<Body>, start: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE);
    let range = range.and_then(|range| range.to_str().ok());
    let first = range.and_then(|range| range.trim().strip_prefix("bytes "));
    let first = first.and_then(|range| range.split('-').next());
    first.and_then(|first| first.trim().parse().ok()) == Some(start)
}

fn number(response: &Response<Body>, name: &HeaderName) -> Option<u64> {
    let value = response.headers().get(name)?;
    value.to_str().ok()?.trim().parse().ok()
}
