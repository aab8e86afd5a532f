//! The Fourier transform, compared with its definition, its adjoint and finite differences, and the
//! Fourier image, compared with its formula; on every backend that is compiled in.

use burn::tensor::{Device, Tensor};
use oneiric_core::Picture;
use oneiric_param::{Fft2, Fourier, ParamError, Parameterization, Pixel, irfft2, rfft2};
use oneiric_testkit::{
    Array, Tolerance, assert_close, assert_gradient, devices, naive_irfft2, naive_rfft2,
};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

fn small_sizes() -> impl Iterator<Item = (usize, usize)> {
    (1..=17).flat_map(|h| (1..=17).map(move |w| (h, w)))
}

const LARGE: [(usize, usize); 3] = [(127, 127), (161, 200), (224, 224)];

/// A spectrum and its images by the definition, computed once for all backends.
struct Case {
    size: (usize, usize),
    spectrum: Array,
    image: Array,
}

fn cases(sizes: impl Iterator<Item = (usize, usize)>) -> Vec<Case> {
    sizes
        .map(|(h, w)| {
            let spectrum = Array::noise([h, w / 2 + 1, 2], (h * 1000 + w) as u64);
            let image = naive_irfft2(&spectrum, w);
            Case {
                size: (h, w),
                spectrum,
                image,
            }
        })
        .collect()
}

fn assert_inverse_is_the_definition(cases: &[Case]) {
    for (backend, device) in devices() {
        for Case {
            size: (h, w),
            spectrum,
            image,
        } in cases
        {
            let z = spectrum.clone().reshape([1, 1, *h, w / 2 + 1, 2]);
            let actual = Array::of(irfft2(z.tensor(&device), *w).expect("fits"));
            let what = format!("irfft2 on {backend}, {h}x{w}");
            assert_close(&what, &actual.reshape([*h, *w]), image, Tolerance::FOURIER);
        }
    }
}

#[test]
fn irfft2_is_the_definition_for_all_small_sizes() {
    assert_inverse_is_the_definition(&cases(small_sizes()));
}

#[test]
fn irfft2_is_the_definition_for_real_sizes() {
    // The definition takes (h w)^2 steps; rows and columns apart take h w (h + w), in f64.
    let separable = |(h, w): (usize, usize)| {
        let spectrum = Array::noise([h, w / 2 + 1, 2], (h * 1000 + w) as u64);
        let image = separable_irfft2(&spectrum, w);
        Case {
            size: (h, w),
            spectrum,
            image,
        }
    };
    for Case {
        size: (_, w),
        spectrum,
        image,
    } in [(5, 6), (6, 7)].map(separable)
    {
        let what = "separable oracle against the definition";
        assert_close(
            what,
            &image,
            &naive_irfft2(&spectrum, w),
            Tolerance::ARITHMETIC,
        );
    }
    assert_inverse_is_the_definition(&LARGE.map(separable));
}

/// The definition, columns first and rows after them.
fn separable_irfft2(spectrum: &Array, w: usize) -> Array {
    let (h, half) = (spectrum.shape[0], spectrum.shape[1]);
    let turn = |a: usize, b: usize, n: usize| std::f64::consts::TAU * (a * b % n) as f64 / n as f64;
    let mut columns = vec![(0.0, 0.0); h * half];
    for y in 0..h {
        for l in 0..half {
            let mut sum = (0.0, 0.0);
            for k in 0..h {
                let at = (k * half + l) * 2;
                let (re, im) = (
                    f64::from(spectrum.values[at]),
                    f64::from(spectrum.values[at + 1]),
                );
                let (sin, cos) = turn(k, y, h).sin_cos();
                sum = (sum.0 + re * cos - im * sin, sum.1 + re * sin + im * cos);
            }
            columns[y * half + l] = sum;
        }
    }
    let mut image = Vec::with_capacity(h * w);
    for y in 0..h {
        for x in 0..w {
            let sum: f64 = (0..half)
                .map(|l| {
                    let multiplicity = if l == 0 || 2 * l == w { 1.0 } else { 2.0 };
                    let (sin, cos) = turn(l, x, w).sin_cos();
                    let (re, im) = columns[y * half + l];
                    multiplicity * (re * cos - im * sin)
                })
                .sum();
            image.push((sum / (h * w) as f64) as f32);
        }
    }
    Array::new([h, w], image)
}

#[test]
fn rfft2_is_the_definition() {
    let expected: Vec<(Array, Array)> = small_sizes()
        .filter(|(h, w)| h * w < 150)
        .map(|(h, w)| {
            let image = Array::noise([h, w], (h * 100 + w) as u64);
            let spectrum = naive_rfft2(&image);
            (image, spectrum)
        })
        .collect();
    for (backend, device) in devices() {
        for (image, spectrum) in &expected {
            let (h, w) = (image.shape[0], image.shape[1]);
            let actual = rfft2(image.clone().reshape([1, 1, h, w]).tensor(&device)).expect("fits");
            let actual = Array::of(actual).reshape(spectrum.shape.clone());
            assert_close(
                &format!("{backend} {h}x{w}"),
                &actual,
                spectrum,
                Tolerance::FOURIER,
            );
        }
    }
}

