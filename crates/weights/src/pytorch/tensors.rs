//! From storages to tensors.

use std::io::Read;

use super::{
    objects::Kind,
    state_dict::{Source, Sources, Wanted},
};
use crate::{Defect, Format, collector::Collector};

/// Reads all tensors, each storage once and in one go. `open` gives a reader of the storage of a
/// key, which must have so many bytes.
pub(super) fn read_sources<'a>(
    sources: Sources,
    mut open: impl FnMut(&str, usize) -> Result<Box<dyn Read + 'a>, Defect>,
    collector: &mut Collector,
) -> Result<(), Defect> {
    for (key, source) in sources {
        let Kind::Float(element) = source.kind else {
            continue;
        };
        let bytes = source.numbers.checked_mul(element.size());
        let bytes = bytes.ok_or(Defect::Damaged {
            format: Format::PyTorch,
            problem: "a storage has more bytes than can be counted",
        })?;
        let mut reader = open(&key, bytes)?;
        let Source {
            numbers,
            mut tensors,
            ..
        } = source;
        // Nearly always a storage is one tensor, and the numbers go where they stay.
        if let [tensor] = &tensors[..]
            && tensor.is_whole(numbers)
        {
            let mut values = collector.room(&tensor.name, &tensor.shape)?;
            element.read(&mut reader, numbers, &mut values)?;
            let tensor = tensors.remove(0);
            collector.insert(tensor.name, tensor.shape, values)?;
        } else {
            let mut storage = Vec::with_capacity(numbers);
            element.read(&mut reader, numbers, &mut storage)?;
            for tensor in tensors {
                let mut values = collector.room(&tensor.name, &tensor.shape)?;
                tensor.gather(&storage, &mut values);
                collector.insert(tensor.name, tensor.shape, values)?;
            }
        }
        // An archive compares the checksum at the end, so the reader must be taken there.
        if reader.read(&mut [0])? != 0 {
            return Err(Defect::Damaged {
                format: Format::PyTorch,
                problem: "a storage is longer than it says",
            });
        }
    }
    Ok(())
}

impl Wanted {
    /// Appends its values in row-major order. The state dict has checked that they lie within the
    /// storage.
    fn gather(&self, storage: &[f32], values: &mut Vec<f32>) {
        if self.shape.contains(&0) {
            return;
        }
        let mut index = vec![0; self.shape.len()];
        let mut at = self.offset;
        loop {
            values.push(storage[at]);
            // Counts up like an odometer: the last axis turns fastest.
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
