//! The two containers of `torch.save`: a zip archive since 1.6, a sequence of pickles before.

use std::{collections::BTreeMap, io::Read};

use rawzip::ReaderAt;

use super::{
    machine::Machine,
    objects::Object,
    state_dict::{TensorsByStorage, tensors_by_storage},
    tensors::read_storages,
};
use crate::{Defect, Format, collector::Collector, section::Section, zip::Archive};

/// The largest pickle that is read, in bytes. GoogLeNet's pickle takes 41 KB.
const MAX_PICKLE: u64 = 64 << 20;

/// Reads the archive that has its `data.pkl` in the folder `root`. Returns the names of foreign
/// objects.
pub(crate) fn read_torch_archive(
    archive: &Archive<'_>,
    root: &str,
    wanted: Option<&str>,
    length: u64,
    collector: &mut Collector,
) -> Result<Vec<String>, Defect> {
    if let Some(entry) = archive.entries().get(&format!("{root}byteorder")) {
        let mut order = Vec::new();
        archive.reader(entry)?.take(16).read_to_end(&mut order)?;
        if order.trim_ascii() != b"little" {
            return Err(damaged("it was saved on a big-endian machine"));
        }
    }
    let pickle = archive
        .entries()
        .get(&format!("{root}data.pkl"))
        .filter(|entry| entry.size() <= MAX_PICKLE)
        .ok_or(damaged("its pickle is larger than any state dict's"))?;
    let pickle = archive.content(pickle)?;
    let mut machine = Machine::new(&pickle, length);
    let object = machine.run()?;
    let storages = tensors_by_storage(&pickle, &machine, object, wanted, collector)?;
    let foreign = machine.foreign().iter().cloned().collect();
    drop(machine);
    drop(pickle);
    let open = |key: &str, bytes: usize| {
        let entry = archive.entries().get(&format!("{root}data/{key}"));
        let entry = entry.ok_or(damaged("a storage is missing"))?;
        if entry.size() != bytes as u64 {
            return Err(damaged(
                "the size of a storage differs from that in the pickle",
            ));
        }
        archive.reader(entry)
    };
    read_storages(storages, open, collector)?;
    Ok(foreign)
}

/// Reads a file of `length` bytes that begins with PyTorch's magic number. Returns the names of
/// foreign objects.
pub(crate) fn read_torch_legacy(
    file: &dyn ReaderAt,
    length: u64,
    wanted: Option<&str>,
    collector: &mut Collector,
) -> Result<Vec<String>, Defect> {
    let (storages, locations, foreign) = {
        let bytes = MAX_PICKLE.min(length);
        let mut head = Vec::with_capacity(bytes as usize);
        Section::first(file, bytes).read_to_end(&mut head)?;
        legacy_layout(&head, file, length, wanted, collector)?
        // The head may be the whole file; it is dropped before the tensors are read.
    };
    let open = |key: &str, bytes: usize| {
        let &(begin, length) = locations.get(key).ok_or(damaged("a storage is missing"))?;
        if length != bytes as u64 {
            return Err(damaged(
                "the size of a storage differs from that in the pickle",
            ));
        }
        Ok(Box::new(Section::at(file, begin, length)) as Box<dyn Read>)
    };
    read_storages(storages, open, collector)?;
    Ok(foreign)
}

/// The offset of a storage's numbers in the file and their size in bytes, by the storage's key.
type Locations = BTreeMap<String, (u64, u64)>;

/// Reads the pickles of the legacy container: a magic number, the protocol, the machine that wrote
/// the file, the state dict, and the keys of the storages that follow them (`_legacy_save` in
/// torch/serialization.py).
fn legacy_layout(
    head: &[u8],
    file: &dyn ReaderAt,
    length: u64,
    wanted: Option<&str>,
    collector: &mut Collector,
) -> Result<(TensorsByStorage, Locations, Vec<String>), Defect> {
    const PROTOCOL: i64 = 1001;
    let mut machine = Machine::new(head, length);
    machine.run()?;
    if !matches!(machine.run()?, Object::Int(PROTOCOL)) {
        return Err(machine.problem("the protocol is not PyTorch's 1001"));
    }
    let Object::Dict(system) = machine.run()? else {
        return Err(machine.problem("it does not describe the machine that wrote it"));
    };
    if !matches!(
        machine.objects().get(head, system, "little_endian"),
        Some(Object::Bool(true))
    ) {
        return Err(damaged("it was not saved on a little-endian machine"));
    }
    let state_dict = machine.run()?;
    let tensors = tensors_by_storage(head, &machine, state_dict, wanted, collector)?;
    let Object::List(keys) = machine.run()? else {
        return Err(machine.problem("it does not list its storages"));
    };

    let objects = machine.objects();
    let mut storages = BTreeMap::new();
    for storage in &objects.storages {
        let described = (storage.numbers, storage.kind);
        let before = storages.insert(storage.key.text(head), described);
        if before.is_some_and(|before| before != described) {
            return Err(damaged("a storage has two sizes"));
        }
    }
    let mut locations = Locations::new();
    let mut position = machine.position() as u64;
    for key in &objects.groups[keys] {
        let Object::Text(key) = key else {
            return Err(machine.problem("a storage without a key"));
        };
        let key = key.text(head);
        let &(numbers, kind) = storages
            .get(key)
            .ok_or(damaged("the size of a storage is unknown"))?;
        if locations.contains_key(key) {
            return Err(damaged("a storage is listed twice"));
        }
        let mut counted = [0; 8];
        file.read_exact_at(&mut counted, position)?;
        if u64::from_le_bytes(counted) != numbers as u64 {
            return Err(damaged(
                "the size of a storage differs from that in the pickle",
            ));
        }
        let begin = position + counted.len() as u64;
        let bytes = (numbers as u64)
            .checked_mul(kind.size() as u64)
            .filter(|&bytes| begin.checked_add(bytes).is_some_and(|end| end <= length))
            .ok_or(damaged(
                "a storage reaches past the end (is the file cut off?)",
            ))?;
        locations.insert(key.to_owned(), (begin, bytes));
        position = begin + bytes;
    }
    let foreign = machine.foreign().iter().cloned().collect();
    Ok((tensors, locations, foreign))
}

fn damaged(problem: &'static str) -> Defect {
    Defect::Damaged {
        format: Format::PyTorch,
        problem,
    }
}
