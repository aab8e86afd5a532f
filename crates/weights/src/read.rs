//! Reading weights from a path or from memory.

use std::{collections::BTreeMap, fs::File, io::Read, path::Path};

use rawzip::{FileReader, ReaderAt};

use crate::{
    Defect, Format, NamedTensors, WeightsError,
    collector::Collector,
    convertible,
    format::{Container, HEAD},
    labels::{LABELS_FILE, read_labels},
    protobuf::{read_graph, read_graph_archive, read_net},
    pytorch::{read_torch_archive, read_torch_legacy},
    safetensors::read_safetensors,
    section::Section,
    zip::Archive,
};

/// The content of a weight file.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// The format of the file.
    pub format: Format,
    /// The tensors, with the names, shapes and axis orders of the file.
    pub tensors: NamedTensors,
    /// The labels of the classes in order, if there are any: in the archive around a TensorFlow
    /// graph, or in the file `imagenet_comp_graph_label_strings.txt` beside the graph.
    pub labels: Option<Vec<String>>,
    /// The metadata of a safetensors file; empty for the other formats.
    pub metadata: BTreeMap<String, String>,
    /// The classes and functions that a PyTorch file names besides those of a state dict, such as
    /// `argparse.Namespace`, at most 64. Their objects were skipped, and nothing of them was run.
    pub skipped: Vec<String>,
}

/// The settings of reading a weight file.
///
/// | setting | default | purpose |
/// | --- | --- | --- |
/// | [`state_dict`](Self::state_dict) | found | the state dict of a PyTorch checkpoint that has several |
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    state_dict: Option<String>,
}

impl ReadOptions {
    /// Creates the default settings, which are those of [`read`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the key of the state dict in a PyTorch checkpoint, such as `ema`; points separate the
    /// keys of nested dicts.
    #[must_use]
    pub fn state_dict(mut self, key: impl Into<String>) -> Self {
        self.state_dict = Some(key.into());
        self
    }

    /// Reads a weight file, as [`read`] does.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`read`], and [`Defect::NoStateDict`] if the wanted state dict is not
    /// there.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Weights, WeightsError> {
        let path = path.as_ref();
        let of_file = |source| WeightsError::File {
            path: path.to_owned(),
            source,
        };
        let opened = File::open(path).and_then(|file| {
            let metadata = file.metadata()?;
            Ok((FileReader::from(file), metadata))
        });
        let of_system = |source| WeightsError::Read {
            path: path.to_owned(),
            source,
        };
        let (file, metadata) = opened.map_err(of_system)?;
        if metadata.is_dir() {
            return Err(match convertible::of_folder(path) {
                Some(defect) => of_file(defect),
                None => of_system(std::io::ErrorKind::IsADirectory.into()),
            });
        }
        let weights = self.read_source(&file, metadata.len());
        let mut weights = weights.map_err(of_file)?;
        if weights.format == Format::TensorFlow && weights.labels.is_none() {
            weights.labels = labels_beside(path)?;
        }
        Ok(weights)
    }

    fn read_source(&self, source: &dyn ReaderAt, length: u64) -> Result<Weights, Defect> {
        let wanted = self.state_dict.as_deref();
        let mut head = Vec::new();
        Section::first(source, length.min(HEAD as u64)).read_to_end(&mut head)?;
        let mut collector = Collector::for_file(length);
        match Container::recognize(&head)? {
            Container::Safetensors => read_safetensors(Section::first(source, length), length),
            Container::Zip => {
                let archive = Archive::open(source, length)?;
                let names = archive.entries().keys().map(String::as_str);
                if let Some(convertible) = convertible::of_archive(names) {
                    return Err(convertible);
                }
                match archive.torch_root() {
                    Some(root) => {
                        let skipped =
                            read_torch_archive(&archive, &root, wanted, length, &mut collector)?;
                        into_weights(Format::PyTorch, collector, None, skipped)
                    }
                    None => {
                        let labels = read_graph_archive(&archive, &mut collector)?;
                        into_weights(Format::TensorFlow, collector, labels, Vec::new())
                    }
                }
            }
            Container::TorchLegacy => {
                let skipped = read_torch_legacy(source, length, wanted, &mut collector)?;
                into_weights(Format::PyTorch, collector, None, skipped)
            }
            Container::GraphDef => {
                read_graph(&read_all(source, length)?, &mut collector)?;
                into_weights(Format::TensorFlow, collector, None, Vec::new())
            }
            Container::NetParameter => {
                read_net(&read_all(source, length)?, &mut collector)?;
                into_weights(Format::Caffe, collector, None, Vec::new())
            }
        }
    }
}

