//! Graphs: what is asked for, in which combination, and how often.

mod net;

use net::{INPUT, Net, caffe_pool, cases, check, half, none, same, small, tensor};
use oneiric_graph::{Add, GlobalAveragePool, Lrn, NodeId, ReluGradient, Shape, oracle::Tensor};
use oneiric_kernels::Isa;

/// A small InceptionV1 with two blocks: nodes by name.
struct Inception {
    net: Net,
    stem: NodeId,
    blocks: Vec<[NodeId; 5]>,
    logits: NodeId,
}

fn inception(seed: u64) -> Inception {
    let mut net = Net::new(3, seed);
    let lrn = Lrn {
        radius: 2,
        bias: 1.0,
        alpha: 0.1,
        beta: 0.75,
    };
    let x = net.conv(INPUT, 18, 7, 2, half);
    let stem = net.relu(x);
    let x = net.pool(stem, 3, 2, caffe_pool);
    let x = net.add(lrn, &[x]);
    let x = net.conv_relu(x, 16, 1, 1);
    let x = net.conv_relu(x, 35, 3, 1);
    let x = net.add(lrn, &[x]);
    let mut x = net.pool(x, 3, 2, caffe_pool);
    let mut blocks = vec![];
    for widths in [[5, 6, 9, 3, 17, 8], [20, 16, 33, 4, 6, 7]] {
        let one_raw = net.conv(x, widths[0], 1, 1, same);
        let unbiased = net.without_bias(one_raw);
        let one = net.relu(one_raw);
        let bottleneck = net.conv_relu(x, widths[1], 1, 1);
        let three_raw = net.conv(bottleneck, widths[2], 3, 1, same);
        let three = net.relu(three_raw);
        let small = net.conv_relu(x, widths[3], 1, 1);
        let five_raw = net.conv(small, widths[4], 5, 1, same);
        let five = net.relu(five_raw);
        let pooled = net.pool(x, 3, 1, same);
        let pool_raw = net.conv(pooled, widths[5], 1, 1, same);
        let pool = net.relu(pool_raw);
        let before = net.concat(&[one_raw, three_raw, five_raw, pool_raw]);
        let after = net.concat(&[one, three, five, pool]);
        blocks.push([after, before, unbiased, three, pooled]);
        x = after;
    }
    x = net.pool(x, 2, 2, caffe_pool);
    let mean = net.add(GlobalAveragePool, &[x]);
    let logits = net.conv(mean, 10, 1, 1, none);
    Inception {
        net,
        stem,
        blocks,
        logits,
    }
}

#[test]
fn inception_and_all_its_tensors() {
    let Inception {
        mut net,
        stem,
        blocks,
        logits,
    } = inception(1);
    let [after, before, unbiased, three, pooled] = blocks[1];
    let first = blocks[0];
    let combinations: [&[NodeId]; 14] = [
        &[after],
        &[before],
        &[unbiased],
        &[three],
        &[pooled],
        &[logits],
        &[after, before],
        &[first[0], after],
        &[first[1], first[3], logits],
        &[stem, before],
        &[three, after, three],
        &[INPUT],
        &[INPUT, after],
        &[first[2], unbiased, pooled, first[4]],
    ];
    for wanted in cases(combinations, 2) {
        check("inception", &mut net, [1, 3, 40, 45], wanted);
    }
    check("inception", &mut net, [3, 3, 33, 32], &[after, first[1]]);
    for size in cases([31, 37, 48, 59], 1) {
        check("inception", &mut net, [1, 3, size, 80 - size], &[logits]);
    }
}

#[test]
fn odd_concatenations() {
    let mut net = Net::new(4, 2);
    let parts = [5, 3, 17].map(|out| net.conv_relu(INPUT, out, 3, 1));
    let all = net.concat(&parts);
    // Read by two convolutions with different kernels, concatenated again, with itself.
    let a = net.conv_relu(all, 9, 1, 1);
    let b = net.conv_relu(all, 6, 5, 1);
    let again = net.concat(&[a, all, b, a]);
    let end = net.conv_relu(again, 12, 3, 2);
    check("concat", &mut net, [2, 4, 9, 10], &[end]);
    check(
        "concat",
        &mut net,
        [1, 4, 9, 10],
        &[end, again, all, parts[1]],
    );
}

#[test]
fn strided_chain() {
    let mut net = Net::new(5, 3);
    let a = net.conv_relu(INPUT, 24, 3, 2);
    let b = net.conv_relu(a, 30, 5, 1);
    let c = net.conv_relu(b, 17, 1, 2);
    let d = net.conv_relu(c, 8, 3, 2);
    check("chain", &mut net, [2, 5, 23, 18], &[d]);
    check("chain", &mut net, [1, 5, 17, 30], &[a, c, d]);
}

