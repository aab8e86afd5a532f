//! Trains a narrow SqueezeNet on pictures that are drawn for it.

use indicatif::ProgressBar;
use oneiric::{
    GraphNetwork, NetworkExt,
    burn::{
        module::{Module, Param},
        nn::loss::CrossEntropyLossConfig,
        optim::{AdamConfig, GradientsParams},
        tensor::{Device, Int, Tensor, TensorData},
    },
    model::{ModelError, NetworkWeights, ReluGradient},
};
use oneiric_procedural::{classes, draw};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::network::{self, SCORES};

/// What is drawn. After 1500 steps (a minute on 2 cores) three of four new drawings are named
/// rightly.
const CLASSES: [&str; 6] = [
    "polka dots",
    "honeycomb",
    "checks",
    "eye",
    "flower",
    "spiral",
];
/// Height and width of the drawings.
const SIDE: usize = 48;
/// The network has one channel in so many.
const NARROWING: usize = 4;
const BATCH: usize = 32;
const LEARNING_RATE: f64 = 1e-3;

/// The weights as a module of burn's, which its optimizers update.
#[derive(Module, Debug)]
struct Parameters {
    kernels: Vec<Param<Tensor<4>>>,
    biases: Vec<Param<Tensor<1>>>,
}

impl Parameters {
    fn of(weights: &NetworkWeights) -> Result<Self, ModelError> {
        let (mut kernels, mut biases) = (Vec::new(), Vec::new());
        for weight in weights.declared() {
            match weight.shape.len() {
                1 => biases.push(Param::from_tensor(weights.get(&weight.name)?)),
                _ => kernels.push(Param::from_tensor(weights.get(&weight.name)?)),
            }
        }
        Ok(Self { kernels, biases })
    }

    /// Returns a network with these weights.
    fn network(&self, net: &GraphNetwork) -> Result<GraphNetwork, ModelError> {
        let mut weights = net.weights().clone();
        let (mut kernels, mut biases) = (self.kernels.iter(), self.biases.iter());
        for weight in net.weights().declared() {
            match weight.shape.len() {
                1 => weights.set(&weight.name, biases.next().expect("each").val())?,
                _ => weights.set(&weight.name, kernels.next().expect("each").val())?,
            }
        }
        net.with_weights(weights)
    }
}

/// Trains a network to know the classes, in so many steps of Adam; the bar shows its progress.
pub(crate) fn train(
    steps: usize,
    device: &Device,
    bar: &ProgressBar,
) -> Result<GraphNetwork, ModelError> {
    let labels = CLASSES.map(str::to_owned).to_vec();
    let net = network::random(NARROWING, labels, device)?;
    let mut parameters = Parameters::of(net.weights())?;
    let mut adam = AdamConfig::new().init();
    let loss = CrossEntropyLossConfig::new().init(device);
    for step in 0..steps {
        let (images, answers) = batch(step * BATCH, 0, device);
        parameters = parameters.train();
        // Autodiff tracks the weights, so burn's operations compute it.
        let value = loss.forward(logits(&parameters.network(&net)?, images), answers);
        let gradients = GradientsParams::from_grads(value.backward(), &parameters);
        // Smaller and smaller steps, so that it comes to rest.
        let rate = LEARNING_RATE * (1.0 - step as f64 / steps as f64);
        parameters = adam.step(rate, parameters, gradients);
        bar.set_message(format!("loss {:.2}", value.into_scalar::<f32>()));
        bar.inc(1);
    }
    // Without autodiff: a network to look into is frozen, and the kernels compute it.
    parameters.valid().network(&net)
}

/// The share of `count` drawings that it never saw that it names rightly.
pub(crate) fn accuracy(net: &GraphNetwork, count: usize) -> f32 {
    let mut right = 0;
    for first in (0..count).step_by(BATCH) {
        let (images, answers) = batch(first, 1, net.device());
        let best = logits(net, images).argmax(1).flatten::<1>(0, 1);
        right += best.equal(answers).int().sum().into_scalar::<i64>();
    }
    right as f32 / count.next_multiple_of(BATCH) as f32
}

/// [n, classes], without the ReLU that SqueezeNet ends in: with it a class that starts out
/// negative would never be learned.
fn logits(net: &GraphNetwork, images: Tensor<4>) -> Tensor<2> {
    let scores = net.layer(SCORES).expect("it tells classes");
    let mut found = net.forward_to(images, &[scores], ReluGradient::Plain);
    found.remove(0).mean_dim(2).mean_dim(3).flatten::<2>(1, 3)
}

/// Drawings from number `first` on, all classes in turn, with the numbers of their classes.
fn batch(first: usize, seed: u64, device: &Device) -> (Tensor<4>, Tensor<1, Int>) {
    let mut values = Vec::with_capacity(BATCH * 3 * SIDE * SIDE);
    let mut answers = Vec::with_capacity(BATCH);
    for index in first..first + BATCH {
        let answer = index % CLASSES.len();
        let is_it = |class: &&str| *class == CLASSES[answer];
        let names = classes().iter().map(|class| class.name());
        let class = names.enumerate().find(|(_, name)| is_it(name));
        let (class, _) = class.expect("there are drawings of all of them");
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(index as u64);
        values.extend(draw(class, SIDE, &mut rng));
        answers.push(answer as i64);
    }
    let images = TensorData::new(values, [BATCH, 3, SIDE, SIDE]);
    let answers = TensorData::new(answers, [BATCH]);
    (
        Tensor::from_data(images, device),
        Tensor::from_data(answers, device),
    )
}
