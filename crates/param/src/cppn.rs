//! A compositional pattern producing network: the image as a function of coordinates.

use burn::tensor::{Device, Tensor, TensorData};
use oneiric_support::SettingError;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::{
    ImageSpec, InBasis, ParamError,
    basis::{Basis, PreparedBasis, normal},
};

/// The number of coordinates, x and y.
const COORDINATES: usize = 2;

/// Largest coordinate of the longer side, which makes the variance of its coordinates 1.
const REACH: f64 = 1.732_050_807_568_877_2; // sqrt(3)

/// Divisors of atan and its square: their root mean squares for normally distributed inputs.
/// Source: Lucid, `optvis/param/cppn.py`.
const SCALES: [f32; 2] = [0.67, 0.6];

/// Standard deviation of the hidden layers' initial biases. Source: the same file.
const BIAS_SD: f32 = 0.1;

/// Initial weights are truncated at this many standard deviations, as in TensorFlow's
/// `variance_scaling`. The truncated distribution has the standard deviation `CUT_OFF_SD`.
const CUT_OFF: f32 = 2.0;
const CUT_OFF_SD: f32 = 0.879_625_7;

const MOST_LAYERS: usize = 64;
const MOST_HIDDEN: usize = 1024;

/// A compositional pattern producing network (CPPN): a small network computes every pixel from its
/// coordinates. All pixels of an image share the network. Images are smooth, at any resolution.
///
/// The coordinates `x` and `y` (the longer side from -sqrt 3 to sqrt 3, the other in proportion) go
/// through hidden layers of 1x1 convolutions, each followed by `[atan(x) / 0.67, atan(x)^2 / 0.6]`,
/// concatenated, and through one more convolution, which starts at 0, so that the initial image is
/// gray. The latent holds the weights [n, out, in] and the biases [n, out] of each layer: every
/// image of a batch has its own network. Use a learning rate near 5e-3.
///
/// Source: Lucid, `optvis/param/cppn.py`, where all images of a batch share one network, images are
/// square and the output's biases start at random; Mordvintsev et al., "Differentiable Image
/// Parameterizations" (Distill 2018), "Compositional pattern producing networks".
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `layers` | 8 | number of hidden layers | 1 to 64 |
/// | `hidden` | 24 | convolution channels of a hidden layer | 1 to 1024 |
/// | `decorrelated` | false | optimize decorrelated colors | |
///
/// The settings of every [`InBasis`] apply too, except that a CPPN cannot start from a photograph,
/// because the latent of a photograph is not known.
///
/// The latent does not depend on the size, so it can be decoded at a larger one:
///
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::Device;
/// use oneiric_param::{Cppn, Parameterization};
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
///
/// let latent_image = |side| {
///     let mut rng = ChaCha8Rng::seed_from_u64(0);
///     Cppn::new(side, side).init(1, &mut rng, &Device::flex())
/// };
/// let (small, large) = (latent_image(16)?, latent_image(48)?);
/// assert_eq!(large.decode(small.latent()).dims(), [1, 3, 48, 48]);
/// # }
/// # Ok::<(), oneiric_param::ParamError>(())
/// ```
pub type Cppn = InBasis<Layers>;

/// The basis of [`Cppn`].
#[derive(Debug, Clone)]
pub struct Layers {
    layers: usize,
    hidden: usize,
}

impl Cppn {
    /// Creates a parameterization of images of a size.
    #[must_use]
    pub const fn new(width: usize, height: usize) -> Self {
        let basis = Layers {
            layers: 8,
            hidden: 24,
        };
        Self::of(basis, width, height).decorrelated(false)
    }

    /// Sets the number of hidden layers.
    #[must_use]
    pub const fn layers(mut self, layers: usize) -> Self {
        self.basis.layers = layers;
        self
    }

    /// Sets the number of channels of a hidden layer's convolution.
    #[must_use]
    pub const fn hidden(mut self, hidden: usize) -> Self {
        self.basis.hidden = hidden;
        self
    }
}

