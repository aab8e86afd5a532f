//! Resizing.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Arity, Fact, NodeError, Number, Shape, Weight,
    oracle::{Tensor, Weights},
};

/// How the values between positions are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// The nearest position, by the rule for halves.
    Nearest(Halves),
    /// Linear between two positions.
    Linear,
    /// Cubic between four positions, with Keys' coefficient.
    Cubic(Number),
}

/// The rule for the nearest position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Halves {
    /// The nearest, the lower one of two.
    Down,
    /// The nearest, the upper one of two.
    Up,
    /// Always the lower one.
    Floor,
    /// Always the upper one.
    Ceil,
}

/// Where a position of the output lies in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coordinates {
    /// The centers of pixels: `(x + 1/2) / scale - 1/2`.
    HalfPixel,
    /// As [`HalfPixel`](Self::HalfPixel), but 0 for an output of one position.
    PytorchHalfPixel,
    /// As [`HalfPixel`](Self::HalfPixel), with the middle of the input in that of the output also
    /// if the scale times the length is no integer.
    HalfPixelSymmetric,
    /// The first positions meet, and the last ones.
    AlignCorners,
    /// `x / scale`.
    Asymmetric,
}

/// The rule by which given lengths become those of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// The given ones.
    #[default]
    Stretch,
    /// The largest ones of the input's ratio of which none is larger than given.
    NotLarger,
    /// The smallest ones of the input's ratio of which none is smaller than given.
    NotSmaller,
}

/// Resizing along some axes by known scales or to known lengths (ONNX's `Resize`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Resize {
    /// How values are found.
    pub interpolation: Interpolation,
    /// Where positions lie.
    pub coordinates: Coordinates,
    /// True if the second input holds lengths, false for scales.
    pub to_lengths: bool,
    /// How lengths of another ratio than the input's are taken.
    pub fit: Fit,
    /// The axes that the second input is for; `None` for all.
    pub axes: Option<Vec<isize>>,
    /// True if a reduced tensor is averaged over all that a position covers.
    pub antialias: bool,
    /// True if weights outside of the input are left out and the others scaled up.
    pub exclude_outside: bool,
}

/// The weights of the input's positions in one position of the output along an axis.
pub type Taps = Vec<(usize, f64)>;

