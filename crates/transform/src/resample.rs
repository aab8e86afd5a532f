//! Reading an image at other places, bilinearly: one differentiable operation behind scaling and
//! rotating.
//!
//! Each pixel of the result is a weighted sum of four of the image, so the operation is a sparse
//! matrix, and its gradient the product with the transpose. On the CPU backends both are plain
//! loops; elsewhere both are selections and sums, which stay on the device.

#![allow(
    deprecated,
    reason = "burn deprecates its ndarray backend; users of it exist"
)]

use std::sync::Arc;

#[cfg(any(feature = "wgpu", test))]
use burn::{backend::get_or_init_device_settings, tensor::Shape};
use burn::{
    backend::{
        Autodiff, Backend, Dispatch, TensorMetadata,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind, unary},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::{Tensor, TensorData},
};

#[cfg(any(feature = "flex", feature = "ndarray"))]
use oneiric_core::read_host;

/// One of the pixels that a pixel of the result is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Tap {
    /// `y * width + x` in the image; 0 with weight 0 for what lies outside.
    index: u32,
    weight: f32,
}

/// Where each pixel of a result is read in an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Resampling {
    input: [usize; 2],
    output: [usize; 2],
    /// Row by row of the result.
    taps: Vec<[Tap; 4]>,
}

impl Resampling {
    /// From images of height and width `input` to `output`: the pixel (y, x) of the result is
    /// read at `place(y, x)`, rows and columns counted from the centre of the first pixel.
    /// Outside the image it reads 0.
    #[must_use]
    pub fn new(
        input: [usize; 2],
        output: [usize; 2],
        place: impl Fn(usize, usize) -> [f64; 2],
    ) -> Self {
        let [height, width] = output;
        let taps = (0..height * width)
            .map(|at| bilinear(input, place(at / width, at % width)))
            .collect();
        Self {
            input,
            output,
            taps,
        }
    }

    /// Scaling to another size. Pixels are squares (the half-pixel convention,
    /// `align_corners = False`); beyond the outermost centres the border repeats.
    #[must_use]
    pub fn scale(input: [usize; 2], output: [usize; 2]) -> Self {
        let place = |axis: usize, at: usize| {
            let ratio = input[axis] as f64 / output[axis] as f64;
            ((at as f64 + 0.5) * ratio - 0.5).clamp(0.0, input[axis].saturating_sub(1) as f64)
        };
        Self::new(input, output, |y, x| [place(0, y), place(1, x)])
    }

    /// Rotation about the centre, counterclockwise as seen, keeping the size.
    #[must_use]
    pub fn rotation(size: [usize; 2], degrees: f32) -> Self {
        let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
        let [centre_y, centre_x] = size.map(|n| (n as f64 - 1.0) / 2.0);
        Self::new(size, size, |y, x| {
            let (dy, dx) = (y as f64 - centre_y, x as f64 - centre_x);
            // Where the pixel came from: turned back. Rows count downwards.
            [
                centre_y + sin * dx + cos * dy,
                centre_x + cos * dx - sin * dy,
            ]
        })
    }

