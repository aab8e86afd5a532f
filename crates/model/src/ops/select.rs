//! The choice between two tensors.

use oneiric_graph::Select;

use super::{BurnOp, Inputs, Pass, Value, value::common};

impl BurnOp for Select {
    fn run(&self, mut inputs: Inputs<'_>, _: &Pass<'_>) -> Value {
        let tensors = [inputs.take(0), inputs.take(1), inputs.take(2)];
        let [condition, x, y] = common(tensors);
        y.mask_where(condition.not_equal_elem(0.0), x)
    }
}

#[cfg(test)]
mod tests {
    use oneiric_graph::{Binary, Constant, Select, Unary};

    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition() {
        check("select", 3, &[[4, 5]], |net| {
            let zero = net.node("zero", Constant::scalar(0.1), &[]);
            let above = net.node("above", Binary::Greater, &[net.input(), zero]);
            let exp = net.node("exp", Unary::Exp, &[net.input()]);
            net.node("select", Select, &[above, exp, zero])
        });
    }
}
