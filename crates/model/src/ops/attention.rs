//! Attention of positions to positions.

use burn::tensor::activation;
use oneiric_graph::Attention;

use super::{BurnOp, Inputs, Pass, Value};

impl BurnOp for Attention {
    fn run(&self, mut inputs: Inputs<'_>, _: &Pass<'_>) -> Value {
        // [images, heads, channels of a head, positions].
        let [q, k, v] = [0, 1, 2].map(|input| {
            let map = inputs.take_maps(input);
            let [images, channels, height, width] = map.dims();
            map.reshape([images, self.heads, channels / self.heads, height * width])
        });
        let scores = q.swap_dims(2, 3).matmul(k) * self.scale.0;
        let shares = activation::softmax(scores, 3);
        let sums = v.matmul(shares.swap_dims(2, 3));
        let [images, heads, size, _] = sums.dims();
        let [_, _, height, width] = inputs.output().lengths()[..] else {
            unreachable!("checked by the graph");
        };
        inputs.maps(sums.reshape([images, heads * size, height, width]))
    }
}

#[cfg(test)]
mod tests {
    use oneiric_graph::{Attention, ConvConfig, GraphBuilder, NodeId, Number};

    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition() {
        let conv = |net: &mut GraphBuilder, name: &str, channels, stride| -> NodeId {
            let config = ConvConfig::new(channels, [1, 1]).stride([stride; 2]);
            net.conv(name, net.input(), config)
        };
        for heads in [1, 2] {
            check("attention", 3, &[[4, 5], [1, 1]], |net| {
                let q = conv(net, "q", 6, 1);
                let k = conv(net, "k", 6, 2);
                let v = conv(net, "v", 4, 2);
                let scale = Number(0.7);
                net.node("attention", Attention { heads, scale }, &[q, k, v])
            });
        }
    }
}
