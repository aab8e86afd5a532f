//! The downloader and its settings.

use std::{fmt, fs, path::PathBuf, time::Duration};

use crate::{
    CancelToken, DownloadError, DownloadProgress, RemoteFile, cache, cache_dir, error::disk,
    partial::Partial, proxy::proxy, transfer::Transfer,
};

/// Default time-out.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) type Observer = Box<dyn FnMut(&DownloadProgress) + Send>;

/// Fetches files from the cache, or else from the servers that publish them.
///
/// | setting | default | purpose |
/// | --- | --- | --- |
/// | [`cache_dir`](Self::cache_dir) | [`cache_dir()`](crate::cache_dir) | folder of the files |
/// | [`timeout`](Self::timeout) | 30 s | longest wait for a connection, an answer, or more bytes |
/// | [`proxy`](Self::proxy) | from the environment | proxy of all requests |
/// | [`observer`](Self::observer) | none | called with the progress of a download |
/// | [`cancel`](Self::cancel) | none | stops a download |
#[derive(Default)]
pub struct Downloader {
    cache_dir: Option<PathBuf>,
    timeout: Option<Duration>,
    proxy: Option<String>,
    observer: Option<Observer>,
    cancel: CancelToken,
}

impl Downloader {
    /// Creates a downloader with the defaults. The environment is read by each fetch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the folder of the files, which is created if need be.
    #[must_use]
    pub fn cache_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.cache_dir = Some(path.into());
        self
    }

    /// Sets the longest wait for a connection, for an answer, and each time for more bytes. The
    /// duration of the whole download is not limited.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the proxy of all requests, regardless of the environment: `http://host:port`,
    /// `https://...`, `socks4://...`, `socks4a://...`, `socks5://...` or `socks5h://...`, with
    /// `user:password@` before the host if the proxy requires them. An empty text stands for direct
    /// connections.
    #[must_use]
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Sets a function that is called when a download begins and after every block of at most
    /// 64 KiB. It is not called for a file from the cache.
    #[must_use]
    pub fn observer(mut self, observer: impl FnMut(&DownloadProgress) + Send + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Sets a token that stops a download with [`DownloadError::Canceled`]. It is looked at after
    /// every block, and all the time while another process downloads the file.
    ///
    /// ```
    /// use oneiric_download::{CancelToken, Downloader};
    ///
    /// let cancel = CancelToken::new();
    /// let downloader = Downloader::new().cancel(cancel.clone()).observer(move |report| {
    ///     if report.progress().total.is_some_and(|total| total > 100_000_000) {
    ///         cancel.cancel();
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn cancel(mut self, token: CancelToken) -> Self {
        self.cancel = token;
        self
    }

    /// Fetches a [`Pretrained`](crate::Pretrained) file or a [`RemoteFile`] of your own. Returns
    /// the path of the verified file in the cache.
    ///
    /// # Errors
    ///
    /// Returns [`DownloadError`] if a setting cannot be used, if the file cannot be downloaded or
    /// written, or if another file lies in its place.
    pub fn fetch(&mut self, file: impl Into<RemoteFile>) -> Result<PathBuf, DownloadError> {
        let file = &file.into();
        let uri = file.validate()?;
        let folder = match &self.cache_dir {
            Some(folder) => folder.clone(),
            None => cache_dir()?,
        };
        let target = folder.join(&file.file_name);
        if cache::holds(&target, file)? {
            return Ok(target);
        }
        let proxy = proxy(self.proxy.as_deref())?;
        fs::create_dir_all(&folder).map_err(disk("create", &folder))?;
        let Some(partial) = Partial::open(&target, &self.cancel)? else {
            return Err(DownloadError::Canceled(0));
        };
        // Another process may have fetched the file while this one waited.
        if !cache::holds(&target, file)? {
            let transfer = Transfer {
                file,
                uri,
                proxy,
                timeout: self.timeout.unwrap_or(TIMEOUT),
                observer: self.observer.as_mut(),
                cancel: &self.cancel,
            };
            transfer.run(partial)?;
        }
        Ok(target)
    }
}

impl fmt::Debug for Downloader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Downloader")
            .field("cache_dir", &self.cache_dir)
            .field("timeout", &self.timeout)
            // May contain a password.
            .field("proxy", &self.proxy.is_some())
            .field("observer", &self.observer.is_some())
            .field("cancel", &self.cancel)
            .finish()
    }
}
