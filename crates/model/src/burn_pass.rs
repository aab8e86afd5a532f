//! A graph's forward pass by burn's operations, on any device.

use std::ops::ControlFlow;

use burn::tensor::Tensor;
use oneiric_graph::Graph;

use crate::{LayerId, Probe, ops};

/// Computes the layers that the probe wants, given the values of some nodes (at least of the
/// input), and gives every given or computed node to the probe.
///
/// # Panics
///
/// Panics if the input is too small for a node.
pub(crate) fn run(
    graph: &Graph,
    pass: &ops::Pass<'_>,
    given: Vec<Option<Tensor<4>>>,
    probe: &mut Probe<'_>,
) -> ControlFlow<()> {
    let nodes = graph.nodes();
    let needed = needed(graph, &given, probe.wanted());
    // The number of times that each node will still be read, so that the last reader takes it.
    let mut readers = vec![0_usize; nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        if needed[index] && given[index].is_none() {
            for input in &node.inputs {
                readers[input.index()] += 1;
            }
        }
    }
    let mut values = given;
    for (index, node) in nodes.iter().enumerate() {
        let value = match values[index].take() {
            Some(value) => value,
            None if !needed[index] => continue,
            None => {
                let inputs = node.inputs.iter().map(|input| {
                    let input = input.index();
                    readers[input] -= 1;
                    let value = match readers[input] {
                        0 => values[input].take(),
                        _ => values[input].clone(),
                    };
                    value.expect("a node is computed before it is read")
                });
                let inputs = inputs.collect();
                ops::burn_op(&node.op)
                    .expect("checked when the network was made")
                    .run(inputs, pass)
            }
        };
        values[index] = Some(probe.at(LayerId(index), value)?);
    }
    ControlFlow::Continue(())
}

/// Returns, for each node, true if the wanted ones need it. A node that is given needs no others.
fn needed(graph: &Graph, given: &[Option<Tensor<4>>], wanted: &[LayerId]) -> Vec<bool> {
    let mut needed = vec![false; given.len()];
    for layer in wanted {
        needed[layer.index()] = true;
    }
    for index in (0..given.len()).rev() {
        if needed[index] && given[index].is_none() {
            for input in &graph.nodes()[index].inputs {
                needed[input.index()] = true;
            }
        }
    }
    needed
}
