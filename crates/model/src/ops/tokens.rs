//! The positions of a map as a row of tokens.

use burn::tensor::Tensor;
use oneiric_graph::{Tokens, WeightId};

use super::{BurnOp, Inputs, Pass, Value};

impl BurnOp for Tokens {
    fn run(&self, mut inputs: Inputs<'_>, pass: &Pass<'_>) -> Value {
        let map = inputs.take_maps(0);
        let [images, channels, height, width] = map.dims();
        let row = map.reshape([images, channels, 1, height * width]);
        let learned = |id: WeightId| -> Tensor<4> {
            let flat = pass.weights.flat(id);
            let positions = flat.dims()[0] / channels;
            let one = flat.reshape([1, channels, 1, positions]);
            one.expand([images, channels, 1, positions])
        };
        let row = match self.prefix {
            Some(prefix) => Tensor::cat(vec![learned(prefix), row], 3),
            None => row,
        };
        let row = match self.embedding {
            Some(embedding) => row + learned(embedding),
            None => row,
        };
        inputs.maps(row)
    }
}

#[cfg(test)]
mod tests {
    use oneiric_graph::Tokens;

    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition() {
        for (before, is_embedded) in [(0, true), (2, false), (2, true)] {
            check("tokens", 3, &[[2, 4]], |net| {
                let prefix = (before > 0).then(|| net.weight("prefix", [3, before]));
                let embedding = is_embedded.then(|| net.weight("embedding", [3, before + 8]));
                let tokens = Tokens { prefix, embedding };
                net.node("tokens", tokens, &[net.input()])
            });
        }
    }
}
