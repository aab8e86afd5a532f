//! Progress of long operations.

use std::time::Duration;

/// The part of a long operation's work that is done, as its observer sees it.
///
/// Every long operation takes an observer of the shape `FnMut(&Report)`. A report is this type
/// where counts say everything, and otherwise a type of the operation's own that gives this one
/// too, so that one progress bar serves all operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Units of work that are done: steps, images, files or bytes, as the operation says.
    pub done: u64,
    /// Units of work in all; `None` where that is not known.
    pub total: Option<u64>,
    /// Time since the operation began.
    pub elapsed: Duration,
}

impl Progress {
    /// Creates a report of `done` units out of `total`.
    #[must_use]
    pub const fn new(done: u64, total: Option<u64>, elapsed: Duration) -> Self {
        Self {
            done,
            total,
            elapsed,
        }
    }

    /// The share of the work that is done, in 0..=1; `None` where the total is not known.
    #[must_use]
    pub fn fraction(&self) -> Option<f64> {
        self.total.map(|total| match total {
            0 => 1.0,
            _ => (self.done as f64 / total as f64).min(1.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Progress;

    #[test]
    fn the_fraction_stays_in_range() {
        let fraction = |done, total| Progress::new(done, total, Duration::ZERO).fraction();
        assert_eq!(fraction(1, Some(4)), Some(0.25));
        assert_eq!(fraction(9, Some(4)), Some(1.0));
        assert_eq!(fraction(0, Some(0)), Some(1.0));
        assert_eq!(fraction(3, None), None);
    }
}
