//! Every format and container, against values that are known independently: written into the bytes
//! here, or read from the shared files by other readers.

mod support;

use std::{collections::BTreeMap, path::PathBuf};

use oneiric_weights::{
    CHECKSUM_KEY, Defect, Format, HostTensor, NamedTensors, Weights, WeightsError, checksum, read,
    read_bytes, write_safetensors,
};
use support::{files, shared};

/// A file and its temporary folder, which is deleted when this value is dropped.
struct Written {
    folder: tempfile::TempDir,
    path: PathBuf,
}

fn written(bytes: &[u8]) -> Written {
    let folder = tempfile::tempdir().expect("a folder");
    // The reader ignores the extension.
    let path = folder.path().join("file.jpg");
    std::fs::write(&path, bytes).expect("writable");
    Written { folder, path }
}

fn read_written(bytes: &[u8]) -> Weights {
    read(&written(bytes).path).expect("a readable file")
}

fn defect(bytes: &[u8]) -> Defect {
    match read(&written(bytes).path).expect_err("no readable file") {
        WeightsError::File { source, .. } => source,
        other => panic!("{other}"),
    }
}

fn tensors(expected: &[(&str, &[usize], &[f32])]) -> NamedTensors {
    let tensors = expected.iter().map(|&(name, shape, values)| {
        let (shape, values) = (shape.to_vec(), values.to_vec());
        (name.to_owned(), HostTensor { shape, values })
    });
    tensors.collect()
}

/// Asserts that tensors are equal in every bit. With `==`, -0 would equal 0.
fn assert_same(found: &NamedTensors, expected: &NamedTensors) {
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>()
    );
    for (name, expected) in expected {
        let bits = |tensor: &HostTensor| -> Vec<u32> {
            tensor.values.iter().map(|value| value.to_bits()).collect()
        };
        assert_eq!(found[name].shape, expected.shape, "{name}");
        assert!(bits(&found[name]) == bits(expected), "{name} differs");
    }
}

#[test]
fn safetensors() {
    let bytes = files::small_safetensors();
    let weights = read_written(&bytes);
    assert_eq!(weights.format, Format::Safetensors);
    assert_eq!(weights.metadata["from"], "a test");
    assert_eq!(weights.labels, None);
    let expected = tensors(&[
        ("a", &[1, 3], &[1.0, 2.0, 3.0]),
        ("b", &[2], &[0.5, -0.0]),
        ("c", &[], &[1.5]),
    ]);
    assert_same(&weights.tensors, &expected);
}

#[test]
fn reading_from_memory_equals_reading_from_a_file() {
    for (format, bytes) in files::small_files() {
        let found = read_bytes(&bytes).expect(format);
        assert_eq!(found, read_written(&bytes), "{format}");
    }
    let error = read_bytes(b"GIF89a").expect_err("a picture");
    assert!(matches!(error, WeightsError::Memory(Defect::Unknown)));
}

#[test]
fn another_programs_checksum_is_only_metadata() {
    let header = r#"{"__metadata__":{"checksum":"crc32:0"},"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#;
    let weights = read_written(&files::safetensors(header, &[0; 4]));
    assert_eq!(weights.metadata["checksum"], "crc32:0");
}

#[test]
fn safetensors_that_contradict_themselves() {
    let file = |header: &str, data: usize| defect(&files::safetensors(header, &vec![0; data]));
    let eighth = file(
        r#"{"n":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}"#,
        8,
    );
    assert!(
        matches!(eighth, Defect::DataType { name, dtype } if (&*name, &*dtype) == ("n", "F8_E4M3"))
    );
    let shape = file(
        r#"{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
        8,
    );
    assert!(matches!(shape, Defect::Shape { name, values: 2, .. } if name == "w"));
    let overflow = file(
        r#"{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#,
        0,
    );
    assert!(matches!(overflow, Defect::ImpossibleShape { .. }));
    let twice = r#"{"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#;
    assert!(matches!(file(twice, 0), Defect::Header(_)));
    let hole = r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#;
    assert!(matches!(file(hole, 8), Defect::Damaged { .. }));
    let whole = r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    assert!(matches!(file(whole, 3), Defect::Damaged { .. }));
    assert!(matches!(file(whole, 5), Defect::Damaged { .. }));
}

