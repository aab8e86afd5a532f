//! Functions of single values.

use oneiric_graph::Unary;

use super::{Operator, relu};
use crate::{
    kernel::{Apply, Function, Rectifier, Step},
    plan::{Backward, Forward, bands},
};

impl Operator for Unary {
    fn unsupported(&self, _: &[&[usize]]) -> Option<&'static str> {
        let none = Function::of(self).is_none();
        none.then_some("the kernels do not have this function")
    }

    /// A clip that cuts off at 0 is a ReLU with an upper bound.
    fn rectifier(&self) -> Option<Rectifier> {
        let [_, high] = self.rectified()?;
        (high > 0.0).then_some(Rectifier { high: high as f32 })
    }

    fn forward(&self, plan: &mut Forward<'_>, node: usize) {
        if let Some(rectifier) = self.rectifier() {
            return relu::forward(plan, node, rectifier);
        }
        let to = plan.layout.view(node);
        let step = Apply {
            function: function(self),
            from: plan.layout.view(plan.graph.inputs(node)[0]),
            slope_at: None,
            dests: to.dests(),
            bands: bands(to.height, to.blocks),
        };
        plan.push(node, Step::Apply(step));
    }

    fn backward(&self, plan: &mut Backward<'_>, node: usize) {
        if let Some(rectifier) = self.rectifier() {
            return relu::backward(plan, node, rectifier);
        }
        let input = plan.graph.inputs(node)[0];
        let (from, to) = (plan.gradient(node), plan.gradient(input));
        let level = plan.after(&[from], &to);
        let step = Apply {
            function: function(self),
            from,
            slope_at: Some(plan.layout.view(input)),
            dests: plan.write(&to, level),
            bands: bands(to.height, to.blocks),
        };
        plan.program.push(level, node, Step::Apply(step));
    }
}

fn function(unary: &Unary) -> Function {
    match Function::of(unary) {
        Some(function) => function,
        None => unreachable!("{unary:?} is not supported"),
    }
}
