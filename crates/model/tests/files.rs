//! Files of an InceptionV1 as people have them: under a prefix, with other classes, one of several
//! state dicts.

use std::collections::BTreeMap;

use oneiric_model::{InceptionV1, InceptionV1Config, ModelError, NetworkExt, Variant};
use oneiric_testkit::devices;
use oneiric_weights::{HostTensor, NamedTensors, Weights, write_safetensors};

/// The tensors of a network with random weights, as in a file of its variant.
fn tensors(config: InceptionV1Config) -> NamedTensors {
    let (_, device) = devices().swap_remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("net.safetensors");
    let net = InceptionV1::random(config, 3, &device).expect("a network");
    net.save(&path).expect("writable");
    oneiric_weights::read(&path).expect("just written").tensors
}

/// Loads tensors from a file that says nothing else.
fn load(tensors: &NamedTensors) -> Result<InceptionV1, ModelError> {
    let (_, device) = devices().swap_remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("net.safetensors");
    write_safetensors(&path, tensors, &BTreeMap::new()).expect("writable");
    InceptionV1::load(&path, &device)
}

#[test]
fn the_classes_are_those_of_the_classifier() {
    for (config, variant) in [
        (InceptionV1Config::bvlc(), Variant::Bvlc),
        (InceptionV1Config::inception5h(), Variant::Inception5h),
        (InceptionV1Config::torchvision(), Variant::Torchvision),
    ] {
        let config = InceptionV1Config {
            classes: 2,
            ..config
        };
        let net = load(&tensors(config)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((net.config().variant, net.config().classes), (variant, 2));
        assert!(
            net.labels().is_empty(),
            "ImageNet's labels are of 1000 classes"
        );
    }
}

#[test]
fn a_prefix_that_all_names_share_is_left_out() {
    let own = tensors(InceptionV1Config::torchvision());
    for prefix in ["module.", "model.module."] {
        let renamed = own.iter();
        let renamed = renamed.map(|(name, tensor)| (format!("{prefix}{name}"), tensor.clone()));
        let net = load(&renamed.collect()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(net.config().variant, Variant::Torchvision);
    }
    // A tensor beside the network shows that the prefix means something.
    let renamed = own.iter();
    let renamed = renamed.map(|(name, tensor)| (format!("module.{name}"), tensor.clone()));
    let mut mixed: NamedTensors = renamed.collect();
    let (shape, values) = (vec![1], vec![0.0]);
    mixed.insert("step".to_owned(), HostTensor { shape, values });
    let refused = load(&mixed).expect_err("other names");
    assert!(
        matches!(refused, ModelError::UnknownVariant { .. }),
        "{refused}"
    );
}

#[test]
fn weights_that_were_read_make_a_network() {
    let (_, device) = devices().swap_remove(0);
    let weights = Weights {
        format: oneiric_weights::Format::PyTorch,
        tensors: tensors(InceptionV1Config::bvlc()),
        labels: None,
        metadata: BTreeMap::new(),
        skipped: Vec::new(),
    };
    let net = InceptionV1::from_weights(weights, "a test", &device);
    assert_eq!(net.expect("a network").config().variant, Variant::Bvlc);
}