#[test]
fn written_tensors_read_back_with_the_same_bits() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("w.safetensors");
    let subnormal = 2.0_f32.powi(-24);
    let expected = tensors(&[
        ("half", &[2, 2], &[1.0, -0.0, subnormal, 65504.0]),
        ("single", &[3], &[0.1, -0.0, f32::MIN_POSITIVE / 2.0]),
        ("one too precise", &[2], &[1.0, 1.0 + f32::EPSILON]),
        ("one too large", &[1], &[65536.0]),
        (
            "not finite",
            &[3],
            &[
                f32::INFINITY,
                f32::NEG_INFINITY,
                f32::from_bits(0x7fc0_0001),
            ],
        ),
        ("none", &[0, 3], &[]),
        ("scalar", &[], &[2.0]),
    ]);
    let metadata = BTreeMap::from([("from".to_owned(), "here".to_owned())]);
    write_safetensors(&path, &expected, &metadata).expect("writable");
    let weights = read(&path).expect("just written");
    assert_same(&weights.tensors, &expected);
    assert_eq!(weights.metadata["from"], "here");
    assert_eq!(
        weights.metadata[CHECKSUM_KEY],
        checksum(&expected, &metadata)
    );
    // The safetensors crate reads the same shapes, and confirms which tensors were written as f16.
    let bytes = std::fs::read(&path).expect("there");
    let other = safetensors::SafeTensors::deserialize(&bytes).expect("a valid file");
    for (name, tensor) in &expected {
        let view = other.tensor(name).expect("there");
        assert_eq!(view.shape(), tensor.shape);
        let half = ["half", "none", "scalar"].contains(&&**name);
        assert_eq!(view.dtype() == safetensors::Dtype::F16, half, "{name}");
    }
    // Writing the tensors that were read gives the same file.
    let again = folder.path().join("again.safetensors");
    write_safetensors(&again, &weights.tensors, &weights.metadata).expect("writable");
    assert_eq!(std::fs::read(again).expect("there"), bytes);
    assert_eq!(std::fs::read_dir(folder.path()).expect("there").count(), 2);
}

#[test]
fn a_checksum_that_does_not_match_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("w.safetensors");
    let values = tensors(&[("w", &[2], &[0.1, 0.2])]);
    let metadata = BTreeMap::from([("scale".to_owned(), "2.0".to_owned())]);
    write_safetensors(&path, &values, &metadata).expect("writable");
    let bytes = std::fs::read(&path).expect("there");
    let mut value = bytes.clone();
    *value.last_mut().expect("not empty") ^= 1;
    let mut metadata_value = bytes.clone();
    let at = bytes.windows(3).position(|window| window == b"2.0");
    metadata_value[at.expect("the scale")] = b'3';
    for damaged in [value, metadata_value] {
        let error = read_bytes(&damaged).expect_err("damaged");
        let WeightsError::Memory(Defect::Checksum { expected, found }) = error else {
            panic!("{error}");
        };
        assert_eq!(expected, checksum(&values, &metadata));
        assert_ne!(found, expected);
    }
}

#[test]
fn writing_is_atomic() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("w.safetensors");
    std::fs::write(&path, b"kept").expect("writable");
    let misshapen = tensors(&[("w", &[3], &[0.1, 0.2])]);
    let error = write_safetensors(&path, &misshapen, &BTreeMap::new()).expect_err("a shape");
    assert!(matches!(error, WeightsError::Memory(Defect::Shape { .. })));
    assert_eq!(std::fs::read(&path).expect("there"), b"kept");
    let fine = tensors(&[("w", &[2], &[0.1, 0.2])]);
    for path in [
        folder.path().join("missing").join("w"),
        folder.path().to_owned(),
    ] {
        let error = write_safetensors(&path, &fine, &BTreeMap::new()).expect_err("no file");
        assert!(matches!(error, WeightsError::Write { .. }));
    }
    write_safetensors(&path, &fine, &BTreeMap::new()).expect("writable");
    assert_same(&read(&path).expect("there").tensors, &fine);
    assert_eq!(std::fs::read_dir(folder.path()).expect("there").count(), 1);
}

