//! A picture on the host.

use std::fmt;

use burn::tensor::{Device, Tensor, TensorData};

use crate::{PictureError, read};

/// The distance from 0..=1 up to which a value counts as rounding and is clamped.
const ROUNDING: f32 = 1e-3;

/// Red, green and blue.
const RGB: usize = 3;

/// A picture: `height` rows of `width` pixels, values in 0..=1 as sRGB files hold them (divided by
/// 255, no gamma applied).
///
/// | channels | what they are | files |
/// | --- | --- | --- |
/// | 1 | gray | PNG, JPEG |
/// | 3 | red, green, blue: the default | PNG, JPEG |
/// | 4 | red, green, blue, alpha; the colors are not multiplied by alpha | PNG; JPEG over white |
/// | any other | the channels of a network of your own | none; [`select`](Self::select) some |
#[derive(Clone, PartialEq)]
pub struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) channels: usize,
    /// Row by row, the channels of a pixel side by side.
    pub(crate) values: Vec<f32>,
}

impl Picture {
    /// Creates an RGB picture from its values: rows from the top, pixels from the left, red green
    /// blue.
    ///
    /// # Errors
    ///
    /// Returns [`PictureError`] if a side is 0, the number of values is not `width * height * 3`,
    /// or a value is not finite and in 0..=1.
    pub fn new(width: usize, height: usize, values: Vec<f32>) -> Result<Self, PictureError> {
        Self::with_channels(width, height, RGB, values)
    }

    /// Creates a picture of any number of channels from its values: rows from the top, pixels from
    /// the left, channel after channel.
    ///
    /// ```
    /// use oneiric_core::Picture;
    ///
    /// let gray = Picture::with_channels(2, 1, 1, vec![0.0, 1.0])?;
    /// assert_eq!(gray.pixel(1, 0), [1.0]);
    /// # Ok::<(), oneiric_core::PictureError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`PictureError`] if a side or the number of channels is 0, the number of values is
    /// not `width * height * channels`, or a value is not finite and in 0..=1.
    pub fn with_channels(
        width: usize,
        height: usize,
        channels: usize,
        values: Vec<f32>,
    ) -> Result<Self, PictureError> {
        if width == 0 || height == 0 {
            return Err(PictureError::Empty { width, height });
        }
        if channels == 0 {
            return Err(PictureError::NoChannels);
        }
        let expected = width.saturating_mul(height).saturating_mul(channels);
        if values.len() != expected {
            return Err(PictureError::Length {
                width,
                height,
                channels,
                expected,
                found: values.len(),
            });
        }
        if let Some(bad) = values.iter().position(|v| !(0.0..=1.0).contains(v)) {
            return Err(PictureError::Value {
                x: bad / channels % width,
                y: bad / channels / width,
                value: values[bad],
            });
        }
        Ok(Self {
            width,
            height,
            channels,
            values,
        })
    }

    /// Reads the pictures of a batch of images, a tensor [n, channels, height, width] of values in
    /// 0..=1. Values that rounding put a little outside are clamped.
    ///
    /// # Errors
    ///
    /// Returns [`PictureError`] if the tensor has no channels or pixels, or holds values that are
    /// not finite and in 0..=1.
    pub fn from_tensor(images: Tensor<4>) -> Result<Vec<Self>, PictureError> {
        let [_, channels, height, width] = images.dims();
        if channels == 0 {
            return Err(PictureError::NoChannels);
        }
        if width == 0 || height == 0 {
            return Err(PictureError::Empty { width, height });
        }
        let mut values = read(images.permute([0, 2, 3, 1]))?;
        for value in &mut values {
            if (-ROUNDING..=1.0 + ROUNDING).contains(value) {
                *value = value.clamp(0.0, 1.0);
            }
        }
        values
            .chunks(width * height * channels)
            .map(|picture| Self::with_channels(width, height, channels, picture.to_vec()))
            .collect()
    }

    /// Converts the picture to a tensor [1, channels, height, width] of values in 0..=1.
    #[must_use]
    pub fn to_tensor(&self, device: &Device) -> Tensor<4> {
        let shape = [1, self.height, self.width, self.channels];
        let data = TensorData::new(self.values.clone(), shape);
        Tensor::<4>::from_data(data, device).permute([0, 3, 1, 2])
    }

