//! Damaged and hostile files. Reading returns an error or tensors, never panics, never takes more
//! memory than a small multiple of the file's size, and never runs code. The fuzz targets in
//! `fuzz/` test the same without a time limit.

mod support;

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    sync::MutexGuard,
};

use oneiric_weights::{Defect, NamedTensors, Weights, WeightsError, read, read_bytes};
use support::{
    counting::{Counting, alone, peak_of},
    files,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The memory that reading a file may take, as a multiple of the file's size.
const MULTIPLE: usize = 12;
/// The bytes added to that limit, for buffers and for the unpacked or expanded content of small
/// files.
const CONSTANT: usize = 4 << 20;
/// The bytes added to that limit for the objects of a pickle, which the number of instructions
/// bounds.
const PICKLED: usize = 16 << 20;

/// A reader that measures memory. Each test creates it first, so that no other test allocates
/// meanwhile.
struct Reader {
    alone: MutexGuard<'static, ()>,
    _folder: tempfile::TempDir,
    path: PathBuf,
    constant: usize,
}

impl Reader {
    fn new() -> Self {
        let alone = alone();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("weights");
        Self {
            alone,
            _folder: folder,
            path,
            constant: CONSTANT,
        }
    }

    /// Reads bytes from a file and from memory, and checks the memory that reading takes.
    fn read(&self, what: &str, bytes: &[u8]) -> Result<Weights, WeightsError> {
        self.write(bytes).expect("writable");
        let most = MULTIPLE * bytes.len() + self.constant;
        let (result, peak) = peak_of(&self.alone, || read(&self.path));
        assert!(peak <= most, "{what}: {peak} of {} bytes", bytes.len());
        let (same, peak) = peak_of(&self.alone, || read_bytes(bytes).is_ok());
        assert!(peak <= most, "{what}: {peak} of {} in memory", bytes.len());
        assert_eq!(same, result.is_ok(), "{what}: from a file and from memory");
        result
    }

    /// Writes the file like `fs::write`, but without truncating it first: after truncation some
    /// file systems wait for the disk, which takes minutes for tens of thousands of files.
    fn write(&self, bytes: &[u8]) -> std::io::Result<()> {
        let mut options = File::options();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(false)
            .open(&self.path)?;
        file.write_all(bytes)?;
        file.set_len(bytes.len() as u64)
    }

    fn defect(&self, what: &str, bytes: &[u8]) -> Defect {
        match self.read(what, bytes) {
            Err(WeightsError::File { source, .. }) => source,
            Err(other) => panic!("{what}: {other}"),
            Ok(_) => panic!("{what}: no error"),
        }
    }
}

#[test]
fn small_files_cut_off_anywhere() {
    let reader = Reader::new();
    for (format, seed) in files::small_files() {
        let whole = reader.read(format, &seed).expect("the seed").tensors;
        // A protobuf message that is cut between two fields is two messages, each with some or none
        // of the tensors.
        let between = match format {
            "graph" | "caffe.v1" | "caffe.v2" => files::ends_of_fields(&seed),
            _ => Vec::new(),
        };
        for length in 0..seed.len() {
            let cut = reader.read(format, &seed[..length]);
            if between.contains(&length) {
                let rest = reader.read(format, &seed[length..]);
                let parts = [cut, rest].map(|part| part.map(|part| part.tensors));
                let parts: NamedTensors = parts.into_iter().flatten().flatten().collect();
                assert_eq!(parts, whole, "{format} in two at {length}");
            } else {
                assert!(cut.is_err(), "{format} of {length} bytes");
            }
        }
        assert_eq!(between.last().unwrap_or(&seed.len()), &seed.len());
    }
}

#[test]
fn small_files_with_any_byte_changed() {
    let reader = Reader::new();
    for (format, seed) in files::small_files() {
        for at in 0..seed.len() {
            for change in [0x01, 0x04, 0x80, 0xff] {
                let mut bytes = seed.clone();
                bytes[at] ^= change;
                // Damaged values may go undetected: the test is for the limits and for panics.
                let _ = reader.read(format, &bytes);
            }
        }
    }
}

#[test]
fn small_files_with_any_length_made_huge() {
    let reader = Reader::new();
    let huge: [&[u8]; 5] = [
        &(1_u64 << 60).to_le_bytes(),
        &u64::MAX.to_le_bytes(),
        &u32::MAX.to_le_bytes(),
        &[0xff, 0xff],
        // 2^60 as a protobuf varint.
        &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10],
    ];
    for (format, seed) in files::small_files() {
        for at in 0..seed.len() {
            for number in huge {
                let mut over = seed.clone();
                let end = seed.len().min(at + number.len());
                over[at..end].copy_from_slice(&number[..end - at]);
                let _ = reader.read(format, &over);
                let between = [&seed[..at], number, &seed[at..]].concat();
                let _ = reader.read(format, &between);
            }
        }
    }
}

