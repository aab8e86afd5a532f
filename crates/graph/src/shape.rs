//! The shape of a tensor.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The shape of one image's tensor: channels, rows and columns, in that order in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shape {
    /// Channels.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Shape {
    /// Creates the shape [channels, height, width].
    #[must_use]
    pub const fn new(channels: usize, [height, width]: [usize; 2]) -> Self {
        Self {
            channels,
            height,
            width,
        }
    }

    /// Rows and columns.
    #[must_use]
    pub const fn size(self) -> [usize; 2] {
        [self.height, self.width]
    }

    /// [channels, height, width].
    #[must_use]
    pub const fn to_array(self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }

    /// The number of values.
    #[must_use]
    pub const fn count(self) -> usize {
        self.channels * self.height * self.width
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {}, {}]", self.channels, self.height, self.width)
    }
}
