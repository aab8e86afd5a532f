//! Weights on the host by name: what every file format is read into.

use std::collections::BTreeMap;

use crate::ModelError;

/// A tensor on the host, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct HostTensor {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values; as many as the shape says.
    pub values: Vec<f32>,
}

/// Tensors by name. A reader of a file format makes one, [`InceptionV1::from_tensors`] takes it.
///
/// [`InceptionV1::from_tensors`]: crate::InceptionV1::from_tensors
pub type NamedTensors = BTreeMap<String, HostTensor>;

/// Reads a safetensors file: f32, f16 or bf16.
pub(crate) fn read_safetensors(path: &std::path::Path) -> Result<NamedTensors, ModelError> {
    let bytes = std::fs::read(path).map_err(|source| ModelError::Read {
        path: path.to_owned(),
        source,
    })?;
    let file =
        safetensors::SafeTensors::deserialize(&bytes).map_err(|source| ModelError::Format {
            path: path.to_owned(),
            source,
        })?;
    file.iter()
        .map(|(name, view)| {
            let values = decode(&view).ok_or_else(|| ModelError::DataType {
                name: name.to_owned(),
                dtype: format!("{:?}", view.dtype()),
            })?;
            let shape = view.shape().to_vec();
            Ok((name.to_owned(), HostTensor { shape, values }))
        })
        .collect()
}

fn decode(view: &safetensors::tensor::TensorView<'_>) -> Option<Vec<f32>> {
    use burn::tensor::{bf16, f16};
    let halves = |decode: fn([u8; 2]) -> f32| {
        view.data()
            .chunks_exact(2)
            .map(|bytes| decode([bytes[0], bytes[1]]))
            .collect()
    };
    match view.dtype() {
        safetensors::Dtype::F32 => Some(
            view.data()
                .chunks_exact(4)
                .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
                .collect(),
        ),
        safetensors::Dtype::F16 => Some(halves(|bytes| f16::from_le_bytes(bytes).to_f32())),
        safetensors::Dtype::BF16 => Some(halves(|bytes| bf16::from_le_bytes(bytes).to_f32())),
        _ => None,
    }
}
