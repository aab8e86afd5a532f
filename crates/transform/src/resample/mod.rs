//! Reading an image at other places, bilinearly: one differentiable operation behind scaling and
//! rotating.
//!
//! Each pixel of the result is a weighted sum of four of the image, so the operation is a sparse
//! matrix, and its gradient the product with the transpose. On the CPU backends both are plain
//! loops (`host.rs`); elsewhere both are selections and sums, which stay on the device
//! (`device.rs`).

#![allow(
    deprecated,
    reason = "burn deprecates its ndarray backend; users of it exist"
)]

#[cfg(any(feature = "wgpu", test))]
mod device;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod host;

use std::sync::Arc;

use burn::{
    backend::{
        Autodiff, Backend, Dispatch,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind, unary},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::Tensor,
};
use rayon::prelude::*;

/// Where a pixel of the result is read: a square of four pixels of the image, each weighted by its
/// row's weight times its column's. What lies outside has no weight.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Place {
    /// `y * width + x` of the square's first pixel.
    index: u32,
    rows: [f32; 2],
    columns: [f32; 2],
}

/// Where each pixel of a result is read in an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Resampling {
    input: [usize; 2],
    output: [usize; 2],
    /// Row by row of the result.
    places: Vec<Place>,
    outside: f32,
}

impl Resampling {
    /// From images of height and width `input` to `output`: the pixel (y, x) of the result is
    /// read at `place(y, x)`, rows and columns counted from the centre of the first pixel.
    /// Outside the image it reads 0.
    #[must_use]
    pub fn new(
        input: [usize; 2],
        output: [usize; 2],
        place: impl Fn(usize, usize) -> [f64; 2] + Sync,
    ) -> Self {
        Self::of_pairs(input, output, |y, x| {
            let [y, x] = place(y, x);
            [Pair::at(y, input[0]), Pair::at(x, input[1])]
        })
    }

    /// From the rows and the columns that each pixel of the result is read from.
    fn of_pairs(
        input: [usize; 2],
        output: [usize; 2],
        pairs: impl Fn(usize, usize) -> [Pair; 2] + Sync,
    ) -> Self {
        let [height, width] = output;
        let mut places = vec![Place::default(); height * width];
        let rows = places.par_chunks_mut(width.max(1)).enumerate();
        rows.for_each(|(y, row)| {
            for (x, place) in row.iter_mut().enumerate() {
                let [rows, columns] = pairs(y, x);
                *place = Place {
                    index: rows.first * input[1] as u32 + columns.first,
                    rows: rows.weights,
                    columns: columns.weights,
                };
            }
        });
        Self {
            input,
            output,
            places,
            outside: 0.0,
        }
    }

    /// Sets what is read outside the image.
    #[must_use]
    pub const fn outside(mut self, value: f32) -> Self {
        self.outside = value;
        self
    }

    /// How far apart the pixels of a square lie: rows and columns. A single row or column is its
    /// own neighbour, of no weight.
    fn steps(&self) -> [usize; 2] {
        let [height, width] = self.input;
        [
            if height > 1 { width } else { 0 },
            if width > 1 { 1 } else { 0 },
        ]
    }

    /// Scaling to another size. Pixels are squares (the half-pixel convention,
    /// `align_corners = False`); beyond the outermost centres the border repeats.
    #[must_use]
    pub fn scale(input: [usize; 2], output: [usize; 2]) -> Self {
        let place = |axis: usize| {
            let ratio = input[axis] as f64 / output[axis] as f64;
            let last = input[axis].saturating_sub(1) as f64;
            move |at: usize| ((at as f64 + 0.5) * ratio - 0.5).clamp(0.0, last)
        };
        Self::separable(input, output, place(0), place(1))
    }

    /// From the rows that those of the result are read at, and the columns alike.
    pub(crate) fn separable(
        input: [usize; 2],
        output: [usize; 2],
        row: impl Fn(usize) -> f64,
        column: impl Fn(usize) -> f64,
    ) -> Self {
        let pairs = |place: &dyn Fn(usize) -> f64, axis: usize| -> Vec<Pair> {
            let places = (0..output[axis]).map(place);
            places.map(|at| Pair::at(at, input[axis])).collect()
        };
        let (rows, columns) = (pairs(&row, 0), pairs(&column, 1));
        Self::of_pairs(input, output, |y, x| [rows[y], columns[x]])
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
}

/// Two neighbours along an axis, and their weights.
#[derive(Debug, Clone, Copy)]
struct Pair {
    first: u32,
    weights: [f32; 2],
}

impl Pair {
    /// Those among `n` that `at` is read from: a weight is one less the distance. The second of a
    /// single one has none.
    fn at(at: f64, n: usize) -> Self {
        // Rounds towards 0; what lies outside gets the nearest pair.
        let first = (at as i32).min(n as i32 - 2).max(0);
        let weight = |pixel: i32| (1.0 - (at - f64::from(pixel)).abs()).max(0.0) as f32;
        let second = if n > 1 { weight(first + 1) } else { 0.0 };
        Self {
            first: first.unsigned_abs(),
            weights: [weight(first), second],
        }
    }
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
        host::map::<Self>(x, &map, to)
    }
}

