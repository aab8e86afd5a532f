//! The methods that a handwritten network gets from the trait.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use burn::tensor::{Device, Tensor, TensorData, module::conv2d, ops::ConvOptions};
use oneiric_model::{
    InceptionV1, InceptionV1Config, Layer, LayerId, ModelError, Network, NetworkExt, NetworkInfo,
    Patch, Probe, ReluGradient,
};
use oneiric_testkit::{Array, Tolerance, assert_close, devices};

/// A network of gray images: "sum" adds up 3x3 pixels (unpadded) of x - 0.25 in channel 0 and their
/// negative in channel 1, "alive" is its ReLU, "scores" the mean over all positions.
#[derive(Debug)]
struct Toy {
    info: NetworkInfo,
    /// [2, 1, 3, 3].
    weight: Tensor<4>,
    /// The number of layers computed.
    computed: AtomicUsize,
}

impl Toy {
    fn new(device: &Device) -> Self {
        let ones = TensorData::new([[1.0_f32; 9], [-1.0; 9]].concat(), [2, 1, 3, 3]);
        let layers = ["sum", "alive", "scores"].map(|name| Layer::new(name, 2));
        let info = NetworkInfo::new(layers, device)
            .with_channels(1)
            .with_smallest_image([3, 3])
            .with_labels(["bright", "dark"].map(str::to_owned))
            .with_logits("scores");
        Self {
            info: info.expect("a layer of that name"),
            weight: Tensor::from_data(ones, device),
            computed: AtomicUsize::new(0),
        }
    }

    fn count(&self) {
        self.computed.fetch_add(1, Ordering::Relaxed);
    }

    fn number(&self, name: &str) -> LayerId {
        self.layer(name).expect("its own name")
    }
}

impl Network for Toy {
    fn info(&self) -> &NetworkInfo {
        &self.info
    }

    fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        self.count();
        let x = (images - 0.25) * 4.0;
        let unpadded = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
        let x = conv2d(x, self.weight.clone(), None, unpadded) / 4.0;
        let x = probe.layer("sum", x)?;
        self.count();
        let x = probe.relu(x);
        let x = probe.layer("alive", x)?;
        self.count();
        probe.layer("scores", x.flatten::<3>(2, 3).mean_dim(2).unsqueeze_dim(3))?;
        ControlFlow::Continue(())
    }
}

/// Returns a 3 x 4 image of 0.5 in which one pixel is 1.
fn image() -> Array {
    let mut values = vec![0.5; 12];
    values[0] = 1.0;
    Array::new([1, 1, 3, 4], values)
}

#[test]
fn layers_come_as_asked_and_nothing_is_computed_behind_them() {
    for (backend, device) in devices() {
        let net = Toy::new(&device);
        // By hand: nine pixels of 0.25 over the gray of 0.25, and 0.5 more at the bright one.
        let sum = Array::new([1, 2, 1, 2], vec![2.75, 2.25, -2.75, -2.25]);
        let alive = Array::new([1, 2, 1, 2], vec![2.75, 2.25, 0.0, 0.0]);
        let scores = Array::new([1, 2, 1, 1], vec![2.5, 0.0]);
        let [a, b, c] = ["sum", "alive", "scores"].map(|name| net.number(name));
        for (layers, expected, cost) in [
            (vec![a], vec![&sum], 1),
            (vec![b, a, b], vec![&alive, &sum, &alive], 2),
            (vec![c, b], vec![&scores, &alive], 3),
            (vec![], vec![], 0),
        ] {
            net.computed.store(0, Ordering::Relaxed);
            let found = net.forward_to(image().tensor(&device), &layers, ReluGradient::Plain);
            assert_eq!(net.computed.load(Ordering::Relaxed), cost, "{backend}");
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.into_iter().zip(expected) {
                assert_close(
                    "by hand",
                    &Array::of(found),
                    expected,
                    Tolerance::ARITHMETIC,
                );
            }
        }
    }
}

#[test]
fn what_a_patch_returns_takes_the_layers_place() {
    let (_, device) = devices().remove(0);
    let net = Toy::new(&device);
    let wanted = [net.number("sum"), net.number("scores")];
    let mut seen = Vec::new();
    let patch: &mut Patch<'_> = &mut |layer, value| {
        seen.push(net.describe(layer).name().to_owned());
        if layer == net.number("sum") {
            -value
        } else {
            value
        }
    };
    let plain = ReluGradient::Plain;
    let found = net.forward_patched(image().tensor(&device), &wanted, plain, patch);
    let found: Vec<Array> = found.into_iter().map(Array::of).collect();
    assert_eq!(seen, ["sum", "alive", "scores"], "every layer, in order");
    assert_close(
        "the patched layer",
        &found[0],
        &Array::new([1, 2, 1, 2], vec![-2.75, -2.25, 2.75, 2.25]),
        Tolerance::ARITHMETIC,
    );
    assert_close(
        "what follows from it",
        &found[1],
        &Array::new([1, 2, 1, 1], vec![0.0, 2.5]),
        Tolerance::ARITHMETIC,
    );
}

