//! Adversarial training.

use burn::tensor::Tensor;

/// The configuration of adversarial training: a trained network is trained further on images that
/// are perturbed, within a ball, to where the loss is highest (Madry et al., "Towards Deep Learning
/// Models Resistant to Adversarial Attacks", 2018). The gradient of each step is used for the
/// weights and for the images, so a step costs no more than one of plain training (Shafahi et al.,
/// "Adversarial Training for Free!", 2019).
///
/// A network whose predictions small perturbations do not change has to use the features that
/// people use, and its gradients show them (Santurkar et al., "Image Synthesis with a Single
/// (Robust) Classifier", 2019).
///
/// | field | default | purpose |
/// | --- | --- | --- |
/// | `images` | 16,000 | number of images drawn |
/// | `replays` | 2 | steps with the same images: first unchanged, then perturbed |
/// | `radius` | 0.75 | largest 2-norm of an image's perturbation, over RGB in 0..=1 |
/// | `learning_rate` | 0.001 | initial learning rate of AdamW; half a cosine from there to 0 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hardening {
    /// The number of images drawn.
    pub images: usize,
    /// The number of steps with the same images.
    pub replays: usize,
    /// The largest 2-norm of an image's perturbation.
    pub radius: f32,
    /// The initial learning rate of AdamW.
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
    /// Returns the total number of steps.
    #[must_use]
    pub const fn steps(&self, batch: usize) -> usize {
        self.images.div_ceil(batch) * self.replays
    }

    /// Returns the learning rate of a step.
    #[must_use]
    pub fn learning_rate_at(&self, step: usize, batch: usize) -> f64 {
        let progress = (step as f64 + 0.5) / self.steps(batch) as f64;
        self.learning_rate * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
    }

    /// Moves a perturbation, [n, 3, h, w], by the radius along the gradient of the loss, and
    /// projects it onto the ball.
    pub(crate) fn perturb(&self, perturbation: Tensor<4>, gradient: Tensor<4>) -> Tensor<4> {
        let moved = perturbation + gradient.clone() * (norm(gradient).recip() * self.radius);
        let shrink = (norm(moved.clone()).recip() * self.radius).clamp_max(1.0);
        moved * shrink
    }
}

/// Returns the 2-norm of each image, [n, 1, 1, 1], which is never 0.
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
    fn a_perturbation_follows_the_gradient_and_stays_in_the_ball() {
        let device = default_device().expect("a backend is compiled in");
        let hardening = Hardening::default();
        let gradient = images(&[3.0, 0.0, 4.0, 0.0, -2.0, 0.0], &device);
        let mut perturbation = gradient.zeros_like();
        for _ in 0..2 {
            perturbation = hardening.perturb(perturbation, gradient.clone());
            // The length is the radius, the directions are (3, 0, 4) and (0, -1, 0).
            let expected = [0.45, 0.0, 0.6, 0.0, -0.75, 0.0];
            let found = read(perturbation.clone()).expect("readable");
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-6, "{found} {expected}");
            }
        }
        let gradient = images(&[0.0, 1.0, 0.0, 0.0, 1.0, 0.0], &device);
        let norms = read(norm(hardening.perturb(perturbation, gradient))).expect("readable");
        // The first perturbation is projected onto the ball; the second one is 0 again.
        assert!((norms[0] - 0.75).abs() < 1e-6, "{}", norms[0]);
        assert!(norms[1] < 1e-6, "{}", norms[1]);
    }

    #[test]
    fn a_zero_gradient_perturbs_nothing() {
        let device = default_device().expect("a backend is compiled in");
        let flat = images(&[0.0; 6], &device);
        let perturbation = Hardening::default().perturb(flat.clone(), flat);
        assert_eq!(read(perturbation).expect("readable"), [0.0; 6]);
    }
}
