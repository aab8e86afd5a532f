//! The forward pass of a graph: the kernels' part, and burn's behind it.

use std::ops::ControlFlow;

use burn::tensor::Tensor;
use oneiric_graph::{Facts, NodeId};
use oneiric_kernels::KernelError;

use super::GraphNetwork;
use crate::{
    BurnReason, LayerId, Probe, ReluGradient, burn_pass::BurnPass, compiled::Compiled, ops,
};

impl GraphNetwork {
    /// Computes the layers that the probe wants, from a preprocessed input.
    pub(super) fn run(&self, input: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        let [_, _, height, width] = input.dims();
        let facts = self.facts.get([height, width]);
        let wanted: Vec<NodeId> = probe
            .wanted()
            .iter()
            .map(|&layer| self.node(layer))
            .collect();
        let given = self.given(input, &wanted, &facts, probe);
        let mut layers = self.layers.iter().enumerate().peekable();
        self.burn_pass(
            &facts,
            &wanted,
            given,
            probe.relu_gradient(),
            &mut |node, mut value| {
                // Layers lie in the order of their nodes; those of nodes that are not computed are left
                // out.
                while let Some((index, layer)) = layers.next_if(|(_, layer)| layer.node <= node) {
                    let id = LayerId::new(index);
                    if layer.node == node && probe.reads(id) {
                        let shown = probe.at(id, layer.show(value.clone(), &facts))?;
                        if probe.is_patched() {
                            value = layer.replace(&value, shown, &facts);
                        }
                    }
                }
                ControlFlow::Continue(value)
            },
        )
    }

    /// Computes some nodes by burn's operations, given the values of others, and gives every given
    /// or computed node to a visitor, whose result takes its place.
    pub(crate) fn burn_pass(
        &self,
        facts: &Facts,
        wanted: &[NodeId],
        given: Vec<Option<ops::Value>>,
        relu: ReluGradient,
        visit: &mut dyn FnMut(NodeId, ops::Value) -> ControlFlow<(), ops::Value>,
    ) -> ControlFlow<()> {
        let pass = ops::Pass {
            weights: &self.weights,
            bands: &self.bands,
            relu,
            device: self.info.device().clone(),
        };
        let pass = BurnPass {
            graph: &self.graph,
            facts,
            pass: &pass,
        };
        pass.run(wanted, given, visit)
    }

    /// Returns the values that burn's operations begin with: those that the kernels compute, or the
    /// input.
    fn given(
        &self,
        input: Tensor<4>,
        wanted: &[NodeId],
        facts: &Facts,
        probe: &Probe<'_>,
    ) -> Vec<Option<ops::Value>> {
        let [images, ..] = input.dims();
        let value = |node: NodeId, tensor: Tensor<4>| {
            let shape = facts.shape(node).expect("computed for this size of image");
            Some(tensor.reshape(ops::lengths(images, shape)))
        };
        let mut given = vec![None; self.graph.nodes().len()];
        let [_, _, height, width] = input.dims();
        let compiled = self.compiled().ok();
        let compiled = compiled.filter(|_| !probe.is_patched() && !wanted.is_empty());
        let compiled = compiled.and_then(|compiled| {
            let nodes = self.computed_by(&compiled, wanted);
            // Reshapes may mean something else for this size of image than for others.
            let ready = compiled.frozen.prepare([height, width], &nodes);
            let is_lacking = matches!(ready, Err(KernelError::Unsupported { .. }));
            (!is_lacking).then_some((compiled.frozen, nodes))
        });
        let Some((frozen, nodes)) = compiled else {
            given[0] = value(self.graph.input(), input);
            return given;
        };
        let values = ops::forward_frozen(&frozen, input, &nodes, probe.relu_gradient());
        for (node, tensor) in nodes.into_iter().zip(values) {
            given[node.index()] = value(node, tensor);
        }
        given
    }

    /// Returns the nodes that the kernels compute for some wanted ones, in order: those themselves,
    /// and the inputs of the nodes that burn computes after the kernels.
    fn computed_by(&self, compiled: &Compiled, wanted: &[NodeId]) -> Vec<NodeId> {
        let supported = &compiled.supported;
        let mut needed = vec![false; supported.len()];
        for node in wanted {
            needed[node.index()] = true;
        }
        for node in (0..supported.len()).rev() {
            if needed[node] && !supported[node] {
                for input in &self.graph.nodes()[node].inputs {
                    needed[input.index()] = true;
                }
            }
        }
        let nodes = (0..supported.len()).filter(|&node| needed[node] && supported[node]);
        nodes.map(NodeId::new).collect()
    }

    /// Returns a size of images that tells what is costly: on the smallest image, which may be one
    /// pixel, a fully connected layer would be.
    fn usual_image(&self) -> [usize; 2] {
        const USUAL: usize = 224;
        let smallest = self.info.smallest_image();
        let usual = smallest.map(|side| side.max(USUAL));
        let fits = self.facts.get(usual).errors().is_empty();
        if fits { usual } else { smallest }
    }

    /// Returns the graph compiled for the kernels, or the reason why burn computes it.
    pub(super) fn compiled(&self) -> Result<Compiled, BurnReason> {
        let isa = self.isa.clone()?;
        let compiled = self.compiled.get_or_init(|| match self.weights.tracked() {
            Some(weight) => Err(BurnReason::Tracked {
                weight: weight.to_owned(),
            }),
            None => Compiled::new(&self.graph, &self.weights, self.usual_image()),
        });
        let Compiled { frozen, supported } = compiled.clone()?;
        let frozen = frozen.with_isa(isa)?;
        Ok(Compiled { frozen, supported })
    }
}
