//! Each transform, and lists of them, with the gradient.

mod common;

use common::{devices, gray, sync};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use oneiric::{
    Transforms,
    transform::{
        Border, ColorJitter, GaussianBlur, Jitter, Noise, Pad, RandomCrop, RandomRotate,
        RandomScale, Resize, Transform, TransformContext,
    },
};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

const SIZE: usize = 224;

fn transforms(c: &mut Criterion) {
    let list: [(&str, Box<dyn Transform>); 12] = [
        ("pad", Box::new(Pad::new(12))),
        ("jitter", Box::new(Jitter::new(8))),
        ("scale", Box::new(RandomScale::new(vec![0.9, 1.1]))),
        ("rotate", Box::new(RandomRotate::new(vec![-10.0, 10.0]))),
        ("reflect", Box::new(Pad::new(12).border(Border::Reflect))),
        ("shrink", Box::new(Resize::new(128, 128))),
        ("crop", Box::new(RandomCrop::new())),
        ("blur", Box::new(GaussianBlur::new(2.0))),
        ("noise", Box::new(Noise::new(0.08))),
        ("colors", Box::new(ColorJitter::new())),
        ("maco", Box::new(Transforms::maco())),
        ("standard", Box::new(Transforms::standard())),
    ];
    let mut group = c.benchmark_group("transform and gradient");
    for (device_name, device) in devices() {
        for (name, transform) in &list {
            let mut rng = ChaCha8Rng::seed_from_u64(0);
            let id = BenchmarkId::new(format!("{name} {device_name}"), SIZE);
            group.bench_function(id, |b| {
                b.iter(|| {
                    let image = gray(SIZE, &device).autodiff().require_grad();
                    let view = transform.apply(image.clone(), &mut TransformContext::new(&mut rng));
                    let mut gradients = view.sum().backward();
                    let gradient = image.grad_remove(&mut gradients);
                    sync(&device);
                    gradient
                });
            });
        }
    }
}

criterion_group!(benches, transforms);
criterion_main!(benches);
