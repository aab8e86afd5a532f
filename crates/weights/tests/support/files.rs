//! Weight files written byte by byte from the specifications of the formats.

use std::io::Write;

/// Little-endian floats.
pub(crate) fn floats(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// A safetensors file of a header and data.
pub(crate) fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    let length = (header.len() as u64).to_le_bytes();
    [&length[..], header.as_bytes(), data].concat()
}

/// A safetensors file of `a` = [[1, 2, 3]] in f32, `b` = [0.5, -0] in f16, and `c` = 1.5 in bf16.
pub(crate) fn small_safetensors() -> Vec<u8> {
    safetensors(
        r#"{"__metadata__":{"from":"a test"},"a":{"dtype":"F32","shape":[1,3],"data_offsets":[0,12]},"b":{"dtype":"F16","shape":[2],"data_offsets":[12,16]},"c":{"dtype":"BF16","shape":[],"data_offsets":[16,18]}}"#,
        &[
            &floats(&[1.0, 2.0, 3.0])[..],
            &[0x00, 0x38, 0x00, 0x80, 0xc0, 0x3f],
        ]
        .concat(),
    )
}

/// A protobuf varint.
pub(crate) fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// A protobuf field that is a number.
pub(crate) fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

/// A protobuf field of bytes, a string or a message.
pub(crate) fn bytes(field: u64, bytes: &[u8]) -> Vec<u8> {
    [
        varint(field << 3 | 2),
        varint(bytes.len() as u64),
        bytes.to_vec(),
    ]
    .concat()
}

/// Offset 0 and the offset of each field's end in a protobuf message, whose fields must be bytes.
pub(crate) fn ends_of_fields(message: &[u8]) -> Vec<usize> {
    let mut ends = vec![0];
    let mut at = 0;
    let number = |at: &mut usize| {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = message[*at];
            *at += 1;
            value |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        value
    };
    while at < message.len() {
        assert_eq!(number(&mut at) & 7, 2, "a field that is not bytes");
        at += number(&mut at);
        ends.push(at);
    }
    ends
}

/// A node of a TensorFlow graph.
pub(crate) fn node(name: &str, op: &str, attributes: &[u8]) -> Vec<u8> {
    let node = [
        bytes(1, name.as_bytes()),
        bytes(2, op.as_bytes()),
        attributes.to_vec(),
    ];
    bytes(1, &node.concat())
}

/// A constant of a TensorFlow graph: its type, shape, and the fields that hold its values.
pub(crate) fn constant(name: &str, dtype: u64, shape: &[u64], values: &[u8]) -> Vec<u8> {
    let shape: Vec<u8> = shape
        .iter()
        .flat_map(|&n| bytes(2, &number(1, n)))
        .collect();
    let tensor = [number(1, dtype), bytes(2, &shape), values.to_vec()].concat();
    let attribute = [bytes(1, b"value"), bytes(2, &bytes(8, &tensor))].concat();
    node(name, "Const", &bytes(5, &attribute))
}

/// A frozen graph: `w` [2, 1] = [1, 2] as bytes, `b` [3] = 0.5 as one repeated value, `h` [2] =
/// [1.5, -2] as halves, `two` = [1, -1] unpacked, and nodes that are not weights.
pub(crate) fn small_graph() -> Vec<u8> {
    let two = [&[0x2d][..], &floats(&[1.0]), &[0x2d], &floats(&[-1.0])].concat();
    [
        node("input", "Placeholder", &[]),
        constant("w", 1, &[2, 1], &bytes(4, &floats(&[1.0, 2.0]))),
        constant("b", 1, &[3], &bytes(5, &floats(&[0.5]))),
        constant(
            "h",
            19,
            &[2],
            &bytes(13, &[varint(0x3e00), varint(0xc000)].concat()),
        ),
        constant("two", 1, &[2], &two),
        constant("shape", 3, &[1], &bytes(4, &[7, 0, 0, 0])),
        node("conv", "Conv2D", &bytes(3, b"input")),
        bytes(4, &number(1, 22)),
    ]
    .concat()
}

/// A legacy Caffe blob.
pub(crate) fn legacy_blob(sides: [u64; 4], values: &[f32]) -> Vec<u8> {
    let sides = sides
        .iter()
        .zip(1..)
        .flat_map(|(&n, field)| number(field, n));
    sides.chain(bytes(5, &floats(values))).collect()
}

