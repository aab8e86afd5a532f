//! A checksum of tensors and metadata that does not depend on the file format.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::NamedTensors;

/// The metadata key of the checksum: [`write_safetensors`](crate::write_safetensors) writes it, and
/// [`read`](crate::read) verifies it.
pub const CHECKSUM_KEY: &str = "oneiric.checksum";

/// Computes the SHA-256 of tensors and metadata, both in the order of their names, as 64
/// hexadecimal digits.
///
/// The hash covers the number of tensors; for each tensor its name, the number of axes, the size of
/// each axis and the values; then, for each entry of the metadata, its key and its value. A string
/// is hashed as its length in bytes followed by its bytes; lengths and sizes are little-endian
/// `u64`, values little-endian `f32`. The checksum depends on the values, not on the file: an f16
/// file and the f32 file that it widens to have the same checksum. The metadata entry
/// [`CHECKSUM_KEY`] is left out.
#[must_use]
pub fn checksum(tensors: &NamedTensors, metadata: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    hash_number(&mut hash, tensors.len());
    for (name, tensor) in tensors {
        hash_text(&mut hash, name);
        hash_number(&mut hash, tensor.shape.len());
        for &side in &tensor.shape {
            hash_number(&mut hash, side);
        }
        let mut bytes = Vec::with_capacity(4096);
        for values in tensor.values.chunks(1024) {
            bytes.clear();
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            hash.update(&bytes);
        }
    }
    for (key, value) in metadata.iter().filter(|(key, _)| *key != CHECKSUM_KEY) {
        hash_text(&mut hash, key);
        hash_text(&mut hash, value);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn hash_number(hash: &mut Sha256, number: usize) {
    hash.update((number as u64).to_le_bytes());
}

fn hash_text(hash: &mut Sha256, text: &str) {
    hash_number(hash, text.len());
    hash.update(text);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{CHECKSUM_KEY, checksum};
    use crate::{HostTensor, NamedTensors};

    fn one(name: &str, shape: &[usize], values: &[f32]) -> NamedTensors {
        let (shape, values) = (shape.to_vec(), values.to_vec());
        NamedTensors::from([(name.to_owned(), HostTensor { shape, values })])
    }

    fn metadata(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pairs = pairs
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into()));
        pairs.collect()
    }

    #[test]
    fn the_checksum_covers_the_documented_bytes() {
        // Python: hashlib.sha256(struct.pack("<Q", 0)).hexdigest()
        assert_eq!(
            checksum(&NamedTensors::new(), &metadata(&[])),
            "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc"
        );
        // one = struct.pack("<QQ1sQQQff", 1, 1, b"a", 2, 1, 2, 1.0, -0.0)
        let tensors = one("a", &[1, 2], &[1.0, -0.0]);
        assert_eq!(
            checksum(&tensors, &metadata(&[])),
            "5d5dad756e18c781f4655209571c8ec11798f0da217932f8de737a715091cb14"
        );
        // one + struct.pack("<Q1sQ2s", 1, b"k", 2, b"vw")
        let with_checksum = metadata(&[("k", "vw"), (CHECKSUM_KEY, "left out")]);
        assert_eq!(
            checksum(&tensors, &with_checksum),
            "0d2e9703e047f02351f1e96ac4f77f022a1f1730e0211ac222b60764dba5d16f"
        );
    }

    #[test]
    fn names_shapes_metadata_and_every_bit_change_the_checksum() {
        let of = |name, shape: &[usize], values: &[f32]| {
            checksum(&one(name, shape, values), &metadata(&[]))
        };
        let with = |pairs: &[(&str, &str)]| checksum(&one("a", &[1], &[1.0]), &metadata(pairs));
        let all = [
            of("a", &[1, 2], &[1.0, 0.0]),
            of("b", &[1, 2], &[1.0, 0.0]),
            of("a", &[2, 1], &[1.0, 0.0]),
            of("a", &[2], &[1.0, 0.0]),
            of("a", &[1, 2], &[1.0, -0.0]),
            with(&[]),
            with(&[("k", "vw")]),
            with(&[("kv", "w")]),
            with(&[("k", "v"), ("w", "")]),
            checksum(&NamedTensors::new(), &metadata(&[])),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b));
        }
    }
}
