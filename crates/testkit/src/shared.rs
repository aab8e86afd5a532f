//! Real weights and other frameworks' numbers, which a checkout may have beside it.

use std::{collections::BTreeMap, path::PathBuf};

use crate::Array;

/// The path of a file in `../shared` (seen from the workspace's root), or `None` with a line that
/// says what is skipped, on a machine that does not have it.
#[must_use]
pub fn shared(file: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared")
        .join(file);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: this test needs {file}, which is not there");
    None
}

/// A safetensors file of another framework's results.
#[derive(Debug)]
pub struct Oracle {
    tensors: BTreeMap<String, Array>,
}

impl Oracle {
    /// Reads a file of `../shared`; `None` as [`shared`].
    ///
    /// # Panics
    ///
    /// When the file is there and not readable.
    #[must_use]
    pub fn read(file: &str) -> Option<Self> {
        let bytes = std::fs::read(shared(file)?).expect("a readable file");
        let file = safetensors::SafeTensors::deserialize(&bytes).expect("a safetensors file");
        let tensors = file
            .iter()
            .map(|(name, view)| {
                let values = view.data().chunks_exact(4);
                let values = values.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
                let array = Array::new(view.shape(), values.collect());
                (name.to_owned(), array)
            })
            .collect();
        Some(Self { tensors })
    }

    /// The names of all tensors.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// A tensor by name.
    ///
    /// # Panics
    ///
    /// When the file has none of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> &Array {
        self.tensors
            .get(name)
            .unwrap_or_else(|| panic!("no {name:?} among {:?}", self.tensors.keys()))
    }
}
