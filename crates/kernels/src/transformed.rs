//! Weights of small convolutions, transformed for Winograd's filtering. They are made when a plan
//! first needs them, because they take up to four times the memory of the weights.

use std::sync::{Arc, OnceLock};

use crate::{
    lanes::LANES,
    memory::Aligned,
    pack::{ConvWeights, groups},
    tuning::LEAST_CHANNELS,
    winograd::Form,
};

/// The side of a convolution that a program computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The result, from the input.
    Forward,
    /// The input's gradient, from that of the result.
    Backward,
}

/// The weights of a convolution, and the transformed weights made from them so far.
#[derive(Debug, Clone)]
pub(crate) struct Transformed {
    weight: Vec<f32>,
    /// Rows and columns of the kernel.
    pub(crate) kernel: usize,
    /// Used lanes of the blocks of the input, and of the output.
    lanes: [Vec<usize>; 2],
    /// Transformed weights by way and form.
    made: [[OnceLock<Arc<Aligned>>; 4]; 2],
}

impl Transformed {
    /// Returns none if Winograd's filtering is not used for the convolution.
    pub(crate) fn new(
        conv: &ConvWeights<'_>,
        lanes: &[usize],
        out_lanes: &[usize],
    ) -> Option<Self> {
        let fits = matches!(conv.kernel, [3, 3] | [5, 5])
            && conv.stride == [1; 2]
            && conv.input.min(conv.out) >= LEAST_CHANNELS;
        fits.then(|| Self {
            weight: conv.dense(),
            kernel: conv.kernel[0],
            lanes: [lanes.to_vec(), out_lanes.to_vec()],
            made: Default::default(),
        })
    }

    /// The weights of a strided convolution of the image, as those of a convolution of its cells
    /// with stride 1 (see `kernel/cells.rs`). Returns none as [`new`](Self::new) does.
    pub(crate) fn of_cells(conv: &ConvWeights<'_>, out_lanes: &[usize]) -> Option<Self> {
        let stride = conv.stride;
        let [kernel, columns] = [0, 1].map(|axis| conv.kernel[axis].div_ceil(stride[axis]));
        let fits = kernel == columns && (3..=5).contains(&kernel);
        if stride == [1; 2] || !fits || conv.out < LEAST_CHANNELS {
            return None;
        }
        let channels = stride[0] * stride[1] * conv.input;
        let mut weight = Vec::new();
        for out in 0..conv.out {
            for cell in 0..channels {
                let (phase, input) = (cell / conv.input, cell % conv.input);
                for at in 0..kernel * kernel {
                    let row = at / kernel * stride[0] + phase / stride[1];
                    let column = at % kernel * stride[1] + phase % stride[1];
                    let inside = row < conv.kernel[0] && column < conv.kernel[1];
                    weight.push(if inside {
                        conv.at(out, input, row, column)
                    } else {
                        0.0
                    });
                }
            }
        }
        let lanes = (0..channels).step_by(LANES);
        Some(Self {
            weight,
            kernel,
            lanes: [
                lanes.map(|first| LANES.min(channels - first)).collect(),
                out_lanes.to_vec(),
            ],
            made: Default::default(),
        })
    }

    /// Used lanes of the blocks that are read.
    pub(crate) fn source(&self, way: Way) -> &[usize] {
        &self.lanes[way as usize]
    }

    /// The transformed weights, `[group][point][inner][block of the group][16]`.
    pub(crate) fn get(&self, way: Way, form: Form) -> Arc<Aligned> {
        let made = &self.made[way as usize][form as usize];
        Arc::clone(made.get_or_init(|| Arc::new(self.make(way, form))))
    }

    fn make(&self, way: Way, form: Form) -> Aligned {
        let backward = way == Way::Backward;
        let [input, output] = if backward { [1, 0] } else { [0, 1] };
        let channels = |side: usize| -> Vec<Option<usize>> {
            // The channel of every lane.
            let mut next = 0;
            let mut lanes = Vec::new();
            for &used in &self.lanes[side] {
                lanes.extend((0..LANES).map(|lane| (lane < used).then_some(next + lane)));
                next += used;
            }
            lanes
        };
        let (sources, targets) = (channels(input), channels(output));
        let sources: Vec<usize> = sources.into_iter().flatten().collect();
        let inputs: usize = self.lanes[0].iter().sum();
        let points = form.points() * form.points();
        let all = self.kernel * self.kernel;
        let matrix = form.kernel_matrix();
        let mut values = vec![0.0; points * sources.len() * targets.len()];
        let mut kernel = vec![0.0; all];
        for (first, count) in groups(targets.len() / LANES) {
            let start = first * LANES * points * sources.len();
            for (inner, &from) in sources.iter().enumerate() {
                for lane in 0..count * LANES {
                    let Some(to) = targets[first * LANES + lane] else {
                        continue;
                    };
                    let (out, input) = if backward { (from, to) } else { (to, from) };
                    kernel.copy_from_slice(&self.weight[(out * inputs + input) * all..][..all]);
                    if backward {
                        kernel.reverse();
                    }
                    let transformed = form.kernel(&matrix, &kernel);
                    for (point, value) in transformed.into_iter().take(points).enumerate() {
                        let at = (point * sources.len() + inner) * count * LANES + lane;
                        values[start + at] = value;
                    }
                }
            }
        }
        Aligned::from_slice(&values)
    }
}
