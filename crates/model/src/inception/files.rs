//! Networks in files: loading, the bundled network, downloading, saving.

use std::path::Path;

use burn::tensor::Device;
use oneiric_core::Backend;
use oneiric_weights::Weights;

use super::{card::Card, tensors};
use crate::{InceptionV1, ModelError, NetworkExt};

impl InceptionV1 {
    /// Loads a trained network from any of the usual files. The format is recognized by the content
    /// of the file, not by its name.
    ///
    /// | file | network |
    /// | --- | --- |
    /// | frozen graph `tensorflow_inception_graph.pb`, or its `inception5h.zip` | `inception5h` |
    /// | PyTorch state dict with lucent's and captum's names, `inception5h.pth` | `inception5h` |
    /// | torchvision's state dict `googlenet-1378be20.pth`, in either container | torchvision |
    /// | Caffe's binary model `bvlc_googlenet.caffemodel`, with legacy or current layers | BVLC |
    /// | safetensors with any of these names, or written by [`save`](Self::save) | as named |
    ///
    /// The state dict of a PyTorch checkpoint is found under any key, and a prefix that all names share
    /// (`module.`) is left out. The number of classes is that of the classifier, so a network that was
    /// trained anew on other classes (Places) is read too.
    ///
    /// Auxiliary heads are skipped. With 1000 classes, BVLC and torchvision come with ImageNet's
    /// labels; `inception5h` with those in its archive, or in the file
    /// `imagenet_comp_graph_label_strings.txt` beside the graph, or else with none (see
    /// [`with_labels`](Self::with_labels)).
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Device`] if the device cannot be used, [`ModelError::File`] if the
    /// file cannot be read or is damaged, and [`ModelError::UnknownVariant`] or
    /// [`ModelError::Weights`] if it does not hold exactly the tensors of such a network.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, ModelError> {
        // Checked before the file is read, so that a wrong device costs no time.
        Backend::of(device)?;
        let path = path.as_ref();
        let weights = oneiric_weights::read(path)?;
        let file = path.file_name().unwrap_or(path.as_os_str());
        let source = format!("{} ({})", file.to_string_lossy(), weights.format);
        Self::from_weights(weights, &source, device)
    }

    /// Loads the network that ships inside: a small InceptionV1, trained from random weights on
    /// pictures that the project draws itself, so that there is always a network to look into. Its
    /// classes are known exactly; see `docs/network.md` of the repository.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Device`] if the device cannot be used.
    #[cfg(feature = "bundled")]
    pub fn bundled(device: &Device) -> Result<Self, ModelError> {
        Backend::of(device)?;
        let bytes = include_bytes!("../../weights/bundled.safetensors");
        Self::from_weights(oneiric_weights::read_bytes(bytes)?, "", device)
    }

    /// Loads a published network: downloaded once into the user's cache directory, and checked
    /// against its checksum each time. [`Downloader`](oneiric_download::Downloader) fetches the
    /// file with a progress observer, another cache, or time-outs; its path then goes to
    /// [`load`](Self::load).
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Download`] if it cannot be downloaded (the message says how to place
    /// the file by hand), and the errors of [`load`](Self::load).
    #[cfg(feature = "download")]
    pub fn pretrained(
        pretrained: oneiric_download::Pretrained,
        device: &Device,
    ) -> Result<Self, ModelError> {
        Backend::of(device)?;
        let path = oneiric_download::Downloader::new().fetch(pretrained)?;
        Self::load(path, device)
    }

    /// Creates a network from weights that were read, for example of one of several state dicts
    /// ([`ReadOptions`](oneiric_weights::ReadOptions)). `source` says where they are from, unless
    /// they do.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`load`](Self::load).
    pub fn from_weights(
        weights: Weights,
        source: &str,
        device: &Device,
    ) -> Result<Self, ModelError> {
        Backend::of(device)?;
        let (card, tensors) = match Card::from_metadata(&weights.metadata)? {
            Some(card) => (card, weights.tensors),
            None => {
                let (config, tensors) = tensors::recognize(weights.tensors)?;
                let card = Card {
                    config,
                    source: source.to_owned(),
                    labels: Vec::new(),
                };
                (card, tensors)
            }
        };
        let net = Self::from_tensors(card.config, tensors, device)?;
        let net = net.with_source(&card.source);
        match weights.labels.unwrap_or(card.labels) {
            labels if labels.is_empty() => Ok(net),
            labels => net.with_labels(labels),
        }
    }

    /// Writes the network as safetensors with its native names (TensorFlow's, Caffe's, or
    /// torchvision's with the normalizations folded in), and with its configuration, labels, source
    /// and a checksum as metadata. [`load`](Self::load) gives back the same network bit for bit.
    ///
    /// Each tensor is written as f16 where that holds every value exactly, as f32 otherwise. The
    /// file appears whole or not at all.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Device`] if the device cannot read the weights back, and
    /// [`ModelError::File`] if the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), ModelError> {
        let card = Card {
            config: self.config().clone(),
            source: self.source.to_string(),
            labels: self.labels().to_vec(),
        };
        let graph = self.network.graph();
        let tensors = tensors::to_file(self.config(), graph, self.weights())?;
        oneiric_weights::write_safetensors(path.as_ref(), &tensors, &card.to_metadata()?)?;
        Ok(())
    }
}
