//! Recognition of networks in forms that are not read, but that convert to ONNX.

use std::path::Path;

use crate::{Defect, protobuf};

const KERAS: Defect = Defect::Convertible {
    what: "a Keras or other HDF5 file",
    how: "export the network to an ONNX file: `model.export(\"model.onnx\", format=\"onnx\")` in \
          Keras 3, or `python -m tf2onnx.convert --keras model.h5 --output model.onnx`",
};

const SAVED_MODEL: Defect = Defect::Convertible {
    what: "a TensorFlow SavedModel",
    how: "convert its folder to an ONNX file: `python -m tf2onnx.convert --saved-model FOLDER \
          --output model.onnx`",
};

const TORCH_SCRIPT: Defect = Defect::Convertible {
    what: "a TorchScript archive, a program with its weights",
    how: "load it in PyTorch (`torch.jit.load`) and save its `state_dict()` by `torch.save`, or \
          export the network itself by `torch.onnx.export`",
};

const EXPORTED_PROGRAM: Defect = Defect::Convertible {
    what: "an exported program of PyTorch (`torch.export`)",
    how: "export the network by `torch.onnx.export`, which also takes such a program",
};

const TFLITE: Defect = Defect::Convertible {
    what: "a TensorFlow Lite model",
    how: "convert it to an ONNX file: `python -m tf2onnx.convert --tflite model.tflite --output \
          model.onnx`; of a quantized one, take the network that it was made from",
};

const CORE_ML: Defect = Defect::Convertible {
    what: "a Core ML package",
    how: "export the network that it was made from to an ONNX file",
};

const ONNX: Defect = Defect::Convertible {
    what: "an ONNX model",
    how: "open it as a network, by `OnnxNetwork::open`, or read it by `onnx::read`",
};

const GGUF: Defect = Defect::Convertible {
    what: "a GGUF file, the form of llama.cpp",
    how: "export the network that it was made from to an ONNX file",
};

const ARRAYS: Defect = Defect::Convertible {
    what: "NumPy arrays",
    how: "write them as safetensors: `safetensors.numpy.save_file(dict(numpy.load(path)), \
          \"weights.safetensors\")`",
};

const CHECKPOINT: Defect = Defect::Convertible {
    what: "a folder of a TensorFlow checkpoint",
    how: "load it into its network and convert that to an ONNX file by tf2onnx",
};

/// Recognizes such a file by its first bytes.
pub(crate) fn of_head(head: &[u8]) -> Option<Defect> {
    let begins = |magic: &[u8]| head.starts_with(magic);
    if begins(b"\x89HDF\r\n\x1a\n") {
        return Some(KERAS);
    }
    if head.get(4..8) == Some(b"TFL3") {
        return Some(TFLITE);
    }
    if begins(b"GGUF") {
        return Some(GGUF);
    }
    if begins(b"\x93NUMPY") {
        return Some(ARRAYS);
    }
    if protobuf::is_saved_model(head) {
        return Some(SAVED_MODEL);
    }
    protobuf::is_onnx(head).then_some(ONNX)
}

/// Recognizes such an archive by the names in it.
pub(crate) fn of_archive<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Option<Defect> {
    let any = |holds: &dyn Fn(&str) -> bool| names.clone().any(holds);
    let is_file = |name: &str, file: &str| {
        let folder = name.strip_suffix(file);
        folder.is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
    };
    if any(&|name| is_file(name, "model.weights.h5")) {
        return Some(KERAS);
    }
    if any(&|name| is_file(name, "saved_model.pb")) {
        return Some(SAVED_MODEL);
    }
    if any(&|name| is_file(name, "serialized_exported_program.json"))
        || any(&|name| name.contains("/models/") && name.ends_with(".json"))
    {
        return Some(EXPORTED_PROGRAM);
    }
    if any(&|name| is_file(name, "constants.pkl")) {
        return Some(TORCH_SCRIPT);
    }
    if any(&|name| is_file(name, "data.pkl")) {
        return None;
    }
    any(&|name| name.ends_with(".npy")).then_some(ARRAYS)
}

/// Recognizes such a folder by the files in it.
pub(crate) fn of_folder(folder: &Path) -> Option<Defect> {
    let has = |name: &str| folder.join(name).exists();
    if has("saved_model.pb") || has("saved_model.pbtxt") {
        return Some(SAVED_MODEL);
    }
    if has("Manifest.json") && has("Data") {
        return Some(CORE_ML);
    }
    has("checkpoint").then_some(CHECKPOINT)
}
