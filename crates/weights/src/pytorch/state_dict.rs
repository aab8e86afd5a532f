//! The tensors of a state dict, grouped by storage.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    machine::Machine,
    objects::{Kind, Object},
};
use crate::{
    Defect, Format,
    collector::{Collector, MAX_AXES, volume},
};

/// The keys under which a checkpoint that holds more than a state dict stores the state dict.
const STATE_DICTS: [&str; 3] = ["state_dict", "model_state_dict", "model"];

/// A named tensor as a view of a storage.
#[derive(Debug)]
pub(super) struct NamedView {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
    pub(super) offset: usize,
}

/// A storage and the tensors in it.
#[derive(Debug)]
pub(super) struct StorageTensors {
    pub(super) kind: Kind,
    /// The number of numbers in the storage.
    pub(super) numbers: usize,
    pub(super) tensors: Vec<NamedView>,
}

/// Storages and their tensors, by the storage's key.
pub(super) type TensorsByStorage = BTreeMap<String, StorageTensors>;

/// Groups the tensors of a state dict by storage.
pub(super) fn tensors_by_storage(
    pickle: &[u8],
    machine: &Machine<'_>,
    root: Object,
    collector: &mut Collector,
) -> Result<TensorsByStorage, Defect> {
    let objects = machine.objects();
    let Object::Dict(root) = root else {
        return Err(machine.problem("it holds no state dict"));
    };
    let inner = STATE_DICTS
        .into_iter()
        .find_map(|key| match objects.get(pickle, root, key) {
            Some(Object::Dict(inner)) => Some(inner),
            _ => None,
        });
    let (pairs, _) = objects.groups[inner.unwrap_or(root)].as_chunks();
    let mut storages = BTreeMap::new();
    let mut names = BTreeSet::new();
    for pair in pairs {
        let &[Object::Text(name), Object::Tensor(tensor)] = pair else {
            continue;
        };
        // Check before copying the name, because a pickle may refer to one long name many times.
        let name = name.text(pickle);
        if !names.insert(name) {
            return Err(Defect::Duplicate {
                name: name.to_owned(),
            });
        }
        // A pickle may also refer to one tensor many times: an entry of a few bytes becomes a
        // shape, strides and a name.
        collector.charge_entry(name)?;
        let view = objects.tensors[tensor];
        let storage = objects.storages[view.storage];
        let sizes = |tuple: usize| {
            if objects.groups[tuple].len() <= MAX_AXES {
                objects.sizes(tuple)
            } else {
                None
            }
        };
        let (Some(shape), Some(strides)) = (sizes(view.shape), sizes(view.strides)) else {
            return Err(Defect::ImpossibleShape {
                name: name.to_owned(),
            });
        };
        let view = NamedView {
            name: name.to_owned(),
            shape,
            strides,
            offset: view.offset,
        };
        view.check(storage.numbers)?;
        let listed = storages
            .entry(storage.key.text(pickle))
            .or_insert_with(|| StorageTensors {
                kind: storage.kind,
                numbers: storage.numbers,
                tensors: Vec::new(),
            });
        if (listed.kind, listed.numbers) != (storage.kind, storage.numbers) {
            return Err(Defect::Damaged {
                format: Format::PyTorch,
                problem: "a storage has two sizes",
            });
        }
        listed.tensors.push(view);
    }
    let owned = storages
        .into_iter()
        .map(|(key, listed)| (key.to_owned(), listed));
    Ok(owned.collect())
}

impl NamedView {
    /// Checks that the view lies within a storage of `numbers` numbers.
    fn check(&self, numbers: usize) -> Result<(), Defect> {
        let volume = volume(&self.name, &self.shape)?;
        if self.shape.len() != self.strides.len() {
            return Err(Defect::ImpossibleShape {
                name: self.name.clone(),
            });
        }
        let sides = self.shape.iter().zip(&self.strides);
        let end = sides
            .map(|(&side, &stride)| side.saturating_sub(1).checked_mul(stride))
            .try_fold(self.offset, |end, step| end.checked_add(step?))
            .and_then(|last| last.checked_add(1));
        match end {
            _ if volume == 0 => Ok(()),
            Some(end) if end <= numbers => Ok(()),
            _ => Err(Defect::OutOfBounds {
                name: self.name.clone(),
            }),
        }
    }

    /// Returns true if the view covers a storage of `numbers` numbers completely and in order.
    pub(super) fn covers_storage(&self, numbers: usize) -> bool {
        if self.shape.contains(&0) {
            return false;
        }
        let mut expected = 1;
        let in_order = self
            .shape
            .iter()
            .zip(&self.strides)
            .rev()
            .all(|(&side, &stride)| {
                // The stride of an axis of size 1 is never used, and PyTorch may write any value.
                let fits = side == 1 || stride == expected;
                expected *= side;
                fits
            });
        in_order && self.offset == 0 && expected == numbers
    }
}