impl Resize {
    /// The output's length and the scale of each axis.
    fn scales(&self, inputs: &[Fact<'_>]) -> Result<Vec<(usize, f64)>, NodeError> {
        let shape = inputs[0].shape;
        let all: Vec<isize> = (0..shape.axes() as isize).collect();
        let axes = self.axes.as_ref().unwrap_or(&all);
        let given = inputs[1].known("the size of a resize")?;
        if given.len() != axes.len() {
            return Err(NodeError::Invalid {
                reason: format!(
                    "a resize of {} axes has {} scales or lengths",
                    axes.len(),
                    given.len()
                ),
            });
        }
        let ratio = self.ratio(shape, axes, given)?;
        let mut scales: Vec<(usize, f64)> = shape.lengths().iter().map(|&n| (n, 1.0)).collect();
        for (axis, value) in axes.iter().zip(given) {
            let axis = shape.axis(*axis)?;
            let n = shape.lengths()[axis] as f64;
            scales[axis] = match ratio {
                Some(ratio) => ((n * ratio + 0.5).floor() as usize, ratio),
                None if self.to_lengths => (*value as usize, value / n),
                None => ((n * value).floor() as usize, *value),
            };
        }
        Ok(scales)
    }

    /// The one scale of all axes if the ratio of the lengths is kept.
    fn ratio(
        &self,
        shape: Shape,
        axes: &[isize],
        lengths: &[f64],
    ) -> Result<Option<f64>, NodeError> {
        let pick = match self.fit {
            Fit::Stretch => return Ok(None),
            Fit::NotLarger => f64::min,
            Fit::NotSmaller => f64::max,
        };
        let mut ratio = None;
        for (axis, length) in axes.iter().zip(lengths) {
            let own = length / shape.lengths()[shape.axis(*axis)?] as f64;
            ratio = Some(ratio.map_or(own, |ratio| pick(ratio, own)));
        }
        Ok(ratio.filter(|_| self.to_lengths))
    }

    /// Returns the weights along each axis: one entry a position of the output.
    ///
    /// # Errors
    ///
    /// Returns a [`NodeError`] if the inputs do not fit.
    pub fn taps(&self, inputs: &[Fact<'_>]) -> Result<Vec<Vec<Taps>>, NodeError> {
        let scales = self.scales(inputs)?;
        let axes = inputs[0].shape.lengths().iter().zip(scales);
        let axes = axes.map(|(&input, (output, scale))| {
            let taps = |at: usize| self.taps_at(at, input, output, scale);
            (0..output).map(taps).collect()
        });
        Ok(axes.collect())
    }

    fn taps_at(&self, at: usize, input: usize, output: usize, scale: f64) -> Taps {
        let x = at as f64;
        if scale == 1.0 && input == output {
            return vec![(at, 1.0)];
        }
        let half_pixel = (x + 0.5) / scale - 0.5;
        let position = match self.coordinates {
            Coordinates::HalfPixel => half_pixel,
            Coordinates::PytorchHalfPixel if output == 1 => 0.0,
            Coordinates::PytorchHalfPixel => half_pixel,
            Coordinates::HalfPixelSymmetric => {
                let adjustment = output as f64 / (scale * input as f64);
                let center = input as f64 / 2.0;
                center * (1.0 - adjustment) + half_pixel
            }
            Coordinates::AlignCorners if output == 1 => 0.0,
            // ONNX takes the output's length before it is rounded.
            Coordinates::AlignCorners => x * (input - 1) as f64 / (scale * input as f64 - 1.0),
            Coordinates::Asymmetric => x / scale,
        };
        let inside = |at: f64| at.clamp(0.0, (input - 1) as f64) as usize;
        let kernel: Box<dyn Fn(f64) -> f64> = match self.interpolation {
            Interpolation::Nearest(halves) => {
                let nearest = match halves {
                    Halves::Down => (position - 0.5).ceil(),
                    Halves::Up => (position + 0.5).floor(),
                    Halves::Floor => position.floor(),
                    Halves::Ceil => position.ceil(),
                };
                return vec![(inside(nearest), 1.0)];
            }
            Interpolation::Linear => Box::new(|x: f64| (1.0 - x.abs()).max(0.0)),
            Interpolation::Cubic(a) => Box::new(move |x: f64| cubic(a.0, x.abs())),
        };
        let reach = if matches!(self.interpolation, Interpolation::Linear) {
            1.0
        } else {
            2.0
        };
        let stretch = if self.antialias {
            scale.recip().max(1.0)
        } else {
            1.0
        };
        let first = (position - reach * stretch).floor() as i64;
        let last = (position + reach * stretch).ceil() as i64;
        let mut taps: Taps = Vec::new();
        let mut sum = 0.0;
        for from in first..=last {
            let weight = kernel((from as f64 - position) / stretch);
            let outside = from < 0 || from >= input as i64;
            if weight == 0.0 || (outside && self.exclude_outside) {
                continue;
            }
            sum += weight;
            let from = inside(from as f64);
            match taps.iter_mut().find(|(found, _)| *found == from) {
                Some((_, found)) => *found += weight,
                None => taps.push((from, weight)),
            }
        }
        taps.into_iter()
            .map(|(from, weight)| (from, weight / sum))
            .collect()
    }
}

/// Keys' cubic kernel.
fn cubic(a: f64, x: f64) -> f64 {
    if x <= 1.0 {
        ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        a * (((x - 5.0) * x + 8.0) * x - 4.0)
    } else {
        0.0
    }
}

impl Operator for Resize {
    fn arity(&self) -> Arity {
        Arity::Exactly(2)
    }

    fn channels(&self, inputs: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        let behind = |axes: &Vec<isize>| axes.iter().all(|axis| *axis > 1);
        let keeps = self.axes.as_ref().is_some_and(behind);
        Ok(inputs[0].filter(|_| keeps))
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        let lengths: Vec<usize> = self
            .scales(inputs)?
            .iter()
            .map(|(length, _)| *length)
            .collect();
        if inputs[0].shape.count() == 0 {
            return Err(NodeError::Invalid {
                reason: "a resize of nothing".to_owned(),
            });
        }
        Shape::of(&lengths)
    }

    fn is_smooth(&self, input: usize) -> bool {
        input == 0
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        let facts: Vec<Fact<'_>> = inputs.iter().map(|input| input.fact()).collect();
        let taps = self.taps(&facts).expect("checked");
        let x = inputs[0];
        let strides = x.shape.strides();
        Tensor::from_index(weights.shape_of(self, inputs), |index| {
            let mut all: Taps = vec![(0, 1.0)];
            for (axis, place) in index.iter().enumerate() {
                let (taps, stride) = (&taps[axis][*place], strides[axis]);
                let next = all.iter().flat_map(|(at, weight)| {
                    let taps = taps.iter();
                    taps.map(move |(from, own)| (at + from * stride, weight * own))
                });
                all = next.collect();
            }
            all.iter().map(|(at, weight)| x.values[*at] * weight).sum()
        })
    }
}
