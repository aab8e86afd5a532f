//! A graph's forward pass by burn's operations, on any device.

use std::ops::ControlFlow;

use burn::tensor::Tensor;
use oneiric_graph::{Facts, Graph, NodeId, Op};

use crate::ops::{self, Inputs, Value};

/// A forward pass over some nodes of a graph.
#[derive(Debug)]
pub(crate) struct BurnPass<'a> {
    pub(crate) graph: &'a Graph,
    /// What is known of the nodes for this size of image.
    pub(crate) facts: &'a Facts,
    pub(crate) pass: &'a ops::Pass<'a>,
}

impl BurnPass<'_> {
    /// Computes the wanted nodes, given the values of some (at least of the input), and gives every
    /// given or computed node to a visitor, whose result takes its place.
    ///
    /// # Panics
    ///
    /// Panics if a needed node cannot be computed for this size of image.
    pub(crate) fn run(
        &self,
        wanted: &[NodeId],
        given: Vec<Option<Value>>,
        visit: &mut dyn FnMut(NodeId, Value) -> ControlFlow<(), Value>,
    ) -> ControlFlow<()> {
        let nodes = self.graph.nodes();
        let needed = self.needed(&given, wanted);
        // The number of times that each node will still be read, so that the last reader takes it.
        let mut readers = vec![0_usize; nodes.len()];
        for (index, node) in nodes.iter().enumerate() {
            if needed[index] && given[index].is_none() && !self.is_known(index) {
                for input in &node.inputs {
                    readers[input.index()] += 1;
                }
            }
        }
        let mut values = given;
        for index in 0..nodes.len() {
            let id = NodeId::new(index);
            let value = match values[index].take() {
                Some(value) => value,
                None if !needed[index] => continue,
                None if self.is_known(index) => {
                    if !wanted.contains(&id) {
                        continue;
                    }
                    let fact = self.facts.get(id).expect("known");
                    ops::known(fact, &self.pass.device)
                }
                None => self.compute(id, &mut values, &mut readers),
            };
            values[index] = Some(visit(id, value)?);
        }
        ControlFlow::Continue(())
    }

    /// Computes a node from the values of its inputs.
    fn compute(&self, id: NodeId, values: &mut [Option<Value>], readers: &mut [usize]) -> Value {
        let node = self.graph.node(id);
        let output = self.facts.shape(id).unwrap_or_else(|| {
            let error = self.facts.errors().first();
            let error = error.map(|(_, error)| error.to_string());
            panic!("{}", error.unwrap_or_default())
        });
        let tensors = node.inputs.iter().map(|input| {
            let input = input.index();
            readers[input] -= 1;
            match readers[input] {
                0 => values[input].take(),
                _ => values[input].clone(),
            }
        });
        let tensors: Vec<Option<Tensor<_>>> = tensors.collect();
        let facts = node.inputs.iter();
        let facts = facts.map(|input| self.facts.get(*input).expect("computed before"));
        let inputs = Inputs::new(tensors, facts.collect(), output, &self.pass.device);
        let op = ops::burn_op(&node.op).expect("checked when the network was made");
        op.run(inputs, self.pass)
    }

    /// Returns true if a node's values do not depend on the image.
    fn is_known(&self, index: usize) -> bool {
        let fact = self.facts.get(NodeId::new(index));
        fact.is_some_and(|fact| fact.values.is_some())
    }

    /// Returns, for each node, true if the wanted ones need it. A node that is given or known needs
    /// no others.
    fn needed(&self, given: &[Option<Value>], wanted: &[NodeId]) -> Vec<bool> {
        let mut needed = vec![false; given.len()];
        for node in wanted {
            needed[node.index()] = true;
        }
        for index in (0..given.len()).rev() {
            if needed[index] && given[index].is_none() && !self.is_known(index) {
                for input in &self.graph.nodes()[index].inputs {
                    needed[input.index()] = true;
                }
            }
        }
        needed
    }
}

/// Returns the first node that burn's operations cannot compute, although its values depend on the
/// image.
pub(crate) fn uncomputable<'a>(graph: &'a Graph, facts: &Facts) -> Option<&'a oneiric_graph::Node> {
    let nodes = graph.nodes().iter().enumerate();
    let mut depends = nodes.filter(|(index, node)| {
        let fact = facts.get(NodeId::new(*index));
        !matches!(node.op, Op::Input(_)) && fact.is_none_or(|fact| fact.values.is_none())
    });
    let missing = depends.find(|(index, node)| {
        let shape = facts.shape(NodeId::new(*index));
        ops::burn_op(&node.op).is_none() || shape.is_some_and(|shape| !ops::holds(shape))
    });
    missing.map(|(_, node)| node)
}
