//! The network's definition in f64, slow and obvious, for comparison.
#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    reason = "every test file uses a part"
)]

use oneiric_kernels::{ConvWeights, Frozen, Isa, Node, Op, ReluGradient};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// [channels, height, width] of one item.
#[derive(Debug, Clone, Default)]
pub struct Tensor {
    pub shape: [usize; 3],
    pub values: Vec<f64>,
}

impl Tensor {
    pub fn zeros(shape: [usize; 3]) -> Self {
        let values = vec![0.0; shape.iter().product()];
        Self { shape, values }
    }
    pub fn at(&self, c: usize, y: usize, x: usize) -> usize {
        (c * self.shape[1] + y) * self.shape[2] + x
    }
}

/// Weights that own their numbers.
#[derive(Debug, Clone)]
pub struct Conv {
    pub out: usize,
    pub input: usize,
    pub kernel: usize,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

/// A network under construction.
pub struct Net {
    pub nodes: Vec<Node>,
    pub convs: Vec<Conv>,
    pub channels: Vec<usize>,
    pub rng: ChaCha8Rng,
}

pub fn same(n: usize, k: usize, s: usize) -> (usize, usize) {
    let total = ((n.div_ceil(s) - 1) * s + k).saturating_sub(n);
    (total / 2, total - total / 2)
}
pub fn half(_: usize, k: usize, _: usize) -> (usize, usize) {
    (k / 2, k / 2)
}
pub fn none(_: usize, _: usize, _: usize) -> (usize, usize) {
    (0, 0)
}
pub fn caffe_pool(n: usize, k: usize, s: usize) -> (usize, usize) {
    if s == 1 {
        return (k / 2, k / 2);
    }
    let windows = n.saturating_sub(k).div_ceil(s) + 1;
    (0, ((windows - 1) * s + k).saturating_sub(n))
}

impl Net {
    pub fn new(channels: usize, seed: u64) -> Self {
        Self {
            nodes: vec![Node {
                op: Op::Input,
                inputs: vec![],
            }],
            convs: vec![],
            channels: vec![channels],
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }
    pub fn noise(&mut self, len: usize) -> Vec<f32> {
        (0..len)
            .map(|_| self.rng.random_range(-1.0_f32..1.0))
            .collect()
    }
    pub fn add(&mut self, op: Op, inputs: &[usize], channels: usize) -> usize {
        self.nodes.push(Node {
            op,
            inputs: inputs.to_vec(),
        });
        self.channels.push(channels);
        self.nodes.len() - 1
    }
    pub fn conv(
        &mut self,
        from: usize,
        out: usize,
        kernel: usize,
        stride: usize,
        pad: fn(usize, usize, usize) -> (usize, usize),
    ) -> usize {
        let input = self.channels[from];
        let scale = (2.0 / (input * kernel * kernel) as f32).sqrt() * 1.7;
        let weight = self
            .noise(out * input * kernel * kernel)
            .iter()
            .map(|w| w * scale)
            .collect();
        let bias = self.noise(out).iter().map(|w| w * 0.1).collect();
        self.convs.push(Conv {
            out,
            input,
            kernel,
            weight,
            bias,
        });
        let weights = self.convs.len() - 1;
        self.add(
            Op::Conv {
                weights,
                stride,
                pad,
                bias: true,
            },
            &[from],
            out,
        )
    }
    /// The tensor before the bias, of the convolution `node`.
    pub fn without_bias(&mut self, node: usize) -> usize {
        let mut copy = self.nodes[node].clone();
        if let Op::Conv { bias, .. } = &mut copy.op {
            *bias = false;
        }
        let channels = self.channels[node];
        self.add(copy.op, &copy.inputs, channels)
    }
    pub fn relu(&mut self, from: usize) -> usize {
        self.add(Op::Relu, &[from], self.channels[from])
    }
    pub fn conv_relu(&mut self, from: usize, out: usize, kernel: usize, stride: usize) -> usize {
        let conv = self.conv(from, out, kernel, stride, same);
        self.relu(conv)
    }
    pub fn pool(
        &mut self,
        from: usize,
        kernel: usize,
        stride: usize,
        pad: fn(usize, usize, usize) -> (usize, usize),
    ) -> usize {
        self.add(
            Op::MaxPool {
                kernel,
                stride,
                pad,
            },
            &[from],
            self.channels[from],
        )
    }
    pub fn concat(&mut self, from: &[usize]) -> usize {
        let channels = from.iter().map(|&i| self.channels[i]).sum();
        self.add(Op::Concat, from, channels)
    }
    pub fn frozen(&self) -> Frozen {
        let weights: Vec<ConvWeights<'_>> = self
            .convs
            .iter()
            .map(|c| ConvWeights {
                out: c.out,
                input: c.input,
                kernel: c.kernel,
                weight: &c.weight,
                bias: &c.bias,
            })
            .collect();
        Frozen::new(self.nodes.clone(), self.channels[0], &weights).expect("a network")
    }

    /// All nodes of one item.
    pub fn forward(&self, input: Tensor) -> Vec<Tensor> {
        let mut all: Vec<Tensor> = Vec::new();
        for node in &self.nodes {
            let x = node.inputs.first().map(|&i| &all[i]);
            let y = match (&node.op, x) {
                (Op::Input, _) => input.clone(),
                (
                    Op::Conv {
                        weights,
                        stride,
                        pad,
                        bias,
                    },
                    Some(x),
                ) => conv(x, &self.convs[*weights], *stride, *pad, *bias),
                (Op::Relu, Some(x)) => Tensor {
                    shape: x.shape,
                    // NaN stays.
                    values: x
                        .values
                        .iter()
                        .map(|v| if *v <= 0.0 { 0.0 } else { *v })
                        .collect(),
                },
                (
                    Op::MaxPool {
                        kernel,
                        stride,
                        pad,
                    },
                    Some(x),
                ) => {
                    let (mut y, first) = (
                        Tensor::zeros(pool_shape(x, *kernel, *stride, *pad)),
                        firsts(x, *kernel, *stride, *pad),
                    );
                    for (v, from) in y.values.iter_mut().zip(first) {
                        *v = x.values[from];
                    }
                    y
                }
                (Op::Lrn(lrn), Some(x)) => {
                    let mut y = x.clone();
                    let s = scales(x, lrn);
                    for (v, s) in y.values.iter_mut().zip(s) {
                        *v *= s.powf(-f64::from(lrn.beta));
                    }
                    y
                }
                (Op::Concat, Some(x)) => {
                    let mut y = Tensor::zeros([0, x.shape[1], x.shape[2]]);
                    for &i in &node.inputs {
                        y.shape[0] += all[i].shape[0];
                        y.values.extend(&all[i].values);
                    }
                    y
                }
                (Op::GlobalAveragePool, Some(x)) => {
                    let plane = x.shape[1] * x.shape[2];
                    let values = x
                        .values
                        .chunks(plane)
                        .map(|c| c.iter().sum::<f64>() / plane as f64)
                        .collect();
                    Tensor {
                        shape: [x.shape[0], 1, 1],
                        values,
                    }
                }
                _ => unreachable!(),
            };
            all.push(y);
        }
        all
    }

    /// Gradient of the input of one item.
    pub fn backward(
        &self,
        all: &[Tensor],
        given: &[(usize, Tensor)],
        relu: ReluGradient,
    ) -> Tensor {
        let mut grads: Vec<Tensor> = all.iter().map(|t| Tensor::zeros(t.shape)).collect();
        let mut present = vec![false; all.len()];
        for (node, g) in given {
            present[*node] = true;
            add(&mut grads[*node], &g.values);
        }
        for i in (1..all.len()).rev() {
            if !present[i] {
                continue;
            }
            let node = &self.nodes[i];
            let g = grads[i].clone();
            for &input in &node.inputs {
                present[input] = true;
            }
            let from = node.inputs[0];
            let x = &all[from];
            match &node.op {
                Op::Conv {
                    weights,
                    stride,
                    pad,
                    ..
                } => conv_back(&mut grads[from], &g, &self.convs[*weights], *stride, *pad),
                Op::Relu => {
                    let y = &all[i].values;
                    let mut dx: Vec<f64> = g
                        .values
                        .iter()
                        .zip(y)
                        .map(|(g, y)| if *y <= 0.0 { 0.0 } else { *g })
                        .collect();
                    if relu == ReluGradient::Redirected && dx.iter().all(|v| *v == 0.0) {
                        dx = g
                            .values
                            .iter()
                            .zip(y)
                            .map(|(g, y)| {
                                if *y > 0.0 || y.is_nan() || *g < 0.0 {
                                    *g
                                } else {
                                    0.0
                                }
                            })
                            .collect();
                    }
                    add(&mut grads[from], &dx);
                }
                Op::MaxPool {
                    kernel,
                    stride,
                    pad,
                } => {
                    for (at, g) in firsts(x, *kernel, *stride, *pad).into_iter().zip(&g.values) {
                        grads[from].values[at] += g;
                    }
                }
                Op::Lrn(lrn) => {
                    let s = scales(x, lrn);
                    let (alpha, beta) = (f64::from(lrn.alpha), f64::from(lrn.beta));
                    let plane = x.shape[1] * x.shape[2];
                    for at in 0..x.values.len() {
                        let channel = at / plane;
                        let sum: f64 = (0..x.shape[0])
                            .filter(|j| j.abs_diff(channel) <= lrn.radius)
                            .map(|j| {
                                let o = j * plane + at % plane;
                                g.values[o] * x.values[o] * s[o].powf(-beta - 1.0)
                            })
                            .sum();
                        grads[from].values[at] += g.values[at] * s[at].powf(-beta)
                            - 2.0 * alpha * beta * x.values[at] * sum;
                    }
                }
                Op::Concat => {
                    let mut start = 0;
                    for &input in &node.inputs {
                        let len = grads[input].values.len();
                        let part = g.values[start..start + len].to_vec();
                        add(&mut grads[input], &part);
                        start += len;
                    }
                }
                Op::GlobalAveragePool => {
                    let plane = x.shape[1] * x.shape[2];
                    for (at, v) in grads[from].values.iter_mut().enumerate() {
                        *v += g.values[at / plane] / plane as f64;
                    }
                }
                Op::Input => unreachable!(),
            }
        }
        grads.swap_remove(0)
    }
}

fn add(to: &mut Tensor, values: &[f64]) {
    for (a, b) in to.values.iter_mut().zip(values) {
        *a += b;
    }
}

type Pad = fn(usize, usize, usize) -> (usize, usize);

fn out(n: usize, k: usize, s: usize, pad: Pad) -> usize {
    let (a, b) = pad(n, k, s);
    (n + a + b - k) / s + 1
}

/// Calls with (output index, input index, weight index) of all products.
fn products(x: [usize; 3], c: &Conv, s: usize, pad: Pad, mut f: impl FnMut(usize, usize, usize)) {
    let [ci, h, w] = x;
    let (oh, ow) = (out(h, c.kernel, s, pad), out(w, c.kernel, s, pad));
    let (py, px) = (pad(h, c.kernel, s).0, pad(w, c.kernel, s).0);
    for o in 0..c.out {
        for oy in 0..oh {
            for ox in 0..ow {
                for i in 0..ci {
                    for ky in 0..c.kernel {
                        for kx in 0..c.kernel {
                            let (iy, ix) = (
                                (oy * s + ky).wrapping_sub(py),
                                (ox * s + kx).wrapping_sub(px),
                            );
                            if iy < h && ix < w {
                                f(
                                    (o * oh + oy) * ow + ox,
                                    (i * h + iy) * w + ix,
                                    ((o * ci + i) * c.kernel + ky) * c.kernel + kx,
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}

fn conv(x: &Tensor, c: &Conv, s: usize, pad: Pad, bias: bool) -> Tensor {
    let mut y = Tensor::zeros([
        c.out,
        out(x.shape[1], c.kernel, s, pad),
        out(x.shape[2], c.kernel, s, pad),
    ]);
    products(x.shape, c, s, pad, |o, i, w| {
        y.values[o] += x.values[i] * f64::from(c.weight[w])
    });
    if bias {
        let plane = y.shape[1] * y.shape[2];
        for (at, v) in y.values.iter_mut().enumerate() {
            *v += f64::from(c.bias[at / plane]);
        }
    }
    y
}

fn conv_back(dx: &mut Tensor, g: &Tensor, c: &Conv, s: usize, pad: Pad) {
    let shape = dx.shape;
    products(shape, c, s, pad, |o, i, w| {
        dx.values[i] += g.values[o] * f64::from(c.weight[w])
    });
}

fn pool_shape(x: &Tensor, k: usize, s: usize, pad: Pad) -> [usize; 3] {
    [
        x.shape[0],
        out(x.shape[1], k, s, pad),
        out(x.shape[2], k, s, pad),
    ]
}

/// Index of the first largest position of every window, or the first that is not a number.
fn firsts(x: &Tensor, k: usize, s: usize, pad: Pad) -> Vec<usize> {
    let [c, oh, ow] = pool_shape(x, k, s, pad);
    let (py, px) = (pad(x.shape[1], k, s).0, pad(x.shape[2], k, s).0);
    let mut all = Vec::new();
    for channel in 0..c {
        for oy in 0..oh {
            for ox in 0..ow {
                let mut best = usize::MAX;
                for ky in 0..k {
                    for kx in 0..k {
                        let (iy, ix) = (
                            (oy * s + ky).wrapping_sub(py),
                            (ox * s + kx).wrapping_sub(px),
                        );
                        if iy < x.shape[1] && ix < x.shape[2] {
                            let at = x.at(channel, iy, ix);
                            let wins = |best: f64, v: f64| v > best || v.is_nan() && !best.is_nan();
                            if best == usize::MAX || wins(x.values[best], x.values[at]) {
                                best = at;
                            }
                        }
                    }
                }
                all.push(best);
            }
        }
    }
    all
}

fn scales(x: &Tensor, lrn: &oneiric_kernels::Lrn) -> Vec<f64> {
    let plane = x.shape[1] * x.shape[2];
    (0..x.values.len())
        .map(|at| {
            let sum: f64 = (0..x.shape[0])
                .filter(|j| j.abs_diff(at / plane) <= lrn.radius)
                .map(|j| x.values[j * plane + at % plane].powi(2))
                .sum();
            f64::from(lrn.bias) + f64::from(lrn.alpha) * sum
        })
        .collect()
}

/// Largest difference over the largest value.
pub fn error(actual: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(actual.len(), expected.len());
    let largest = expected.iter().fold(1e-30, |a: f64, b| a.max(b.abs()));
    let worst = actual.iter().zip(expected).fold(0.0, |worst: f64, (a, b)| {
        // A number that is none must not pass.
        let difference = (f64::from(*a) - b).abs();
        if difference.is_nan() {
            f64::INFINITY
        } else {
            worst.max(difference)
        }
    });
    worst / largest
}

pub const ACTIVATIONS: f64 = 1e-5;
pub const GRADIENTS: f64 = 1e-4;

/// Compares with the definition: the outputs of the wanted nodes, and the gradients when all of
/// them have one, in both modes, with all instructions.
pub fn check(what: &str, net: &mut Net, shape: [usize; 4], wanted: &[usize]) {
    let [n, c, h, w] = shape;
    let input = net.noise(n * c * h * w);
    check_input(what, net, &input, shape, wanted);
}

pub fn check_input(what: &str, net: &mut Net, input: &[f32], shape: [usize; 4], wanted: &[usize]) {
    let [n, c, h, w] = shape;
    let items: Vec<Vec<Tensor>> = input
        .chunks(c * h * w)
        .map(|item| {
            net.forward(Tensor {
                shape: [c, h, w],
                values: item.iter().map(|v| f64::from(*v)).collect(),
            })
        })
        .collect();
    let network = net.frozen();
    let gradients: Vec<Vec<f32>> = wanted
        .iter()
        .map(|&node| net.noise(n * items[0][node].values.len()))
        .collect();
    let mut variants: Vec<_> = Isa::available()
        .into_iter()
        .map(|isa| (isa, false))
        .collect();
    variants.push((Isa::detect(), true));
    for (isa, direct) in variants {
        let mut network = network.clone().with_isa(isa).expect("available");
        if direct {
            network = network.with_direct_convolutions();
        }
        let run = network.forward(input, shape, wanted).expect("it fits");
        for (i, &node) in wanted.iter().enumerate() {
            let [rc, rh, rw] = items[0][node].shape;
            assert_eq!(run.shape(i), [n, rc, rh, rw], "{what} node {node} {isa:?}");
            let expected: Vec<f64> = items
                .iter()
                .flat_map(|item| item[node].values.clone())
                .collect();
            let error = error(&run.output(i), &expected);
            if std::env::var_os("SHOW_ERRORS").is_some() {
                println!("{what} {isa:?} {shape:?} node {node}: {error:.1e}");
            }
            assert!(
                error < ACTIVATIONS,
                "{what} {isa:?} {shape:?} node {node}: {error}"
            );
        }
        // All gradients, and each alone.
        let mut masks = vec![vec![true; wanted.len()]];
        if wanted.len() > 1 {
            masks.extend((0..wanted.len()).map(|i| (0..wanted.len()).map(|j| i == j).collect()));
        }
        for relu in [ReluGradient::Plain, ReluGradient::Redirected] {
            for mask in &masks {
                let given: Vec<Option<&[f32]>> = gradients
                    .iter()
                    .zip(mask)
                    .map(|(g, m)| m.then_some(&g[..]))
                    .collect();
                let actual = run.input_gradient(&given, relu).expect("it fits");
                let mut expected = Vec::new();
                for (item, all) in items.iter().enumerate() {
                    let given: Vec<(usize, Tensor)> = wanted
                        .iter()
                        .zip(&given)
                        .filter_map(|(&node, g)| {
                            let g = (*g)?;
                            let len = g.len() / n;
                            let values = g[item * len..(item + 1) * len]
                                .iter()
                                .map(|v| f64::from(*v))
                                .collect();
                            Some((
                                node,
                                Tensor {
                                    shape: all[node].shape,
                                    values,
                                },
                            ))
                        })
                        .collect();
                    expected.extend(net.backward(all, &given, relu).values);
                }
                let error = error(&actual, &expected);
                if std::env::var_os("SHOW_ERRORS").is_some() {
                    println!("{what} {isa:?} {shape:?} {relu:?}: gradient {error:.1e}");
                }
                assert!(
                    error < GRADIENTS,
                    "{what} {isa:?} {shape:?} {relu:?} {mask:?}: {error}"
                );
            }
        }
    }
}
