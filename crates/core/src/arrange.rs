//! Pictures made of other pictures: channels picked out, scaled, cropped, set side by side.

use image::{ImageBuffer, Luma, imageops::FilterType};

use crate::{Picture, PictureError};

/// Pixels between the pictures of a sheet.
const GAP: usize = 2;

/// Channels of a picture whose last one is alpha.
const RGBA: usize = 4;

impl Picture {
    /// Selects channels, counted from 0, in the given order.
    ///
    /// ```
    /// use oneiric_core::Picture;
    ///
    /// let many = Picture::with_channels(1, 1, 5, vec![0.0, 0.1, 0.2, 0.3, 0.4])?;
    /// assert_eq!(many.select(&[4, 2, 2])?.pixel(0, 0), [0.4, 0.2, 0.2]);
    /// # Ok::<(), oneiric_core::PictureError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`PictureError::NoSuchChannel`] for a channel that the picture does not have,
    /// [`PictureError::NoChannels`] for none at all.
    pub fn select(&self, channels: &[usize]) -> Result<Self, PictureError> {
        if let Some(&channel) = channels.iter().find(|&&c| c >= self.channels) {
            return Err(PictureError::NoSuchChannel {
                channel,
                channels: self.channels,
            });
        }
        let pixels = self.values.chunks_exact(self.channels);
        let values = pixels.flat_map(|pixel| channels.iter().map(|&c| pixel[c]));
        Self::with_channels(self.width, self.height, channels.len(), values.collect())
    }

    /// Selects one channel, counted from 0, as a gray picture.
    ///
    /// # Errors
    ///
    /// Returns [`PictureError::NoSuchChannel`] for a channel that the picture does not have.
    pub fn channel(&self, channel: usize) -> Result<Self, PictureError> {
        self.select(&[channel])
    }

    /// Scales the picture to another size with a triangle filter, which averages when it shrinks.
    /// Beside an alpha channel, colors are weighted by alpha.
    ///
    /// # Errors
    ///
    /// Returns [`PictureError::Empty`] if a side is 0.
    pub fn resize(&self, width: usize, height: usize) -> Result<Self, PictureError> {
        let (new_width, new_height) = match (u32::try_from(width), u32::try_from(height)) {
            (Ok(w), Ok(h)) if w > 0 && h > 0 => (w, h),
            _ => return Err(PictureError::Empty { width, height }),
        };
        // Each channel is a picture of its own.
        let resized = |value: &dyn Fn(&[f32]) -> f32| -> Vec<f32> {
            let plane = ImageBuffer::from_fn(self.width as u32, self.height as u32, |x, y| {
                Luma([value(self.pixel(x as usize, y as usize))])
            });
            image::imageops::resize(&plane, new_width, new_height, FilterType::Triangle).into_raw()
        };
        let mut planes: Vec<Vec<f32>> = (0..self.channels)
            .map(|channel| resized(&|pixel| pixel[channel]))
            .collect();
        if self.channels == RGBA {
            let alpha = planes[RGBA - 1].clone();
            for (channel, plane) in planes[..RGBA - 1].iter_mut().enumerate() {
                let opaque = resized(&|pixel| pixel[channel] * pixel[RGBA - 1]);
                for ((value, opaque), alpha) in plane.iter_mut().zip(opaque).zip(&alpha) {
                    // Where alpha is 0, the colors stay as they are.
                    if *alpha > f32::EPSILON {
                        *value = opaque / alpha;
                    }
                }
            }
        }
        let pixels = 0..width * height;
        let values =
            pixels.flat_map(|at| planes.iter().map(move |plane| plane[at].clamp(0.0, 1.0)));
        Self::with_channels(width, height, self.channels, values.collect())
    }

    /// Crops the picture around its center to at most `width` by `height`.
    #[must_use]
    pub fn crop_center(&self, width: usize, height: usize) -> Self {
        let (width, height) = (width.clamp(1, self.width), height.clamp(1, self.height));
        let (left, top) = ((self.width - width) / 2, (self.height - height) / 2);
        let values = (0..height)
            .flat_map(|y| {
                let start = ((top + y) * self.width + left) * self.channels;
                self.values[start..start + width * self.channels]
                    .iter()
                    .copied()
            })
            .collect();
        Self {
            width,
            height,
            channels: self.channels,
            values,
        }
    }

    /// Sets several pictures of one size side by side on one sheet, row by row, as square as it
    /// gets, with a white line of 2 pixels between them.
    ///
    /// # Errors
    ///
    /// Returns [`PictureError::NoPictures`] if there are none, and [`PictureError::Unequal`] if
    /// their sizes or channels differ.
    pub fn sheet(pictures: &[Self]) -> Result<Self, PictureError> {
        let columns = (1..=pictures.len()).find(|c| c * c >= pictures.len());
        Self::grid(pictures, columns.ok_or(PictureError::NoPictures)?)
    }

