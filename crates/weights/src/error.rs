//! What can be wrong with a weight file.

use std::{io, path::PathBuf};

use crate::Format;

/// Why weights could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file cannot be opened.
    #[error("cannot read the weights {path:?}: {source}")]
    Read {
        /// The path as given.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is there, and something is wrong with it.
    #[error("{path:?}: {source}")]
    File {
        /// The path as given; that of the labels if it is they that are wrong.
        path: PathBuf,
        /// What is wrong.
        source: Defect,
    },
    /// Something is wrong with the bytes or the tensors, which are in no file.
    #[error(transparent)]
    Memory(#[from] Defect),
    /// The file cannot be written. One that was there is as it was.
    #[error("cannot write the weights {path:?}: {source}")]
    Write {
        /// The path as given.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What is wrong with the content of a weight file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    /// There is nothing in it.
    #[error("the file is empty; download it again")]
    Empty,
    /// A web page was saved under the name of the weights.
    #[error(
        "this is a web page that was saved instead of the weights; open it in a browser to see what \
         the server answered, and download the file itself"
    )]
    WebPage,
    /// A Git LFS pointer was saved instead of the file that it points to.
    #[error(
        "this is a Git LFS pointer, not the weights that it points to; fetch them with `git lfs pull` \
         or download the file itself"
    )]
    LfsPointer,
    /// A pickle that is no PyTorch file.
    #[error(
        "this is a Python pickle, but not one that `torch.save` wrote; save the network with \
         `torch.save(model.state_dict(), path)`"
    )]
    PlainPickle,
    /// The container that PyTorch wrote before 0.1.10, in 2017.
    #[error(
        "this is a tar archive; PyTorch's own from before 0.1.10 are not read: load it with a current \
         PyTorch and save it again"
    )]
    Tar,
    /// None of the formats.
    #[error(
        "these are no weights that can be read: they come as a frozen TensorFlow graph (.pb, or the \
         .zip around it), a PyTorch state dict (.pth), a binary Caffe model (.caffemodel) or \
         safetensors, recognised by content; text forms (.prototxt, .pbtxt) hold no weights"
    )]
    Unknown,
    /// The disk, or a checksum within an archive, let the reader down halfway.
    #[error("the file cannot be read to its end ({0}); if the disk is well, download it again")]
    Interrupted(#[from] io::Error),
    /// The bytes contradict the format.
    #[error("the {format} file is damaged: {problem}; download it again")]
    Damaged {
        /// What the file is.
        format: Format,
        /// What contradicts it.
        problem: &'static str,
    },
    /// The header of a safetensors file is no such header.
    #[error("the header of the safetensors file is damaged ({0}); download it again")]
    Header(#[from] serde_json::Error),
    /// The zip archive is damaged.
    #[error("the zip archive is damaged ({0}); download it again")]
    Archive(Box<dyn std::error::Error + Send + Sync>),
    /// A zip archive that unpacks to far more than its size.
    #[error(
        "the zip archive claims to unpack to more than {limit} bytes, which weights never do; \
         download it from where it was published"
    )]
    Inflates {
        /// The most that an archive of this size may unpack to.
        limit: u64,
    },
    /// A zip archive without weights in it.
    #[error(
        "the zip archive holds neither a PyTorch state dict (data.pkl) nor a frozen TensorFlow graph; \
         if it is an archive around weights, unpack it"
    )]
    NothingInArchive,
    /// A zip archive with several graphs in it.
    #[error("the zip archive holds several graphs ({first:?}, {second:?}); unpack it and give one")]
    SeveralInArchive {
        /// One of them.
        first: String,
        /// Another.
        second: String,
    },
    /// The pickle in a PyTorch file is damaged or holds more than a state dict.
    #[error(
        "the pickle of the PyTorch file cannot be read at its byte {at}: {problem}; if the file is \
         whole, save it again with `torch.save(model.state_dict(), path)`"
    )]
    Pickle {
        /// Where.
        at: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// The pickle in a PyTorch file names something that weights do not need; nothing was run.
    #[error(
        "the PyTorch file names {name:?}, which a state dict never needs and which was not run; if \
         you trust the file, load it in PyTorch and save `model.state_dict()` alone"
    )]
    ForeignObject {
        /// What it names, as `module.name`.
        name: String,
    },
    /// A number format that weights do not come in.
    #[error("the tensor {name:?} holds {dtype}, but weights are f32, f16 or bf16; convert it")]
    DataType {
        /// The tensor.
        name: String,
        /// Its number format, as the file calls it.
        dtype: String,
    },
    /// A shape that does not fit the values.
    #[error(
        "the tensor {name:?} has the shape {shape:?}, but {values} values; the file is damaged or was \
         written wrongly"
    )]
    Shape {
        /// The tensor.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// How many values there are.
        values: usize,
    },
    /// A shape with a negative side, too many axes, or more values than can be counted.
    #[error("the tensor {name:?} has an impossible shape; the file is damaged, download it again")]
    ImpossibleShape {
        /// The tensor.
        name: String,
    },
    /// A tensor that reaches past the numbers that it is said to lie in.
    #[error("the tensor {name:?} reaches past its data; the file is damaged, download it again")]
    OutOfBounds {
        /// The tensor.
        name: String,
    },
    /// Two tensors of one name.
    #[error("there are two tensors {name:?}; the file was written wrongly")]
    Duplicate {
        /// Their name.
        name: String,
    },
    /// A small file that claims large tensors.
    #[error(
        "with the tensor {name:?} the weights take several times the file's size; the file is damaged \
         or its tensors are views of one another: save them as copies (`tensor.clone()`)"
    )]
    Oversized {
        /// The tensor that was too much.
        name: String,
    },
    /// A readable file without weights.
    #[error("the {format} file holds no weights; a graph must be frozen, a model trained")]
    NoWeights {
        /// What the file is.
        format: Format,
    },
    /// The tensors, or the metadata, are not those that the file was written with.
    #[error(
        "the file's checksum is {expected:?}, but its content gives {found:?}: the file is damaged, \
         make or download it again"
    )]
    Checksum {
        /// What the file says.
        expected: String,
        /// What its tensors and metadata give.
        found: String,
    },
    /// The list of labels is not one label a line of UTF-8 text, or far too long.
    #[error(
        "the labels are no text of one label a line, of at most {limit} bytes and {most} lines; \
         remove the file or mend it"
    )]
    Labels {
        /// The most bytes that labels may take.
        limit: u64,
        /// The most lines.
        most: usize,
    },
}
