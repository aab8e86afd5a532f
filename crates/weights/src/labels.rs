//! Class labels that accompany the weights: a text file with one label per line.

use std::io::Read;

use crate::Defect;

/// The name of the label file in the public archive `inception5h.zip`.
pub(crate) const LABELS_FILE: &str = "imagenet_comp_graph_label_strings.txt";
/// The ending of a label file's name in an archive.
pub(crate) const LABELS_ENDING: &str = "label_strings.txt";

/// The largest size of the labels in bytes. The labels of 1001 classes take 11 KB.
const MAX_BYTES: u64 = 1 << 20;
/// The largest number of lines. An empty line is one byte in the file and a `String` in memory.
const MAX_LINES: usize = 1 << 16;

/// Reads one label per line.
pub(crate) fn read_labels(reader: impl Read) -> Result<Vec<String>, Defect> {
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) if bytes.len() as u64 <= MAX_BYTES && text.lines().count() <= MAX_LINES => {
            Ok(text.trim_end().lines().map(str::to_owned).collect())
        }
        _ => Err(Defect::Labels {
            max_bytes: MAX_BYTES,
            max_lines: MAX_LINES,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, MAX_LINES, read_labels};

    #[test]
    fn one_label_per_line_with_either_line_ending() {
        let labels = read_labels(&b"dummy\r\nkit fox\nEnglish setter\n\n"[..]);
        let labels = labels.expect("labels");
        assert_eq!(labels, ["dummy", "kit fox", "English setter"]);
    }

    #[test]
    fn invalid_utf8_and_long_lists_are_errors() {
        assert!(read_labels(&b"\xff\xfe"[..]).is_err());
        assert!(read_labels(&vec![b'a'; MAX_BYTES as usize + 1][..]).is_err());
        assert!(read_labels(&vec![b'\n'; MAX_LINES + 1][..]).is_err());
    }
}