#[test]
fn small_files_spliced() {
    let reader = Reader::new();
    let seeds = files::small_files();
    // The linear congruential generator of Numerical Recipes: the same splices on every machine.
    let mut state = 1_u32;
    let mut below = |limit: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % limit
    };
    for _ in 0..10_000 {
        let (format, first) = &seeds[below(seeds.len())];
        let (_, second) = &seeds[below(seeds.len())];
        let (end, begin) = (below(first.len()), below(second.len()));
        let bytes = [&first[..end], &second[begin..]].concat();
        let _ = reader.read(format, &bytes);
    }
}

#[test]
fn lengths_of_2_to_the_60() {
    let reader = Reader::new();
    let header = [&(1_u64 << 60).to_le_bytes()[..], b"{\"w\":{"].concat();
    assert!(matches!(
        reader.defect("header", &header),
        Defect::Damaged { .. }
    ));
    let tensor = r#"{"w":{"dtype":"F32","shape":[1152921504606846976],"data_offsets":[0,4611686018427387904]}}"#;
    let tensor = files::safetensors(tensor, &[]);
    assert!(matches!(
        reader.defect("tensor", &tensor),
        Defect::Damaged { .. }
    ));
    let field = [
        files::small_graph(),
        vec![0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10],
    ];
    assert!(matches!(
        reader.defect("field", &field.concat()),
        Defect::Damaged { .. }
    ));
    let pickle = files::state_dict(&[("w", pickled(1 << 60, &[1 << 60], &[1]))]);
    let zip = files::torch_zip(&pickle, &[("0", vec![0; 4])]);
    assert!(matches!(
        reader.defect("zip storage", &zip),
        Defect::Damaged { .. }
    ));
    let legacy = files::torch_legacy(&pickle, &[("0", 1 << 60, vec![0; 4])]);
    assert!(matches!(
        reader.defect("legacy storage", &legacy),
        Defect::Damaged { .. }
    ));
}