#[test]
fn the_gradient_at_a_layer_is_that_of_a_leaf_in_its_place() {
    let (_, device) = devices().remove(0);
    let net = Toy::new(&device);
    let mut leaf = None;
    let found = net.forward_patched(
        image().tensor(&device),
        &[net.number("scores")],
        ReluGradient::Plain,
        &mut |layer, value| {
            if layer != net.number("sum") {
                return value;
            }
            let value = value.autodiff().require_grad();
            leaf = Some(value.clone());
            value
        },
    );
    let mut gradients = found[0].clone().sum().backward();
    let leaf = leaf.expect("the layer came");
    let gradient = Array::of(leaf.grad_remove(&mut gradients).expect("a gradient"));
    // The mean over two positions, where the ReLU lets it pass.
    assert_eq!(gradient.values, [0.5, 0.5, 0.0, 0.0]);
}

#[test]
fn sizes_are_those_of_a_forward_pass_and_too_small_is_none() {
    let (_, device) = devices().remove(0);
    let net = Toy::new(&device);
    for (name, image, size) in [
        ("sum", [3, 3], Some([1, 1])),
        ("alive", [7, 5], Some([5, 3])),
        ("scores", [7, 5], Some([1, 1])),
        ("sum", [2, 9], None),
        ("sum", [9, 2], None),
    ] {
        assert_eq!(
            net.layer_size(net.number(name), image),
            size,
            "{name} {image:?}"
        );
    }
}

#[test]
fn a_redirected_relu_wakes_what_is_dead() {
    for (backend, device) in devices() {
        let net = Toy::new(&device);
        // Channel 1 is "dark", which a bright image is nowhere.
        let gradient = |relu| {
            let image = image().tensor::<4>(&device).autodiff().require_grad();
            let acts = net.forward_to(image.clone(), &[net.number("alive")], relu);
            // A run minimizes, so this is the negative of the mean.
            let value = -acts[0].clone().narrow(1, 1, 1).mean();
            Array::of(image.grad_remove(&mut value.backward()).expect("one")).values
        };
        assert_eq!(gradient(ReluGradient::Plain), [0.0; 12], "{backend}");
        let woken = gradient(ReluGradient::Redirected);
        // To darken all would raise it; the inner columns are in two sums, the outer in one.
        let row = [0.5, 1.0, 1.0, 0.5];
        assert_eq!(woken, [row, row, row].concat(), "{backend}");
    }
}

#[test]
fn a_shared_network_is_the_same_and_another_is_not() {
    let (_, device) = devices().remove(0);
    let net = Arc::new(Toy::new(&device));
    let again = Arc::clone(&net);
    let erased: Arc<dyn Network> = net.clone();
    let boxed: Box<dyn Network> = Box::new(Arc::clone(&net));
    let token = net.id().clone();
    assert_eq!(net.id(), again.id());
    assert_eq!(net.id(), erased.id());
    assert_eq!(net.id(), boxed.id());
    assert_eq!(net.id(), (&&*net).id());
    assert_eq!(Arc::new(again).id(), net.id(), "twice shared");
    assert_ne!(net.id(), Toy::new(&device).id());
    assert_eq!((erased.channels(), erased.smallest_image()), (1, [3, 3]));
    assert_eq!(erased.logits(), Some(LayerId::new(2)));
    assert_eq!(erased.class("dark").expect("a label"), 1);
    erased.verify([4, 5]).expect("nothing is wrong with it");
    boxed.verify([4, 5]).expect("nothing is wrong with it");
    // A token outlives its network, and no later network has it.
    drop((net, erased, boxed));
    for _ in 0..100 {
        assert_ne!(Toy::new(&device).id(), &token);
    }
}