    /// The transpose as rows of equal length, as selections need it: for each of `k` taps, the
    /// pixels of the result that each pixel of the image goes to, and with what weight.
    #[cfg(any(feature = "wgpu", test))]
    fn transposed(&self) -> Vec<Vec<Tap>> {
        let pixels = self.input[0] * self.input[1];
        let mut lists: Vec<Vec<Tap>> = vec![Vec::new(); pixels];
        for (at, taps) in self.taps.iter().enumerate() {
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
}

fn bilinear([height, width]: [usize; 2], [y, x]: [f64; 2]) -> [Tap; 4] {
    let (top, left) = (y.floor(), x.floor());
    let (down, right) = (y - top, x - left);
    let corner = |dy: usize, dx: usize| {
        let (row, column) = (top + dy as f64, left + dx as f64);
        let inside = |at: f64, n: usize| at >= 0.0 && at < n as f64;
        if !inside(row, height) || !inside(column, width) {
            return Tap::default();
        }
        let share = |offset: usize, part: f64| if offset == 1 { part } else { 1.0 - part };
        Tap {
            index: (row as usize * width + column as usize) as u32,
            weight: (share(dy, down) * share(dx, right)) as f32,
        }
    };
    [corner(0, 0), corner(0, 1), corner(1, 0), corner(1, 1)]
}

/// Reads all images [n, c, h, w] at the places of the resampling.
///
/// # Panics
///
/// When the images are not of the resampling's size.
#[must_use]
pub fn resample(images: Tensor<4>, resampling: Resampling) -> Tensor<4> {
    let [_, _, h, w] = images.dims();
    assert_eq!([h, w], resampling.input, "a resampling for other images");
    let map = Arc::new(resampling);
    let images = images.into_dispatch();
    Tensor::from_dispatch(<Dispatch as SparseMap>::map(
        images,
        map,
        Direction::Forward,
    ))
}

/// The sparse matrix, or its transpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    Transpose,
}

impl Direction {
    const fn other(self) -> Self {
        match self {
            Self::Forward => Self::Transpose,
            Self::Transpose => Self::Forward,
        }
    }
}

#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "wgpu"),
    Autodiff
)]
pub(crate) trait SparseMap: Backend {
    fn map(
        images: FloatTensor<Self>,
        resampling: Arc<Resampling>,
        direction: Direction,
    ) -> FloatTensor<Self>;
}

#[cfg(feature = "flex")]
impl SparseMap for burn::backend::Flex {
    fn map(x: FloatTensor<Self>, map: Arc<Resampling>, to: Direction) -> FloatTensor<Self> {
        map_on_host::<Self>(x, &map, to)
    }
}

#[cfg(feature = "ndarray")]
impl SparseMap for burn::backend::NdArray {
    fn map(x: FloatTensor<Self>, map: Arc<Resampling>, to: Direction) -> FloatTensor<Self> {
        map_on_host::<Self>(x, &map, to)
    }
}

// `Cube` is burn's alias of what wgpu runs on, with or without fusion.
#[cfg(feature = "wgpu")]
impl SparseMap for burn::backend::Cube {
    fn map(x: FloatTensor<Self>, map: Arc<Resampling>, to: Direction) -> FloatTensor<Self> {
        map_by_selection::<Self>(x, &map, to)
    }
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
fn map_on_host<B: Backend>(
    x: FloatTensor<B>,
    map: &Resampling,
    direction: Direction,
) -> FloatTensor<B> {
    let device = x.device();
    let [n, c, h, w] = x.shape().dims();
    let values = read_host::<B>(x);
    let [height, width] = match direction {
        Direction::Forward => map.output,
        Direction::Transpose => map.input,
    };
    let mut mapped = vec![0.0_f32; n * c * height * width];
    let planes = values
        .chunks_exact(h * w)
        .zip(mapped.chunks_exact_mut(height * width));
    for (from, to) in planes {
        match direction {
            Direction::Forward => {
                for (value, taps) in to.iter_mut().zip(&map.taps) {
                    *value = taps
                        .iter()
                        .map(|tap| tap.weight * from[tap.index as usize])
                        .sum();
                }
            }
            Direction::Transpose => {
                for (value, taps) in from.iter().zip(&map.taps) {
                    for tap in taps {
                        to[tap.index as usize] += tap.weight * value;
                    }
                }
            }
        }
    }
    B::float_from_data(TensorData::new(mapped, [n, c, height, width]), &device)
}

#[cfg(any(feature = "wgpu", test))]
fn map_by_selection<B: Backend>(
    x: FloatTensor<B>,
    map: &Resampling,
    direction: Direction,
) -> FloatTensor<B> {
    let device = x.device();
    let settings = get_or_init_device_settings::<B>(&device);
    let [n, c, h, w] = x.shape().dims();
    let (layers, [height, width]) = match direction {
        Direction::Forward => {
            let layer = |k: usize| map.taps.iter().map(|taps| taps[k]).collect();
            ((0..4).map(layer).collect(), map.output)
        }
        Direction::Transpose => (map.transposed(), map.input),
    };
    let x = B::float_reshape(x, Shape::from([n * c, h * w]));
    let terms = layers.into_iter().map(|taps: Vec<Tap>| {
        let indices: Vec<i32> = taps.iter().map(|tap| tap.index as i32).collect();
        let indices =
            TensorData::new(indices, [height * width]).convert_dtype(settings.int_dtype.into());
        let weights: Vec<f32> = taps.iter().map(|tap| tap.weight).collect();
        let weights = B::float_from_data(TensorData::new(weights, [1, height * width]), &device);
        let picked = B::float_select(x.clone(), 1, B::int_from_data(indices, &device));
        B::float_mul(picked, weights)
    });
    let shape = Shape::from([n, c, height, width]);
    match terms.reduce(|sum, term| B::float_add(sum, term)) {
        Some(sum) => B::float_reshape(sum, shape),
        None => B::float_zeros(shape, &device, settings.float_dtype),
    }
}

#[derive(Debug)]
struct SparseMapBackward;

impl<B: Backend + SparseMap> Backward<B, 1> for SparseMapBackward {
    /// The map and the direction of the gradient.
    type State = (Arc<Resampling>, Direction);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let (map, direction) = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |grad| {
            B::map(grad, map, direction)
        });
    }
}

