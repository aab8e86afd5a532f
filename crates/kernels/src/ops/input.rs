//! The image.

use oneiric_graph::Input;

use super::{Operator, conv::reads_input};
use crate::{
    blocked::blocks,
    kernel::{Step, ToLanes},
    plan::{Backward, Forward, bands, parts},
};

impl Operator for Input {
    fn lanes(&self, _: &[&[usize]], channels: usize) -> Vec<usize> {
        blocks(channels)
    }

    fn forward(&self, plan: &mut Forward<'_>, node: usize) {
        // Convolutions of its cells do not read the image itself.
        if !reads_input(plan.graph, plan.weights, plan.layout) {
            return;
        }
        let to = plan.layout.view(node);
        let step = Step::ToLanes(ToLanes {
            external: 0,
            height: to.height,
            width: to.width,
            pixel: to.pixel,
            parts: parts(plan.graph, node),
            channels_last: false,
            dests: to.dests(),
            bands: bands(to.height, to.blocks),
        });
        plan.push(node, step);
    }

    fn backward(&self, _: &mut Backward<'_>, _: usize) {}
}
