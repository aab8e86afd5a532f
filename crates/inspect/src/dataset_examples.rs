//! Dataset examples: the photographs of a folder that excite a channel most.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Instant,
};

use burn::tensor::Tensor;
use oneiric_core::{Picture, PictureReader, read};
use oneiric_model::{LayerId, Network, NetworkExt, ReluGradient};
use oneiric_objective::LayerError;
use oneiric_support::{CancelToken, Progress};

use crate::{
    Example, Examples, InspectError, Observer, Statistic, Unreadable,
    activation_map::check_fits,
    listing::Listing,
    settings::{check_least_one, check_side},
};

/// The longer side of a photograph is cropped to at most this many times the shorter one, around
/// the center. Without a limit, a photograph of 1 x 10000 pixels would be resized to 224 x 2240000.
const LONGEST: usize = 4;

/// Searches a folder of pictures (PNG, JPEG, WebP, GIF, BMP, TIFF) for the photographs that excite
/// a channel most. Only one batch and the best photographs so far are in memory at a time.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `folder` | required | folder of the photographs | |
/// | `count` | 9 | number of photographs to keep | at least 1 |
/// | `statistic` | [`Statistic::Max`] | value that photographs are ranked by | |
/// | `side` | 224 | shorter side after resizing; `None`: no resizing | at least 1 |
/// | `recursive` | false | search subfolders too (symbolic links to folders are not followed) | |
/// | `max_pixels` | 134,217,728 | pixels of the largest photograph that is read | |
/// | `batch` | 8 | largest number of photographs of one size in a forward pass | at least 1 |
/// | `observer` | none | called after every file; counts files | |
/// | `cancel` | none | token that cancels the search | |
pub struct DatasetExamples<'a> {
    folder: PathBuf,
    count: usize,
    statistic: Statistic,
    side: Option<usize>,
    recursive: bool,
    batch: usize,
    reader: PictureReader,
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
            reader: PictureReader::new(),
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

    /// Sets the statistic that photographs are ranked by.
    #[must_use]
    pub const fn statistic(mut self, statistic: Statistic) -> Self {
        self.statistic = statistic;
        self
    }

    /// Sets the shorter side that photographs are resized to; `None` keeps their size. In both
    /// cases the longer side is cropped to four times the shorter one.
    #[must_use]
    pub const fn side(mut self, side: Option<usize>) -> Self {
        self.side = side;
        self
    }

    /// Sets whether subfolders are searched too.
    #[must_use]
    pub const fn recursive(mut self, recursive: bool) -> Self {
        self.recursive = recursive;
        self
    }

    /// Sets the largest number of photographs in a forward pass. A batch holds consecutive
    /// photographs of one size.
    #[must_use]
    pub const fn batch(mut self, photographs: usize) -> Self {
        self.batch = photographs;
        self
    }

    /// Sets the number of pixels above which a photograph is not read but listed as unreadable
    /// ([`PictureReader::max_pixels`]).
    #[must_use]
    pub const fn max_pixels(mut self, pixels: u64) -> Self {
        self.reader = self.reader.max_pixels(pixels);
        self
    }

    /// Sets a function that is called with the progress after every file. It counts files.
    #[must_use]
    pub fn observer(mut self, observer: impl FnMut(&Progress) + Send + 'a) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Sets a token that cancels the search. The token is checked before every file and before
    /// every forward pass; a canceled search returns what it has found so far, with
    /// [`Examples::canceled`] set.
    #[must_use]
    pub fn cancel(mut self, token: CancelToken) -> Self {
        self.cancel = token;
        self
    }

    /// Searches for the photographs that excite a channel of a layer most. The layer goes by any of
    /// its names. Files and subfolders that cannot be read, and photographs that do not fit the
    /// network, are listed in [`Examples::unreadable`] and do not end the search; files whose names
    /// do not end as a picture's are listed in [`Examples::others`].
    ///
    /// # Errors
    ///
    /// Returns [`InspectError`] if there is no such layer or channel, a setting is not allowed, the
    /// folder cannot be read, there is no picture, or the device fails.
    pub fn find<N: Network + ?Sized>(
        mut self,
        net: &N,
        layer: &str,
        channel: usize,
    ) -> Result<Examples, InspectError> {
        let layer = net.layer(layer)?;
        self.check(net, layer, channel)?;
        let Listing {
            pictures,
            others,
            unreadable,
        } = Listing::of(&self.folder, self.recursive)?;
        if pictures.is_empty() {
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
                unreadable,
                others,
                seen: 0,
                canceled: false,
            },
        };
        let started = Instant::now();
        let mut waiting: Vec<(PathBuf, Picture)> = Vec::with_capacity(self.batch);
        let files = pictures.len();
        for (done, path) in pictures.into_iter().enumerate() {
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
                        search.rank(std::mem::take(&mut waiting))?;
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
            search.rank(waiting)?;
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

    /// Opens a photograph at the size at which the network sees it.
    fn open(&self, path: &Path, channels: usize) -> Result<Picture, InspectError> {
        let picture = self.reader.clone().channels(channels).open(path)?;
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
    /// Widths, heights and channels that are known to fit. The check may take a forward pass, so
    /// its results are kept.
    fitting: Vec<[usize; 3]>,
    found: Examples,
}

impl<N: Network + ?Sized> Search<'_, N> {
    /// Returns the photograph if it fits the network and the layer.
    fn fitting(&mut self, picture: Picture) -> Result<Picture, InspectError> {
        let (width, height) = (picture.width(), picture.height());
        let size = [width, height, picture.values().len() / (width * height)];
        if !self.fitting.contains(&size) {
            check_fits(self.net, &picture, self.layer)?;
            self.fitting.push(size);
        }
        Ok(picture)
    }

    /// Runs the network on photographs of one size and ranks them.
    fn rank(&mut self, photographs: Vec<(PathBuf, Picture)>) -> Result<(), InspectError> {
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
