//! Copying a tensor to the caller.

use super::{
    forward::parts,
    layout::Layout,
    program::{Direction, Footprint, Program},
};
use crate::{
    graph::Graph,
    kernel::{FromLanes, Step},
};

/// The program that copies a node's activations to the result.
pub(crate) fn output(graph: &Graph, layout: &Layout, node: usize) -> Program {
    let footprint = Footprint {
        arena: layout.len,
        weights: 0,
        external: vec![],
        result: layout.numbers(graph, node),
    };
    let mut program = Program::new(Direction::Output, footprint);
    let step = FromLanes {
        view: layout.view(node),
        parts: parts(graph, node),
    };
    program.push(0, node, Step::FromLanes(step));
    program
}
