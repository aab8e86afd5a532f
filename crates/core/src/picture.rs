//! An RGB picture on the host.

use std::fmt;

use burn::tensor::{Device, Tensor, TensorData};
use image::{DynamicImage, Rgb32FImage, RgbImage, imageops::FilterType};

use crate::{PictureError, read};

/// Values this little outside 0..=1 are rounding, and are cut off.
const ROUNDING: f32 = 1e-3;

/// An RGB picture: `height` rows of `width` pixels, values in 0..=1 as sRGB files hold them
/// (divided by 255, no gamma applied).
#[derive(Clone, PartialEq)]
pub struct Picture {
    width: usize,
    height: usize,
    /// Row by row, red green blue interleaved.
    values: Vec<f32>,
}

impl Picture {
    /// A picture from its values: rows from the top, pixels from the left, red green blue.
    ///
    /// # Errors
    ///
    /// When a side is 0, the number of values is not `width * height * 3`, or a value is not
    /// finite and in 0..=1.
    pub fn new(width: usize, height: usize, values: Vec<f32>) -> Result<Self, PictureError> {
        if width == 0 || height == 0 {
            return Err(PictureError::Empty { width, height });
        }
        let expected = width.saturating_mul(height).saturating_mul(3);
        if values.len() != expected {
            return Err(PictureError::Length {
                width,
                height,
                expected,
                found: values.len(),
            });
        }
        if let Some(bad) = values.iter().position(|v| !(0.0..=1.0).contains(v)) {
            return Err(PictureError::Value {
                x: bad / 3 % width,
                y: bad / 3 / width,
                value: values[bad],
            });
        }
        Ok(Self {
            width,
            height,
            values,
        })
    }

    /// The pictures of a batch of images, a tensor [n, 3, height, width] of values in 0..=1 (what
    /// rounding put a little outside is cut off).
    ///
    /// # Errors
    ///
    /// When the tensor has another shape or is empty, or holds values that are not finite and in
    /// 0..=1.
    pub fn from_tensor(images: Tensor<4>) -> Result<Vec<Self>, PictureError> {
        let [n, channels, height, width] = images.dims();
        if channels != 3 {
            return Err(PictureError::TensorShape {
                found: [n, channels, height, width],
            });
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
            .chunks(width * height * 3)
            .map(|picture| Self::new(width, height, picture.to_vec()))
            .collect()
    }

    /// The picture as a tensor [1, 3, height, width] of values in 0..=1.
    #[must_use]
    pub fn to_tensor(&self, device: &Device) -> Tensor<4> {
        let data = TensorData::new(self.values.clone(), [1, self.height, self.width, 3]);
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

    /// All values: rows from the top, pixels from the left, red green blue.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Red, green and blue of the pixel in column `x` and row `y`.
    ///
    /// # Panics
    ///
    /// When the pixel lies outside.
    #[must_use]
    pub fn pixel(&self, x: usize, y: usize) -> [f32; 3] {
        assert!(
            x < self.width && y < self.height,
            "pixel (x {x}, y {y}) lies outside a picture of {}x{}",
            self.width,
            self.height
        );
        let start = (y * self.width + x) * 3;
        [0, 1, 2].map(|channel| self.values[start + channel])
    }

    /// The picture scaled to another size with a triangle filter (which averages when it
    /// shrinks).
    ///
    /// # Errors
    ///
    /// [`PictureError::Empty`] when a side is 0.
    pub fn resize(&self, width: usize, height: usize) -> Result<Self, PictureError> {
        let (new_width, new_height) = match (u32::try_from(width), u32::try_from(height)) {
            (Ok(w), Ok(h)) if w > 0 && h > 0 => (w, h),
            _ => return Err(PictureError::Empty { width, height }),
        };
        let image = Rgb32FImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            image::Rgb(self.pixel(x as usize, y as usize))
        });
        let resized = image::imageops::resize(&image, new_width, new_height, FilterType::Triangle);
        let values = resized.into_raw();
        Self::new(
            width,
            height,
            values.into_iter().map(|v| v.clamp(0.0, 1.0)).collect(),
        )
    }

    /// The centre of the picture, at most `width` by `height`.
    #[must_use]
    pub fn crop_centre(&self, width: usize, height: usize) -> Self {
        let (width, height) = (width.clamp(1, self.width), height.clamp(1, self.height));
        let (left, top) = ((self.width - width) / 2, (self.height - height) / 2);
        let values = (0..height)
            .flat_map(|y| {
                let start = ((top + y) * self.width + left) * 3;
                self.values[start..start + width * 3].iter().copied()
            })
            .collect();
        Self {
            width,
            height,
            values,
        }
    }

    /// Several pictures of one size on one sheet, row by row, as square as it gets, with a white
    /// line of 2 pixels between them. `None` when there are none or their sizes differ.
    #[must_use]
    pub fn sheet(pictures: &[Self]) -> Option<Self> {
        let columns = (1..=pictures.len()).find(|c| c * c >= pictures.len())?;
        Self::grid(pictures, columns)
    }

