//! Small types that several crates of oneiric share and that need no tensors.
//!
//! | item | purpose |
//! | --- | --- |
//! | [`CancelToken`] | stops a long operation from another thread, an observer or a signal handler |
//! | [`Progress`] | tells an observer how far a long operation has come |
//! | [`SettingError`] | reports a setting with a value that is not allowed |
//! | [`write_atomically`], [`check_writable`] | write a file whole or not at all |
//!
//! ```
//! use oneiric_support::CancelToken;
//!
//! let token = CancelToken::new();
//! let elsewhere = token.clone();
//! std::thread::spawn(move || elsewhere.cancel()).join().expect("no panic");
//! assert!(token.is_canceled());
//! ```

#![forbid(unsafe_code)]

mod cancel;
mod file;
mod progress;
mod setting;

pub use cancel::CancelToken;
pub use file::{check_writable, write_atomically};
pub use progress::Progress;
pub use setting::SettingError;
