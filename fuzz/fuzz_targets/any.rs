//! Any bytes: recognition, archives, and whatever follows.

#![no_main]

mod file;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| file::read(bytes));
