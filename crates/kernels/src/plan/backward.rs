//! The gradient with respect to the input.

use std::collections::HashMap;

use super::{
    GradientKey,
    forward::parts,
    layout::Layout,
    program::{Direction, Footprint, Program, bands},
};
use oneiric_graph::ReluGradient;

use crate::{
    blocked::Blocked,
    kernel::{
        GradientSource, InputGradient, Pointwise, PointwiseKind, Rectifier, Step, Sum, ToLanes,
    },
    pack::PackedWeights,
    view::{Dest, View},
};

/// Contributions to the gradient of each block that are scheduled so far, and the level of the
/// latest, by the block's offset.
type Written = HashMap<usize, (usize, usize)>;

/// The program from the gradients of the given wanted nodes to that of the input.
pub(crate) fn backward(
    graph: &Blocked,
    weights: &PackedWeights,
    layout: &Layout,
    wanted: &[usize],
    key: &GradientKey,
) -> Program {
    let given = &key.given[..];
    let external = wanted.iter().zip(given);
    let footprint = Footprint {
        arena: layout.len,
        weights: weights.values.len(),
        external: external
            .map(|(&node, &given)| {
                if given {
                    layout.numbers(graph, node)
                } else {
                    0
                }
            })
            .collect(),
        result: layout.numbers(graph, 0),
    };
    let build = |totals: Option<&Written>| {
        let plan = Backward {
            graph,
            weights,
            layout,
            relu: key.relu,
            threads: key.threads,
            totals,
            masked: masked(graph, layout),
            written: HashMap::new(),
            present: present(graph, wanted, given),
            sources: Vec::new(),
            input_ready: 0,
            program: Program::new(Direction::Backward, footprint.clone()),
        };
        plan.build(wanted, given)
    };
    // Built twice: first to count the contributions to each block, so that the last one can apply
    // the mask of the block's ReLU, and once more with these counts.
    let (_, totals) = build(None);
    let (mut program, _) = build(Some(&totals));
    program.balance(key.threads);
    program
}

/// Returns, for each node, true if it has a gradient: the given nodes, and those that they need.
fn present(graph: &Blocked, wanted: &[usize], given: &[bool]) -> Vec<bool> {
    let given = wanted.iter().zip(given).filter(|(_, given)| **given);
    graph.needed(&given.map(|(&node, _)| node).collect::<Vec<_>>())
}

/// The rectified linear units that are fused with a convolution, by the offsets of their blocks.
fn masked(graph: &Blocked, layout: &Layout) -> HashMap<usize, Rectifier> {
    let relus = (0..graph.len()).filter_map(|node| layout.fused[node]);
    relus
        .filter_map(|relu| Some((relu, graph.operator(relu).rectifier()?)))
        .flat_map(|(relu, rectifier)| {
            let view = layout.view(relu);
            (0..view.blocks).map(move |block| (view.block_offset(block), rectifier))
        })
        .collect()
}

/// A gradient program under construction.
pub(crate) struct Backward<'a> {
    pub(crate) graph: &'a Blocked,
    pub(crate) weights: &'a PackedWeights,
    pub(crate) layout: &'a Layout,
    pub(crate) relu: ReluGradient,
    pub(crate) threads: usize,
    totals: Option<&'a Written>,
    masked: HashMap<usize, Rectifier>,
    written: Written,
    /// True for each node that has a gradient.
    pub(crate) present: Vec<bool>,
    pub(crate) sources: Vec<GradientSource>,
    /// First level in which all sources are complete.
    pub(crate) input_ready: usize,
    pub(crate) program: Program,
}

