//! A run on a network that oneiric knows nothing of.

use std::{ops::ControlFlow, sync::Arc};

use burn::tensor::{Device, Tensor, module::conv2d, ops::ConvOptions};
use oneiric_model::{Layer, Network, NetworkExt, NetworkInfo, Probe};
use oneiric_objective::Objectives;
use oneiric_optimize::{Visualization, Visualizer};
use oneiric_param::Fourier;
use oneiric_testkit::{Array, devices};

/// Two convolutions with a ReLU each; the second layer's channel 0 is dead from a gray image on.
#[derive(Debug)]
struct Toy {
    info: NetworkInfo,
    weights: [Tensor<4>; 2],
}

impl Toy {
    fn new(device: &Device) -> Arc<Self> {
        let noise = |shape: [usize; 4], seed| Array::noise(shape, seed).tensor::<4>(device);
        // What is positive for every image, taken negatively, is below the ReLU.
        let down = -noise([1, 4, 3, 3], 2).abs();
        let layers = [Layer::new("first", 4), Layer::new("second", 3)];
        Arc::new(Self {
            info: NetworkInfo::new(layers, device).with_smallest_image([5, 5]),
            weights: [
                noise([4, 3, 3, 3], 1),
                Tensor::cat(vec![down, noise([2, 4, 3, 3], 3)], 0),
            ],
        })
    }
}

impl Network for Toy {
    fn info(&self) -> &NetworkInfo {
        &self.info
    }

    fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        let mut x = images * 2.0 - 1.0;
        for (weight, layer) in self.weights.iter().zip(self.info.layers()) {
            let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
            x = probe.relu(conv2d(x, weight.clone(), None, options));
            x = probe.layer(layer.name(), x)?;
        }
        ControlFlow::Continue(())
    }
}

fn run(net: &Arc<Toy>, channel: usize, redirected: usize) -> Visualization {
    let objective = net.channel("second", channel).expect("a channel");
    Visualizer::new()
        .steps(20)
        .redirected_relu(redirected)
        .seed(3)
        .run(objective, Fourier::new(24, 20))
        .expect("a run that is fine")
}

#[test]
fn its_pictures_rise_and_repeat_bit_for_bit() {
    for (backend, device) in devices() {
        let net = Toy::new(&device);
        net.verify([24, 20]).expect("nothing is wrong with it");
        let (first, again) = (run(&net, 1, 16), run(&Toy::new(&device), 1, 16));
        assert_eq!(first.pictures(), again.pictures(), "{backend}");
        assert_eq!(first.values(), again.values(), "{backend}");
        let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
        let values = first.values();
        let (start, end) = (mean(&values[..5]), mean(&values[15..]));
        assert!(end > 1.1 * start, "{backend}: from {start} to {end}");
        assert_ne!(first.pictures(), run(&net, 2, 16).pictures(), "{backend}");
    }
}

#[test]
fn the_probes_relu_carries_the_redirected_gradient_into_a_run() {
    let (_, device) = devices().remove(0);
    let net = Toy::new(&device);
    let dead = run(&net, 0, 0);
    assert!(dead.values().iter().all(|value| *value == 0.0));
    let woken = run(&net, 0, 16);
    assert_ne!(dead.pictures(), woken.pictures(), "it moved");
}
