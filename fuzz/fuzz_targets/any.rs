//! Fuzzes the reader with any bytes: format recognition, archives and all formats.

#![no_main]

mod reading;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| reading::read(bytes));
