//! Times GoogLeNet, part by part.
//!
//! `cargo run --release --example speed [rounds] [detail] [Avx512] [Avx2] [Portable]`: `detail`
//! prints the parts; without a name of instructions, all available ones run.

use std::{collections::BTreeMap, time::Instant};

use oneiric_graph::{
    ConvConfig, Graph, GraphBuilder, Lrn, MaxPool, NodeId, Padding, ReluGradient, Rounding,
};
use oneiric_kernels::{Frozen, Isa, LevelTime};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Widths of bvlc_googlenet: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection.
const BLOCKS: [(&str, [usize; 6]); 9] = [
    ("3a", [64, 96, 128, 16, 32, 32]),
    ("3b", [128, 128, 192, 32, 96, 64]),
    ("4a", [192, 96, 208, 16, 48, 64]),
    ("4b", [160, 112, 224, 24, 64, 64]),
    ("4c", [128, 128, 256, 24, 64, 64]),
    ("4d", [112, 144, 288, 32, 64, 64]),
    ("4e", [256, 160, 320, 32, 128, 128]),
    ("5a", [256, 160, 320, 32, 128, 128]),
    ("5b", [384, 192, 384, 48, 128, 128]),
];

fn conv(
    net: &mut GraphBuilder,
    name: &str,
    from: NodeId,
    out: usize,
    kernel: usize,
    stride: usize,
) -> NodeId {
    let config = ConvConfig::new(out, [kernel; 2]).stride([stride; 2]);
    let config = config.padding(Padding::symmetric([kernel / 2; 2]));
    let conv = net.conv(name, from, config);
    net.relu(&format!("{name}/relu"), conv)
}

fn pool(net: &mut GraphBuilder, name: &str, from: NodeId, stride: usize) -> NodeId {
    let pool = MaxPool::new([3, 3]).stride([stride; 2]);
    let pool = match stride {
        1 => pool.padding(Padding::symmetric([1, 1])),
        _ => pool.rounding(Rounding::Ceil),
    };
    net.max_pool(name, from, pool)
}

fn googlenet() -> Graph {
    let mut net = GraphBuilder::new(3);
    let lrn = Lrn::caffe(5, 1e-4, 0.75, 1.0);
    let x = net.input();
    let x = conv(&mut net, "conv1", x, 64, 7, 2);
    let x = pool(&mut net, "pool1", x, 2);
    let x = net.lrn("norm1", x, lrn);
    let x = conv(&mut net, "conv2r", x, 64, 1, 1);
    let x = conv(&mut net, "conv2", x, 192, 3, 1);
    let x = net.lrn("norm2", x, lrn);
    let mut x = pool(&mut net, "pool2", x, 2);
    for (name, [one, three_r, three, five_r, five, projection]) in BLOCKS {
        let part = |part: &str| format!("{name}/{part}");
        let a = conv(&mut net, &part("1x1"), x, one, 1, 1);
        let b = conv(&mut net, &part("3x3r"), x, three_r, 1, 1);
        let b = conv(&mut net, &part("3x3"), b, three, 3, 1);
        let c = conv(&mut net, &part("5x5r"), x, five_r, 1, 1);
        let c = conv(&mut net, &part("5x5"), c, five, 5, 1);
        let d = pool(&mut net, &part("pool"), x, 1);
        let d = conv(&mut net, &part("proj"), d, projection, 1, 1);
        x = net.concat(&format!("mixed{name}"), &[a, b, c, d]);
        if name == "3b" || name == "4e" {
            x = pool(&mut net, &format!("pool{name}"), x, 2);
        }
    }
    net.build().expect("a graph")
}

fn frozen(graph: &Graph) -> Frozen {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let weights: Vec<Vec<f32>> = graph
        .weights()
        .iter()
        .map(|weight| match weight.shape[..] {
            [_, ref inner @ ..] if !inner.is_empty() => {
                let scale = (6.0 / inner.iter().product::<usize>() as f32).sqrt();
                let values = (0..weight.count()).map(|_| rng.random_range(-scale..scale));
                values.collect()
            }
            _ => vec![0.01; weight.count()],
        })
        .collect();
    let weights: Vec<&[f32]> = weights.iter().map(Vec::as_slice).collect();
    Frozen::new(graph, &weights).expect("weights of the graph")
}

/// Keeps the least time of every level.
fn least(best: &mut Vec<LevelTime>, times: Vec<LevelTime>) {
    if best.is_empty() {
        *best = times;
    } else {
        for (best, time) in best.iter_mut().zip(times) {
            best.seconds = best.seconds.min(time.seconds);
        }
    }
}

