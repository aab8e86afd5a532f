//! Tensors whose values lie in another file.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Component, Path},
};

use crate::Defect;

/// Where the values of a tensor lie (`external_data`).
#[derive(Debug, Default)]
pub(super) struct Location {
    /// The path, relative to the model's folder.
    pub(super) path: String,
    pub(super) offset: u64,
    /// `None` for all that is left of the file.
    pub(super) length: Option<u64>,
}

impl Location {
    /// Reads the bytes, of which there must be as many as the tensor's shape says. Only files in
    /// the model's own folder, and in folders in it, are read.
    pub(super) fn read(
        &self,
        folder: Option<&Path>,
        tensor: &str,
        expected: u64,
    ) -> Result<Vec<u8>, Defect> {
        let error = |problem: String| Defect::External {
            name: tensor.to_owned(),
            path: self.path.clone(),
            problem,
        };
        let Some(folder) = folder else {
            return Err(error("the model was not read from a folder".to_owned()));
        };
        let relative = Path::new(&self.path);
        let mut parts = relative.components();
        let inside = parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !inside || self.path.is_empty() {
            let problem = "only files in the model's own folder are read";
            return Err(error(problem.to_owned()));
        }
        let path = folder.join(relative);
        // A link may lead out of the folder.
        let within = path
            .canonicalize()
            .and_then(|path| Ok(path.starts_with(folder.canonicalize()?)));
        match within {
            Ok(true) => {}
            Ok(false) => {
                let problem = "it is a link that leads out of the model's folder";
                return Err(error(problem.to_owned()));
            }
            Err(source) => return Err(error(format!("{source}; put it beside the model"))),
        }
        let mut file = File::open(&path).map_err(|source| error(source.to_string()))?;
        let metadata = file
            .metadata()
            .map_err(|source| error(source.to_string()))?;
        let left = metadata.len().saturating_sub(self.offset);
        let length = self.length.unwrap_or(left);
        if length != expected || length > left || !metadata.is_file() {
            return Err(error(format!(
                "the tensor takes {expected} bytes, the model says {length} at {}, and the file \
                 has {left} from there on",
                self.offset
            )));
        }
        let mut bytes = Vec::new();
        let size = usize::try_from(length).unwrap_or(usize::MAX);
        let reserved = bytes.try_reserve_exact(size);
        reserved.map_err(|_| error("it does not fit into memory".to_owned()))?;
        let read = file.seek(SeekFrom::Start(self.offset));
        let read = read.and_then(|_| file.take(length).read_to_end(&mut bytes));
        read.map_err(|source| error(source.to_string()))?;
        if bytes.len() as u64 != length {
            return Err(error("it ends before the tensor does".to_owned()));
        }
        Ok(bytes)
    }
}
