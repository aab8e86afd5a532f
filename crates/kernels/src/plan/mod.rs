//! From the network and a size to the operations that run, and where their tensors lie.

mod backward;
mod buffer;
mod convolution;
mod filtering;
mod forward;
mod geometry;
mod layout;
mod program;

pub(crate) use backward::backward;
pub(crate) use forward::{forward, parts};
pub(crate) use layout::Layout;
pub(crate) use program::{Level, Program};

use std::sync::{Arc, Mutex};

use crate::{KernelError, ReluGradient, graph::Graph, pack::PackedWeights};

/// Gradients of which wanted nodes there are, and how they pass a ReLU.
pub(crate) type GradientKey = (Vec<bool>, ReluGradient);

/// All that is known before the numbers.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) layout: Layout,
    pub(crate) wanted: Vec<usize>,
    pub(crate) forward: Program,
    /// Made when first asked for.
    pub(crate) backward: Mutex<Vec<(GradientKey, Arc<Program>)>>,
}

impl Plan {
    pub(crate) fn new(
        graph: &Graph,
        weights: &PackedWeights,
        image: [usize; 2],
        wanted: &[usize],
        direct: bool,
    ) -> Result<Self, KernelError> {
        let needed = graph.needed(wanted);
        let sizes = graph.sizes(&needed, image)?;
        let layout = Layout::new(graph, weights, needed, sizes, wanted, direct);
        let [height, width] = image;
        let layout = layout.ok_or(KernelError::TooLarge {
            items: 1,
            height,
            width,
        })?;
        let forward = forward(graph, weights, &layout);
        Ok(Self {
            layout,
            wanted: wanted.to_vec(),
            forward,
            backward: Mutex::default(),
        })
    }
}
