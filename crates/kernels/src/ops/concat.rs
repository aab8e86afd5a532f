//! Concatenation.

use oneiric_graph::Concat;

use super::Operator;
use crate::{
    kernel::{Pointwise, PointwiseKind, Step},
    plan::{Backward, Forward},
    view::View,
};

impl Operator for Concat {
    fn unsupported(&self, _: &[&[usize]]) -> Option<&'static str> {
        (self.axis != 1).then_some("the kernels concatenate along the channels, axis 1, only")
    }

    /// Partly filled blocks stay so.
    fn lanes(&self, inputs: &[&[usize]], _: usize) -> Vec<usize> {
        inputs.concat()
    }

    /// A concatenation of one tensor is that tensor.
    fn lies_in_input(&self, inputs: &[&[usize]]) -> Option<usize> {
        (inputs.len() == 1).then_some(0)
    }

    fn holds_inputs(&self) -> bool {
        true
    }

    fn forward(&self, plan: &mut Forward<'_>, node: usize) {
        let level = plan.ready[node];
        // The level of the inputs, unless one that lies elsewhere is copied.
        plan.ready[node] = level - 1;
        let dests = plan.layout.view(node).dests();
        let mut first = 0;
        for (position, &input) in plan.graph.inputs(node).iter().enumerate() {
            let blocks = plan.graph.lanes[input].len();
            if plan.layout.copied.contains(&(node, position)) {
                plan.ready[node] = level;
                let copy = Pointwise {
                    kind: PointwiseKind::Copy,
                    from: plan.layout.view(input),
                    dests: dests[first..first + blocks].to_vec(),
                };
                plan.push(node, Step::Pointwise(copy));
            }
            first += blocks;
        }
    }

    fn backward(&self, plan: &mut Backward<'_>, node: usize) {
        let all = plan.gradient(node);
        let mut first = 0;
        for (position, &input) in plan.graph.inputs(node).iter().enumerate() {
            let to = plan.gradient(input);
            let blocks = to.blocks;
            if plan.layout.copied.contains(&(node, position)) {
                let from = View {
                    offset: all.block_offset(first),
                    blocks,
                    ..all
                };
                plan.pointwise(node, PointwiseKind::Copy, from, to);
            }
            first += blocks;
        }
    }
}
