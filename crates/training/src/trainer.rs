//! The training loop.

use std::collections::BTreeMap;

use burn::{
    optim::{AdamW, AdamWConfig, Optimizer},
    tensor::{Device, Gradients, Tensor, TensorData, activation::log_softmax, f16},
};
use oneiric_core::read;
use oneiric_model::{ConvWeights, InceptionV1, Layer, LayerId, ModelError, Network, ReluGradient};

use crate::{Batch, Drawings, Recipe, batch_norm::BatchNorm, network};

/// What a step tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Report {
    /// Steps made.
    pub step: usize,
    /// Cross-entropy of this batch, with the smoothed labels.
    pub loss: f32,
    /// Share of this batch that was named rightly, before the step.
    pub accuracy: f32,
}

/// Trains a network from nothing. The same recipe on the same device gives the same weights.
///
/// # Errors
///
/// When the device cannot be used.
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
    let mut trainee = Trainee::normalised(&start);
    let mut optimizer = Decayed::new(recipe.weight_decay);
    for step in 0..recipe.steps() {
        let batch = drawings.batch((step * recipe.batch) as u64, recipe.batch, device);
        trainee.record();
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
            accuracy: share_right(&read(logits.without_autodiff())?, &batch.labels),
        });
    }
    start.with_weights(trainee.folded())
}

/// Trains a network further, on images that are pushed to where it errs: see [`Hardening`](crate::Hardening).
///
/// # Errors
///
/// When the device cannot be used.
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
    let mut trainee = Trainee::plain(net);
    let mut optimizer = Decayed::new(recipe.weight_decay);
    let mut step = 0;
    for first in (0..hardening.images).step_by(recipe.batch) {
        // After the images that the network has seen.
        let first = recipe.images + first;
        let batch = drawings.batch(first as u64, recipe.batch, net.device());
        let mut push = batch.images.zeros_like();
        for _ in 0..hardening.replays {
            let pushed = batch.images.clone() + push.clone();
            let pushed = pushed.autodiff().require_grad();
            trainee.record();
            let logits = trainee.logits(net, pushed.clone())?;
            let loss = cross_entropy(logits.clone(), &batch, recipe.smoothing);
            let mut gradients = loss.backward();
            let uphill = pushed.grad_remove(&mut gradients);
            let uphill = uphill.expect("the loss depends on the images");
            push = hardening.push(push, uphill);
            let rate = hardening.learning_rate_at(step, recipe.batch);
            trainee.update(&mut gradients, &mut optimizer, rate);
            step += 1;
            observe(Report {
                step,
                loss: read(loss.without_autodiff())?[0],
                accuracy: share_right(&read(logits.without_autodiff())?, &batch.labels),
            });
        }
    }
    net.with_weights(trainee.folded())
}

/// Share of images that a network names rightly, of `count` images drawn.
///
/// # Errors
///
/// When the device does not hand the result over.
pub fn accuracy(net: &InceptionV1, drawings: &Drawings, count: usize) -> Result<f32, ModelError> {
    const BATCH: usize = 50;
    let mut right = 0.0;
    for first in (0..count).step_by(BATCH) {
        let size = BATCH.min(count - first);
        let batch = drawings.batch(first as u64, size, net.device());
        right += share_right(&read(logits(net, &batch))?, &batch.labels) * size as f32;
    }
    Ok(right / count as f32)
}

/// The network with every weight rounded to the nearest f16, which is how it ships.
///
/// # Errors
///
/// When the device does not hand the weights over.
pub fn rounded_to_f16(net: &InceptionV1) -> Result<InceptionV1, ModelError> {
    fn rounded<const D: usize>(tensor: &Tensor<D>) -> Result<Tensor<D>, ModelError> {
        let values = read(tensor.clone())?.into_iter();
        let values: Vec<f32> = values.map(|v| f16::from_f32(v).to_f32()).collect();
        Ok(Tensor::from_data(
            TensorData::new(values, tensor.dims()),
            &tensor.device(),
        ))
    }
    let weights = net.weights().iter().map(|conv| {
        Ok(ConvWeights {
            weight: rounded(&conv.weight)?,
            bias: rounded(&conv.bias)?,
        })
    });
    net.with_weights(weights.collect::<Result<_, ModelError>>()?)
}

fn classifier(net: &InceptionV1) -> LayerId {
    net.logits().expect("every InceptionV1 has a classifier")
}

/// [n, classes].
fn logits(net: &InceptionV1, batch: &Batch) -> Tensor<2> {
    let images = batch.images.clone();
    flat(net.forward_to(images, &[classifier(net)], ReluGradient::Plain))
}

