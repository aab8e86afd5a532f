//! Recognition of a file's format by its first bytes.

use std::fmt;

use crate::{Defect, convertible, protobuf, safetensors};

/// The number of bytes from which a format is recognized.
pub(crate) const HEAD: usize = 1 << 16;

/// The format of a weight file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A frozen TensorFlow graph (`GraphDef`), alone or in a zip archive.
    TensorFlow,
    /// A PyTorch state dict that `torch.save` wrote.
    PyTorch,
    /// A binary Caffe model (`NetParameter`).
    Caffe,
    /// Safetensors.
    Safetensors,
    /// An ONNX model, which [`onnx`](crate::onnx) reads.
    Onnx,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TensorFlow => "TensorFlow",
            Self::PyTorch => "PyTorch",
            Self::Caffe => "Caffe",
            Self::Safetensors => "safetensors",
            Self::Onnx => "ONNX",
        })
    }
}

/// The container of a file, which decides how the file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    Safetensors,
    Zip,
    TorchLegacy,
    GraphDef,
    NetParameter,
}

impl Container {
    /// Recognizes a file by its first [`HEAD`] bytes, or by all bytes of a shorter file.
    pub(crate) fn recognize(head: &[u8]) -> Result<Self, Defect> {
        const TAR_MAGIC: std::ops::Range<usize> = 257..262;
        // Common mistakes come first, so that each gets an error of its own.
        if head.is_empty() {
            return Err(Defect::Empty);
        }
        if is_web_page(head) {
            return Err(Defect::WebPage);
        }
        if head.starts_with(b"version https://git-lfs") {
            return Err(Defect::LfsPointer);
        }
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Ok(Self::Zip);
        }
        if let [0x80, 2..=5, ..] = head
            && !safetensors::is_safetensors(head)
        {
            return if has_torch_magic(head) {
                Ok(Self::TorchLegacy)
            } else {
                Err(Defect::PlainPickle)
            };
        }
        if safetensors::is_safetensors(head) {
            return Ok(Self::Safetensors);
        }
        if head.get(TAR_MAGIC) == Some(b"ustar") {
            return Err(Defect::Tar);
        }
        if let Some(convertible) = convertible::of_head(head) {
            return Err(convertible);
        }
        match protobuf::recognize(head) {
            Some(Format::TensorFlow) => Ok(Self::GraphDef),
            Some(_) => Ok(Self::NetParameter),
            None => Err(Defect::Unknown),
        }
    }
}

/// Returns true if the file begins with the magic number of `torch.save` before 1.6.
///
/// The number is 0x1950a86a20f9469cfc6c, encoded as the pickle protocols from 2 on encode it
/// (torch/serialization.py, `MAGIC_NUMBER`).
fn has_torch_magic(head: &[u8]) -> bool {
    const MAGIC: [u8; 12] = *b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    // Protocols from 4 on insert a frame header of 9 bytes before the number.
    const SEARCHED: usize = 32;
    head[..head.len().min(SEARCHED)]
        .windows(MAGIC.len())
        .any(|window| window == MAGIC)
}

fn is_web_page(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = head.trim_ascii_start();
    let starts = |tag: &[u8]| {
        text.get(..tag.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(tag))
    };
    [&b"<!doctype"[..], b"<html", b"<head", b"<?xml", b"<error"]
        .into_iter()
        .any(starts)
}

#[cfg(test)]
mod tests {
    use super::Container;
    use crate::Defect;

    #[test]
    fn common_mistakes_have_errors_of_their_own() {
        let of = |bytes: &[u8]| Container::recognize(bytes).expect_err("no weights");
        assert!(matches!(of(b""), Defect::Empty));
        assert!(matches!(of(b"\n <!DOCTYPE html><html>"), Defect::WebPage));
        assert!(matches!(
            of(b"<?xml version='1.0'?><Error>"),
            Defect::WebPage
        ));
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n";
        assert!(matches!(of(pointer), Defect::LfsPointer));
        assert!(matches!(of(b"\x80\x02}q\x00."), Defect::PlainPickle));
        assert!(matches!(
            of(b"name: \"GoogleNet\"\nlayer {"),
            Defect::Unknown
        ));
        assert!(matches!(of(&[0xff; 64]), Defect::Unknown));
        let tar = [&[b'a'; 257][..], b"ustar\0"].concat();
        assert!(matches!(of(&tar), Defect::Tar));
    }

    #[test]
    fn a_safetensors_header_of_640_bytes_is_not_a_pickle() {
        let head = [&640_u64.to_le_bytes()[..], b"{\"a\":"].concat();
        assert_eq!(head[..2], [0x80, 2]);
        let found = Container::recognize(&head).expect("a header");
        assert_eq!(found, Container::Safetensors);
    }
}
