//! Fuzzes the reader of PyTorch's legacy container: valid first pickles, then any bytes. The target
//! `any` covers the zip container.

#![no_main]

mod reading;

const HEAD: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\
    \x80\x02M\xe9\x03.\x80\x02}(X\x0d\0\0\0little_endian\x88u.";

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let bytes = bytes.strip_prefix(HEAD).unwrap_or(bytes);
    reading::read(&[HEAD, bytes].concat());
});
