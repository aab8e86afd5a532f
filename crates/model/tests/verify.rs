//! The flaws that `NetworkExt::verify` finds.

use std::ops::ControlFlow;

use burn::{
    module::Module,
    nn::{BatchNorm, BatchNormConfig},
    tensor::{Device, Tensor},
};
use oneiric_model::{
    Flaw, Layer, LayerId, ModelError, Network, NetworkExt, NetworkInfo, Probe, ReluGradient,
};
use oneiric_testkit::devices;

/// A flaw built into a network.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mischief {
    Nothing,
    NoLayers,
    SameName,
    Missing,
    Unlisted,
    UnlistedNumber,
    Repeated,
    Order,
    Channels,
    BatchOfOne,
    NotFinite,
    Constant,
    TrackedWeights,
    TrainingMode,
    GoesOn,
    Panics,
    SmallestPanics,
    LayerSize,
    NoLogits,
    MapOfLogits,
    TooManyLabels,
}

#[derive(Debug)]
struct Bad {
    mischief: Mischief,
    info: NetworkInfo,
}

impl Bad {
    fn new(device: &Device, mischief: Mischief) -> Self {
        let labels = match mischief {
            Mischief::TooManyLabels => 3,
            Mischief::NoLogits => 0,
            _ => 2,
        };
        let layers: &[(&str, usize)] = match mischief {
            Mischief::NoLayers => &[],
            Mischief::SameName => &[("first", 2), ("first", 2), ("second", 2), ("scores", 2)],
            Mischief::Missing => &[("first", 2), ("second", 2), ("lost", 2), ("scores", 2)],
            Mischief::Channels => &[("first", 2), ("second", 5), ("scores", 2)],
            _ => &[("first", 2), ("second", 2), ("scores", 2)],
        };
        let layers: Vec<Layer> = layers
            .iter()
            .map(|(name, n)| Layer::new(name, *n))
            .collect();
        let count = layers.len();
        let size = move |layer: LayerId, image| match mischief {
            Mischief::LayerSize => Some([7, 7]),
            _ if layer.index() + 1 < count => Some(image),
            Mischief::MapOfLogits => Some(image),
            _ => Some([1, 1]),
        };
        let last = layers.last().map(|layer| layer.name().to_owned());
        let info = NetworkInfo::new(layers, device)
            .with_channels(1)
            .with_labels(vec!["label".to_owned(); labels])
            .with_sizes(size);
        let info = match last {
            Some(last) if mischief != Mischief::NoLogits => {
                info.with_logits(&last).expect("a layer of that name")
            }
            _ => info,
        };
        Self { mischief, info }
    }
}

impl Network for Bad {
    fn info(&self) -> &NetworkInfo {
        &self.info
    }

    fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        let mischief = self.mischief;
        if mischief == Mischief::NoLayers {
            return ControlFlow::Continue(());
        }
        assert!(mischief != Mischief::Panics, "nothing but trouble");
        assert!(
            mischief != Mischief::SmallestPanics || images.dims()[2] > 1,
            "one pixel"
        );
        let weight = Tensor::ones([1, 2, 1, 1], self.device());
        let weight = match mischief {
            Mischief::TrackedWeights => weight.autodiff().require_grad(),
            _ => weight,
        };
        let first = images * weight;
        if mischief == Mischief::Order {
            probe.layer("second", first.clone())?;
        }
        let x = match probe.layer("first", first.clone()) {
            ControlFlow::Break(()) if mischief == Mischief::GoesOn => first.clone(),
            ControlFlow::Break(()) => return ControlFlow::Break(()),
            ControlFlow::Continue(x) => x,
        };
        if mischief == Mischief::Order {
            probe.layer("scores", x.flatten::<3>(2, 3).mean_dim(2).unsqueeze_dim(3))?;
            return ControlFlow::Continue(());
        }
        let x = match mischief {
            Mischief::Repeated => probe.layer("first", x)?,
            Mischief::Unlisted => probe.layer("extra", x)?,
            Mischief::UnlistedNumber => probe.at(LayerId::new(12), x)?,
            Mischief::BatchOfOne => x.narrow(0, 0, 1),
            Mischief::NotFinite => (x - 0.5).log(),
            Mischief::Constant => Tensor::ones(x.dims(), self.device()),
            Mischief::TrainingMode if x.device().is_autodiff() => x * 1.1,
            _ => x,
        };
        let x = probe.layer("second", x)?;
        let x = match mischief {
            Mischief::BatchOfOne => Tensor::cat(vec![x.clone(), x], 0),
            Mischief::NotFinite | Mischief::Constant => first,
            _ => x,
        };
        let x = match mischief {
            Mischief::MapOfLogits => x,
            _ => x.flatten::<3>(2, 3).mean_dim(2).unsqueeze_dim(3),
        };
        probe.layer("scores", x)?;
        ControlFlow::Continue(())
    }
}

