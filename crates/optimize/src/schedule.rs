//! Learning rate schedules.

/// The schedule of the learning rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Schedule {
    /// Constant.
    #[default]
    Constant,
    /// Cosine annealing from the learning rate to 0 at the last step (Loshchilov and Hutter,
    /// "SGDR", 2017, without restarts): coarse first, then settling.
    Cosine,
}

impl Schedule {
    /// Returns the factor of the learning rate in a step, counted from 1.
    pub(crate) fn factor(self, step: usize, steps: usize) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Cosine => {
                let progress = (step as f64 - 0.5) / steps as f64;
                0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn a_cosine_falls_from_one_to_nothing_and_is_half_in_the_middle() {
        let factors: Vec<f64> = (1..=101).map(|s| Schedule::Cosine.factor(s, 101)).collect();
        assert!(factors.is_sorted_by(|a, b| a > b));
        assert!(factors[0] > 0.999 && factors[100] < 0.001, "{factors:?}");
        assert!((factors[50] - 0.5).abs() < 1e-9, "{}", factors[50]);
        assert!((1..=9).all(|step| Schedule::Constant.factor(step, 9) == 1.0));
    }
}
