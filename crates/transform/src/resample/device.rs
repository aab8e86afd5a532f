//! The resampling as selections: native to any device.

use burn::{
    backend::{Backend, TensorMetadata, get_or_init_device_settings, tensor::FloatTensor},
    tensor::{Shape, TensorData},
};

use super::{Direction, Place, Resampling};

/// One of the pixels that a pixel of the result is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Tap {
    /// `y * width + x` in the image; any with weight 0 for what lies outside.
    index: u32,
    weight: f32,
}

/// Row by row of the result.
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

/// The transpose as rows of equal length, as selections need it: for each of `k` taps, the
/// pixels of the result that each pixel of the image goes to, and with what weight.
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

pub(super) fn map<B: Backend>(
    x: FloatTensor<B>,
    map: &Resampling,
    direction: Direction,
) -> FloatTensor<B> {
    let device = x.device();
    let settings = get_or_init_device_settings::<B>(&device);
    let [n, c, h, w] = x.shape().dims();
    let taps = taps(map);
    let (layers, [height, width]) = match direction {
        Direction::Forward => {
            let layer = |k: usize| taps.iter().map(|taps| taps[k]).collect();
            ((0..4).map(layer).collect(), map.output)
        }
        Direction::Transpose => (transposed(&taps, map.input), map.input),
    };
    let row = |values: Vec<f32>| {
        B::float_from_data(TensorData::new(values, [1, height * width]), &device)
    };
    let x = B::float_reshape(x, Shape::from([n * c, h * w]));
    let terms = layers.into_iter().map(|taps: Vec<Tap>| {
        let indices: Vec<i32> = taps.iter().map(|tap| tap.index as i32).collect();
        let indices =
            TensorData::new(indices, [height * width]).convert_dtype(settings.int_dtype.into());
        let weights = taps.iter().map(|tap| tap.weight).collect();
        let weights = row(weights);
        let picked = B::float_select(x.clone(), 1, B::int_from_data(indices, &device));
        B::float_mul(picked, weights)
    });
    let shape = Shape::from([n, c, height, width]);
    let sum = match terms.reduce(|sum, term| B::float_add(sum, term)) {
        Some(sum) => B::float_reshape(sum, shape),
        None => return B::float_zeros(shape, &device, settings.float_dtype),
    };
    if direction == Direction::Transpose || map.outside == 0.0 {
        return sum;
    }
    // What the taps leave of each pixel is read outside.
    let rest = |taps: &[Tap; 4]| 1.0 - taps.iter().map(|tap| tap.weight).sum::<f32>();
    let outside = taps.iter().map(|taps| map.outside * rest(taps)).collect();
    let outside = B::float_reshape(row(outside), Shape::from([1, 1, height, width]));
    B::float_add(sum, outside)
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
