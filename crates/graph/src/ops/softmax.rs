//! Softmax.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Fact, NodeError, Shape, Weight,
    oracle::{Backward, Tensor, Weights},
};

/// The softmax along an axis: `y_i = exp(x_i) / sum_j exp(x_j)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Softmax {
    /// The axis; a negative one counts from the end. Channels are axis 1.
    pub axis: isize,
}

impl Softmax {
    /// The softmax over the channels.
    pub const CHANNELS: Self = Self { axis: 1 };

    /// Calls `work` with the places of the values of every line along the axis.
    fn lines(self, shape: Shape, mut work: impl FnMut(&[usize])) {
        let axis = shape.axis(self.axis).expect("checked");
        let (length, inner) = (shape.lengths()[axis], shape.strides()[axis]);
        if shape.count() == 0 {
            return;
        }
        for line in 0..shape.count() / length {
            let first = line / inner * inner * length + line % inner;
            let places: Vec<usize> = (0..length).map(|at| first + at * inner).collect();
            work(&places);
        }
    }
}

impl Operator for Softmax {
    fn channels(&self, inputs: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        Ok(inputs[0])
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        inputs[0].shape.axis(self.axis)?;
        Ok(inputs[0].shape)
    }

    fn forward(&self, inputs: &[&Tensor], _: &Weights<'_>) -> Tensor {
        let x = inputs[0];
        let mut y = x.clone();
        self.lines(x.shape, |places| {
            let values = || places.iter().map(|&i| x.values[i]);
            let largest = values().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = values().map(|value| (value - largest).exp()).sum();
            for &i in places {
                y.values[i] = (x.values[i] - largest).exp() / sum;
            }
        });
        y
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let (y, g) = (pass.output, pass.gradient);
        let mut gradient = y.clone();
        self.lines(y.shape, |places| {
            let dot: f64 = places.iter().map(|&i| y.values[i] * g.values[i]).sum();
            for &i in places {
                gradient.values[i] = y.values[i] * (g.values[i] - dot);
            }
        });
        vec![gradient]
    }
}
