//! Runs on a network that takes images of a single size.

mod common;

use std::sync::Arc;

use oneiric_model::{
    GraphNetwork, NetworkExt,
    graph::{ConvConfig, GraphBuilder, Padding},
};
use oneiric_objective::Objectives;
use oneiric_optimize::{RunError, Visualizer};
use oneiric_param::Pixel;
use oneiric_testkit::devices;
use oneiric_transform::{Jitter, RandomScale, Resize, Transforms};

/// A convolution and a fully connected layer on its map of 24x24.
fn network(device: &burn::tensor::Device) -> Arc<GraphNetwork> {
    let mut net = GraphBuilder::new(3);
    let padded = ConvConfig::new(4, [3, 3]).padding(Padding::symmetric([1, 1]));
    let x = net.conv("conv", net.input(), padded);
    let x = net.relu("relu", x);
    net.gemm("scores", x, 4 * 24 * 24, 5);
    let graph = net.build().expect("a graph");
    let net = GraphNetwork::random(graph, 1, device).expect("a network");
    Arc::new(net.with_logits("scores").expect("a layer"))
}

#[test]
fn the_standard_transforms_end_in_it_and_others_must() -> Result<(), Box<dyn std::error::Error>> {
    for (_, device) in devices() {
        let net = network(&device);
        let scores = net.layer("scores")?;
        assert_eq!(net.only_size(scores), Some([24, 24]));
        assert_eq!(net.only_size(net.layer("relu")?), None);
        let objective = net.class_logit(2)?;
        assert_eq!(objective.only_size(), Some([24, 24]));

        // The picture may have another size.
        let run = Visualizer::new()
            .steps(3)
            .run(&objective, Pixel::new(40, 32))?;
        assert_eq!([run.picture().width(), run.picture().height()], [40, 32]);

        let with = |transforms: Transforms| {
            let run = Visualizer::new().steps(3).transforms(transforms);
            run.run(&objective, Pixel::new(24, 24))
        };
        let text = with(Transforms::none().then(Jitter::new(2)))
            .expect_err("views of 22x22")
            .to_string();
        assert!(text.contains("append Resize::new(24, 24)"), "{text}");
        with(Transforms::none())?;
        with(
            Transforms::none()
                .then(Jitter::new(2))
                .then(Resize::new(24, 24)),
        )?;
        // The smallest view fits, larger ones do not: an error in the run, with its last picture.
        let scale = RandomScale::new(vec![1.0, 1.5, 1.6]);
        match Visualizer::new()
            .steps(60)
            .transforms(Transforms::none().then(scale))
            .run(&objective, Pixel::new(24, 24))
        {
            Err(RunError::Broken { source, .. }) => {
                let text = source.to_string();
                assert!(text.contains("append Resize::new(24, 24)"), "{text}");
            }
            other => panic!("{:?}", other.map(|_| ())),
        }
        // A layer before takes any size.
        Visualizer::new()
            .steps(2)
            .run(net.channel("relu", 1)?, Pixel::new(40, 32))?;
    }
    Ok(())
}