#[test]
fn verify_says_what_is_wrong_and_nothing_else() {
    let (_, device) = devices().remove(0);
    let shape = |channels, found| Flaw::Shape {
        layer: "second".into(),
        batch: 2,
        channels,
        found,
    };
    let layer = || "second".to_owned();
    let size = |layer: &str, found| Flaw::LayerSize {
        layer: layer.into(),
        image: [6, 4],
        promised: Some([7, 7]),
        found,
    };
    let panics = |image, reason: &str| Flaw::Panics {
        image,
        reason: reason.to_owned(),
    };
    for (mischief, expected) in [
        (
            Mischief::NoLayers,
            vec![
                Flaw::NoLayers,
                Flaw::Labels {
                    labels: 2,
                    classes: 0,
                },
            ],
        ),
        (
            Mischief::SameName,
            vec![Flaw::SameName {
                name: "first".into(),
                count: 2,
            }],
        ),
        (
            Mischief::Missing,
            vec![Flaw::Missing {
                layer: "lost".into(),
            }],
        ),
        (
            Mischief::Unlisted,
            vec![Flaw::Unlisted {
                name: "extra".into(),
            }],
        ),
        (
            Mischief::UnlistedNumber,
            vec![Flaw::Unlisted { name: "12".into() }],
        ),
        (
            Mischief::Repeated,
            vec![Flaw::Repeated {
                layer: "first".into(),
                count: 2,
            }],
        ),
        (
            Mischief::Order,
            vec![Flaw::Order {
                layer: "first".into(),
                after: "second".into(),
            }],
        ),
        (Mischief::Channels, vec![shape(5, [2, 2, 6, 4])]),
        (Mischief::BatchOfOne, vec![shape(2, [1, 2, 6, 4])]),
        (
            Mischief::NotFinite,
            vec![Flaw::NotFinite { layer: layer() }],
        ),
        (Mischief::Constant, vec![Flaw::Constant { layer: layer() }]),
        (Mischief::TrackedWeights, vec![Flaw::TrackedWeights]),
        (
            Mischief::TrainingMode,
            vec![Flaw::TrainingMode { layer: layer() }],
        ),
        (
            Mischief::GoesOn,
            vec![Flaw::GoesOn {
                layer: "first".into(),
            }],
        ),
        (
            Mischief::Panics,
            vec![panics([6, 4], "nothing but trouble")],
        ),
        (Mischief::SmallestPanics, vec![panics([1, 1], "one pixel")]),
        (
            Mischief::LayerSize,
            vec![
                size("first", [6, 4]),
                size("second", [6, 4]),
                size("scores", [1, 1]),
            ],
        ),
        (
            Mischief::MapOfLogits,
            vec![Flaw::Logits {
                layer: "scores".into(),
                found: [2, 2, 6, 4],
            }],
        ),
        (
            Mischief::TooManyLabels,
            vec![Flaw::Labels {
                labels: 3,
                classes: 2,
            }],
        ),
    ] {
        match Bad::new(&device, mischief).verify([6, 4]) {
            Err(error @ ModelError::Flawed { .. }) => {
                let text = error.to_string();
                for flaw in &expected {
                    assert!(text.contains(&flaw.to_string()), "{text}");
                }
                let ModelError::Flawed { flaws } = error else {
                    unreachable!()
                };
                assert_eq!(flaws, expected, "{mischief:?}");
            }
            other => panic!("{mischief:?} should be found, got {other:?}"),
        }
    }
    for fine in [Mischief::Nothing, Mischief::NoLogits] {
        let net = Bad::new(&device, fine);
        net.verify([6, 4]).expect("nothing is wrong with it");
    }
}

