//! Images pushed to where a network errs.

use burn::tensor::Tensor;

/// How a trained network is hardened: trained further on images that are moved, within a ball, to
/// where its loss is highest (Madry et al., "Towards Deep Learning Models Resistant to Adversarial
/// Attacks", 2018). Each step's gradient serves the weights and the images alike, so it costs no
/// more than training does (Shafahi et al., "Adversarial Training for Free!", 2019).
///
/// A network whose answer a faint noise cannot change has to look at what people look at, and its
/// gradients show it (Santurkar et al., "Image Synthesis with a Single (Robust) Classifier", 2019).
///
/// | field | default | purpose |
/// | --- | --- | --- |
/// | `images` | 16,000 | how many are drawn |
/// | `replays` | 2 | steps with the same images: as drawn, then pushed |
/// | `radius` | 0.75 | how far an image is pushed, the 2-norm over RGB in 0..=1 |
/// | `learning_rate` | 0.001 | of AdamW at first; half a cosine from there to 0 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hardening {
    /// How many images are drawn.
    pub images: usize,
    /// Steps with the same images.
    pub replays: usize,
    /// How far an image is pushed.
    pub radius: f32,
    /// Of AdamW at first.
    pub learning_rate: f64,
}

impl Default for Hardening {
    fn default() -> Self {
        Self {
            images: 16_000,
            replays: 2,
            radius: 0.75,
            learning_rate: 0.001,
        }
    }
}

impl Hardening {
    /// Steps in all.
    #[must_use]
    pub const fn steps(&self, batch: usize) -> usize {
        self.images.div_ceil(batch) * self.replays
    }

    /// The learning rate of a step.
    #[must_use]
    pub fn learning_rate_at(&self, step: usize, batch: usize) -> f64 {
        let progress = (step as f64 + 0.5) / self.steps(batch) as f64;
        self.learning_rate * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
    }

    /// A push, [n, 3, h, w], moved uphill by the radius and brought back into the ball.
    pub(crate) fn push(&self, push: Tensor<4>, uphill: Tensor<4>) -> Tensor<4> {
        let there = push + uphill.clone() * (norm(uphill).recip() * self.radius);
        let shrink = (norm(there.clone()).recip() * self.radius).clamp_max(1.0);
        there * shrink
    }
}

/// The 2-norm of each image, [n, 1, 1, 1]; never 0.
fn norm(images: Tensor<4>) -> Tensor<4> {
    let [n, ..] = images.dims();
    let squares = (images.clone() * images).reshape([n as i32, -1]).sum_dim(1);
    (squares.sqrt() + 1e-12).reshape([n, 1, 1, 1])
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};
    use oneiric_core::{default_device, read};

    use super::{Hardening, norm};

    fn images(values: &[f32], device: &Device) -> Tensor<4> {
        Tensor::<1>::from_floats(values, device).reshape([2, 3, 1, 1])
    }

    #[test]
    fn a_push_goes_uphill_and_stays_in_the_ball() {
        let device = default_device().expect("a backend is compiled in");
        let hardening = Hardening::default();
        let uphill = images(&[3.0, 0.0, 4.0, 0.0, -2.0, 0.0], &device);
        let mut push = uphill.zeros_like();
        for _ in 0..2 {
            push = hardening.push(push, uphill.clone());
            // As far as the radius, in the direction of (3, 0, 4) and of (0, -1, 0).
            let expected = [0.45, 0.0, 0.6, 0.0, -0.75, 0.0];
            let found = read(push.clone()).expect("readable");
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-6, "{found} {expected}");
            }
        }
        let turned = hardening.push(push, images(&[0.0, 1.0, 0.0, 0.0, 1.0, 0.0], &device));
        let norms = read(norm(turned)).expect("readable");
        // The first is cut back to the ball; the second is back where it began.
        assert!((norms[0] - 0.75).abs() < 1e-6, "{}", norms[0]);
        assert!(norms[1] < 1e-6, "{}", norms[1]);
    }

    #[test]
    fn where_nothing_is_uphill_nothing_is_pushed() {
        let device = default_device().expect("a backend is compiled in");
        let flat = images(&[0.0; 6], &device);
        let push = Hardening::default().push(flat.clone(), flat);
        assert_eq!(read(push).expect("readable"), [0.0; 6]);
    }
}
