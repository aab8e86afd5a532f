//! Pictures of expanded weights.

mod common;

use common::{everywhere, tiny};
use oneiric_inspect::{InspectError, expanded_weights, kernel_map, kernel_sheet};
use oneiric_model::NetworkExt;
use oneiric_objective::LayerError;

#[test]
fn layers_go_by_their_names_and_kernels_are_maps() {
    everywhere(|device| {
        let net = tiny(device);
        let weights = expanded_weights(&net, "inception_3a", "mixed3b_3x3", 2).expect("weights");
        assert_eq!(net.describe(weights.source_layer()).name(), "mixed3a");
        assert_eq!(weights.channel(), 2);
        let map = kernel_map(&weights, 7).expect("a channel");
        assert_eq!((map.width(), map.height()), (3, 3));
        for (y, x) in (0..9).map(|at| (at / 3, at % 3)) {
            let expected = weights.values()[(7 * 3 + y) * 3 + x];
            assert_eq!(map.at(x, y), Some(expected));
        }
        let refused = kernel_map(&weights, 16);
        assert!(matches!(
            refused,
            Err(InspectError::Layer(LayerError::Channel {
                channels: 16,
                ..
            }))
        ));
        let refused = expanded_weights(&net, "mixed3b", "mixed3a", 0);
        assert!(matches!(refused, Err(InspectError::Model(_))));
    });
}

#[test]
fn kernels_on_a_sheet_share_a_scale() {
    everywhere(|device| {
        let net = tiny(device);
        let weights = expanded_weights(&net, "mixed3a", "mixed3b_3x3", 2).expect("weights");
        let order = weights.strongest();
        let (strongest, weakest) = (order[0], order[order.len() - 1]);
        let maps = [strongest, weakest].map(|c| kernel_map(&weights, c).expect("a channel"));
        let full = maps[0].largest().max(maps[1].largest());
        let sheet = kernel_sheet(&weights, &[strongest, weakest], 4).expect("a sheet");
        assert_eq!((sheet.width(), sheet.height()), (12 + 2 + 12, 12));
        let second = maps[1].picture_of_scale(4, full).expect("a scale");
        for y in 0..12 {
            let row = &sheet.values()[(y * 26 + 14) * 3..(y * 26 + 26) * 3];
            assert_eq!(row, &second.values()[y * 36..(y + 1) * 36]);
        }
        let refused = kernel_sheet(&weights, &[], 4);
        assert!(matches!(refused, Err(InspectError::Picture(_))));
        assert!(kernel_sheet(&weights, &[0], 0).is_err());
    });
}
