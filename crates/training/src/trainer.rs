//! The training loop.

use std::collections::BTreeMap;

use burn::{
    optim::{AdamW, AdamWConfig, Optimizer},
    tensor::{Device, Gradients, Tensor, TensorData, activation::log_softmax, f16},
};
use oneiric_core::read;
use oneiric_model::{InceptionV1, Layer, LayerId, ModelError, NetworkExt, ReluGradient};

use crate::{
    Batch, Drawings, Recipe,
    batch_norm::BatchNorm,
    conv_weights::{ConvWeights, convs_of, with_convs},
    network,
};

/// The results of one training step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Report {
    /// The number of steps made.
    pub step: usize,
    /// The cross-entropy of this batch with the smoothed labels.
    pub loss: f32,
    /// The accuracy on this batch before the step, 0..=1.
    pub accuracy: f32,
}

/// Trains a network from random weights. The same recipe on the same device gives the same weights.
///
/// # Errors
///
/// Returns [`ModelError`] if the device cannot be used.
pub fn train(
    recipe: &Recipe,
    device: &Device,
    mut observe: impl FnMut(Report),
) -> Result<InceptionV1, ModelError> {
    let start = InceptionV1::random(network(recipe.side), recipe.seed, device)?;
    let drawings = Drawings {
        seed: recipe.seed,
        side: recipe.side,
    };
    let mut trainee = Trainee::with_batch_norm(&start)?;
    let mut optimizer = Optimizers::new(recipe.weight_decay);
    for step in 0..recipe.steps() {
        let batch = drawings.batch((step * recipe.batch) as u64, recipe.batch, device);
        trainee.track_gradients();
        let logits = trainee.logits(&start, batch.images.clone())?;
        let loss = cross_entropy(logits.clone(), &batch, recipe.smoothing);
        let mut gradients = loss.backward();
        trainee.update(
            &mut gradients,
            &mut optimizer,
            recipe.learning_rate_at(step),
        );
        observe(Report {
            step: step + 1,
            loss: read(loss.without_autodiff())?[0],
            accuracy: batch_accuracy(&read(logits.without_autodiff())?, &batch.labels),
        });
    }
    with_convs(&start, &trainee.folded())
}

/// Trains a network further by adversarial training: see [`Hardening`](crate::Hardening).
///
/// # Errors
///
/// Returns [`ModelError`] if the device cannot be used.
pub fn harden(
    net: &InceptionV1,
    recipe: &Recipe,
    mut observe: impl FnMut(Report),
) -> Result<InceptionV1, ModelError> {
    let drawings = Drawings {
        seed: recipe.seed,
        side: recipe.side,
    };
    let hardening = &recipe.hardening;
    let mut trainee = Trainee::without_batch_norm(net)?;
    let mut optimizer = Optimizers::new(recipe.weight_decay);
    let mut step = 0;
    for first in (0..hardening.images).step_by(recipe.batch) {
        // The images follow those of the plain training.
        let first = recipe.images + first;
        let batch = drawings.batch(first as u64, recipe.batch, net.device());
        let mut perturbation = batch.images.zeros_like();
        for _ in 0..hardening.replays {
            let perturbed = batch.images.clone() + perturbation.clone();
            let perturbed = perturbed.autodiff().require_grad();
            trainee.track_gradients();
            let logits = trainee.logits(net, perturbed.clone())?;
            let loss = cross_entropy(logits.clone(), &batch, recipe.smoothing);
            let mut gradients = loss.backward();
            let gradient = perturbed.grad_remove(&mut gradients);
            let gradient = gradient.expect("the loss depends on the images");
            perturbation = hardening.perturb(perturbation, gradient);
            let rate = hardening.learning_rate_at(step, recipe.batch);
            trainee.update(&mut gradients, &mut optimizer, rate);
            step += 1;
            observe(Report {
                step,
                loss: read(loss.without_autodiff())?[0],
                accuracy: batch_accuracy(&read(logits.without_autodiff())?, &batch.labels),
            });
        }
    }
    with_convs(net, &trainee.folded())
}