#[test]
fn tensorflow_constants() {
    let weights = read_written(&files::small_graph());
    assert_eq!(weights.format, Format::TensorFlow);
    let expected = tensors(&[
        ("w", &[2, 1], &[1.0, 2.0]),
        ("b", &[3], &[0.5, 0.5, 0.5]),
        ("h", &[2], &[1.5, -2.0]),
        ("two", &[2], &[1.0, -1.0]),
    ]);
    assert_same(&weights.tensors, &expected);

    let first = files::node("input", "Placeholder", &[]);
    let with = |constant: Vec<u8>| defect(&[first.clone(), constant].concat());
    let more = files::constant("w", 1, &[1], &files::bytes(5, &files::floats(&[1.0, 2.0])));
    assert!(matches!(with(more), Defect::Shape { values: 2, .. }));
    let fewer = files::constant("w", 1, &[2], &files::bytes(4, &files::floats(&[1.0])));
    assert!(matches!(with(fewer), Defect::Shape { values: 1, .. }));
    let one = files::constant("w", 1, &[1], &files::bytes(5, &files::floats(&[1.0])));
    assert!(matches!(with([one.clone(), one].concat()), Defect::Duplicate { name } if name == "w"));
    let negative = files::constant("w", 1, &[u64::MAX], &[]);
    assert!(matches!(with(negative), Defect::ImpossibleShape { .. }));
    let none = files::constant("shape", 3, &[1], &files::bytes(4, &[7, 0, 0, 0]));
    assert!(matches!(
        with(none),
        Defect::NoWeights {
            format: Format::TensorFlow
        }
    ));
}

#[test]
fn tensorflow_in_an_archive_brings_its_labels() {
    let weights = read_written(&files::graph_zip(files::small_graph(), "dummy\nkit fox\n"));
    assert_eq!(weights.format, Format::TensorFlow);
    assert_eq!(weights.tensors, read_written(&files::small_graph()).tensors);
    let labels = vec!["dummy".to_owned(), "kit fox".to_owned()];
    assert_eq!(weights.labels.as_ref(), Some(&labels));

    let beside = written(&files::small_graph());
    assert_eq!(read(&beside.path).expect("a graph").labels, None);
    let path = beside
        .folder
        .path()
        .join("imagenet_comp_graph_label_strings.txt");
    std::fs::write(path, "dummy\r\nkit fox\r\n").expect("writable");
    assert_eq!(read(&beside.path).expect("a graph").labels, Some(labels));
}

#[test]
fn archives_without_one_graph() {
    let zip = |names: &[&str]| {
        let files = names
            .iter()
            .map(|name| ((*name).to_owned(), files::small_graph()));
        files::zip(&files.collect::<Vec<_>>(), true)
    };
    assert!(matches!(
        defect(&zip(&["a.pb", "b.pb"])),
        Defect::SeveralInArchive { .. }
    ));
    let readme = files::zip(&[("README".to_owned(), b"hello".to_vec())], false);
    assert!(matches!(defect(&readme), Defect::NothingInArchive));
}

#[test]
fn caffe_models() {
    let legacy = read_written(&files::small_caffe_v1());
    assert_eq!(legacy.format, Format::Caffe);
    let expected = tensors(&[
        ("conv.weight", &[2, 1, 1, 2], &[1.0, 2.0, 3.0, 4.0]),
        ("conv.bias", &[2], &[5.0, 6.0]),
        ("fc.weight", &[2, 3], &[1.0; 6]),
    ]);
    assert_same(&legacy.tensors, &expected);

    let current = read_written(&files::small_caffe_v2());
    let expected = tensors(&[
        ("conv.weight", &[2, 1, 1, 2], &[1.0, 2.0, 3.0, 4.0]),
        ("conv.bias", &[2], &[5.0, 6.0]),
        ("conv.2", &[1], &[7.5]),
    ]);
    assert_same(&current.tensors, &expected);
}

#[test]
fn pytorch_containers() {
    for bytes in [files::small_torch_zip(), files::small_torch_legacy()] {
        let weights = read_written(&bytes);
        assert_eq!(weights.format, Format::PyTorch);
        let expected = tensors(&[
            ("w", &[2, 2], &[1.0, 3.0, 2.0, 4.0]),
            ("b", &[2], &[1.5, -2.0]),
        ]);
        assert_same(&weights.tensors, &expected);
    }
}

