//! The photographs of a folder that excite a unit most.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    time::Instant,
};

use burn::tensor::Tensor;
use oneiric_core::{Picture, read};
use oneiric_model::{LayerId, Network, ReluGradient};
use oneiric_objective::LayerError;
use oneiric_support::{CancelToken, Progress};

use crate::{
    Example, Examples, InspectError, Observer, Statistic, Unreadable,
    activation_map::check_fits,
    settings::{check_least_one, check_side},
};

/// A photograph is cut to at most this many times its shorter side, around its center: one of
/// 1 x 10000 pixels must not become one of 224 x 2240000.
const LONGEST: usize = 4;

/// Endings of file names that are read, in lower case.
const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];

/// Searches a folder of PNG and JPEG files for the photographs that excite a channel most. No more
/// photographs are in memory than one batch and those that are kept.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `folder` | required | where the photographs are | |
/// | `count` | 9 | how many to keep | at least 1 |
/// | `statistic` | [`Statistic::Max`] | what they are ranked by | |
/// | `side` | 224 | shorter side that they are resized to; none for as they are | at least 1 |
/// | `recursive` | false | whether folders in the folder are searched (links to folders are not) | |
/// | `batch` | 8 | most photographs of one size that are looked at together | at least 1 |
/// | `observer` | none | sees the progress in files, after every file | |
/// | `cancel` | none | ends the search from elsewhere | |
pub struct DatasetExamples<'a> {
    folder: PathBuf,
    count: usize,
    statistic: Statistic,
    side: Option<usize>,
    recursive: bool,
    batch: usize,
    observer: Option<Observer<'a>>,
    cancel: CancelToken,
}

impl<'a> DatasetExamples<'a> {
    /// Creates a search of a folder.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            count: 9,
            statistic: Statistic::default(),
            side: Some(224),
            recursive: false,
            batch: 8,
            observer: None,
            cancel: CancelToken::new(),
        }
    }

    /// Sets how many photographs are kept.
    #[must_use]
    pub const fn count(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    /// Sets what photographs are ranked by.
    #[must_use]
    pub const fn statistic(mut self, statistic: Statistic) -> Self {
        self.statistic = statistic;
        self
    }

    /// Sets the shorter side that photographs are resized to; `None` leaves them as they are.
    /// Either way the longer side is cut to four times the shorter.
    #[must_use]
    pub const fn side(mut self, side: Option<usize>) -> Self {
        self.side = side;
        self
    }

    /// Sets whether the folders in the folder are searched too.
    #[must_use]
    pub const fn recursive(mut self, recursive: bool) -> Self {
        self.recursive = recursive;
        self
    }

    /// Sets how many photographs are looked at together, where they follow each other and have one
    /// size.
    #[must_use]
    pub const fn batch(mut self, photographs: usize) -> Self {
        self.batch = photographs;
        self
    }

    /// Sets a function that is called after every file that is read with the progress, counted in
    /// files.
    #[must_use]
    pub fn observer(mut self, observer: impl FnMut(&Progress) + Send + 'a) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Sets a token that ends the search. It is looked at before every file and before every
    /// forward pass; a canceled search returns what it has found so far, and [`Examples::canceled`]
    /// tells so.
    #[must_use]
    pub fn cancel(mut self, token: CancelToken) -> Self {
        self.cancel = token;
        self
    }

    /// Searches for the photographs that excite a channel of a layer, by any of its names. Files
    /// that cannot be read, or do not fit the network, are listed in the result.
    ///
    /// # Errors
    ///
    /// Returns [`InspectError`] if there is no such layer or channel, a setting is not allowed, the
    /// folder (or one in it) cannot be read or holds no picture, or the device breaks.
    pub fn find<N: Network + ?Sized>(
        mut self,
        net: &N,
        layer: &str,
        channel: usize,
    ) -> Result<Examples, InspectError> {
        let layer = net.layer(layer)?;
        self.check(net, layer, channel)?;
        let paths = pictures_in(&self.folder, self.recursive)?;
        if paths.is_empty() {
            return Err(InspectError::NoPictures {
                path: self.folder,
                recursive: self.recursive,
            });
        }
        let mut search = Search {
            net,
            layer,
            channel,
            statistic: self.statistic,
            count: self.count,
            fitting: Vec::new(),
            found: Examples {
                best: Vec::new(),
                unreadable: Vec::new(),
                seen: 0,
                canceled: false,
            },
        };
        let started = Instant::now();
        let mut waiting: Vec<(PathBuf, Picture)> = Vec::with_capacity(self.batch);
        let files = paths.len();
        for (done, path) in paths.into_iter().enumerate() {
            if self.cancel.is_canceled() {
                break;
            }
            match self
                .open(&path, net.channels())
                .and_then(|picture| search.fitting(picture))
            {
                Ok(picture) => {
                    let size = |p: &Picture| (p.width(), p.height());
                    let other = |(_, first): &(_, Picture)| size(first) != size(&picture);
                    if waiting.len() == self.batch || waiting.first().is_some_and(other) {
                        if self.cancel.is_canceled() {
                            break;
                        }
                        search.look_at(std::mem::take(&mut waiting))?;
                    }
                    waiting.push((path, picture));
                }
                Err(error) => search.found.unreadable.push(Unreadable { path, error }),
            }
            if let Some(observer) = &mut self.observer {
                let (done, total) = (done as u64 + 1, Some(files as u64));
                observer(&Progress::new(done, total, started.elapsed()));
            }
        }
        let canceled = self.cancel.is_canceled();
        if !canceled {
            search.look_at(waiting)?;
        }
        let mut found = search.found;
        found.canceled = canceled;
        found.unreadable.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    fn check<N: Network + ?Sized>(
        &self,
        net: &N,
        layer: LayerId,
        channel: usize,
    ) -> Result<(), InspectError> {
        let description = net.describe(layer);
        LayerError::check_channel(description.name(), channel, description.channels())?;
        check_side("the shorter side", self.side.unwrap_or(1))?;
        check_least_one("the number of examples", self.count)?;
        Ok(check_least_one("the batch", self.batch)?)
    }

    /// Opens a photograph at the size that the network will see.
    fn open(&self, path: &Path, channels: usize) -> Result<Picture, InspectError> {
        let picture = Picture::open_with_channels(path, channels)?;
        let shorter = picture.width().min(picture.height());
        let longest = shorter.saturating_mul(LONGEST);
        let mut picture = picture.crop_center(longest, longest);
        if let Some(side) = self.side {
            let scaled = |n: usize| ((n * side + shorter / 2) / shorter).max(1);
            picture = picture.resize(scaled(picture.width()), scaled(picture.height()))?;
        }
        Ok(picture)
    }
}

impl fmt::Debug for DatasetExamples<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatasetExamples")
            .field("folder", &self.folder)
            .field("count", &self.count)
            .field("statistic", &self.statistic)
            .field("side", &self.side)
            .field("recursive", &self.recursive)
            .field("batch", &self.batch)
            .finish_non_exhaustive()
    }
}

