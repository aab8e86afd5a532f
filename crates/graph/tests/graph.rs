//! Graphs are checked when they are made, and their definitions in f64 have the right gradients.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use oneiric_graph::{
    Arity, Attention, AveragePool, Concat, ConvConfig, Crop, Graph, GraphBuilder, GraphError, Lrn,
    MaxPool, Node, NodeError, NodeId, Number, Op, Padding, Relu, ReluGradient, Rounding, Shape,
    Tokens, oracle,
};

/// A network with every operator.
fn everything() -> GraphBuilder {
    let mut net = GraphBuilder::new(3);
    let config = ConvConfig::new(6, [3, 2]).stride([2, 1]).dilation([1, 2]);
    let x = net.conv("stem", net.input(), config.padding(Padding::SameUpper));
    let lrn = Lrn {
        radius: 1,
        bias: 1.0,
        alpha: 0.3,
        beta: 0.75,
    };
    let x = net.lrn("norm", x, lrn);
    let pool = MaxPool::new([3, 3]).stride([2, 2]).rounding(Rounding::Ceil);
    let x = net.max_pool("pool", x, pool);
    let config = ConvConfig::new(9, [3, 3]).groups(3).without_bias();
    let left = net.conv("left", x, config.padding(Padding::symmetric([1, 1])));
    let left = net.relu("left/relu", left);
    let right = net.conv("right", x, ConvConfig::new(4, [1, 1]));
    let x = net.concat("both", &[left, right, left]);
    let back = net.conv("back", x, ConvConfig::new(22, [1, 1]));
    let x = net.add("sum", &[x, back, x]);
    let pool = AveragePool::new([2, 2])
        .stride([1, 1])
        .padding(Padding::symmetric([1, 1]));
    let x = net.average_pool("average", x, pool.count_include_pad(true));
    let prefix = Some(net.weight("class", [22, 2]));
    let embedding = Some(net.weight("positions", [22, 17]));
    let tokens = net.node("tokens", Tokens { prefix, embedding }, &[x]);
    let part = Crop {
        channels: Some(vec![21, 0, 3, 0]),
        ..Crop::default()
    };
    let keys = net.node("keys", part, &[tokens]);
    let part = Crop {
        channels: Some(vec![5, 6, 7, 8]),
        columns: Some(1..9),
        ..Crop::default()
    };
    let queries = net.node("queries", part, &[tokens]);
    let attention = Attention {
        heads: 2,
        scale: Number(0.6),
    };
    net.node("attention", attention, &[queries, keys, tokens]);
    let x = net.global_average_pool("mean", x);
    let x = net.conv("logits", x, ConvConfig::new(5, [1, 1]));
    let x = net.gemm("full", x, 5, 6);
    net.softmax("softmax", x);
    net
}

/// Values that look random, in -0.5..0.5.
fn noise(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..count).map(|_| next()).collect()
}

fn tensor(shape: Shape, seed: u32) -> oracle::Tensor {
    let values = noise(shape.count(), seed);
    oracle::Tensor::new(shape, values.into_iter().map(f64::from).collect())
}

#[test]
fn gradients_of_the_definitions_are_those_of_finite_differences() -> Result<(), GraphError> {
    let graph = everything().build()?;
    let weights: Vec<Vec<f32>> = graph
        .weights()
        .iter()
        .zip(0..)
        .map(|(w, i)| noise(w.count(), i))
        .collect();
    let image = tensor(Shape::new(3, [9, 8]), 99);
    let all = oracle::forward(&graph, &weights, image.clone());
    for index in 1..graph.nodes().len() {
        let node = NodeId::new(index);
        let name = &graph.node(node).name;
        assert_eq!(graph.shape(node, [9, 8])?, all[index].shape, "{name}");
        let direction = tensor(all[index].shape, 7);
        let value = |image: oracle::Tensor| -> f64 {
            let all = oracle::forward(&graph, &weights, image);
            all[index]
                .values
                .iter()
                .zip(&direction.values)
                .map(|(a, b)| a * b)
                .sum()
        };
        let given = [(node, direction.clone())];
        let plain = ReluGradient::Plain;
        let gradient = oracle::input_gradient(&graph, &weights, &all, &given, plain);
        for at in (0..image.values.len()).step_by(11) {
            let moved = |by: f64| {
                let mut image = image.clone();
                image.values[at] += by;
                value(image)
            };
            let expected = (moved(1e-6) - moved(-1e-6)) / 2e-6;
            let actual = gradient.values[at];
            assert!(
                (actual - expected).abs() < 1e-7,
                "{name} at {at}: {actual}, not {expected}"
            );
        }
    }
    Ok(())
}

