//! Fetches the public InceptionV1 weight files, once, into a cache.
//!
//! ```no_run
//! use oneiric_download::{Downloader, Pretrained};
//!
//! let mut downloader = Downloader::new().observer(|progress| {
//!     eprintln!("{}: {} bytes", progress.file, progress.received);
//! });
//! let path = downloader.fetch(Pretrained::Inception5h)?; // the second time, from the cache
//! # Ok::<(), oneiric_download::DownloadError>(())
//! ```
//!
//! | to | look at |
//! | --- | --- |
//! | name one of the public files | [`Pretrained`] |
//! | fetch it, watch and cancel | [`Downloader`], [`Progress`] |
//! | fetch a file of one's own | [`RemoteFile`], [`Checksum`] |
//! | find the cache | [`cache_dir`], the variable `ONEIRIC_CACHE` |
//! | go through a proxy | [`Proxies`], the variables `HTTPS_PROXY` and so on |
//! | say what went wrong | [`DownloadError`], and [`Attempt`] in it |
//!
//! # What is checked
//!
//! A file gets its name in the cache only after its checksum was found right, and a file that lies
//! there is used only after the same check, so every fetch reads the file once (a fraction of a
//! second). What a checksum is worth differs by file:
//!
//! | file | comes by | checked against |
//! | --- | --- | --- |
//! | [`Inception5h`](Pretrained::Inception5h) | https | SHA-256 |
//! | [`BvlcGooglenet`](Pretrained::BvlcGooglenet) | plain http, its server has nothing else | SHA-1, all that its authors published: it guards against damage, not against a determined attacker on the way |
//! | [`TorchvisionGooglenet`](Pretrained::TorchvisionGooglenet) | https | the first 32 bits of SHA-256, all that is published: they guard against damage, https against the rest |
//!
//! # What an interruption leaves
//!
//! A download is written to `NAME.partial` beside its place. If it breaks off, the next one goes on
//! from there where the server can (and starts over where it cannot, or where the result does not
//! have the checksum). Two processes that want the same file take turns: the second waits and finds
//! it in the cache. Where the file system has no locks, each downloads for itself.
//!
//! This crate prints nothing, has no features and does not depend on burn. Its TLS is rustls with
//! ring, which is built with a C compiler, and the certificates that Mozilla trusts.

mod cache;
mod checksum;
mod downloader;
mod error;
mod forward;
mod http;
mod partial;
mod pretrained;
mod progress;
mod proxies;
mod remote_file;
mod transfer;

pub use cache::cache_dir;
pub use checksum::Checksum;
pub use downloader::Downloader;
pub use error::{Attempt, ChecksumError, DownloadError, UnknownPretrained};
pub use pretrained::Pretrained;
pub use progress::Progress;
pub use proxies::Proxies;
pub use remote_file::RemoteFile;
