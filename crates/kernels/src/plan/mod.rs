//! Plans: the steps of a network for one image size, and the places of their tensors.

mod backward;
mod buffer;
mod filtering;
mod forward;
mod geometry;
mod layout;
mod output;
mod program;

pub(crate) use backward::{Backward, backward};
pub(crate) use buffer::Buffer;
pub(crate) use filtering::{beyond, filtering};
pub(crate) use forward::{Forward, forward, parts};
pub(crate) use geometry::{Axis, Outside};
pub(crate) use layout::{Draft, Layout};
pub(crate) use output::output;
pub(crate) use program::{Direction, Level, Program, bands, position_bands};

use std::sync::{Arc, Mutex, OnceLock};

use oneiric_graph::ReluGradient;

use crate::{KernelError, blocked::Blocked, lru::Lru, pack::PackedWeights, validate::validate};

/// Gradient programs of a plan that are kept.
pub(crate) const PROGRAMS: usize = 8;

/// Identifies a plan of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlanKey {
    /// Height and width of the image.
    pub(crate) image: [usize; 2],
    pub(crate) wanted: Vec<usize>,
    /// True if no convolution goes by Winograd's filtering.
    pub(crate) direct: bool,
    /// Threads that the steps are cut for.
    pub(crate) threads: usize,
}

/// Identifies a gradient program of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GradientKey {
    /// True for each wanted node that has a gradient.
    pub(crate) given: Vec<bool>,
    pub(crate) relu: ReluGradient,
    /// Threads that the steps are cut for.
    pub(crate) threads: usize,
}

/// Everything that depends on shapes only, not on values.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) layout: Layout,
    pub(crate) wanted: Vec<usize>,
    pub(crate) forward: Program,
    /// Gradient programs, made when first asked for.
    pub(crate) backward: Mutex<Lru<GradientKey, Arc<Program>>>,
    /// Programs that copy the wanted nodes to the caller, made when first asked for.
    outputs: Vec<OnceLock<Program>>,
}

impl Plan {
    pub(crate) fn new(
        graph: &Blocked,
        weights: &PackedWeights,
        key: &PlanKey,
        sizes: Vec<[usize; 2]>,
    ) -> Result<Self, KernelError> {
        let PlanKey {
            image,
            ref wanted,
            direct,
            threads,
        } = *key;
        let needed = graph.needed(wanted);
        let layout = Layout::new(graph, weights, needed, sizes, wanted, direct);
        let [height, width] = image;
        let layout = layout.ok_or(KernelError::TooLarge {
            items: 1,
            height,
            width,
        })?;
        let forward = forward(graph, weights, &layout, threads);
        validate(&forward, graph, &layout, None);
        Ok(Self {
            layout,
            wanted: wanted.clone(),
            outputs: vec![OnceLock::new(); wanted.len()],
            forward,
            backward: Mutex::new(Lru::new(PROGRAMS)),
        })
    }

    /// Makes a gradient program.
    pub(crate) fn backward(
        &self,
        graph: &Blocked,
        weights: &PackedWeights,
        key: &GradientKey,
    ) -> Program {
        let program = backward(graph, weights, &self.layout, &self.wanted, key);
        validate(&program, graph, &self.layout, Some(&self.forward));
        program
    }

    /// The program that copies the `index`-th wanted node to the caller.
    pub(crate) fn output(&self, graph: &Blocked, index: usize) -> &Program {
        self.outputs[index].get_or_init(|| {
            let program = output(graph, &self.layout, self.wanted[index]);
            validate(&program, graph, &self.layout, Some(&self.forward));
            program
        })
    }
}
