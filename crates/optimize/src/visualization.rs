//! The result of a run.

use std::{path::Path, time::Duration};

use oneiric_core::{Picture, PictureError};
use oneiric_support::SettingError;

use crate::RunError;

/// The ending of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// All steps were made.
    Completed,
    /// The stop condition was met.
    Stopped,
    /// The run was canceled.
    Canceled,
    /// The run broke; the result holds the pictures before.
    Failed,
}

/// The times of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timings {
    /// The whole run, from the start to the last picture.
    pub total: Duration,
    /// Each step.
    pub steps: Vec<Duration>,
}

/// The pictures after a step, one per image of the batch.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Number of steps made.
    pub step: usize,
    /// One per image of the batch.
    pub pictures: Vec<Picture>,
}

/// The pictures of a run, with its values, times, seed and ending.
#[derive(Debug, Clone, PartialEq)]
pub struct Visualization {
    /// Snapshots in the order of the steps; never empty, each with at least one picture.
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) values: Vec<f32>,
    pub(crate) timings: Timings,
    /// Empty, or one per image of the batch.
    pub(crate) transparency: Vec<Picture>,
    pub(crate) seed: u64,
    pub(crate) ending: Ending,
}

impl Visualization {
    /// The final picture; of a batch, the first.
    #[must_use]
    pub fn picture(&self) -> &Picture {
        &self.pictures()[0]
    }

    /// The final pictures, one per image of the batch.
    #[must_use]
    pub fn pictures(&self) -> &[Picture] {
        &self.snapshots[self.snapshots.len() - 1].pictures
    }

    /// The pictures at every threshold, and the final ones last.
    #[must_use]
    pub fn snapshots(&self) -> &[Snapshot] {
        &self.snapshots
    }

    /// The objective's value in every step, under that step's transforms; larger is better.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Returns the transparency maps, one gray picture per image: the sum over the steps of the
    /// gradient's size at each pixel, as a share of the largest. Empty unless the run was asked for
    /// them and made a step ([`Visualizer::transparency`](crate::Visualizer::transparency)).
    #[must_use]
    pub fn transparency(&self) -> &[Picture] {
        &self.transparency
    }

    /// Returns the final pictures with an alpha channel: the map of
    /// [`transparency`](Self::transparency), as a share of its value at that percentile. 80 is what
    /// MACO's authors show. Empty where there is no map.
    ///
    /// # Errors
    ///
    /// Returns [`RunError::Setting`] if the percentile is not above 0 and at most 100, and
    /// [`RunError::Picture`] if the pictures do not have three colors.
    pub fn cut_out(&self, percentile: f32) -> Result<Vec<Picture>, RunError> {
        let good = percentile > 0.0 && percentile <= 100.0;
        SettingError::require(
            "the percentile",
            percentile,
            good,
            "above 0 and at most 100",
        )?;
        let pairs = self.pictures().iter().zip(&self.transparency);
        let pictures = pairs.map(|(picture, map)| cut_out(picture, map, percentile));
        Ok(pictures.collect::<Result<_, _>>()?)
    }

    /// Returns the times of the run.
    #[must_use]
    pub const fn timings(&self) -> &Timings {
        &self.timings
    }

    /// The seed, to make the same pictures again.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the ending of the run.
    #[must_use]
    pub const fn ending(&self) -> Ending {
        self.ending
    }

    /// Writes the final picture as PNG or JPEG, by the ending of the name; a batch as one sheet.
    ///
    /// # Errors
    ///
    /// Returns [`PictureError`] if the ending is another one or the file cannot be written. Nothing
    /// is lost: save it elsewhere.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PictureError> {
        match self.pictures() {
            [only] => only.save(path),
            several => Picture::sheet(several)?.save(path),
        }
    }
}

/// Joins a picture of three colors and a map to a picture with alpha.
fn cut_out(picture: &Picture, map: &Picture, percentile: f32) -> Result<Picture, PictureError> {
    let mut sorted = map.values().to_vec();
    sorted.sort_by(f32::total_cmp);
    let last = sorted.len() - 1;
    let at = last as f64 * f64::from(percentile) / 100.0;
    let full = sorted[(at.round() as usize).min(last)].max(f32::MIN_POSITIVE);
    let colors = picture.select(&[0, 1, 2])?;
    let pixels = colors.values().chunks(3).zip(map.values());
    let values = pixels.flat_map(|(rgb, sum)| [rgb[0], rgb[1], rgb[2], (sum / full).min(1.0)]);
    Picture::with_channels(picture.width(), picture.height(), 4, values.collect())
}
