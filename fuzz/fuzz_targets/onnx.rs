//! Fuzzes the reader of ONNX models with any bytes, as a model and as a tensor.

#![no_main]

#[path = "../../crates/weights/tests/support/counting.rs"]
mod counting;

use counting::{Counting, alone, peak_of};
use oneiric_weights::onnx;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (_, peak) = peak_of(&alone(), || {
        (onnx::parse(bytes, None).is_ok(), onnx::parse_tensor(bytes).is_ok())
    });
    let most = 12 * bytes.len() + (16 << 20);
    assert!(peak <= most, "{peak} bytes for {}", bytes.len());
});
