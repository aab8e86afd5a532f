//! Layers of a network that is a graph.

use burn::tensor::Tensor;
use oneiric_graph::{Facts, Graph, Map, NodeId, Op, View};

use crate::{
    Layer,
    ops::{Value, lengths},
};

/// A layer of a graph: the node whose tensor it shows, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeLayer {
    /// The name, aliases and channels.
    pub layer: Layer,
    /// The node.
    pub node: NodeId,
    /// How its tensor is seen as a map.
    pub view: View,
}

impl NodeLayer {
    /// Returns a layer for each node that is a map or a vector, under the node's name; `facts` are
    /// for a size of image that fits.
    pub(crate) fn of_graph(graph: &Graph, facts: &Facts) -> Vec<Self> {
        let nodes = graph.nodes().iter().zip((0..).map(NodeId::new));
        let layer = nodes.filter_map(|(node, id)| {
            let is_known = facts.get(id)?.values.is_some();
            if is_known || matches!(node.op, Op::Parameter(_)) {
                return None;
            }
            let map = View::Map.map(id, facts)?;
            Some(Self {
                layer: Layer::new(&node.name, map.channels),
                node: id,
                view: View::Map,
            })
        });
        layer.collect()
    }

    /// The map that the layer shows for the size of image that the facts are for.
    pub(crate) fn map(&self, facts: &Facts) -> Option<Map> {
        self.view.map(self.node, facts)
    }

    /// Returns the layer's activations, [n, channels, height, width], of its node's tensor.
    ///
    /// # Panics
    ///
    /// Panics if the image is too small for the layer.
    pub(crate) fn show(&self, value: Value, facts: &Facts) -> Tensor<4> {
        let map = self.map(facts).expect("an image of a size that fits");
        let [images, ..] = value.dims();
        let [channels, height, width] = map.to_array();
        match self.view {
            View::ChannelsLast => {
                let last: Tensor<4> = value.reshape([images, height, width, channels]);
                last.permute([0, 3, 1, 2])
            }
            View::Tokens { prefix, .. } => {
                let all = height * width + prefix;
                let tokens: Tensor<3> = value.reshape([images, all, channels]);
                let tokens = tokens.narrow(1, prefix, height * width);
                tokens
                    .swap_dims(1, 2)
                    .reshape([images, channels, height, width])
            }
            View::Prefix { count } => {
                let all = facts.shape(self.node).map_or(0, |shape| shape.lengths()[1]);
                let tokens: Tensor<3> = value.reshape([images, all, channels]);
                let tokens = tokens.narrow(1, 0, count);
                tokens
                    .swap_dims(1, 2)
                    .reshape([images, channels, height, width])
            }
            _ => value.reshape([images, channels, height, width]),
        }
    }

    /// Puts activations, [n, channels, height, width], in the place of the layer's in its node's
    /// tensor.
    ///
    /// # Panics
    ///
    /// Panics if the image is too small for the layer.
    pub(crate) fn replace(&self, value: &Value, shown: Tensor<4>, facts: &Facts) -> Value {
        let shape = facts
            .shape(self.node)
            .expect("an image of a size that fits");
        let [images, channels, height, width] = shown.dims();
        let tokens = |shown: Tensor<4>| -> Tensor<3> {
            let rows: Tensor<3> = shown.reshape([images, channels, height * width]);
            rows.swap_dims(1, 2)
        };
        let parts = |value: &Value| -> Tensor<3> {
            let all = shape.lengths()[1];
            value.clone().reshape([images, all, channels])
        };
        let to = lengths(images, shape);
        match self.view {
            View::ChannelsLast => shown.permute([0, 2, 3, 1]).reshape(to),
            View::Tokens { prefix: 0, .. } => tokens(shown).reshape(to),
            View::Tokens { prefix, .. } => {
                let first = parts(value).narrow(1, 0, prefix);
                Tensor::cat(vec![first, tokens(shown)], 1).reshape(to)
            }
            View::Prefix { count } => {
                let all = parts(value);
                let behind = shape.lengths()[1] - count;
                let rest = all.narrow(1, count, behind);
                Tensor::cat(vec![tokens(shown), rest], 1).reshape(to)
            }
            _ => shown.reshape(to),
        }
    }
}