    /// Width in pixels.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    /// Values per pixel: 1 gray, 3 RGB, 4 RGB and alpha, or any other number.
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.channels
    }

    /// All values: rows from the top, pixels from the left, channel after channel.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The channels of the pixel in column `x` and row `y`.
    ///
    /// # Panics
    ///
    /// Panics if the pixel lies outside.
    #[must_use]
    pub fn pixel(&self, x: usize, y: usize) -> &[f32] {
        assert!(
            x < self.width && y < self.height,
            "pixel (x {x}, y {y}) lies outside a picture of {}x{}",
            self.width,
            self.height
        );
        let start = (y * self.width + x) * self.channels;
        &self.values[start..start + self.channels]
    }
}

/// Prints only the dimensions.
impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.channels {
            RGB => write!(f, "Picture({}x{})", self.width, self.height),
            channels => write!(
                f,
                "Picture({}x{}, {channels} channels)",
                self.width, self.height
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Picture;
    use crate::PictureError;

    #[test]
    fn bad_values_are_refused_with_their_place() {
        let mut values = vec![0.5; 2 * 3 * 3];
        values[(2 * 2 + 1) * 3] = f32::NAN;
        match Picture::new(2, 3, values) {
            Err(PictureError::Value { x: 1, y: 2, value }) => assert!(value.is_nan()),
            other => panic!("expected the place of the NaN, got {other:?}"),
        }
        let mut values = vec![0.5; 2 * 3 * 5];
        values[(2 * 2 + 1) * 5 + 4] = 1.5;
        assert!(matches!(
            Picture::with_channels(2, 3, 5, values),
            Err(PictureError::Value { x: 1, y: 2, .. })
        ));
        assert!(matches!(
            Picture::new(2, 3, vec![0.0; 17]),
            Err(PictureError::Length {
                expected: 18,
                found: 17,
                ..
            })
        ));
        assert!(matches!(
            Picture::new(0, 3, vec![]),
            Err(PictureError::Empty { .. })
        ));
        assert!(matches!(
            Picture::with_channels(2, 3, 0, vec![]),
            Err(PictureError::NoChannels)
        ));
    }

    #[cfg(feature = "flex")]
    #[test]
    fn a_tensor_holds_the_channels_first() {
        for channels in [1, 3, 4, 7] {
            let count = 5 * 3 * channels;
            let values = (0..count).map(|i| i as f32 / count as f32).collect();
            let picture = Picture::with_channels(5, 3, channels, values).expect("values in 0..1");
            let tensor = picture.to_tensor(&burn::tensor::Device::flex());
            assert_eq!(tensor.dims(), [1, channels, 3, 5]);
            let last = tensor
                .clone()
                .slice([0..1, channels - 1..channels, 1..2, 4..5]);
            assert_eq!(
                last.into_scalar::<f32>(),
                picture.pixel(4, 1)[channels - 1],
                "{channels}"
            );
            assert_eq!(Picture::from_tensor(tensor).expect("a picture"), [picture]);
        }
    }

    #[cfg(feature = "flex")]
    #[test]
    fn only_rounding_is_cut_off() {
        use burn::tensor::{Device, Tensor};
        let image = |value: f32| Tensor::<4>::full([1, 3, 2, 2], value, &Device::flex());
        let pictures = Picture::from_tensor(image(1.000_001)).expect("rounding");
        assert_eq!(pictures[0].pixel(0, 0), [1.0; 3]);
        for bad in [1.1, -0.1, f32::NAN, f32::INFINITY] {
            let refused = Picture::from_tensor(image(bad));
            assert!(matches!(refused, Err(PictureError::Value { .. })), "{bad}");
        }
        let empty = |shape| Picture::from_tensor(Tensor::<4>::zeros(shape, &Device::flex()));
        assert!(matches!(
            empty([1, 3, 0, 2]),
            Err(PictureError::Empty { .. })
        ));
        assert!(matches!(empty([1, 0, 2, 2]), Err(PictureError::NoChannels)));
    }
}
