//! Errors of what a layer of a network does not have.

/// The error of a channel, a position or an image that does not fit a network's layer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayerError {
    /// A channel that the layer does not have.
    #[error(
        "{layer} has no channel {channel}; it has {channels}, from 0 to {}",
        channels.saturating_sub(1)
    )]
    Channel {
        /// Name of the layer.
        layer: String,
        /// The channel that was asked for.
        channel: usize,
        /// Channels of the layer.
        channels: usize,
    },
    /// A position outside the layer's map.
    #[error(
        "position (x {x}, y {y}) lies outside {layer}, which is {width}x{height} for an image as \
         the network sees it (after transforms); x and y count from 0"
    )]
    Position {
        /// Name of the layer.
        layer: String,
        /// Column.
        x: usize,
        /// Row.
        y: usize,
        /// Columns of the layer's map.
        width: usize,
        /// Rows of the layer's map.
        height: usize,
    },
    /// An image that is too small for the layer.
    #[error(
        "an image of {width}x{height}, as the network sees it (after transforms), is too small for \
         {layer}{}", .needed.map(|n| format!(", which needs {n}x{n}")).unwrap_or_default()
    )]
    TooSmall {
        /// Name of the layer.
        layer: String,
        /// Width of the image, after transforms.
        width: usize,
        /// Height of the image, after transforms.
        height: usize,
        /// Side of the smallest square image that is large enough, if known.
        needed: Option<usize>,
    },
    /// An image of another size than the only one that the layer takes.
    #[error(
        "{layer} takes images of {}x{} only, as the network sees them (after transforms), but this \
         one is {width}x{height}; append Resize::new({}, {}) to the transforms, or resize a photograph",
        .only[1], .only[0], .only[1], .only[0]
    )]
    OtherSize {
        /// Name of the layer.
        layer: String,
        /// Width of the image, after transforms.
        width: usize,
        /// Height of the image, after transforms.
        height: usize,
        /// Rows and columns of the images that the layer takes.
        only: [usize; 2],
    },
    /// An image of other channels than the network takes.
    #[error(
        "the network takes images of {expected} channels, but this one has {found} (after \
         transforms)"
    )]
    NetworkChannels {
        /// Channels that the network takes.
        expected: usize,
        /// Channels of the image.
        found: usize,
    },
}

impl LayerError {
    /// Checks that a layer of a name and so many channels has a channel.
    ///
    /// # Errors
    ///
    /// Returns [`LayerError::Channel`] if it does not have it.
    pub fn check_channel(layer: &str, channel: usize, channels: usize) -> Result<(), Self> {
        if channel < channels {
            return Ok(());
        }
        Err(Self::Channel {
            layer: layer.to_owned(),
            channel,
            channels,
        })
    }

    /// Checks that column `x` and row `y` lie in the map of a layer, [height, width].
    ///
    /// # Errors
    ///
    /// Returns [`LayerError::Position`] if they do not.
    pub fn check_position(
        layer: &str,
        [x, y]: [usize; 2],
        [height, width]: [usize; 2],
    ) -> Result<(), Self> {
        if x < width && y < height {
            return Ok(());
        }
        Err(Self::Position {
            layer: layer.to_owned(),
            x,
            y,
            width,
            height,
        })
    }
}
