//! Tensors with their channels last, [1, height, width, channels], as maps.
//!
//! Blocks of channels lie in memory alike for both, so that a transposition from one to the other is
//! no work. A map that stands for a tensor with its channels last is read as that by these:
//! normalization over the last axis, a product with a matrix, which is a convolution of 1x1, and
//! whatever treats each value by itself.

use oneiric_graph::{Binary, Concat, LayerNorm, MatMul, Node, Op, Rearrange};

use super::affine::Affines;

/// How a node is computed.
pub(super) struct Way {
    pub(super) node: Node,
    /// True if it is a map that stands for a tensor with its channels last.
    pub(super) is_last: bool,
    /// True if it would read such a map as what it is not.
    pub(super) is_misread: bool,
}

/// Returns how a node is computed whose inputs may have their channels last. `simpler` is what it
/// became so far.
pub(super) fn read(
    channels_last: &[bool],
    node: &Node,
    simpler: Node,
    affines: &mut Affines<'_, '_>,
) -> Way {
    let way = |node: Node, is_last: bool| Way {
        node,
        is_last,
        is_misread: false,
    };
    let lasts: Vec<bool> = simpler
        .inputs
        .iter()
        .map(|input| channels_last[input.index()])
        .collect();
    let any = lasts.contains(&true);
    let same = |inputs| Node {
        name: node.name.clone(),
        op: Concat::CHANNELS.into(),
        inputs,
    };
    match &simpler.op {
        Op::Rearrange(Rearrange::Transpose {
            permutation: Some(order),
        }) => match order[..] {
            [0, 2, 3, 1] if !any && affines.is_map(simpler.inputs[0]) => {
                return way(same(simpler.inputs), true);
            }
            [0, 3, 1, 2] if any => return way(same(simpler.inputs), false),
            _ => {}
        },
        Op::MatMul(MatMul) if lasts == [true, false] => {
            if let Some(node) = affines.product(&simpler) {
                return way(node, true);
            }
        }
        _ => {}
    }
    let all = !lasts.contains(&false);
    let keeps = match &simpler.op {
        Op::LayerNorm(LayerNorm { axis, .. }) => all && matches!(axis, -1 | 3),
        Op::Unary(_) | Op::Relu(_) | Op::Add(_) | Op::Binary(Binary::Mul) => all,
        // Factors and summands of channels.
        Op::Conv(_) => all && matches!(node.op, Op::Binary(_)),
        _ => false,
    };
    Way {
        is_last: any && keeps,
        is_misread: any && !keeps,
        node: simpler,
    }
}
