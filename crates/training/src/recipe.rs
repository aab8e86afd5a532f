//! The trained network and the hyperparameters of its training.

use oneiric_model::{BlockWidths, InceptionV1Config, PaddingRule, Preprocessing, Variant};

use crate::Hardening;

/// The hyperparameters of a training.
///
/// | field | default | purpose |
/// | --- | --- | --- |
/// | `seed` | 0 | seed of the weights and the images |
/// | `side` | 64 | height and width of the images in pixels |
/// | `images` | 160,000 | number of images drawn; each is used once |
/// | `batch` | 32 | images per step |
/// | `learning_rate` | 0.006 | peak learning rate of AdamW; half a cosine from there to 0 |
/// | `warm_up` | 0.02 | fraction of the steps in which the learning rate rises from 0 |
/// | `weight_decay` | 0.02 | weight decay of AdamW |
/// | `smoothing` | 0.05 | label smoothing |
/// | `hardening` | [`Hardening::default`] | adversarial training that follows |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    /// The seed of the weights and the images.
    pub seed: u64,
    /// The height and width of the images in pixels.
    pub side: usize,
    /// The number of images drawn.
    pub images: usize,
    /// The number of images per step.
    pub batch: usize,
    /// The peak learning rate of AdamW.
    pub learning_rate: f64,
    /// The fraction of the steps in which the learning rate rises.
    pub warm_up: f64,
    /// The weight decay of AdamW.
    pub weight_decay: f32,
    /// The label smoothing, 0..1.
    pub smoothing: f32,
    /// The adversarial training that follows.
    pub hardening: Hardening,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            seed: 0,
            side: 64,
            images: 160_000,
            batch: 32,
            learning_rate: 0.006,
            warm_up: 0.02,
            weight_decay: 0.02,
            smoothing: 0.05,
            hardening: Hardening::default(),
        }
    }
}

impl Recipe {
    /// Returns the total number of steps.
    #[must_use]
    pub const fn steps(&self) -> usize {
        self.images / self.batch
    }

    /// Returns the learning rate of a step.
    #[must_use]
    pub fn learning_rate_at(&self, step: usize) -> f64 {
        let progress = (step as f64 + 0.5) / self.steps() as f64;
        let share = if progress < self.warm_up {
            progress / self.warm_up
        } else {
            let rest = (progress - self.warm_up) / (1.0 - self.warm_up);
            0.5 * (1.0 + (std::f64::consts::PI * rest).cos())
        };
        self.learning_rate * share
    }
}

/// Returns the configuration of the network inside: the layers of InceptionV1 with about a third of
/// the channels, and without local response normalization. Training uses batch normalization in its
/// place.
#[must_use]
pub fn network(side: usize) -> InceptionV1Config {
    let mut config = InceptionV1Config::inception5h();
    config.variant = Variant::Custom;
    config.stem = [24, 24, 64];
    config.blocks = [
        [16, 24, 32, 8, 16, 16],
        [32, 32, 48, 8, 24, 16],
        [48, 32, 56, 8, 24, 24],
        [40, 32, 64, 12, 32, 32],
        [40, 36, 72, 12, 32, 32],
        [40, 40, 80, 12, 32, 32],
        [64, 48, 96, 16, 48, 48],
        [64, 48, 96, 16, 48, 48],
        [96, 64, 128, 16, 48, 48],
    ]
    .map(BlockWidths::new);
    config.classes = oneiric_procedural::classes().len();
    config.lrn = None;
    config.padding = PaddingRule::Same;
    config.preprocessing = Preprocessing::uniform(2.0, [1.0; 3]);
    config.side = side;
    config
}

#[cfg(test)]
mod tests {
    use super::Recipe;

    #[test]
    fn the_learning_rate_rises_and_falls_to_zero() {
        let recipe = Recipe::default();
        let rates: Vec<f64> = (0..recipe.steps())
            .map(|step| recipe.learning_rate_at(step))
            .collect();
        let peak = rates.iter().copied().fold(0.0, f64::max);
        assert!((peak - recipe.learning_rate).abs() < 0.02 * recipe.learning_rate);
        assert!(rates[0] < 0.01 * peak && rates[recipe.steps() - 1] < 1e-4 * peak);
        let top = (recipe.warm_up * recipe.steps() as f64) as usize;
        assert!(rates[..top].is_sorted());
        assert!(rates[top + 1..].is_sorted_by(|a, b| a >= b));
    }
}