#[test]
fn an_input_that_several_read() {
    let mut net = Net::new(3, 4);
    let a = net.conv_relu(INPUT, 8, 3, 1);
    let b = net.conv_relu(INPUT, 8, 7, 2);
    let c = net.conv_relu(INPUT, 20, 5, 2);
    check("convolutions", &mut net, [2, 3, 12, 13], &[a, b, c, INPUT]);
    let pooled = net.pool(INPUT, 3, 1, same);
    let both = net.concat(&[INPUT, a, pooled]);
    check("others", &mut net, [2, 3, 12, 13], &[both, b]);
}

#[test]
fn relu_of_everything() {
    let mut net = Net::new(6, 5);
    let a = net.relu(INPUT);
    let b = net.pool(a, 2, 1, same);
    let c = net.relu(b);
    let conv = net.conv(c, 7, 3, 1, same);
    let d = net.relu(conv);
    let e = net.relu(conv);
    let all = net.concat(&[d, e, conv]);
    let f = net.relu(all);
    check("relu", &mut net, [1, 6, 5, 5], &[f]);
    check("relu", &mut net, [1, 6, 5, 5], &[f, d, a]);
}

#[test]
fn redirection_wakes_dead_layers() {
    let mut net = Net::new(3, 6);
    let x = net.conv_relu(INPUT, 8, 3, 1);
    let conv = net.conv(x, 20, 3, 1, same);
    let y = net.relu(conv);
    let both = net.concat(&[x, y]);
    let end = net.conv_relu(both, 5, 1, 1);
    // The second layer is dead everywhere, the last one in every other channel.
    // The biases of the second convolution.
    net.weights[3] = vec![-100.0; 20];
    check("dead", &mut net, [2, 3, 7, 6], &[end]);
    check("dead", &mut net, [2, 3, 7, 6], &[y, end]);
    check("dead", &mut net, [2, 3, 7, 6], &[y]);
    // The first item alone is dead.
    net.weights[3] = vec![-3.0; 20];
    let mut input = net.noise(2 * 3 * 7 * 6);
    input[..3 * 7 * 6].fill(0.0);
    input[3 * 7 * 6..].iter_mut().for_each(|v| *v *= 30.0);
    net::check_input("one dead", &mut net, &input, [2, 3, 7, 6], &[y]);
}

#[test]
fn gradients_are_those_of_finite_differences() {
    let Inception {
        mut net, blocks, ..
    } = inception(7);
    let wanted = [blocks[1][1]];
    let shape = [1, 3, 32, 32];
    let input = net.noise(3 * 32 * 32);
    let network = net.frozen();
    let run = network.forward(&input, shape, &wanted).expect("it fits");
    let weights = net.noise(run.output(0).len());
    let gradient = run
        .input_gradient(&[Some(&weights)], ReluGradient::Plain)
        .expect("it fits");
    let objective = |image: Tensor| -> f64 {
        let all = net.forward(image);
        all[wanted[0].index()]
            .values
            .iter()
            .zip(&weights)
            .map(|(a, b)| a * f64::from(*b))
            .sum()
    };
    let image = tensor(Shape::new(3, [32, 32]), &input);
    let largest = gradient
        .iter()
        .fold(0.0, |a: f64, b| a.max(f64::from(b.abs())));
    for at in cases([0, 500, 1023, 1500, 2222, 3071], 1) {
        let moved = |by: f64| {
            let mut image = image.clone();
            image.values[at] += by;
            objective(image)
        };
        let expected = (moved(1e-6) - moved(-1e-6)) / 2e-6;
        let error = (f64::from(gradient[at]) - expected).abs() / largest;
        assert!(error < 1e-4, "{at}: {} instead of {expected}", gradient[at]);
    }
}

#[test]
fn threads_and_earlier_runs_change_nothing() {
    // There is one thread under Miri.
    if cfg!(miri) {
        return;
    }
    let Inception {
        mut net,
        blocks,
        logits,
        ..
    } = inception(8);
    let wanted = [blocks[1][0], logits];
    let shapes = [[2, 3, 50, 61], [1, 3, 40, 33], [3, 3, 45, 45]];
    let inputs = shapes.map(|s| net.noise(s.iter().product()));
    for isa in Isa::available() {
        let of = |network: &oneiric_kernels::Frozen, at: usize| {
            let run = network
                .forward(&inputs[at], shapes[at], &wanted)
                .expect("it fits");
            let outputs = [run.output(0), run.output(1)];
            let given = [Some(&outputs[0][..]), Some(&outputs[1][..])];
            let gradient = run
                .input_gradient(&given, ReluGradient::Plain)
                .expect("it fits");
            [outputs[0].clone(), outputs[1].clone(), gradient]
        };
        let pool = |threads| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("a pool")
        };
        let fresh = || net.frozen().with_isa(isa).expect("available");
        let expected: Vec<_> = (0..3)
            .map(|at| pool(1).install(|| of(&fresh(), at)))
            .collect();
        for threads in cases([1, 3, 2], 1) {
            let network = fresh();
            pool(threads).install(|| {
                // Every size after every other, in the same memory.
                for at in cases([0, 1, 2, 0, 2, 1, 0, 1], 4) {
                    assert!(
                        of(&network, at) == expected[at],
                        "{isa:?} {threads} threads, {at}"
                    );
                }
            });
        }
    }
}