/// Reads a weight file of any [`Format`], which is recognized by content.
///
/// - TensorFlow: every floating-point constant, under the name of its node, from a graph alone or
///   in a zip archive.
/// - PyTorch: every floating-point tensor of the state dict, as `f32`; integer tensors (such as
///   `num_batches_tracked`) are left out. The state dict may lie under any key of a checkpoint; of
///   several, the one under `"state_dict"`, `"model_state_dict"` or `"model"` is read, unless
///   [`ReadOptions::state_dict`] says which. Objects of other classes are skipped, and nothing that
///   the pickle names is run.
/// - Caffe: the blobs of a layer as `LAYER.weight`, `LAYER.bias`, then `LAYER.2` and so on.
///   Legacy shapes lose the leading ones of Caffe's padding: `[1, 1, 1, n]` becomes `[n]` and
///   `[1, 1, out, in]` becomes `[out, in]`.
/// - Safetensors: f64, f32, f16 and bf16, as `f32`; integer tensors are left out. A
///   [checksum](crate::CHECKSUM_KEY) in the metadata is verified.
///
/// # Errors
///
/// Returns [`WeightsError::Read`] if the file, or the label file beside a graph, cannot be opened,
/// and [`WeightsError::File`] if the content is none of these formats or is damaged; the [`Defect`]
/// says in which way.
///
/// # Examples
///
/// ```no_run
/// let weights = oneiric_weights::read("inception5h.zip")?;
/// assert_eq!(weights.tensors["conv2d0_w"].shape, [7, 7, 3, 64]);
/// assert_eq!(weights.labels.expect("the archive has them")[1], "kit fox");
/// # Ok::<(), oneiric_weights::WeightsError>(())
/// ```
pub fn read(path: impl AsRef<Path>) -> Result<Weights, WeightsError> {
    ReadOptions::new().read(path)
}

/// Reads weights from memory, in the formats of [`read`]: for a network that is compiled into a
/// program.
///
/// # Errors
///
/// Returns [`WeightsError::Memory`] if the bytes are none of the formats, or are damaged.
pub fn read_bytes(bytes: &[u8]) -> Result<Weights, WeightsError> {
    Ok(ReadOptions::new().read_source(&bytes, bytes.len() as u64)?)
}

fn into_weights(
    format: Format,
    collector: Collector,
    labels: Option<Vec<String>>,
    skipped: Vec<String>,
) -> Result<Weights, Defect> {
    let tensors = collector.into_tensors();
    if tensors.is_empty() {
        return Err(Defect::NoWeights { format });
    }
    Ok(Weights {
        format,
        tensors,
        labels,
        metadata: BTreeMap::new(),
        skipped,
    })
}

/// Reads the first `length` bytes, and no more if the file has grown since.
fn read_all(source: &dyn ReaderAt, length: u64) -> Result<Vec<u8>, Defect> {
    let mut bytes = Vec::new();
    // A file that is too large to address or allocate is an error here, rather than an abort.
    bytes
        .try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX))
        .map_err(|_| std::io::Error::from(std::io::ErrorKind::OutOfMemory))?;
    Section::first(source, length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads the label file in the folder of a graph, if there is one.
fn labels_beside(path: &Path) -> Result<Option<Vec<String>>, WeightsError> {
    let path = path.with_file_name(LABELS_FILE);
    match File::open(&path) {
        Ok(file) => match read_labels(file) {
            Ok(labels) => Ok(Some(labels)),
            Err(source) => Err(WeightsError::File { path, source }),
        },
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(WeightsError::Read { path, source }),
    }
}
