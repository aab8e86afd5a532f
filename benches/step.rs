//! A whole step with the defaults of the field: a run of some steps, divided by their number.

mod common;

use std::time::Duration;

use common::{devices, networks};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use oneiric::{Fourier, Objectives, Visualizer};

/// Steps before the clock starts: the first ones redirect the ReLUs' gradient and warm up.
const WARM_UP: usize = 16;

fn steps(c: &mut Criterion) {
    for (device_name, device) in devices() {
        for (variant, net) in networks(&device) {
            let mut group = c.benchmark_group(format!("step {variant} {device_name}"));
            group.sample_size(10);
            for layer in ["mixed3b", "mixed4d"] {
                for size in [128, 224] {
                    group.bench_function(BenchmarkId::new(layer, size), |b| {
                        b.iter_custom(|count| {
                            let objective = net.channel(layer, 50).expect("a channel");
                            let run = Visualizer::new()
                                .steps(WARM_UP + count as usize)
                                .run(objective, Fourier::new(size, size))
                                .expect("a run that is fine");
                            run.timings().steps[WARM_UP..].iter().sum::<Duration>()
                        });
                    });
                }
            }
        }
    }
}

criterion_group!(benches, steps);
criterion_main!(benches);
