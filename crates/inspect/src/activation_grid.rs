//! Activation grids: the direction of a layer's activations at each position of a photograph.

use std::fmt;

use oneiric_core::Picture;
use oneiric_objective::Objectives;
use oneiric_support::{CancelToken, Progress};

use crate::{DirectionPictures, InspectError, Observer, activations, settings::check_least_one};

/// Value of the background of a scaled grid.
const WHITE: f32 = 1.0;

/// Settings of activation grids: for each position of a layer's map of a photograph, a small
/// picture of the direction in which its activations point.
///
/// Source: Olah et al., "The Building Blocks of Interpretability" (Distill 2018), "What Does the
/// Network See?".
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `pictures` | [`DirectionPictures::new`] | size, steps, batch, seed and so on of the cells | |
/// | `stride` | 1 | use every `stride`-th position, across and down | at least 1 |
/// | `scaled` | false | scale the area of a cell with the norm of its activations | |
/// | `observer` | that of `pictures` | called after every batch; counts cells | |
/// | `cancel` | that of `pictures` | token that cancels the grid | |
pub struct ActivationGrid<'a> {
    pictures: DirectionPictures<'a>,
    stride: usize,
    scaled: bool,
    observer: Option<Observer<'a>>,
    cancel: Option<CancelToken>,
}

/// The grid of cells that [`ActivationGrid::render`] makes, row by row from the top.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Grid {
    /// All cells on one sheet.
    pub picture: Picture,
    /// Each cell at its full size, row by row.
    pub cells: Vec<Picture>,
    /// Norm of the activations of each cell's position.
    pub norms: Vec<f32>,
    /// Cells in a row.
    pub columns: usize,
}

impl<'a> ActivationGrid<'a> {
    /// Creates the default settings.
    #[must_use]
    pub fn new() -> Self {
        Self {
            pictures: DirectionPictures::new(),
            stride: 1,
            scaled: false,
            observer: None,
            cancel: None,
        }
    }

    /// Sets the settings of the pictures in the cells.
    #[must_use]
    pub fn pictures(mut self, pictures: DirectionPictures<'a>) -> Self {
        self.pictures = pictures;
        self
    }

    /// Uses only every `stride`-th position, across and down.
    #[must_use]
    pub const fn stride(mut self, stride: usize) -> Self {
        self.stride = stride;
        self
    }

    /// Sets whether cells with smaller activations are drawn smaller, on white.
    #[must_use]
    pub const fn scaled(mut self, scaled: bool) -> Self {
        self.scaled = scaled;
        self
    }

    /// Sets a function that is called with the progress after every batch of cells. It counts
    /// cells.
    #[must_use]
    pub fn observer(mut self, observer: impl FnMut(&Progress) + Send + 'a) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Sets a token that cancels the grid. The token is checked before every step of every batch;
    /// once it is canceled, [`render`](Self::render) returns [`InspectError::Canceled`].
    #[must_use]
    pub fn cancel(mut self, token: CancelToken) -> Self {
        self.cancel = Some(token);
        self
    }

    /// Makes the grid of a layer, by any of its names, for a photograph. A cell is gray if all
    /// activations at its position are 0.
    ///
    /// # Errors
    ///
    /// Returns [`InspectError::Setting`] if the stride is 0, and the errors of [`activations`] and
    /// [`DirectionPictures::render`].
    pub fn render<N: Objectives>(
        mut self,
        net: &N,
        photograph: &Picture,
        layer: &str,
    ) -> Result<Grid, InspectError> {
        check_least_one("the stride", self.stride)?;
        let map = activations(net, photograph, layer)?;
        let columns = map.width().div_ceil(self.stride);
        let mut directions = Vec::new();
        for y in (0..map.height()).step_by(self.stride) {
            for x in (0..map.width()).step_by(self.stride) {
                directions.push(map.vector(x, y)?);
            }
        }
        let norms: Vec<f32> = directions.iter().map(|v| norm(v)).collect();
        if self.observer.is_some() {
            self.pictures.observer = self.observer;
        }
        if let Some(token) = self.cancel {
            self.pictures.cancel = token;
        }
        let cells = self.pictures.render(net, map.layer(), &directions)?;
        let largest = norms.iter().copied().fold(0.0, f32::max);
        let drawn: Vec<Picture> = if self.scaled && largest > 0.0 {
            let pairs = cells.iter().zip(&norms);
            pairs
                .map(|(cell, norm)| shrunk(cell, (norm / largest).sqrt()))
                .collect::<Result<_, _>>()?
        } else {
            cells.clone()
        };
        let picture = Picture::grid(&drawn, columns)?;
        Ok(Grid {
            picture,
            cells,
            norms,
            columns,
        })
    }
}

impl Default for ActivationGrid<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ActivationGrid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActivationGrid")
            .field("pictures", &self.pictures)
            .field("stride", &self.stride)
            .field("scaled", &self.scaled)
            .finish_non_exhaustive()
    }
}

fn norm(values: &[f32]) -> f32 {
    let squares = values.iter().map(|v| f64::from(*v).powi(2));
    squares.sum::<f64>().sqrt() as f32
}

/// Shrinks a square picture to a share of its side, centered on white.
fn shrunk(cell: &Picture, share: f32) -> Result<Picture, InspectError> {
    let side = cell.width();
    let small = ((side as f32 * share).round() as usize).min(side);
    let channels = cell.channels();
    let mut values = vec![WHITE; cell.values().len()];
    if small > 0 {
        let inner = cell.resize(small, small)?;
        let margin = (side - small) / 2;
        for (y, row) in inner.values().chunks(small * channels).enumerate() {
            let start = ((margin + y) * side + margin) * channels;
            values[start..start + row.len()].copy_from_slice(row);
        }
    }
    Ok(Picture::with_channels(side, side, channels, values)?)
}

#[cfg(test)]
mod tests {
    use oneiric_core::Picture;

    use super::shrunk;

    #[test]
    fn a_cell_shrinks_towards_its_middle() {
        let cell = Picture::new(8, 8, vec![0.25; 192]).expect("values in 0..1");
        let half = shrunk(&cell, 0.5).expect("a size");
        for (at, value) in half.values().iter().enumerate() {
            let (x, y) = (at / 3 % 8, at / 3 / 8);
            let inside = (2..6).contains(&x) && (2..6).contains(&y);
            let expected = if inside { 0.25 } else { 1.0 };
            assert!((value - expected).abs() < 1e-6, "({x}, {y}): {value}");
        }
        assert_eq!(shrunk(&cell, 1.0).expect("a size"), cell);
        let nothing = shrunk(&cell, 0.0).expect("a size");
        assert!(nothing.values().iter().all(|v| *v == 1.0));
    }
}
