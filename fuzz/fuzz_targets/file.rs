//! The file that a run writes what it reads: one per process, in memory where the system offers
//! that.

use std::{path::PathBuf, sync::OnceLock};

pub fn read(bytes: &[u8]) {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    let path = PATH.get_or_init(|| {
        let memory = PathBuf::from("/dev/shm");
        let folder = if memory.is_dir() {
            memory
        } else {
            std::env::temp_dir()
        };
        folder.join(format!("oneiric-fuzz-{}", std::process::id()))
    });
    std::fs::write(path, bytes).expect("a writable folder");
    let _ = oneiric_weights::read(path);
}