impl Backward<'_> {
    fn build(mut self, wanted: &[usize], given: &[bool]) -> (Program, Written) {
        for (external, (&node, &given)) in wanted.iter().zip(given).enumerate() {
            if given {
                self.inject(external, node);
            }
        }
        for node in (1..self.graph.len()).rev() {
            if self.present[node] {
                self.fill(node);
                self.graph.operator(node).backward(&mut self, node);
            }
        }
        let [height, width] = self.layout.sizes[0];
        let blocks = self.layout.input_gradient;
        if self.level(&blocks).is_some() {
            self.fill(0);
        }
        if let Some(level) = self.level(&blocks) {
            self.sources.push(GradientSource::Blocks(blocks));
            self.input_ready = self.input_ready.max(level + 1);
        }
        let gradient = InputGradient {
            sources: self.sources,
            channels: self.graph.channels(0),
            height,
            width,
            bands: bands(height, 1),
        };
        let step = Step::InputGradient(gradient);
        self.program.push(self.input_ready, 0, step);
        (self.program, self.written)
    }

    /// Sets the blocks of a gradient that nothing reads to 0, if there are some: a part of the
    /// channels may be all that is read.
    fn fill(&mut self, node: usize) {
        let view = self.gradient(node);
        for block in 0..view.blocks {
            let part = view.part(block, 1);
            if self.level(&part).is_none() {
                let step = Sum {
                    terms: vec![],
                    height: view.height,
                    width: view.width,
                    dests: self.write(&part, 0),
                    bands: 1,
                };
                self.program.push(0, node, Step::Sum(step));
            }
        }
    }

    /// The gradient of a node.
    pub(crate) fn gradient(&self, node: usize) -> View {
        if node == 0 {
            self.layout.input_gradient
        } else {
            self.layout.view(node)
        }
    }

    /// Level of the latest contribution to a gradient.
    fn level(&self, view: &View) -> Option<usize> {
        let blocks = (0..view.blocks).filter_map(|b| self.written.get(&view.block_offset(b)));
        blocks.map(|&(_, level)| level).max()
    }

    /// First level in which a step that reads `from` and writes `to` can run.
    pub(crate) fn after(&self, from: &[View], to: &View) -> usize {
        let views = from.iter().chain([to]);
        views
            .filter_map(|view| self.level(view))
            .max()
            .map_or(0, |level| level + 1)
    }

    /// Counts one more contribution to a gradient; returns the destinations of its blocks.
    pub(crate) fn write(&mut self, view: &View, level: usize) -> Vec<Dest> {
        let mut dests = view.dests();
        for dest in &mut dests {
            let entry = self.written.entry(dest.offset).or_default();
            let total = self.totals.and_then(|totals| totals.get(&dest.offset));
            dest.accumulate = entry.0 > 0;
            *entry = (entry.0 + 1, level);
            let is_last = total.is_some_and(|total| total.0 == entry.0);
            if is_last && self.relu == ReluGradient::Plain {
                dest.mask = self.masked.get(&dest.offset).copied();
            }
        }
        dests
    }

    /// Counts a step that changes a complete gradient in place; returns its level.
    pub(crate) fn change(&mut self, view: &View) -> usize {
        let level = self.after(&[], view);
        for block in 0..view.blocks {
            self.written.entry(view.block_offset(block)).or_default().1 = level;
        }
        level
    }

    /// Adds the gradient that the caller gives for a wanted node.
    fn inject(&mut self, external: usize, node: usize) {
        let to = self.gradient(node);
        let level = self.after(&[], &to);
        let step = ToLanes {
            external,
            height: to.height,
            width: to.width,
            pixel: to.pixel,
            parts: parts(self.graph, node),
            channels_last: self.graph.channels_last[node],
            dests: self.write(&to, level),
            bands: bands(to.height, to.blocks),
        };
        self.program.push(level, node, Step::ToLanes(step));
    }

    /// Adds a pointwise step from a node's gradient, or from a part of it.
    pub(crate) fn pointwise(&mut self, node: usize, kind: PointwiseKind, from: View, to: View) {
        let level = self.after(&[from], &to);
        let dests = self.write(&to, level);
        let step = Pointwise { kind, from, dests };
        self.program.push(level, node, Step::Pointwise(step));
    }
}