#[test]
fn runs_at_the_same_time_do_not_meet() {
    let Inception {
        mut net, logits, ..
    } = inception(9);
    let network = net.frozen();
    let inputs: Vec<Vec<f32>> = cases(0..6, 2)
        .into_iter()
        .map(|_| net.noise(3 * 35 * 35))
        .collect();
    let shape = [1, 3, 35, 35];
    let runs: Vec<_> = inputs
        .iter()
        .map(|i| network.forward(i, shape, &[logits]).expect("it fits"))
        .collect();
    let together: Vec<Vec<f32>> = runs.iter().map(|run| run.output(0)).collect();
    std::thread::scope(|scope| {
        for (input, expected) in inputs.iter().zip(&together) {
            let network = &network;
            scope.spawn(move || {
                for _ in 0..3 {
                    let run = network.forward(input, shape, &[logits]).expect("it fits");
                    assert!(run.output(0) == *expected);
                }
            });
        }
    });
}

#[test]
fn items_that_do_not_go_together_are_as_each_alone() {
    // Some 100 MB an item, so that each makes a group of its own.
    let mut net = Net::new(3, 4);
    let pooled = net.pool(INPUT, 3, 2, caffe_pool);
    let x = net.relu(pooled);
    let network = net.frozen();
    let size = if small() { 100 } else { 1000 };
    let input: Vec<f32> = (0..3 * 3 * size * size)
        .map(|at| ((at * 7919) % 1009) as f32 / 500.0 - 1.0)
        .collect();
    let run = |input: &[f32]| {
        let shape = [input.len() / (3 * size * size), 3, size, size];
        let run = network.forward(input, shape, &[x]).expect("it fits");
        let output = run.output(0);
        let gradient = run.input_gradient(&[Some(&output)], ReluGradient::Redirected);
        (output, gradient.expect("it fits"))
    };
    let (outputs, gradients) = run(&input);
    let alone: Vec<_> = input.chunks(3 * size * size).map(run).collect();
    let expected: Vec<f32> = alone.iter().flat_map(|item| item.0.clone()).collect();
    assert!(outputs == expected);
    let expected: Vec<f32> = alone.iter().flat_map(|item| item.1.clone()).collect();
    assert!(gradients == expected);
}

#[test]
fn residual_blocks() {
    let mut net = Net::new(3, 10);
    let x = net.conv_relu(INPUT, 20, 7, 2);
    let stem = net.pool(x, 3, 2, same);
    // An identity, and a projection with a stride.
    let a = net.conv_relu(stem, 20, 3, 1);
    let a = net.conv(a, 20, 3, 1, same);
    let first = net.add(Add, &[a, stem]);
    let first = net.relu(first);
    let b = net.conv_relu(first, 35, 3, 2);
    let b = net.conv(b, 35, 3, 1, same);
    let projection = net.conv(first, 35, 1, 2, same);
    let second = net.add(Add, &[projection, b]);
    let second = net.relu(second);
    let mean = net.add(GlobalAveragePool, &[second]);
    let weight = net.noise(9 * 35);
    let bias = net.noise(9);
    net.weights.extend([weight, bias]);
    let logits = net.builder.gemm("logits", mean, 35, 9);
    for wanted in [
        &[logits][..],
        &[first],
        &[second, stem],
        &[a, logits, projection, first],
    ] {
        check("residual", &mut net, [2, 3, 37, 30], wanted);
    }
    // Neither the number of threads nor the memory of other runs changes a bit.
    let input = net.noise(3 * 37 * 30);
    let network = net.frozen();
    let results = [1, 2, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("a pool").install(|| {
            let run = network.forward(&input, [1, 3, 37, 30], &[logits]);
            let run = run.expect("it fits");
            let output = run.output(0);
            let gradient = run.input_gradient(&[Some(&output)], ReluGradient::Plain);
            (gradient.expect("it fits"), output)
        })
    });
    assert!(results[0] == results[1] && results[0] == results[2]);
}