impl<B: Backend + SparseMap, C: CheckpointStrategy> SparseMap for Autodiff<B, C> {
    fn map(
        images: FloatTensor<Self>,
        map: Arc<Resampling>,
        direction: Direction,
    ) -> FloatTensor<Self> {
        let node = images.node();
        let mapped = B::map(images.into_primitive(), map.clone(), direction);
        match SparseMapBackward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((map, direction.other()), mapped),
            OpsKind::UnTracked(prep) => prep.finish(mapped),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Direction, Resampling};
    use oneiric_testkit::{Array, Tolerance, assert_close};

    #[test]
    fn the_transpose_holds_the_same_weights() {
        let map = Resampling::rotation([5, 7], 23.0);
        let mut forward: Vec<(u32, u32, f32)> = Vec::new();
        for (at, taps) in map.taps.iter().enumerate() {
            let taps = taps.iter().filter(|tap| tap.weight != 0.0);
            forward.extend(taps.map(|tap| (tap.index, at as u32, tap.weight)));
        }
        let mut backward: Vec<(u32, u32, f32)> = Vec::new();
        for layer in map.transposed() {
            let taps = layer
                .iter()
                .enumerate()
                .filter(|(_, tap)| tap.weight != 0.0);
            backward.extend(taps.map(|(at, tap)| (at as u32, tap.index, tap.weight)));
        }
        let order = |a: &(u32, u32, f32), b: &(u32, u32, f32)| (a.0, a.1).cmp(&(b.0, b.1));
        forward.sort_by(order);
        backward.sort_by(order);
        assert_eq!(forward, backward);
    }

    #[cfg(feature = "flex")]
    #[test]
    fn selections_and_loops_agree() {
        use burn::{
            backend::{Flex, ops::FloatTensorOps},
            tensor::TensorData,
        };
        let x = Array::noise([2, 3, 6, 5], 1);
        let map = Resampling::scale([6, 5], [9, 4]);
        let run = |f: fn(_, &Resampling, _) -> _, x: &Array, to| {
            let data = TensorData::new(x.values.clone(), x.shape.clone());
            let y = f(Flex::float_from_data(data, &Default::default()), &map, to);
            let data = burn::tensor::try_read_sync(Flex::float_into_data(y)).expect("at once");
            let data = data.expect("readable");
            Array::new(data.shape().to_vec(), data.try_into_vec().expect("f32"))
        };
        for (x, to) in [
            (x, Direction::Forward),
            (Array::noise([2, 3, 9, 4], 2), Direction::Transpose),
        ] {
            let loops = run(super::map_on_host::<Flex>, &x, to);
            let selections = run(super::map_by_selection::<Flex>, &x, to);
            assert_close(
                &format!("{to:?}"),
                &selections,
                &loops,
                Tolerance::ARITHMETIC,
            );
        }
    }
}
