//! Reading of tensors from storages.

use std::io::Read;

use super::{
    objects::Kind,
    state_dict::{NamedView, StorageTensors, TensorsByStorage},
};
use crate::{Defect, Format, collector::Collector};

/// Reads all tensors in one pass over each storage. `open` takes the key of a storage and its size
/// in bytes, and returns a reader of the storage.
pub(super) fn read_storages<'a>(
    storages: TensorsByStorage,
    mut open: impl FnMut(&str, usize) -> Result<Box<dyn Read + 'a>, Defect>,
    collector: &mut Collector,
) -> Result<(), Defect> {
    for (key, storage) in storages {
        let Kind::Float(element) = storage.kind else {
            continue;
        };
        let bytes = storage.numbers.checked_mul(element.size());
        let bytes = bytes.ok_or(Defect::Damaged {
            format: Format::PyTorch,
            problem: "a storage has more bytes than can be counted",
        })?;
        let mut reader = open(&key, bytes)?;
        let StorageTensors {
            numbers,
            mut tensors,
            ..
        } = storage;
        // A storage is nearly always one tensor; its numbers are read without an extra copy.
        if let [tensor] = &tensors[..]
            && tensor.covers_storage(numbers)
        {
            let mut values = collector.allocate(&tensor.name, &tensor.shape)?;
            element.read(&mut reader, numbers, &mut values)?;
            let tensor = tensors.remove(0);
            collector.insert(tensor.name, tensor.shape, values)?;
        } else {
            let mut storage = Vec::with_capacity(numbers);
            element.read(&mut reader, numbers, &mut storage)?;
            for tensor in tensors {
                let mut values = collector.allocate(&tensor.name, &tensor.shape)?;
                tensor.gather(&storage, &mut values);
                collector.insert(tensor.name, tensor.shape, values)?;
            }
        }
        // An archive's reader verifies the checksum at its end, so read up to there.
        if reader.read(&mut [0])? != 0 {
            return Err(Defect::Damaged {
                format: Format::PyTorch,
                problem: "a storage is longer than its stated size",
            });
        }
    }
    Ok(())
}

impl NamedView {
    /// Appends the view's values in row-major order. [`tensors_by_storage`] has checked that the
    /// view lies within the storage.
    ///
    /// [`tensors_by_storage`]: super::state_dict::tensors_by_storage
    fn gather(&self, storage: &[f32], values: &mut Vec<f32>) {
        if self.shape.contains(&0) {
            return;
        }
        let mut index = vec![0; self.shape.len()];
        let mut at = self.offset;
        loop {
            values.push(storage[at]);
            // Increment the index like an odometer: the last axis changes fastest.
            let mut axis = self.shape.len();
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                index[axis] += 1;
                at += self.strides[axis];
                if index[axis] < self.shape[axis] {
                    break;
                }
                at -= self.strides[axis] * self.shape[axis];
                index[axis] = 0;
            }
        }
    }
}