    /// [`sheet`](Self::sheet) with so many pictures in a row. `None` also for no columns.
    #[must_use]
    pub fn grid(pictures: &[Self], columns: usize) -> Option<Self> {
        const GAP: usize = 2;
        let first = pictures.first()?;
        let (width, height) = (first.width, first.height);
        let same = |p: &Self| (p.width, p.height) == (width, height);
        if columns == 0 || !pictures.iter().all(same) {
            return None;
        }
        let rows = pictures.len().div_ceil(columns);
        let sheet_width = columns * (width + GAP) - GAP;
        let sheet_height = rows * (height + GAP) - GAP;
        let mut values = vec![1.0; sheet_width * sheet_height * 3];
        for (index, picture) in pictures.iter().enumerate() {
            let (left, top) = (
                index % columns * (width + GAP),
                index / columns * (height + GAP),
            );
            for (y, row) in picture.values.chunks(width * 3).enumerate() {
                let start = ((top + y) * sheet_width + left) * 3;
                values[start..start + row.len()].copy_from_slice(row);
            }
        }
        Some(Self {
            width: sheet_width,
            height: sheet_height,
            values,
        })
    }

    /// The picture with 8 bits a channel, rounded to the nearest.
    #[must_use]
    pub fn to_rgb8(&self) -> RgbImage {
        RgbImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            let pixel = self.pixel(x as usize, y as usize);
            image::Rgb(pixel.map(|v| (v * 255.0).round() as u8))
        })
    }
}

/// The size alone: nobody reads a picture as numbers.
impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}x{})", self.width, self.height)
    }
}

impl TryFrom<DynamicImage> for Picture {
    type Error = PictureError;

    /// Keeps red, green and blue; an alpha channel is dropped, grey becomes three equal channels.
    fn try_from(image: DynamicImage) -> Result<Self, PictureError> {
        let image = image.into_rgb32f();
        let (width, height) = (image.width() as usize, image.height() as usize);
        Self::new(width, height, image.into_raw())
    }
}

impl TryFrom<RgbImage> for Picture {
    type Error = PictureError;

    fn try_from(image: RgbImage) -> Result<Self, PictureError> {
        DynamicImage::ImageRgb8(image).try_into()
    }
}

#[cfg(test)]
mod tests {
    use super::Picture;
    use crate::PictureError;

    fn ramp(width: usize, height: usize) -> Picture {
        let count = width * height * 3;
        let values = (0..count).map(|i| i as f32 / count as f32).collect();
        Picture::new(width, height, values).expect("values in 0..1")
    }

    #[test]
    fn bad_values_are_refused_with_their_place() {
        let mut values = vec![0.5; 2 * 3 * 3];
        values[(2 * 2 + 1) * 3] = f32::NAN;
        match Picture::new(2, 3, values) {
            Err(PictureError::Value { x: 1, y: 2, value }) => assert!(value.is_nan()),
            other => panic!("expected the place of the NaN, got {other:?}"),
        }
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
    }

    #[cfg(feature = "flex")]
    #[test]
    fn a_tensor_holds_the_channels_first() {
        let picture = ramp(5, 3);
        let tensor = picture.to_tensor(&burn::tensor::Device::flex());
        assert_eq!(tensor.dims(), [1, 3, 3, 5]);
        let blue: f32 = tensor.clone().slice([0..1, 2..3, 1..2, 4..5]).into_scalar();
        assert_eq!(blue, picture.pixel(4, 1)[2]);
        assert_eq!(Picture::from_tensor(tensor).expect("a picture"), [picture]);
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
        let empty = Tensor::<4>::zeros([1, 3, 0, 2], &Device::flex());
        assert!(matches!(
            Picture::from_tensor(empty),
            Err(PictureError::Empty { .. })
        ));
    }

    #[test]
    fn a_sheet_sets_pictures_side_by_side() {
        let picture = ramp(4, 3);
        let sheet = Picture::sheet(&vec![picture.clone(); 3]).expect("one size");
        assert_eq!((sheet.width(), sheet.height()), (10, 8));
        assert_eq!(sheet.pixel(6, 0), picture.pixel(0, 0));
        assert_eq!(sheet.pixel(1, 6), picture.pixel(1, 1));
        assert_eq!(sheet.pixel(4, 0), [1.0; 3]);
        assert_eq!(sheet.pixel(9, 7), [1.0; 3]);
        assert!(Picture::sheet(&[ramp(2, 2), ramp(3, 2)]).is_none());
    }

    #[test]
    fn the_centre_is_cut_out_exactly() {
        let picture = ramp(7, 5);
        let centre = picture.crop_centre(3, 3);
        assert_eq!(centre.pixel(0, 0), picture.pixel(2, 1));
        assert_eq!(centre.pixel(2, 2), picture.pixel(4, 3));
        assert_eq!(picture.crop_centre(99, 99), picture);
    }
}