#[test]
fn scores_that_are_none_tell_nothing() {
    let (_, device) = devices().remove(0);
    let zeros = |shape: [usize; 4]| Tensor::<4>::zeros(shape, &device);
    let net = Bad::new(&device, Mischief::NoLogits);
    assert!(matches!(
        net.predict(zeros([1, 1, 8, 8])),
        Err(ModelError::NoLogits)
    ));
    let net = Bad::new(&device, Mischief::MapOfLogits);
    assert!(matches!(
        net.predict(zeros([1, 1, 8, 8])),
        Err(ModelError::Flawed { .. })
    ));
}

/// A normalization of burn's, by running averages or by those of the batch.
#[derive(Debug)]
struct Normalized {
    norm: BatchNorm,
    info: NetworkInfo,
}

impl Network for Normalized {
    fn info(&self) -> &NetworkInfo {
        &self.info
    }

    fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        let _ = probe.layer("norm", self.norm.forward(images))?;
        ControlFlow::Continue(())
    }
}

#[test]
fn a_normalization_in_training_mode_is_found() {
    let (_, device) = devices().remove(0);
    let norm = BatchNormConfig::new(3).init(&device);
    let net = |norm| Normalized {
        norm,
        info: NetworkInfo::new([Layer::new("norm", 3)], &device),
    };
    match net(norm.clone()).verify([4, 4]) {
        Err(ModelError::Flawed { flaws }) => {
            let layer = "norm".to_owned();
            assert_eq!(flaws, [Flaw::TrainingMode { layer }]);
        }
        other => panic!("burn makes it in training mode, got {other:?}"),
    }
    net(norm.valid()).verify([4, 4]).expect("made ready");
}

#[test]
#[should_panic(expected = "names a layer \"extra\", the network lists [\"first\"")]
fn outside_of_verify_a_layer_that_is_not_listed_panics() {
    let (_, device) = devices().remove(0);
    let net = Bad::new(&device, Mischief::Unlisted);
    let image = Tensor::zeros([1, 1, 4, 4], &device);
    let _ = net.forward_to(image, &[LayerId::new(2)], ReluGradient::Plain);
}

/// A network whose second layer was renamed in one place, and whose sizes come from the forward
/// pass.
#[derive(Debug)]
struct Renamed {
    info: NetworkInfo,
}

impl Network for Renamed {
    fn info(&self) -> &NetworkInfo {
        &self.info
    }

    fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        let x = probe.layer("a", images)?;
        let x = probe.layer("bee", x)?;
        probe.layer("c", x)?;
        ControlFlow::Continue(())
    }
}

#[test]
fn a_name_that_was_changed_in_one_place_is_told() {
    let (_, device) = devices().remove(0);
    let layers = ["a", "b", "c"].map(|name| Layer::new(name, 3));
    let info = NetworkInfo::new(layers, &device);
    let error = Renamed { info }.verify([4, 4]);
    let Err(ModelError::Flawed { flaws }) = error else {
        panic!("{error:?}")
    };
    let told = format!("{flaws:?}");
    assert!(told.contains("\"bee\"") && told.contains("\"b\""), "{told}");
    assert!(!told.contains("Panics"), "{told}");
}

#[test]
fn logits_that_are_no_layer_are_refused_with_the_near_names() {
    let (_, device) = devices().remove(0);
    let info = NetworkInfo::new([Layer::new("scores", 2)], &device);
    match info.with_logits("score") {
        Err(ModelError::UnknownLayer { name, near }) => {
            assert_eq!(
                (name.as_str(), &near[..]),
                ("score", &["scores".to_owned()][..])
            );
        }
        other => panic!("{other:?}"),
    }
}
