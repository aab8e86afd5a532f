//! The shape of a tensor.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::NodeError;

/// The most axes of a tensor.
pub const MOST_AXES: usize = 6;

/// The most positions along an axis, so that sums of a few of them cannot overflow.
pub(crate) const MOST_LENGTH: usize = 1 << 28;

/// The most values of a tensor.
const MOST_VALUES: usize = 1 << 59;

/// The lengths of a tensor's axes for one image, in their order in memory: at most
/// [`MOST_AXES`], and none for a scalar.
///
/// A map is [1, channels, height, width], a vector [1, channels], and tokens are
/// [1, tokens, channels]: the first axis is that of the batch in the file or the framework that
/// the network comes from. An executor adds an axis of its own for the images of a batch, so that
/// an operator that mixes or reshapes the first axis still keeps images apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<usize>", into = "Vec<usize>")]
pub struct Shape {
    axes: usize,
    /// The lengths of axes that the tensor does not have are 1.
    lengths: [usize; MOST_AXES],
}

impl Shape {
    /// Creates the shape of a map: [1, channels, height, width].
    #[must_use]
    pub const fn new(channels: usize, [height, width]: [usize; 2]) -> Self {
        Self {
            axes: 4,
            lengths: [1, channels, height, width, 1, 1],
        }
    }

    /// The shape of a single value, without axes.
    pub const SCALAR: Self = Self {
        axes: 0,
        lengths: [1; MOST_AXES],
    };

    /// Creates the shape of one axis.
    #[must_use]
    pub const fn vector(length: usize) -> Self {
        Self {
            axes: 1,
            lengths: [length, 1, 1, 1, 1, 1],
        }
    }

    /// Creates the shape with those lengths.
    ///
    /// # Errors
    ///
    /// Returns [`NodeError::Axes`] if there are more than [`MOST_AXES`], and
    /// [`NodeError::TooLarge`] if the tensor has more values than can be addressed.
    pub fn of(lengths: &[usize]) -> Result<Self, NodeError> {
        let axes = lengths.len();
        let mut all = [1; MOST_AXES];
        let Some(used) = all.get_mut(..axes) else {
            return Err(NodeError::Axes {
                expected: format!("at most {MOST_AXES}"),
                found: lengths.to_vec(),
            });
        };
        used.copy_from_slice(lengths);
        // A length of 0 makes the product 0, whatever the others are.
        let mut long = lengths.iter().map(|length| (*length).max(1));
        let count = long.try_fold(1_usize, usize::checked_mul);
        let fits = count.is_some_and(|count| count <= MOST_VALUES);
        if !fits || lengths.iter().any(|&length| length > MOST_LENGTH) {
            return Err(NodeError::TooLarge {
                output: lengths.to_vec(),
                most: MOST_LENGTH,
            });
        }
        Ok(Self { axes, lengths: all })
    }

    /// The lengths of the axes.
    #[must_use]
    pub fn lengths(&self) -> &[usize] {
        &self.lengths[..self.axes]
    }

    /// The number of axes.
    #[must_use]
    pub const fn axes(&self) -> usize {
        self.axes
    }

    /// The number of values: 1 for a scalar.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lengths().iter().product()
    }

    /// The channels, rows and columns of a map or a vector; `None` for anything else.
    #[must_use]
    pub const fn map(&self) -> Option<Map> {
        if self.lengths[0] != 1 || (self.axes != 4 && self.axes != 2) {
            return None;
        }
        let [_, channels, height, width, ..] = self.lengths;
        Some(Map {
            channels,
            height,
            width,
        })
    }

    /// Returns the number of an axis that may be counted from the end: -1 is the last one.
    ///
    /// # Errors
    ///
    /// Returns [`NodeError::NoSuchAxis`] if there is none.
    pub fn axis(&self, axis: isize) -> Result<usize, NodeError> {
        axis_of(axis, self.axes)
    }

    /// The distance in memory from one position to the next along each axis.
    #[must_use]
    pub fn strides(&self) -> Vec<usize> {
        let mut strides = vec![1; self.axes];
        for axis in (1..self.axes).rev() {
            strides[axis - 1] = strides[axis] * self.lengths[axis];
        }
        strides
    }

    /// The shape that two tensors are broadcast to: axes are matched from the last one, and a
    /// length of 1 is repeated.
    ///
    /// # Errors
    ///
    /// Returns [`NodeError::Broadcast`] if two lengths differ and neither is 1.
    pub fn broadcast(&self, other: &Self) -> Result<Self, NodeError> {
        let axes = self.axes.max(other.axes);
        let mut lengths = vec![1; axes];
        for (from_end, length) in lengths.iter_mut().rev().enumerate() {
            let of = |shape: &Self| match shape.axes.checked_sub(from_end + 1) {
                Some(axis) => shape.lengths[axis],
                None => 1,
            };
            *length = match (of(self), of(other)) {
                (one, two) if one == two => one,
                (1, length) | (length, 1) => length,
                _ => {
                    return Err(NodeError::Broadcast {
                        first: self.lengths().to_vec(),
                        second: other.lengths().to_vec(),
                    });
                }
            };
        }
        Self::of(&lengths)
    }

    /// Splits off the maps of a tensor with four axes: how many there are, and the shape of each.
    pub(crate) fn maps(&self) -> Result<(usize, Map), NodeError> {
        if self.axes != 4 {
            return Err(NodeError::Axes {
                expected: "4 axes: [1, channels, height, width]".to_owned(),
                found: self.lengths().to_vec(),
            });
        }
        let [items, channels, height, width, ..] = self.lengths;
        let map = Map {
            channels,
            height,
            width,
        };
        Ok((items, map))
    }
}

/// Returns the number of an axis of a tensor with that many; a negative one counts from the end.
pub(crate) fn axis_of(axis: isize, axes: usize) -> Result<usize, NodeError> {
    let from_start = match usize::try_from(axis) {
        Ok(axis) => Some(axis),
        Err(_) => axes.checked_sub(axis.unsigned_abs()),
    };
    let found = from_start.filter(|found| *found < axes);
    found.ok_or(NodeError::NoSuchAxis { axis, axes })
}

impl TryFrom<Vec<usize>> for Shape {
    type Error = NodeError;

    fn try_from(lengths: Vec<usize>) -> Result<Self, NodeError> {
        Self::of(&lengths)
    }
}

impl From<Shape> for Vec<usize> {
    fn from(shape: Shape) -> Self {
        shape.lengths().to_vec()
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lengths().fmt(f)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.lengths())
    }
}

/// The channels, rows and columns of a map, in that order in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Map {
    /// Channels.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Map {
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

    /// The index of a value in row-major order.
    #[must_use]
    pub const fn index(self, channel: usize, y: usize, x: usize) -> usize {
        (channel * self.height + y) * self.width + x
    }

    /// All positions (row, column), row by row.
    pub(crate) fn positions(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.height).flat_map(move |y| (0..self.width).map(move |x| (y, x)))
    }
}
