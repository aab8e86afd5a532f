//! Where the time and the memory of a step go, beside what the machine's matrix products reach, for
//! any network: `step_report [LAYER:CHANNEL=mixed4d:50] [STEPS=64] [PLOT.svg | alone] [--weights FILE]`,
//! where FILE may be an ONNX file. With `alone` it measures the network only.

#[path = "../../../examples/common/mod.rs"]
mod common;
mod network;
mod plot;

use std::{
    fs,
    hint::black_box,
    process::Command,
    time::{Duration, Instant},
};

use common::{Args, Report};
use gemm::Parallelism;
use oneiric::{
    Backend, Fourier, NetworkExt, Objectives, Parameterization, Transforms, Visualizer,
    burn::tensor::Tensor,
    model::{GraphNetwork, Kernels, LayerId, OnnxNetwork, Preprocessing, ReluGradient},
    transform::{Resize, Transform, TransformContext},
};
use plot::{Panel, Series};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// Steps before the clock starts: the first ones redirect the ReLUs' gradient and warm up.
const WARM_UP: usize = 16;
/// In the environment of a process that measures one line of a table.
const CHILD: &str = "ONEIRIC_STEP_REPORT";

fn main() -> Result<(), Report> {
    let mut args =
        Args::new("step_report [LAYER:CHANNEL=mixed4d:50] [STEPS=64] [PLOT.svg | alone]");
    let (layer, channel) = common::unit(&args.or("the unit", "mixed4d:50".to_owned())?)?;
    let steps: usize = args.or("STEPS", 64)?;
    let path = args.or("PLOT.svg or alone", String::new())?;
    args.end()?;
    let device = Backend::Flex.device()?;
    let net = match args.onnx_file() {
        Some(file) => OnnxNetwork::open(file, Preprocessing::none(3), &device)?
            .graph_network()
            .clone(),
        None => args.network(&device)?.network().clone(),
    };
    if let Ok(line) = std::env::var(CHILD) {
        let numbers: Vec<usize> = line.split(' ').filter_map(|n| n.parse().ok()).collect();
        let step = match numbers[..] {
            [size, 0] => network::median(&net, net.layer(&layer)?, channel, size, steps)?[0],
            [size, batch] => step(&net, &layer, channel, size, batch, steps)?,
            _ => return Err("a line of a table is SIZE BATCH".into()),
        };
        println!("{} {}", step.as_secs_f64() * 1e3, peak_memory());
        return Ok(());
    }

    let gemm = gemm_rate();
    println!("matrix products 1024x1024x1024, single precision: {gemm:.0} GFLOP/s\n");
    let id = net.layer(&layer)?;
    let (_, memory) = in_its_own_process(224, 0)?;
    network::report(&net, id, channel, steps, gemm, memory)?;
    if path == "alone" {
        return Ok(());
    }
    println!("One step, 224x224, {layer}:{channel}, standard transforms (medians):\n");
    println!(
        "| kernels | ms | useful GFLOP/s | of the matrix products |\n| --- | --- | --- | --- |"
    );
    let work = step_work(&net, id, 224)?;
    for kernels in Kernels::available(Backend::Flex) {
        let net = net.clone().with_kernels(kernels)?;
        let seconds = step(&net, &layer, channel, 224, 1, steps)?.as_secs_f64();
        let (ms, rate) = (seconds * 1e3, work / seconds);
        println!(
            "| {kernels:?} | {ms:.1} | {rate:.0} | {:.0} % |",
            100.0 * rate / gemm
        );
    }
    println!("\n({work:.2} GFLOP a step: the convolutions of the view, forward and back.)\n");

    println!("| part of a step | ms |\n| --- | --- |");
    for (name, time) in parts(&net, id, steps)? {
        println!("| {name} | {:.2} |", time.as_secs_f64() * 1e3);
    }

    println!("\n| size | batch | ms | ms / image / (224x224) | peak memory, MB |");
    println!("| --- | --- | --- | --- | --- |");
    let sizes = [128, 224, 320, 512, 768, 1024].map(|size| (size, 1));
    // A network that takes one size sees every image scaled to it.
    let few = if net.only_size(id).is_some() {
        3
    } else {
        sizes.len()
    };
    let sizes = sizes.into_iter().take(few);
    let batches = [2, 4, 8, 16].map(|batch| (224, batch));
    let mut lines = Vec::new();
    for (size, batch) in sizes.chain(batches) {
        let (ms, memory) = in_its_own_process(size, batch)?;
        let pixels = (batch * size * size) as f64;
        let each = ms / pixels * (224.0 * 224.0);
        println!("| {size} | {batch} | {ms:.1} | {each:.1} | {memory} |");
        lines.push((batch, pixels * 1e-6, [ms, memory]));
    }
    if !path.is_empty() {
        let panel = |which: usize, y| {
            let series = |name, color, is_in: fn(usize) -> bool| {
                let points = lines.iter().filter(|line| is_in(line.0));
                let points = points.map(|line| [line.1, line.2[which]]).collect();
                Series {
                    name,
                    color,
                    points,
                }
            };
            let x = "pixels of the batch, millions";
            let images = series("one image, 128 to 1024", "#1f77b4", |batch| batch == 1);
            let batches = series("2 to 16 images of 224", "#d62728", |batch| batch > 1);
            let series = vec![images, batches];
            Panel { x, y, series }
        };
        let panels = [panel(0, "ms a step"), panel(1, "peak memory, MB")];
        fs::write(path, plot::svg(&panels))?;
    }
    Ok(())
}

