//! Pictures to and from the image crate's.

use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};

use crate::{Picture, PictureError};

const GRAY: usize = 1;
const RGB: usize = 3;
const RGBA: usize = 4;

impl Picture {
    /// Converts an image of any kind to a picture of 1 (gray), 3 (RGB) or 4 (RGB and alpha)
    /// channels: an alpha channel that is not asked for is laid over white, one that is missing is
    /// opaque, gray becomes three equal channels, colors become their luminance (Rec. 709, as the
    /// image crate has it).
    ///
    /// # Errors
    ///
    /// Returns [`PictureError::Channels`] for another number of channels, [`PictureError::Value`]
    /// if the image holds values outside 0..=1.
    pub fn from_image(image: DynamicImage, channels: usize) -> Result<Self, PictureError> {
        let (width, height) = (image.width() as usize, image.height() as usize);
        Self::check_channels(channels)?;
        let values = match (channels, image.color().has_alpha()) {
            (RGB, true) => return Self::from_image(image, RGBA)?.to_rgb(),
            (GRAY, true) => {
                let pixels = image.to_luma_alpha32f().into_raw();
                let (pixels, _) = pixels.as_chunks();
                let over_white = |&[gray, alpha]: &[f32; 2]| gray * alpha + (1.0 - alpha);
                pixels.iter().map(over_white).collect()
            }
            (GRAY, false) => image.to_luma32f().into_raw(),
            (RGBA, _) => image.into_rgba32f().into_raw(),
            _ => image.into_rgb32f().into_raw(),
        };
        Self::with_channels(width, height, channels, values)
    }

    /// Converts the picture to 8 bits a channel, rounded to the nearest: gray, RGB or RGBA.
    ///
    /// # Errors
    ///
    /// Returns [`PictureError::Channels`] for a picture of another number of channels.
    pub fn to_image(&self) -> Result<DynamicImage, PictureError> {
        Self::check_channels(self.channels)?;
        let (width, height) = (self.width as u32, self.height as u32);
        let values = self.values.iter().map(|v| (v * 255.0).round() as u8);
        let values: Vec<u8> = values.collect();
        let image = match self.channels {
            GRAY => GrayImage::from_raw(width, height, values).map(DynamicImage::from),
            RGBA => RgbaImage::from_raw(width, height, values).map(DynamicImage::from),
            _ => RgbImage::from_raw(width, height, values).map(DynamicImage::from),
        };
        Ok(image.expect("a picture has as many values as its size says"))
    }

    /// Converts the picture to RGB: gray becomes three equal channels, alpha is laid over white.
    ///
    /// # Errors
    ///
    /// Returns [`PictureError::Channels`] for a picture of another number of channels than 1, 3 and
    /// 4.
    pub fn to_rgb(&self) -> Result<Self, PictureError> {
        Self::check_channels(self.channels)?;
        let pixels = self.values.chunks_exact(self.channels);
        let values = match self.channels {
            GRAY => pixels.flat_map(|gray| [gray[0]; RGB]).collect(),
            RGBA => {
                let over_white = |p: &[f32]| [0, 1, 2].map(|c| p[c] * p[3] + (1.0 - p[3]));
                pixels.flat_map(over_white).collect()
            }
            _ => self.values.clone(),
        };
        Ok(Self {
            width: self.width,
            height: self.height,
            channels: RGB,
            values,
        })
    }

    /// Checks that pictures of a number of channels can be shown and [`save`](Self::save)d: 1, 3
    /// and 4 can.
    ///
    /// # Errors
    ///
    /// Returns [`PictureError::Channels`] for another number.
    pub const fn check_channels(channels: usize) -> Result<(), PictureError> {
        match channels {
            GRAY | RGB | RGBA => Ok(()),
            _ => Err(PictureError::Channels { channels }),
        }
    }
}

impl TryFrom<DynamicImage> for Picture {
    type Error = PictureError;

    /// Keeps red, green and blue; an alpha channel is laid over white, gray becomes three equal
    /// channels.
    fn try_from(image: DynamicImage) -> Result<Self, PictureError> {
        Self::from_image(image, RGB)
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
    use image::{DynamicImage, GrayImage, Rgba, RgbaImage};

    use crate::{Picture, PictureError};

    #[test]
    fn an_image_is_taken_as_what_it_is_asked_for() {
        let image = || DynamicImage::from(RgbaImage::from_pixel(2, 1, Rgba([255, 0, 51, 102])));
        let picture = |channels| Picture::from_image(image(), channels).expect("an image");
        assert_eq!(picture(4).pixel(1, 0), [1.0, 0.0, 0.2, 0.4]);
        // Two fifths of the color, three fifths of white.
        for (value, expected) in picture(3).pixel(1, 0).iter().zip([1.0, 0.6, 0.68]) {
            assert!((value - expected).abs() < 1e-6, "{value}");
        }
        let [red, blue] = [0.2126, 0.0722];
        let expected = (red + 0.2 * blue) * 0.4 + 0.6;
        assert!((picture(1).pixel(1, 0)[0] - expected).abs() < 1e-4);
        let gray = || DynamicImage::from(GrayImage::from_pixel(2, 1, image::Luma([51])));
        let picture = |channels| Picture::from_image(gray(), channels).expect("an image");
        for (value, expected) in picture(4).pixel(0, 0).iter().zip([0.2, 0.2, 0.2, 1.0]) {
            assert!((value - expected).abs() < 1e-6, "{value}");
        }
        assert_eq!(picture(1).pixel(0, 0), [0.2]);
        assert!(matches!(
            Picture::from_image(gray(), 2),
            Err(PictureError::Channels { channels: 2 })
        ));
    }

    #[test]
    fn the_8_bit_image_has_the_same_channels() {
        for channels in [1, 3, 4] {
            let values: Vec<f32> = (0..6 * channels).map(|i| i as f32 / 255.0).collect();
            let picture = Picture::with_channels(3, 2, channels, values).expect("values in 0..1");
            let image = picture.to_image().expect("it can be shown");
            assert_eq!(usize::from(image.color().channel_count()), channels);
            assert_eq!(
                Picture::from_image(image, channels).expect("an image"),
                picture
            );
        }
        let two = Picture::with_channels(1, 1, 2, vec![0.5; 2]).expect("values in 0..1");
        let refused = two.to_image().expect_err("two channels").to_string();
        assert!(refused.contains("Picture::select"), "{refused}");
    }

    #[test]
    fn rgb_of_gray_and_of_alpha_by_hand() {
        let gray = Picture::with_channels(1, 1, 1, vec![0.3]).expect("gray");
        assert_eq!(gray.to_rgb().expect("gray").pixel(0, 0), [0.3; 3]);
        // A quarter of the color, three quarters of white.
        let glass = Picture::with_channels(1, 1, 4, vec![1.0, 0.0, 0.5, 0.25]).expect("glass");
        assert_eq!(
            glass.to_rgb().expect("glass").pixel(0, 0),
            [1.0, 0.75, 0.875]
        );
    }
}