    /// Makes a [`sheet`](Self::sheet) with a number of pictures in a row.
    ///
    /// # Errors
    ///
    /// Returns [`PictureError::NoPictures`] if there are none or the number of columns is 0, and
    /// [`PictureError::Unequal`] if their sizes or channels differ.
    pub fn grid(pictures: &[Self], columns: usize) -> Result<Self, PictureError> {
        let first = pictures.first().ok_or(PictureError::NoPictures)?;
        if columns == 0 {
            return Err(PictureError::NoPictures);
        }
        let (width, height, channels) = (first.width, first.height, first.channels);
        let shape = |picture: &Self| [picture.width, picture.height, picture.channels];
        let expected = shape(first);
        if let Some(index) = pictures.iter().position(|p| shape(p) != expected) {
            return Err(PictureError::Unequal {
                index,
                expected,
                found: shape(&pictures[index]),
            });
        }
        let rows = pictures.len().div_ceil(columns);
        let sheet_width = columns * (width + GAP) - GAP;
        let sheet_height = rows * (height + GAP) - GAP;
        let mut values = vec![1.0; sheet_width * sheet_height * channels];
        for (index, picture) in pictures.iter().enumerate() {
            let (left, top) = (
                index % columns * (width + GAP),
                index / columns * (height + GAP),
            );
            for (y, row) in picture.values.chunks(width * channels).enumerate() {
                let start = ((top + y) * sheet_width + left) * channels;
                values[start..start + row.len()].copy_from_slice(row);
            }
        }
        Ok(Self {
            width: sheet_width,
            height: sheet_height,
            channels,
            values,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{Picture, PictureError};

    fn ramp(width: usize, height: usize, channels: usize) -> Picture {
        let count = width * height * channels;
        let values = (0..count).map(|i| i as f32 / count as f32).collect();
        Picture::with_channels(width, height, channels, values).expect("values in 0..1")
    }

    #[test]
    fn a_sheet_sets_pictures_side_by_side() {
        for channels in [1, 3, 4, 6] {
            let picture = ramp(4, 3, channels);
            let sheet = Picture::sheet(&vec![picture.clone(); 3]).expect("one size");
            assert_eq!((sheet.width(), sheet.height()), (10, 8));
            assert_eq!(sheet.channels(), channels);
            assert_eq!(sheet.pixel(6, 0), picture.pixel(0, 0));
            assert_eq!(sheet.pixel(1, 6), picture.pixel(1, 1));
            assert_eq!(sheet.pixel(4, 0), vec![1.0; channels]);
            assert_eq!(sheet.pixel(9, 7), vec![1.0; channels]);
        }
    }

    #[test]
    fn a_sheet_of_nothing_or_of_several_sizes_is_refused() {
        let unequal = |pictures: &[Picture]| match Picture::sheet(pictures) {
            Err(PictureError::Unequal { index, found, .. }) => (index, found),
            other => panic!("{other:?}"),
        };
        let [small, wide, gray] = [ramp(2, 2, 3), ramp(3, 2, 3), ramp(2, 2, 1)];
        assert_eq!(unequal(&[small.clone(), wide]), (1, [3, 2, 3]));
        let three = [small.clone(), small.clone(), gray];
        assert_eq!(unequal(&three), (2, [2, 2, 1]));
        for nothing in [Picture::sheet(&[]), Picture::grid(&[small], 0)] {
            assert!(matches!(nothing, Err(PictureError::NoPictures)));
        }
    }

    #[test]
    fn the_center_is_cut_out_exactly() {
        for channels in [1, 3, 4] {
            let picture = ramp(7, 5, channels);
            let center = picture.crop_center(3, 3);
            assert_eq!(center.pixel(0, 0), picture.pixel(2, 1));
            assert_eq!(center.pixel(2, 2), picture.pixel(4, 3));
            assert_eq!(picture.crop_center(99, 99), picture);
        }
    }

    #[test]
    fn channels_are_picked_by_number() {
        let picture = ramp(3, 2, 5);
        let picked = picture.select(&[4, 0, 4]).expect("there");
        let [first, last] = [picture.pixel(2, 1)[0], picture.pixel(2, 1)[4]];
        assert_eq!(picked.pixel(2, 1), [last, first, last]);
        assert_eq!(picture.channel(0).expect("there").pixel(2, 1), [first]);
        assert!(matches!(
            picture.channel(5),
            Err(PictureError::NoSuchChannel {
                channel: 5,
                channels: 5
            })
        ));
        assert!(matches!(picture.select(&[]), Err(PictureError::NoChannels)));
    }

    #[test]
    fn every_channel_is_scaled_alike() {
        // Of a ramp along x, halving averages pairs in the middle.
        let picture = ramp(8, 4, 2);
        let half = picture.resize(4, 2).expect("a size");
        assert_eq!((half.width(), half.height(), half.channels()), (4, 2, 2));
        for channel in 0..2 {
            let alone = picture.channel(channel).expect("there");
            let alone = alone.resize(4, 2).expect("a size");
            assert_eq!(half.channel(channel).expect("there"), alone);
        }
        assert!(matches!(
            picture.resize(0, 2),
            Err(PictureError::Empty { .. })
        ));
    }

    #[test]
    fn what_is_transparent_lends_no_color_when_scaled() {
        // Opaque red beside transparent green: the seam stays red.
        let mut values = [1.0, 0.0, 0.0, 1.0].repeat(2);
        values.extend([0.0, 1.0, 0.0, 0.0].repeat(2));
        let picture = Picture::with_channels(4, 1, 4, values).expect("values in 0..1");
        let seam = picture.resize(1, 1).expect("a size");
        let [red, green, blue, alpha] = *seam.pixel(0, 0) else {
            panic!("four channels");
        };
        assert!((red - 1.0).abs() < 1e-6 && green.abs() < 1e-6 && blue == 0.0);
        assert!((alpha - 0.5).abs() < 1e-6);
    }
}
