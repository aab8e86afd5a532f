//! Downloads of the public InceptionV1 weight files into a cache.
//!
//! ```no_run
//! use oneiric_download::{Downloader, Pretrained};
//!
//! let mut downloader = Downloader::new().observer(|report| {
//!     eprintln!("{}: {} bytes", report.file, report.progress().done);
//! });
//! let path = downloader.fetch(Pretrained::Inception5h)?; // the second time, from the cache
//! # Ok::<(), oneiric_download::DownloadError>(())
//! ```
//!
//! | to | see |
//! | --- | --- |
//! | name one of the public files | [`Pretrained`] |
//! | download a file, watch and cancel | [`Downloader`], [`DownloadProgress`], [`CancelToken`] |
//! | describe a file of your own | [`RemoteFile`], [`Checksum`] |
//! | find the cache | [`cache_dir`], the variable `ONEIRIC_CACHE` |
//! | handle failures | [`DownloadError`], [`TransferError`] |
//!
//! A file gets its name in the cache only after its checksum has been verified, and every fetch
//! verifies a cached file again, which takes a fraction of a second. [`Pretrained`] says what the
//! publishers' checksums are worth.
//!
//! # Interrupted downloads
//!
//! A download is written to `NAME.partial` beside its place. After an interruption the next
//! download continues from there if the server supports ranges, and otherwise starts over; it also
//! starts over if the continued file does not have the checksum. If two processes want the same
//! file, the second waits for the first and finds the file in the cache. On file systems without
//! locks each process downloads a copy of its own, which is not continued.
//!
//! # Proxies and redirects
//!
//! The HTTP client is ureq. By default its proxy comes from the environment: the first of
//! `ALL_PROXY`, `HTTPS_PROXY` and `HTTP_PROXY` (or their lower-case forms) that is set serves all
//! URLs. `NO_PROXY` lists hosts to connect to directly, separated by commas without spaces:
//! `example.org` is that host alone, `.example.org` are those below it, `*` is every host. It has
//! neither ports nor ranges of addresses.
//!
//! HTTP proxies are asked for a tunnel (CONNECT), also for plain http. Many proxies allow tunnels
//! to port 443 only and refuse the one to [`BvlcGooglenet`](Pretrained::BvlcGooglenet); the error
//! then says how to install the file by hand. Up to ten redirects in a row are followed, but never
//! from https to http.
//!
//! The crate prints nothing, has no features and does not depend on burn. Its TLS is rustls with
//! ring, which needs a C compiler to build, and Mozilla's root certificates.

#![forbid(unsafe_code)]

mod cache;
mod checksum;
mod downloader;
mod error;
mod partial;
mod pretrained;
mod progress;
mod proxy;
mod remote_file;
mod transfer;

pub use cache::cache_dir;
pub use checksum::Checksum;
pub use downloader::Downloader;
pub use error::{DownloadError, TransferError, TransferProblem};
pub use oneiric_support::{CancelToken, Progress, SettingError};
pub use pretrained::Pretrained;
pub use progress::DownloadProgress;
pub use remote_file::RemoteFile;
