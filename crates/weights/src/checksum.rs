//! One number for all weights, the same whatever file they came from.

use sha2::{Digest, Sha256};

use crate::NamedTensors;

/// The metadata key that [`write_safetensors`](crate::write_safetensors) writes the checksum under.
pub(crate) const CHECKSUM_KEY: &str = "checksum";

/// The SHA-256 of the tensors in the order of their names, as 64 hexadecimal digits.
///
/// Of each tensor go in: the name's length in bytes, the name, the number of axes, each side, and
/// the values. Lengths and sides are little-endian `u64`, values little-endian `f32`. So the
/// checksum is that of the numbers, not of a file: an f16 file and the f32 file that it widens to
/// have the same.
#[must_use]
pub fn checksum(tensors: &NamedTensors) -> String {
    let mut hash = Sha256::new();
    for (name, tensor) in tensors {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update((tensor.shape.len() as u64).to_le_bytes());
        for &side in &tensor.shape {
            hash.update((side as u64).to_le_bytes());
        }
        let mut bytes = Vec::with_capacity(4096);
        for values in tensor.values.chunks(1024) {
            bytes.clear();
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            hash.update(&bytes);
        }
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::checksum;
    use crate::{HostTensor, NamedTensors};

    fn one(name: &str, shape: &[usize], values: &[f32]) -> NamedTensors {
        let (shape, values) = (shape.to_vec(), values.to_vec());
        NamedTensors::from([(name.to_owned(), HostTensor { shape, values })])
    }

    #[test]
    fn is_the_hash_of_what_the_documentation_says() {
        assert_eq!(
            checksum(&NamedTensors::new()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        // Python: hashlib.sha256(struct.pack("<Q1sQQQff", 1, b"a", 2, 1, 2, 1.0, -0.0)).hexdigest()
        assert_eq!(
            checksum(&one("a", &[1, 2], &[1.0, -0.0])),
            "de873b39f35da61ec1ff7f8c22bfe41447c7d7c66e38f039e16baf98aae901e6"
        );
    }

    #[test]
    fn name_shape_and_every_bit_count() {
        let of = |name, shape: &[usize], values: &[f32]| checksum(&one(name, shape, values));
        let all = [
            of("a", &[1, 2], &[1.0, 0.0]),
            of("b", &[1, 2], &[1.0, 0.0]),
            of("a", &[2, 1], &[1.0, 0.0]),
            of("a", &[2], &[1.0, 0.0]),
            of("a", &[1, 2], &[1.0, -0.0]),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b));
        }
    }
}
