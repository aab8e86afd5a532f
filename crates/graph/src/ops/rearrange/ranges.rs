//! The positions that slices, gatherings and paddings name.

use super::Fill;
use crate::{Fact, NodeError};

impl Fill {
    /// The position of the input that a position outside of it shows.
    pub(super) fn place(self, at: i64, length: usize) -> Option<usize> {
        let n = length as i64;
        let inside = (0..n).contains(&at);
        let place = match self {
            _ if inside => at,
            Self::Zeros => return None,
            Self::Edge => at.clamp(0, n - 1),
            Self::Wrap => at.rem_euclid(n),
            Self::Reflect if n == 1 => 0,
            Self::Reflect => {
                let period = 2 * (n - 1);
                let at = at.rem_euclid(period);
                at.min(period - at)
            }
        };
        usize::try_from(place).ok()
    }
}

pub(super) fn invalid(reason: &str) -> NodeError {
    NodeError::Invalid {
        reason: reason.to_owned(),
    }
}

/// The positions that indices name, of which negative ones count from the end.
pub(super) fn positions(indices: &Fact<'_>, length: usize) -> Result<Vec<usize>, NodeError> {
    let indices = indices.integers("the indices of a gathering")?;
    let place = |index: i64| {
        let at = if index < 0 {
            index + length as i64
        } else {
            index
        };
        let at = usize::try_from(at).ok().filter(|at| *at < length);
        at.ok_or_else(|| NodeError::Invalid {
            reason: format!("the index {index} lies outside of an axis of {length}"),
        })
    };
    indices.into_iter().map(place).collect()
}

/// Positions along an axis.
pub(super) struct Range {
    pub(super) start: i64,
    pub(super) step: i64,
    pub(super) count: usize,
}

impl Range {
    pub(super) fn at(&self, index: usize) -> usize {
        (self.start + self.step * index as i64) as usize
    }
}

/// The positions of a slice along each of its axes.
pub(super) fn slices(inputs: &[Fact<'_>]) -> Result<Vec<(usize, Range)>, NodeError> {
    let x = inputs[0].shape;
    let starts = inputs[1].integers("the starts of a slice")?;
    let ends = inputs[2].integers("the ends of a slice")?;
    let axes = match inputs.get(3) {
        Some(axes) => axes.integers("the axes of a slice")?,
        None => (0..starts.len() as i64).collect(),
    };
    let steps = match inputs.get(4) {
        Some(steps) => steps.integers("the steps of a slice")?,
        None => vec![1; starts.len()],
    };
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
        return Err(invalid(
            "a slice has not as many starts as ends, axes and steps",
        ));
    }
    let along = |at: usize| {
        let axis = x.axis(axes[at] as isize)?;
        let n = x.lengths()[axis] as i64;
        let step = steps[at];
        if step == 0 {
            return Err(invalid("a slice has a step of 0"));
        }
        let place = |at: i64, low: i64, high: i64| {
            let at = if at < 0 { at.saturating_add(n) } else { at };
            at.clamp(low, high)
        };
        let (start, end) = if step > 0 {
            (place(starts[at], 0, n), place(ends[at], 0, n))
        } else {
            (place(starts[at], 0, n - 1), place(ends[at], -1, n - 1))
        };
        let distance = if step > 0 { end - start } else { start - end };
        let count = distance.max(0).unsigned_abs().div_ceil(step.unsigned_abs());
        let count = if n == 0 { 0 } else { count as usize };
        Ok((axis, Range { start, step, count }))
    };
    (0..starts.len()).map(along).collect()
}

/// The positions before and after each axis.
pub(super) fn pads(inputs: &[Fact<'_>]) -> Result<Vec<[i64; 2]>, NodeError> {
    let x = inputs[0].shape;
    let given = inputs[1].integers("the amounts of a padding")?;
    let axes = match inputs.get(2) {
        Some(axes) => axes.integers("the axes of a padding")?,
        None => (0..x.axes() as i64).collect(),
    };
    if given.len() != 2 * axes.len() {
        return Err(invalid("a padding has not two amounts for each axis"));
    }
    let mut pads = vec![[0; 2]; x.axes()];
    for (at, axis) in axes.iter().enumerate() {
        pads[x.axis(*axis as isize)?] = [given[at], given[at + axes.len()]];
    }
    Ok(pads)
}
