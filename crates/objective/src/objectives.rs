//! Constructors of objectives from a network.

use std::sync::Arc;

use burn::tensor::Tensor;
use oneiric_core::Picture;
use oneiric_model::{LayerId, Network, NetworkExt};

use crate::{
    Class, Difference, Measure, Objective, ObjectiveError, Reading, Region,
    batches::{Alignment, ChannelInterpolate, Diversity},
    checks::{
        check_channel, check_decay, check_direction, check_power, check_region, check_weights,
        directions_of, some_layers,
    },
    custom::Custom,
    directions::{Direction, DirectionCosine, DirectionNeuron, TensorDirection},
    photographs::{ActivationDifference, Caricature, Style},
    position::Position,
    regularizers::{Blur, BlurAlpha, InputDifference, L1, L2, PenalizeBoundary, TotalVariation},
    units::{Channel, ClassLogit, LocalGroup, Neuron, WholeLayer},
};

/// The objectives of every network. `acts` is [n, c, h, w] at the layer; layers go by
/// any of their names.
pub trait Objectives: Network + Clone + Sized + 'static {
    /// Mean of a channel: `mean acts[:, channel]`.
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if there is no such layer or channel.
    fn channel(&self, layer: &str, channel: usize) -> Result<Objective, ObjectiveError> {
        let layer = self.layer(layer)?;
        check_channel(self.describe(layer), channel)?;
        Ok(self.measure(Channel {
            layer: [layer],
            channel,
        }))
    }

    /// A channel at the center of its map, `acts[:, channel, h / 2, w / 2]` (rounded down), mean
    /// over the batch.
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if there is no such layer or channel.
    fn neuron(&self, layer: &str, channel: usize) -> Result<Objective, ObjectiveError> {
        neuron(self, layer, channel, None)
    }

    /// A channel at column `x` and row `y` of its map, `acts[:, channel, y, x]`, mean over the
    /// batch. Whether the position exists depends on the image and is checked before a run.
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if there is no such layer or channel.
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
    /// Returns [`ObjectiveError`] if there is no such layer.
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
    /// Returns [`ObjectiveError`] if there is no such layer, the direction has not one number per
    /// channel, a number that is not finite or only zeros, or the power is negative or not finite.
    fn direction(
        &self,
        layer: &str,
        direction: Vec<f32>,
        cosine_power: f32,
    ) -> Result<Objective, ObjectiveError> {
        let layer = self.layer(layer)?;
        check_direction(self.describe(layer), &direction)?;
        check_power(cosine_power)?;
        Ok(self.measure(Direction {
            layer: [layer],
            direction,
            cosine_power,
        }))
    }

    /// [`direction`](Self::direction) at the center of the map (rounded down).
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] for the same reasons.
    fn direction_neuron(
        &self,
        layer: &str,
        direction: Vec<f32>,
        cosine_power: f32,
    ) -> Result<Objective, ObjectiveError> {
        direction_neuron(self, layer, direction, cosine_power, None)
    }

    /// [`direction`](Self::direction) at column `x` and row `y` of the map, which is checked before
    /// a run.
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] for the same reasons.
    fn direction_neuron_at(
        &self,
        layer: &str,
        direction: Vec<f32>,
        cosine_power: f32,
        x: usize,
        y: usize,
    ) -> Result<Objective, ObjectiveError> {
        let position = Some(Position { x, y });
        direction_neuron(self, layer, direction, cosine_power, position)
    }

    /// Mean over batch and positions of the cosine of the angle to a direction, whatever the length
    /// of the activations. (Lucid's divides by the number of channels too.)
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if there is no such layer, or as for
    /// [`direction`](Self::direction).
    fn direction_cossim(
        &self,
        layer: &str,
        direction: Vec<f32>,
    ) -> Result<Objective, ObjectiveError> {
        let layer = self.layer(layer)?;
        check_direction(self.describe(layer), &direction)?;
        Ok(self.measure(DirectionCosine {
            layer: [layer],
            direction,
        }))
    }

    /// [`direction`](Self::direction) with a direction of its own at every position: the columns of
    /// a tensor [channels, height, width], such as another image's activations. Of the layer's map
    /// and the tensor, each is cut to the size of the smaller one about its center.
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if there is no such layer, the tensor has other channels, no
    /// positions, a number that is not finite or only zeros, its device does not hand it over, or
    /// the power is negative or not finite.
    fn tensor_direction(
        &self,
        layer: &str,
        directions: Tensor<3>,
        cosine_power: f32,
    ) -> Result<Objective, ObjectiveError> {
        let layer = self.layer(layer)?;
        let directions = directions_of(self.describe(layer), directions, self.device())?;
        check_power(cosine_power)?;
        Ok(self.measure(TensorDirection {
            layer: [layer],
            directions,
            cosine_power,
        }))
    }

    /// All channels, each times its weight: `mean acts * weights`, over batch, channels and
    /// positions. It is [`direction`](Self::direction) with the power 0 over the number of
    /// channels.
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if there is no such layer, or the weights are not one finite
    /// number a channel.
    fn channel_weight(&self, layer: &str, weights: Vec<f32>) -> Result<Objective, ObjectiveError> {
        local_group(self, layer, None, Some(weights))
    }

    /// All channels in a part of the map, `mean acts[:, :, y..y + height, x..x + width]`; whether
    /// the region exists depends on the image and is checked before a run.
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if there is no such layer, or the region holds no position.
    fn local_group(&self, layer: &str, region: Region) -> Result<Objective, ObjectiveError> {
        local_group(self, layer, Some(region), None)
    }

    /// [`local_group`](Self::local_group) with a weight for each channel,
    /// `mean acts[:, :, y..y + height, x..x + width] * weights` (lucent's `localgroup_weight`).
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] for the same reasons, or if the weights are not one finite number
    /// a channel.
    fn local_group_weight(
        &self,
        layer: &str,
        region: Region,
        weights: Vec<f32>,
    ) -> Result<Objective, ObjectiveError> {
        local_group(self, layer, Some(region), Some(weights))
    }

    /// Interpolates from one channel to another over a batch: image n of N has
    /// `(1 - w) mean a[n] + w mean b[n]` with `w = n / (N - 1)`, summed over the images. A batch of
    /// one has the first channel alone.
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if there is no such layer or channel.
    fn channel_interpolate(
        &self,
        first_layer: &str,
        first_channel: usize,
        second_layer: &str,
        second_channel: usize,
    ) -> Result<Objective, ObjectiveError> {
        let layers = [self.layer(first_layer)?, self.layer(second_layer)?];
        let channels = [first_channel, second_channel];
        for (layer, channel) in layers.into_iter().zip(channels) {
            check_channel(self.describe(layer), channel)?;
        }
        Ok(self.measure(ChannelInterpolate { layers, channels }))
    }

    /// Alignment of neighbors in a batch at a layer: minus the sum over the distances
    /// d = 1, 2, 3, 4 and over all pairs that far apart of `mean (a[i] - a[i + d])^2 / decay^d`. It
    /// is negative already: add it. Lucid's decay is 2. A batch of one has 0.
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if there is no such layer, or the decay is not finite and above
    /// 0.
    fn alignment(&self, layer: &str, decay: f32) -> Result<Objective, ObjectiveError> {
        let layer = [self.layer(layer)?];
        check_decay(decay)?;
        Ok(self.measure(Alignment { layer, decay }))
    }

    /// Similarity of the images of a batch at a layer, by the cosines between their Gram matrices:
    /// subtract it for diversity.
    ///
    /// With F the activations of an image, [positions, channels], `G = F^T F / |F^T F|`. The value
    /// is `sum over i != j of <G_i, G_j> / n`: 0 for images with nothing in common, n - 1 for equal
    /// ones. A batch of one has 0.
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if there is no such layer.
    fn diversity(&self, layer: &str) -> Result<Objective, ObjectiveError> {
        let layer = [self.layer(layer)?];
        Ok(self.measure(Diversity { layer }))
    }

    /// Caricature of a photograph at a layer: `d * max(0.1, cos)^p` with d the dot
    /// product of the layer's whole activations with the photograph's and cos the cosine between
    /// them, `d / ((1e-4 + |acts|) (1e-4 + |photograph|))`; summed over the batch. The power p = 0
    /// gives d; a larger one keeps closer to the photograph.
    ///
    /// The photograph is of the image's size ([`Picture::resize`]) and seen through the same random
    /// transforms.
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if there is no such layer, or the power is negative or not
    /// finite.
    fn caricature(
        &self,
        photograph: impl Into<Arc<Picture>>,
        layer: &str,
        cosine_power: f32,
    ) -> Result<Objective, ObjectiveError> {
        let layer = [self.layer(layer)?];
        check_power(cosine_power)?;
        Ok(self.measure(Caricature {
            photograph: photograph.into(),
            layer,
            cosine_power,
        }))
    }

    /// Content loss: difference between the activations and those of a photograph, position by
    /// position. It is the sum over layers of `mean |acts - photograph|` or of its square, over
    /// batch, channels and positions. Subtract it to keep the photograph's content. The photograph
    /// as for [`caricature`](Self::caricature).
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if there are no layers, or no such one.
    fn activation_difference(
        &self,
        photograph: impl Into<Arc<Picture>>,
        layers: &[&str],
        difference: Difference,
    ) -> Result<Objective, ObjectiveError> {
        Ok(self.measure(ActivationDifference {
            photograph: photograph.into(),
            layers: some_layers(self, "activation_difference", layers)?,
            difference,
        }))
    }

    /// Style loss: difference between the Gram matrix of a layer's activations and that of a
    /// photograph. It is the sum over layers of `mean |G - G_photograph|` or of its square, with F
    /// the activations [positions, channels] of an image and `G = F^T F / positions`. Subtract it
    /// to paint in the photograph's style; Lucid reads `conv2d2`, `mixed3a`, `mixed4a`, `mixed4b`
    /// and `mixed4c`. The photograph as for [`caricature`](Self::caricature).
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if there are no layers, or no such one.
    fn style(
        &self,
        photograph: impl Into<Arc<Picture>>,
        layers: &[&str],
        difference: Difference,
    ) -> Result<Objective, ObjectiveError> {
        Ok(self.measure(Style {
            photograph: photograph.into(),
            layers: some_layers(self, "style", layers)?,
            difference,
        }))
    }

    /// A class's score before the softmax, `logits[:, class]`, summed over the batch, for images of
    /// any size; the class by number or by label: `net.class_logit(130)`,
    /// `net.class_logit("flamingo")`.
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if there is no such class.
    fn class_logit(&self, class: impl Into<Class>) -> Result<Objective, ObjectiveError> {
        let class = match class.into() {
            Class::Number(number) => number,
            Class::Label(label) => self.class(&label)?,
        };
        let layer = self.logits().ok_or(ObjectiveError::NoClasses)?;
        let classes = self.describe(layer).channels();
        if class >= classes {
            return Err(ObjectiveError::Class { class, classes });
        }
        Ok(self.measure(ClassLogit {
            layer: [layer],
            class,
        }))
    }

    /// Sum of the absolute differences between neighboring pixels of the image: subtract it to
    /// smooth. A sum over all pixels is large (tens of thousands at 224x224), so weights are
    /// small, such as 1e-4 beside a channel.
    fn total_variation(&self) -> Objective {
        self.measure(TotalVariation)
    }

    /// Sum of `|image - constant|`: subtract it to keep the image near that gray.
    fn l1(&self, constant: f32) -> Objective {
        self.measure(L1 { constant })
    }

    /// Norm of `image - constant`, `sqrt(1e-6 + sum (image - constant)^2)`, summed over the
    /// batch: subtract it to keep the image near that gray.
    fn l2(&self, constant: f32) -> Objective {
        self.measure(L2 { constant })
    }

    /// `0.5 * sum (image - blur(image))^2` with the blurred image held constant: subtract it to
    /// blur the image a little every step.
    fn blur(&self) -> Objective {
        self.measure(Blur)
    }

    /// [`blur`](Self::blur) of the alpha channel alone, the fourth: subtract it for smooth
    /// outlines.
    fn blur_alpha(&self) -> Objective {
        self.measure(BlurAlpha)
    }

    /// Penalty of a boundary of `width` pixels that is not plain and gray: minus the sum over its
    /// pixels of `(blur(x) - x)^2 + 0.8 (x - 0.5)^2`, the blur over 5x5 pixels. It is negative
    /// already: add it. Lucid's width is 20; 0 penalizes nothing (in Lucid everything).
    fn penalize_boundary(&self, width: usize) -> Objective {
        self.measure(PenalizeBoundary { width })
    }

    /// Root mean square difference between the image and a photograph of its size,
    /// `sqrt(mean (x - photograph)^2)`, summed over the batch: subtract it to stay near.
    fn input_diff(&self, photograph: impl Into<Arc<Picture>>) -> Objective {
        self.measure(InputDifference {
            photograph: photograph.into(),
        })
    }

    /// Custom objective: a function of the image and of some layers' activations, in the
    /// order given.
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if there is no such layer.
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

    /// Objective of a [`Measure`] of your own.
    fn measure(&self, measure: impl Measure + 'static) -> Objective {
        Objective::new(Arc::new(self.clone()), Arc::new(measure))
    }
}

