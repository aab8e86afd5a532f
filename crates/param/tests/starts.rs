//! Parameterizations that start from a photograph, that learn one, and that are refused; on every
//! backend.

mod common;

use oneiric_core::Picture;
use oneiric_param::{
    ColorMapping, Cppn, Fourier, Inpaint, Maco, ParamError, Parameterization, Pixel, Pyramid,
    Shared, Squash,
};
use oneiric_testkit::{Array, Tolerance, assert_close, devices};

use common::{fit, latent_image, rng};

/// A smooth background with a disc and a bar of sharp edges.
fn photograph(side: usize, channels: usize) -> Picture {
    let at = |i: usize| i as f32 / (side - 1) as f32;
    let pixels = (0..side * side).map(|i| (at(i % side), at(i / side)));
    let values = pixels.flat_map(|(x, y)| {
        (0..channels).map(move |channel| {
            let disc = (x - 0.4).hypot(y - 0.5) < 0.25;
            let bar = (0.75..0.85).contains(&x);
            let ground = 0.5 + 0.25 * (3.0 * x + 2.0 * y + channel as f32).sin();
            match (disc, bar) {
                (true, _) => 0.15 + 0.2 * channel as f32 / channels as f32,
                (_, true) => 0.85,
                _ => ground,
            }
        })
    });
    Picture::with_channels(side, side, channels, values.collect()).expect("values in 0..1")
}

fn start_from(picture: &Picture) -> Vec<Box<dyn Parameterization>> {
    let (side, channels) = (picture.width(), picture.channels());
    let clear = Picture::with_channels(side, side, 1, vec![1.0; side * side]).expect("white");
    let fourier = Fourier::new(side, side)
        .channels(channels)
        .start_from(picture.clone());
    let pyramid = Pyramid::new(side, side)
        .channels(channels)
        .start_from(picture.clone());
    let pixel = Pixel::new(side, side)
        .channels(channels)
        .start_from(picture.clone());
    vec![
        Box::new(Inpaint::new(fourier.clone(), picture.clone(), clear)),
        Box::new(fourier.clone().decay(0.5)),
        Box::new(fourier.shared(Shared::new(2, 2))),
        Box::new(pyramid.clone().squash(Squash::Clamp)),
        Box::new(pyramid),
        Box::new(pixel.clone().decorrelated(true)),
        Box::new(pixel),
    ]
}

#[test]
fn an_image_starts_at_its_photograph() {
    for (backend, device) in devices() {
        for channels in [1, 3, 4, 6] {
            let picture = photograph(9, channels);
            let expected = Array::of(picture.to_tensor(&device).repeat_dim(0, 2));
            for params in start_from(&picture) {
                let actual = Array::of(latent_image(params.as_ref(), 2, &device).image());
                let what = format!("{backend} {params:?}");
                assert_close(&what, &actual, &expected, Tolerance::OfLargest(1e-4));
            }
        }
    }
}

#[test]
fn phases_start_at_those_of_a_photograph() {
    let picture = photograph(8, 3);
    for (backend, device) in devices() {
        let params = Maco::new(8, 8)
            .magnitudes_of(std::slice::from_ref(&picture))
            .start_from(picture.clone());
        let actual = Array::of(latent_image(&params, 1, &device).image());
        // With the photograph's own magnitudes, the image is the photograph, standardized.
        let color = ColorMapping {
            decorrelated: true,
            squash: Squash::Sigmoid,
        };
        let values = color.from_rgb(picture.to_tensor(&device));
        let centered = values.clone() - values.mean().reshape([1, 1, 1, 1]);
        let variance = (centered.clone() * centered.clone())
            .mean()
            .into_scalar::<f32>();
        let expected = color.to_rgb(&device)(centered / (variance.sqrt() + 1e-4));
        let expected = Array::of(expected);
        assert_close(
            backend.name(),
            &actual,
            &expected,
            Tolerance::OfLargest(1e-4),
        );
    }
}

