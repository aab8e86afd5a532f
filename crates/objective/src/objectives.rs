//! Making objectives from a network.

use std::sync::Arc;

use burn::tensor::Tensor;
use oneiric_model::{LayerId, Network};

use crate::{
    Measure, Objective, ObjectiveError, Reading,
    custom::Custom,
    regularizers::{Blur, L1, L2, TotalVariation},
    units::{Channel, ClassLogit, Direction, Neuron, Position, WholeLayer},
};

/// A class, by number or by label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// By number, from 0.
    Number(usize),
    /// By its label's text, or by whole words of it that no other label has.
    Label(String),
}

impl From<usize> for Class {
    fn from(number: usize) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Class {
    fn from(label: String) -> Self {
        Self::Label(label)
    }
}

impl From<&str> for Class {
    fn from(label: &str) -> Self {
        Self::Label(label.to_owned())
    }
}

/// The objectives that every network offers. `acts` is [n, c, h, w] at the layer; layers go by
/// any of their names.
pub trait Objectives: Network + Clone + Sized + 'static {
    /// Mean of a channel: `mean acts[:, channel]`.
    ///
    /// # Errors
    ///
    /// When there is no such layer or channel.
    fn channel(&self, layer: &str, channel: usize) -> Result<Objective, ObjectiveError> {
        let layer = self.layer(layer)?;
        check_channel(self, layer, channel)?;
        Ok(self.measure(Channel {
            layer: [layer],
            channel,
        }))
    }

    /// A channel at the centre of its map, `acts[:, channel, h / 2, w / 2]` (rounded down), mean
    /// over the batch.
    ///
    /// # Errors
    ///
    /// When there is no such layer or channel.
    fn neuron(&self, layer: &str, channel: usize) -> Result<Objective, ObjectiveError> {
        neuron(self, layer, channel, None)
    }

    /// A channel at column `x` and row `y` of its map, `acts[:, channel, y, x]`, mean over the
    /// batch. Whether the position exists depends on the image and is checked before a run.
    ///
    /// # Errors
    ///
    /// When there is no such layer or channel.
    fn neuron_at(
        &self,
        layer: &str,
        channel: usize,
        x: usize,
        y: usize,
    ) -> Result<Objective, ObjectiveError> {
        neuron(self, layer, channel, Some(Position { x, y }))
    }

    /// A whole layer, `mean acts^2`: DeepDream.
    ///
    /// # Errors
    ///
    /// When there is no such layer.
    fn deepdream(&self, layer: &str) -> Result<Objective, ObjectiveError> {
        let layer = [self.layer(layer)?];
        Ok(self.measure(WholeLayer { layer }))
    }

    /// A direction v in the space of a layer's channels: mean over batch and positions of
    /// `d * max(0.1, cos)^p` with `d = sum_c acts v` and
    /// `cos = d / ((1e-4 + |acts|) (1e-4 + |v|))`. The power p = 0 gives the mean of d; a larger
    /// one asks for activations that point the same way and not only far.
    ///
    /// # Errors
    ///
    /// When there is no such layer, the direction has not one number per channel, a number that
    /// is not finite or only zeros, or the power is negative or not finite.
    fn direction(
        &self,
        layer: &str,
        direction: Vec<f32>,
        cosine_power: f32,
    ) -> Result<Objective, ObjectiveError> {
        let layer = self.layer(layer)?;
        let description = self.describe(layer);
        let name = || description.name().to_owned();
        if direction.len() != description.channels() {
            return Err(ObjectiveError::DirectionLength {
                layer: name(),
                expected: description.channels(),
                found: direction.len(),
            });
        }
        let problem = if !direction.iter().all(|v| v.is_finite()) {
            Some("holds a number that is not finite")
        } else if direction.iter().all(|v| *v == 0.0) {
            Some("is all zeros")
        } else {
            None
        };
        if let Some(problem) = problem {
            return Err(ObjectiveError::Direction {
                layer: name(),
                problem,
            });
        }
        if !cosine_power.is_finite() || cosine_power < 0.0 {
            return Err(ObjectiveError::Number {
                name: "the power of the cosine",
                value: f64::from(cosine_power),
                allowed: "finite and at least 0",
            });
        }
        Ok(self.measure(Direction {
            layer: [layer],
            direction,
            cosine_power,
        }))
    }

    /// A class's score before the softmax, `logits[:, class]`, summed over the batch, for images of
    /// any size; the class by number or by label: `net.class_logit(130)`, `net.class_logit("flamingo")`.
    ///
    /// # Errors
    ///
    /// When there is no such class.
    fn class_logit(&self, class: impl Into<Class>) -> Result<Objective, ObjectiveError> {
        let class = match class.into() {
            Class::Number(number) => number,
            Class::Label(label) => self.class(&label)?,
        };
        let layer = self.logits();
        let classes = self.describe(layer).channels();
        if class >= classes {
            return Err(ObjectiveError::Class { class, classes });
        }
        Ok(self.measure(ClassLogit {
            layer: [layer],
            class,
        }))
    }

    /// Sum of the absolute differences between neighbouring pixels of the image: subtract it to
    /// smooth. A sum over all pixels is large (tens of thousands at 224x224), so weights are
    /// small, such as 1e-4 beside a channel.
    fn total_variation(&self) -> Objective {
        self.measure(TotalVariation)
    }

    /// Sum of `|image - constant|`: subtract it to keep the image near that grey.
    fn l1(&self, constant: f32) -> Objective {
        self.measure(L1 { constant })
    }

    /// Norm of `image - constant`, `sqrt(1e-6 + sum (image - constant)^2)`, summed over the
    /// batch: subtract it to keep the image near that grey.
    fn l2(&self, constant: f32) -> Objective {
        self.measure(L2 { constant })
    }

    /// `0.5 * sum (image - blur(image))^2` with the blurred image held constant: subtract it to
    /// blur the image a little every step.
    fn blur(&self) -> Objective {
        self.measure(Blur)
    }

    /// An objective of one's own: a function of the image and of some layers' activations, in the
    /// order given.
    ///
    /// # Errors
    ///
    /// When there is no such layer.
    fn custom(
        &self,
        name: &str,
        layers: &[&str],
        function: impl Fn(&Reading) -> Tensor<1> + Send + Sync + 'static,
    ) -> Result<Objective, ObjectiveError> {
        let layers = layers
            .iter()
            .map(|name| self.layer(name))
            .collect::<Result<_, _>>()?;
        Ok(self.measure(Custom {
            name: name.to_owned(),
            layers,
            function: Box::new(function),
        }))
    }

    /// An objective from a [`Measure`] of one's own.
    fn measure(&self, measure: impl Measure + 'static) -> Objective {
        Objective::new(Arc::new(self.clone()), Arc::new(measure))
    }
}

impl<N: Network + Clone + 'static> Objectives for N {}

fn check_channel(
    network: &dyn Network,
    layer: LayerId,
    channel: usize,
) -> Result<(), ObjectiveError> {
    let layer = network.describe(layer);
    if channel < layer.channels() {
        return Ok(());
    }
    Err(ObjectiveError::Channel {
        layer: layer.name().to_owned(),
        channel,
        channels: layer.channels(),
    })
}

fn neuron<N: Objectives>(
    network: &N,
    layer: &str,
    channel: usize,
    position: Option<Position>,
) -> Result<Objective, ObjectiveError> {
    let layer = network.layer(layer)?;
    check_channel(network, layer, channel)?;
    Ok(network.measure(Neuron {
        layer: [layer],
        layer_name: network.describe(layer).name().to_owned(),
        channel,
        position,
    }))
}
