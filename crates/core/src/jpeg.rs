//! The parts of a JPEG file, as far as it takes to see that it is whole
//! (ITU-T T.81, annex B: markers and segments).

/// The end of the image.
const END: u8 = 0xd9;
/// The beginning of a scan, behind whose header the compressed data lie.
const SCAN: u8 = 0xda;

/// Returns true if a JPEG file reaches its end marker. Segments are skipped by their lengths, so
/// the end of a thumbnail in one of them does not count.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    // The first marker begins the image and has no length.
    let mut at = 2;
    loop {
        let Some(marker) = marker_at(bytes, &mut at) else {
            return false;
        };
        match marker {
            END => return true,
            // Markers without a segment: restarts, and one for temporary use.
            0x01 | 0xd0..=0xd8 => {}
            _ => {
                let Some(&[high, low]) = bytes.get(at..).and_then(|rest| rest.first_chunk()) else {
                    return false;
                };
                at += usize::from(u16::from_be_bytes([high, low])).max(2);
                if marker == SCAN {
                    at += compressed(bytes.get(at..).unwrap_or_default());
                }
            }
        }
    }
}

/// Returns the marker at the next position that holds one, and moves behind it.
fn marker_at(bytes: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        let &[first, second] = bytes.get(*at..)?.first_chunk()?;
        *at += 1;
        // Fill bytes may stand before a marker, and some writers leave others there.
        if first == 0xff && !matches!(second, 0x00 | 0xff) {
            *at += 1;
            return Some(second);
        }
    }
}

/// Returns the length of compressed data: up to a marker that is no restart. A byte of 255 in the
/// data is followed by 0.
fn compressed(bytes: &[u8]) -> usize {
    let pairs = bytes.windows(2);
    let is_end = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
    pairs.into_iter().position(is_end).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn an_end_in_a_segment_or_in_the_data_does_not_count() {
        let thumbnail = [0xff, 0xe1, 0, 6, 0xff, 0xd9, 0xff, 0xd9];
        let scan = [0xff, 0xda, 0, 3, 0, 1, 0xff, 0x00, 2, 0xff, 0xd0, 3];
        let file = [&[0xff, 0xd8][..], &thumbnail, &scan].concat();
        assert!(!is_whole(&file));
        assert!(is_whole(&[&file[..], &[0xff, 0xd9]].concat()));
        let two_scans = [&file[..], &scan, &[0xff, 0xff, 0xd9, 0, 0]].concat();
        assert!(is_whole(&two_scans), "data may follow");
        for length in 0..file.len() {
            assert!(!is_whole(&file[..length]), "{length}");
        }
    }
}
