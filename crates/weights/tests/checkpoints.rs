//! Files as people have them: checkpoints with more than weights in them, counters, and networks in
//! other forms.

mod support;

use oneiric_weights::{Defect, Format, ReadOptions, Weights, WeightsError, read, read_bytes};
use support::{files, shared};

/// The instructions of a tensor of two floats in the storage of that key.
fn pair(key: &str) -> Vec<u8> {
    files::Pickled {
        class: "FloatStorage",
        key,
        numbers: 2,
        offset: 0,
        shape: &[2],
        strides: &[1],
    }
    .instructions()
}

/// The instructions of a dict.
fn dict(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let entries = entries
        .iter()
        .flat_map(|(key, value)| [files::text(key), value.clone()].concat());
    [&b"}("[..], &entries.collect::<Vec<u8>>(), b"u"].concat()
}

/// An archive whose storages "0", "1" ... of two floats hold (0, 0.5), (1, 1.5) ...
fn archive(root: &[u8], storages: usize) -> Vec<u8> {
    let keys: Vec<String> = (0..storages).map(|key| key.to_string()).collect();
    let storages: Vec<(&str, Vec<u8>)> = keys
        .iter()
        .enumerate()
        .map(|(at, key)| (key.as_str(), files::floats(&[at as f32, at as f32 + 0.5])))
        .collect();
    files::torch_zip(&[b"\x80\x02", root, b"."].concat(), &storages)
}

fn weights(root: &[u8], storages: usize) -> Weights {
    read_bytes(&archive(root, storages)).unwrap_or_else(|error| panic!("{error}"))
}

fn defect(bytes: &[u8]) -> Defect {
    match read_bytes(bytes).expect_err("no weights") {
        WeightsError::Memory(defect) => defect,
        other => panic!("{other}"),
    }
}

/// Asserts that a file has one tensor, `w`, from the storage of that number.
fn assert_w(weights: &Weights, storage: f32) {
    assert_eq!(weights.tensors.len(), 1);
    assert_eq!(weights.tensors["w"].values, [storage, storage + 0.5]);
}

#[test]
fn a_state_dict_is_found_under_any_key() {
    assert_w(&weights(&dict(&[("w", pair("0"))]), 1), 0.0);
    let inner = dict(&[("w", pair("0"))]);
    let epoch = ("epoch", files::int(3));
    assert_w(&weights(&dict(&[("net", inner.clone()), epoch]), 1), 0.0);
    let trainer = dict(&[("module", dict(&[("ema", inner.clone())]))]);
    assert_w(&weights(&trainer, 1), 0.0);
    let listed = [&b"]("[..], &inner, &files::int(7), b"e"].concat();
    assert_w(&weights(&listed, 1), 0.0);
    // An optimizer keeps its tensors under numbers.
    let state = [
        &b"}"[..],
        &files::int(0),
        &dict(&[("momentum", pair("1"))]),
        b"s",
    ]
    .concat();
    let optimizer = dict(&[("state", state)]);
    assert_w(
        &weights(&dict(&[("optimizer", optimizer), ("net", inner)]), 2),
        0.0,
    );
}

#[test]
fn of_several_state_dicts_the_usual_one_or_the_wanted_one_is_read() {
    let [first, second] = ["0", "1"].map(|key| dict(&[("w", pair(key))]));
    let usual = dict(&[("ema", first.clone()), ("state_dict", second.clone())]);
    assert_w(&weights(&usual, 2), 1.0);
    let several = archive(&dict(&[("a", first), ("b", dict(&[("c", second)]))]), 2);
    let found = defect(&several);
    assert!(
        matches!(&found, Defect::SeveralStateDicts { found } if found == &["a", "b.c"]),
        "{found}"
    );
    assert!(found.to_string().contains("ReadOptions"), "{found}");

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("checkpoint.pth");
    std::fs::write(&path, several).expect("writable");
    let of = |key: &str| ReadOptions::new().state_dict(key).read(&path);
    assert_w(&of("b.c").expect("a state dict"), 1.0);
    let Err(WeightsError::File { source, .. }) = of("c") else {
        panic!("there is none under c");
    };
    assert!(
        matches!(&source, Defect::NoStateDict { wanted, found } if wanted == "c" && found.len() == 2),
        "{source}"
    );
}

#[test]
fn foreign_objects_are_named_and_skipped() {
    // As Python pickles an `argparse.Namespace`: made by NEWOBJ, its attributes set by BUILD.
    let options = [
        &b"cargparse\nNamespace\n)\x81"[..],
        &dict(&[("lr", files::int(1))]),
        b"b",
    ]
    .concat();
    // A NumPy number: a call with another call's result and bytes.
    let number = [
        &b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n"[..],
        &files::text("f8"),
        b"\x89\x88\x87R(K\x03tbC\x08\0\0\0\0\0\0\0\0tR",
    ]
    .concat();
    // A subclass of dict, a set, and an object in the state dict itself.
    let list = [&b"cown\nDict\n)\x81("[..], &files::text("a"), b"K\x01u"].concat();
    let set = [&b"\x8f("[..], &files::text("a"), b"\x90"].concat();
    let inner = dict(&[("w", pair("0")), ("hook", options.clone())]);
    let root = dict(&[
        ("args", options),
        ("best", number),
        ("history", list),
        ("tags", set),
        ("net", inner),
    ]);
    let found = weights(&root, 1);
    assert_w(&found, 0.0);
    let names = [
        "argparse.Namespace",
        "numpy.core.multiarray.scalar",
        "numpy.dtype",
        "own.Dict",
    ];
    assert_eq!(found.skipped, names);

    let whole = defect(&archive(b"cown.models\nResNet\n)\x81}b", 0));
    assert!(
        matches!(&whole, Defect::ForeignObject { name } if name == "own.models.ResNet"),
        "{whole}"
    );
}

