//! Networks whose reshapes, parts and numbers depend on the size of the image: what the kernels run is
//! right for all sizes, and the rest is refused.

mod net;

use net::{INPUT, Net, check};
use oneiric_graph::{
    Binary, Concat, Constant, Fill, LayerNorm, NodeId, Number, Padding, Rearrange, Reduce,
    Reduction, ShapeOf, Unary, Window,
};

/// The length of one axis of a node, as a vector.
fn length(net: &mut Net, of: NodeId, axis: isize) -> NodeId {
    let shape = ShapeOf {
        start: axis,
        end: Some(axis + 1),
    };
    net.add(shape, &[of])
}

fn is_run(net: &Net, node: NodeId) -> bool {
    net.frozen_for([8, 9]).check(node).is_ok()
}

#[test]
fn parts_from_the_end_are_refused() {
    let mut net = Net::new(3, 1);
    let x = net.conv_relu(INPUT, 20, 3, 1);
    let first = net.slice(x, [0, 4, 2]);
    let last = net.slice(x, [-4, 1 << 40, 2]);
    let behind = net.relu(last);
    assert!(is_run(&net, first) && !is_run(&net, last) && !is_run(&net, behind));
    check("first", &mut net, [1, 3, 8, 9], &[first]);
    check("first", &mut net, [1, 3, 11, 7], &[first]);
}

#[test]
fn numbers_from_the_size_are_refused() {
    let mut net = Net::new(3, 1);
    let x = net.conv_relu(INPUT, 20, 3, 1);
    let rows = length(&mut net, x, 2);
    let mean = net.add(Binary::Div, &[x, rows]);
    let channels = length(&mut net, x, 1);
    let root = net.add(Unary::Sqrt, &[channels]);
    let scaled = net.add(Binary::Div, &[x, root]);
    assert!(!is_run(&net, mean) && is_run(&net, scaled));
    check("scaled", &mut net, [1, 3, 8, 9], &[scaled]);
    check("scaled", &mut net, [1, 3, 5, 6], &[scaled]);
}

#[test]
fn numbers_that_change_late_are_noticed() {
    let mut net = Net::new(3, 1);
    let x = net.conv_relu(INPUT, 20, 3, 1);
    let rows = length(&mut net, x, 2);
    let many = net.add(Constant::scalar(100.0), &[]);
    let hundreds = net.add(Binary::IntegerDiv, &[rows, many]);
    let more = net.add(Binary::Add, &[x, hundreds]);
    assert!(is_run(&net, more));
    let network = net.frozen_for([8, 9]);
    assert!(network.prepare([16, 9], &[more]).is_ok());
    let error = network
        .prepare([100, 9], &[more])
        .expect_err("another number");
    assert!(error.to_string().contains("100x9"), "{error}");
    assert!(network.prepare([100, 9], &[x]).is_ok());
    check("late", &mut net, [1, 3, 8, 9], &[more]);
}

#[test]
fn paddings_from_the_size_are_refused() {
    let mut net = Net::new(3, 1);
    let x = net.conv_relu(INPUT, 20, 3, 1);
    // One row more below an even number of rows than below an odd one.
    let rows = length(&mut net, x, 2);
    let two = net.add(Constant::vector(&[2]), &[]);
    let rest = net.add(Binary::Mod, &[rows, two]);
    let zeros = net.add(Constant::vector(&[0]), &[]);
    let amounts = [zeros, zeros, rest, zeros, zeros, zeros, rest, zeros];
    let amounts = net.add(Concat { axis: 0 }, &amounts);
    let fill = Fill::Zeros;
    let padded = net.add(Rearrange::Pad { fill }, &[x, amounts]);
    let conv = net.conv_behind(padded, [5, 20, 3, 3], Window::default(), 1);
    assert!(!is_run(&net, conv));
}

#[test]
fn a_padding_that_no_convolution_has_is_refused_alone() {
    let mut net = Net::new(3, 1);
    let amounts = net.add(Constant::vector(&[0, 0, 1 << 20, 0, 0, 0, 0, 0]), &[]);
    let fill = Fill::Zeros;
    let padded = net.add(Rearrange::Pad { fill }, &[INPUT, amounts]);
    let conv = net.conv_behind(padded, [5, 3, 3, 3], Window::default(), 1);
    let beside = net.conv_relu(INPUT, 5, 3, 1);
    assert!(!is_run(&net, conv) && is_run(&net, beside));
}

#[test]
fn axes_that_only_look_single_are_refused() {
    // The map of an image of 8x9 has one position, that of a larger one has several.
    let mut net = Net::new(3, 1);
    let window = Window {
        stride: [8, 8],
        padding: Padding::VALID,
        ..Window::default()
    };
    let x = net.conv_behind(INPUT, [20, 3, 8, 8], window, 1);
    let norm = LayerNorm {
        axis: 1,
        epsilon: Number(1e-5),
    };
    let norm = net.add(norm, &[x]);
    let mean = Reduce {
        reduction: Reduction::Mean,
        axes: Some(vec![2]),
        keep: true,
    };
    let mean = net.add(mean, &[x]);
    let flat = net.reshape(x, &[0, -1]);
    assert!(!is_run(&net, norm) && !is_run(&net, mean) && is_run(&net, flat));
    for size in [[8, 9], [16, 25]] {
        check("flat", &mut net, [1, 3, size[0], size[1]], &[flat]);
    }
}
