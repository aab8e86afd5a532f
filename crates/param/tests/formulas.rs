//! The image of each parameterization, compared with a slow version of its formula in f64 and, for
//! the gradient, with finite differences, on every backend. The Fourier image has a file of its
//! own.

mod common;

use oneiric_core::{Backend, Picture};
use oneiric_param::{Cppn, Fourier, Inpaint, Maco, Parameterization, Pixel, Pyramid, Shared};
use oneiric_testkit::{
    Array, Tolerance, assert_close, assert_gradient, devices, naive_irfft2, naive_rfft2,
};

use common::{latent_image, naive_resize, noise_latent, sigmoid, tensors};

/// Adds values, reshapes the sum and applies the sigmoid.
fn squashed(values: &[Array], shape: [usize; 4]) -> Array {
    let count: usize = shape.iter().product();
    let sum = |at: usize| values.iter().map(|array| f64::from(array.values[at])).sum();
    let values = (0..count).map(|at| sigmoid(sum(at)) as f32).collect();
    Array::new(shape, values)
}

#[test]
fn the_pyramid_is_the_sum_of_its_levels() {
    let sizes = [[5, 7], [3, 4], [2, 2], [1, 1]];
    for (backend, device) in devices() {
        for channels in [1, 3] {
            let params = Pyramid::new(7, 5).channels(channels).decorrelated(false);
            let latent_image = latent_image(&params, 2, &device);
            let latent = noise_latent(&latent_image, 1.0);
            assert_eq!(latent.len(), sizes.len());
            let levels: Vec<Array> = latent
                .iter()
                .zip(sizes)
                .map(|(level, [h, w])| {
                    naive_resize(&level.clone().reshape([2, channels, h, w]), [2, 5, 7])
                })
                .collect();
            let actual = Array::of(latent_image.decode(&tensors(&latent, &device)));
            let expected = squashed(&levels, [2, channels, 5, 7]);
            assert_close(backend.name(), &actual, &expected, Tolerance::ARITHMETIC);
        }
    }
}

#[test]
fn shared_tensors_are_stretched_over_space_and_batch_and_added() {
    for (backend, device) in devices() {
        for (shared, [n, h, w]) in [
            (Shared::new(3, 2).batch(2), [2, 2, 3]),
            (Shared::new(1, 1), [1, 1, 1]),
            (Shared::new(6, 4).batch(5), [5, 4, 6]),
        ] {
            let params = Pixel::new(6, 4).shared(shared);
            let latent_image = latent_image(&params, 5, &device);
            let latent = noise_latent(&latent_image, 1.0);
            let low = latent[1].clone().reshape([n, 3, h, w]);
            let added = naive_resize(&low, [5, 4, 6]);
            let actual = Array::of(latent_image.decode(&tensors(&latent, &device)));
            let expected = squashed(&[latent[0].clone(), added], [5, 3, 4, 6]);
            assert_close(backend.name(), &actual, &expected, Tolerance::ARITHMETIC);
        }
    }
}

#[test]
fn several_shared_tensors_add_up_and_images_that_share_all_are_one() {
    for (backend, device) in devices() {
        let params = Fourier::new(8, 6)
            .sd(0.0)
            .shared(Shared::new(4, 3).sd(1.0))
            .shared(Shared::new(2, 2).sd(1.0));
        let latent_image = latent_image(&params, 3, &device);
        let image = Array::of(latent_image.image());
        let [first, second] = [0, 1].map(|i| &image.values[i * 3 * 48..][..3 * 48]);
        assert_eq!(first, second, "{backend}");
        let paint = |keep: usize| {
            let mut latent = latent_image.latent().to_vec();
            for (index, tensor) in latent.iter_mut().enumerate() {
                if index != keep {
                    *tensor = tensor.clone() * 0.0;
                }
            }
            // The inverse of the sigmoid gives the values that were added.
            let image = Array::of(latent_image.decode(&latent));
            let logit = |p: f32| (p / (1.0 - p)).ln();
            Array::new(image.shape, image.values.into_iter().map(logit).collect())
        };
        let expected = squashed(&[paint(1), paint(2)], [3, 3, 6, 8]);
        assert_close(
            backend.name(),
            &image,
            &expected,
            Tolerance::OfLargest(1e-5),
        );
    }
}

/// The network of image `k` at one pixel. The latent tensors hold `n` images.
fn naive_cppn(latent: &[Array], n: usize, k: usize, [x, y]: [f64; 2]) -> Vec<f64> {
    let layers = latent.len() / 2;
    let mut values = vec![x, y];
    for layer in 0..layers {
        if layer > 0 {
            let atans: Vec<f64> = values.iter().map(|v| v.atan()).collect();
            values = atans.iter().map(|a| a / 0.67).collect();
            values.extend(atans.iter().map(|a| a * a / 0.6));
        }
        let [weights, biases] = [&latent[2 * layer].values, &latent[2 * layer + 1].values];
        let (inputs, outputs) = (values.len(), biases.len() / n);
        let sum = |out: usize| {
            let row = &weights[(k * outputs + out) * inputs..][..inputs];
            let products = row.iter().zip(&values).map(|(w, v)| f64::from(*w) * v);
            products.sum::<f64>() + f64::from(biases[k * outputs + out])
        };
        values = (0..outputs).map(sum).collect();
    }
    values
}

