//! Bilinear resampling: the differentiable operation of scaling and rotating.
//!
//! Each pixel of the result is a weighted sum of four pixels of the image, so that the operation is
//! a product with a sparse matrix and its gradient the product with the transpose. On the CPU
//! backends both are plain loops (`host.rs`). On other devices both are selections and sums, which
//! stay on the device (`device.rs`).

mod device;
mod host;

use burn::tensor::Tensor;
use oneiric_core::{custom_gradient, is_host};
use rayon::prelude::*;

/// The square of four pixels of the image from which a pixel of the result is read. A pixel's
/// weight is the product of its row's and its column's. Pixels outside the image have the weight 0.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Place {
    /// Index `y * width + x` of the square's first pixel.
    index: u32,
    rows: [f32; 2],
    columns: [f32; 2],
}

/// A bilinear resampling: for each pixel of the result, the position in the image at which it is
/// read.
#[derive(Debug, Clone, PartialEq)]
pub struct Resampling {
    input: [usize; 2],
    output: [usize; 2],
    /// The squares of the result's pixels, row by row.
    places: Vec<Place>,
    outside: f32,
}

impl Resampling {
    /// Creates a resampling from images of height and width `input` to `output`. The pixel (y, x)
    /// of the result is read at `place(y, x)`, in rows and columns from the center of the first
    /// pixel. Values outside the image are 0.
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

    /// Creates a resampling from the pairs of rows and of columns between which each pixel of the
    /// result is read.
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

    /// Sets the value outside the image.
    #[must_use]
    pub const fn outside(mut self, value: f32) -> Self {
        self.outside = value;
        self
    }

    /// Returns the distances in memory between the rows and between the columns of a square. They
    /// are 0 for a single row or column, whose neighbor has the weight 0.
    fn steps(&self) -> [usize; 2] {
        let [height, width] = self.input;
        [
            if height > 1 { width } else { 0 },
            if width > 1 { 1 } else { 0 },
        ]
    }

    /// Returns height and width of the result in a direction.
    const fn size(&self, direction: Direction) -> [usize; 2] {
        match direction {
            Direction::Forward => self.output,
            Direction::Transpose => self.input,
        }
    }

    /// Creates a resampling to another size. Coordinates refer to the centers of pixels
    /// (`align_corners=False` in PyTorch); beyond the outermost centers the border pixels are
    /// repeated.
    #[must_use]
    pub fn scale(input: [usize; 2], output: [usize; 2]) -> Self {
        let place = |axis: usize| {
            let ratio = input[axis] as f64 / output[axis] as f64;
            let last = input[axis].saturating_sub(1) as f64;
            move |at: usize| ((at as f64 + 0.5) * ratio - 0.5).clamp(0.0, last)
        };
        Self::separable(input, output, place(0), place(1))
    }

    /// Creates a resampling from the positions in the image of the result's rows and columns.
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

    /// Creates a rotation around the center, counterclockwise as displayed. The size is kept.
    #[must_use]
    pub fn rotation(size: [usize; 2], degrees: f32) -> Self {
        let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
        let [center_y, center_x] = size.map(|n| (n as f64 - 1.0) / 2.0);
        Self::new(size, size, |y, x| {
            let (dy, dx) = (y as f64 - center_y, x as f64 - center_x);
            // The position before the rotation; rows count downward.
            [
                center_y + sin * dx + cos * dy,
                center_x + cos * dx - sin * dy,
            ]
        })
    }
}

/// Two neighboring rows or columns, and their weights.
#[derive(Debug, Clone, Copy)]
struct Pair {
    first: u32,
    weights: [f32; 2],
}

impl Pair {
    /// Returns the two of `n` rows or columns between which `at` lies. The weight of each is 1
    /// minus its distance; in an axis of one pixel the second has the weight 0.
    fn at(at: f64, n: usize) -> Self {
        // The cast rounds toward 0. A position outside gets the nearest pair.
        let first = (at as i32).min(n as i32 - 2).max(0);
        let weight = |pixel: i32| (1.0 - (at - f64::from(pixel)).abs()).max(0.0) as f32;
        let second = if n > 1 { weight(first + 1) } else { 0.0 };
        Self {
            first: first.unsigned_abs(),
            weights: [weight(first), second],
        }
    }
}

/// Resamples images [n, c, h, w]. Differentiable.
///
/// # Panics
///
/// Panics if the size of the images is not the resampling's `input`.
#[must_use]
pub fn resample(images: Tensor<4>, resampling: Resampling) -> Tensor<4> {
    let [_, _, h, w] = images.dims();
    assert_eq!([h, w], resampling.input, "a resampling for other images");
    custom_gradient(images, |images| {
        let images = map(images, &resampling, Direction::Forward);
        (images, move |gradient| {
            map(gradient, &resampling, Direction::Transpose)
        })
    })
}

fn map(x: Tensor<4>, resampling: &Resampling, direction: Direction) -> Tensor<4> {
    let map = if is_host(&x.device()) {
        host::map
    } else {
        device::map
    };
    map(x, resampling, direction)
}

/// The direction: a product with the sparse matrix, or with its transpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Forward,
    Transpose,
}

#[cfg(test)]
mod tests {
    use super::{Direction, Resampling, device, host};
    use burn::tensor::{Device, Tensor};
    use oneiric_core::is_host;
    use oneiric_testkit::{Array, Tolerance, assert_close, devices};

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

    fn host_devices() -> impl Iterator<Item = Device> {
        let devices = devices().into_iter().map(|(_, device)| device);
        devices.filter(is_host)
    }

    fn run(f: impl Fn(Tensor<4>) -> Tensor<4>, x: &Array, device: &Device) -> Array {
        Array::of(f(x.tensor(device)))
    }

    #[test]
    fn loops_and_selections_agree() {
        for device in host_devices() {
            let cases = maps().into_iter().flat_map(|map| {
                let directions = [Direction::Forward, Direction::Transpose];
                directions.map(|to| (map.clone(), to))
            });
            for (map, to) in cases {
                let from = match to {
                    Direction::Forward => map.input,
                    Direction::Transpose => map.output,
                };
                let x = Array::noise([2, 3, from[0], from[1]], 1);
                let loops = run(|x| host::map(x, &map, to), &x, &device);
                let selections = run(|x| device::map(x, &map, to), &x, &device);
                let what = format!("{device:?} {to:?} {map:?}");
                assert_close(&what, &selections, &loops, Tolerance::ARITHMETIC);
            }
        }
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let map = Resampling::rotation([150, 170], 7.0).outside(0.5);
        let x = Array::noise([2, 3, 150, 170], 1);
        for device in host_devices() {
            for to in [Direction::Forward, Direction::Transpose] {
                let [one, three] = [1, 3].map(|threads| {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                    let pool = pool.build().expect("threads");
                    pool.install(|| run(|x| host::map(x, &map, to), &x, &device))
                });
                assert_eq!(one, three);
            }
        }
    }

    /// The definition in f64: every pixel of the image, weighted by its distance.
    #[test]
    fn a_pixel_is_the_sum_of_its_neighbors_by_distance() {
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
        for device in host_devices() {
            let actual = run(|x| host::map(x, &map, Direction::Forward), &image, &device);
            assert_close("definition", &actual, &expected, Tolerance::ARITHMETIC);
        }
    }
}
