//! Adam with Nesterov momentum.

use burn::{
    optim::{AdaptiveMomentumState, LearningRate, Optimizer},
    tensor::{Device, Tensor},
};

/// Base of the momentum's warm-up: Dozat's constant, which Keras and PyTorch use too.
const WARM_UP: f64 = 0.96;

/// NAdam, the optimizer of MACO (Fel et al., 2023), with a learning rate of 1.
///
/// With gradient g, `m = beta_1 m + (1 - beta_1) g` and `v = beta_2 v + (1 - beta_2) g^2`. The
/// momentum of step t is `mu_t = beta_1 (1 - 0.96^(t decay) / 2)`, and M_t the product of all up to
/// it. A step is the learning rate times `(mu_(t+1) m / (1 - M_(t+1)) + (1 - mu_t) g / (1 - M_t)) /
/// (sqrt(v / (1 - beta_2^t)) + epsilon)`.
///
/// Source: Dozat, "Incorporating Nesterov Momentum into Adam", 2016, as in PyTorch's
/// `torch.optim.NAdam`, whose defaults these are (Keras's but for its epsilon of 1e-7).
///
/// ```
/// use oneiric_optimize::{NAdam, Visualizer};
///
/// let visualizer = Visualizer::new().optimizer(NAdam::new()).learning_rate(1.0);
/// ```
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `beta_1` | 0.9 | decay of the mean gradient | 0 to below 1 |
/// | `beta_2` | 0.999 | decay of the mean square | 0 to below 1 |
/// | `epsilon` | 1e-8 | keeps the quotient finite | above 0 |
/// | `momentum_decay` | 0.004 | speed of the momentum's warm-up | at least 0 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NAdam {
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    momentum_decay: f64,
}

impl NAdam {
    /// Creates NAdam with PyTorch's settings.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            momentum_decay: 0.004,
        }
    }

    /// Sets the decay of the mean gradient.
    #[must_use]
    pub const fn beta_1(mut self, beta: f64) -> Self {
        self.beta_1 = beta;
        self
    }

    /// Sets the decay of the mean square.
    #[must_use]
    pub const fn beta_2(mut self, beta: f64) -> Self {
        self.beta_2 = beta;
        self
    }

    /// Sets the addition that keeps the quotient finite.
    #[must_use]
    pub const fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Sets the speed of the momentum's warm-up.
    #[must_use]
    pub const fn momentum_decay(mut self, decay: f64) -> Self {
        self.momentum_decay = decay;
        self
    }

    /// The momentum of a step, counted from 1.
    fn momentum(&self, step: usize) -> f64 {
        self.beta_1 * (1.0 - 0.5 * WARM_UP.powf(step as f64 * self.momentum_decay))
    }
}

impl Default for NAdam {
    fn default() -> Self {
        Self::new()
    }
}

impl Optimizer for NAdam {
    type State<const D: usize> = AdaptiveMomentumState<D>;

    fn step<const D: usize>(
        &self,
        lr: LearningRate,
        tensor: Tensor<D>,
        grad: Tensor<D>,
        state: Option<Self::State<D>>,
    ) -> (Tensor<D>, Option<Self::State<D>>) {
        let mean_part = grad.clone().mul_scalar(1.0 - self.beta_1);
        let square_part = grad.clone().square().mul_scalar(1.0 - self.beta_2);
        let (step, mean, square) = match state {
            None => (1, mean_part, square_part),
            Some(state) => (
                state.time + 1,
                state.moment_1.mul_scalar(self.beta_1) + mean_part,
                state.moment_2.mul_scalar(self.beta_2) + square_part,
            ),
        };
        let momentum = self.momentum(step);
        let next = self.momentum(step + 1);
        // From the first step on again: the number of the step is all that a state keeps.
        let product: f64 = (1..=step).map(|step| self.momentum(step)).product();
        let correction = 1.0 - self.beta_2.powf(step as f64);

        let ahead = mean.clone().mul_scalar(lr * next / (1.0 - product * next))
            + grad.mul_scalar(lr * (1.0 - momentum) / (1.0 - product));
        let root = square.clone().div_scalar(correction).sqrt();
        let moved = tensor - ahead / root.add_scalar(self.epsilon);
        (moved, Some(AdaptiveMomentumState::new(step, mean, square)))
    }

    fn to_device<const D: usize>(state: Self::State<D>, device: &Device) -> Self::State<D> {
        state.to_device(device)
    }
}

