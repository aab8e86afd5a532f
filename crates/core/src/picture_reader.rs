//! Reading of photographs as people have them: of any size, cut off, damaged.

use std::{
    fs,
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use crate::{Picture, PictureError, jpeg};

/// The pixels of the largest photograph that is read by default: a little more than the largest
/// cameras take. As a [`Picture`] it takes 1.5 GiB.
const MOST_PIXELS: u64 = 1 << 27;

/// The most bytes that a decoder takes for a pixel: four channels of 32 bits.
const BYTES_PER_PIXEL: u64 = 16;

/// The bytes that a decoder may take besides those of the pixels.
const EXTRA_BYTES: u64 = 64 << 20;

/// The settings of reading a picture.
///
/// PNG, JPEG, WebP, GIF (its first frame), BMP and TIFF are recognized by content. The EXIF
/// orientation is applied. An alpha channel that is not asked for is laid over white, as
/// [`Picture::save`] does it.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | [`channels`](Self::channels) | 3 | channels of the picture | 1, 3 or 4 |
/// | [`max_pixels`](Self::max_pixels) | 134,217,728 | pixels of the largest picture | |
///
/// ```no_run
/// use oneiric_core::PictureReader;
///
/// let scan = PictureReader::new().max_pixels(1 << 30).open("scan.tif")?;
/// # Ok::<(), oneiric_core::PictureError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureReader {
    channels: usize,
    max_pixels: u64,
}

impl Default for PictureReader {
    fn default() -> Self {
        Self::new()
    }
}

