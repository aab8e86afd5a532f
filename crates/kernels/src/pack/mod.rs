//! Weights, packed in the order in which the kernels read them.

mod conv;
mod direction;
mod matrix;
mod tokens;

use std::collections::HashMap;

use oneiric_graph::WeightId;

use crate::{
    blocked::Blocked,
    memory::{Aligned, Growing},
};

pub(crate) use conv::{
    Backward, ConvWeights, Packed, PackedConv, PackedTap, groups, is_depthwise, parts,
};
pub(crate) use direction::Taps;
pub(crate) use matrix::Matrix;
pub(crate) use tokens::PackedTokens;

/// All packed weights.
#[derive(Debug, Clone)]
pub(crate) struct PackedWeights {
    pub(crate) values: Aligned,
    pub(crate) convs: Vec<PackedConv>,
    /// The places in `convs` of each node that is a convolution: one, or that of each part.
    of_node: Vec<Vec<usize>>,
    /// The start of the weights of each depthwise convolution: `[block][row][column][16]`.
    depthwise: HashMap<usize, usize>,
    /// The start of the bias of each node that has one.
    biases: Vec<Option<usize>>,
    /// The matrices of the nodes that have one.
    matrices: HashMap<usize, Matrix>,
    /// The learned numbers of tokens.
    tokens: HashMap<usize, PackedTokens>,
}

/// What convolutions with the same packed weights have in common: the weight, the lanes of the
/// input, whether it is interleaved, stride and dilation, and groups.
type ConvKey = (WeightId, Vec<usize>, bool, [[usize; 2]; 2], usize);

/// Packed weights while they are made.
pub(crate) struct Packing<'a> {
    graph: &'a Blocked,
    weights: &'a [&'a [f32]],
    values: Growing,
    /// Places of the convolutions.
    convs: HashMap<ConvKey, Vec<usize>>,
    /// Start of each bias, for an output of these lanes.
    biases: HashMap<(WeightId, Vec<usize>), usize>,
    packed: PackedWeights,
}

impl PackedWeights {
    /// The learned numbers of tokens.
    ///
    /// # Panics
    ///
    /// Panics if the node is none that the kernels can run.
    pub(crate) fn tokens(&self, node: usize) -> PackedTokens {
        self.tokens[&node]
    }

    /// The matrix of a fully connected layer.
    ///
    /// # Panics
    ///
    /// Panics if the node is none that the kernels can run.
    pub(crate) fn matrix(&self, node: usize) -> Matrix {
        self.matrices[&node]
    }

    pub(crate) fn new(graph: &Blocked, weights: &[&[f32]]) -> Self {
        let mut packing = Packing {
            graph,
            weights,
            values: Growing::default(),
            convs: HashMap::new(),
            biases: HashMap::new(),
            packed: Self {
                values: Aligned::default(),
                convs: Vec::new(),
                of_node: vec![Vec::new(); graph.len()],
                depthwise: HashMap::new(),
                biases: vec![None; graph.len()],
                matrices: HashMap::new(),
                tokens: HashMap::new(),
            },
        };
        for node in (0..graph.len()).filter(|&node| graph.is_supported(node)) {
            graph.operator(node).pack(&mut packing, node);
        }
        packing.packed.values = packing.values.into_aligned();
        packing.packed
    }

    /// The weights of a convolution.
    ///
    /// # Panics
    ///
    /// Panics if the node is no convolution that the kernels can run.
    pub(crate) fn conv(&self, node: usize) -> &PackedConv {
        self.part(node, 0)
    }

    /// The weights of one part of a convolution.
    ///
    /// # Panics
    ///
    /// Panics if the node is no convolution with that part.
    pub(crate) fn part(&self, node: usize, part: usize) -> &PackedConv {
        &self.convs[self.of_node[node][part]]
    }

    /// Parts of a convolution that are computed apart; 0 for a depthwise one.
    pub(crate) fn parts(&self, node: usize) -> usize {
        self.of_node[node].len()
    }

    /// The start of the weights of a depthwise convolution: `[block][row][column][16]`.
    ///
    /// # Panics
    ///
    /// Panics if the node is none.
    pub(crate) fn depthwise(&self, node: usize) -> usize {
        self.depthwise[&node]
    }

    /// The start of a node's bias among the packed weights, if it has one.
    pub(crate) fn bias(&self, node: usize) -> Option<usize> {
        self.biases[node]
    }
}