impl<N: Network + Clone + 'static> Objectives for N {}

fn neuron<N: Objectives>(
    network: &N,
    layer: &str,
    channel: usize,
    position: Option<Position>,
) -> Result<Objective, ObjectiveError> {
    let layer = network.layer(layer)?;
    check_channel(network.describe(layer), channel)?;
    Ok(network.measure(Neuron {
        layer: [layer],
        layer_name: name(network, layer),
        channel,
        position,
    }))
}

fn direction_neuron<N: Objectives>(
    network: &N,
    layer: &str,
    direction: Vec<f32>,
    cosine_power: f32,
    position: Option<Position>,
) -> Result<Objective, ObjectiveError> {
    let layer = network.layer(layer)?;
    check_direction(network.describe(layer), &direction)?;
    check_power(cosine_power)?;
    Ok(network.measure(DirectionNeuron {
        layer: [layer],
        layer_name: name(network, layer),
        direction,
        cosine_power,
        position,
    }))
}

fn local_group<N: Objectives>(
    network: &N,
    layer: &str,
    region: Option<Region>,
    weights: Option<Vec<f32>>,
) -> Result<Objective, ObjectiveError> {
    let layer = network.layer(layer)?;
    if let Some(region) = region {
        check_region(region)?;
    }
    if let Some(weights) = &weights {
        check_weights(network.describe(layer), weights)?;
    }
    Ok(network.measure(LocalGroup {
        layer: [layer],
        layer_name: name(network, layer),
        region,
        weights,
    }))
}

fn name(network: &impl Network, layer: LayerId) -> String {
    network.describe(layer).name().to_owned()
}