#[test]
fn the_cppn_is_a_network_of_coordinates() {
    let reach = 3.0_f64.sqrt();
    for (backend, device) in devices() {
        let params = Cppn::new(5, 3).channels(4);
        let latent_image = latent_image(&params, 2, &device);
        let latent = noise_latent(&latent_image, 0.3);
        assert_eq!(latent.len(), 18);
        let mut expected = Vec::new();
        for k in 0..2 {
            for channel in 0..4 {
                for y in [-0.5, 0.0, 0.5] {
                    for x in [-1.0, -0.5, 0.0, 0.5, 1.0] {
                        let values = naive_cppn(&latent, 2, k, [x * reach, y * reach]);
                        expected.push(sigmoid(values[channel]) as f32);
                    }
                }
            }
        }
        let expected = Array::new([2, 4, 3, 5], expected);
        let actual = Array::of(latent_image.decode(&tensors(&latent, &device)));
        // Vulkan allows an arctangent to be off by 4096 units in the last place, and there are
        // eight layers of them.
        let close = match backend {
            Backend::Wgpu => 1e-4,
            _ => 1e-5,
        };
        assert_close(
            backend.name(),
            &actual,
            &expected,
            Tolerance::OfLargest(close),
        );
    }
}

#[test]
fn the_cppn_starts_gray_and_unlike_in_each_image() {
    for (backend, device) in devices() {
        let latent_image = latent_image(&Cppn::new(6, 5), 2, &device);
        let image = Array::of(latent_image.image());
        assert!(image.values.iter().all(|&v| v == 0.5), "{backend}");
        let second_layer = Array::of(latent_image.latent()[2].clone()).values;
        let (one, other) = second_layer.split_at(second_layer.len() / 2);
        assert_ne!(one, other);
        // 48 inputs: the variance is 1 / 48, with values truncated at two standard deviations of
        // the distribution before truncation.
        let squares: f32 = second_layer.iter().map(|w| w * w).sum();
        let variance = squares / second_layer.len() as f32;
        assert!((variance * 48.0 - 1.0).abs() < 0.1, "{variance}");
        let limit = 2.0 / 0.879 / 48.0_f32.sqrt();
        assert!(second_layer.iter().all(|w| w.abs() < limit));
    }
}

#[test]
fn a_cppn_has_no_resolution() {
    for (backend, device) in devices() {
        let [small, large] = [3, 5].map(|side| latent_image(&Cppn::new(side, side), 1, &device));
        let latent = tensors(&noise_latent(&small, 0.3), &device);
        let [small, large] =
            [small, large].map(|latent_image| Array::of(latent_image.decode(&latent)));
        for (y, x) in [(0, 0), (0, 2), (1, 1), (2, 1)] {
            let [a, b] = [small.at(&[0, 1, y, x]), large.at(&[0, 1, 2 * y, 2 * x])];
            assert!((a - b).abs() < 1e-5, "{backend}: {a} {b}");
        }
    }
}

/// `sigmoid(standardized(irfft2(magnitude exp(i phase))))` of one image without mixed colors.
fn naive_phase(
    phase: &[f32],
    magnitude: impl Fn(usize, usize, usize) -> f64,
    shape: [usize; 3],
) -> Array {
    let [channels, h, w] = shape;
    let half = w / 2 + 1;
    let mut values = Vec::new();
    for channel in 0..channels {
        let mut spectrum = Vec::new();
        for at in 0..h * half {
            let angle = f64::from(phase[channel * h * half + at]);
            let magnitude = magnitude(channel, at / half, at % half);
            spectrum.extend([
                (magnitude * angle.cos()) as f32,
                (magnitude * angle.sin()) as f32,
            ]);
        }
        values.extend(naive_irfft2(&Array::new([h, half, 2], spectrum), w).values);
    }
    let count = values.len() as f64;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
    let squares = values.iter().map(|&v| (f64::from(v) - mean).powi(2));
    let spread = (squares.sum::<f64>() / count).sqrt() + 1e-4;
    let squash = |v: &f32| sigmoid((f64::from(*v) - mean) / spread) as f32;
    Array::new([1, channels, h, w], values.iter().map(squash).collect())
}

#[test]
fn phases_of_one_over_frequency() {
    let (h, w) = (5, 6);
    let fy = [0.0, 0.2, 0.4, 0.4, 0.2_f64];
    for (backend, device) in devices() {
        let params = Maco::new(w, h).decorrelated(false);
        let latent_image = latent_image(&params, 1, &device);
        let phase = Array::of(latent_image.latent()[0].clone());
        let pi = std::f32::consts::PI;
        assert!(phase.values.iter().all(|p| (-pi..=pi).contains(p)));
        let magnitude = |_, row: usize, column: usize| {
            let frequency = fy[row].hypot(column as f64 / 6.0).max(1.0 / 6.0);
            30.0_f64.sqrt() / frequency / 4.0
        };
        let expected = naive_phase(&phase.values, magnitude, [3, h, w]);
        let actual = Array::of(latent_image.image());
        assert_close(backend.name(), &actual, &expected, Tolerance::FOURIER);
    }
}

