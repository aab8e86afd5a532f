//! A graph compiled for the CPU's kernels.

use std::sync::Arc;

use oneiric_graph::{Graph, NodeId};
use oneiric_kernels::Frozen;

use crate::{BurnReason, NetworkWeights};

/// The most of a graph's multiplications that burn may compute behind the kernels.
const MOST_BEHIND: f64 = 0.05;

/// The part of a graph that the kernels compute: all of it, or all that is costly; burn computes
/// the rest.
#[derive(Debug, Clone)]
pub(crate) struct Compiled {
    pub(crate) frozen: Frozen,
    /// True for each node that the kernels compute.
    pub(crate) supported: Arc<[bool]>,
}

impl Compiled {
    /// Compiles a graph, unless burn would have too much left to compute for an image of that size.
    pub(crate) fn new(
        graph: &Graph,
        weights: &NetworkWeights,
        image: [usize; 2],
    ) -> Result<Self, BurnReason> {
        let values = weights.to_host();
        let values = values.map_err(|error| BurnReason::Unreadable(Arc::new(error)))?;
        let values: Vec<&[f32]> = values.iter().map(Vec::as_slice).collect();
        let frozen = Frozen::for_image(graph, &values, image)?;
        let nodes: Vec<NodeId> = (0..graph.nodes().len()).map(NodeId::new).collect();
        let supported: Vec<bool> = nodes
            .iter()
            .map(|&node| frozen.check(node).is_ok())
            .collect();
        let run = nodes.iter().copied().filter(|node| supported[node.index()]);
        let work = |nodes: &[NodeId]| graph.multiply_adds(nodes, image).unwrap_or(0) as f64;
        let (run, all) = (work(&run.collect::<Vec<_>>()), work(&nodes));
        if all - run > MOST_BEHIND * all {
            for node in nodes {
                frozen.check(node)?;
            }
        }
        Ok(Self {
            frozen,
            supported: supported.into(),
        })
    }
}