/// A legacy Caffe model: a data layer, `conv` [2, 1, 1, 2] with its bias, and `fc` [2, 3].
pub(crate) fn small_caffe_v1() -> Vec<u8> {
    let layer = |name: &str, blobs: &[Vec<u8>]| {
        let blobs = blobs.iter().flat_map(|blob| bytes(6, blob));
        let layer: Vec<u8> = [bytes(3, b"top"), bytes(4, name.as_bytes()), number(5, 4)]
            .concat()
            .into_iter()
            .chain(blobs)
            .collect();
        bytes(2, &layer)
    };
    [
        bytes(1, b"SmallNet"),
        layer("data", &[]),
        layer(
            "conv",
            &[
                legacy_blob([2, 1, 1, 2], &[1.0, 2.0, 3.0, 4.0]),
                legacy_blob([1, 1, 1, 2], &[5.0, 6.0]),
            ],
        ),
        layer("fc", &[legacy_blob([1, 1, 2, 3], &[1.0; 6])]),
    ]
    .concat()
}

/// A current Caffe model: `conv` [2, 1, 1, 2] packed, bias [2] unpacked, and a third blob of
/// doubles.
pub(crate) fn small_caffe_v2() -> Vec<u8> {
    let packed = [
        bytes(7, &bytes(1, &[2, 1, 1, 2])),
        bytes(5, &floats(&[1.0, 2.0, 3.0, 4.0])),
    ]
    .concat();
    let unpacked = [
        bytes(7, &number(1, 2)),
        vec![0x2d],
        floats(&[5.0]),
        vec![0x2d],
        floats(&[6.0]),
    ]
    .concat();
    let doubles = [bytes(7, &number(1, 1)), bytes(8, &7.5_f64.to_le_bytes())].concat();
    let layer = [
        bytes(1, b"conv"),
        bytes(2, b"Convolution"),
        bytes(7, &packed),
        bytes(7, &unpacked),
        bytes(7, &doubles),
    ]
    .concat();
    [bytes(1, b"SmallNet"), bytes(100, &layer)].concat()
}

/// A pickled string.
pub(crate) fn text(text: &str) -> Vec<u8> {
    [
        b"X",
        &(text.len() as u32).to_le_bytes()[..],
        text.as_bytes(),
    ]
    .concat()
}

/// A pickled integer.
pub(crate) fn int(value: u64) -> Vec<u8> {
    [&[0x8a, 8][..], &value.to_le_bytes()].concat()
}

/// A pickled tuple of integers.
pub(crate) fn ints(values: &[u64]) -> Vec<u8> {
    let values: Vec<u8> = values.iter().flat_map(|&value| int(value)).collect();
    [&b"("[..], &values, b"t"].concat()
}

/// A tensor as PyTorch pickles it.
pub(crate) struct Pickled<'a> {
    /// The storage's class, such as "FloatStorage".
    pub(crate) class: &'a str,
    /// The storage's key.
    pub(crate) key: &'a str,
    /// The number of numbers in the storage.
    pub(crate) numbers: u64,
    /// The index of the tensor's first number in the storage.
    pub(crate) offset: u64,
    /// The tensor's shape.
    pub(crate) shape: &'a [u64],
    /// The tensor's strides.
    pub(crate) strides: &'a [u64],
}

impl Pickled<'_> {
    /// The pickle instructions that build the tensor.
    pub(crate) fn instructions(&self) -> Vec<u8> {
        [
            &b"ctorch._utils\n_rebuild_tensor_v2\n(("[..],
            &text("storage"),
            format!("ctorch\n{}\n", self.class).as_bytes(),
            &text(self.key),
            &text("cpu"),
            &int(self.numbers),
            b"tQ",
            &int(self.offset),
            &ints(self.shape),
            &ints(self.strides),
            b"\x89ccollections\nOrderedDict\n)RtR",
        ]
        .concat()
    }
}

/// A pickled state dict, from the instructions of each named object.
pub(crate) fn state_dict(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let entries = entries
        .iter()
        .flat_map(|(name, value)| [text(name), value.clone()].concat());
    let entries: Vec<u8> = entries.collect();
    [
        &b"\x80\x02ccollections\nOrderedDict\n)R("[..],
        &entries,
        b"u.",
    ]
    .concat()
}

