//! A graph compiled for the CPU's kernels.

use std::sync::Arc;

use oneiric_graph::{Graph, NodeId, Op};
use oneiric_kernels::Frozen;

use crate::{BurnReason, NetworkWeights};

/// The part of a graph that the kernels compute: all of it, or everything but a softmax and what
/// follows it, which burn computes.
#[derive(Debug, Clone)]
pub(crate) struct Compiled {
    pub(crate) frozen: Frozen,
    /// True for each node that the kernels compute.
    pub(crate) supported: Arc<[bool]>,
}

impl Compiled {
    pub(crate) fn new(graph: &Graph, weights: &NetworkWeights) -> Result<Self, BurnReason> {
        let values = weights.to_host();
        let values = values.map_err(|error| BurnReason::Unreadable(Arc::new(error)))?;
        let values: Vec<&[f32]> = values.iter().map(Vec::as_slice).collect();
        let frozen = Frozen::new(graph, &values)?;
        let mut supported: Vec<bool> = Vec::with_capacity(graph.nodes().len());
        for (index, node) in graph.nodes().iter().enumerate() {
            let check = frozen.check(NodeId::new(index));
            let follows = node.inputs.iter().any(|input| !supported[input.index()]);
            supported.push(check.is_ok());
            // A softmax costs next to nothing. Behind any other operator that the kernels lack,
            // burn would have too much left to compute.
            if !follows && !matches!(node.op, Op::Softmax(_)) {
                check?;
            }
        }
        Ok(Self {
            frozen,
            supported: supported.into(),
        })
    }
}
