//! Layers.

use std::fmt;

/// The number of a layer: its place in [`NetworkInfo::layers`](crate::NetworkInfo::layers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LayerId(pub(crate) usize);

impl LayerId {
    /// The layer at that place in [`NetworkInfo::layers`](crate::NetworkInfo::layers).
    #[must_use]
    pub const fn new(index: usize) -> Self {
        Self(index)
    }

    /// The place in [`NetworkInfo::layers`](crate::NetworkInfo::layers).
    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }
}

/// A tensor of a network that can be read by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    name: String,
    aliases: Vec<String>,
    channels: usize,
}

impl Layer {
    /// Creates a layer. Its name may be any text, but must be unique in the network.
    #[must_use]
    pub fn new(name: &str, channels: usize) -> Self {
        Self {
            name: name.to_owned(),
            aliases: Vec::new(),
            channels,
        }
    }

    /// Adds another name that the layer is found by, such as its name in another framework.
    #[must_use]
    pub fn with_alias(mut self, alias: impl Into<String>) -> Self {
        self.aliases.push(alias.into());
        self
    }

    /// The name. In an InceptionV1 it is that of TensorFlow's graph and the Distill articles, such
    /// as `mixed4c`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Other names that the layer is found by. An InceptionV1's layers have those of Caffe's and
    /// torchvision's models: `inception_4c/output`.
    #[must_use]
    pub fn aliases(&self) -> &[String] {
        &self.aliases
    }

    /// The number of channels.
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.channels
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
