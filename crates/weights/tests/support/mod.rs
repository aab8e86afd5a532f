//! Small weight files of every format, a counting allocator, and the paths of the shared files.

#![allow(
    dead_code,
    reason = "each test binary compiles this file and uses some of it"
)]

pub(crate) mod counting;
pub(crate) mod files;

use std::path::PathBuf;

/// Returns the path of a file in the folder `shared` beside the repository. On a machine without
/// the file, prints that the test is skipped and returns `None`.
pub(crate) fn shared(file: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared")
        .join(file);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: this test needs {file}, which does not exist");
    None
}
