//! TensorFlow graphs: a first node that is recognised, then any bytes.

#![no_main]

mod file;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    file::read(&[b"\x0a\x09\x0a\x01i\x12\x04NoOp", bytes].concat());
});
