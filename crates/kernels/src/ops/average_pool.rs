//! Average pooling.

use oneiric_graph::AveragePool;

use super::Operator;
use crate::{
    kernel::{self, AveragePoolGradient, Step, Window},
    plan::{Backward, Forward, bands},
};

impl Operator for AveragePool {
    fn unsupported(&self, _: &[&[usize]]) -> Option<&'static str> {
        let dilated = self.window.dilation != [1; 2];
        dilated.then_some("the kernels have no pooling with dilation")
    }

    fn forward(&self, plan: &mut Forward<'_>, node: usize) {
        let input = plan.graph.inputs(node)[0];
        let size = plan.layout.sizes[input];
        let to = plan.layout.view(node);
        let step = kernel::AveragePool {
            window: Window::new(self.kernel, &self.window, size),
            factors: factors(self, size),
            from: plan.layout.view(input),
            to,
            dests: to.dests(),
            bands: bands(to.height, to.blocks),
        };
        plan.push(node, Step::AveragePool(step));
    }

    fn backward(&self, plan: &mut Backward<'_>, node: usize) {
        let input = plan.graph.inputs(node)[0];
        let size = plan.layout.sizes[input];
        let (from, to) = (plan.gradient(node), plan.gradient(input));
        let level = plan.after(&[from], &to);
        let step = AveragePoolGradient {
            window: Window::new(self.kernel, &self.window, size),
            factors: factors(self, size),
            from,
            to,
            dests: plan.write(&to, level),
            bands: bands(to.height, to.blocks),
        };
        plan.program
            .push(level, node, Step::AveragePoolGradient(step));
    }
}

/// The factors of each window's sum, by its row and by its column.
fn factors(pool: &AveragePool, size: [usize; 2]) -> [Vec<f32>; 2] {
    let counts = pool.counts(size);
    let counts = counts.unwrap_or_else(|error| unreachable!("the size was inferred: {error}"));
    counts.map(|counts| counts.iter().map(|&count| 1.0 / count as f32).collect())
}
