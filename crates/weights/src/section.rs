//! A contiguous part of a file or of memory, read in order.

use std::io::{self, Read};

use rawzip::ReaderAt;

/// A reader of a range of bytes of a random-access source. The range stays the same if the file
/// grows while it is read.
pub(crate) struct Section<'a> {
    source: &'a dyn ReaderAt,
    position: u64,
    end: u64,
}

impl<'a> Section<'a> {
    /// Creates a reader of the first `length` bytes.
    pub(crate) fn first(source: &'a dyn ReaderAt, length: u64) -> Self {
        Self::at(source, 0, length)
    }

    /// Creates a reader of the `length` bytes that follow the offset `begin`.
    pub(crate) fn at(source: &'a dyn ReaderAt, begin: u64, length: u64) -> Self {
        Self {
            source,
            position: begin,
            end: begin.saturating_add(length),
        }
    }
}

impl Read for Section<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.position).unwrap_or(usize::MAX);
        let most = buffer.len().min(left);
        let read = self.source.read_at(&mut buffer[..most], self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::Section;
    use std::io::Read;

    #[test]
    fn a_section_ends_at_its_length_or_at_the_end_of_the_source() {
        let bytes = &b"0123456789"[..];
        let of = |begin, length| {
            let mut read = String::new();
            let section = Section::at(&bytes, begin, length).read_to_string(&mut read);
            assert_eq!(section.expect("text"), read.len());
            read
        };
        assert_eq!(of(0, 10), "0123456789");
        assert_eq!(of(3, 4), "3456");
        assert_eq!(of(8, u64::MAX), "89");
        assert_eq!(of(11, 4), "");
    }
}
