//! What does not fit is an error.

mod net;

use net::{INPUT, Net, half, none};
use oneiric_graph::{
    ConvConfig, GraphBuilder, GraphError, MaxPool, NodeError, NodeId, ReluGradient, Unary, Window,
};
use oneiric_kernels::{Frozen, KernelError};

/// A convolution, a ReLU and a pooling.
fn net() -> (Net, [NodeId; 2]) {
    let mut net = Net::new(3, 1);
    let x = net.conv(INPUT, 4, 5, 2, none);
    let relu = net.relu(x);
    let pool = net.pool(relu, 3, 2, none);
    (net, [relu, pool])
}

#[test]
fn wrong_lengths() {
    let (net, [relu, pool]) = net();
    let network = net.frozen();
    let input = vec![0.5; 3 * 20 * 20];
    let length = |result: Result<_, KernelError>| matches!(result, Err(KernelError::Length { .. }));
    assert!(length(
        network
            .forward(&input[1..], [1, 3, 20, 20], &[relu])
            .map(drop)
    ));
    assert!(length(
        network.forward(&input, [2, 3, 20, 20], &[relu]).map(drop)
    ));
    let run = network
        .forward(&input, [1, 3, 20, 20], &[relu, pool])
        .expect("it fits");
    assert!(length(
        run.input_gradient(&[], ReluGradient::Plain).map(drop)
    ));
    assert!(length(
        run.input_gradient(&[None, Some(&[1.0])], ReluGradient::Plain)
            .map(drop)
    ));
    assert!(length(run.write_output(0, &mut [0.0])));
    let none = run
        .input_gradient(&[None, None], ReluGradient::Plain)
        .expect("it fits");
    assert_eq!(none, vec![0.0; input.len()]);
}

#[test]
fn wrong_inputs() {
    let (net, [relu, pool]) = net();
    let network = net.frozen();
    let input = vec![0.5; 3 * 20 * 20];
    let channels = network.forward(&input, [1, 4, 15, 20], &[relu]);
    let (expected, actual) = (3, 4);
    assert_eq!(
        channels.map(drop),
        Err(KernelError::Channels { expected, actual })
    );
    let (node, nodes) = (9, 4);
    assert_eq!(
        network
            .forward(&input, [1, 3, 20, 20], &[NodeId::new(9)])
            .map(drop),
        Err(GraphError::NoSuchNode { node, nodes }.into())
    );
    for (h, w) in [(4, 40), (40, 4), (0, 9), (6, 6)] {
        let input = vec![0.5; 3 * h * w];
        let result = network.forward(&input, [1, 3, h, w], &[pool]);
        assert!(
            matches!(
                result,
                Err(KernelError::Graph(GraphError::Image {
                    source: NodeError::TooSmall { .. },
                    ..
                }))
            ),
            "{h}x{w}"
        );
    }
    let empty = network
        .forward(&[], [0, 3, 20, 20], &[pool])
        .expect("no items");
    assert!(empty.output(0).is_empty());
    let none = empty
        .input_gradient(&[Some(&[])], ReluGradient::Plain)
        .expect("no items");
    assert!(none.is_empty());
}

#[test]
fn wrong_weights() -> Result<(), GraphError> {
    let mut net = GraphBuilder::new(3);
    net.conv("conv", net.input(), ConvConfig::new(2, [1, 1]));
    let graph = net.build()?;
    assert!(Frozen::new(&graph, &[&[0.0; 6], &[0.0; 2]]).is_ok());
    let length = Frozen::new(&graph, &[&[0.0; 6]]).map(drop);
    assert!(matches!(length, Err(KernelError::Length { .. })));
    for (weight, len) in [([0.0; 7].as_slice(), 2), (&[0.0; 6], 1), (&[], 2)] {
        let bias = vec![0.0; len];
        let refused = Frozen::new(&graph, &[weight, &bias]).map(drop);
        assert!(matches!(refused, Err(KernelError::Weights { .. })));
    }
    // As many values as the product of the shape, wrapped: none.
    let large = usize::MAX / 2 + 1;
    let mut net = GraphBuilder::new(1);
    let weight = net.weight("weight", [2, 1, large, 1]);
    let conv = oneiric_graph::Conv {
        weight,
        bias: None,
        window: Window::default(),
        groups: 1,
    };
    net.node("conv", conv, &[net.input()]);
    let refused = Frozen::new(&net.build()?, &[&[]]).map(drop);
    assert!(matches!(refused, Err(KernelError::Weights { .. })));
    Ok(())
}

