//! Small weight files of every format, written byte by byte, and where the shared ones are.

#![allow(
    dead_code,
    reason = "each test binary compiles this file and uses some of it"
)]

pub(crate) mod counting;
pub(crate) mod files;

use std::path::PathBuf;

/// The path of a file in `../shared` (seen from the workspace's root), or `None` with a line that
/// says what is skipped, on a machine that does not have it.
pub(crate) fn shared(file: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared")
        .join(file);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: this test needs {file}, which is not there");
    None
}
