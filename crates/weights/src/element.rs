//! The number formats of weights.

use std::io::{self, Read};

use half::{bf16, f16};

/// A floating-point format, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    F16,
    Bf16,
    F32,
    F64,
}

impl Element {
    /// The size of one number in bytes.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::F16 | Self::Bf16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Decodes `bytes` and appends the numbers to `values`. The length of `bytes` must be a
    /// multiple of [`size`](Self::size). Halves widen exactly; doubles are rounded.
    pub(crate) fn decode(self, bytes: &[u8], values: &mut Vec<f32>) {
        match self {
            Self::F16 => values.extend(numbers(bytes).map(|b| f16::from_le_bytes(b).to_f32())),
            Self::Bf16 => values.extend(numbers(bytes).map(|b| bf16::from_le_bytes(b).to_f32())),
            Self::F32 => values.extend(numbers(bytes).map(f32::from_le_bytes)),
            Self::F64 => values.extend(numbers(bytes).map(|b| f64::from_le_bytes(b) as f32)),
        }
    }

    /// Reads `count` numbers through a buffer of at most 64 KiB and appends them to `values`.
    pub(crate) fn read(
        self,
        reader: &mut dyn Read,
        count: usize,
        values: &mut Vec<f32>,
    ) -> io::Result<()> {
        const BUFFER: usize = 1 << 16;
        let mut buffer = vec![0; BUFFER.min(count.saturating_mul(self.size()))];
        let mut left = count;
        while left > 0 {
            let now = left.min(BUFFER / self.size());
            let bytes = &mut buffer[..now * self.size()];
            reader.read_exact(bytes)?;
            self.decode(bytes, values);
            left -= now;
        }
        Ok(())
    }
}

fn numbers<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    let (numbers, rest) = bytes.as_chunks::<N>();
    debug_assert!(rest.is_empty(), "{} bytes left over", rest.len());
    numbers.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::Element;

    #[test]
    fn every_format_widens() {
        let of = |element: Element, bytes: &[u8]| {
            let mut values = Vec::new();
            element.decode(bytes, &mut values);
            values
        };
        // 1.5, the smallest subnormal number, and -0 in IEEE 754's binary16.
        let halves = of(Element::F16, &[0x00, 0x3e, 0x01, 0x00, 0x00, 0x80]);
        assert_eq!(halves, [1.5, 2.0_f32.powi(-24), 0.0]);
        assert!(halves[2].is_sign_negative());
        assert_eq!(of(Element::Bf16, &[0xc0, 0x3f]), [1.5]);
        assert_eq!(of(Element::F32, &1.5_f32.to_le_bytes()), [1.5]);
        assert_eq!(of(Element::F64, &0.1_f64.to_le_bytes()), [0.1]);
    }

    #[test]
    fn reading_in_pieces_is_reading_at_once() {
        let bytes: Vec<u8> = (0..100_000_u32)
            .flat_map(|i| (i as f32).to_le_bytes())
            .collect();
        let mut values = Vec::new();
        let read = Element::F32.read(&mut &bytes[..], 100_000, &mut values);
        read.expect("enough bytes");
        assert!(values.iter().enumerate().all(|(i, &v)| v == i as f32));
        let short = Element::F32.read(&mut &bytes[..7], 2, &mut values);
        assert!(short.is_err());
    }
}
