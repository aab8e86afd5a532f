//! The network alone: forward to a layer, and the gradient of the image.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use oneiric::{
    Backend, NetworkExt,
    burn::tensor::Tensor,
    model::{GraphNetwork, Kernels, LayerId, ReluGradient},
};

use crate::common::Report;

/// Passes before the clock starts.
const WARM_UP: usize = 3;
/// The most passes by burn's operations, which are slow.
const MOST_BY_BURN: usize = 5;

/// Prints the time of a pass and of its gradient with every set of instructions.
pub(crate) fn report(
    net: &GraphNetwork,
    layer: LayerId,
    channel: usize,
    steps: usize,
    gemm: f64,
    memory: f64,
) -> Result<(), Report> {
    let work = net.multiply_adds(&[layer], [224; 2]);
    let work = work.ok_or("the layer takes no images of 224x224")? as f64 * 4.0 * 1e-9;
    let name = &net.layers()[layer.index()];
    println!("The network alone, 224x224, forward to {name} and back to the image:\n");
    println!("| kernels | ms | least | useful GFLOP/s | of the matrix products |");
    println!("| --- | --- | --- | --- | --- |");
    for kernels in Kernels::available(Backend::Flex) {
        let net = net.clone().with_kernels(kernels)?;
        if kernels != Kernels::Burn && net.burn_reason().is_some() {
            continue;
        }
        let most = if kernels == Kernels::Burn {
            MOST_BY_BURN
        } else {
            steps
        };
        let [middle, least] = median(&net, layer, channel, 224, steps.min(most))?;
        let (ms, rate) = (middle.as_secs_f64() * 1e3, work / middle.as_secs_f64());
        println!(
            "| {kernels:?} | {ms:.1} | {:.1} | {rate:.0} | {:.0} % |",
            least.as_secs_f64() * 1e3,
            100.0 * rate / gemm
        );
    }
    if let Some(reason) = net.burn_reason() {
        println!("\nBy burn's operations, because {reason}.");
    }
    println!("\n({work:.2} GFLOP; peak memory of a process that does this alone: {memory} MB.)\n");
    Ok(())
}

/// The median time of a pass and its gradient, and the least.
pub(crate) fn median(
    net: &GraphNetwork,
    layer: LayerId,
    channel: usize,
    size: usize,
    steps: usize,
) -> Result<[Duration; 2], Report> {
    let image = Tensor::<4>::zeros([1, 3, size, size], net.device());
    let image = image.random_like(oneiric::burn::tensor::Distribution::Default);
    let mut times = Vec::with_capacity(steps);
    for _ in 0..WARM_UP + steps.max(1) {
        let start = Instant::now();
        let leaf = image.clone().autodiff().require_grad();
        let layers = net.forward_to(leaf, &[layer], ReluGradient::Plain);
        let map = layers.into_iter().next().ok_or("no layer")?;
        let [items, _, height, width] = map.dims();
        let unit = map.slice([0..items, channel..channel + 1, 0..height, 0..width]);
        black_box(unit.mean().backward());
        times.push(start.elapsed());
    }
    let mut times = times.split_off(WARM_UP);
    times.sort_unstable();
    Ok([times[times.len() / 2], times[0]])
}
