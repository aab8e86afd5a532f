//! The tensors of a state dict, grouped by storage.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    machine::Machine,
    objects::{Kind, Object, Objects, Span},
};
use crate::{
    Defect, Format,
    collector::{Collector, MAX_AXES, volume},
};

/// The keys under which a checkpoint that holds more than a state dict usually stores the state
/// dict; the first one is taken if there are several state dicts.
const STATE_DICTS: [&str; 3] = ["state_dict", "model_state_dict", "model"];

/// The most dicts around a state dict.
const MAX_DEPTH: usize = 4;

/// The largest number of state dicts that are told apart.
const MAX_STATE_DICTS: usize = 16;

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

/// An object on the way to a state dict.
#[derive(Debug, Clone, Copy)]
struct Visit {
    object: Object,
    /// The number of the visit that led here; the root leads to itself.
    parent: usize,
    key: Key,
    depth: usize,
}

#[derive(Debug, Clone, Copy)]
enum Key {
    Root,
    Text(Span),
    /// The place in a list or tuple.
    Place(usize),
}

/// Finds the state dict in a pickle's object: the dict of tensors under the wanted key, or else the
/// object itself, the one under a usual key, or the only one that there is.
fn state_dict(
    pickle: &[u8],
    machine: &Machine<'_>,
    root: Object,
    wanted: Option<&str>,
) -> Result<usize, Defect> {
    let found = state_dicts(pickle, machine.objects(), root);
    let keys = || found.iter().map(|(path, _)| path.clone()).collect();
    let at = |wanted: &str| found.iter().find(|(path, _)| path == wanted);
    let chosen = match wanted {
        Some(wanted) => {
            let missing = || Defect::NoStateDict {
                wanted: wanted.to_owned(),
                found: keys(),
            };
            at(wanted).ok_or_else(missing)?
        }
        None => match &found[..] {
            [only] => only,
            [] => match (root, machine.foreign().first()) {
                // An empty one holds no weights, as the caller finds.
                (Object::Dict(root), None) => return Ok(root),
                (_, Some(name)) => return Err(Defect::ForeignObject { name: name.clone() }),
                _ => return Err(machine.problem("it holds no state dict")),
            },
            _ => match STATE_DICTS.into_iter().find_map(at) {
                Some(usual) => usual,
                None => return Err(Defect::SeveralStateDicts { found: keys() }),
            },
        },
    };
    Ok(chosen.1)
}

/// Returns the state dicts in an object with their paths, those with the fewest dicts around them
/// first.
fn state_dicts(pickle: &[u8], objects: &Objects, root: Object) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut visits = vec![Visit {
        object: root,
        parent: 0,
        key: Key::Root,
        depth: 0,
    }];
    let mut at = 0;
    while let Some(&Visit { object, depth, .. }) = visits.get(at) {
        let (Object::Dict(group) | Object::Tuple(group) | Object::List(group)) = object else {
            at += 1;
            continue;
        };
        // An object may be a member of itself, or of several others.
        if seen.insert(group) {
            if objects.is_state_dict(object) {
                // Few paths are made: a pickle may refer to one long key many times.
                found.push((path(pickle, &visits, at), group));
            } else if depth < MAX_DEPTH {
                let visit = |(key, object)| Visit {
                    object,
                    parent: at,
                    key,
                    depth: depth + 1,
                };
                visits.extend(members(objects, object, group).map(visit));
            }
        }
        if found.len() > MAX_STATE_DICTS {
            break;
        }
        at += 1;
    }
    found
}

/// Returns the members of a dict, a tuple or a list that have members themselves.
fn members(objects: &Objects, object: Object, group: usize) -> impl Iterator<Item = (Key, Object)> {
    let is_dict = matches!(object, Object::Dict(_));
    let members = &objects.groups[group];
    let step = if is_dict { 2 } else { 1 };
    let all = members.chunks_exact(step).enumerate();
    let named = all.filter_map(move |(place, member)| match *member {
        [Object::Text(key), value] => Some((Key::Text(key), value)),
        [value] => Some((Key::Place(place), value)),
        _ => None,
    });
    named.filter(|(_, value)| matches!(value, Object::Dict(_) | Object::Tuple(_) | Object::List(_)))
}

/// Returns the keys that lead to a visited object, separated by points; empty for the root.
fn path(pickle: &[u8], visits: &[Visit], mut at: usize) -> String {
    let mut keys = Vec::new();
    loop {
        let visit = &visits[at];
        match visit.key {
            Key::Root => break,
            Key::Text(key) => keys.push(key.text(pickle).to_owned()),
            Key::Place(place) => keys.push(place.to_string()),
        }
        at = visit.parent;
    }
    keys.reverse();
    keys.join(".")
}

/// Groups the tensors of a state dict by storage.
pub(super) fn tensors_by_storage(
    pickle: &[u8],
    machine: &Machine<'_>,
    root: Object,
    wanted: Option<&str>,
    collector: &mut Collector,
) -> Result<TensorsByStorage, Defect> {
    let objects = machine.objects();
    let dict = state_dict(pickle, machine, root, wanted)?;
    let (pairs, _) = objects.groups[dict].as_chunks();
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
