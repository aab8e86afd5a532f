//! The memory that reading takes: less than 2.5 times the file's size for every published file.

mod support;

use std::{collections::BTreeMap, path::Path};

use oneiric_weights::{HostTensor, NamedTensors, read, write_safetensors};
use support::{
    counting::{Counting, alone, peak_of},
    files, shared,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The largest ratio of memory to file size.
const LIMIT: f64 = 2.5;
/// The largest ratio where halves are widened from a file in memory, or from a storage that several
/// tensors share.
const WIDENED: f64 = 4.1;

fn check(what: &str, path: &Path) {
    check_within(LIMIT, what, path);
}

fn check_within(limit: f64, what: &str, path: &Path) {
    let size = path.metadata().expect("there").len() as f64;
    let (weights, peak) = peak_of(&alone(), || read(path));
    let ratio = peak as f64 / size;
    println!("{what}: {ratio:.2} times {:.1} MB", size / 1e6);
    weights.expect("readable");
    assert!(ratio < limit, "{what} takes {ratio} times its size");
}

fn shared_files() {
    for file in [
        "weights/bvlc_googlenet.safetensors",
        "oracles/caffe_googlenet/synthetic_v1.caffemodel",
        "oracles/inception5h/synthetic_graph.pb",
        "oracles/inception5h/synthetic_lucent.pth",
        "oracles/googlenet_torchvision/synthetic.pth",
    ] {
        if let Some(path) = shared(file) {
            check(file, &path);
        }
    }
}

fn files_of_this_test() {
    const COUNT: usize = 1 << 20;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("weights");
    // Numbers that are exact as f16, and that deflate does not compress away.
    let values: Vec<f32> = (0..4 * COUNT as u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 21) as f32)
        .collect();
    let tensors: NamedTensors = values
        .chunks(COUNT)
        .enumerate()
        .map(|(i, values)| {
            let (shape, values) = (vec![COUNT], values.to_vec());
            (i.to_string(), HostTensor { shape, values })
        })
        .collect();
    write_safetensors(&path, &tensors, &BTreeMap::new()).expect("writable");
    assert!(path.metadata().expect("there").len() < 9 * COUNT as u64);
    check("f16 safetensors", &path);

    let bytes = files::floats(&values);
    let pickled = files::Pickled {
        class: "FloatStorage",
        key: "0",
        numbers: values.len() as u64,
        offset: 0,
        shape: &[values.len() as u64],
        strides: &[1],
    };
    let pickle = files::state_dict(&[("w", pickled.instructions())]);
    let storage = [("0", values.len() as u64, bytes.clone())];
    std::fs::write(&path, files::torch_legacy(&pickle, &storage)).expect("writable");
    check("legacy PyTorch", &path);

    let halves: Vec<u8> = values
        .iter()
        .flat_map(|&value| half::f16::from_f32(value).to_le_bytes())
        .collect();
    let view = files::Pickled {
        class: "HalfStorage",
        shape: &[4, COUNT as u64],
        strides: &[1, 4],
        ..pickled
    };
    let pickle = files::state_dict(&[("w", view.instructions())]);
    let storage = [("0", values.len() as u64, halves.clone())];
    std::fs::write(&path, files::torch_legacy(&pickle, &storage)).expect("writable");
    check_within(WIDENED, "a view of halves", &path);
    let content = files::bytes(4, &halves);
    let first = files::node("input", "Placeholder", &[]);
    let graph = files::constant("w", 19, &[values.len() as u64], &content);
    std::fs::write(&path, [first, graph].concat()).expect("writable");
    check_within(WIDENED, "TensorFlow graph of halves", &path);

    let mut noise = 1_u32;
    let noise: Vec<f32> = std::iter::repeat_with(|| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 8) as f32 / 16_777_216.0
    })
    .take(COUNT)
    .collect();
    let content = files::bytes(4, &files::floats(&noise));
    let graph = files::constant("w", 1, &[COUNT as u64], &content);
    std::fs::write(&path, files::graph_zip(graph, "dummy\n")).expect("writable");
    check("TensorFlow graph in a zip archive", &path);
}

/// A single test, because the allocator counts for the whole process.
#[test]
fn reading_takes_less_than_its_limit() {
    shared_files();
    files_of_this_test();
}