fn pickled(numbers: u64, shape: &[u64], strides: &[u64]) -> Vec<u8> {
    let (class, key, offset) = ("FloatStorage", "0", 0);
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
fn small_files_that_claim_large_tensors() {
    let reader = Reader::new();
    // One number, viewed as 2^40 numbers with a stride of 0.
    let pickle = files::state_dict(&[("w", pickled(1, &[1 << 40], &[0]))]);
    let expanded = files::torch_zip(&pickle, &[("0", vec![0; 4])]);
    assert!(
        matches!(reader.defect("expanded", &expanded), Defect::Oversized { name } if name == "w")
    );
    // A storage that a thousand tensors cover completely.
    let names: Vec<String> = (0..1000).map(|i| i.to_string()).collect();
    let views = names
        .iter()
        .map(|name| (&**name, pickled(1 << 16, &[1 << 16], &[1])));
    let pickle = files::state_dict(&views.collect::<Vec<_>>());
    let shared = files::torch_zip(&pickle, &[("0", vec![0; 4 << 16])]);
    assert!(matches!(
        reader.defect("shared", &shared),
        Defect::Oversized { .. }
    ));
    // A constant of one number for all of 2^40 values.
    let one = files::bytes(5, &files::floats(&[1.0]));
    let constant = files::constant("w", 1, &[1 << 20, 1 << 20], &one);
    assert!(matches!(
        reader.defect("constant", &constant),
        Defect::Oversized { .. }
    ));
}

#[test]
fn a_storage_that_is_described_twice() {
    let reader = Reader::new();
    // Two storages under one key: one of 2^61 numbers, which a tensor is a view of, and one of the
    // single number that the file holds.
    let begin = b"\x80\x02ccollections\nOrderedDict\n)R(";
    let huge = pickled(1 << 61, &[1], &[1]);
    let small = pickled(1, &[1], &[1]);
    let pickle = [&begin[..], &files::text("w"), &huge, b"u", &small, b"0."].concat();
    let legacy = files::torch_legacy(&pickle, &[("0", 1, vec![0; 4])]);
    let problem = match reader.defect("two sizes", &legacy) {
        Defect::Damaged { problem, .. } => problem,
        other => panic!("{other}"),
    };
    assert_eq!(problem, "a storage has two sizes");
    // The same number of numbers, of another type.
    let integers = files::Pickled {
        class: "LongStorage",
        key: "0",
        numbers: 1,
        offset: 0,
        shape: &[1],
        strides: &[1],
    };
    let integers = integers.instructions();
    let pickle = [
        &begin[..],
        &files::text("w"),
        &small,
        b"u",
        &integers,
        b"0.",
    ]
    .concat();
    let legacy = files::torch_legacy(&pickle, &[("0", 1, vec![0; 8])]);
    assert!(matches!(
        reader.defect("two kinds", &legacy),
        Defect::Damaged { .. }
    ));
}

#[test]
fn tensors_without_values_count_toward_the_limit() {
    let reader = Reader::new();
    let oversized = |what: &str, file: &[u8]| {
        let defect = reader.defect(what, file);
        assert!(
            matches!(defect, Defect::Oversized { .. }),
            "{what}: {defect}"
        );
    };
    // The name of a layer, which each of its blobs repeats: a long name, and one of one letter.
    let blob = files::bytes(6, &files::bytes(7, &files::number(1, 0)));
    for (letters, blobs) in [(1 << 20, 200), (1, 300_000)] {
        let name = files::bytes(4, &vec![b'a'; letters]);
        let layer = files::bytes(2, &[name, blob.repeat(blobs)].concat());
        let first = files::bytes(2, &files::bytes(4, b"l"));
        let net = [files::bytes(1, b"n"), first, layer].concat();
        oversized("blobs", &net);
    }
    let names = || (0..60_000).map(|i| format!("{i:x}"));
    let graph: Vec<u8> = names()
        .flat_map(|name| files::constant(&name, 1, &[0], &[]))
        .collect();
    oversized("constants", &graph);
    let entries: Vec<String> = names()
        .map(|name| format!(r#""{name}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#))
        .collect();
    let header = format!("{{{}}}", entries.join(","));
    oversized("header", &files::safetensors(&header, &[]));
    // One tensor of eight axes, pickled once and named 60,000 times.
    let tensor = pickled(1, &[0; 8], &[0; 8]);
    let named = names().flat_map(|name| [files::text(&name), b"h\x00".to_vec()].concat());
    let named: Vec<u8> = named.collect();
    let begin = b"\x80\x02ccollections\nOrderedDict\n)R(";
    let pickle = [
        &begin[..],
        &files::text("w"),
        &tensor,
        b"q\x00",
        &named,
        b"u.",
    ]
    .concat();
    oversized("names", &files::torch_zip(&pickle, &[("0", vec![0; 4])]));
}

#[test]
fn pickles_that_nest_deeply_or_copy_often() {
    let reader = Reader {
        constant: PICKLED,
        ..Reader::new()
    };
    let legacy = |pickle: &[u8]| files::torch_legacy(pickle, &[]);
    let zip = |pickle: &[u8]| files::torch_zip(pickle, &[]);
    let nested = |open: &[u8], close: &[u8], times: usize| {
        [
            b"\x80\x02",
            &open.repeat(times)[..],
            &close.repeat(times),
            b".",
        ]
        .concat()
    };
    let mut pickles = vec![
        // Deeply nested lists, tuples, dicts and calls.
        nested(b"]", b"a", 1_000_000),
        nested(b"]", b"a", 100_000),
        nested(b"", b"\x85", 1_000_000),
        nested(b"}X\x01\0\0\0a", b"s", 20_000),
        nested(b"(", b"t", 100_000),
        // A list that is its own member.
        b"\x80\x02]q\x00h\x00a.".to_vec(),
        // A string that claims 4 GB.
        b"\x80\x02X\xff\xff\xff\xff.".to_vec(),
    ];
    // Each tuple holds the previous one twice: 2^1000 members in a few kilobytes.
    let laughs = b"h\x00h\x00\x86q\x00".repeat(1000);
    pickles.push([b"\x80\x02]q\x00", &laughs[..], b"."].concat());
    // A long list that is converted to a dict 5,000 times.
    let pair = b"X\x01\0\0\0aK\x01\x86a".repeat(10_000);
    let dicts = b"ccollections\nOrderedDict\nh\x00\x85R0".repeat(5_000);
    pickles.push([b"\x80\x02]q\x00", &pair[..], &dicts, b"."].concat());
    // A long string that is used as a name 50,000 times.
    let name = [b"X\x00\x00\x10\x00", &vec![b'a'; 1 << 20][..]].concat();
    let names = b"h\x00N".repeat(50_000);
    pickles.push([b"\x80\x02}(", &name[..], b"q\x00N", &names, b"u."].concat());
    for pickle in pickles {
        let what = format!("{:?}", &pickle[..pickle.len().min(16)]);
        reader.defect(&what, &legacy(&pickle));
        reader.defect(&what, &zip(&pickle));
    }
}

#[test]
fn a_pickle_runs_nothing() {
    let reader = Reader::new();
    let folder = tempfile::tempdir().expect("a folder");
    let marker = folder.path().join("marker");
    let command = format!("touch {}", marker.display());
    for (module, function) in [("os", "system"), ("posix", "system"), ("builtins", "eval")] {
        let global = format!("c{module}\n{function}\n");
        let call = [global.as_bytes(), &files::text(&command), b"\x85R"];
        let pickle = files::state_dict(&[("w", call.concat())]);
        let newer = [
            &b"\x80\x04"[..],
            &files::text(module),
            &files::text(function),
            b"\x93",
            &files::text(&command),
            b"\x85R.",
        ]
        .concat();
        for pickle in [pickle, newer] {
            for file in [
                files::torch_zip(&pickle, &[]),
                files::torch_legacy(&pickle, &[]),
            ] {
                let defect = reader.defect("a call", &file);
                let Defect::ForeignObject { name } = defect else {
                    panic!("{defect}");
                };
                assert_eq!(name, format!("{module}.{function}"));
            }
        }
    }
    assert!(!marker.exists(), "the pickle was run");
}

#[test]
fn one_long_key_of_many_dicts_takes_no_memory() {
    // Each entry is the key from the memo and an empty dict.
    let key = files::text(&"k".repeat(1000));
    let pickle = [
        &b"\x80\x02}("[..],
        &key,
        b"q\x00}",
        &b"h\x00}".repeat(50_000),
        b"u.",
    ]
    .concat();
    let reader = Reader {
        constant: PICKLED,
        ..Reader::new()
    };
    let defect = reader.defect("dicts", &files::torch_zip(&pickle, &[]));
    assert!(matches!(defect, Defect::NoWeights { .. }), "{defect}");
}

#[test]
fn zip_bombs() {
    let reader = Reader::new();
    let zeros = (
        "tensorflow_inception_graph.pb".to_owned(),
        vec![0; 64 << 20],
    );
    let bomb = files::zip(&[zeros], true);
    assert!(bomb.len() < 100_000);
    assert!(matches!(
        reader.defect("bomb", &bomb),
        Defect::Inflates { .. }
    ));
    // The same archive with a directory that states a smaller size.
    let size = (64_u32 << 20).to_le_bytes();
    let mut lying = bomb;
    let at: Vec<usize> = lying
        .windows(4)
        .enumerate()
        .filter_map(|(at, window)| (window == size).then_some(at))
        .collect();
    assert!(!at.is_empty());
    for at in at {
        lying[at..at + 4].copy_from_slice(&1000_u32.to_le_bytes());
    }
    reader.defect("lying bomb", &lying);
    // An empty label takes one byte, a thousandth of that compressed, and a `String` in memory.
    let labels = "\n".repeat((1 << 20) - 1) + "a";
    let labels = files::graph_zip(files::small_graph(), &labels);
    assert!(labels.len() < 10_000);
    assert!(matches!(
        reader.defect("labels", &labels),
        Defect::Labels { .. }
    ));
}

#[test]
fn empty_protobuf_messages_take_no_memory() {
    let reader = Reader::new();
    let nodes = [files::small_graph(), [0x0a, 0].repeat(1 << 20)].concat();
    assert_eq!(
        reader.read("nodes", &nodes).expect("a graph").tensors.len(),
        4
    );
    let layers = [files::small_caffe_v1(), [0x12, 0].repeat(1 << 20)].concat();
    assert_eq!(
        reader
            .read("layers", &layers)
            .expect("a model")
            .tensors
            .len(),
        3
    );
    let sides = files::bytes(2, &[0x12, 0].repeat(1 << 20));
    let tensor = files::bytes(8, &[files::number(1, 1), sides].concat());
    let attribute = [files::bytes(1, b"value"), files::bytes(2, &tensor)].concat();
    let node = files::node("w", "Const", &files::bytes(5, &attribute));
    assert!(matches!(
        reader.defect("sides", &node),
        Defect::ImpossibleShape { .. }
    ));
}

#[test]
fn headers_of_nothing_but_brackets() {
    let reader = Reader::new();
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let inner = [open.repeat(100_000), close.repeat(100_000)].concat();
        let header = format!(r#"{{"w":{inner}}}"#);
        let file = files::safetensors(&header, &[]);
        assert!(matches!(
            reader.defect("brackets", &file),
            Defect::Header(_)
        ));
    }
    let many = format!(
        r#"{{"w":{{"dtype":"F32","shape":[{}1]"#,
        "1,".repeat(1 << 20)
    );
    reader.defect("sides", &files::safetensors(&many, &[]));
}

/// Writes the seeds for `fuzz/` to the folder in `ONEIRIC_FUZZ_CORPUS`; see `fuzz/README.md`.
#[test]
fn seeds_for_fuzzing() {
    let Some(corpus) = std::env::var_os("ONEIRIC_FUZZ_CORPUS").map(PathBuf::from) else {
        return;
    };
    for (format, seed) in files::small_files() {
        let target = match format {
            "graph" => "graphdef",
            "torch.legacy" => "pytorch",
            "caffe.v1" | "caffe.v2" => "caffe",
            other => other,
        };
        for target in [target, "any"] {
            let folder = corpus.join(target);
            if target != "graph.zip" && target != "torch.zip" {
                std::fs::create_dir_all(&folder).expect("a writable folder");
                std::fs::write(folder.join(format), &seed).expect("a writable folder");
            }
        }
    }
}

/// Reads the inputs that fuzzing found, from the folder `found` beside this file.
#[test]
fn inputs_found_by_fuzzing() {
    let reader = Reader::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/found");
    let Ok(found) = folder.read_dir() else { return };
    for file in found {
        let path = file.expect("a readable folder").path();
        let bytes = std::fs::read(&path).expect("a readable file");
        let _ = reader.read(&path.display().to_string(), &bytes);
    }
}
