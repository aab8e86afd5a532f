//! The header of a safetensors file: its length, then JSON with the type, shape and offsets of each
//! tensor.
//!
//! The safetensors crate has a parser of the header, which keeps the last of two tensors of the
//! same name, and buffers any JSON, at a multiple of its size, before it validates it. This parser
//! goes through the JSON once and accepts only the fields of a header.

use std::{collections::BTreeMap, fmt, io::Read};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

use crate::{Defect, Format, collector::MAX_AXES};

/// The size in bytes of the number that states the header's length.
pub(super) const LENGTH_BYTES: u64 = 8;
/// The length in bytes of the longest header that the format allows.
const MAX_HEADER: u64 = 100_000_000;
/// The only key that does not name a tensor.
pub(super) const METADATA_KEY: &str = "__metadata__";

/// The header's entry of a tensor.
#[derive(Debug, Deserialize)]
pub(super) struct TensorEntry {
    pub(super) dtype: String,
    #[serde(deserialize_with = "sides")]
    pub(super) shape: Vec<usize>,
    /// The offsets of the tensor's first byte and of the byte after its last, from the end of the
    /// header.
    pub(super) data_offsets: (u64, u64),
}

/// A parsed header.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) tensors: BTreeMap<String, TensorEntry>,
}

/// Returns true if a file begins as safetensors do: with a length, then `{`.
pub(crate) fn is_safetensors(head: &[u8]) -> bool {
    let Some((length, json)) = head.split_first_chunk() else {
        return false;
    };
    // A wrong length before text that is clearly JSON is a damaged header, not another format.
    json.starts_with(b"{\"") || json.starts_with(b"{") && u64::from_le_bytes(*length) <= MAX_HEADER
}

/// Reads the header of a file of `file_length` bytes. Returns the header and the number of bytes
/// that follow it.
pub(super) fn read_header(
    reader: &mut impl Read,
    file_length: u64,
) -> Result<(Header, u64), Defect> {
    let cut_off = Defect::Damaged {
        format: Format::Safetensors,
        problem: "the header is longer than the file",
    };
    let Some(after_length) = file_length.checked_sub(LENGTH_BYTES) else {
        return Err(cut_off);
    };
    let mut length = [0; LENGTH_BYTES as usize];
    reader.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    let Some(data) = after_length
        .checked_sub(length)
        .filter(|_| length <= MAX_HEADER)
    else {
        return Err(cut_off);
    };
    let mut json = vec![0; length as usize];
    reader.read_exact(&mut json)?;
    Ok((serde_json::from_slice(&json)?, data))
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Header;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the tensors by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut header = Header::default();
                let mut metadata = None;
                while let Some(name) = map.next_key::<String>()? {
                    let repeated = if name == METADATA_KEY {
                        metadata.replace(map.next_value()?).is_some()
                    } else if header.tensors.contains_key(&name) {
                        true
                    } else {
                        let tensor = map.next_value()?;
                        header.tensors.insert(name.clone(), tensor).is_some()
                    };
                    if repeated {
                        return Err(A::Error::custom(format!("the key {name:?} occurs twice")));
                    }
                }
                header.metadata = metadata.unwrap_or_default();
                Ok(header)
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

/// Deserializes a shape. More than [`MAX_AXES`] axes are an error as soon as they are found.
fn sides<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<usize>, D::Error> {
    struct Sides;

    impl<'de> Visitor<'de> for Sides {
        type Value = Vec<usize>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a shape of at most {MAX_AXES} axes")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sides: A) -> Result<Vec<usize>, A::Error> {
            let mut shape = Vec::new();
            while let Some(side) = sides.next_element()? {
                if shape.len() == MAX_AXES {
                    return Err(A::Error::invalid_length(MAX_AXES + 1, &self));
                }
                shape.push(side);
            }
            Ok(shape)
        }
    }

    deserializer.deserialize_seq(Sides)
}
