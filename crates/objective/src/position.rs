//! Positions in the map of a layer: x is the column and y the row, from 0.

use burn::tensor::Tensor;

use crate::{LayerError, ObjectiveError};

/// Column and row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Position {
    pub(crate) x: usize,
    pub(crate) y: usize,
}

impl Position {
    /// Cuts one position out of a map, [n, c, 1, 1]; the center if none is given (rounded down: the
    /// lower right of two).
    pub(crate) fn of(position: Option<Self>, acts: Tensor<4>) -> Tensor<4> {
        let [_, _, height, width] = acts.dims();
        let center = Self {
            x: width / 2,
            y: height / 2,
        };
        let Self { x, y } = position.unwrap_or(center);
        acts.narrow(2, y, 1).narrow(3, x, 1)
    }
}

/// Checks that a position lies in a map of that height and width.
pub(crate) fn check_position(
    layer: &str,
    position: Option<Position>,
    size: [usize; 2],
) -> Result<(), ObjectiveError> {
    if let Some(Position { x, y }) = position {
        LayerError::check_position(layer, [x, y], size)?;
    }
    Ok(())
}

/// A rectangle of positions in the map of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// The first column, from 0.
    pub x: usize,
    /// The first row, from 0.
    pub y: usize,
    /// Number of columns.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
}

impl Region {
    /// Returns the last position: furthest right and down. A region holds at least one.
    pub(crate) const fn last(self) -> Position {
        Position {
            x: self.x.saturating_add(self.width - 1),
            y: self.y.saturating_add(self.height - 1),
        }
    }
}
