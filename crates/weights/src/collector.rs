//! Where the readers put tensors: one place that checks names, shapes and the memory they take.

use crate::{Defect, HostTensor, NamedTensors};

/// What a tensor takes beside its name and its values, at least: its entry in the map (72 bytes, in
/// nodes that are about half full), its shape, and the allocator's share.
const ENTRY_BYTES: u64 = 256;

/// More axes than any weight has.
pub(crate) const MAX_AXES: usize = 8;

/// Tensors that were read so far, and how much more there may be.
#[derive(Debug)]
pub(crate) struct Collector {
    tensors: NamedTensors,
    bytes_left: u64,
}

impl Collector {
    /// For a file of so many bytes.
    ///
    /// As `f32`, weights take the size of the file that they are in, twice that if they are halves.
    /// Both TensorFlow (a constant may be one number and a shape) and PyTorch (a tensor may be a
    /// view with strides of 0) can write more than lies in the file, which is how a kilobyte asks
    /// for all memory; and a Caffe model names a layer once for all of its blobs, each of which may
    /// be 6 bytes of nothing. Four times the file leaves room for honest sharing, and the constant
    /// for files that are nothing but such constants (a test's, of zeros) or small tensors.
    pub(crate) fn for_file(bytes: u64) -> Self {
        const WIDENED_AND_SHARED: u64 = 4;
        const SMALL: u64 = 1 << 20;
        Self {
            tensors: NamedTensors::new(),
            bytes_left: bytes
                .saturating_mul(WIDENED_AND_SHARED)
                .saturating_add(SMALL),
        }
    }

    /// An empty vector with room for the values of a tensor, whose name must be new.
    pub(crate) fn room(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Defect> {
        if self.tensors.contains_key(name) {
            return Err(Defect::Duplicate {
                name: name.to_owned(),
            });
        }
        let values = volume(name, shape)?;
        self.charge_entry(name)?;
        self.charge(
            name,
            (values as u64).saturating_mul(size_of::<f32>() as u64),
        )?;
        Ok(Vec::with_capacity(values))
    }

    /// Takes what a tensor needs beside its values off the bytes that are left: also for a reader
    /// that makes a list of tensors first.
    pub(crate) fn charge_entry(&mut self, name: &str) -> Result<(), Defect> {
        self.charge(name, ENTRY_BYTES + name.len() as u64)
    }

    fn charge(&mut self, name: &str, bytes: u64) -> Result<(), Defect> {
        let left = self.bytes_left.checked_sub(bytes);
        self.bytes_left = left.ok_or_else(|| Defect::Oversized {
            name: name.to_owned(),
        })?;
        Ok(())
    }

    /// Takes a tensor whose vector came from [`room`](Self::room).
    pub(crate) fn insert(
        &mut self,
        name: String,
        shape: Vec<usize>,
        values: Vec<f32>,
    ) -> Result<(), Defect> {
        check_shape(&name, &shape, values.len())?;
        self.tensors.insert(name, HostTensor { shape, values });
        Ok(())
    }

    /// All tensors.
    pub(crate) fn into_tensors(self) -> NamedTensors {
        self.tensors
    }
}

/// How many values a shape has.
pub(crate) fn volume(name: &str, shape: &[usize]) -> Result<usize, Defect> {
    shape
        .iter()
        .try_fold(1_usize, |volume, &side| volume.checked_mul(side))
        .filter(|_| shape.len() <= MAX_AXES)
        .ok_or_else(|| Defect::ImpossibleShape {
            name: name.to_owned(),
        })
}

/// Checks that there are as many values as the shape says.
pub(crate) fn check_shape(name: &str, shape: &[usize], values: usize) -> Result<(), Defect> {
    if volume(name, shape)? == values {
        return Ok(());
    }
    Err(Defect::Shape {
        name: name.to_owned(),
        shape: shape.to_vec(),
        values,
    })
}
