//! Reads bytes, and asserts the memory limit of `hostile.rs`.

#[path = "../../crates/weights/tests/support/counting.rs"]
mod counting;

use counting::{Counting, alone, peak_of};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The memory that reading may take, as a multiple of the number of bytes.
const MULTIPLE: usize = 12;
/// The bytes added to that limit, for buffers and for the objects of a pickle, which the number of
/// instructions bounds.
const CONSTANT: usize = 16 << 20;

pub fn read(bytes: &[u8]) {
    let (_, peak) = peak_of(&alone(), || oneiric_weights::read_bytes(bytes).is_ok());
    let most = MULTIPLE * bytes.len() + CONSTANT;
    assert!(peak <= most, "{peak} bytes for {}", bytes.len());
}