/// Returns the top-1 accuracy of a network, 0..=1, on the first `count` images of a data set.
///
/// # Errors
///
/// Returns [`ModelError`] if the result cannot be read from the device.
pub fn accuracy(net: &InceptionV1, drawings: &Drawings, count: usize) -> Result<f32, ModelError> {
    const BATCH: usize = 50;
    let mut correct = 0.0;
    for first in (0..count).step_by(BATCH) {
        let size = BATCH.min(count - first);
        let batch = drawings.batch(first as u64, size, net.device());
        correct += batch_accuracy(&read(logits(net, &batch))?, &batch.labels) * size as f32;
    }
    Ok(correct / count as f32)
}

/// Returns the network with every weight rounded to the nearest f16, the format in which the
/// network inside is stored.
///
/// # Errors
///
/// Returns [`ModelError`] if the weights cannot be read from the device.
pub fn rounded_to_f16(net: &InceptionV1) -> Result<InceptionV1, ModelError> {
    fn rounded<const D: usize>(tensor: &Tensor<D>) -> Result<Tensor<D>, ModelError> {
        let values = read(tensor.clone())?.into_iter();
        let values: Vec<f32> = values.map(|v| f16::from_f32(v).to_f32()).collect();
        Ok(Tensor::from_data(
            TensorData::new(values, tensor.dims()),
            &tensor.device(),
        ))
    }
    let convs = convs_of(net)?;
    let convs = convs.iter().map(|conv| {
        Ok(ConvWeights {
            weight: rounded(&conv.weight)?,
            bias: rounded(&conv.bias)?,
        })
    });
    with_convs(net, &convs.collect::<Result<Vec<_>, ModelError>>()?)
}

fn classifier(net: &InceptionV1) -> LayerId {
    net.logits().expect("every InceptionV1 has a classifier")
}

/// Returns the logits of a batch, [n, classes].
fn logits(net: &InceptionV1, batch: &Batch) -> Tensor<2> {
    let images = batch.images.clone();
    flat(net.forward_to(images, &[classifier(net)], ReluGradient::Plain))
}

fn flat(mut logits: Vec<Tensor<4>>) -> Tensor<2> {
    let logits = logits.remove(0);
    let [n, classes, _, _] = logits.dims();
    logits.reshape([n, classes])
}

/// Returns the mean cross-entropy over the batch, with smoothed labels: they distribute `smoothing`
/// of their weight evenly over all classes (Szegedy et al., "Rethinking the Inception
/// Architecture", 2016, section 7).
fn cross_entropy(logits: Tensor<2>, batch: &Batch, smoothing: f32) -> Tensor<1> {
    let [n, classes] = logits.dims();
    let mut target = vec![smoothing / classes as f32; n * classes];
    for (row, &label) in target.chunks_exact_mut(classes).zip(&batch.labels) {
        row[label] += 1.0 - smoothing;
    }
    let target = TensorData::new(target, [n, classes]);
    let target = Tensor::from_data(target, &batch.images.device());
    (log_softmax(logits, 1) * target).sum() / -(n as f32)
}

fn batch_accuracy(logits: &[f32], labels: &[usize]) -> f32 {
    let classes = logits.len() / labels.len();
    let best = |row: &[f32]| {
        let indexed = row.iter().enumerate();
        indexed.max_by(|a, b| a.1.total_cmp(b.1)).map(|best| best.0)
    };
    let rows = logits.chunks_exact(classes).zip(labels);
    let correct = rows.filter(|(row, label)| best(row) == Some(**label));
    correct.count() as f32 / labels.len() as f32
}

/// The weights during training, with or without batch normalization.
struct Trainee {
    convs: Vec<ConvWeights>,
    norms: Vec<BatchNorm>,
    /// The layers that are normalized.
    before_relu: Vec<LayerId>,
}

impl Trainee {
    /// Starts from a network, and adds a batch normalization after every convolution except the
    /// classifier.
    fn with_batch_norm(start: &InceptionV1) -> Result<Self, ModelError> {
        let layers = start.layers().iter().map(Layer::name);
        // The tensor after the bias of a convolution follows the tensor before the bias.
        let convs = layers
            .enumerate()
            .filter(|(_, name)| name.ends_with("_pre_relu/conv"));
        let before_relu: Vec<LayerId> = convs.map(|(index, _)| LayerId::new(index + 1)).collect();
        let convs = convs_of(start)?;
        assert_eq!(
            convs.len(),
            before_relu.len() + 1,
            "every convolution except the classifier"
        );
        let norms = convs.iter().take(before_relu.len()).map(BatchNorm::new);
        Ok(Self {
            norms: norms.collect(),
            convs,
            before_relu,
        })
    }

