//! The weights of a network, and those that a simpler one has in addition.

use std::borrow::Cow;

use oneiric_graph::{Facts, Graph, Node, NodeId, Op, Rearrange, Reshape, Weight, WeightId};

/// Declarations and values of weights.
pub(super) struct Values<'a> {
    pub(super) declared: Vec<Weight>,
    pub(super) values: Vec<Cow<'a, [f32]>>,
}

impl<'a> Values<'a> {
    pub(super) fn new(graph: &Graph, weights: &[&'a [f32]]) -> Self {
        let values = weights.iter().map(|values| Cow::Borrowed(*values));
        Self {
            declared: graph.weights().to_vec(),
            values: values.collect(),
        }
    }

    /// Declares a weight of a node.
    pub(super) fn add(
        &mut self,
        node: &Node,
        what: &str,
        shape: Vec<usize>,
        values: Vec<f32>,
    ) -> WeightId {
        let mut name = format!("{what} of {}", node.name);
        while self.declared.iter().any(|weight| weight.name == name) {
            name.push('\'');
        }
        self.declared.push(Weight { name, shape });
        self.values.push(Cow::Owned(values));
        WeightId::new(self.declared.len() - 1)
    }

    /// Shape and values of a node that does not depend on the image.
    pub(super) fn tensor(
        &self,
        graph: &Graph,
        facts: &Facts,
        id: NodeId,
    ) -> Option<(Vec<usize>, Cow<'_, [f32]>)> {
        let node = graph.node(id);
        if let Op::Constant(constant) = &node.op {
            let values = constant.values.iter().map(|value| value.0 as f32);
            return Some((constant.shape.lengths().to_vec(), values.collect()));
        }
        if let Op::Parameter(parameter) = &node.op {
            let weight = parameter.weight.index();
            let shape = self.declared[weight].shape.clone();
            return Some((shape, Cow::Borrowed(&self.values[weight][..])));
        }
        let fact = facts.get(id)?;
        let shape = fact.shape.lengths().to_vec();
        if let Some(values) = fact.values {
            let values = values.iter().map(|value| *value as f32);
            return Some((shape, values.collect()));
        }
        let keeps_values = match &node.op {
            Op::Reshape(
                Reshape::To { .. }
                | Reshape::Flatten { .. }
                | Reshape::Squeeze { .. }
                | Reshape::Unsqueeze { .. },
            ) => true,
            Op::Rearrange(Rearrange::Expand) => {
                facts.shape(node.inputs[0])?.count() == fact.shape.count()
            }
            _ => false,
        };
        let values = keeps_values.then(|| self.tensor(graph, facts, node.inputs[0]));
        Some((shape, values??.1))
    }
}
