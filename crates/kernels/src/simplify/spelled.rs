//! Functions that files spell out: GELU as `0.5 * x * (1 + erf(x / sqrt(2)))`, in any order, and
//! SiLU as `x * sigmoid(x)`.

use oneiric_graph::{Binary, Graph, Node, NodeId, Number, Op, Unary};

/// The function of a node that a node is, and that node.
pub(super) fn function(graph: &Graph, node: &Node) -> Option<(Unary, NodeId)> {
    let mut factors = Vec::new();
    product(graph, node, 2, &mut factors);
    let (numbers, others): (Vec<NodeId>, Vec<NodeId>) = factors
        .into_iter()
        .partition(|&factor| number(graph, factor).is_some());
    let constant: f64 = numbers.iter().filter_map(|&at| number(graph, at)).product();
    let [a, b] = others[..] else {
        return None;
    };
    let is_gelu = |x: NodeId, share: NodeId| {
        let half = 0.5;
        (constant - half).abs() < 1e-6 && one_and_erf(graph, share) == Some(x)
    };
    let is_swish = |x: NodeId, share: NodeId| {
        let share = graph.node(share);
        numbers.is_empty() && share.op == Op::Unary(Unary::Sigmoid) && share.inputs == [x]
    };
    let gelu = Unary::Gelu { tanh: false };
    let swish = Unary::Swish { alpha: Number(1.0) };
    let found = [(a, b), (b, a)].map(|(x, share)| {
        let gelu = is_gelu(x, share).then_some((gelu, x));
        gelu.or_else(|| is_swish(x, share).then_some((swish, x)))
    });
    found.into_iter().flatten().next()
}
/// The factors of a product of products, down to a depth.
fn product(graph: &Graph, node: &Node, depth: usize, factors: &mut Vec<NodeId>) {
    if !matches!(node.op, Op::Binary(Binary::Mul)) {
        return;
    }
    for &input in &node.inputs {
        let inner = graph.node(input);
        if depth > 0 && matches!(inner.op, Op::Binary(Binary::Mul)) {
            product(graph, inner, depth - 1, factors);
        } else {
            factors.push(input);
        }
    }
}

/// The `x` of `1 + erf(x / sqrt(2))`.
fn one_and_erf(graph: &Graph, node: NodeId) -> Option<NodeId> {
    let sum = graph.node(node);
    let Op::Binary(Binary::Add) = sum.op else {
        return None;
    };
    let [a, b] = sum.inputs[..] else {
        return None;
    };
    let (erf, one) = if number(graph, a).is_some() {
        (b, a)
    } else {
        (a, b)
    };
    let erf = graph.node(erf);
    if number(graph, one) != Some(1.0) || erf.op != Op::Unary(Unary::Erf) {
        return None;
    }
    let scaled = graph.node(erf.inputs[0]);
    let [x, y] = scaled.inputs[..] else {
        return None;
    };
    let root = std::f64::consts::SQRT_2;
    let close = |value: Option<f64>, wanted: f64| value.is_some_and(|v| (v - wanted).abs() < 1e-6);
    match scaled.op {
        Op::Binary(Binary::Div) if close(number(graph, y), root) => Some(x),
        Op::Binary(Binary::Mul) if close(number(graph, y), 1.0 / root) => Some(x),
        Op::Binary(Binary::Mul) if close(number(graph, x), 1.0 / root) => Some(y),
        _ => None,
    }
}

/// The value of a constant with a single one.
fn number(graph: &Graph, node: NodeId) -> Option<f64> {
    match &graph.node(node).op {
        Op::Constant(constant) => match constant.values[..] {
            [value] => Some(value.0),
            _ => None,
        },
        _ => None,
    }
}
