//! The reader of ONNX models against the files in `../shared`, and on damaged ones.

use std::{fs, path::PathBuf};

use oneiric_weights::onnx::{Attribute, ElementType, Values, parse, parse_tensor, read};

/// The folder of shared data, if this machine has it.
fn shared() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/onnx");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: ../shared is not on this machine");
    None
}

fn models(folder: &str) -> Vec<PathBuf> {
    let Some(shared) = shared() else {
        return Vec::new();
    };
    let entries = fs::read_dir(shared.join(folder)).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut found: Vec<PathBuf> = paths
        .map(|path| {
            if path.is_dir() {
                path.join("model.onnx")
            } else {
                path
            }
        })
        .filter(|path| path.extension().is_some_and(|ending| ending == "onnx"))
        .collect();
    found.sort();
    found
}

#[test]
fn every_shared_model_is_read_whole() {
    for folder in ["oracles", "light", "nodes"] {
        for path in models(folder) {
            let model = read(&path).unwrap_or_else(|error| panic!("{error}"));
            assert!(!model.graph.nodes.is_empty(), "{path:?}");
            assert!(!model.opsets.is_empty(), "{path:?}");
            assert!(!model.graph.outputs.is_empty(), "{path:?}");
            for tensor in &model.graph.initializers {
                assert_ne!(tensor.values, Values::Opaque, "{} of {path:?}", tensor.name);
            }
            for node in &model.graph.nodes {
                assert!(
                    !node.op_type.is_empty() && !node.outputs.is_empty(),
                    "{path:?}"
                );
            }
        }
    }
}

#[test]
fn tensors_of_the_operator_cases_have_as_many_values_as_their_shapes() {
    let mut count = 0;
    for model in models("nodes") {
        let data = model.with_file_name("test_data_set_0");
        for entry in fs::read_dir(data).expect("a folder") {
            let path = entry.expect("an entry").path();
            let tensor = parse_tensor(&fs::read(&path).expect("a file"));
            let tensor = tensor.unwrap_or_else(|error| panic!("{path:?}: {error}"));
            let expected: usize = tensor.shape.iter().product();
            let found = match &tensor.values {
                Values::Float(values) => values.len(),
                Values::Int(values) => values.len(),
                _ => panic!("{path:?} holds {}", tensor.element),
            };
            assert_eq!(found, expected, "{path:?}");
            count += 1;
        }
    }
    assert!(count == 0 || count > 1000, "{count}");
}

/// A field of a message.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).expect("short");
    [&[number << 3 | 2, length], bytes].concat()
}

fn number(field: u8, value: u8) -> Vec<u8> {
    vec![field << 3, value]
}

#[test]
fn every_encoding_of_numbers_is_read() {
    let tensor = |parts: &[Vec<u8>]| parse_tensor(&parts.concat()).expect("a tensor");
    // Halves as bits in int32_data: 1.5 is 0x3e00.
    let half = tensor(&[number(1, 1), number(2, 10), field(5, &[0x80, 0x7c])]);
    assert_eq!(half.values, Values::Float(vec![1.5]));
    let double = tensor(&[number(2, 11), field(10, &0.25_f64.to_le_bytes())]);
    assert_eq!(double.values, Values::Float(vec![0.25]));
    let brain = tensor(&[number(1, 1), number(2, 16), field(9, &[0xc0, 0x3f])]);
    assert_eq!(brain.values, Values::Float(vec![1.5]));
    // Negative integers take ten bytes.
    let minus_one = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    let int = tensor(&[number(1, 1), number(2, 7), field(7, &minus_one)]);
    assert_eq!(int.values, Values::Int(vec![-1]));
    let truth = tensor(&[number(1, 2), number(2, 9), field(9, &[0, 2])]);
    assert_eq!(truth.values, Values::Int(vec![0, 1]));
    assert_eq!(truth.element, ElementType::Bool);
    let bytes = tensor(&[number(1, 2), number(2, 3), field(9, &[0xff, 1])]);
    assert_eq!(bytes.values, Values::Int(vec![-1, 1]));
    let four_bits = tensor(&[number(1, 2), number(2, 22), field(9, &[0x12])]);
    assert_eq!(four_bits.values, Values::Opaque);
}

#[test]
fn attributes_of_every_kind_are_read() {
    let ints = [field(1, b"axes"), field(8, &[1, 2]), vec![0xa0, 1, 7]].concat();
    let float = [
        field(1, b"alpha"),
        [vec![0x15], 0.5_f32.to_le_bytes().to_vec()].concat(),
    ];
    let node = [
        field(4, b"Softmax"),
        field(5, &ints),
        field(5, &float.concat()),
    ]
    .concat();
    let model = field(7, &field(1, &node));
    let model = parse(&model, None).expect("a model");
    let node = &model.graph.nodes[0];
    assert_eq!(node.attribute("axes"), Some(&Attribute::Ints(vec![1, 2])));
    assert_eq!(node.attribute("alpha"), Some(&Attribute::Float(0.5)));
    assert_eq!(node.attribute("beta"), None);
}

