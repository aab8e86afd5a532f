//! Neuron groups and small pictures of directions.

mod common;

use common::{everywhere, photograph, tiny};
use oneiric_inspect::{
    ActivationMap, DirectionPictures, InspectError, NeuronGroups, Nmf, activations,
};
use oneiric_transform::Transforms;

fn quick<'a>() -> DirectionPictures<'a> {
    DirectionPictures::new().size(16).steps(2).batch(3)
}

#[test]
fn known_groups_are_found_with_their_places_in_every_photograph() {
    // Channels 0 and 1 are active together on the left, channel 2 alone on the right.
    let map = |height: usize, strength: f32| {
        let plane = |left: f32, right: f32| [left * strength, right * strength].repeat(height);
        let values = [plane(3.0, 0.0), plane(4.0, 0.0), plane(0.0, 1.0)].concat();
        ActivationMap::new("a", [3, height, 2], values).expect("finite")
    };
    let maps = [map(2, 1.0), map(3, 2.0)];
    let nmf = Nmf::new(2).iterations(5000).tolerance(0.0);
    let groups = NeuronGroups::factor(&maps, nmf).expect("maps of one layer");
    assert!(groups.error() < 1e-3, "{}", groups.error());
    let expected = [[0.6, 0.8, 0.0], [0.0, 0.0, 1.0]];
    for (found, expected) in groups.directions().iter().zip(expected) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-2, "{found} {expected}");
        }
    }
    for (group, (left, right)) in [(5.0, 0.0), (0.0, 1.0)].into_iter().enumerate() {
        let maps = groups.maps(group).expect("a group");
        for (map, strength) in maps.iter().zip([1.0, 2.0]) {
            for y in 0..map.height() {
                for (x, expected) in [left, right].into_iter().enumerate() {
                    let found = map.at(x, y).expect("a position");
                    assert!((found - expected * strength).abs() < 0.05, "{found}");
                }
            }
        }
        assert_eq!([maps[0].height(), maps[1].height()], [2, 3]);
    }
    assert!(groups.maps(2).is_none());
}

#[test]
fn groups_of_photographs_have_pictures() {
    everywhere(|device| {
        let net = tiny(device);
        let map = |seed| activations(&net, &photograph(48, 40, seed), "mixed4a").expect("a layer");
        let groups = NeuronGroups::factor(&[map(1), map(2)], Nmf::new(3)).expect("maps");
        assert!(groups.error() < 1.0);
        let pictures = groups.pictures(&net, quick()).expect("pictures");
        assert_eq!(pictures.len(), 3);
        assert!(pictures.iter().all(|p| (p.width(), p.height()) == (16, 16)));
        assert_ne!(pictures[0], pictures[1]);
    });
}

#[test]
fn maps_that_do_not_go_together_are_refused() {
    let map = |layer: &str, value: f32| {
        ActivationMap::new(layer, [1, 1, 1], vec![value]).expect("finite")
    };
    let factor = |maps: &[ActivationMap]| NeuronGroups::factor(maps, Nmf::new(1));
    assert!(matches!(factor(&[]), Err(InspectError::Empty { .. })));
    let mixed = factor(&[map("a", 1.0), map("b", 1.0)]);
    assert!(matches!(mixed, Err(InspectError::Mixed { .. })));
    let negative = factor(&[map("a_pre_relu", -1.0)]);
    assert!(matches!(
        negative,
        Err(InspectError::Negative { value: -1.0, .. })
    ));
}

#[test]
fn pictures_of_directions_repeat_and_do_not_depend_on_their_neighbors() {
    everywhere(|device| {
        let net = tiny(device);
        let direction = |channel: usize| {
            let mut direction = vec![0.0; 16];
            direction[channel] = 1.0;
            direction
        };
        let directions = [direction(0), vec![0.0; 16], direction(3), direction(5)];
        let mut seen = Vec::new();
        let render = |settings: DirectionPictures<'_>| {
            settings
                .render(&net, "mixed3b", &directions)
                .expect("pictures")
        };
        let first = render(
            quick()
                .batch(2)
                .observer(|progress| seen.push((progress.done, progress.total))),
        );
        assert_eq!(seen, [(3, Some(4)), (4, Some(4))]);
        assert_eq!(first, render(quick().batch(2)));
        assert!(
            first[1].values().iter().all(|v| *v == 0.5),
            "nothing to see"
        );
        let still = || quick().transforms(Transforms::none()).steps(8);
        let alone = still()
            .render(&net, "mixed3b", &directions[..1])
            .expect("one");
        let other = still()
            .render(&net, "mixed3b", &[direction(7)])
            .expect("one");
        assert_ne!(alone, other, "the direction decides");
    });
}

#[test]
fn settings_and_directions_are_checked() {
    everywhere(|device| {
        let net = tiny(device);
        let render = |settings: DirectionPictures<'_>, direction: Vec<f32>| {
            settings
                .render(&net, "mixed3b", &[direction])
                .expect_err("a refusal")
        };
        let refused = render(quick().batch(0), vec![1.0; 16]);
        assert!(matches!(refused, InspectError::Setting(_)));
        let refused = render(quick().steps(0), vec![1.0; 16]);
        assert!(matches!(refused, InspectError::Run(_)));
        let refused = render(quick(), vec![1.0; 15]);
        assert!(matches!(refused, InspectError::Objective(_)));
        let refused = render(quick(), vec![0.0; 15]);
        assert!(matches!(refused, InspectError::Objective(_)));
        let refused = render(quick(), vec![f32::NAN; 16]);
        assert!(matches!(refused, InspectError::Objective(_)));
    });
}
