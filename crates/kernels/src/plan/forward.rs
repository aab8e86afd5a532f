//! The forward program.

use super::{
    layout::Layout,
    program::{Direction, Footprint, Program},
};
use crate::{
    blocked::Blocked,
    kernel::{Part, Step},
    pack::PackedWeights,
};

/// The program that computes all needed nodes.
pub(crate) fn forward(
    graph: &Blocked,
    weights: &PackedWeights,
    layout: &Layout,
    threads: usize,
) -> Program {
    let footprint = Footprint {
        arena: layout.len,
        weights: weights.values.len(),
        external: vec![layout.numbers(graph, 0)],
        result: 0,
    };
    let mut plan = Forward {
        graph,
        weights,
        layout,
        threads,
        ready: vec![0; graph.len()],
        done: vec![false; graph.len()],
        program: Program::new(Direction::Forward, footprint),
    };
    for node in 0..graph.len() {
        if !layout.needed[node] || plan.done[node] {
            continue;
        }
        let inputs = graph.inputs(node).iter();
        let level = inputs.map(|&input| plan.ready[input] + 1).max();
        plan.ready[node] = level.unwrap_or(0);
        graph.operator(node).forward(&mut plan, node);
    }
    plan.program.balance(threads);
    plan.program
}

/// A forward program under construction.
pub(crate) struct Forward<'a> {
    pub(crate) graph: &'a Blocked,
    pub(crate) weights: &'a PackedWeights,
    pub(crate) layout: &'a Layout,
    /// Threads that the steps are cut for.
    pub(crate) threads: usize,
    /// The level after which each node is there: one behind the inputs', unless the operator says
    /// otherwise.
    pub(crate) ready: Vec<usize>,
    /// Nodes whose steps came with an earlier node's.
    pub(crate) done: Vec<bool>,
    pub(crate) program: Program,
}

impl Forward<'_> {
    /// Adds a step of a node, at the level after which the node is there.
    pub(crate) fn push(&mut self, node: usize, step: Step) {
        self.program.push(self.ready[node], node, step);
    }
}

/// Channels of a node's blocks.
pub(crate) fn parts(graph: &Blocked, node: usize) -> Vec<Part> {
    let first = graph.first_channels(node);
    let counts = graph.lanes[node].iter();
    first
        .into_iter()
        .zip(counts)
        .map(|(first, &count)| Part { first, count })
        .collect()
}
