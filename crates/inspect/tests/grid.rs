//! Activation grids.

mod common;

use common::{everywhere, photograph, tiny};
use oneiric_core::Picture;
use oneiric_inspect::{ActivationGrid, DirectionPictures, InspectError, activations};

fn quick<'a>() -> ActivationGrid<'a> {
    ActivationGrid::new().pictures(DirectionPictures::new().size(12).steps(2).batch(4))
}

#[test]
fn each_cell_is_the_picture_of_its_position() {
    everywhere(|device| {
        let net = tiny(device);
        let photograph = photograph(80, 48, 1);
        let map = activations(&net, &photograph, "mixed4a").expect("a layer");
        assert_eq!((map.width(), map.height()), (5, 3));
        let grid = quick().stride(2).render(&net, &photograph, "inception_4a");
        let grid = grid.expect("a grid");
        assert_eq!((grid.columns, grid.cells.len()), (3, 6));
        let places = [(0, 0), (2, 0), (4, 0), (0, 2), (2, 2), (4, 2)];
        let directions = places.map(|(x, y)| map.vector(x, y).expect("a position"));
        let pictures = DirectionPictures::new().size(12).steps(2).batch(4);
        let expected = pictures
            .render(&net, "mixed4a", &directions)
            .expect("cells");
        assert_eq!(grid.cells, expected);
        let sheet = Picture::grid(&expected, 3).expect("cells of one size");
        assert_eq!(grid.picture, sheet);
        for (norm, direction) in grid.norms.iter().zip(&directions) {
            let expected = direction.iter().map(|v| v * v).sum::<f32>().sqrt();
            assert!((norm - expected).abs() <= 1e-5 * expected);
        }
    });
}

#[test]
fn scaled_cells_are_as_large_as_their_activations() {
    everywhere(|device| {
        let net = tiny(device);
        let photograph = photograph(48, 48, 2);
        let plain = quick()
            .render(&net, &photograph, "mixed4c")
            .expect("a grid");
        let grid = quick().scaled(true).render(&net, &photograph, "mixed4c");
        let grid = grid.expect("a grid");
        assert_eq!(grid.cells, plain.cells);
        let largest = grid.norms.iter().copied().fold(0.0, f32::max);
        for (index, norm) in grid.norms.iter().enumerate() {
            let (left, top) = (index % 3 * 14, index / 3 * 14);
            let at = |x: usize, y: usize| {
                let start = ((top + y) * grid.picture.width() + left + x) * 3;
                &grid.picture.values()[start..start + 3]
            };
            let inside = (0..144).filter(|i| at(i % 12, i / 12) != [1.0; 3]).count();
            let side = (12.0 * (norm / largest).sqrt()).round();
            assert_eq!(inside as f32, side * side, "cell {index}");
        }
    });
}

#[test]
fn a_stride_of_nothing_and_a_missing_layer_are_refused() {
    everywhere(|device| {
        let net = tiny(device);
        let photograph = photograph(48, 48, 2);
        let refused = quick().stride(0).render(&net, &photograph, "mixed4c");
        assert!(matches!(refused, Err(InspectError::Setting(_))));
        let refused = quick().render(&net, &photograph, "mixed9z");
        assert!(matches!(refused, Err(InspectError::Model(_))));
    });
}