fn print(graph: &Graph, title: &str, times: &[LevelTime]) {
    println!("  {title}");
    for time in times {
        let mut names: BTreeMap<usize, &str> = BTreeMap::new();
        for &node in &time.nodes {
            names.insert(node, &graph.nodes()[node].name);
        }
        let names: Vec<&str> = names.into_values().collect();
        let rate = time.flops as f64 / time.seconds / 1e9;
        println!(
            "    {:7.3} ms {:6.1} GFLOP/s {:8.1} MFLOP  {}",
            time.seconds * 1e3,
            rate,
            time.flops as f64 / 1e6,
            names.join(" ")
        );
    }
    let (seconds, flops) = times
        .iter()
        .fold((0.0, 0), |(s, f), t| (s + t.seconds, f + t.flops));
    println!(
        "    {:7.3} ms {:6.1} GFLOP/s {:8.1} MFLOP  sum of the least times",
        seconds * 1e3,
        flops as f64 / seconds / 1e9,
        flops as f64 / 1e6
    );
}

/// What Winograd's filtering changes at the end of all layers.
fn accuracy(network: &Frozen, layer: NodeId) {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let input: Vec<f32> = (0..3 * 224 * 224)
        .map(|_| rng.random_range(-100.0..100.0))
        .collect();
    let of = |network: &Frozen| {
        let run = network
            .forward(&input, [1, 3, 224, 224], &[layer])
            .expect("it fits");
        let output = run.output(0);
        let gradient = run
            .input_gradient(&[Some(&output)], ReluGradient::Plain)
            .expect("it fits");
        [output, gradient]
    };
    let direct = network.clone().with_direct_convolutions();
    let expected = of(&direct);
    // Rounding alone turns some maxima and ReLUs over, which a gradient shows: the portable
    // instructions, which round otherwise, say how much of the difference that is.
    let portable = direct.with_isa(Isa::Portable).expect("available");
    for (name, values) in [("filtered", of(network)), ("portable", of(&portable))] {
        for (what, (a, b)) in ["output", "gradient"]
            .iter()
            .zip(values.iter().zip(&expected))
        {
            let largest = b.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
            let pairs = || a.iter().zip(b).map(|(a, b)| f64::from((a - b).abs()));
            let worst = pairs().fold(0.0, f64::max) / f64::from(largest);
            let sum = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>();
            let all = sum(&mut b.iter().map(|v| f64::from(*v)));
            let mean = (sum(&mut pairs()) / all).sqrt();
            println!("{name} to direct, {what}: worst {worst:.1e} of the largest, rms {mean:.1e}");
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    let rounds = arguments.iter().find_map(|argument| argument.parse().ok());
    let rounds: usize = rounds.unwrap_or(30);
    let detail = has("detail");
    let graph = googlenet();
    let network = frozen(&graph);
    let layer = graph.find("mixed4d").expect("a layer");
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut entries = Vec::new();
    let named = |isa: &Isa| has(&format!("{isa:?}"));
    let mut all = Isa::available();
    if all.iter().any(named) {
        all.retain(named);
    }
    for &isa in &all {
        for size in [224, 240] {
            let network = network.clone().with_isa(isa).expect("available");
            let input: Vec<f32> = (0..3 * size * size)
                .map(|_| rng.random_range(-100.0..100.0))
                .collect();
            entries.push((
                isa,
                size,
                network,
                input,
                [f64::MAX; 3],
                Vec::new(),
                Vec::new(),
            ));
        }
    }
    for round in 0..rounds {
        for (isa, size, network, input, best, forward, gradient) in &mut entries {
            if *isa == Isa::Portable && round > 2 {
                continue;
            }
            let shape = [1, 3, *size, *size];
            let start = Instant::now();
            let run = network.forward(input, shape, &[layer]).expect("it fits");
            let middle = Instant::now();
            let ones = vec![1.0; run.shape(0).iter().product()];
            let before = Instant::now();
            let result = run
                .input_gradient(&[Some(&ones)], ReluGradient::Plain)
                .expect("it fits");
            let end = Instant::now();
            assert!(result.iter().all(|v| v.is_finite()));
            let (f, b) = ((middle - start).as_secs_f64(), (end - before).as_secs_f64());
            *best = [best[0].min(f), best[1].min(b), best[2].min(f + b)];
            least(forward, run.forward_times());
            least(gradient, run.gradient_times());
        }
    }
    for (isa, size, _, _, [f, b, both], forward, gradient) in &entries {
        let flops: usize = forward.iter().chain(gradient).map(|t| t.flops).sum();
        println!(
            "{isa:?} {size}: forward {:.2} ms, gradient {:.2} ms, together {:.2} ms, {:.1} GFLOP/s",
            f * 1e3,
            b * 1e3,
            both * 1e3,
            flops as f64 / both / 1e9
        );
        if detail {
            print(&graph, "forward", forward);
            print(&graph, "gradient", gradient);
        }
    }
    accuracy(&network, layer);
}