#[cfg(feature = "ndarray")]
impl SparseMap for burn::backend::NdArray {
    fn map(x: FloatTensor<Self>, map: Arc<Resampling>, to: Direction) -> FloatTensor<Self> {
        host::map::<Self>(x, &map, to)
    }
}

// `Cube` is burn's alias of what wgpu runs on, with or without fusion.
#[cfg(feature = "wgpu")]
impl SparseMap for burn::backend::Cube {
    fn map(x: FloatTensor<Self>, map: Arc<Resampling>, to: Direction) -> FloatTensor<Self> {
        device::map::<Self>(x, &map, to)
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

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::{Direction, Resampling, device, host};
    use burn::{
        backend::{Flex, ops::FloatTensorOps, tensor::FloatTensor},
        tensor::TensorData,
    };
    use oneiric_core::with_host;
    use oneiric_testkit::{Array, Tolerance, assert_close};

    const INPUT: [usize; 2] = [6, 5];

    fn maps() -> [Resampling; 5] {
        [
            Resampling::scale(INPUT, [9, 4]),
            Resampling::scale(INPUT, [1, 13]),
            Resampling::rotation(INPUT, 33.0).outside(0.5),
            Resampling::new(INPUT, [2, 3], |y, x| {
                [y as f64 * 7.0 - 0.5, x as f64 - 0.75]
            }),
            Resampling::new(INPUT, [1, 2], |_, x| [f64::NAN, x as f64 * f64::MAX]).outside(0.25),
        ]
    }

    fn run(
        f: impl Fn(FloatTensor<Flex>) -> FloatTensor<Flex>,
        x: &Array,
        size: [usize; 2],
    ) -> Array {
        let data = TensorData::new(x.values.clone(), x.shape.clone());
        let y = f(Flex::float_from_data(data, &Default::default()));
        let shape = [x.shape[0], x.shape[1], size[0], size[1]];
        Array::new(shape, with_host::<Flex, _>(y, <[f32]>::to_vec))
    }

    #[test]
    fn loops_and_selections_agree() {
        for map in maps() {
            for (to, from, size) in [
                (Direction::Forward, map.input, map.output),
                (Direction::Transpose, map.output, map.input),
            ] {
                let x = Array::noise([2, 3, from[0], from[1]], 1);
                let loops = run(|x| host::map::<Flex>(x, &map, to), &x, size);
                let selections = run(|x| device::map::<Flex>(x, &map, to), &x, size);
                let what = format!("{to:?} {map:?}");
                assert_close(&what, &selections, &loops, Tolerance::ARITHMETIC);
            }
        }
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let map = Resampling::rotation([150, 170], 7.0).outside(0.5);
        let x = Array::noise([2, 3, 150, 170], 1);
        for to in [Direction::Forward, Direction::Transpose] {
            let [one, three] = [1, 3].map(|threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                let pool = pool.build().expect("threads");
                pool.install(|| run(|x| host::map::<Flex>(x, &map, to), &x, [150, 170]))
            });
            assert_eq!(one, three);
        }
    }

    /// The definition, in f64: every pixel of the image, by its distance.
    #[test]
    fn a_pixel_is_the_sum_of_its_neighbours_by_distance() {
        let place = |y: usize, x: usize| [y as f64 * 0.77 - 0.6, x as f64 * 1.3 - 1.2];
        let output = [9, 7];
        let map = Resampling::new(INPUT, output, place).outside(0.5);
        let image = Array::noise([1, 1, 6, 5], 3);
        let expected = (0..output[0] * output[1]).map(|at| {
            let [y, x] = place(at / output[1], at % output[1]);
            let (mut sum, mut weights) = (0.0, 0.0);
            for (at, value) in image.values.iter().enumerate() {
                let away = [(at / 5) as f64 - y, (at % 5) as f64 - x];
                let weight: f64 = away.map(|d| (1.0 - d.abs()).max(0.0)).iter().product();
                sum += weight * f64::from(*value);
                weights += weight;
            }
            (sum + (1.0 - weights) * 0.5) as f32
        });
        let expected = Array::new([1, 1, output[0], output[1]], expected.collect());
        let actual = run(
            |x| host::map::<Flex>(x, &map, Direction::Forward),
            &image,
            output,
        );
        assert_close("definition", &actual, &expected, Tolerance::ARITHMETIC);
    }
}
