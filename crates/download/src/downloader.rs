//! Fetches files through the cache.

use std::{
    fmt, fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    DownloadError, Pretrained, Progress, Proxies, RemoteFile, cache, cache_dir,
    partial::{Partial, Turn, disk},
    transfer::Transfer,
};

/// How long a server may be silent, if nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(30);

type Observer = Box<dyn FnMut(Progress<'_>) + Send>;

/// Fetches files: from the cache, or from where they are published.
///
/// | setting | default | what for |
/// | --- | --- | --- |
/// | [`cache_dir`](Self::cache_dir) | [`cache_dir()`](crate::cache_dir) | the folder that files are kept in |
/// | [`timeout`](Self::timeout) | 30 s | how long to wait for a connection, an answer, or the next bytes |
/// | [`proxies`](Self::proxies) | [`Proxies::from_env`] | how to get out |
/// | [`observer`](Self::observer) | none | is told how far a download has come |
/// | [`cancel`](Self::cancel) | none | ends a download from elsewhere |
#[derive(Default)]
pub struct Downloader {
    cache_dir: Option<PathBuf>,
    timeout: Option<Duration>,
    proxies: Option<Proxies>,
    observer: Option<Observer>,
    cancel: Arc<AtomicBool>,
}

impl Downloader {
    /// With the defaults. Nothing is read or asked before a fetch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps files in this folder, which is made if need be.
    #[must_use]
    pub fn cache_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.cache_dir = Some(path.into());
        self
    }

    /// Waits no longer than this for a connection, for an answer, and each time for the next bytes.
    /// A slow server that keeps sending is fine, however long the whole takes.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Goes through these proxies, whatever the environment says.
    #[must_use]
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = Some(proxies);
        self
    }

    /// Tells this how far a download has come: when it begins and after every few bytes (64 KiB at
    /// most). It is not called for a file that is in the cache.
    #[must_use]
    pub fn observer(mut self, observer: impl FnMut(Progress<'_>) + Send + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Ends a download with [`DownloadError::Cancelled`] as soon as this is `true`: at the next
    /// bytes that come, or while waiting for another process. The observer, another thread or a
    /// signal handler may set it.
    ///
    /// ```
    /// use std::sync::{Arc, atomic::{AtomicBool, Ordering}};
    /// use oneiric_download::Downloader;
    ///
    /// let cancel = Arc::new(AtomicBool::new(false));
    /// let flag = Arc::clone(&cancel);
    /// let downloader = Downloader::new().cancel(cancel).observer(move |progress| {
    ///     if progress.total.is_some_and(|total| total > 100_000_000) {
    ///         flag.store(true, Ordering::Relaxed);
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn cancel(mut self, flag: Arc<AtomicBool>) -> Self {
        self.cancel = flag;
        self
    }

    /// Fetches one of the public files: its path in the cache, where it lies whole and checked.
    ///
    /// # Errors
    ///
    /// When it cannot be downloaded or written, or another file lies in its place: see
    /// [`DownloadError`].
    pub fn fetch(&mut self, pretrained: Pretrained) -> Result<PathBuf, DownloadError> {
        self.fetch_file(&pretrained.remote_file())
    }

    /// Fetches any file that has a checksum, in the same way.
    ///
    /// # Errors
    ///
    /// Those of [`fetch`](Self::fetch), and those of a name or a URL that cannot be used.
    pub fn fetch_file(&mut self, file: &RemoteFile) -> Result<PathBuf, DownloadError> {
        let uri = file.validate()?;
        let folder = match &self.cache_dir {
            Some(folder) => folder.clone(),
            None => cache_dir()?,
        };
        let target = folder.join(&file.file_name);
        if cache::holds(&target, file)? {
            return Ok(target);
        }
        let proxies = match &self.proxies {
            Some(proxies) => proxies.clone(),
            None => Proxies::from_env()?,
        };
        fs::create_dir_all(&folder).map_err(|source| disk("create", &folder, source))?;
        let cancel = &self.cancel;
        let cancelled = || cancel.load(Ordering::Relaxed);
        let mut observer = self.observer.as_mut();
        let transfer = Transfer {
            file,
            uri,
            target: &target,
            proxies: &proxies,
            timeout: self.timeout.unwrap_or(TIMEOUT),
            observe: &mut |progress| {
                if let Some(observer) = observer.as_mut() {
                    observer(progress);
                }
            },
            cancelled: &cancelled,
            proxy: None,
        };
        let Some(turn) = Turn::wait(&target, cancelled)? else {
            return Err(DownloadError::Cancelled {
                attempt: transfer.attempt(),
                received: 0,
            });
        };
        // Another process may have fetched it while this one waited.
        if !cache::holds(&target, file)? {
            transfer.run(Partial::open(&target, turn)?)?;
        }
        Ok(target)
    }
}

impl fmt::Debug for Downloader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Downloader")
            .field("cache_dir", &self.cache_dir)
            .field("timeout", &self.timeout)
            .field("proxies", &self.proxies)
            .field("observer", &self.observer.is_some())
            .field("cancel", &self.cancel)
            .finish()
    }
}
