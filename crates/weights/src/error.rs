//! Errors of reading and writing weight files.

use std::{io, path::PathBuf};

use crate::Format;

/// An error of reading or writing weights.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file cannot be opened.
    #[error("cannot read the weights {path:?}: {source}")]
    Read {
        /// The path as given.
        path: PathBuf,
        /// The error of the file system.
        source: io::Error,
    },
    /// The file's content is defective.
    #[error("{path:?}: {source}")]
    File {
        /// The path as given, or the path of the label file if the labels are defective.
        path: PathBuf,
        /// The defect.
        source: Defect,
    },
    /// Bytes or tensors in memory are defective.
    #[error(transparent)]
    Memory(#[from] Defect),
    /// The file cannot be written. A file that existed at the path is unchanged.
    #[error("cannot write the weights {path:?}: {source}")]
    Write {
        /// The path as given.
        path: PathBuf,
        /// The error of the file system.
        source: io::Error,
    },
}

/// A defect in the content of a weight file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    /// The file is empty.
    #[error("the file is empty; download it again")]
    Empty,
    /// The file is a web page that was saved in place of the weights.
    #[error(
        "the file is a web page that was saved in place of the weights; open it in a browser to \
         see the server's response, then download the weights themselves"
    )]
    WebPage,
    /// The file is a Git LFS pointer that was saved in place of the weights.
    #[error(
        "the file is a Git LFS pointer, not the weights that it points to; fetch them with \
         `git lfs pull` or download the weights themselves"
    )]
    LfsPointer,
    /// The file is a Python pickle that `torch.save` did not write.
    #[error(
        "the file is a Python pickle, but not one that `torch.save` wrote; save the network with \
         `torch.save(model.state_dict(), path)`"
    )]
    PlainPickle,
    /// The file is a tar archive, the container that PyTorch wrote before 0.1.10, in 2017.
    #[error(
        "the file is a tar archive; the archives that PyTorch wrote before 0.1.10 are not \
         supported: load the file with a current PyTorch and save it again"
    )]
    Tar,
    /// The content is none of the supported formats.
    #[error(
        "the file is not in a supported weight format; supported are a frozen TensorFlow graph \
         (.pb, or the .zip around it), a PyTorch state dict (.pth), a binary Caffe model \
         (.caffemodel), safetensors and ONNX models, recognized by content; text forms \
         (.prototxt, .pbtxt) hold no weights"
    )]
    Unknown,
    /// Reading failed before the end of the file, or a checksum within an archive does not match.
    #[error("the file cannot be read to its end ({0}); unless the disk failed, download it again")]
    Interrupted(#[from] io::Error),
    /// The bytes violate the format.
    #[error("the {format} file is damaged: {problem}; download it again")]
    Damaged {
        /// The format of the file.
        format: Format,
        /// The violation found.
        problem: &'static str,
    },
    /// The values of a tensor lie in another file, which cannot be read.
    #[error("the values of {name:?} cannot be read from {path:?}: {problem}")]
    External {
        /// The name of the tensor.
        name: String,
        /// The path that the model gives.
        path: String,
        /// The problem.
        problem: String,
    },
    /// The header of a safetensors file is not valid JSON of the expected structure.
    #[error("the header of the safetensors file is damaged ({0}); download it again")]
    Header(#[from] serde_json::Error),
    /// The zip archive is damaged.
    #[error("the zip archive is damaged ({0}); download it again")]
    Archive(Box<dyn std::error::Error + Send + Sync>),
    /// The zip archive unpacks to far more than its size.
    #[error(
        "the zip archive claims to unpack to more than {limit} bytes, which weights never do; \
         download it from its publisher"
    )]
    Inflates {
        /// The largest unpacked size, in bytes, that is accepted for an archive of this size.
        limit: u64,
    },
    /// The zip archive holds no weights.
    #[error(
        "the zip archive holds neither a PyTorch state dict (data.pkl) nor a frozen TensorFlow \
         graph; if it is an archive around weights, unpack it"
    )]
    NothingInArchive,
    /// The zip archive holds several graphs.
    #[error(
        "the zip archive holds several graphs ({first:?}, {second:?}); unpack it and read one of \
         them"
    )]
    SeveralInArchive {
        /// The name of the first graph.
        first: String,
        /// The name of the second graph.
        second: String,
    },
    /// The pickle in a PyTorch file is damaged or holds more than a state dict.
    #[error(
        "the pickle of the PyTorch file cannot be read at its byte {at}: {problem}; if the file is \
         complete, save it again with `torch.save(model.state_dict(), path)`"
    )]
    Pickle {
        /// The byte offset within the pickle.
        at: usize,
        /// The problem found there.
        problem: &'static str,
    },
    /// The PyTorch file holds an object of a class that is not run, and no state dict.
    #[error(
        "the PyTorch file holds no state dict, but an object such as {name:?}, which was not run; \
         if you trust the file, load it in PyTorch and save `model.state_dict()` alone, or export \
         the network to an ONNX file"
    )]
    ForeignObject {
        /// The class, as `module.name`.
        name: String,
    },
    /// The PyTorch file holds several state dicts.
    #[error(
        "the PyTorch file holds several state dicts, {found:?}; choose one with \
         `ReadOptions::new().state_dict(key)`"
    )]
    SeveralStateDicts {
        /// The keys of the state dicts; a point separates the keys of nested dicts.
        found: Vec<String>,
    },
    /// The PyTorch file holds no state dict under the wanted key.
    #[error("the PyTorch file holds no state dict under {wanted:?}; there are {found:?}")]
    NoStateDict {
        /// The wanted key.
        wanted: String,
        /// The keys of the state dicts that there are; an empty one stands for the whole file.
        found: Vec<String>,
    },
    /// The file holds a network in a form that is not read, but that converts to ONNX.
    #[error("the file is {what}; {how}")]
    Convertible {
        /// The form.
        what: &'static str,
        /// The way to a file that is read.
        how: &'static str,
    },
    /// A tensor has a number format that is not read.
    #[error("the tensor {name:?} holds {dtype}, but weights are f64, f32, f16 or bf16; convert it")]
    DataType {
        /// The tensor's name.
        name: String,
        /// The number format, as the file spells it.
        dtype: String,
    },
    /// The number of a tensor's values is not that of its shape.
    #[error(
        "the tensor {name:?} has the shape {shape:?}, but {values} values; the file is damaged or \
         was written incorrectly"
    )]
    Shape {
        /// The tensor's name.
        name: String,
        /// The tensor's shape.
        shape: Vec<usize>,
        /// The number of values found.
        values: usize,
    },
    /// A shape has a negative size, too many axes, or more values than can be counted.
    #[error("the tensor {name:?} has an impossible shape; the file is damaged, download it again")]
    ImpossibleShape {
        /// The tensor's name.
        name: String,
    },
    /// A tensor extends past the end of its storage.
    #[error(
        "the tensor {name:?} extends past the end of its data; the file is damaged, download it \
         again"
    )]
    OutOfBounds {
        /// The tensor's name.
        name: String,
    },
    /// Two tensors, or two files of an archive, have the same name.
    #[error("the name {name:?} occurs twice; the file was written incorrectly")]
    Duplicate {
        /// The repeated name.
        name: String,
    },
    /// The tensors take several times the size of the file.
    #[error(
        "with the tensor {name:?} the weights take several times the file's size; the file is \
         damaged or its tensors are views of one another: save them as copies (`tensor.clone()`)"
    )]
    Oversized {
        /// The name of the tensor that exceeded the limit.
        name: String,
    },
    /// The file can be read, but holds no weights.
    #[error(
        "the {format} file holds no weights; a TensorFlow graph must be frozen and a Caffe model \
         trained"
    )]
    NoWeights {
        /// The format of the file.
        format: Format,
    },
    /// The tensors or the metadata differ from those that the file was written with.
    #[error(
        "the file's checksum is {expected:?}, but its content has the checksum {found:?}; the file \
         is damaged: create or download it again"
    )]
    Checksum {
        /// The checksum stored in the file.
        expected: String,
        /// The checksum of the tensors and metadata that were read.
        found: String,
    },
    /// The list of labels is not UTF-8 text of one label per line, or is too long.
    #[error(
        "the labels are not UTF-8 text of one label per line, with at most {max_bytes} bytes and \
         {max_lines} lines; correct or remove the file"
    )]
    Labels {
        /// The largest size of the list, in bytes.
        max_bytes: u64,
        /// The largest number of lines.
        max_lines: usize,
    },
}
