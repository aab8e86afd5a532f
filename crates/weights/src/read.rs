//! Reading weights from a path or from memory.

use std::{collections::BTreeMap, fs::File, io::Read, path::Path};

use rawzip::{FileReader, ReaderAt};

use crate::{
    Defect, Format, NamedTensors, WeightsError,
    collector::Collector,
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
}

/// Reads a weight file of any [`Format`], which is recognized by content.
///
/// - TensorFlow: every floating-point constant, under the name of its node, from a graph alone or
///   in a zip archive.
/// - PyTorch: every floating-point tensor of the state dict (also of one under `"state_dict"`,
///   `"model_state_dict"` or `"model"`), as `f32`; integer tensors (such as
///   `num_batches_tracked`) are left out. Nothing that the pickle names is run.
/// - Caffe: the blobs of a layer as `LAYER.weight`, `LAYER.bias`, then `LAYER.2` and so on.
///   Legacy shapes lose the leading ones of Caffe's padding: `[1, 1, 1, n]` becomes `[n]` and
///   `[1, 1, out, in]` becomes `[out, in]`.
/// - Safetensors: f32, f16 and bf16; a [checksum](crate::CHECKSUM_KEY) in the metadata is verified.
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
    let path = path.as_ref();
    let opened = File::open(path).and_then(|file| {
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(std::io::ErrorKind::IsADirectory.into());
        }
        Ok((FileReader::from(file), metadata.len()))
    });
    let (file, length) = opened.map_err(|source| WeightsError::Read {
        path: path.to_owned(),
        source,
    })?;
    let mut weights = read_source(&file, length).map_err(|source| WeightsError::File {
        path: path.to_owned(),
        source,
    })?;
    if weights.format == Format::TensorFlow && weights.labels.is_none() {
        weights.labels = labels_beside(path)?;
    }
    Ok(weights)
}

/// Reads weights from memory, in the formats of [`read`]: for a network that is compiled into a
/// program.
///
/// # Errors
///
/// Returns [`WeightsError::Memory`] if the bytes are none of the formats, or are damaged.
pub fn read_bytes(bytes: &[u8]) -> Result<Weights, WeightsError> {
    Ok(read_source(&bytes, bytes.len() as u64)?)
}

fn read_source(source: &dyn ReaderAt, length: u64) -> Result<Weights, Defect> {
    let mut head = Vec::new();
    Section::first(source, length.min(HEAD as u64)).read_to_end(&mut head)?;
    let mut collector = Collector::for_file(length);
    match Container::recognize(&head)? {
        Container::Safetensors => read_safetensors(Section::first(source, length), length),
        Container::Zip => {
            let archive = Archive::open(source, length)?;
            match archive.torch_root() {
                Some(root) => {
                    read_torch_archive(&archive, &root, &mut collector)?;
                    into_weights(Format::PyTorch, collector, None)
                }
                None => {
                    let labels = read_graph_archive(&archive, &mut collector)?;
                    into_weights(Format::TensorFlow, collector, labels)
                }
            }
        }
        Container::TorchLegacy => {
            read_torch_legacy(source, length, &mut collector)?;
            into_weights(Format::PyTorch, collector, None)
        }
        Container::GraphDef => {
            read_graph(&read_all(source, length)?, &mut collector)?;
            into_weights(Format::TensorFlow, collector, None)
        }
        Container::NetParameter => {
            read_net(&read_all(source, length)?, &mut collector)?;
            into_weights(Format::Caffe, collector, None)
        }
    }
}

fn into_weights(
    format: Format,
    collector: Collector,
    labels: Option<Vec<String>>,
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
