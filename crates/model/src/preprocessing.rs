//! Preprocessing: the map from an image in 0..=1 to a network's input.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// The order of the colors that a network expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColorOrder {
    /// Red, green, blue.
    Rgb,
    /// Blue, green, red: the channels of the image in reverse.
    Bgr,
}

/// The map from an image in 0..=1 to a network's input: the channels in the network's order, then
/// `channel * scale - mean` for each.
///
/// | trained with | constructor |
/// | --- | --- |
/// | 0..=1 | [`none`](Self::none) |
/// | 0..=255 | [`byte`](Self::byte) |
/// | -1..=1 | [`half`](Self::half) |
/// | torchvision, timm: ImageNet's mean and deviation | [`imagenet`](Self::imagenet) |
/// | Caffe: bytes, blue first, minus a mean | [`caffe`](Self::caffe) |
/// | another mean and deviation | [`normalized`](Self::normalized) |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Preprocessing {
    /// The order of the colors in the input.
    pub order: ColorOrder,
    /// The factor of each channel, in that order.
    pub scale: Vec<f32>,
    /// The number that is then subtracted from each channel, in that order.
    pub mean: Vec<f32>,
}

impl Preprocessing {
    /// Creates preprocessing that does not change images of that many channels.
    #[must_use]
    pub fn none(channels: usize) -> Self {
        Self::uniform(1.0, vec![0.0; channels])
    }

    /// Creates `255 * channel`, for colors.
    #[must_use]
    pub fn byte() -> Self {
        Self::uniform(255.0, [0.0; 3])
    }

    /// Creates `2 * channel - 1`, for colors.
    #[must_use]
    pub fn half() -> Self {
        Self::uniform(2.0, [1.0; 3])
    }

    /// Creates torchvision's preprocessing for colors: `(channel - mean) / deviation` with ImageNet's
    /// mean `[0.485, 0.456, 0.406]` and deviation `[0.229, 0.224, 0.225]`.
    #[must_use]
    pub fn imagenet() -> Self {
        Self::normalized([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    }

    /// Creates Caffe's preprocessing for colors: blue, green and red as `255 * channel - mean`, with
    /// the mean `[104, 117, 123]`. Models with a mean of their own take
    /// `uniform(255.0, mean).bgr()`.
    #[must_use]
    pub fn caffe() -> Self {
        Self::uniform(255.0, [104.0, 117.0, 123.0]).bgr()
    }

    /// Creates `channel * scale - mean`, with one scale for all channels: 255 for a network that
    /// was trained on bytes.
    #[must_use]
    pub fn uniform(scale: f32, mean: impl Into<Vec<f32>>) -> Self {
        let mean = mean.into();
        Self {
            order: ColorOrder::Rgb,
            scale: vec![scale; mean.len()],
            mean,
        }
    }

    /// Creates `(channel - mean) / deviation`. torchvision's networks have the mean
    /// `[0.485, 0.456, 0.406]` and the deviation `[0.229, 0.224, 0.225]`.
    #[must_use]
    pub fn normalized<const C: usize>(mean: [f32; C], deviation: [f32; C]) -> Self {
        let shares = mean.iter().zip(deviation).map(|(mean, d)| mean / d);
        Self {
            order: ColorOrder::Rgb,
            scale: deviation
                .iter()
                .map(|deviation| deviation.recip())
                .collect(),
            mean: shares.collect(),
        }
    }

    /// Reverses the order of the channels; `scale` and `mean` are then in the reversed order.
    #[must_use]
    pub fn bgr(mut self) -> Self {
        self.order = ColorOrder::Bgr;
        self
    }
}

/// The form in files, in which a scale that all channels share is one number.
#[derive(Serialize, Deserialize)]
struct Stored {
    order: ColorOrder,
    scale: Scale,
    mean: Vec<f32>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Scale {
    Uniform(f32),
    Each(Vec<f32>),
}

impl From<Stored> for Preprocessing {
    fn from(Stored { order, scale, mean }: Stored) -> Self {
        let scale = match scale {
            Scale::Uniform(scale) => vec![scale; mean.len()],
            Scale::Each(scales) => scales,
        };
        Self { order, scale, mean }
    }
}

impl From<Preprocessing> for Stored {
    fn from(Preprocessing { order, scale, mean }: Preprocessing) -> Self {
        let scale = match scale[..] {
            [first, ..] if scale.iter().all(|scale| *scale == first) => Scale::Uniform(first),
            _ => Scale::Each(scale),
        };
        Self { order, scale, mean }
    }
}

/// Preprocessing with its numbers on a device.
#[derive(Debug, Clone)]
pub(crate) struct Preprocessor {
    reversed: bool,
    scale: Factor,
    /// [1, channels, 1, 1].
    mean: Tensor<4>,
}

#[derive(Debug, Clone)]
enum Factor {
    Uniform(f32),
    /// [1, channels, 1, 1].
    Each(Box<Tensor<4>>),
}

impl Preprocessor {
    pub(crate) fn new(settings: &Preprocessing, device: &Device) -> Self {
        let row = |values: &[f32]| {
            let data = TensorData::new(values.to_vec(), [1, values.len(), 1, 1]);
            Tensor::from_data(data, device)
        };
        let scale = &settings.scale;
        Self {
            reversed: settings.order == ColorOrder::Bgr,
            scale: if scale.iter().all(|factor| *factor == scale[0]) {
                Factor::Uniform(scale[0])
            } else {
                Factor::Each(Box::new(row(scale)))
            },
            mean: row(&settings.mean),
        }
    }

    /// Maps images [n, channels, height, width].
    pub(crate) fn apply(&self, images: Tensor<4>) -> Tensor<4> {
        let images = if self.reversed {
            images.flip([1])
        } else {
            images
        };
        let scaled = match &self.scale {
            Factor::Uniform(scale) => images.mul_scalar(*scale),
            Factor::Each(scale) => images * (**scale).clone(),
        };
        scaled - self.mean.clone()
    }
}