#[test]
fn what_the_kernels_lack_is_named_and_the_rest_runs() -> Result<(), Box<dyn std::error::Error>> {
    let mut net = GraphBuilder::new(4);
    let input = net.input();
    let relu = net.relu("relu", input);
    let floor = net.node("floor", Unary::Floor, &[relu]);
    let mut pool = MaxPool::new([2, 2]);
    pool.window.dilation = [2, 2];
    let pool = net.max_pool("pool", relu, pool);
    let softmax = net.softmax("softmax", relu);
    let after = net.concat("after", &[relu, softmax]);
    let last = net.conv("last", after, ConvConfig::new(3, [1, 1]));
    let beside = net.max_pool("beside", relu, MaxPool::new([2, 2]));
    let graph = net.build()?;
    let weights: Vec<Vec<f32>> = graph
        .weights()
        .iter()
        .map(|weight| vec![0.5; weight.count()])
        .collect();
    let weights: Vec<&[f32]> = weights.iter().map(Vec::as_slice).collect();
    let network = Frozen::new(&graph, &weights)?;
    let image = [1.0; 4 * 64];
    for (wanted, named, reason) in [
        (floor, "floor", "function"),
        (pool, "pool", "dilation"),
        (softmax, "softmax", "Softmax"),
        (after, "softmax", "Softmax"),
        (last, "softmax", "Softmax"),
    ] {
        let error = network.check(wanted).expect_err("not supported");
        assert!(
            matches!(&error, KernelError::Unsupported { node, reason: why }
                if node == named && why.contains(reason)),
            "{error}"
        );
        let asked = network.forward(&image, [1, 4, 8, 8], &[relu, wanted]);
        assert_eq!(asked.map(drop), Err(error));
    }
    for wanted in [input, relu, beside] {
        network.check(wanted)?;
        let run = network.forward(&image, [1, 4, 8, 8], &[wanted])?;
        assert!(run.output(0).iter().all(|value| *value == 1.0));
    }
    assert!(network.check(NodeId::new(99)).is_err());
    Ok(())
}

#[test]
fn lengths_that_no_number_can_say() {
    let (net, [relu, _]) = net();
    let network = net.frozen();
    // The input, which wraps to nothing.
    let shape = [usize::MAX / 2 + 1, 3, 2, 2];
    let result = network.forward(&[], shape, &[relu]);
    assert!(matches!(result, Err(KernelError::TooLarge { .. })));
    let is_too_large = |result| {
        matches!(
            result,
            Err(KernelError::Graph(GraphError::Image {
                source: NodeError::TooLarge { .. },
                ..
            }))
        )
    };
    // The sides of no items.
    for [height, width] in [[1, usize::MAX / 4], [usize::MAX; 2]] {
        let result = network.forward(&[], [0, 3, height, width], &[relu]);
        assert!(is_too_large(result.map(|_| ())));
    }
    // Sides that can be, of tensors that cannot.
    let mut net = Net::new(1, 1);
    let wide = net.conv(INPUT, 500, 1, 1, none);
    let shape = [0, 1, 1 << 28, 1 << 28];
    let result = net.frozen().forward(&[], shape, &[wide]);
    assert!(is_too_large(result.map(|_| ())));
}

#[test]
fn nothing_wanted() {
    let mut blocked = Net::new(3, 1);
    blocked.relu(INPUT);
    let mut wide = Net::new(20, 1);
    wide.conv(INPUT, 4, 3, 1, half);
    for net in [net().0, blocked, wide] {
        let channels = net.channels(INPUT);
        let input = vec![0.5; channels * 25];
        let run = net.frozen().forward(&input, [1, channels, 5, 5], &[]);
        let gradient = run.expect("fits").input_gradient(&[], ReluGradient::Plain);
        assert_eq!(gradient.expect("fits"), vec![0.0; input.len()]);
    }
}

#[test]
fn networks_and_runs_go_between_threads() {
    fn check<T: Send + Sync>() {}
    check::<Frozen>();
    check::<oneiric_kernels::Run>();
}
