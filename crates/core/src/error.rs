//! Errors about pictures and devices.

use std::path::PathBuf;

use crate::Backend;

/// The error of a picture, or of the file that holds it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// The number of values is not width x height x channels.
    #[error(
        "a picture of {width}x{height} pixels has {expected} values ({channels} per pixel), got \
         {found}; pass rows from top to bottom, pixels from left to right, channel after channel"
    )]
    Length {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// Values per pixel.
        channels: usize,
        /// Values a picture of that size has.
        expected: usize,
        /// Values that were given.
        found: usize,
    },
    /// A picture without pixels.
    #[error("a picture of {width}x{height} pixels is empty; both sides must be at least 1")]
    Empty {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// A value that is not a number in 0..=1.
    #[error(
        "pixel (x {x}, y {y}) holds {value}, but values must be finite and in 0..=1; \
         divide 8-bit values by 255"
    )]
    Value {
        /// Column.
        x: usize,
        /// Row.
        y: usize,
        /// The offending value.
        value: f32,
    },
    /// A picture without channels.
    #[error("a picture of 0 channels holds nothing; it needs at least 1 (1 gray, 3 RGB, 4 RGBA)")]
    NoChannels,
    /// A channel that the picture does not have.
    #[error("there is no channel {channel} in a picture of {channels}, counted from 0")]
    NoSuchChannel {
        /// The channel that was asked for.
        channel: usize,
        /// Channels of the picture.
        channels: usize,
    },
    /// A number of channels that no file shows.
    #[error(
        "pictures of {channels} channels cannot be shown or saved, those of 1 (gray), 3 (RGB) and \
         4 (RGB and alpha) can; pick such channels with Picture::select or Picture::channel"
    )]
    Channels {
        /// Channels of the picture.
        channels: usize,
    },
    /// No pictures, or no columns, to set side by side.
    #[error("a sheet needs at least 1 picture in at least 1 column")]
    NoPictures,
    /// Pictures of different sizes or channels on one sheet.
    #[error(
        "picture {index} of the sheet is {}x{} with {} channels, but the first is {}x{} with {}; \
         resize it (Picture::resize) or convert it (Picture::to_rgb, Picture::select)",
        .found[0], .found[1], .found[2], .expected[0], .expected[1], .expected[2]
    )]
    Unequal {
        /// Number of the first picture that differs, from 0.
        index: usize,
        /// Width, height and channels of the first picture.
        expected: [usize; 3],
        /// Width, height and channels of the picture that differs.
        found: [usize; 3],
    },
    /// Values that could not be read back from the device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A file name without the ending of a format that can be written.
    #[error("cannot tell a picture format from {path:?}; end the name in .png, .jpg or .jpeg")]
    Format {
        /// The path as given.
        path: PathBuf,
    },
    /// A path that cannot be written.
    #[error(
        "cannot write a picture to {path:?}: {source}; choose another file, in a folder that exists"
    )]
    NotWritable {
        /// The path as given.
        path: PathBuf,
        /// The reason that the system gives.
        source: std::io::Error,
    },
    /// A file that could not be read.
    #[error(
        "cannot read the picture {path:?} (PNG, JPEG, WebP, GIF, BMP and TIFF are read): {source}"
    )]
    Read {
        /// The path as given.
        path: PathBuf,
        /// The reason that the image crate gives.
        source: image::ImageError,
    },
    /// A file of more pixels than are allowed.
    #[error(
        "the picture {path:?} has {width}x{height} pixels, but at most {max_pixels} are read; if \
         it really is that large, raise the limit with PictureReader::max_pixels"
    )]
    TooLarge {
        /// The path as given.
        path: PathBuf,
        /// Width in pixels, as the file says.
        width: u32,
        /// Height in pixels, as the file says.
        height: u32,
        /// The limit.
        max_pixels: u64,
    },
    /// A JPEG file that ends too early.
    #[error("the picture {path:?} is cut off; copy or download it again")]
    CutOff {
        /// The path as given.
        path: PathBuf,
    },
    /// A decoder that broke.
    #[error(
        "the decoder of the picture {path:?} broke: {reason}; the file is likely damaged: convert \
         it with another program"
    )]
    Decoder {
        /// The path as given.
        path: PathBuf,
        /// The message of the decoder.
        reason: String,
    },
    /// A file that could not be written.
    #[error("cannot write the picture {path:?}: {source}")]
    Write {
        /// The path as given.
        path: PathBuf,
        /// The reason that the image crate gives.
        source: image::ImageError,
    },
}

/// The error of a device.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The backend exists but was not compiled in.
    #[error(
        "the {backend} backend is not compiled in; add the cargo feature \"{backend}\" \
         (compiled in: {})", list(.compiled)
    )]
    NotCompiled {
        /// The backend that was asked for.
        backend: Backend,
        /// The backends that are there.
        compiled: Vec<Backend>,
    },
    /// A name that is no backend's.
    #[error("there is no backend {name:?}; the names are flex, ndarray and wgpu")]
    UnknownName {
        /// The name as given.
        name: String,
    },
    /// No backend at all was compiled in.
    #[error("no backend is compiled in; enable one of the cargo features flex, ndarray, wgpu")]
    NoBackend,
    /// The device belongs to a burn backend that oneiric was not built for.
    #[error(
        "the device {device} belongs to a burn backend that oneiric was not built for \
         (built for: {}); use a device of flex, ndarray or wgpu with oneiric's cargo feature of \
         that name", list(.compiled)
    )]
    Foreign {
        /// The device as burn prints it.
        device: String,
        /// The backends that are there.
        compiled: Vec<Backend>,
    },
    /// wgpu found no adapter.
    #[error(
        "wgpu found no usable GPU: {reason}; install a driver (on Debian without a GPU, the \
         package mesa-vulkan-drivers brings a software one) or use the flex backend"
    )]
    NoGpu {
        /// The message of wgpu.
        reason: String,
    },
    /// A device that computes in another precision.
    #[error("the device {device} is configured for {precision}, but oneiric computes in f32")]
    Precision {
        /// The device as burn prints it.
        device: String,
        /// Its default for floats.
        precision: String,
    },
    /// Values that could not be read back from the device.
    #[error("could not read values back from the device: {reason}")]
    Readback {
        /// The message of burn.
        reason: String,
    },
}

fn list(backends: &[Backend]) -> String {
    if backends.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<&str> = backends.iter().map(|backend| backend.name()).collect();
    names.join(", ")
}
