//! The collector that all readers add tensors to. It checks names, shapes and the memory used.

use crate::{Defect, HostTensor, NamedTensors};

/// A lower bound of the bytes that a tensor takes apart from its name and its values: its entry in
/// the map (72 bytes, in nodes that are about half full), its shape, and the allocator's overhead.
const ENTRY_BYTES: u64 = 256;

/// The largest number of axes that is read. No weight has as many.
pub(crate) const MAX_AXES: usize = 8;

/// The tensors read so far, and the number of bytes that further tensors may take.
#[derive(Debug)]
pub(crate) struct Collector {
    tensors: NamedTensors,
    bytes_left: u64,
}

impl Collector {
    /// Creates a collector for a file of the given size in bytes.
    ///
    /// Stored as `f32`, weights take the size of their file, or twice that if the file holds
    /// halves. Both TensorFlow (a constant may be one number and a shape) and PyTorch (a tensor may
    /// be a view with strides of 0) can describe more values than the file holds, so a file of a
    /// kilobyte could request all memory. A Caffe model names a layer once for all of its blobs,
    /// and each blob may be 6 bytes without values. A limit of four times the file's size leaves
    /// room for legitimate sharing; the constant is for files that hold only such constants (a
    /// test's file of zeros) or small tensors.
    pub(crate) fn for_file(bytes: u64) -> Self {
        const WIDENED_AND_SHARED: u64 = 4;
        const EXTRA_BYTES: u64 = 1 << 20;
        Self {
            tensors: NamedTensors::new(),
            bytes_left: bytes
                .saturating_mul(WIDENED_AND_SHARED)
                .saturating_add(EXTRA_BYTES),
        }
    }

    /// Returns an empty vector with capacity for the values of a tensor.
    ///
    /// # Errors
    ///
    /// Returns an error if a tensor of that name exists, if the shape is impossible, or if the
    /// tensor exceeds the memory limit.
    pub(crate) fn allocate(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Defect> {
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

    /// Subtracts the memory that a tensor takes apart from its values from the bytes that are left.
    /// A reader that lists tensors before it reads them calls this for each entry of the list.
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

    /// Adds a tensor whose vector [`allocate`](Self::allocate) returned.
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

    /// Returns all tensors.
    pub(crate) fn into_tensors(self) -> NamedTensors {
        self.tensors
    }
}

/// The number of values of a shape.
pub(crate) fn volume(name: &str, shape: &[usize]) -> Result<usize, Defect> {
    shape
        .iter()
        .try_fold(1_usize, |volume, &side| volume.checked_mul(side))
        .filter(|_| shape.len() <= MAX_AXES)
        .ok_or_else(|| Defect::ImpossibleShape {
            name: name.to_owned(),
        })
}

/// Checks that the number of values is that of the shape.
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