#[test]
fn a_dead_layer_passes_what_would_wake_it() -> Result<(), GraphError> {
    let mut net = GraphBuilder::new(1);
    let relu = net.relu("relu", net.input());
    let graph = net.build()?;
    let gradient_of = |image: Vec<f64>| {
        let shape = Shape::new(1, [1, 3]);
        let all = oracle::forward(&graph, &[], oracle::Tensor::new(shape, image));
        let given = [(relu, oracle::Tensor::new(shape, vec![-1.0, 2.0, -3.0]))];
        let redirected = ReluGradient::Redirected;
        oracle::input_gradient(&graph, &[], &all, &given, redirected).values
    };
    assert_eq!(gradient_of(vec![-1.0, -1.0, -1.0]), [-1.0, 0.0, -3.0]);
    assert_eq!(gradient_of(vec![1.0, -1.0, -1.0]), [-1.0, 0.0, 0.0]);
    Ok(())
}

#[test]
fn a_graph_is_compared_hashed_and_serialized() -> Result<(), Box<dyn std::error::Error>> {
    let hash = |graph: &Graph| {
        let mut hasher = DefaultHasher::new();
        graph.hash(&mut hasher);
        hasher.finish()
    };
    let graph = everything().build()?;
    let json = serde_json::to_string(&graph)?;
    let read: Graph = serde_json::from_str(&json)?;
    assert_eq!((&read, hash(&read)), (&graph, hash(&graph)));
    let mut other = everything();
    other.relu("one more", other.input());
    let other = other.build()?;
    assert_ne!(other, graph);
    assert_eq!(HashSet::from([hash(&other), hash(&graph)]).len(), 2);
    // A graph that is wrong is refused when it is read, too.
    let wrong = json.replacen(r#""groups":3"#, r#""groups":2"#, 1);
    assert_ne!(wrong, json);
    let error = serde_json::from_str::<Graph>(&wrong).expect_err("9 is not even");
    assert!(error.to_string().contains("groups"), "{error}");
    Ok(())
}

#[test]
fn only_what_is_asked_for_is_needed() -> Result<(), GraphError> {
    let graph = everything().build()?;
    let find = |name: &str| graph.find(name).expect("a node of that name");
    let needed = graph.needed(&[find("right")])?;
    let names: Vec<&str> = graph
        .nodes()
        .iter()
        .zip(needed)
        .filter(|n| n.1)
        .map(|n| n.0.name.as_str())
        .collect();
    assert_eq!(names, ["input", "stem", "norm", "pool", "right"]);
    // An image that is too small for one node may be large enough for another.
    let mut net = GraphBuilder::new(3);
    let small = net.relu("small", net.input());
    let large = net.conv("large", small, ConvConfig::new(1, [5, 5]));
    let graph = net.build()?;
    assert_eq!(graph.shape(small, [3, 9])?, Shape::new(3, [3, 9]));
    assert!(matches!(
        graph.shape(large, [3, 9]),
        Err(GraphError::Image { node, height: 3, width: 9, source: NodeError::TooSmall { .. } }) if node == "large"
    ));
    assert_eq!(graph.multiply_adds(&[large], [5, 6])?, 2 * 25 * 3);
    assert!(matches!(
        graph.needed(&[NodeId::new(9)]),
        Err(GraphError::NoSuchNode { node: 9, nodes: 3 })
    ));
    Ok(())
}

fn defect(build: impl FnOnce(&mut GraphBuilder)) -> NodeError {
    let mut net = GraphBuilder::new(6);
    build(&mut net);
    match net.build() {
        Err(GraphError::Node { source, .. }) => source,
        other => panic!("{other:?}"),
    }
}

#[test]
fn defects_of_nodes_are_found_and_named() {
    let arity = defect(|net| {
        net.concat("a", &[]);
    });
    let expected = Arity::AtLeast(1);
    assert_eq!(arity, NodeError::Arity { expected, found: 0 });
    let channels = defect(|net| {
        let conv = net.conv("a", net.input(), ConvConfig::new(4, [1, 1]));
        let Op::Conv(op) = everything().build().expect("fine").nodes()[1].op.clone() else {
            panic!("the stem is a convolution");
        };
        let weight = net.weight("w", [4, 2, 1, 1]);
        net.node(
            "b",
            oneiric_graph::Conv {
                weight,
                bias: None,
                ..op
            },
            &[conv],
        );
    });
    let (expected, found) = (2, 4);
    assert_eq!(channels, NodeError::Channels { expected, found });
    for config in [
        ConvConfig::new(4, [1, 1]).stride([0, 1]),
        ConvConfig::new(4, [1, 1]).dilation([1, 5000]),
        ConvConfig::new(4, [1, 1]).padding(Padding::symmetric([5000, 0])),
        ConvConfig::new(4, [1, 1]).groups(3),
    ] {
        let setting = defect(|net| {
            net.conv("a", net.input(), config);
        });
        assert!(
            matches!(setting, NodeError::Setting(_)),
            "{config:?}: {setting}"
        );
    }
    let pool = defect(|net| {
        net.max_pool("a", net.input(), MaxPool::new([0, 2]).stride([1, 1]));
    });
    assert!(pool.to_string().contains("kernel is 0"), "{pool}");
    let lrn = Lrn {
        radius: 1,
        bias: 0.0,
        alpha: 1.0,
        beta: 1.0,
    };
    let lrn = defect(|net| {
        net.lrn("a", net.input(), lrn);
    });
    assert!(lrn.to_string().contains("bias"), "{lrn}");
    let shape = defect(|net| {
        let weight = net.weight("w", [4, 6, 1]);
        let window = oneiric_graph::Window::default();
        let conv = oneiric_graph::Conv {
            weight,
            bias: None,
            window,
            groups: 1,
        };
        net.node("b", conv, &[net.input()]);
    });
    assert!(shape.to_string().contains("[4, 6, 1]"), "{shape}");
}

#[test]
fn defects_of_graphs_are_found_and_named() {
    let node = |name: &str, op: Op, inputs: &[usize]| Node {
        name: name.to_owned(),
        op,
        inputs: inputs.iter().map(|&i| NodeId::new(i)).collect(),
    };
    let input = || {
        node(
            "input",
            Op::Input(oneiric_graph::Input { channels: 3 }),
            &[],
        )
    };
    let relu = |name: &str, from: usize| node(name, Op::Relu(Relu), &[from]);
    let made = |nodes: Vec<Node>| Graph::new(nodes, vec![]).expect_err("a defect");
    assert_eq!(made(vec![]), GraphError::Input { node: 0 });
    assert_eq!(made(vec![relu("a", 0)]), GraphError::Input { node: 0 });
    assert_eq!(
        made(vec![input(), node("b", input().op, &[])]),
        GraphError::Input { node: 1 }
    );
    let order = GraphError::Order {
        node: "a".to_owned(),
        input: 1,
    };
    assert_eq!(made(vec![input(), relu("a", 1)]), order);
    let twice = GraphError::DuplicateName {
        name: "a".to_owned(),
    };
    assert_eq!(made(vec![input(), relu("a", 0), relu("a", 1)]), twice);
    // A layer without channels is found, and not taken for the defect that causes it.
    let mut net = GraphBuilder::new(3);
    net.conv("none", net.input(), ConvConfig::new(0, [1, 1]));
    let (weight, shape) = ("none.weight".to_owned(), vec![0, 3, 1, 1]);
    assert_eq!(net.build(), Err(GraphError::EmptyWeight { weight, shape }));
    let mut net = GraphBuilder::new(3);
    let x = net.max_pool("wrong", net.input(), MaxPool::new([0, 1]));
    net.conv("behind", x, ConvConfig::new(2, [1, 1]));
    let error = net.build().expect_err("a kernel of 0").to_string();
    assert!(error.contains("wrong"), "{error}");
    // Inputs of different sizes are found for an image.
    let mut net = GraphBuilder::new(3);
    let half = net.max_pool("half", net.input(), MaxPool::new([2, 2]));
    let both = net.node("both", Concat::CHANNELS, &[net.input(), half]);
    let graph = net.build().expect("channels fit");
    let error = graph
        .shape(both, [8, 8])
        .expect_err("sizes differ")
        .to_string();
    assert!(error.contains("[1, 3, 8, 8] and [1, 3, 4, 4]"), "{error}");
}
