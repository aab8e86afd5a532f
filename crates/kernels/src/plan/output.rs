//! Copying a tensor to the caller.

use super::{
    forward::parts,
    layout::Layout,
    program::{Direction, Footprint, Program},
};
use crate::{
    blocked::Blocked,
    kernel::{FromLanes, Step},
};

/// The program that copies a node's activations to the result.
pub(crate) fn output(graph: &Blocked, layout: &Layout, node: usize) -> Program {
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
        channels_last: graph.channels_last[node],
    };
    program.push(0, node, Step::FromLanes(step));
    program
}
