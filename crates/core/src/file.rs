//! Pictures in files.

use std::{
    io::{self, Cursor},
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat};

use crate::{Picture, PictureError};

impl Picture {
    /// Reads a PNG or JPEG file as RGB, upright: a camera's note of how it was held is heeded. An
    /// alpha channel is dropped.
    ///
    /// # Errors
    ///
    /// [`PictureError::Read`] when the file is not there or is no such picture.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, PictureError> {
        Self::open_with_channels(path, 3)
    }

    /// [`open`](Self::open) with 1 (grey), 3 (RGB) or 4 (RGB and alpha) channels, whatever the
    /// file has: see [`from_image`](Self::from_image).
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`PictureError::Channels`] for another number.
    pub fn open_with_channels(
        path: impl AsRef<Path>,
        channels: usize,
    ) -> Result<Self, PictureError> {
        Self::check_channels(channels)?;
        let path = path.as_ref();
        let read = |source| PictureError::Read {
            path: path.to_owned(),
            source,
        };
        let mut decoder = image::ImageReader::open(path)
            .and_then(image::ImageReader::with_guessed_format)
            .map_err(ImageError::IoError)
            .and_then(image::ImageReader::into_decoder)
            .map_err(read)?;
        let orientation = decoder.orientation().map_err(read)?;
        let mut image = DynamicImage::from_decoder(decoder).map_err(read)?;
        image.apply_orientation(orientation);
        Self::from_image(image, channels)
    }

    /// Writes the picture as PNG or JPEG, by the ending of the name: whole or not at all, so that
    /// a full disk neither leaves half a picture nor spoils one that was there.
    ///
    /// Grey stays grey and alpha stays in a PNG; JPEG has no alpha, so there the picture lies over
    /// white.
    ///
    /// # Errors
    ///
    /// When the ending is another one, the picture has a number of channels that files do not hold
    /// ([`check_channels`](Self::check_channels)), or the file cannot be written. The picture is
    /// borrowed, so it can be saved elsewhere.
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
        let target = target(path).map_err(|source| write(ImageError::IoError(source)))?;
        let partial = partial(&target);
        let written = std::fs::write(&partial, encoded.into_inner())
            .and_then(|()| std::fs::rename(&partial, target));
        written.map_err(|source| {
            // Best effort: the error that matters is the first one.
            let _ = std::fs::remove_file(&partial);
            write(ImageError::IoError(source))
        })
    }

    /// Checks that [`save`](Self::save) would be able to write to this path, without leaving a
    /// file behind or touching one that is there: long runs check before they start, and with
    /// [`check_channels`](Self::check_channels) what they are to write.
    ///
    /// # Errors
    ///
    /// Those that [`save`](Self::save) would give for the path.
    pub fn check_writable(path: impl AsRef<Path>) -> Result<(), PictureError> {
        let path = path.as_ref();
        Self::format_of(path)?;
        let not_writable = |source| PictureError::NotWritable {
            path: path.to_owned(),
            source,
        };
        let partial = partial(&target(path).map_err(not_writable)?);
        std::fs::write(&partial, []).map_err(not_writable)?;
        std::fs::remove_file(&partial).map_err(not_writable)
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

/// The file that a path names: behind links, and neither a folder nor protected.
fn target(path: &Path) -> io::Result<PathBuf> {
    let Ok(target) = path.canonicalize() else {
        return Ok(path.to_owned());
    };
    let metadata = target.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if metadata.permissions().readonly() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(target)
}

/// Where a picture is written before it takes its name: beside it, under a name that no other run
/// has.
fn partial(target: &Path) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    target.with_file_name(format!(".oneiric-{}-{count}.partial", std::process::id()))
}

#[cfg(test)]
mod tests {
    use crate::{Picture, PictureError};

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
    fn files_keep_grey_and_alpha() {
        let folder = tempfile::tempdir().expect("a folder");
        for channels in [1, 4] {
            let path = folder.path().join(format!("{channels}.png"));
            let values: Vec<f32> = (0..256).map(|i| i as f32 / 255.0).collect();
            let picture = Picture::with_channels(16, 16 / channels, channels, values);
            let picture = picture.expect("values in 0..1");
            picture.save(&path).expect("a writable folder");
            let color = image::open(&path).expect("just written").color();
            assert_eq!(usize::from(color.channel_count()), channels);
            let read = Picture::open_with_channels(&path, channels);
            assert_eq!(read.expect("just written"), picture);
        }
    }

    #[test]
    fn jpeg_keeps_grey_and_lays_alpha_over_white() {
        let folder = tempfile::tempdir().expect("a folder");
        let saved = |name: &str, channels: usize, pixel: &[f32]| {
            let path = folder.path().join(name);
            let picture = Picture::with_channels(8, 8, channels, pixel.repeat(64));
            let picture = picture.expect("values in 0..1");
            picture.save(&path).expect("a writable folder");
            image::open(&path).expect("just written")
        };
        assert_eq!(saved("grey.jpg", 1, &[0.5]).color().channel_count(), 1);
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

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_protected_files_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (
            folder.path().join("real.png"),
            folder.path().join("link.png"),
        );
        std::fs::write(&real, b"old").expect("writable");
        std::os::unix::fs::symlink(&real, &link).expect("a link");
        ramp(3, 2).save(&link).expect("writable");
        assert!(link.is_symlink());
        assert_eq!(
            Picture::open(&real)
                .expect("written through the link")
                .width(),
            3
        );

        let mut permissions = real.metadata().expect("there").permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(&real, permissions).expect("ours");
        assert!(matches!(
            Picture::check_writable(&link),
            Err(PictureError::NotWritable { .. })
        ));
        assert!(ramp(4, 2).save(&real).is_err());
        assert_eq!(Picture::open(&real).expect("unchanged").width(), 3);
    }
}
