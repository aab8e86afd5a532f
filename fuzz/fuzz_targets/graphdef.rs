//! Fuzzes the reader of TensorFlow graphs: a valid first node, then any bytes.

#![no_main]

mod reading;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    reading::read(&[b"\x0a\x09\x0a\x01i\x12\x04NoOp", bytes].concat());
});
