//! Reads bytes, and holds what that allocates against the bounds of `hostile.rs`.

#[path = "../../crates/weights/tests/support/counting.rs"]
mod counting;

use counting::{Counting, alone, peak_of};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What reading may take, as a multiple of the bytes.
const MULTIPLE: usize = 12;
/// And on top of it: buffers, and what a pickle makes, which its instructions bound.
const CONSTANT: usize = 16 << 20;

pub fn read(bytes: &[u8]) {
    let (_, peak) = peak_of(&alone(), || oneiric_weights::read_bytes(bytes).is_ok());
    let most = MULTIPLE * bytes.len() + CONSTANT;
    assert!(peak <= most, "{peak} bytes for {}", bytes.len());
}