#[test]
fn transforming_there_and_back_changes_nothing() {
    for (backend, device) in devices() {
        for (h, w) in small_sizes().filter(|(h, w)| (h + w) % 3 == 0).chain(LARGE) {
            let image = Array::noise([2, 3, h, w], 5);
            let spectrum = rfft2(image.tensor(&device)).expect("fits");
            let back = Array::of(irfft2(spectrum.clone(), w).expect("fits"));
            let what = format!("{backend} {h}x{w}");
            assert_close(&what, &back, &image, Tolerance::FOURIER);
            // A spectrum that belongs to an image is recovered whole.
            let again = rfft2(back.tensor(&device)).expect("fits");
            assert_close(
                &what,
                &Array::of(again),
                &Array::of(spectrum),
                Tolerance::FOURIER,
            );
        }
    }
}

/// <A z, y> and <z, A* y>, where A* comes from burn's backward pass.
fn adjoint_pair<const I: usize, const O: usize>(
    z: &Array,
    y: &Array,
    device: &Device,
    a: impl Fn(Tensor<I>) -> Tensor<O>,
) -> [f64; 2] {
    let input = z.tensor::<I>(device).autodiff().require_grad();
    let output = a(input.clone());
    let forward = Array::of(output.clone()).dot(y);
    let mut gradients = (output * y.tensor::<O>(device)).sum().backward();
    let adjoint = Array::of(input.grad_remove(&mut gradients).expect("a gradient"));
    [forward, z.dot(&adjoint)]
}

#[test]
fn gradients_are_the_adjoint() {
    for (backend, device) in devices() {
        for (h, w) in small_sizes().chain(LARGE) {
            let z = Array::noise([1, 2, h, w / 2 + 1, 2], 11);
            let y = Array::noise([1, 2, h, w], 12);
            let size = (z.dot(&z) * y.dot(&y)).sqrt();
            let [forward, adjoint] = adjoint_pair(&z, &y, &device, |z| irfft2(z, w).expect("fits"));
            // <A z, y> is at most |A| |z| |y|, and irfft2 has norm sqrt(2 / hw).
            let scale = size * (2.0 / (h * w) as f64).sqrt();
            let apart = (forward - adjoint).abs() / scale;
            assert!(
                apart < 1e-5,
                "irfft2 on {backend}, {h}x{w}: {forward} {adjoint}"
            );

            let [forward, adjoint] = adjoint_pair(&y, &z, &device, |y| rfft2(y).expect("fits"));
            let scale = size * ((h * w) as f64).sqrt();
            let apart = (forward - adjoint).abs() / scale;
            assert!(
                apart < 1e-5,
                "rfft2 on {backend}, {h}x{w}: {forward} {adjoint}"
            );
        }
    }
}

#[test]
fn a_plan_is_for_one_device() {
    let devices = devices();
    let plan = Fft2::new(4, 4, &devices[0].1).expect("a size");
    for (_, other) in &devices[1..] {
        let images = Tensor::<4>::zeros([1, 3, 4, 4], other);
        assert!(matches!(
            plan.rfft2(images),
            Err(ParamError::PlanDevice { .. })
        ));
    }
}

#[test]
fn a_spectrum_of_another_size_is_refused() {
    for (_, device) in devices() {
        let spectrum = || Tensor::<5>::zeros([1, 3, 6, 4, 2], &device);
        assert!(irfft2(spectrum(), 6).is_ok());
        assert!(irfft2(spectrum(), 7).is_ok());
        for width in [0, 5, 8] {
            let refused = irfft2(spectrum(), width);
            assert!(
                matches!(refused, Err(ParamError::SpectrumShape { .. })),
                "{width}"
            );
        }
        let plan = Fft2::new(6, 6, &device).expect("a size");
        let other = Tensor::<4>::zeros([1, 3, 6, 7], &device);
        assert!(matches!(
            plan.rfft2(other),
            Err(ParamError::PlanSize { .. })
        ));
        assert!(matches!(
            Fft2::new(0, 6, &device),
            Err(ParamError::EmptyImage { .. })
        ));
    }
}

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