/// The pickle and the storages of a state dict: `w` [2, 2] transposed in a storage of 4 floats, `b`
/// [2] in a storage of halves, and the integer `n`.
fn small_state_dict() -> (Vec<u8>, [(&'static str, Vec<u8>); 3]) {
    let tensor = |class, key, numbers, shape, strides| {
        Pickled {
            class,
            key,
            numbers,
            offset: 0,
            shape,
            strides,
        }
        .instructions()
    };
    let pickle = state_dict(&[
        ("w", tensor("FloatStorage", "0", 4, &[2, 2], &[1, 2])),
        ("b", tensor("HalfStorage", "1", 2, &[2], &[1])),
        ("n", tensor("LongStorage", "2", 1, &[], &[])),
    ]);
    let storages = [
        ("0", floats(&[1.0, 2.0, 3.0, 4.0])),
        ("1", vec![0x00, 0x3e, 0x00, 0xc0]),
        ("2", 9_u64.to_le_bytes().to_vec()),
    ];
    (pickle, storages)
}

/// PyTorch's zip container around a pickle and storages.
pub(crate) fn torch_zip(pickle: &[u8], storages: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut files = vec![("archive/data.pkl".to_owned(), pickle.to_vec())];
    files.push(("archive/byteorder".to_owned(), b"little".to_vec()));
    for (key, bytes) in storages {
        files.push((format!("archive/data/{key}"), bytes.clone()));
    }
    zip(&files, false)
}

/// PyTorch's legacy container around a pickle and storages, each with its key and its number of
/// numbers.
pub(crate) fn torch_legacy(pickle: &[u8], storages: &[(&str, u64, Vec<u8>)]) -> Vec<u8> {
    let keys: Vec<u8> = storages.iter().flat_map(|(key, _, _)| text(key)).collect();
    let mut file = [
        b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.",
        &b"\x80\x02M\xe9\x03."[..],
        &[b"\x80\x02}(", &text("little_endian")[..], b"\x88u."].concat(),
        pickle,
        &[&b"\x80\x02]("[..], &keys, b"e."].concat(),
    ]
    .concat();
    for (_, numbers, bytes) in storages {
        file.extend(numbers.to_le_bytes());
        file.extend(bytes);
    }
    file
}

/// The small state dict in the zip container.
pub(crate) fn small_torch_zip() -> Vec<u8> {
    let (pickle, storages) = small_state_dict();
    torch_zip(&pickle, &storages)
}

/// The small state dict in the legacy container.
pub(crate) fn small_torch_legacy() -> Vec<u8> {
    let (pickle, [w, b, n]) = small_state_dict();
    torch_legacy(&pickle, &[(w.0, 4, w.1), (b.0, 2, b.1), (n.0, 1, n.1)])
}

/// A zip archive.
pub(crate) fn zip(files: &[(String, Vec<u8>)], deflated: bool) -> Vec<u8> {
    let method = if deflated {
        rawzip::CompressionMethod::DEFLATE
    } else {
        rawzip::CompressionMethod::STORE
    };
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    for (name, content) in files {
        let file = archive.new_file(name).compression_method(method).start();
        let (mut entry, config) = file.expect("memory");
        let descriptor = if deflated {
            let level = flate2::Compression::default();
            let encoder = flate2::write::DeflateEncoder::new(&mut entry, level);
            let mut writer = config.wrap(encoder);
            writer.write_all(content).expect("memory");
            let (encoder, descriptor) = writer.finish().expect("memory");
            encoder.finish().expect("memory");
            descriptor
        } else {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(content).expect("memory");
            writer.finish().expect("memory").1
        };
        entry.finish(descriptor).expect("memory");
    }
    archive.finish().expect("memory");
    bytes
}

/// An archive of a graph, labels and a license, like the public one.
pub(crate) fn graph_zip(graph: Vec<u8>, labels: &str) -> Vec<u8> {
    let files = [
        ("tensorflow_inception_graph.pb".to_owned(), graph),
        (
            "imagenet_comp_graph_label_strings.txt".to_owned(),
            labels.into(),
        ),
        ("LICENSE".to_owned(), b"Apache License".to_vec()),
    ];
    zip(&files, true)
}

/// One small file of every format and container.
pub(crate) fn small_files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("safetensors", small_safetensors()),
        ("graph", small_graph()),
        ("graph.zip", graph_zip(small_graph(), "dummy\nkit fox\n")),
        ("torch.zip", small_torch_zip()),
        ("torch.legacy", small_torch_legacy()),
        ("caffe.v1", small_caffe_v1()),
        ("caffe.v2", small_caffe_v2()),
    ]
}
