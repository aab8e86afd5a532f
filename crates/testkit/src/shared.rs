//! Published weights and results of other frameworks, which a checkout may have beside it.

use std::{collections::BTreeMap, path::PathBuf};

use crate::Array;

/// Returns the path of a file in the folder `shared` beside the repository. On a machine without
/// the file, prints that the test is skipped and returns `None`.
#[must_use]
pub fn shared(file: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared")
        .join(file);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: this test needs {file}, which does not exist");
    None
}

/// A safetensors file of another framework's results.
#[derive(Debug)]
pub struct Oracle {
    tensors: BTreeMap<String, Array>,
}

impl Oracle {
    /// Reads a file of the folder `shared`. Returns `None` if the file does not exist, as
    /// [`shared`] does.
    ///
    /// # Panics
    ///
    /// Panics if the file exists but cannot be read.
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

    /// Returns the names of all tensors.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Returns a tensor by name.
    ///
    /// # Panics
    ///
    /// Panics if the file has no tensor of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> &Array {
        self.tensors.get(name).unwrap_or_else(|| {
            panic!(
                "there is no tensor {name:?} among {:?}",
                self.tensors.keys()
            )
        })
    }
}