impl Basis for Layers {
    fn prepare(&self, spec: &ImageSpec<'_>) -> Result<Box<dyn PreparedBasis>, ParamError> {
        let [layers, hidden] = [self.layers, self.hidden];
        let good = (1..=MOST_LAYERS).contains(&layers);
        SettingError::require("the number of layers", layers, good, "from 1 to 64")?;
        let good = (1..=MOST_HIDDEN).contains(&hidden);
        SettingError::require("the width of a layer", hidden, good, "from 1 to 1024")?;
        let [n, channels, height, width] = spec.shape;
        let mut sizes = vec![[hidden, COORDINATES]];
        sizes.extend(vec![[hidden, 2 * hidden]; layers - 1]);
        sizes.push([channels, 2 * hidden]);
        let places = TensorData::new(places(height, width), [1, COORDINATES, height * width]);
        Ok(Box::new(PreparedLayers {
            shape: spec.shape,
            sizes,
            places: Tensor::<3>::from_data(places, spec.device).repeat_dim(0, n),
            device: spec.device.clone(),
        }))
    }
}

/// Returns x of every pixel, row by row, then y of every pixel.
fn places(height: usize, width: usize) -> Vec<f32> {
    let longer = (height.max(width) - 1).max(1) as f64;
    let place = |i: usize, side: usize| {
        let from_center = i as f64 - (side - 1) as f64 / 2.0;
        (2.0 * REACH * from_center / longer) as f32
    };
    let pixels = || (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let xs = pixels().map(|(x, _)| place(x, width));
    xs.chain(pixels().map(|(_, y)| place(y, height))).collect()
}

/// [`Layers`] for one batch.
#[derive(Debug)]
struct PreparedLayers {
    shape: [usize; 4],
    /// Shape of each layer's weights, [out, in].
    sizes: Vec<[usize; 2]>,
    /// Coordinates, [n, 2, pixels].
    places: Tensor<3>,
    device: Device,
}

impl PreparedLayers {
    /// Draws `count` truncated normal numbers with the variance 1 / `inputs`.
    fn weights(&self, count: usize, inputs: usize, rng: &mut dyn Rng) -> Tensor<1> {
        let sd = (inputs as f32).sqrt().recip() / CUT_OFF_SD;
        let numbers = StandardNormal.sample_iter(rng);
        let within = numbers.filter(|number: &f32| number.abs() <= CUT_OFF);
        let values: Vec<f32> = within.take(count).map(|number| number * sd).collect();
        Tensor::from_data(TensorData::new(values, [count]), &self.device)
    }
}

impl PreparedBasis for PreparedLayers {
    fn start(&self, rng: &mut dyn Rng) -> Result<Vec<Tensor<1>>, ParamError> {
        let n = self.shape[0];
        let mut latent = Vec::with_capacity(2 * self.sizes.len());
        let (last, hidden) = self.sizes.split_last().expect("there is an output layer");
        for [out, inputs] in hidden {
            latent.push(self.weights(n * out * inputs, *inputs, rng));
            latent.push(normal(n * out, BIAS_SD, rng, &self.device));
        }
        let [out, inputs] = last;
        latent.push(Tensor::zeros([n * out * inputs], &self.device));
        latent.push(Tensor::zeros([n * out], &self.device));
        Ok(latent)
    }

    fn decode(&self, latent: &[Tensor<1>]) -> Tensor<4> {
        let n = self.shape[0];
        let mut values = self.places.clone();
        for (layer, (size, latent)) in self.sizes.iter().zip(latent.chunks_exact(2)).enumerate() {
            if layer > 0 {
                let atan = values.atan();
                let square = atan.clone() * atan.clone();
                values = Tensor::cat(vec![atan / SCALES[0], square / SCALES[1]], 1);
            }
            let weights = latent[0].clone().reshape([n, size[0], size[1]]);
            let biases = latent[1].clone().reshape([n, size[0], 1]);
            values = weights.matmul(values) + biases;
        }
        values.reshape(self.shape)
    }

    fn encode(&self, _values: Tensor<4>) -> Result<Vec<Tensor<1>>, ParamError> {
        Err(ParamError::NoInverse {
            basis: "a compositional pattern producing network",
        })
    }
}