#[test]
fn images_learn_a_photograph() {
    let picture = photograph(32, 3);
    let params: [Box<dyn Parameterization>; 3] = [
        Box::new(Fourier::new(32, 32)),
        Box::new(Pixel::new(32, 32)),
        Box::new(Pyramid::new(32, 32)),
    ];
    for (backend, device) in devices() {
        let target = picture.to_tensor(&device);
        for params in &params {
            let mut latent_image = latent_image(params.as_ref(), 1, &device);
            let error = fit(&mut latent_image, &target, 1000, 0.05, 0.01);
            assert!(error < 0.01, "{backend} {params:?}: {error}");
        }
    }
}

#[test]
fn a_cppn_learns_xor() {
    for (backend, device) in devices() {
        let target = Array::new([1, 1, 2, 2], vec![0.0, 1.0, 1.0, 0.0]).tensor(&device);
        let mut latent_image = latent_image(&Cppn::new(2, 2).channels(1), 1, &device);
        let error = fit(&mut latent_image, &target, 1000, 5e-3, 0.01);
        assert!(error < 0.01, "{backend}: {error}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_any_work() {
    let picture = |w: usize, h: usize, channels: usize| {
        let values = vec![0.5; w * h * channels];
        Picture::with_channels(w, h, channels, values).expect("gray")
    };
    for (_, device) in devices() {
        let refused = |params: &dyn Parameterization| {
            let refused = params.init(2, &mut rng(), &device);
            refused.expect_err("refused").to_string()
        };
        let says = |params: &dyn Parameterization, words: &[&str]| {
            let message = refused(params);
            for word in words {
                assert!(message.contains(word), "{message}");
            }
        };
        for channels in [0, 5000] {
            let params = Fourier::new(8, 8).channels(channels);
            says(&params, &["channels", &channels.to_string(), "4096"]);
        }
        says(&Pyramid::new(8, 8).levels(0), &["levels", "0"]);
        says(&Pyramid::new(8, 8).levels(17), &["levels", "17"]);
        says(&Pyramid::new(8, 8).sd(-1.0), &["standard deviation"]);
        says(&Cppn::new(8, 8).layers(0), &["layers", "0"]);
        says(&Cppn::new(8, 8).hidden(0), &["width", "0"]);
        says(
            &Cppn::new(8, 8).start_from(picture(8, 8, 3)),
            &["compositional", "cannot start from a photograph"],
        );
        says(
            &Fourier::new(8, 8).start_from(picture(8, 8, 1)),
            &["1 channels", "Picture::to_rgb"],
        );
        for shared in [
            Shared::new(9, 8),
            Shared::new(0, 8),
            Shared::new(4, 4).batch(3),
            Shared::new(4, 4).batch(0),
        ] {
            says(&Pixel::new(8, 8).shared(shared), &["shared tensor"]);
        }
        let sd = Shared::new(4, 4).sd(f32::NAN);
        says(&Pixel::new(8, 8).shared(sd), &["standard deviation"]);
        says(&Maco::new(8, 8).magnitudes_of(&[]), &["0 photographs"]);
        says(
            &Maco::new(8, 8).magnitudes_of(&[picture(4, 4, 3)]),
            &["flat"],
        );
        says(
            &Maco::new(8, 8).magnitudes_of(&[picture(4, 4, 4)]),
            &["4 channels"],
        );
        let masked = |under, mask| Inpaint::new(Fourier::new(8, 8), under, mask);
        says(
            &masked(picture(4, 8, 3), picture(8, 8, 1)),
            &["4x8", "8x8", "resize"],
        );
        says(&masked(picture(8, 8, 4), picture(8, 8, 1)), &["4 channels"]);
        says(
            &masked(picture(8, 8, 3), picture(8, 8, 3)),
            &["mask", "3 channels", "Picture::channel"],
        );
        says(
            &masked(picture(8, 8, 3), picture(8, 4, 1)),
            &["mask", "8x4"],
        );
        assert!(matches!(
            Pyramid::new(8, 8).init(0, &mut rng(), &device),
            Err(ParamError::EmptyBatch)
        ));
    }
}
