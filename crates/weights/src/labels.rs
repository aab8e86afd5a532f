//! Class labels that come with the weights: one a line.

use std::io::Read;

use crate::Defect;

/// The name that the public archive `inception5h.zip` gives the labels.
pub(crate) const LABELS_FILE: &str = "imagenet_comp_graph_label_strings.txt";
/// How a label file's name ends, in an archive.
pub(crate) const LABELS_ENDING: &str = "label_strings.txt";

/// More than labels take: those of 1001 classes are 11 KB.
const LIMIT: u64 = 1 << 20;
/// The same of lines: a line of nothing is one byte in the file and a `String` in memory.
const MOST: usize = 1 << 16;

/// Reads one label a line.
pub(crate) fn read_labels(reader: impl Read) -> Result<Vec<String>, Defect> {
    let mut bytes = Vec::new();
    reader.take(LIMIT + 1).read_to_end(&mut bytes)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) if bytes.len() as u64 <= LIMIT && text.lines().count() <= MOST => {
            Ok(text.trim_end().lines().map(str::to_owned).collect())
        }
        _ => Err(Defect::Labels {
            limit: LIMIT,
            most: MOST,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{LIMIT, MOST, read_labels};

    #[test]
    fn one_a_line_with_either_ending() {
        let labels = read_labels(&b"dummy\r\nkit fox\nEnglish setter\n\n"[..]);
        let labels = labels.expect("labels");
        assert_eq!(labels, ["dummy", "kit fox", "English setter"]);
    }

    #[test]
    fn no_text_is_no_labels() {
        assert!(read_labels(&b"\xff\xfe"[..]).is_err());
        assert!(read_labels(&vec![b'a'; LIMIT as usize + 1][..]).is_err());
        assert!(read_labels(&vec![b'\n'; MOST + 1][..]).is_err());
    }
}
