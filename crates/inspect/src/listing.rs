//! The files of a folder of photographs.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{InspectError, Unreadable};

/// File name extensions of pictures, in lower case.
const ENDINGS: [&str; 8] = ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff"];

/// The files in a folder, each list sorted by path.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Files whose names end as a picture's.
    pub(crate) pictures: Vec<PathBuf>,
    /// Other files.
    pub(crate) others: Vec<PathBuf>,
    /// Subfolders and links that cannot be followed.
    pub(crate) unreadable: Vec<Unreadable>,
}

impl Listing {
    /// Lists a folder, and its subfolders if they are searched too.
    pub(crate) fn of(folder: &Path, recursive: bool) -> Result<Self, InspectError> {
        let mut listing = Self::default();
        let mut folders = Vec::new();
        listing.list(folder, recursive, &mut folders)?;
        while let Some(folder) = folders.pop() {
            if let Err(error) = listing.list(&folder, recursive, &mut folders) {
                let path = folder;
                listing.unreadable.push(Unreadable { path, error });
            }
        }
        listing.pictures.sort();
        listing.others.sort();
        Ok(listing)
    }

    /// Lists a folder, and adds its subfolders to those that are to be listed.
    fn list(
        &mut self,
        folder: &Path,
        recursive: bool,
        folders: &mut Vec<PathBuf>,
    ) -> Result<(), InspectError> {
        let error = |path: &Path, source: io::Error| InspectError::Folder {
            path: path.to_owned(),
            source,
        };
        let entries = std::fs::read_dir(folder).map_err(|source| error(folder, source))?;
        for entry in entries {
            let entry = entry.map_err(|source| error(folder, source))?;
            let path = entry.path();
            // The type of the entry itself, not of a link's target: following a link to a parent
            // folder would never end.
            let kind = entry.file_type().map_err(|source| error(&path, source))?;
            if kind.is_dir() {
                if recursive {
                    folders.push(path);
                }
                continue;
            }
            let ending = path.extension().map(|e| e.to_ascii_lowercase());
            let is_picture =
                ending.is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known));
            match (is_picture, std::fs::metadata(&path)) {
                (_, Ok(target)) if target.is_dir() => self.others.push(path),
                (true, Ok(_)) => self.pictures.push(path),
                (false, Ok(_)) => self.others.push(path),
                (_, Err(source)) => {
                    let error = error(&path, source);
                    self.unreadable.push(Unreadable { path, error });
                }
            }
        }
        Ok(())
    }
}
