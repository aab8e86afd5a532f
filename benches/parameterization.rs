//! The Fourier transform and the parameterizations, forward and with their gradient.

mod common;

use common::{devices, sync};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use oneiric::{
    Fourier, Parameterization,
    burn::tensor::Tensor,
    param::{Fft2, LatentImage, Pixel},
};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

const SIZES: [usize; 3] = [128, 224, 512];

fn irfft2(c: &mut Criterion) {
    let mut group = c.benchmark_group("irfft2");
    for (name, device) in devices() {
        for size in SIZES {
            let plan = Fft2::new(size, size, &device).expect("a size");
            let spectrum = Tensor::<5>::ones([1, 3, size, size / 2 + 1, 2], &device);
            group.bench_function(BenchmarkId::new(&name, size), |b| {
                b.iter(|| {
                    let image = plan.irfft2(spectrum.clone()).expect("fits");
                    sync(&device);
                    image
                });
            });
        }
    }
}

fn image_and_gradient(latent_image: &mut LatentImage) {
    latent_image.record();
    let mut gradients = latent_image.image().sum().backward();
    latent_image.update(&mut gradients, |_, value, gradient| value + gradient);
}

fn images(c: &mut Criterion) {
    let mut group = c.benchmark_group("image and gradient");
    for (name, device) in devices() {
        for size in SIZES {
            let params: [(&str, Box<dyn Parameterization>); 2] = [
                ("pixel", Box::new(Pixel::new(size, size))),
                ("fourier", Box::new(Fourier::new(size, size))),
            ];
            for (basis, params) in params {
                let mut rng = ChaCha8Rng::seed_from_u64(0);
                let mut latent_image = params.init(1, &mut rng, &device).expect("a size");
                let id = BenchmarkId::new(format!("{basis} {name}"), size);
                group.bench_function(id, |b| {
                    b.iter(|| {
                        image_and_gradient(&mut latent_image);
                        sync(&device);
                    });
                });
            }
        }
    }
}

criterion_group!(benches, irfft2, images);
criterion_main!(benches);
