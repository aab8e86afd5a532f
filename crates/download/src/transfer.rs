//! The transfer of a file from its server into a partial file.

use std::{
    io::{self, Read},
    time::{Duration, Instant},
};

use ureq::{
    Agent, Body, Error, Proxy,
    http::{
        Response, Uri,
        header::{CONTENT_RANGE, RANGE},
    },
};

use crate::{
    CancelToken, DownloadError, DownloadProgress, Progress, RemoteFile, TransferError,
    TransferProblem, downloader::Observer, error::disk, partial::Partial, proxy::shown,
};

/// `User-Agent` header.
const USER_AGENT: &str = concat!("oneiric/", env!("CARGO_PKG_VERSION"));
/// Redirects in a row that are followed, as by default in ureq.
const MAX_REDIRECTS: u32 = 10;
/// Bytes that are read between two reports to the observer.
const BLOCK: usize = 64 * 1024;

/// A transfer with its settings.
pub(crate) struct Transfer<'a> {
    pub(crate) file: &'a RemoteFile,
    pub(crate) uri: Uri,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) timeout: Duration,
    pub(crate) observer: Option<&'a mut Observer>,
    pub(crate) cancel: &'a CancelToken,
}

impl Transfer<'_> {
    /// Completes the partial file, verifies it and renames it to its target.
    pub(crate) fn run(mut self, mut partial: Partial) -> Result<(), DownloadError> {
        // Bytes that an earlier download left may be all of the file. Or they are wrong or belong
        // to another version of the file; then a second round starts over.
        loop {
            let resumed = partial.length > 0;
            if resumed && self.mismatch(&partial)?.is_none() {
                return partial.finish();
            }
            self.receive(&mut partial)?;
            let Some(found) = self.mismatch(&partial)? else {
                return partial.finish();
            };
            let received = partial.length;
            partial.clear()?;
            if !resumed {
                let problem = TransferProblem::Checksum { found, received };
                return Err(self.failed(&partial, problem));
            }
        }
    }

    fn failed(&self, partial: &Partial, problem: TransferProblem) -> DownloadError {
        let proxy = self.proxy.as_ref();
        let proxy = proxy.filter(|proxy| !proxy.is_no_proxy(&self.uri));
        let error = TransferError {
            file: self.file.clone(),
            path: partial.target.clone(),
            proxy: proxy.map(shown),
            received: partial.length,
            problem,
        };
        Box::new(error).into()
    }

    /// Hashes what is on the disk, and not what came: this covers the disk and resumed files too.
    fn mismatch(&self, partial: &Partial) -> Result<Option<String>, DownloadError> {
        let found = self.file.checksum.mismatch(&partial.path);
        found.map_err(disk("read", &partial.path))
    }

    /// Receives the rest of the file, or all of it.
    fn receive(&mut self, partial: &mut Partial) -> Result<(), DownloadError> {
        let began = Instant::now();
        let agent = agent(&self.uri, self.proxy.clone(), self.timeout);
        let body = loop {
            let start = partial.length;
            let response = self.request(&agent, partial)?;
            match response.status().as_u16() {
                206 if start > 0 && starts_at(&response, start) => break response.into_body(),
                200 => {
                    // The whole file, even if a range of it was requested.
                    partial.clear()?;
                    break response.into_body();
                }
                // No such range: the file has changed, or the partial file had its full length.
                206 | 416 if start > 0 => partial.clear()?,
                status => return Err(self.failed(partial, TransferProblem::Status(status))),
            }
        };
        let total = body.content_length();
        let total = total.map(|rest| rest.saturating_add(partial.length));
        self.check_size(partial, total.unwrap_or(0))?;
        let mut report = DownloadProgress {
            file: self.file.clone(),
            progress: Progress::new(partial.length, total, began.elapsed()),
        };
        let (mut body, mut block) = (body.into_reader(), vec![0; BLOCK]);
        loop {
            let received = partial.length;
            report.progress = Progress::new(received, total, began.elapsed());
            if let Some(observer) = &mut self.observer {
                observer(&report);
            }
            if self.cancel.is_canceled() {
                return Err(DownloadError::Canceled(received));
            }
            let count = match body.read(&mut block) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let problem = match Error::from(error) {
                        Error::Timeout(_) => TransferProblem::Timeout(self.timeout),
                        _ => TransferProblem::Truncated(total),
                    };
                    return Err(self.failed(partial, problem));
                }
            };
            self.check_size(partial, received + count as u64)?;
            partial.write(&block[..count])?;
        }
    }

    /// Requests the bytes that are missing, following redirects.
    fn request(&self, agent: &Agent, partial: &Partial) -> Result<Response<Body>, DownloadError> {
        let mut request = agent.get(&self.uri);
        if partial.length > 0 {
            request = request.header(RANGE, format!("bytes={}-", partial.length));
        }
        request.call().map_err(|error| {
            let problem = match error {
                Error::Timeout(_) => TransferProblem::Timeout(self.timeout),
                Error::TooManyRedirects => TransferProblem::Redirects(MAX_REDIRECTS),
                Error::RequireHttpsOnly(location) => TransferProblem::Insecure(location),
                Error::Io(source) => TransferProblem::Connection(source.into()),
                other => TransferProblem::Connection(other.into()),
            };
            self.failed(partial, problem)
        })
    }

    fn check_size(&self, partial: &mut Partial, size: u64) -> Result<(), DownloadError> {
        let limit = self.file.max_bytes;
        if size <= limit {
            return Ok(());
        }
        partial.clear()?; // Continuing this file would only lead here again.
        Err(self.failed(partial, TransferProblem::TooLarge(limit)))
    }
}

/// Creates a client for a URL and for where it redirects to.
fn agent(uri: &Uri, proxy: Option<Proxy>, timeout: Duration) -> Agent {
    let limit = Some(timeout);
    let config = Agent::config_builder()
        .user_agent(USER_AGENT)
        // A compressed answer would be another file than the published one.
        .accept_encoding("identity")
        .http_status_as_error(false)
        .max_redirects(MAX_REDIRECTS)
        .https_only(uri.scheme_str() == Some("https"))
        .proxy(proxy)
        .timeout_resolve(limit)
        .timeout_connect(limit)
        .timeout_recv_response(limit)
        // Starts again with every read, so slow servers are fine and silent ones are not.
        // `timeout_recv_body` would limit the whole download.
        .timeout_per_read(limit)
        .timeout_per_write(limit);
    config.build().into()
}

/// Returns true if a partial answer begins at a byte: `Content-Range: bytes 5-9/10` begins at 5.
fn starts_at(response: &Response<Body>, start: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE);
    let range = range.and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {start}-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_is_not_left() {
        let agent = agent(&Uri::from_static("https://a.org"), None, Duration::ZERO);
        // The same check comes before each redirect.
        let error = agent.get("http://127.0.0.1:9/").call();
        assert!(matches!(error, Err(Error::RequireHttpsOnly(_))));
    }
}
