//! Writing of safetensors: lossless, as small as possible, and atomic.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use half::f16;
use oneiric_support::write_atomically;
use serde_json::{Map, Value, json};

use super::header::METADATA_KEY;
use crate::{
    HostTensor, NamedTensors, WeightsError,
    checksum::{CHECKSUM_KEY, checksum},
    collector::check_shape,
};

/// Writes tensors and metadata as safetensors, and adds the [`checksum`] of both to the metadata.
///
/// Each tensor is written as f16 if f16 represents each of its values exactly, and as f32
/// otherwise, so reading returns the same bits. The write is atomic: the file is written under
/// another name in the same folder and then renamed, so a full disk neither leaves a partial file
/// nor changes an existing one.
///
/// # Errors
///
/// Returns [`WeightsError::Memory`] if the number of a tensor's values is not that of its shape,
/// and [`WeightsError::Write`] if the file cannot be written.
pub fn write_safetensors(
    path: &Path,
    tensors: &NamedTensors,
    metadata: &BTreeMap<String, String>,
) -> Result<(), WeightsError> {
    for (name, tensor) in tensors {
        check_shape(name, &tensor.shape, tensor.values.len())?;
    }
    let written = write_atomically(path, |file| write(file, tensors, metadata));
    written.map_err(|source| WeightsError::Write {
        path: path.to_owned(),
        source,
    })
}

fn write(
    file: &mut File,
    tensors: &NamedTensors,
    metadata: &BTreeMap<String, String>,
) -> io::Result<()> {
    let (halves, singles): (Vec<_>, Vec<_>) = tensors
        .iter()
        .partition(|(_, tensor)| tensor.values.iter().copied().all(fits_half));
    let mut header = Map::new();
    let mut metadata = metadata.clone();
    let sum = checksum(tensors, &metadata);
    metadata.insert(CHECKSUM_KEY.to_owned(), sum);
    header.insert(METADATA_KEY.to_owned(), json!(metadata));
    let mut position = 0;
    // The wider numbers come first, so that all numbers are aligned in a memory-mapped file.
    for (dtype, size, group) in [("F32", 4, &singles), ("F16", 2, &halves)] {
        for (name, tensor) in group {
            let end = position + size * tensor.values.len();
            let entry = json!({
                "dtype": dtype,
                "shape": tensor.shape,
                "data_offsets": [position, end],
            });
            header.insert((*name).clone(), entry);
            position = end;
        }
    }
    let mut header = serde_json::to_vec(&Value::Object(header))?;
    header.resize(header.len().next_multiple_of(8), b' ');

    let mut file = BufWriter::new(file);
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(&header)?;
    for value in values(&singles) {
        file.write_all(&value.to_le_bytes())?;
    }
    for value in values(&halves) {
        file.write_all(&f16::from_f32(value).to_le_bytes())?;
    }
    file.flush()
}

fn values(group: &[(&String, &HostTensor)]) -> impl Iterator<Item = f32> {
    group
        .iter()
        .flat_map(|(_, tensor)| tensor.values.iter().copied())
}

/// Returns true if a value converts to f16 and back with the same bits, including the sign of zero
/// and the payload of a NaN.
fn fits_half(value: f32) -> bool {
    f16::from_f32(value).to_f32().to_bits() == value.to_bits()
}
