//! The gradient with respect to the input.

use std::collections::{HashMap, HashSet};

use super::{
    GradientKey,
    forward::{lines, parts, window},
    layout::Layout,
    program::{Direction, Footprint, Program, bands},
};
use oneiric_graph::{Op, ReluGradient};

use crate::{
    blocked::Blocked,
    kernel::{
        Average, GradientSource, InputGradient, LrnGradient, MaxPoolGradient, Pointwise,
        PointwiseKind, Redirect, Step, ToLanes,
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
        let builder = Builder {
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
        builder.build(wanted, given)
    };
    // Built twice: first to count the contributions to each block, so that the last one can apply
    // the mask of the block's ReLU, and once more with these counts.
    let (_, totals) = build(None);
    let (mut program, _) = build(Some(&totals));
    program.balance(key.threads);
    program
}

/// For every node, true if it has a gradient: the given nodes, and those that they need.
fn present(graph: &Blocked, wanted: &[usize], given: &[bool]) -> Vec<bool> {
    let given = wanted.iter().zip(given).filter(|(_, given)| **given);
    graph.needed(&given.map(|(&node, _)| node).collect::<Vec<_>>())
}

/// Offsets of the blocks of ReLUs that are fused with a convolution.
fn masked(graph: &Blocked, layout: &Layout) -> HashSet<usize> {
    let relus = (0..graph.len()).filter_map(|node| layout.fused[node]);
    relus
        .flat_map(|relu| {
            let view = layout.view(relu);
            (0..view.blocks).map(move |block| view.block_offset(block))
        })
        .collect()
}

/// A program under construction.
pub(super) struct Builder<'a> {
    pub(super) graph: &'a Blocked,
    pub(super) weights: &'a PackedWeights,
    pub(super) layout: &'a Layout,
    relu: ReluGradient,
    pub(super) threads: usize,
    totals: Option<&'a Written>,
    masked: HashSet<usize>,
    written: Written,
    /// For every node, true if it has a gradient.
    pub(super) present: Vec<bool>,
    pub(super) sources: Vec<GradientSource>,
    /// First level in which all sources are complete.
    pub(super) input_ready: usize,
    pub(super) program: Program,
}

impl Builder<'_> {
    fn build(mut self, wanted: &[usize], given: &[bool]) -> (Program, Written) {
        for (external, (&node, &given)) in wanted.iter().zip(given).enumerate() {
            if given {
                self.inject(external, node);
            }
        }
        for node in (1..self.graph.len()).rev() {
            if self.present[node] {
                self.node(node);
            }
        }
        let [height, width] = self.layout.sizes[0];
        let blocks = self.layout.input_gradient;
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

    /// The gradient of a node.
    pub(super) fn gradient(&self, node: usize) -> View {
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
    pub(super) fn after(&self, from: &[View], to: &View) -> usize {
        let views = from.iter().chain([to]);
        views
            .filter_map(|view| self.level(view))
            .max()
            .map_or(0, |level| level + 1)
    }

    /// Counts one more contribution to a gradient; returns the destinations of its blocks.
    pub(super) fn write(&mut self, view: &View, level: usize) -> Vec<Dest> {
        let mut dests = view.dests();
        for dest in &mut dests {
            let entry = self.written.entry(dest.offset).or_default();
            let total = self.totals.and_then(|totals| totals.get(&dest.offset));
            dest.accumulate = entry.0 > 0;
            *entry = (entry.0 + 1, level);
            dest.mask = self.relu == ReluGradient::Plain
                && total.is_some_and(|total| total.0 == entry.0)
                && self.masked.contains(&dest.offset);
        }
        dests
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
            dests: self.write(&to, level),
            bands: bands(to.height, to.blocks),
        };
        self.program.push(level, node, Step::ToLanes(step));
    }

    /// Adds the steps from the gradient of a node, which is complete, to those of its inputs.
    fn node(&mut self, node: usize) {
        let Some(&input) = self.graph.inputs(node).first() else {
            return;
        };
        let from = self.gradient(node);
        let to = self.gradient(input);
        match self.graph.op(node) {
            Op::Input(_) => {}
            Op::Concat(_) => self.concat(node),
            Op::Conv(conv) if conv.window.stride == [1; 2] => self.convolutions(node),
            Op::Conv(conv) => self.strided(node, conv.window.stride),
            Op::Relu(_) => {
                if self.relu == ReluGradient::Redirected {
                    let level = self.after(&[], &from);
                    for block in 0..from.blocks {
                        self.written.entry(from.block_offset(block)).or_default().1 = level;
                    }
                    let step = Step::Redirect(Redirect {
                        view: from,
                        lanes: self.graph.lanes[node].clone(),
                    });
                    self.program.push(level, node, step);
                }
                // If the ReLU is fused, the last contribution has applied its mask.
                if self.layout.fused[input].is_none() {
                    let kind = match self.relu {
                        ReluGradient::Plain => PointwiseKind::ReluGradient,
                        ReluGradient::Redirected => PointwiseKind::Copy,
                    };
                    self.pointwise(node, kind, from, to);
                }
            }
            Op::MaxPool(_) => {
                let level = self.after(&[from], &to);
                let step = MaxPoolGradient {
                    window: window(self.graph, self.layout, node),
                    input: self.layout.view(input),
                    output: from,
                    dests: self.write(&to, level),
                    bands: bands(to.height, to.blocks),
                };
                self.program.push(level, node, Step::MaxPoolGradient(step));
            }
            Op::Lrn(lrn) => {
                let level = self.after(&[from], &to);
                let step = LrnGradient {
                    lrn: *lrn,
                    input: self.layout.view(input),
                    gradient: from,
                    lines: lines(self.graph, node, lrn.radius),
                    dests: self.write(&to, level),
                    bands: bands(to.height, 1),
                };
                self.program.push(level, node, Step::LrnGradient(step));
            }
            Op::GlobalAveragePool(_) => {
                let level = self.after(&[from], &to);
                let step = Average {
                    positions: to,
                    mean: from,
                    dests: self.write(&to, level),
                    gradient: true,
                };
                self.program.push(level, node, Step::Average(step));
            }
            op => unreachable!("the kernels have no {}", op.name()),
        }
    }

    fn pointwise(&mut self, node: usize, kind: PointwiseKind, from: View, to: View) {
        let level = self.after(&[from], &to);
        let dests = self.write(&to, level);
        let step = Pointwise { kind, from, dests };
        self.program.push(level, node, Step::Pointwise(step));
    }

    fn concat(&mut self, node: usize) {
        let all = self.gradient(node);
        let mut first = 0;
        for (position, &input) in self.graph.inputs(node).iter().enumerate() {
            let to = self.gradient(input);
            let blocks = to.blocks;
            if self.layout.copied.contains(&(node, position)) {
                let from = View {
                    offset: all.block_offset(first),
                    blocks,
                    ..all
                };
                self.pointwise(node, PointwiseKind::Copy, from, to);
            }
            first += blocks;
        }
    }
}
