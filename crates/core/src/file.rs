//! Reading and writing pictures.

use std::{
    io::{Cursor, Write},
    path::Path,
};

use image::{ImageError, ImageFormat};
use oneiric_support::{check_writable, write_atomically};

use crate::{Picture, PictureError, PictureReader};

impl Picture {
    /// Reads a photograph as RGB by the default settings of [`PictureReader`]: PNG, JPEG, WebP, GIF,
    /// BMP or TIFF, with the EXIF orientation applied and an alpha channel laid over white.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`PictureReader::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, PictureError> {
        PictureReader::new().open(path)
    }

    /// Writes the picture as PNG or JPEG, by the extension of the name. The file is written with
    /// [`write_atomically`]: a full disk neither leaves half a picture nor spoils one that was
    /// there, and the file is on the disk when this returns.
    ///
    /// A gray picture stays gray, and a PNG keeps the alpha channel; a JPEG has none, so there the
    /// picture is composed over white.
    ///
    /// # Errors
    ///
    /// Returns [`PictureError`] if the extension is another one, if files do not hold this number
    /// of channels ([`check_channels`](Self::check_channels)), or if the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PictureError> {
        let path = path.as_ref();
        let format = Self::format_of(path)?;
        let write = |source| PictureError::Write {
            path: path.to_owned(),
            source,
        };
        let mut encoded = Cursor::new(Vec::new());
        let image = match (format, self.channels) {
            (ImageFormat::Jpeg, 4) => self.to_rgb()?.to_image()?,
            _ => self.to_image()?,
        };
        image.write_to(&mut encoded, format).map_err(write)?;
        write_atomically(path, |file| file.write_all(encoded.get_ref()))
            .map_err(|source| write(ImageError::IoError(source)))
    }

    /// Checks that [`save`](Self::save) would be able to write to this path, without leaving a
    /// file behind or touching one that is there. Long runs check the path before they start, and
    /// the picture with [`check_channels`](Self::check_channels).
    ///
    /// # Errors
    ///
    /// Returns the errors that [`save`](Self::save) would give for the path.
    pub fn check_writable(path: impl AsRef<Path>) -> Result<(), PictureError> {
        let path = path.as_ref();
        Self::format_of(path)?;
        check_writable(path).map_err(|source| PictureError::NotWritable {
            path: path.to_owned(),
            source,
        })
    }

    fn format_of(path: &Path) -> Result<ImageFormat, PictureError> {
        match ImageFormat::from_path(path) {
            Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) => Ok(format),
            _ => Err(PictureError::Format {
                path: path.to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Picture, PictureError, PictureReader};

    fn ramp(width: usize, height: usize) -> Picture {
        let count = width * height * 3;
        let values = (0..count).map(|i| i as f32 / count as f32).collect();
        Picture::new(width, height, values).expect("values in 0..1")
    }

    #[test]
    fn png_keeps_every_8_bit_value() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ramp.png");
        let values: Vec<f32> = (0..256 * 3).map(|i| (i / 3) as f32 / 255.0).collect();
        let picture = Picture::new(16, 16, values).expect("values in 0..1");
        picture.save(&path).expect("a writable folder");
        assert_eq!(Picture::open(&path).expect("just written"), picture);
    }

    #[test]
    fn files_keep_gray_and_alpha() {
        let folder = tempfile::tempdir().expect("a folder");
        for channels in [1, 4] {
            let path = folder.path().join(format!("{channels}.png"));
            let values: Vec<f32> = (0..256).map(|i| i as f32 / 255.0).collect();
            let picture = Picture::with_channels(16, 16 / channels, channels, values);
            let picture = picture.expect("values in 0..1");
            picture.save(&path).expect("a writable folder");
            let color = image::open(&path).expect("just written").color();
            assert_eq!(usize::from(color.channel_count()), channels);
            let read = PictureReader::new().channels(channels).open(&path);
            assert_eq!(read.expect("just written"), picture);
        }
    }

    #[test]
    fn jpeg_keeps_gray_and_lays_alpha_over_white() {
        let folder = tempfile::tempdir().expect("a folder");
        let saved = |name: &str, channels: usize, pixel: &[f32]| {
            let path = folder.path().join(name);
            let picture = Picture::with_channels(8, 8, channels, pixel.repeat(64));
            let picture = picture.expect("values in 0..1");
            picture.save(&path).expect("a writable folder");
            image::open(&path).expect("just written")
        };
        assert_eq!(saved("gray.jpg", 1, &[0.5]).color().channel_count(), 1);
        // Half of black over white.
        let glass = Picture::try_from(saved("glass.jpg", 4, &[0.0, 0.0, 0.0, 0.5]));
        for value in glass.expect("an image").pixel(3, 3) {
            assert!((value - 0.5).abs() < 0.01, "{value}");
        }
    }

    #[test]
    fn channels_that_no_file_holds_are_refused_and_leave_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("many.png");
        let many = Picture::with_channels(2, 2, 5, vec![0.5; 20]).expect("values in 0..1");
        assert!(matches!(
            many.save(&path),
            Err(PictureError::Channels { channels: 5 })
        ));
        assert!(!path.exists());
        many.select(&[3, 4, 0])
            .expect("there")
            .save(&path)
            .expect("three can be saved");
    }

    #[test]
    fn an_unwritable_path_is_told_before_the_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = folder.path().join("missing").join("a.png");
        assert!(matches!(
            Picture::check_writable(&missing),
            Err(PictureError::NotWritable { .. })
        ));
        assert!(matches!(
            Picture::check_writable(folder.path().join("a.tga")),
            Err(PictureError::Format { .. })
        ));
        let fine = folder.path().join("a.png");
        Picture::check_writable(&fine).expect("writable");
        assert!(!fine.exists(), "the check leaves nothing behind");
        std::fs::write(&fine, b"kept").expect("writable");
        Picture::check_writable(&fine).expect("writable");
        assert_eq!(std::fs::read(&fine).expect("still there"), b"kept");
    }

    #[test]
    fn a_picture_replaces_another_whole_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.png");
        std::fs::write(&path, b"old").expect("writable");
        ramp(3, 2).save(&path).expect("writable");
        assert_eq!(Picture::open(&path).expect("new").width(), 3);
        assert_eq!(std::fs::read_dir(folder.path()).expect("there").count(), 1);
        let directory = folder.path().join("b.png");
        std::fs::create_dir(&directory).expect("writable");
        assert!(matches!(
            Picture::check_writable(&directory),
            Err(PictureError::NotWritable { .. })
        ));
        assert!(ramp(3, 2).save(&directory).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).expect("there").count(), 2);
    }
}