#[test]
fn the_fourier_image_is_its_formula() {
    let (h, w) = (5, 6);
    // image = sigmoid(M irfft2(latent * scale) / 4), each step by hand in f64.
    let correlation = [[0.26, 0.09, 0.02], [0.27, 0.0, -0.05], [0.27, -0.09, 0.03]];
    let lowest = 1.0 / 6.0_f64;
    for (backend, device) in devices() {
        let latent_image = Fourier::new(w, h)
            .sd(1.0)
            .init(1, &mut rng(), &device)
            .expect("fine");
        let latent = Array::of(latent_image.latent()[0].clone()).reshape([3, h, 4, 2]);
        let fy = [0.0, 0.2, 0.4, -0.4, -0.2_f64];
        let channels: Vec<Array> = (0..3)
            .map(|c| {
                let mut values = Vec::new();
                for (k, fy) in fy.iter().enumerate() {
                    for l in 0..4 {
                        let frequency = fy.hypot(l as f64 / 6.0).max(lowest);
                        let scale = (30.0_f64).sqrt() / frequency / 4.0;
                        let part = |p| (f64::from(latent.at(&[c, k, l, p])) * scale) as f32;
                        values.extend([part(0), part(1)]);
                    }
                }
                naive_irfft2(&Array::new([h, 4, 2], values), w)
            })
            .collect();
        let mut expected = Vec::new();
        for row in correlation {
            for at in 0..h * w {
                let mixed: f64 = (0..3)
                    .map(|c| row[c] / 0.461_952_4 * f64::from(channels[c].values[at]))
                    .sum();
                expected.push((1.0 / (1.0 + (-mixed).exp())) as f32);
            }
        }
        let expected = Array::new([1, 3, h, w], expected);
        let actual = Array::of(latent_image.image());
        assert_close(backend.name(), &actual, &expected, Tolerance::FOURIER);
    }
}

#[test]
fn the_start_has_the_given_spread_and_is_the_same_on_every_backend() {
    let starts: Vec<Array> = devices()
        .into_iter()
        .map(|(_, device)| {
            let latent_image = Fourier::new(64, 64)
                .init(2, &mut rng(), &device)
                .expect("fine");
            Array::of(latent_image.latent()[0].clone())
        })
        .collect();
    let first = &starts[0];
    let sd = (first.dot(first) / first.values.len() as f64).sqrt();
    assert!((sd - 0.01).abs() < 2e-4, "{sd}");
    assert!(starts.iter().all(|start| start == first));
}

#[test]
fn gradients_of_both_images_agree_with_finite_differences() {
    for (backend, device) in devices() {
        let params: [Box<dyn Parameterization>; 2] = [
            Box::new(Fourier::new(9, 6).sd(1.0)),
            Box::new(Pixel::new(9, 6).sd(1.0).decorrelated(true)),
        ];
        for param in params {
            let latent_image = param.init(1, &mut rng(), &device).expect("fine");
            let at = Array::of(latent_image.latent()[0].clone());
            let weights = Array::noise([1, 3, 6, 9], 2);
            assert_gradient(&format!("{backend} {param:?}"), &at, 1e-2, &device, |x| {
                (latent_image.decode(&[x]) * weights.tensor(&device)).sum()
            });
        }
    }
}

#[test]
fn a_photograph_comes_back_from_the_latent() {
    let values = Array::noise([7 * 5 * 3], 4)
        .values
        .iter()
        .map(|v| 0.5 + 0.5 * v)
        .collect();
    let photograph = Picture::new(7, 5, values).expect("values in 0..1");
    for (backend, device) in devices() {
        let params: [Box<dyn Parameterization>; 2] = [
            Box::new(Fourier::new(7, 5).start_from(photograph.clone())),
            Box::new(Pixel::new(7, 5).start_from(photograph.clone())),
        ];
        for param in params {
            let latent_image = param.init(2, &mut rng(), &device).expect("fits");
            let pictures = Picture::from_tensor(latent_image.image()).expect("pictures");
            assert_eq!(pictures.len(), 2);
            for picture in pictures {
                // Values near 0 and 1 are drawn half an 8-bit step inwards.
                let pairs = picture.values().iter().zip(photograph.values());
                let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(worst < 0.5 / 255.0 + 1e-5, "{backend} {param:?}: {worst}");
            }
        }
    }
}

#[test]
fn bad_configurations_are_refused_before_any_work() {
    for (_, device) in devices() {
        let refused = |param: &dyn Parameterization, batch| {
            param.init(batch, &mut rng(), &device).expect_err("refused")
        };
        let empty = refused(&Fourier::new(0, 8), 1);
        assert!(matches!(
            empty,
            ParamError::EmptyImage {
                width: 0,
                height: 8
            }
        ));
        assert!(matches!(
            refused(&Fourier::new(usize::MAX, 8), 1),
            ParamError::TooLarge { .. }
        ));
        assert!(matches!(
            refused(&Pixel::new(8, 8), 0),
            ParamError::EmptyBatch
        ));
        for bad in [-1.0, f32::NAN] {
            let sd = refused(&Fourier::new(8, 8).sd(bad), 1);
            assert!(matches!(sd, ParamError::Setting(_)));
        }
        for bad in [f32::INFINITY, 100.0] {
            let decay = refused(&Fourier::new(8, 8).decay(bad), 1);
            assert!(matches!(decay, ParamError::Setting(_)));
        }
        let photograph = Picture::new(4, 8, vec![0.5; 96]).expect("gray");
        let size = refused(&Pixel::new(8, 8).start_from(photograph), 1).to_string();
        assert!(size.contains("4x8") && size.contains("8x8"), "{size}");
    }
}
