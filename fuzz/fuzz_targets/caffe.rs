//! Fuzzes the reader of Caffe models: a valid first layer, then any bytes.

#![no_main]

mod reading;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    reading::read(&[b"\x0a\x01n\x12\x03\x22\x01l", bytes].concat());
});