    /// Starts from a network as it is, with its biases.
    fn without_batch_norm(start: &InceptionV1) -> Result<Self, ModelError> {
        Ok(Self {
            convs: convs_of(start)?,
            norms: Vec::new(),
            before_relu: Vec::new(),
        })
    }

    /// Makes autodiff track all parameters.
    fn track_gradients(&mut self) {
        fn tracked<const D: usize>(tensor: &mut Tensor<D>) {
            *tensor = tensor.clone().autodiff().require_grad();
        }
        for (index, conv) in self.convs.iter_mut().enumerate() {
            tracked(&mut conv.weight);
            // A batch normalization replaces the bias of its convolution.
            if index >= self.norms.len() {
                tracked(&mut conv.bias);
            }
        }
        for norm in &mut self.norms {
            tracked(&mut norm.gamma);
            tracked(&mut norm.beta);
        }
    }

    /// Returns the logits of a batch of images, [n, classes].
    fn logits(&mut self, start: &InceptionV1, images: Tensor<4>) -> Result<Tensor<2>, ModelError> {
        let net = with_convs(start, &self.convs)?;
        let mut norms = self.before_relu.iter().zip(&mut self.norms).peekable();
        let mut normalize = |layer, value| match norms.next_if(|next| *next.0 == layer) {
            Some((_, norm)) => norm.apply(value),
            None => value,
        };
        let plain = ReluGradient::Plain;
        Ok(flat(net.forward_patched(
            images,
            &[classifier(&net)],
            plain,
            &mut normalize,
        )))
    }

    fn update(&mut self, gradients: &mut Gradients, optimizer: &mut Optimizers, rate: f64) {
        for (index, conv) in self.convs.iter_mut().enumerate() {
            optimizer
                .weights
                .step(index, rate, &mut conv.weight, gradients);
            if index >= self.norms.len() {
                optimizer
                    .others
                    .step(2 * index, rate, &mut conv.bias, gradients);
            }
        }
        for (index, norm) in self.norms.iter_mut().enumerate() {
            optimizer
                .others
                .step(2 * index, rate, &mut norm.gamma, gradients);
            optimizer
                .others
                .step(2 * index + 1, rate, &mut norm.beta, gradients);
        }
    }

    /// Returns the weights of the network, with the batch normalizations folded in.
    fn folded(&self) -> Vec<ConvWeights> {
        let normalized = self.convs.iter().zip(&self.norms);
        let normalized = normalized.map(|(conv, norm)| norm.fold(conv));
        let rest = self.convs[self.norms.len()..].iter().cloned();
        normalized.chain(rest).collect()
    }
}

/// AdamW (Loshchilov and Hutter, 2019), with weight decay for the weights only.
struct Optimizers {
    weights: Stepper<4>,
    others: Stepper<1>,
}

impl Optimizers {
    fn new(weight_decay: f32) -> Self {
        let adam = AdamWConfig::new().with_epsilon(1e-8);
        Self {
            weights: Stepper {
                adam: adam.clone().with_weight_decay(weight_decay).build(),
                states: BTreeMap::new(),
            },
            others: Stepper {
                adam: adam.with_weight_decay(0.0).build(),
                states: BTreeMap::new(),
            },
        }
    }
}

/// An optimizer with its state for each tensor.
struct Stepper<const D: usize> {
    adam: AdamW,
    states: BTreeMap<usize, <AdamW as Optimizer>::State<D>>,
}

impl<const D: usize> Stepper<D> {
    /// Updates the tensor with the given number by its gradient, and detaches the tensor.
    fn step(
        &mut self,
        number: usize,
        rate: f64,
        tensor: &mut Tensor<D>,
        gradients: &mut Gradients,
    ) {
        let gradient = tensor.grad_remove(gradients);
        let value = tensor.clone().without_autodiff();
        let gradient = gradient.expect("the loss depends on every parameter");
        let state = self.states.remove(&number);
        let (value, state) = self.adam.step(rate, value, gradient, state);
        *tensor = value;
        if let Some(state) = state {
            self.states.insert(number, state);
        }
    }
}
