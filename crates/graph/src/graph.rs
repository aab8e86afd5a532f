//! Graphs.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{
    Fact, Facts, GraphError, Inferred, Node, NodeError, NodeId, Op, Shape, Weight, WeightId, oracle,
};

/// The most values of a tensor that are computed ahead of the image.
const MOST_KNOWN: usize = 1 << 20;

/// A vision network as data: nodes in an order in which they can be computed, and the declarations
/// of their weights.
///
/// A graph is checked when it is made, also when it is deserialized: whoever holds one knows that
/// names are unique, that inputs come before their node, and that operators fit their settings,
/// inputs and weights.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Graph {
    nodes: Vec<Node>,
    weights: Vec<Weight>,
    #[serde(skip_serializing)]
    channels: Vec<Option<usize>>,
}

/// A graph as it is read from a file.
#[derive(Deserialize)]
struct Unchecked {
    nodes: Vec<Node>,
    weights: Vec<Weight>,
}

impl TryFrom<Unchecked> for Graph {
    type Error = GraphError;

    fn try_from(graph: Unchecked) -> Result<Self, GraphError> {
        Self::new(graph.nodes, graph.weights)
    }
}

impl Graph {
    /// Checks nodes and weights, and makes a graph of them. [`GraphBuilder`](crate::GraphBuilder)
    /// is the shorter way.
    ///
    /// # Errors
    ///
    /// Returns a [`GraphError`] if the first node is not the only input, a name is given twice, an
    /// input does not come before its node, or an operator does not fit its settings, its inputs
    /// or its weights.
    pub fn new(nodes: Vec<Node>, weights: Vec<Weight>) -> Result<Self, GraphError> {
        check_names(nodes.iter().map(|node| &node.name))?;
        check_names(weights.iter().map(|weight| &weight.name))?;
        if nodes.is_empty() {
            return Err(GraphError::Input { node: 0 });
        }
        let mut channels: Vec<Option<usize>> = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            if matches!(node.op, Op::Input(_)) != (index == 0) {
                return Err(GraphError::Input { node: index });
            }
            if let Some(input) = node.inputs.iter().find(|input| input.0 >= index) {
                return Err(GraphError::Order {
                    node: node.name.clone(),
                    input: input.0,
                });
            }
            let inputs = node.inputs.iter().map(|input| channels[input.0]);
            let inputs: Vec<Option<usize>> = inputs.collect();
            let count = node.op.channels(&inputs, &weights);
            channels.push(count.map_err(|source| GraphError::Node {
                node: node.name.clone(),
                source,
            })?);
        }
        // After the nodes: an operator that does not fit gives empty weights to those behind it.
        // The product of a shape may overflow, but no slice of values is then as long.
        if let Some(weight) = weights.iter().find(|weight| weight.shape.contains(&0)) {
            return Err(GraphError::EmptyWeight {
                weight: weight.name.clone(),
                shape: weight.shape.clone(),
            });
        }
        Ok(Self {
            nodes,
            weights,
            channels,
        })
    }

    /// Returns the graph without the declarations of weights that no operator reads.
    #[must_use]
    pub fn without_unused_weights(mut self) -> Self {
        let mut used = vec![false; self.weights.len()];
        for id in self.nodes.iter().flat_map(|node| node.op.weights()) {
            used[id.0] = true;
        }
        let mut kept = 0;
        let places: Vec<WeightId> = used
            .iter()
            .map(|used| {
                let place = WeightId(kept);
                kept += usize::from(*used);
                place
            })
            .collect();
        for node in &mut self.nodes {
            for id in node.op.weights_mut() {
                *id = places[id.0];
            }
        }
        let mut used = used.into_iter();
        self.weights.retain(|_| used.next().unwrap_or(false));
        self
    }

    /// The nodes, in an order in which they can be computed; the first is the input.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The declarations of the weights.
    #[must_use]
    pub fn weights(&self) -> &[Weight] {
        &self.weights
    }

    /// The input.
    #[must_use]
    pub const fn input(&self) -> NodeId {
        NodeId(0)
    }

    /// Returns the node of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.nodes
            .iter()
            .position(|node| node.name == name)
            .map(NodeId)
    }

    /// Returns a node.
    ///
    /// # Panics
    ///
    /// Panics if the node is another graph's and too large for this one.
    #[must_use]
    pub fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node.0]
    }

    /// Returns the channels of a node, the length of axis 1, if they are the same for images of all
    /// sizes and its operator says so.
    ///
    /// # Panics
    ///
    /// Panics if the node is another graph's and too large for this one.
    #[must_use]
    pub fn channels(&self, node: NodeId) -> Option<usize> {
        self.channels[node.0]
    }

    /// Returns, for each node, whether it is among the given ones or one of them needs it. The
    /// input is always needed.
    ///
    /// # Errors
    ///
    /// Returns [`GraphError::NoSuchNode`] if the graph does not have one of the nodes.
    pub fn needed(&self, nodes: &[NodeId]) -> Result<Vec<bool>, GraphError> {
        let mut needed = vec![false; self.nodes.len()];
        needed[0] = true;
        for node in nodes {
            *needed.get_mut(node.0).ok_or(GraphError::NoSuchNode {
                node: node.0,
                nodes: self.nodes.len(),
            })? = true;
        }
        // Inputs come before their node, so one walk from the end is enough.
        for node in (0..self.nodes.len()).rev() {
            if needed[node] {
                for input in &self.nodes[node].inputs {
                    needed[input.0] = true;
                }
            }
        }
        Ok(needed)
    }

    /// Infers what is known of the given nodes, and of all that they need, for an image of that
    /// height and width: their shapes, and the values that do not depend on what it shows.
    ///
    /// # Errors
    ///
    /// Returns [`GraphError::Image`] if a needed node cannot be computed for such an image, with
    /// the first such node, and [`GraphError::NoSuchNode`] if the graph does not have one of the
    /// nodes.
    pub fn facts(&self, nodes: &[NodeId], image: [usize; 2]) -> Result<Facts, GraphError> {
        let needed = self.needed(nodes)?;
        let mut facts = self.facts_of(&needed, image);
        if facts.errors.is_empty() {
            Ok(facts)
        } else {
            Err(facts.errors.swap_remove(0).1)
        }
    }

    /// Infers what is known of all nodes that can be computed for an image of that height and
    /// width; [`Facts::error`] says why the others cannot.
    #[must_use]
    pub fn all_facts(&self, image: [usize; 2]) -> Facts {
        self.facts_of(&vec![true; self.nodes.len()], image)
    }

    fn facts_of(&self, needed: &[bool], image: [usize; 2]) -> Facts {
        let mut errors: Vec<(NodeId, GraphError)> = Vec::new();
        let mut all: Vec<Option<Inferred>> = Vec::with_capacity(self.nodes.len());
        for (index, node) in self.nodes.iter().enumerate() {
            if !needed[index] {
                all.push(None);
                continue;
            }
            let inputs = node.inputs.iter();
            let inputs = inputs.map(|input| all[input.0].as_ref().map(Inferred::fact));
            let inputs: Option<Vec<Fact<'_>>> = inputs.collect();
            // A node behind one that cannot be computed has no error of its own.
            let known = inputs.and_then(|inputs| {
                let known = match node.op {
                    Op::Input(input) => of_image(input.channels, image),
                    _ => infer(&node.op, &inputs, &self.weights),
                };
                let source = known.map_err(|source| {
                    let error = GraphError::Image {
                        node: node.name.clone(),
                        height: image[0],
                        width: image[1],
                        source,
                    };
                    errors.push((NodeId(index), error));
                });
                source.ok()
            });
            all.push(known);
        }
        Facts { all, errors }
    }

    /// Infers the shapes of the given nodes and of all that they need, for an image of that height
    /// and width: one entry a node of the graph, `None` for those that are not needed.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`facts`](Self::facts).
    pub fn shapes(
        &self,
        nodes: &[NodeId],
        image: [usize; 2],
    ) -> Result<Vec<Option<Shape>>, GraphError> {
        let facts = self.facts(nodes, image)?;
        let shape = |known: Option<Inferred>| known.map(|known| known.shape);
        Ok(facts.all.into_iter().map(shape).collect())
    }

    /// Infers the shape of one node for an image of that height and width.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`facts`](Self::facts).
    pub fn shape(&self, node: NodeId, image: [usize; 2]) -> Result<Shape, GraphError> {
        let facts = self.facts(&[node], image)?;
        Ok(facts
            .shape(node)
            .expect("a node that is asked for is needed"))
    }

    /// Counts the multiplications, each with an addition, that the given nodes and all that they
    /// need make for one image of that height and width: the useful work of a forward pass. The
    /// gradient of the image takes as many again.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`facts`](Self::facts).
    pub fn multiply_adds(&self, nodes: &[NodeId], image: [usize; 2]) -> Result<u64, GraphError> {
        let shapes = self.shapes(nodes, image)?;
        let counts = self.nodes.iter().zip(&shapes).filter_map(|(node, shape)| {
            let inputs = node.inputs.iter().filter_map(|input| shapes[input.0]);
            let inputs: Vec<Shape> = inputs.collect();
            shape.map(|shape| node.op.multiply_adds(&inputs, shape, &self.weights))
        });
        Ok(counts.sum())
    }
}

/// What is known of the image.
pub(crate) fn of_image(channels: usize, size: [usize; 2]) -> Result<Inferred, NodeError> {
    if size.contains(&0) {
        return Err(NodeError::TooSmall { input: size });
    }
    let shape = Shape::of(&[1, channels, size[0], size[1]])?;
    Ok(Inferred {
        shape,
        values: None,
    })
}

/// What is known of an operator's output.
pub(crate) fn infer(
    op: &Op,
    inputs: &[Fact<'_>],
    weights: &[Weight],
) -> Result<Inferred, NodeError> {
    let shape = op.shape(inputs, weights)?;
    let is_known = op.weights().is_empty() && op.is_known(inputs) && shape.count() <= MOST_KNOWN;
    let values = is_known.then(|| oracle::known(op, inputs, weights));
    Ok(Inferred {
        shape,
        values: values.map(|tensor| tensor.values.into()),
    })
}

fn check_names<'a>(names: impl Iterator<Item = &'a String>) -> Result<(), GraphError> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(GraphError::DuplicateName { name: name.clone() });
        }
    }
    Ok(())
}
