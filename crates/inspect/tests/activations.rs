//! Activations of photographs, compared with those of the network itself.

mod common;

use common::{Linear, everywhere, photograph, tiny};
use oneiric_inspect::{ActivationMap, InspectError, activations};
use oneiric_model::{NetworkExt, ReluGradient};
use oneiric_objective::LayerError;
use oneiric_testkit::Array;

#[test]
fn a_map_holds_what_the_network_computes_at_any_size() {
    everywhere(|device| {
        let net = tiny(device);
        for (width, height) in [(48, 40), (33, 57), (8, 9)] {
            let photograph = photograph(width, height, 1);
            let map = activations(&net, &photograph, "inception_3b").expect("a layer");
            let layer = net.layer("mixed3b").expect("the same layer");
            let images = photograph.to_tensor(device);
            let expected = net.forward_to(images, &[layer], ReluGradient::Plain);
            let expected = Array::of(expected[0].clone());
            assert_eq!(map.layer(), "mixed3b");
            let shape = [1, map.channels(), map.height(), map.width()];
            assert_eq!(Array::new(shape, map.values().to_vec()), expected);

            let (x, y) = (map.width() - 1, 0);
            let vector = map.vector(x, y).expect("a position");
            assert_eq!(vector.len(), map.channels());
            for (channel, value) in vector.iter().enumerate() {
                assert_eq!(*value, expected.at(&[0, channel, y, x]));
            }
        }
    });
}

#[test]
fn means_and_top_channels_are_those_of_numbers_by_hand() {
    let values = vec![1.0, 3.0, 0.0, 0.0, 5.0, 0.0, -1.0, 2.0];
    let map = ActivationMap::new("a", [4, 1, 2], values).expect("finite");
    assert_eq!(map.means(), [2.0, 0.0, 2.5, 0.5]);
    assert_eq!(map.top_channels(2), [(2, 2.5), (0, 2.0)]);
    assert_eq!(map.vector(1, 0).expect("a position"), [3.0, 0.0, 0.0, 2.0]);
    assert_eq!(map.top_at(1, 0, 2).expect("one"), [(0, 3.0), (3, 2.0)]);
    assert_eq!(map.channel(3).expect("a channel"), [-1.0, 2.0]);
    assert_eq!(map.heat_map(2).expect("a channel").at(0, 0), Some(5.0));
    assert_eq!(map.top_channels(99).len(), 4);
}

#[test]
fn what_is_not_there_is_refused() {
    let map = ActivationMap::new("a", [1, 2, 3], vec![0.0; 6]).expect("finite");
    assert!(matches!(
        map.vector(3, 0),
        Err(InspectError::Layer(LayerError::Position {
            x: 3,
            width: 3,
            height: 2,
            ..
        }))
    ));
    assert!(matches!(
        map.channel(1),
        Err(InspectError::Layer(LayerError::Channel { channels: 1, .. }))
    ));
    let broken = ActivationMap::new("a", [1, 1, 1], vec![f32::NAN]);
    assert!(matches!(broken, Err(InspectError::NotFinite { .. })));
    assert!(ActivationMap::new("a", [0, 1, 1], vec![]).is_err());
    assert!(ActivationMap::new("a", [2, 1, 1], vec![0.0]).is_err());
    everywhere(|device| {
        let net = Linear::new(device);
        let refused = activations(&net, &photograph(4, 9, 1), "second");
        assert!(matches!(
            refused,
            Err(InspectError::Layer(LayerError::TooSmall {
                width: 4,
                height: 9,
                ..
            }))
        ));
        let refused = activations(&net, &photograph(9, 9, 1), "third");
        assert!(matches!(refused, Err(InspectError::Model(_))));
    });
}