#[test]
fn it_tells_what_images_show_each_by_itself() {
    for (backend, device) in devices() {
        let net = Toy::new(&device);
        let dark = Array::new([1, 1, 3, 4], vec![0.0; 12]).tensor::<4>(&device);
        let both = Tensor::cat(vec![image().tensor(&device), dark], 0);
        let told = net.predict(both).expect("a network with classes");
        assert_eq!(told.len(), 2, "{backend}");
        // Scores [2.5, 0] and [0, 2.25].
        for (told, (label, score)) in told.iter().zip([("bright", 2.5_f32), ("dark", 2.25)]) {
            assert_eq!(told[0].label.as_deref(), Some(label));
            let expected = score.exp() / (score.exp() + 1.0);
            for (probability, expected) in [(0, expected), (1, 1.0 - expected)]
                .map(|(rank, expected)| (told[rank].probability, expected))
            {
                let apart = (probability - expected).abs();
                assert!(apart < 1e-6, "{backend}: {probability}, not {expected}");
            }
        }
        let none = Tensor::zeros([0, 1, 3, 4], &device);
        assert!(net.predict(none).expect("nothing to tell").is_empty());
    }
}

#[test]
fn what_cannot_be_told_is_an_error() {
    let (_, device) = devices().remove(0);
    let net = Toy::new(&device);
    let zeros = |shape: [usize; 4]| Tensor::<4>::zeros(shape, &device);
    match net.predict(zeros([1, 3, 8, 8])) {
        Err(ModelError::Channels { expected, found }) => assert_eq!((expected, found), (1, 3)),
        other => panic!("a network of gray images was given colors, got {other:?}"),
    }
    match net.predict(zeros([1, 1, 2, 8])) {
        Err(ModelError::ImageSize { image, smallest }) => {
            assert_eq!((image, smallest), ([2, 8], [3, 3]));
        }
        other => panic!("too small, got {other:?}"),
    }
    match net.verify([3, 2]) {
        Err(ModelError::ImageSize { .. }) => {}
        other => panic!("too small, got {other:?}"),
    }
}

#[test]
fn inceptions_tell_the_same_as_by_their_own_way() {
    let (_, device) = devices().remove(0);
    let net = InceptionV1::random(InceptionV1Config::tiny(), 3, &device).expect("ours");
    net.verify([40, 48]).expect("nothing is wrong with it");
    let side = net.config().side;
    let picture = Array::noise([side * side * 3], 1).values;
    let picture = picture.iter().map(|v| 0.5 + 0.5 * v).collect();
    let picture = oneiric_core::Picture::new(side, side, picture).expect("in 0..=1");
    let images = picture.to_tensor(&device);
    let told = net.predict(images).expect("it has classes").remove(0);
    let classified = net.classify(&picture).expect("readable");
    assert_eq!(told.len(), classified.len());
    for (a, b) in told.iter().zip(&classified) {
        assert_eq!(a.class, b.class);
        assert!((a.probability - b.probability).abs() < 1e-6);
    }
}

/// Passes tokens, [n, extra + rows * columns, width], to the probe as a map
/// [n, width, rows, columns], as in `docs/own_network.md`.
fn tokens(
    probe: &mut Probe<'_>,
    name: &str,
    x: Tensor<3>,
    extra: usize,
    [rows, columns]: [usize; 2],
) -> ControlFlow<(), Tensor<3>> {
    let [n, all, width] = x.dims();
    let before = (extra > 0).then(|| x.clone().narrow(1, 0, extra));
    let patches = x.narrow(1, extra, all - extra).swap_dims(1, 2);
    let map = probe.layer(name, patches.reshape([n, width, rows, columns]))?;
    let patches = map.flatten::<3>(2, 3).swap_dims(1, 2);
    ControlFlow::Continue(match before {
        Some(before) => Tensor::cat(vec![before, patches], 1),
        None => patches,
    })
}

#[test]
fn tokens_side_by_side_are_a_map_and_come_back_as_they_were() {
    for (backend, device) in devices() {
        for extra in [0, 2] {
            let listed = [Layer::new("block", 5), Layer::new("end", 1)];
            let wanted = [0, 1].map(LayerId::new);
            let mut probe = Probe::new(&listed, &wanted, ReluGradient::Plain);
            let x = Array::noise([2, extra + 6, 5], 4);
            let handed = tokens(&mut probe, "block", x.tensor(&device), extra, [2, 3]);
            let ControlFlow::Continue(back) = handed else {
                panic!("more is asked for")
            };
            assert_eq!(Array::of(back), x, "{backend}");
            let _ = probe.layer("end", Tensor::zeros([2, 1, 1, 1], &device));
            let map = Array::of(probe.into_values().remove(0));
            assert_eq!(map.shape, [2, 5, 2, 3]);
            for (n, channel, row, column) in [(0, 0, 0, 0), (1, 4, 1, 2), (1, 2, 0, 1)] {
                let token = x.at(&[n, extra + 3 * row + column, channel]);
                assert_eq!(map.at(&[n, channel, row, column]), token, "{backend}");
            }
        }
    }
}
