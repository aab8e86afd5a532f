//! Results of a search for dataset examples.

use std::path::PathBuf;

use oneiric_core::Picture;

use crate::InspectError;

/// A photograph with the value that it was ranked by and the position where the channel is
/// strongest.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Example {
    /// The file.
    pub path: PathBuf,
    /// The [`Statistic`](crate::Statistic) of the channel's map.
    pub value: f32,
    /// Column and row of the largest value of the channel's map, the first one if several are
    /// equal; for [`Statistic::Center`](crate::Statistic::Center) the position in the middle.
    pub position: [usize; 2],
    /// Width and height of the map.
    pub map: [usize; 2],
    /// The photograph as the network saw it.
    pub picture: Picture,
}

/// A file that could not be used.
#[derive(Debug)]
#[non_exhaustive]
pub struct Unreadable {
    /// The file.
    pub path: PathBuf,
    /// The reason why the file could not be used.
    pub error: InspectError,
}

/// The result of a search.
#[derive(Debug)]
#[non_exhaustive]
pub struct Examples {
    /// The photographs with the largest values, the largest first; equal values are in the order of
    /// their paths.
    pub best: Vec<Example>,
    /// Files that could not be used, in the order of their paths.
    pub unreadable: Vec<Unreadable>,
    /// Files whose names do not end as a picture's, and links to folders, in the order of their paths.
    pub others: Vec<PathBuf>,
    /// Number of photographs that were ranked.
    pub seen: usize,
    /// True if the search was canceled before it had read every file.
    pub canceled: bool,
}

impl Example {
    /// Crops a square of at most `side` pixels around the position. At the border the square is
    /// shifted to lie inside the picture.
    ///
    /// # Errors
    ///
    /// Returns [`InspectError`] if `side` is 0.
    pub fn crop(&self, side: usize) -> Result<Picture, InspectError> {
        let (width, height) = (self.picture.width(), self.picture.height());
        let window = |position: usize, positions: usize, pixels: usize| {
            let length = side.min(pixels);
            // The center of the pixels that belong to the position.
            let center = (2 * position + 1) * pixels / (2 * positions);
            let from = center.saturating_sub(length / 2).min(pixels - length);
            (from, length)
        };
        let (left, columns) = window(self.position[0], self.map[0], width);
        let (top, rows) = window(self.position[1], self.map[1], height);
        let values = self.picture.values();
        let channels = self.picture.channels();
        let rows_of = (top..top + rows).flat_map(|y| {
            let start = (y * width + left) * channels;
            values[start..start + columns * channels].iter().copied()
        });
        let values = rows_of.collect();
        Ok(Picture::with_channels(columns, rows, channels, values)?)
    }
}