fn photograph(width: usize, height: usize, channels: usize, seed: u64) -> Picture {
    let noise = Array::noise([width * height * channels], seed);
    let values = noise.values.iter().map(|v| 0.5 + 0.4 * v).collect();
    Picture::with_channels(width, height, channels, values).expect("values in 0..1")
}

#[test]
fn phases_of_the_mean_magnitude_of_photographs() {
    let (h, w) = (4, 5);
    let photographs = [1, 2].map(|seed| photograph(w, h, 2, seed));
    let spectra = photographs.clone().map(|picture| {
        [0, 1].map(|channel| {
            let channel = picture.channel(channel).expect("there");
            let logit = |&p: &f32| (p / (1.0 - p)).ln();
            let values = channel.values().iter().map(logit).collect();
            naive_rfft2(&Array::new([h, w], values))
        })
    });
    let magnitude = |channel: usize, row: usize, column: usize| {
        let of = |spectrum: &Array| {
            let part = |p| f64::from(spectrum.at(&[row, column, p]));
            part(0).hypot(part(1))
        };
        f64::midpoint(of(&spectra[0][channel]), of(&spectra[1][channel]))
    };
    for (backend, device) in devices() {
        let params = Maco::new(w, h).channels(2).magnitudes_of(&photographs);
        let latent_image = latent_image(&params, 1, &device);
        let phase = Array::of(latent_image.latent()[0].clone());
        let expected = naive_phase(&phase.values, magnitude, [2, h, w]);
        let actual = Array::of(latent_image.image());
        assert_close(backend.name(), &actual, &expected, Tolerance::FOURIER);
        // Photographs of another size are resized first.
        let larger = Maco::new(9, 7).channels(2).magnitudes_of(&photographs);
        assert_eq!(
            common::latent_image(&larger, 2, &device).image().dims(),
            [2, 2, 7, 9]
        );
    }
}

#[test]
fn a_masked_image_is_a_blend() {
    let under = photograph(4, 3, 3, 5);
    let values = (0..12).map(|i| [0.0, 1.0, 0.25][i % 3]).collect();
    let mask = Picture::with_channels(4, 3, 1, values).expect("gray");
    for (backend, device) in devices() {
        let inner = Pixel::new(4, 3).sd(1.0);
        let painted = Array::of(latent_image(&inner, 2, &device).image());
        let masked = Inpaint::new(inner, under.clone(), mask.clone());
        assert_eq!(masked.shape(), [3, 3, 4]);
        let actual = Array::of(latent_image(&masked, 2, &device).image());
        let mut expected = painted.clone();
        for (at, value) in expected.values.iter_mut().enumerate() {
            let (channel, y, x) = (at / 12 % 3, at / 4 % 3, at % 4);
            let m = mask.pixel(x, y)[0];
            *value = m * *value + (1.0 - m) * under.pixel(x, y)[channel];
        }
        assert_close(backend.name(), &actual, &expected, Tolerance::ARITHMETIC);
        // Bits are unchanged where the mask is 0.
        assert_eq!(actual.at(&[1, 2, 0, 0]), under.pixel(0, 0)[2]);
    }
}

#[test]
fn gradients_agree_with_finite_differences() {
    let under = photograph(6, 5, 3, 5);
    let mask = photograph(6, 5, 1, 6);
    let shared = || Shared::new(3, 2).batch(2);
    let params: [Box<dyn Parameterization>; 9] = [
        Box::new(Pixel::new(6, 5).shared(shared())),
        Box::new(Fourier::new(6, 5).channels(4).shared(shared())),
        Box::new(Fourier::new(6, 5).channels(1)),
        Box::new(Pyramid::new(6, 5)),
        Box::new(Pyramid::new(6, 5).channels(5).levels(2)),
        Box::new(Cppn::new(6, 5).layers(2).hidden(5)),
        Box::new(Maco::new(6, 5)),
        Box::new(
            Maco::new(6, 5)
                .channels(4)
                .magnitudes_of(&[photograph(6, 5, 4, 7)]),
        ),
        Box::new(Inpaint::new(Fourier::new(6, 5), under, mask)),
    ];
    for (backend, device) in devices() {
        for params in &params {
            let latent_image = latent_image(params.as_ref(), 2, &device);
            let latent = noise_latent(&latent_image, 0.5);
            let weights = Array::noise([2, params.shape()[0], 5, 6], 2);
            for (index, at) in latent.iter().enumerate() {
                let what = format!("{backend} {params:?}, latent {index}");
                assert_gradient(&what, at, 1e-2, &device, |x| {
                    let mut latent = tensors(&latent, &device);
                    latent[index] = x;
                    (latent_image.decode(&latent) * weights.tensor(&device)).sum()
                });
            }
        }
    }
}
