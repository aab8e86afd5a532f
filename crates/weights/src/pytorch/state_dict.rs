//! From what a pickle made to the tensors that are wanted from each storage.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    machine::Machine,
    objects::{Kind, Object},
};
use crate::{
    Defect, Format,
    collector::{Collector, MAX_AXES, volume},
};

/// Where checkpoints that hold more than a state dict keep it.
const STATE_DICTS: [&str; 3] = ["state_dict", "model_state_dict", "model"];

/// A tensor within a storage.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
    pub(super) offset: usize,
}

/// A storage and the tensors in it.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) kind: Kind,
    /// How many numbers it has.
    pub(super) numbers: usize,
    pub(super) tensors: Vec<Wanted>,
}

/// Storages by key.
pub(super) type Sources = BTreeMap<String, Source>;

/// Lists the tensors of a state dict by the storage that they lie in.
pub(super) fn sources(
    pickle: &[u8],
    machine: &Machine<'_>,
    root: Object,
    collector: &mut Collector,
) -> Result<Sources, Defect> {
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
    let mut sources = BTreeMap::new();
    let mut names = BTreeSet::new();
    for pair in pairs {
        let &[Object::Text(name), Object::Tensor(tensor)] = pair else {
            continue;
        };
        // Checked before the name is copied: a pickle may refer to one long name very often.
        let name = name.text(pickle);
        if !names.insert(name) {
            return Err(Defect::Duplicate {
                name: name.to_owned(),
            });
        }
        // And so may be the tensor: an entry of a few bytes becomes a shape, strides and a name.
        collector.charge_entry(name)?;
        let view = objects.tensors[tensor];
        let storage = objects.storages[view.storage];
        let sizes = |tuple: usize| match objects.groups[tuple].len() <= MAX_AXES {
            true => objects.sizes(tuple),
            false => None,
        };
        let (Some(shape), Some(strides)) = (sizes(view.shape), sizes(view.strides)) else {
            return Err(Defect::ImpossibleShape {
                name: name.to_owned(),
            });
        };
        let wanted = Wanted {
            name: name.to_owned(),
            shape,
            strides,
            offset: view.offset,
        };
        wanted.check(storage.numbers)?;
        let source = sources
            .entry(storage.key.text(pickle))
            .or_insert_with(|| Source {
                kind: storage.kind,
                numbers: storage.numbers,
                tensors: Vec::new(),
            });
        if (source.kind, source.numbers) != (storage.kind, storage.numbers) {
            return Err(Defect::Damaged {
                format: Format::PyTorch,
                problem: "a storage has two sizes",
            });
        }
        source.tensors.push(wanted);
    }
    let owned = sources
        .into_iter()
        .map(|(key, source)| (key.to_owned(), source));
    Ok(owned.collect())
}

impl Wanted {
    /// Checks that it lies within a storage of so many numbers.
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

    /// Whether it is all of a storage of so many numbers, in order.
    pub(super) fn is_whole(&self, numbers: usize) -> bool {
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
                // The stride of a side of one is never stepped, and PyTorch writes anything there.
                let fits = side == 1 || stride == expected;
                expected *= side;
                fits
            });
        in_order && self.offset == 0 && expected == numbers
    }
}