impl PictureReader {
    /// Creates the default settings.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            channels: 3,
            max_pixels: MOST_PIXELS,
        }
    }

    /// Sets the channels of the picture: 1 (gray), 3 (RGB) or 4 (RGB and alpha).
    #[must_use]
    pub const fn channels(mut self, channels: usize) -> Self {
        self.channels = channels;
        self
    }

    /// Sets the number of pixels above which a picture is refused before it is decoded. Decoding
    /// takes up to 16 bytes a pixel, and a [`Picture`] 4 bytes a value.
    #[must_use]
    pub const fn max_pixels(mut self, pixels: u64) -> Self {
        self.max_pixels = pixels;
        self
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Returns [`PictureError::Channels`] for another number of channels,
    /// [`PictureError::TooLarge`] for a picture of more pixels than are allowed,
    /// [`PictureError::CutOff`] for a JPEG that ends before its end, [`PictureError::Decoder`] if a
    /// decoder breaks, and [`PictureError::Read`] if the file cannot be read otherwise.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Picture, PictureError> {
        Picture::check_channels(self.channels)?;
        let path = path.as_ref();
        // A decoder is given any bytes that there are, and may have a defect that they reveal.
        let decoded = catch_unwind(AssertUnwindSafe(|| self.decode(path)));
        let image = decoded.unwrap_or_else(|panic| {
            let reason = panic.downcast_ref::<String>().cloned();
            let reason = reason.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).into()));
            Err(PictureError::Decoder {
                path: path.to_owned(),
                reason: reason.unwrap_or_default(),
            })
        });
        Picture::from_image(image?, self.channels)
    }

    fn decode(&self, path: &Path) -> Result<DynamicImage, PictureError> {
        let read = |source| PictureError::Read {
            path: path.to_owned(),
            source,
        };
        let bytes = fs::read(path).map_err(|source| read(ImageError::IoError(source)))?;
        let mut reader = ImageReader::new(Cursor::new(&bytes))
            .with_guessed_format()
            .map_err(|source| read(ImageError::IoError(source)))?;
        let format = reader.format();
        // The sides are checked below, where the error can say which they are; this bounds what
        // else a file may have in it, such as a color profile.
        let mut limits = Limits::default();
        let pixels = self.max_pixels.saturating_mul(BYTES_PER_PIXEL);
        limits.max_alloc = Some(pixels.saturating_add(EXTRA_BYTES));
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(read)?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > self.max_pixels {
            return Err(PictureError::TooLarge {
                path: path.to_owned(),
                width,
                height,
                max_pixels: self.max_pixels,
            });
        }
        // The decoder would fill what is missing with gray.
        if format == Some(ImageFormat::Jpeg) && !jpeg::is_whole(&bytes) {
            return Err(PictureError::CutOff {
                path: path.to_owned(),
            });
        }
        let orientation = decoder.orientation().map_err(read)?;
        let mut image = DynamicImage::from_decoder(decoder).map_err(read)?;
        image.apply_orientation(orientation);
        Ok(image)
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Cursor, path::PathBuf};

    use image::{DynamicImage, ImageFormat, RgbImage};

    use super::PictureReader;
    use crate::{Picture, PictureError};

    /// A picture that no format compresses to a few bytes.
    fn noise() -> DynamicImage {
        let mut state = 1_u32;
        let image = RgbImage::from_fn(48, 32, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            image::Rgb([(state >> 24) as u8, (state >> 16) as u8, 7])
        });
        image.into()
    }

    const FORMATS: [ImageFormat; 6] = [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::WebP,
        ImageFormat::Gif,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
    ];

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        noise().write_to(&mut bytes, format).expect("encodable");
        bytes.into_inner()
    }

    fn open(bytes: &[u8]) -> Result<Picture, PictureError> {
        let folder = tempfile::tempdir().expect("a folder");
        // The format is that of the content.
        let path = folder.path().join("picture.png");
        std::fs::write(&path, bytes).expect("writable");
        Picture::open(&path)
    }

    #[test]
    fn formats_are_read_by_content() {
        let whole = Picture::try_from(noise()).expect("a picture");
        for format in FORMATS {
            let found = open(&encoded(format)).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!((found.width(), found.height()), (48, 32), "{format:?}");
            let exact = !matches!(format, ImageFormat::Jpeg | ImageFormat::Gif);
            assert!(!exact || found == whole, "{format:?}");
        }
    }

    #[test]
    fn cut_off_files_are_errors() {
        for format in FORMATS {
            let bytes = encoded(format);
            for length in [bytes.len() / 2, bytes.len() * 9 / 10, 12] {
                let found = open(&bytes[..length]);
                assert!(found.is_err(), "{format:?} of {length} bytes was read");
            }
        }
    }

    #[test]
    fn a_picture_of_too_many_pixels_is_refused_until_the_limit_is_raised() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("picture");
        for format in FORMATS {
            std::fs::write(&path, encoded(format)).expect("writable");
            let refused = PictureReader::new().max_pixels(48 * 32 - 1).open(&path);
            let error = refused.expect_err("too large");
            let PictureError::TooLarge { width, height, .. } = error else {
                panic!("{error}");
            };
            assert_eq!((width, height), (48, 32));
            assert!(error.to_string().contains("1535"), "{error}");
            let read = PictureReader::new().max_pixels(48 * 32).open(&path);
            read.unwrap_or_else(|error| panic!("{error}"));
        }
    }

    #[test]
    fn files_that_failed() {
        let cases = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases");
        if !cases.is_dir() {
            println!("skipped: ../shared is not on this machine");
            return;
        }
        let open = |name: &str| Picture::open(cases.join(name));
        let bomb = open("bomb.png").expect_err("a bomb");
        assert!(
            matches!(
                bomb,
                PictureError::TooLarge {
                    width: 200_000,
                    height: 200_000,
                    ..
                }
            ),
            "{bomb}"
        );
        let cut_off = open("cut_off.jpg").expect_err("half of a photograph");
        assert!(matches!(cut_off, PictureError::CutOff { .. }), "{cut_off}");
        for name in ["big.jpg", "exif6.jpg", "grey16.png", "cmyk.jpg"] {
            open(name).unwrap_or_else(|error| panic!("{error}"));
        }
        // What a viewer with a white page shows: nothing of the red.
        let hidden = open("hidden_red.png").expect("a picture");
        let transparent = PictureReader::new()
            .channels(4)
            .open(cases.join("hidden_red.png"));
        let transparent = transparent.expect("a picture");
        let mut found = 0;
        for y in 0..hidden.height() {
            for x in 0..hidden.width() {
                if transparent.pixel(x, y)[3] == 0.0 {
                    assert_eq!(hidden.pixel(x, y), [1.0; 3]);
                    found += 1;
                }
            }
        }
        assert!(found > 0);
    }
}