#[test]
fn damaged_and_hostile_models_are_errors() {
    let error = |bytes: &[u8]| parse(bytes, None).expect_err("damaged").to_string();
    assert!(error(&[]).contains("no graph"));
    assert!(error(&[0x3a, 200, 1]).contains("cut off"));
    // A shape without the values to it.
    let tensor = |parts: &[Vec<u8>]| field(7, &field(5, &parts.concat()));
    let huge = vec![0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f];
    let text = error(&tensor(&[huge, number(2, 1)]));
    assert!(text.contains("values"), "{text}");
    let text = error(&tensor(&[number(1, 3), number(2, 1), field(9, &[0; 4])]));
    assert!(text.contains("values"), "{text}");
    // Bodies in bodies.
    let mut body = field(1, &field(4, b"Relu"));
    for _ in 0..12 {
        body = field(1, &field(5, &field(6, &body)));
    }
    assert!(error(&field(7, &body)).contains("too deep"));
    // Empty nodes without end.
    let nodes: Vec<u8> = [0x0a, 0].repeat(200_000);
    let length = nodes.len();
    let mut model = vec![0x3a];
    model.extend([(length & 127 | 128) as u8, (length >> 7 & 127 | 128) as u8]);
    model.push((length >> 14) as u8);
    model.extend(nodes);
    assert!(error(&model).contains("far more than its size"));
}

#[test]
fn external_data_is_read_from_the_models_folder_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("model");
    fs::create_dir(&inner).expect("a folder");
    fs::write(folder.path().join("secret"), [0; 8]).expect("a file");
    fs::write(inner.join("weights"), [0, 0, 0, 0, 0, 0, 0x80, 0x3f]).expect("a file");
    let model = |path: &str, length: &str| {
        let entry = |key: &str, value: &str| {
            let entry = [field(1, key.as_bytes()), field(2, value.as_bytes())].concat();
            field(13, &entry)
        };
        let tensor = [
            number(1, 1),
            number(2, 1),
            number(14, 1),
            entry("location", path),
            entry("offset", "4"),
            entry("length", length),
        ];
        field(7, &field(5, &tensor.concat()))
    };
    let read = |path: &str, length: &str| parse(&model(path, length), Some(&inner));
    let good = read("weights", "4").expect("a model");
    assert_eq!(good.graph.initializers[0].values, Values::Float(vec![1.0]));
    for (path, length, expected) in [
        ("../secret", "4", "own folder"),
        ("/etc/hostname", "4", "own folder"),
        ("", "4", "own folder"),
        ("missing", "4", "beside the model"),
        ("weights", "8", "takes 4 bytes"),
    ] {
        let text = read(path, length).expect_err("hostile").to_string();
        assert!(text.contains(expected), "{path}: {text}");
    }
    let text = parse(&model("weights", "4"), None).expect_err("no folder");
    assert!(text.to_string().contains("not read from a folder"));
    #[cfg(unix)]
    {
        let link = inner.join("link");
        std::os::unix::fs::symlink(folder.path().join("secret"), &link).expect("a link");
        let text = read("link", "4").expect_err("a link").to_string();
        assert!(text.contains("leads out"), "{text}");
    }
}

#[test]
fn mutated_models_are_models_or_errors() {
    let tensor = [
        number(1, 2),
        number(2, 7),
        field(8, b"t"),
        field(9, &[1; 16]),
    ]
    .concat();
    let body = field(1, &field(4, b"Relu"));
    let attributes = [
        [field(1, b"axes"), field(8, &[1, 2, 3]), vec![0xa0, 1, 7]].concat(),
        [field(1, b"value"), field(5, &tensor), vec![0xa0, 1, 4]].concat(),
        [field(1, b"body"), field(6, &body), vec![0xa0, 1, 5]].concat(),
    ];
    let attributes = attributes.map(|attribute| field(5, &attribute)).concat();
    let node = [field(1, b"x"), field(2, b"y"), field(4, b"If"), attributes].concat();
    let dimension = field(1, &number(1, 3));
    let input = [field(1, b"x"), field(2, &field(1, &field(2, &dimension)))].concat();
    let graph = [field(1, &node), field(5, &tensor), field(11, &input)].concat();
    let length = graph.len();
    let mut model = vec![0x3a, (length & 127 | 128) as u8, (length >> 7) as u8];
    model.extend(graph);
    assert!(parse(&model, None).is_ok());

    // A linear congruential generator (Knuth's MMIX), so that a failure repeats.
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut read = 0;
    for _ in 0..200_000 {
        let mut bytes = model.clone();
        for _ in 0..=next(4) {
            let at = next(bytes.len());
            match next(3) {
                0 => bytes[at] = next(256) as u8,
                1 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, next(256) as u8),
            }
        }
        read += usize::from(parse(&bytes, None).is_ok());
        let _ = parse_tensor(&bytes);
    }
    assert!(read > 1000, "{read} of them are models still");
}