fn flat(mut logits: Vec<Tensor<4>>) -> Tensor<2> {
    let logits = logits.remove(0);
    let [n, classes, _, _] = logits.dims();
    logits.reshape([n, classes])
}

/// Mean over the batch of the cross-entropy with labels that give `smoothing` of their weight to
/// all classes alike (Szegedy et al., "Rethinking the Inception Architecture", 2016, section 7).
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

fn share_right(logits: &[f32], labels: &[usize]) -> f32 {
    let classes = logits.len() / labels.len();
    let best = |row: &[f32]| {
        let indexed = row.iter().enumerate();
        indexed.max_by(|a, b| a.1.total_cmp(b.1)).map(|best| best.0)
    };
    let rows = logits.chunks_exact(classes).zip(labels);
    let right = rows.filter(|(row, label)| best(row) == Some(**label));
    right.count() as f32 / labels.len() as f32
}

/// The weights while they are learned: every convolution but the classifier is normalised.
struct Trainee {
    convs: Vec<ConvWeights>,
    norms: Vec<BatchNorm>,
    /// The layers that are normalised.
    before_relu: Vec<LayerId>,
}

impl Trainee {
    /// Every convolution but the classifier is followed by a normalisation.
    fn normalised(start: &InceptionV1) -> Self {
        let layers = start.layers().iter().map(Layer::name);
        // The tensor after a convolution and its bias follows the one before the bias.
        let convs = layers
            .enumerate()
            .filter(|(_, name)| name.ends_with("_pre_relu/conv"));
        let before_relu: Vec<LayerId> = convs.map(|(index, _)| LayerId::new(index + 1)).collect();
        let convs = start.weights().to_vec();
        assert_eq!(convs.len(), before_relu.len() + 1, "all but the classifier");
        let norms = convs.iter().take(before_relu.len()).map(BatchNorm::new);
        Self {
            norms: norms.collect(),
            convs,
            before_relu,
        }
    }

    /// As the network is, with its biases.
    fn plain(start: &InceptionV1) -> Self {
        Self {
            convs: start.weights().to_vec(),
            norms: Vec::new(),
            before_relu: Vec::new(),
        }
    }

    /// Has autodiff track everything that is learned, from here on.
    fn record(&mut self) {
        fn tracked<const D: usize>(tensor: &mut Tensor<D>) {
            *tensor = tensor.clone().autodiff().require_grad();
        }
        for (index, conv) in self.convs.iter_mut().enumerate() {
            tracked(&mut conv.weight);
            // A normalisation has a bias of its own.
            if index >= self.norms.len() {
                tracked(&mut conv.bias);
            }
        }
        for norm in &mut self.norms {
            tracked(&mut norm.gamma);
            tracked(&mut norm.beta);
        }
    }

    /// [n, classes].
    fn logits(&mut self, start: &InceptionV1, images: Tensor<4>) -> Result<Tensor<2>, ModelError> {
        let net = start.with_weights(self.convs.clone())?;
        let mut norms = self.before_relu.iter().zip(&mut self.norms).peekable();
        let mut normalise = |layer, value| match norms.next_if(|next| *next.0 == layer) {
            Some((_, norm)) => norm.apply(value),
            None => value,
        };
        let plain = ReluGradient::Plain;
        Ok(flat(net.forward_patched(
            images,
            &[classifier(&net)],
            plain,
            &mut normalise,
        )))
    }

    fn update(&mut self, gradients: &mut Gradients, optimizer: &mut Decayed, rate: f64) {
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

    /// The network's weights, the normalisations folded in.
    fn folded(&self) -> Vec<ConvWeights> {
        let normalised = self.convs.iter().zip(&self.norms);
        let normalised = normalised.map(|(conv, norm)| norm.fold(conv));
        let rest = self.convs[self.norms.len()..].iter().cloned();
        normalised.chain(rest).collect()
    }
}

/// AdamW (Loshchilov and Hutter, 2019), its weight decay on the weights alone.
struct Decayed {
    weights: Stepper<4>,
    others: Stepper<1>,
}

impl Decayed {
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
    /// Moves the tensor of that number by its gradient; it is no longer tracked.
    fn step(
        &mut self,
        number: usize,
        rate: f64,
        tensor: &mut Tensor<D>,
        gradients: &mut Gradients,
    ) {
        let gradient = tensor.grad_remove(gradients);
        let value = tensor.clone().without_autodiff();
        let gradient = gradient.expect("the loss depends on everything that is learned");
        let state = self.states.remove(&number);
        let (value, state) = self.adam.step(rate, value, gradient, state);
        *tensor = value;
        if let Some(state) = state {
            self.states.insert(number, state);
        }
    }
}
