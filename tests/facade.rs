//! Names of the facade: what a program meets in signatures can be named from it.

use std::sync::Arc;

use oneiric::{
    Backend, CancelToken, DeviceError, Fourier, InceptionV1, Network, NetworkExt, Objective,
    Objectives, Parameterization, Picture, PictureError, Progress, RunError, Transforms,
    Visualization, Visualizer,
    burn::{optim::AdamConfig, tensor::Device},
    default_device, inspect, model, objective, optimize, param, support, transform, weights,
};

/// Fails to compile if a type cannot be named.
fn named<T: ?Sized>() -> &'static str {
    std::any::type_name::<T>()
}

#[test]
fn types_of_signatures_have_a_name() {
    let names = [
        // The bases behind Fourier, Pixel and the like, which rustdoc shows.
        named::<param::InBasis<param::Spectrum>>(),
        named::<param::InBasis<param::Pixels>>(),
        named::<param::InBasis<param::Levels>>(),
        named::<param::InBasis<param::Layers>>(),
        named::<param::InBasis<param::Phases>>(),
        named::<dyn param::Basis>(),
        named::<dyn param::PreparedBasis>(),
        named::<param::ImageSpec<'_>>(),
        named::<param::LatentImage>(),
        named::<param::ColorMapping>(),
        named::<dyn transform::Transform>(),
        named::<transform::TransformContext<'_>>(),
        named::<transform::Border>(),
        named::<transform::TransformError>(),
        named::<dyn objective::Measure>(),
        named::<objective::Reading>(),
        named::<objective::Activations>(),
        named::<objective::LayerError>(),
        named::<optimize::RunProgress<'_>>(),
        named::<optimize::Snapshot>(),
        named::<optimize::Timings>(),
        named::<inspect::Grid>(),
        named::<inspect::Examples>(),
        named::<inspect::Example>(),
        named::<inspect::Unreadable>(),
        named::<inspect::Factors>(),
        named::<model::ReluGradient>(),
        named::<model::Kernels>(),
        named::<model::Isa>(),
        named::<weights::NamedTensors>(),
        named::<weights::WeightsError>(),
        named::<support::SettingError>(),
        named::<oneiric::graph::Graph>(),
        named::<oneiric::image::DynamicImage>(),
        named::<dyn oneiric::rand::Rng>(),
        named::<(Backend, DeviceError, PictureError, RunError)>(),
        named::<(Objective, Visualization, Progress, CancelToken, Picture)>(),
    ];
    assert!(names.iter().all(|name| !name.is_empty()));
}

/// A run as a server would make it: everything boxed or shared, in another thread.
#[test]
fn a_run_goes_to_a_thread_with_all_that_it_needs() {
    let device: Device = default_device().expect("a backend is compiled in");
    let config = model::InceptionV1Config::tiny();
    let net = InceptionV1::random(config, 0, &device).expect("a configuration of ours");
    let network: Arc<dyn Network> = Arc::new(net.clone());
    let objective = net.channel("mixed4a", 1).expect("a channel");
    let params: Arc<dyn Parameterization> = Arc::new(Fourier::new(40, 36));
    let token = CancelToken::new();
    let visualizer = Visualizer::new()
        .steps(2)
        .optimizer(AdamConfig::new().build())
        .transforms(Transforms::standard())
        .observer(|progress| assert!(progress.progress().fraction().is_some()))
        .cancel(token.clone());
    let shared = (objective.clone(), Arc::clone(&params));
    let run = std::thread::spawn(move || {
        let layers = network.layers().len();
        (layers, visualizer.run(objective, params))
    });
    let (layers, run) = run.join().expect("no panic");
    assert!(layers > 0 && !token.is_canceled());
    assert_eq!(run.expect("a run that is fine").values().len(), 2);
    token.cancel();
    let canceled = Visualizer::new().cancel(token).run(&shared.0, &shared.1);
    let canceled = canceled.expect("the start");
    assert_eq!(canceled.ending(), optimize::Ending::Canceled);
}