#[test]
fn subclasses_of_tensors_are_tensors() {
    // `_rebuild_from_type_v2(_rebuild_tensor_v2, class, arguments, attributes)`.
    let inner = pair("0");
    let function = b"ctorch._utils\n_rebuild_tensor_v2\n";
    let arguments = inner.strip_prefix(&function[..]).expect("it begins so");
    let arguments = arguments.strip_suffix(b"R").expect("and ends so");
    let tensor = [
        &b"ctorch._tensor\n_rebuild_from_type_v2\n("[..],
        function,
        b"cown\nParameter\n",
        arguments,
        b"}tR",
    ]
    .concat();
    assert_w(&weights(&dict(&[("w", tensor)]), 1), 0.0);
}

#[test]
fn many_thousands_of_tensors() {
    const TENSORS: usize = 20_000;
    let names: Vec<String> = (0..TENSORS)
        .map(|at| format!("block.{at}.weight"))
        .collect();
    let keys: Vec<String> = (0..TENSORS).map(|at| at.to_string()).collect();
    let entries: Vec<(&str, Vec<u8>)> = names
        .iter()
        .zip(&keys)
        .map(|(name, key)| (name.as_str(), pair(key)))
        .collect();
    let found = weights(&dict(&entries), TENSORS);
    assert_eq!(found.tensors.len(), TENSORS);
    assert_eq!(
        found.tensors["block.12345.weight"].values,
        [12345.0, 12345.5]
    );
}

#[test]
fn integers_in_safetensors_are_left_out_and_doubles_are_read() {
    let header = r#"{"n":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"w":{"dtype":"F64","shape":[1],"data_offsets":[8,16]},"z":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}}"#;
    let data = [&7_i64.to_le_bytes()[..], &0.1_f64.to_le_bytes(), &[1, 2, 3]].concat();
    let found = read_bytes(&files::safetensors(header, &data)).expect("weights");
    assert_eq!(found.tensors.len(), 1);
    assert_eq!(found.tensors["w"].values, [0.1]);
    let header = r#"{"n":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#;
    let none = defect(&files::safetensors(header, &[0; 8]));
    assert!(
        matches!(
            none,
            Defect::NoWeights {
                format: Format::Safetensors
            }
        ),
        "{none}"
    );
}

#[test]
fn other_forms_are_recognized_and_answered_with_a_way() {
    let is = |bytes: &[u8], what: &str| {
        let found = defect(bytes);
        let Defect::Convertible { what: form, how } = &found else {
            panic!("{found}");
        };
        assert!(form.contains(what), "{form}");
        assert!(!how.is_empty());
    };
    is(b"\x89HDF\r\n\x1a\n\0\0\0\0\0\0\0\0", "HDF5");
    is(b"\x1c\0\0\0TFL3\0\0", "TensorFlow Lite");
    is(b"\x93NUMPY\x01\0v\0", "NumPy");
    is(b"GGUF\x03\0\0\0", "GGUF");
    let graph = files::bytes(2, &files::small_graph());
    let meta = files::bytes(1, &files::bytes(4, b"serve"));
    let saved = [
        files::number(1, 1),
        files::bytes(2, &[meta, graph].concat()),
    ]
    .concat();
    is(&saved, "SavedModel");
    let onnx = [
        files::number(1, 8),
        files::bytes(2, b"pytorch"),
        files::bytes(7, &files::bytes(2, b"main_graph")),
    ]
    .concat();
    is(&onnx, "ONNX");
    let zip = |names: &[&str]| {
        let entries = names.iter().map(|name| ((*name).to_owned(), b"x".to_vec()));
        files::zip(&entries.collect::<Vec<_>>(), false)
    };
    is(
        &zip(&["config.json", "metadata.json", "model.weights.h5"]),
        "Keras",
    );
    is(
        &zip(&["net/data.pkl", "net/constants.pkl", "net/code/x.py"]),
        "TorchScript",
    );
    is(
        &zip(&["net/data.pkl", "net/models/model.json"]),
        "exported program",
    );
    is(&zip(&["arr_0.npy"]), "NumPy");
    is(
        &zip(&["m/saved_model.pb", "m/variables/variables.index"]),
        "SavedModel",
    );

    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("saved_model.pb"), b"").expect("writable");
    let found = read(folder.path()).expect_err("a folder");
    assert!(found.to_string().contains("tf2onnx"), "{found}");
}

#[test]
fn files_that_failed() {
    if let Some(path) = shared("cases/with_counter.safetensors") {
        let found = read(path).expect("weights");
        assert_eq!(
            found.tensors.keys().collect::<Vec<_>>(),
            ["conv1.conv.weight"]
        );
    }
    for file in ["cases/under_net.pth", "cases/plain.pth"] {
        if let Some(path) = shared(file) {
            let found = read(path).expect("weights");
            assert_eq!(
                found.tensors.keys().collect::<Vec<_>>(),
                ["conv1.bias", "conv1.weight"],
                "{file}"
            );
        }
    }
    if let Some(path) = shared("cases/data_parallel.pth") {
        let found = read(path).expect("weights");
        assert!(found.tensors.keys().all(|name| name.starts_with("module.")));
    }
}
