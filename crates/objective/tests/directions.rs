//! Objectives about directions and groups of channels, against their formulas position by
//! position. On every backend compiled in.

mod common;

use burn::tensor::Tensor;
use common::{
    LAYER, PIXELS, Pixels, acts, assert_right_gradient, assert_value, everywhere, images,
    on_devices, value,
};
use oneiric_objective::{LayerError, ObjectiveError, Objectives, Region};
use oneiric_testkit::Array;

/// `d * max(0.1, cos)^p` of the activations of one position and a direction.
fn alike(acts: &[f64], direction: &[f64], power: f64) -> f64 {
    let dot: f64 = acts.iter().zip(direction).map(|(a, b)| a * b).sum();
    let norm = |v: &[f64]| v.iter().map(|a| a * a).sum::<f64>().sqrt();
    let cosine = dot / ((norm(acts) + 1e-4) * (norm(direction) + 1e-4));
    match power {
        0.0 => dot,
        _ => dot * cosine.max(0.1).powf(power),
    }
}

/// The channels at a position.
fn column(acts: &Array, item: usize, y: usize, x: usize) -> Vec<f64> {
    let channels = 0..acts.shape[1];
    channels
        .map(|channel| f64::from(acts.at(&[item, channel, y, x])))
        .collect()
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.into_iter().collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn a_direction_at_a_position_is_its_formula() {
    everywhere(|backend, net, device| {
        let acts = acts(net, LAYER, &images(2));
        let [height, width] = [acts.shape[2], acts.shape[3]];
        assert_ne!(height, width, "a map that is not square tells x from y");
        let v = Array::noise([16], 8);
        let wide = column(&v.clone().reshape([1, 16, 1, 1]), 0, 0, 0);
        for power in [0.0_f32, 2.0] {
            let at = |y, x| {
                let alike = |item| alike(&column(&acts, item, y, x), &wide, f64::from(power));
                mean([0, 1].map(alike))
            };
            let v = || v.values.clone();
            let center = net.direction_neuron(LAYER, v(), power).expect("one");
            let expected = at(height / 2, width / 2);
            assert_value(backend, value(&center, &images(2), device), expected);
            let corner = net.direction_neuron_at(LAYER, v(), power, width - 1, 0);
            let corner = corner.expect("one");
            let expected = at(0, width - 1);
            assert_value(backend, value(&corner, &images(2), device), expected);
            assert!(corner.check(1, [3, 40, 48], [3, 40, 48]).is_ok());
            let outside = net.direction_neuron_at(LAYER, v(), power, 0, height);
            let refused = outside.expect("one").check(1, [3, 40, 48], [3, 40, 48]);
            assert!(
                matches!(refused, Err(ObjectiveError::Layer(LayerError::Position { y, .. })) if y == height)
            );
        }
    });
}

#[test]
fn ones_along_ones_are_as_alike_as_can_be() {
    on_devices(|backend, device| {
        let net = Pixels::new(4, device);
        let ones = Array::new([2, 4, 3, 5], vec![1.0; 120]);
        let along = || vec![1.0; 4];
        let at = |objective: Result<_, _>| value(&objective.expect("a direction"), &ones, device);
        assert_value(backend, at(net.direction(PIXELS, along(), 0.0)), 4.0);
        assert_value(backend, at(net.direction_neuron(PIXELS, along(), 0.0)), 4.0);
        let cosine = 4.0 / (2.0001_f64 * 2.0001);
        assert_value(
            backend,
            at(net.direction(PIXELS, along(), 1.0)),
            4.0 * cosine,
        );
        assert_value(backend, at(net.direction_cossim(PIXELS, along())), cosine);
        let against = vec![-1.0; 4];
        assert_value(backend, at(net.direction_cossim(PIXELS, against)), -cosine);
        let across = vec![1.0, -1.0, 1.0, -1.0];
        assert_value(backend, at(net.direction_cossim(PIXELS, across)), 0.0);
    });
}

#[test]
fn a_mean_cosine_is_over_positions_only() {
    on_devices(|backend, device| {
        let net = Pixels::new(3, device);
        let at = Array::noise([2, 3, 4, 5], 3);
        let v = Array::noise([1, 3, 1, 1], 4);
        let wide = column(&v, 0, 0, 0);
        let norm = |v: &[f64]| v.iter().map(|a| a * a).sum::<f64>().sqrt() + 1e-4;
        let cosine = |index: usize| {
            let acts = column(&at, index / 20, index / 5 % 4, index % 5);
            let dot: f64 = acts.iter().zip(&wide).map(|(a, b)| a * b).sum();
            dot / (norm(&acts) * norm(&wide))
        };
        let objective = net.direction_cossim(PIXELS, v.values).expect("a direction");
        let expected = mean((0..40).map(cosine));
        assert_value(backend, value(&objective, &at, device), expected);
    });
}

#[test]
fn a_tensor_of_directions_is_laid_on_the_center() {
    on_devices(|backend, device| {
        let net = Pixels::new(3, device);
        let acts = Array::noise([2, 3, 6, 5], 3);
        // Smaller, larger, and each along one axis; by odd and even numbers.
        for [height, width] in [[6, 5], [3, 2], [1, 1], [9, 8], [4, 9], [7, 2]] {
            let directions = Array::noise([1, 3, height, width], 7);
            let (common_height, common_width) = (height.min(6), width.min(5));
            let (acts_y, acts_x) = ((6 - common_height) / 2, (5 - common_width) / 2);
            let (tensor_y, tensor_x) = ((height - common_height) / 2, (width - common_width) / 2);
            for power in [0.0_f32, 1.5] {
                let mut values = Vec::new();
                for item in 0..2 {
                    for y in 0..common_height {
                        for x in 0..common_width {
                            let one = column(&acts, item, acts_y + y, acts_x + x);
                            let other = column(&directions, 0, tensor_y + y, tensor_x + x);
                            values.push(alike(&one, &other, f64::from(power)));
                        }
                    }
                }
                let tensor = directions.tensor::<4>(device).squeeze_dim::<3>(0);
                let objective = net.tensor_direction(PIXELS, tensor, power).expect("fits");
                let what = format!("{height}x{width} on {backend}, power {power}");
                assert_value(&what, value(&objective, &acts, device), mean(values));
            }
        }
    });
}

#[test]
fn a_group_of_channels_is_its_mean_in_a_region() {
    everywhere(|backend, net, device| {
        let acts = acts(net, LAYER, &images(2));
        let weights = Array::noise([16], 8).values;
        let region = Region {
            x: 3,
            y: 1,
            width: 2,
            height: 3,
        };
        let over = |columns: std::ops::Range<usize>, rows: std::ops::Range<usize>, weighted| {
            let mut values = Vec::new();
            for (item, y, x) in (0..2)
                .flat_map(|item| rows.clone().map(move |y| (item, y)))
                .flat_map(|(item, y)| columns.clone().map(move |x| (item, y, x)))
            {
                let column = column(&acts, item, y, x).into_iter().zip(&weights);
                values.extend(column.map(|(a, w)| if weighted { a * f64::from(*w) } else { a }));
            }
            mean(values)
        };
        let at = |objective: Result<_, _>| value(&objective.expect("a group"), &images(2), device);
        let plain = net.local_group(LAYER, region);
        assert_value(backend, at(plain), over(3..5, 1..4, false));
        let weighted = net.local_group_weight(LAYER, region, weights.clone());
        assert_value(backend, at(weighted), over(3..5, 1..4, true));
        let everywhere = net.channel_weight(LAYER, weights.clone());
        let expected = over(0..acts.shape[3], 0..acts.shape[2], true);
        assert_value(backend, at(everywhere), expected);
    });
}

#[test]
fn regions_that_are_not_there_are_refused() {
    on_devices(|_, device| {
        let net = Pixels::new(3, device);
        let region = |x, y, width, height| {
            let region = Region {
                x,
                y,
                width,
                height,
            };
            net.local_group(PIXELS, region)
        };
        let view = [3, 4, 6];
        assert!(
            region(4, 1, 2, 3)
                .expect("fits")
                .check(1, view, view)
                .is_ok()
        );
        for outside in [
            (5, 0, 2, 1),
            (0, 4, 1, 1),
            (0, 0, usize::MAX, 1),
            (7, 0, usize::MAX, 1),
        ] {
            let (x, y, width, height) = outside;
            let refused = region(x, y, width, height)
                .expect("some")
                .check(1, view, view);
            assert!(
                matches!(
                    refused,
                    Err(ObjectiveError::Layer(LayerError::Position { .. }))
                ),
                "{outside:?}"
            );
        }
        for (width, height) in [(0, 1), (1, 0)] {
            let refused = region(0, 0, width, height);
            assert!(matches!(refused, Err(ObjectiveError::Setting(_))));
        }
    });
}

#[test]
fn directions_that_point_nowhere_are_refused() {
    on_devices(|_, device| {
        let net = Pixels::new(3, device);
        let tensor = |shape: [usize; 3], value| Tensor::<3>::full(shape, value, device);
        let length = net.tensor_direction(PIXELS, tensor([2, 1, 1], 1.0), 0.0);
        assert!(matches!(
            length,
            Err(ObjectiveError::DirectionLength { found: 2, .. })
        ));
        for refused in [
            net.tensor_direction(PIXELS, tensor([3, 2, 2], 0.0), 0.0),
            net.tensor_direction(PIXELS, tensor([3, 2, 2], f32::NAN), 0.0),
            net.tensor_direction(PIXELS, tensor([3, 0, 2], 1.0), 0.0),
            net.direction_neuron(PIXELS, vec![0.0; 3], 0.0),
            net.direction_cossim(PIXELS, vec![f32::INFINITY; 3]),
            net.channel_weight(PIXELS, vec![f32::NAN; 3]),
        ] {
            let problem = refused.expect_err("points nowhere");
            assert!(
                matches!(problem, ObjectiveError::Direction { .. }),
                "{problem}"
            );
        }
        let power = net.tensor_direction(PIXELS, tensor([3, 1, 1], 1.0), -1.0);
        assert!(matches!(power, Err(ObjectiveError::Setting(_))));
        assert!(net.channel_weight(PIXELS, vec![0.0; 3]).is_ok());
        assert!(net.channel_weight(PIXELS, vec![0.0; 2]).is_err());
    });
}

#[test]
fn the_gradients_are_those_of_finite_differences() {
    on_devices(|backend, device| {
        let net = Pixels::new(3, device);
        let at = Array::noise([2, 3, 6, 7], 4);
        let v = || Array::noise([3], 8).values;
        let directions = Array::noise([3, 4, 4], 9).tensor::<3>(device);
        let region = Region {
            x: 1,
            y: 2,
            width: 3,
            height: 2,
        };
        for (name, objective) in [
            ("direction_neuron", net.direction_neuron(PIXELS, v(), 2.0)),
            ("direction_cossim", net.direction_cossim(PIXELS, v())),
            (
                "tensor_direction",
                net.tensor_direction(PIXELS, directions, 2.0),
            ),
            ("local_group", net.local_group_weight(PIXELS, region, v())),
            ("channel_weight", net.channel_weight(PIXELS, v())),
        ] {
            let what = format!("{name} on {backend}");
            assert_right_gradient(&what, &objective.expect(name), &at, device);
        }
    });
}
