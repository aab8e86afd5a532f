//! Normalization over axes.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Fact, NodeError, Number, Shape, Weight,
    oracle::{Backward, Tensor, Weights},
};

/// Normalization over an axis and all behind it: `(x - mean) / sqrt(variance + epsilon)`. Scale and
/// bias are nodes of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LayerNorm {
    /// The first axis; a negative one counts from the end.
    pub axis: isize,
    /// What is added to the variance.
    pub epsilon: Number,
}

impl Operator for LayerNorm {
    fn channels(&self, inputs: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        Ok(inputs[0])
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        inputs[0].shape.axis(self.axis)?;
        Ok(inputs[0].shape)
    }

    fn forward(&self, inputs: &[&Tensor], _: &Weights<'_>) -> Tensor {
        let x = inputs[0];
        let axis = x.shape.axis(self.axis).expect("checked");
        let run: usize = x.shape.lengths()[axis..].iter().product();
        let runs = x.values.chunks(run.max(1)).flat_map(|values| {
            let mean = values.iter().sum::<f64>() / run as f64;
            let squares = values.iter().map(|value| (value - mean).powi(2));
            let variance = squares.sum::<f64>() / run as f64;
            let scale = (variance + self.epsilon.0).sqrt().recip();
            values.iter().map(move |value| (value - mean) * scale)
        });
        Tensor::new(x.shape, runs.collect())
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let (x, y, gradient) = (pass.inputs[0], pass.output, pass.gradient);
        let axis = x.shape.axis(self.axis).expect("checked");
        let run: usize = x.shape.lengths()[axis..].iter().product();
        let mut result = Tensor::zeros(x.shape);
        for start in (0..x.values.len()).step_by(run.max(1)) {
            let own = start..start + run;
            let mean =
                |value: &dyn Fn(usize) -> f64| own.clone().map(value).sum::<f64>() / run as f64;
            let center = mean(&|at| x.values[at]);
            let variance = mean(&|at| (x.values[at] - center).powi(2));
            let scale = (variance + self.epsilon.0).sqrt().recip();
            let plain = mean(&|at| gradient.values[at]);
            let weighted = mean(&|at| gradient.values[at] * y.values[at]);
            for at in own.clone() {
                let rest = gradient.values[at] - plain - y.values[at] * weighted;
                result.values[at] = rest * scale;
            }
        }
        vec![result]
    }
}
