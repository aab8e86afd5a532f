//! The memory that loading a network takes.

#[path = "../../weights/tests/support/counting.rs"]
mod counting;

use std::path::Path;

use burn::tensor::Device;
use counting::{Counting, alone, peak_of};
use oneiric_core::Backend;
use oneiric_model::{BlockWidths, InceptionV1, InceptionV1Config};
use oneiric_testkit::shared;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn check(what: &str, path: &Path, device: &Device) {
    let size = path.metadata().expect("there").len() as f64;
    let (net, peak) = peak_of(&alone(), || InceptionV1::load(path, device));
    assert!(net.is_ok(), "{what}: {net:?}");
    let ratio = peak as f64 / size;
    println!("{what}: {ratio:.2} times its {:.1} MB", size / 1e6);
    assert!(ratio < 2.5, "{what}: {ratio:.2}");
}

/// The only test of this file, since the count is that of the whole process.
#[test]
fn loading_takes_less_than_two_and_a_half_times_the_file() {
    let device = Backend::Flex.device().expect("flex is compiled in");
    for file in [
        "weights/bvlc_googlenet.safetensors",
        "oracles/caffe_googlenet/synthetic_v1.caffemodel",
        "oracles/inception5h/synthetic_graph.pb",
        "oracles/inception5h/synthetic_lucent.pth",
        "oracles/googlenet_torchvision/synthetic.pth",
    ] {
        if let Some(path) = shared(file) {
            check(file, &path, &device);
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("saved.safetensors");
    let net = InceptionV1::random(InceptionV1Config::inception5h(), 1, &device).expect("of ours");
    net.save(&path).expect("writable");
    drop(net);
    check("saved", &path, &device);

    // A normalization needs a matrix that is in no file, as large as the card allows; both
    // normalizations share it.
    let mut config = InceptionV1Config::tiny();
    config.stem = [1024, 1, 1024];
    config.blocks = [BlockWidths::new([1; 6]); 9];
    let net = InceptionV1::random(config, 1, &device).expect("of ours");
    net.save(&path).expect("writable");
    drop(net);
    let size = path.metadata().expect("there").len() as usize;
    let (net, peak) = peak_of(&alone(), || InceptionV1::load(&path, &device));
    assert!(net.is_ok(), "{net:?}");
    println!("wide normalizations: {peak} bytes of {size}");
    let matrix = size_of::<f32>() << 20;
    assert!(peak < matrix + 4 * size, "{peak} bytes of {size}");
}