/// The state of a search.
struct Search<'n, N: ?Sized> {
    net: &'n N,
    layer: LayerId,
    channel: usize,
    statistic: Statistic,
    count: usize,
    /// Widths, heights and channels that are known to fit: to find out may take a forward pass.
    fitting: Vec<[usize; 3]>,
    found: Examples,
}

impl<N: Network + ?Sized> Search<'_, N> {
    /// Returns the photograph if the network takes it.
    fn fitting(&mut self, picture: Picture) -> Result<Picture, InspectError> {
        let (width, height) = (picture.width(), picture.height());
        let size = [width, height, picture.values().len() / (width * height)];
        if !self.fitting.contains(&size) {
            check_fits(self.net, &picture, self.layer)?;
            self.fitting.push(size);
        }
        Ok(picture)
    }

    /// Ranks photographs of one size.
    fn look_at(&mut self, photographs: Vec<(PathBuf, Picture)>) -> Result<(), InspectError> {
        if photographs.is_empty() {
            return Ok(());
        }
        let device = self.net.device();
        let each = photographs.iter().map(|(_, p)| p.to_tensor(device));
        let images = Tensor::cat(each.collect(), 0);
        let found = self
            .net
            .forward_to(images, &[self.layer], ReluGradient::Plain);
        let map = found[0].clone().narrow(1, self.channel, 1);
        let [_, _, height, width] = map.dims();
        let values = read(map)?;
        for ((path, picture), map) in photographs.into_iter().zip(values.chunks(height * width)) {
            let (value, at) = self.statistic.of(map, width);
            if !value.is_finite() {
                let what = format!("the channel's value for {}", path.display());
                let error = InspectError::NotFinite { what };
                self.found.unreadable.push(Unreadable { path, error });
                continue;
            }
            self.found.seen += 1;
            let best = &mut self.found.best;
            let place = best.partition_point(|other| other.value >= value);
            if place < self.count {
                best.truncate(self.count - 1);
                let example = Example {
                    path,
                    value,
                    position: [at % width, at / width],
                    map: [width, height],
                    picture,
                };
                best.insert(place, example);
            }
        }
        Ok(())
    }
}

/// Lists the files in a folder whose names end as pictures' do, sorted by path.
fn pictures_in(folder: &Path, recursive: bool) -> Result<Vec<PathBuf>, InspectError> {
    let mut folders = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        let error = |source: io::Error| InspectError::Folder {
            path: folder.clone(),
            source,
        };
        for entry in std::fs::read_dir(&folder).map_err(error)? {
            let entry = entry.map_err(error)?;
            let path = entry.path();
            // Of the entry itself: a link to a folder above would never end.
            let is_folder = entry.file_type().map_err(error)?.is_dir();
            let ending = path.extension().map(|e| e.to_ascii_lowercase());
            let is_picture =
                ending.is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known));
            if is_folder && recursive {
                folders.push(path);
            } else if is_picture && path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
