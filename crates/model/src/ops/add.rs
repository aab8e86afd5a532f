//! Addition.

use oneiric_graph::Add;

use super::{BurnOp, Inputs, Pass, Value};

impl BurnOp for Add {
    fn run(&self, mut inputs: Inputs<'_>, _: &Pass<'_>) -> Value {
        let sum = inputs.take_all().into_iter().reduce(|sum, next| sum + next);
        sum.expect("checked by the graph")
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition() {
        check("add", 3, &[[1, 1], [5, 3]], |net| {
            let relu = net.relu("relu", net.input());
            net.node("sum", oneiric_graph::Add, &[relu, net.input(), relu])
        });
    }
}