/// Milliseconds of a step and the peak memory in MB, of a process that does nothing else.
fn in_its_own_process(size: usize, batch: usize) -> Result<(f64, f64), Report> {
    let child = Command::new(std::env::current_exe()?)
        .args(std::env::args().skip(1))
        .env(CHILD, format!("{size} {batch}"))
        .output()?;
    let text = String::from_utf8_lossy(&child.stdout);
    let numbers: Vec<f64> = text
        .split_whitespace()
        .filter_map(|n| n.parse().ok())
        .collect();
    match numbers[..] {
        [ms, memory] => Ok((ms, memory)),
        _ => Err(String::from_utf8_lossy(&child.stderr).into()),
    }
}

/// The median step of a run.
fn step(
    net: &GraphNetwork,
    layer: &str,
    channel: usize,
    size: usize,
    batch: usize,
    steps: usize,
) -> Result<Duration, Report> {
    let run = Visualizer::new()
        .steps(WARM_UP + steps)
        .batch(batch)
        .run(net.channel(layer, channel)?, Fourier::new(size, size))?;
    Ok(median(run.timings().steps[WARM_UP..].to_vec()))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The transforms that a run has if none are chosen.
fn transforms(net: &GraphNetwork, layer: LayerId) -> Transforms {
    let standard = Transforms::standard();
    match net.only_size(layer) {
        Some([height, width]) => standard.then(Resize::new(width, height)),
        None => standard,
    }
}

/// GFLOP of a step: those of the convolutions, forward and for the gradient of the image, for the
/// views that the transforms make.
fn step_work(net: &GraphNetwork, layer: LayerId, size: usize) -> Result<f64, Report> {
    const VIEWS: usize = 64;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut total = 0;
    for _ in 0..VIEWS {
        let image = Tensor::zeros([1, 3, size, size], net.device());
        let context = &mut TransformContext::new(&mut rng);
        let [_, _, height, width] = transforms(net, layer).apply(image, context).dims();
        let view = net.multiply_adds(&[layer], [height, width]);
        total += view.ok_or("the view is too small for the layer")?;
    }
    Ok(total as f64 / VIEWS as f64 * 4.0 * 1e-9)
}

/// Medians of the parts, each on its own.
fn parts(
    net: &GraphNetwork,
    layer: LayerId,
    steps: usize,
) -> Result<Vec<(&'static str, Duration)>, Report> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut latent_image = Fourier::new(224, 224).init(1, &mut rng, net.device())?;
    let mut times: [Vec<Duration>; 6] = Default::default();
    for _ in 0..steps {
        latent_image.record();
        let start = Instant::now();
        let image = latent_image.image();
        times[0].push(start.elapsed());

        let start = Instant::now();
        let mut gradients = image.sum().backward();
        latent_image.update(&mut gradients, |_, value, _| value);
        times[1].push(start.elapsed());

        let image = latent_image
            .image()
            .without_autodiff()
            .autodiff()
            .require_grad();
        let start = Instant::now();
        let view = transforms(net, layer).apply(image, &mut TransformContext::new(&mut rng));
        times[2].push(start.elapsed());
        let leaf = view.clone().without_autodiff().autodiff().require_grad();
        let start = Instant::now();
        black_box(view.sum().backward());
        times[3].push(start.elapsed());

        let start = Instant::now();
        let acts = net
            .forward_to(leaf, &[layer], ReluGradient::Plain)
            .remove(0);
        times[4].push(start.elapsed());
        let start = Instant::now();
        black_box(acts.sum().backward());
        times[5].push(start.elapsed());
    }
    let names = [
        "Fourier image",
        "its gradient",
        "transforms",
        "their gradient",
        "network, forward",
        "network, gradient of the view",
    ];
    Ok(names.into_iter().zip(times.map(median)).collect())
}

/// GFLOP/s of the matrix products that burn's CPU backends are built on.
fn gemm_rate() -> f64 {
    const N: usize = 1024;
    let (a, b) = (vec![0.5_f32; N * N], vec![0.25_f32; N * N]);
    let mut c = vec![0.0_f32; N * N];
    let times = (0..24).map(|_| {
        let start = Instant::now();
        // SAFETY: three row-major matrices of N x N numbers that do not overlap.
        unsafe {
            gemm::gemm(
                N,
                N,
                N,
                c.as_mut_ptr(),
                1,
                N as isize,
                false,
                a.as_ptr(),
                1,
                N as isize,
                b.as_ptr(),
                1,
                N as isize,
                0.0,
                1.0,
                false,
                false,
                false,
                Parallelism::Rayon(0),
            );
        }
        black_box(&c);
        start.elapsed()
    });
    let seconds = median(times.collect()).as_secs_f64();
    2.0 * (N * N * N) as f64 / seconds * 1e-9
}

/// Largest resident memory of this process so far, in MB; 0 where the system does not tell.
fn peak_memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok());
    kb.unwrap_or(0) / 1024
}
