//! Statistics that photographs are ranked by.

/// The statistic of a channel's map that a photograph is ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Statistic {
    /// The mean over all positions.
    Mean,
    /// The largest value of all positions.
    #[default]
    Max,
    /// The value at the position in the middle, column `width / 2` and row `height / 2` (rounded
    /// down), as in the objective [`neuron`](oneiric_objective::Objectives::neuron).
    Center,
}

impl Statistic {
    /// Returns the value for a map with rows of `width`, and the index of its position.
    pub(crate) fn of(self, map: &[f32], width: usize) -> (f32, usize) {
        let largest =
            (0..map.len()).fold(0, |best, at| if map[at] > map[best] { at } else { best });
        match self {
            // Comparisons would skip a NaN, so it is searched for.
            Self::Max if map.iter().any(|v| v.is_nan()) => (f32::NAN, 0),
            Self::Max => (map[largest], largest),
            Self::Mean => {
                let sum: f64 = map.iter().copied().map(f64::from).sum();
                ((sum / map.len() as f64) as f32, largest)
            }
            Self::Center => {
                let at = map.len() / width / 2 * width + width / 2;
                (map[at], at)
            }
        }
    }
}
