//! The resampling by selections, which run on any device.

use burn::tensor::{Int, Tensor, TensorData};

use super::{Direction, Place, Resampling};

/// A pixel of the image and its weight in a pixel of the result.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Tap {
    /// Index `y * width + x` in the image. Any index, with the weight 0, if the pixel lies outside.
    index: u32,
    weight: f32,
}

/// Returns the taps of each pixel of the result, row by row.
fn taps(map: &Resampling) -> Vec<[Tap; 4]> {
    let steps = map.steps();
    let of = |place: &Place| {
        [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(y, x)| Tap {
            index: place.index + (y * steps[0] + x * steps[1]) as u32,
            weight: place.rows[y] * place.columns[x],
        })
    };
    map.places.iter().map(of).collect()
}

/// Returns the transpose as rows of equal length, as selections need it. Row k holds, for each
/// pixel of the image, the k-th pixel of the result that reads it and its weight there.
fn transposed(taps: &[[Tap; 4]], input: [usize; 2]) -> Vec<Vec<Tap>> {
    let mut lists: Vec<Vec<Tap>> = vec![Vec::new(); input[0] * input[1]];
    for (at, taps) in taps.iter().enumerate() {
        for tap in taps.iter().filter(|tap| tap.weight != 0.0) {
            let index = at as u32;
            lists[tap.index as usize].push(Tap {
                index,
                weight: tap.weight,
            });
        }
    }
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest)
        .map(|k| {
            lists
                .iter()
                .map(|list| list.get(k).copied().unwrap_or_default())
                .collect()
        })
        .collect()
}

pub(super) fn map(x: Tensor<4>, map: &Resampling, direction: Direction) -> Tensor<4> {
    let device = x.device();
    let [n, c, h, w] = x.dims();
    let taps = taps(map);
    let [height, width] = map.size(direction);
    let layers = match direction {
        Direction::Forward => {
            let layer = |k: usize| taps.iter().map(|taps| taps[k]).collect();
            (0..4).map(layer).collect()
        }
        Direction::Transpose => transposed(&taps, map.input),
    };
    let row = |values: Vec<f32>| -> Tensor<2> {
        Tensor::from_data(TensorData::new(values, [1, height * width]), &device)
    };
    let x: Tensor<2> = x.reshape([n * c, h * w]);
    let terms = layers.into_iter().map(|taps: Vec<Tap>| {
        let indices: Vec<i32> = taps.iter().map(|tap| tap.index as i32).collect();
        let indices = TensorData::new(indices, [height * width]);
        let indices = Tensor::<1, Int>::from_data(indices, &device);
        let weights = taps.iter().map(|tap| tap.weight).collect();
        x.clone().select(1, indices) * row(weights)
    });
    let shape = [n, c, height, width];
    let sum = match terms.reduce(|sum, term| sum + term) {
        Some(sum) => sum.reshape(shape),
        None => return Tensor::zeros(shape, &device),
    };
    if direction == Direction::Transpose || map.outside == 0.0 {
        return sum;
    }
    // The weights of the taps and of the outside sum to 1.
    let rest = |taps: &[Tap; 4]| 1.0 - taps.iter().map(|tap| tap.weight).sum::<f32>();
    let outside = taps.iter().map(|taps| map.outside * rest(taps)).collect();
    sum + row(outside).reshape([1, 1, height, width])
}

#[cfg(test)]
mod tests {
    use super::{Resampling, Tap, taps, transposed};

    #[test]
    fn the_transpose_holds_the_same_weights() {
        let map = Resampling::rotation([5, 7], 23.0);
        let of_weight = |(_, tap): &(usize, &Tap)| tap.weight != 0.0;
        let taps = taps(&map);
        let mut forward: Vec<(u32, u32, f32)> = Vec::new();
        for (at, taps) in taps.iter().enumerate() {
            let taps = taps.iter().filter(|tap| tap.weight != 0.0);
            forward.extend(taps.map(|tap| (tap.index, at as u32, tap.weight)));
        }
        let mut backward: Vec<(u32, u32, f32)> = Vec::new();
        for layer in transposed(&taps, [5, 7]) {
            let taps = layer.iter().enumerate().filter(of_weight);
            backward.extend(taps.map(|(at, tap)| (at as u32, tap.index, tap.weight)));
        }
        let order = |a: &(u32, u32, f32), b: &(u32, u32, f32)| (a.0, a.1).cmp(&(b.0, b.1));
        forward.sort_by(order);
        backward.sort_by(order);
        assert_eq!(forward, backward);
    }
}
