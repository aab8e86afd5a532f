//! The forward pass to several depths, alone and with the gradient of the image.

mod common;

use common::{devices, gray, networks, sync};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use oneiric::{NetworkExt, model::ReluGradient};

const SIZE: usize = 224;
const DEPTHS: [&str; 6] = [
    "conv2d0", "maxpool1", "mixed3b", "mixed4a", "mixed4d", "logits",
];

fn depths(c: &mut Criterion) {
    for (device_name, device) in devices() {
        for (variant, net) in networks(&device) {
            let mut group = c.benchmark_group(format!("{variant} {device_name}"));
            group.sample_size(10);
            for depth in DEPTHS {
                let layer = [net.layer(depth).expect("a layer")];
                let image = gray(SIZE, &device);
                group.bench_function(BenchmarkId::new("forward", depth), |b| {
                    b.iter(|| {
                        let acts = net.forward_to(image.clone(), &layer, ReluGradient::Plain);
                        sync(&device);
                        acts
                    });
                });
                group.bench_function(BenchmarkId::new("and gradient", depth), |b| {
                    b.iter(|| {
                        let image = image.clone().autodiff().require_grad();
                        let acts = net.forward_to(image.clone(), &layer, ReluGradient::Plain);
                        let mut gradients = acts[0].clone().mean().backward();
                        let gradient = image.grad_remove(&mut gradients);
                        sync(&device);
                        gradient
                    });
                });
            }
        }
    }
}

criterion_group!(benches, depths);
criterion_main!(benches);
