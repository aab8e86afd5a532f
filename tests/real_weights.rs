//! What the defaults reach on the real BVLC weights, at 224x224 in 256 steps.
//!
//! lucent 0.1.8 on the same weights, one seed: mixed4c:1 544, mixed4d:50 436, mixed3b:10 0 (flat
//! gray: the unit never wakes).

use oneiric::{
    Backend, Fourier, InceptionV1, NetworkExt, Objectives, Visualization, Visualizer,
    model::ReluGradient,
};
use oneiric_testkit::shared;

const SIZE: usize = 224;

fn net() -> Option<InceptionV1> {
    let weights = shared("weights/bvlc_googlenet.safetensors")?;
    let device = Backend::Flex.device().expect("flex is compiled in");
    Some(InceptionV1::load(weights, &device).expect("the real weights"))
}

/// Mean activation of a channel on the finished picture, without transforms.
fn clean(net: &InceptionV1, layer: &str, channel: usize, run: &Visualization) -> f32 {
    let layer = net.layer(layer).expect("a layer");
    let view = run.picture().to_tensor(net.device());
    let acts = net
        .forward_to(view, &[layer], ReluGradient::Plain)
        .remove(0);
    let mean = acts.narrow(1, channel, 1).mean().into_scalar::<f32>();
    println!("{} on the clean picture: {mean:.1}", net.describe(layer));
    mean
}

fn channel(layer: &str, channel: usize, steps: usize) -> Option<f32> {
    let net = net()?;
    let objective = net.channel(layer, channel).expect("a channel");
    let run = Visualizer::new()
        .steps(steps)
        .run(objective, Fourier::new(SIZE, SIZE));
    Some(clean(
        &net,
        layer,
        channel,
        &run.expect("a run that is fine"),
    ))
}

#[test]
fn mixed4c_1_reaches_what_lucent_reaches() {
    if let Some(activation) = channel("mixed4c", 1, 256) {
        assert!(activation >= 530.0, "{activation}");
    }
}

#[test]
fn mixed4d_50_reaches_what_lucent_reaches() {
    if let Some(activation) = channel("inception_4d", 50, 256) {
        assert!(activation >= 425.0, "{activation}");
    }
}

#[test]
fn mixed3b_10_wakes_up_where_lucent_returns_gray() {
    if let Some(activation) = channel("mixed3b", 10, 256) {
        assert!(activation > 250.0, "{activation}");
    }
}

#[test]
fn class_130_is_flamingos_to_the_network() {
    let Some(net) = net() else { return };
    let objective = net.class_logit("flamingo").expect("a class");
    let run = Visualizer::new()
        .steps(64)
        .run(objective, Fourier::new(SIZE, SIZE));
    let best = net
        .classify(run.expect("a run that is fine").picture())
        .expect("readable")
        .remove(0);
    assert_eq!((best.class, best.label.as_deref()), (130, Some("flamingo")));
}