fn pickled(numbers: u64, offset: u64, shape: &[u64], strides: &[u64]) -> Vec<u8> {
    let (class, key) = ("FloatStorage", "0");
    files::Pickled {
        class,
        key,
        numbers,
        offset,
        shape,
        strides,
    }
    .instructions()
}

#[test]
fn pytorch_views_and_checkpoints() {
    let storage = [("0", files::floats(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]))];
    let inner = files::state_dict(&[
        ("all", pickled(6, 0, &[2, 3], &[3, 1])),
        ("turned", pickled(6, 0, &[3, 2], &[1, 3])),
        ("end", pickled(6, 4, &[2], &[1])),
        ("expanded", pickled(6, 5, &[1, 2, 2], &[99, 0, 0])),
        ("none", pickled(6, 6, &[0, 2], &[2, 1])),
    ]);
    let expected = tensors(&[
        ("all", &[2, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
        ("turned", &[3, 2], &[0.0, 3.0, 1.0, 4.0, 2.0, 5.0]),
        ("end", &[2], &[4.0, 5.0]),
        ("expanded", &[1, 2, 2], &[5.0; 4]),
        ("none", &[0, 2], &[]),
    ]);
    let bare = read_written(&files::torch_zip(&inner, &storage));
    assert_same(&bare.tensors, &expected);
    // The instructions without the protocol and the final STOP build a dict within another.
    let nested = inner[2..inner.len() - 1].to_vec();
    let checkpoint = files::state_dict(&[("epoch", files::int(3)), ("state_dict", nested)]);
    let weights = read_written(&files::torch_zip(&checkpoint, &storage));
    assert_same(&weights.tensors, &expected);
}

#[test]
fn pytorch_files_that_contradict_themselves() {
    let storage = [("0", files::floats(&[0.0, 1.0]))];
    let zip = |entries: &[(&str, Vec<u8>)]| {
        defect(&files::torch_zip(&files::state_dict(entries), &storage))
    };
    let beyond = zip(&[("w", pickled(2, 1, &[2], &[1]))]);
    assert!(matches!(beyond, Defect::OutOfBounds { name } if name == "w"));
    let twice = zip(&[
        ("w", pickled(2, 0, &[2], &[1])),
        ("w", pickled(2, 0, &[2], &[1])),
    ]);
    assert!(matches!(twice, Defect::Duplicate { name } if name == "w"));
    assert!(matches!(
        zip(&[("w", pickled(3, 0, &[2], &[1]))]),
        Defect::Damaged { .. }
    ));
    assert!(matches!(
        zip(&[]),
        Defect::NoWeights {
            format: Format::PyTorch
        }
    ));
    let quantized = b"ctorch\nQInt8Storage\n".to_vec();
    assert!(
        matches!(zip(&[("q", quantized)]), Defect::ForeignObject { name } if name == "torch.QInt8Storage")
    );
}

#[test]
fn a_stored_checksum_is_compared() {
    let mut bytes = files::small_torch_zip();
    let stored = files::floats(&[1.0, 2.0, 3.0, 4.0]);
    let at = bytes.windows(16).position(|window| window == stored);
    bytes[at.expect("stored")] ^= 1;
    assert!(matches!(defect(&bytes), Defect::Interrupted(_)));
}

#[test]
fn paths_without_weights() {
    let folder = tempfile::tempdir().expect("a folder");
    for path in [folder.path().to_owned(), folder.path().join("missing")] {
        assert!(matches!(read(path), Err(WeightsError::Read { .. })));
    }
    assert!(matches!(defect(b""), Defect::Empty));
    assert!(matches!(defect(b"<!doctype html>"), Defect::WebPage));
    let message = read(&written(b"GIF89a").path)
        .expect_err("a picture")
        .to_string();
    assert!(
        message.contains("file.jpg") && message.contains(".caffemodel"),
        "{message}"
    );
}

#[test]
fn shared_graph_and_state_dict_are_the_same_weights() {
    let (Some(graph), Some(state_dict)) = (
        shared("oracles/inception5h/synthetic_graph.pb"),
        shared("oracles/inception5h/synthetic_lucent.pth"),
    ) else {
        return;
    };
    let bytes = std::fs::read(&graph).expect("there");
    let graph = read(graph).expect("a graph");
    let state_dict = read(state_dict).expect("a state dict");
    assert_eq!(state_dict.format, Format::PyTorch);
    let mut compared = 0;
    for (name, expected) in &state_dict.tensors {
        let node = name
            .replace("_pre_relu_conv.weight", "_w")
            .replace("_pre_relu_conv.bias", "_b")
            .replace("_pre_activation_matmul.weight", "_w")
            .replace("_pre_activation_matmul.bias", "_b");
        let found = &graph.tensors[&node];
        let turned = match found.shape[..] {
            // HWIO to OIHW, and [in, out] to [out, in].
            [h, w, i, o] => permuted(found, &[o, i, h, w], &[1, o, o * i * w, o * i]),
            [i, o] => permuted(found, &[o, i], &[1, o]),
            _ => found.clone(),
        };
        assert_same(
            &NamedTensors::from([(name.clone(), turned)]),
            &NamedTensors::from([(name.clone(), expected.clone())]),
        );
        compared += 1;
    }
    assert_eq!(compared, 116);

    // The archive stores the graph without compression: these weights are so regular that they
    // would deflate 29 to 1, which the reader rejects. Trained weights are mostly noise.
    let files = [("tensorflow_inception_graph.pb".to_owned(), bytes)];
    let zipped = read_written(&files::zip(&files, false));
    assert_same(&zipped.tensors, &graph.tensors);
}

fn permuted(tensor: &HostTensor, shape: &[usize], strides: &[usize]) -> HostTensor {
    let count = tensor.values.len();
    let values = (0..count).map(|mut linear| {
        let mut at = 0;
        for (&side, &stride) in shape.iter().zip(strides).rev() {
            at += linear % side * stride;
            linear /= side;
        }
        tensor.values[at]
    });
    let values = values.collect();
    let shape = shape.to_vec();
    HostTensor { shape, values }
}

#[test]
fn shared_state_dicts_match_another_reader() {
    for file in [
        "oracles/inception5h/synthetic_lucent.pth",
        "oracles/googlenet_torchvision/synthetic.pth",
    ] {
        let Some(path) = shared(file) else { continue };
        let weights = read(&path).expect("a state dict");
        let other = pytorch_reader::PytorchReader::new(&path).expect("a state dict");
        let mut expected = NamedTensors::new();
        for (name, tensor) in other.tensors() {
            if tensor.dtype() == pytorch_reader::DType::F32 {
                let bytes = tensor.read().expect("there");
                let (numbers, _) = bytes.as_chunks();
                let values = numbers.iter().copied().map(f32::from_le_bytes).collect();
                let shape = tensor.shape().to_vec();
                expected.insert(name.clone(), HostTensor { shape, values });
            }
        }
        assert_same(&weights.tensors, &expected);
    }
}

#[test]
fn shared_caffe_model() {
    let Some(path) = shared("oracles/caffe_googlenet/synthetic_v1.caffemodel") else {
        return;
    };
    let weights = read(path).expect("a Caffe model");
    let shape = |name: &str| &weights.tensors[name].shape[..];
    assert_eq!(shape("conv1/7x7_s2.weight"), [64, 3, 7, 7]);
    assert_eq!(shape("conv1/7x7_s2.bias"), [64]);
    assert_eq!(shape("loss3/classifier.weight"), [1000, 1024]);
    assert!(!weights.tensors.contains_key("data.weight"));
    // The first floats in the bytes of the file, after the field's number and length.
    let first = [[0x8d, 0x89, 0x26, 0xbd], [0x9e, 0xaa, 0x1a, 0x3e]];
    let found = &weights.tensors["conv1/7x7_s2.weight"].values[..2];
    assert_eq!(found, first.map(f32::from_le_bytes));
}

#[test]
fn shared_safetensors_match_another_reader() {
    let Some(path) = shared("weights/bvlc_googlenet.safetensors") else {
        return;
    };
    let weights = read(&path).expect("safetensors");
    let bytes = std::fs::read(path).expect("there");
    let other = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
    let expected = other.iter().map(|(name, view)| {
        let (numbers, _) = view.data().as_chunks();
        let values = numbers.iter().copied().map(f32::from_le_bytes).collect();
        let shape = view.shape().to_vec();
        (name.to_owned(), HostTensor { shape, values })
    });
    assert_same(&weights.tensors, &expected.collect());
}
