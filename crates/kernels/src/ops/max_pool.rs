//! Maximum pooling.

use oneiric_graph::MaxPool;

use super::Operator;
use crate::{
    kernel::{self, MaxPoolGradient, Step, Window},
    plan::{Backward, Forward, bands},
};

impl Operator for MaxPool {
    fn unsupported(&self, _: &[&[usize]]) -> Option<&'static str> {
        let dilated = self.window.dilation != [1; 2];
        dilated.then_some("the kernels have no pooling with dilation")
    }

    fn forward(&self, plan: &mut Forward<'_>, node: usize) {
        let input = plan.graph.inputs(node)[0];
        let to = plan.layout.view(node);
        let step = kernel::MaxPool {
            window: Window::new(self.kernel, &self.window, plan.layout.sizes[input]),
            from: plan.layout.view(input),
            to,
            dests: to.dests(),
            bands: bands(to.height, to.blocks),
        };
        plan.push(node, Step::MaxPool(step));
    }

    fn backward(&self, plan: &mut Backward<'_>, node: usize) {
        let input = plan.graph.inputs(node)[0];
        let (from, to) = (plan.gradient(node), plan.gradient(input));
        let level = plan.after(&[from], &to);
        let step = MaxPoolGradient {
            window: Window::new(self.kernel, &self.window, plan.layout.sizes[input]),
            input: plan.layout.view(input),
            output: from,
            dests: plan.write(&to, level),
            bands: bands(to.height, to.blocks),
        };
        plan.program.push(level, node, Step::MaxPoolGradient(step));
    }
}