#[cfg(test)]
mod tests {
    use super::NAdam;
    use burn::{optim::Optimizer, tensor::Tensor};
    use oneiric_testkit::{Array, Tolerance, assert_close, devices};

    const START: [f32; 3] = [0.5, -1.0, 2.0];
    const GRADIENTS: [[f32; 3]; 5] = [
        [1.0, -0.25, 1e-3],
        [0.5, 0.25, -2e-3],
        [-1.5, 0.75, 0.0],
        [0.25, 0.5, 4e-3],
        [2.0, -1.0, 1e-3],
    ];

    fn array(values: &[f32]) -> Array {
        Array::new([values.len()], values.to_vec())
    }

    /// The values after each step, on every device.
    fn steps(optimizer: NAdam, rate: f64, gradients: &[Vec<f32>]) -> Vec<(String, Vec<Array>)> {
        let run = |(backend, device): (oneiric_core::Backend, _)| {
            let (mut x, mut state) = (array(&START).tensor::<1>(&device), None);
            let values = gradients.iter().map(|gradient| {
                let gradient: Tensor<1> = array(gradient).tensor(&device);
                let moved = optimizer.step(rate, x.clone(), gradient, state.take());
                (x, state) = moved;
                Array::of(x.clone())
            });
            (backend.to_string(), values.collect())
        };
        devices().into_iter().map(run).collect()
    }

    #[test]
    fn the_steps_are_pytorchs() {
        // torch 2.11.0, torch.optim.NAdam([x], lr=0.1) in float64.
        let expected: [[f32; 3]; 5] = [
            [0.394_354_82, -0.894_354_8, 1.894_355_9],
            [0.341_962_5, -0.963_805_9, 1.985_011_1],
            [0.427_003_4, -1.066_125_4, 1.988_612_4],
            [0.411_651_4, -1.136_639_4, 1.882_363_6],
            [0.313_121_97, -1.047_280_2, 1.847_452_2],
        ];
        let gradients = GRADIENTS.map(|gradient| gradient.to_vec());
        for (backend, values) in steps(NAdam::new(), 0.1, &gradients) {
            for (step, (values, expected)) in values.iter().zip(&expected).enumerate() {
                let what = format!("{backend} step {}", step + 1);
                assert_close(&what, values, &array(expected), Tolerance::ARITHMETIC);
            }
        }
    }

    #[test]
    fn the_steps_are_the_formulas_with_other_settings() {
        let [beta_1, beta_2, epsilon, decay, rate] = [0.8, 0.95, 1e-3, 0.1, 0.05];
        let optimizer = NAdam::new()
            .beta_1(beta_1)
            .beta_2(beta_2)
            .epsilon(epsilon)
            .momentum_decay(decay);
        let gradients: Vec<Vec<f32>> = (0..40).map(|s| Array::noise([3], s).values).collect();
        let mut x = START.map(f64::from);
        let (mut m, mut v, mut product) = ([0.0; 3], [0.0; 3], 1.0);
        let mut expected = Vec::new();
        for (step, gradient) in (1..).zip(&gradients) {
            let t = f64::from(step);
            let mu = |t: f64| beta_1 * (1.0 - 0.5 * 0.96_f64.powf(t * decay));
            product *= mu(t);
            for i in 0..3 {
                let g = f64::from(gradient[i]);
                m[i] = beta_1 * m[i] + (1.0 - beta_1) * g;
                v[i] = beta_2 * v[i] + (1.0 - beta_2) * g * g;
                let mean = mu(t + 1.0) * m[i] / (1.0 - product * mu(t + 1.0))
                    + (1.0 - mu(t)) * g / (1.0 - product);
                let unbiased: f64 = v[i] / (1.0 - beta_2.powf(t));
                x[i] -= rate * mean / (unbiased.sqrt() + epsilon);
            }
            expected.push(array(&x.map(|x| x as f32)));
        }
        for (backend, values) in steps(optimizer, rate, &gradients) {
            for (values, expected) in values.iter().zip(&expected) {
                assert_close(&backend, values, expected, Tolerance::RelativeNorm(1e-5));
            }
        }
    }

    #[test]
    fn no_gradient_moves_nothing() {
        for (_, values) in steps(NAdam::new(), 1.0, &[vec![0.0; 3], vec![0.0; 3]]) {
            assert_eq!(values, [array(&START), array(&START)]);
        }
    }
}
