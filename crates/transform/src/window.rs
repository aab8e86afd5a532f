//! A window on an image: cropping, padding and shifting as one differentiable operation.
//!
//! On the CPU backends the window is one copy, row by row. On other devices it is a slice that is
//! assigned to a slice, which stays on the device. The gradient is the window in the opposite
//! direction.

use burn::tensor::Tensor;
use oneiric_core::{custom_gradient, is_host, map_host};

/// The part of the plane that the result shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Window {
    /// Row and column of the image's pixel that comes first. Pixels outside the image have the
    /// value `fill`.
    pub(crate) start: [isize; 2],
    /// Height and width.
    pub(crate) size: [usize; 2],
    pub(crate) fill: f32,
}

impl Window {
    /// Returns the window from the result back to an image of a size, which the gradient needs.
    const fn back(self, size: [usize; 2]) -> Self {
        Self {
            start: [-self.start[0], -self.start[1]],
            size,
            fill: 0.0,
        }
    }

    /// Returns the overlap of window and image along an axis of `n` pixels: its beginning in the
    /// window, its beginning in the image, and its length.
    fn overlap(self, axis: usize, n: usize) -> [usize; 3] {
        let start = self.start[axis];
        let end = start
            .saturating_add_unsigned(self.size[axis])
            .min(n as isize);
        let first = start.max(0);
        if end <= first {
            return [0; 3];
        }
        [first - start, first, end - first].map(isize::unsigned_abs)
    }
}

/// Returns the part of images [n, c, h, w] that the window shows.
pub(crate) fn window(images: Tensor<4>, window: Window) -> Tensor<4> {
    let [_, _, h, w] = images.dims();
    custom_gradient(images, |images| {
        let back = window.back([h, w]);
        (show(images, window), move |gradient| show(gradient, back))
    })
}

fn show(images: Tensor<4>, window: Window) -> Tensor<4> {
    if !is_host(&images.device()) {
        return by_slices(images, window);
    }
    let [n, c, h, w] = images.dims();
    let [height, width] = window.size;
    map_host(images, [n, c, height, width], |images| {
        copy(images, [h, w], window)
    })
}

/// Copies the part that the window shows of planes of height and width `from`.
fn copy(planes: &[f32], from: [usize; 2], window: Window) -> Vec<f32> {
    let [height, width] = window.size;
    let [first_y, y, rows] = window.overlap(0, from[0]);
    let [first_x, x, columns] = window.overlap(1, from[1]);
    let count = planes.len() / (from[0] * from[1]);
    let mut shown = vec![window.fill; count * height * width];
    let planes = planes.chunks_exact(from[0] * from[1]);
    for (plane, shown) in planes.zip(shown.chunks_exact_mut(height * width)) {
        let plane = plane[y * from[1]..].chunks_exact(from[1]).take(rows);
        let shown = shown[first_y * width..].chunks_exact_mut(width);
        for (row, shown) in plane.zip(shown) {
            shown[first_x..first_x + columns].copy_from_slice(&row[x..x + columns]);
        }
    }
    shown
}

fn by_slices(images: Tensor<4>, window: Window) -> Tensor<4> {
    let device = images.device();
    let [n, c, h, w] = images.dims();
    let [height, width] = window.size;
    let [first_y, y, rows] = window.overlap(0, h);
    let [first_x, x, columns] = window.overlap(1, w);
    let part = |y: usize, x: usize| [0..n, 0..c, y..y + rows, x..x + columns];
    let fill = || Tensor::full([n, c, height, width], window.fill, &device);
    if rows * columns == 0 {
        return fill();
    }
    let seen = images.slice(part(y, x));
    if [rows, columns] == window.size {
        return seen;
    }
    fill().slice_assign(part(first_y, first_x), seen)
}

#[cfg(test)]
mod tests {
    use super::{Window, by_slices, window};
    use oneiric_testkit::{Array, assert_gradient, devices};

    const WINDOWS: [Window; 6] = [
        at([-2, -3], [9, 11]),
        at([1, 2], [3, 2]),
        at([-1, 2], [4, 5]),
        at([3, -4], [7, 6]),
        at([0, 0], [5, 4]),
        at([40, -40], [2, 3]),
    ];

    const fn at(start: [isize; 2], size: [usize; 2]) -> Window {
        let fill = 0.25;
        Window { start, size, fill }
    }

    /// The slow oracle: looks up pixel by pixel.
    fn naive(images: &Array, window: Window) -> Array {
        let (n, c) = (images.shape[0], images.shape[1]);
        let inside = |at: isize, n: usize| (0..n as isize).contains(&at);
        let [height, width] = window.size;
        let mut values = Vec::new();
        for at in 0..n * c * height * width {
            let (plane, at) = (at / (height * width), at % (height * width));
            let y = window.start[0] + (at / width) as isize;
            let x = window.start[1] + (at % width) as isize;
            values.push(
                if inside(y, images.shape[2]) && inside(x, images.shape[3]) {
                    images.at(&[plane / c, plane % c, y as usize, x as usize])
                } else {
                    window.fill
                },
            );
        }
        Array::new([n, c, height, width], values)
    }

    #[test]
    fn a_window_shows_the_image_and_the_fill() {
        let images = Array::noise([2, 3, 5, 4], 1);
        for (backend, device) in devices() {
            for spec in WINDOWS {
                let shown = Array::of(window(images.tensor(&device), spec));
                assert_eq!(shown, naive(&images, spec), "{backend} {spec:?}");
            }
        }
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        for (backend, device) in devices() {
            // The last one shows nothing of the image.
            for spec in &WINDOWS[..5] {
                let weights = Array::noise([2, 3, spec.size[0], spec.size[1]], 5);
                let at = Array::noise([2, 3, 5, 4], 1);
                assert_gradient(&format!("{backend} {spec:?}"), &at, 1e-1, &device, |x| {
                    (window(x, *spec) * weights.tensor(&device)).sum()
                });
            }
        }
    }

    /// Runs on every backend, although only GPUs take this path in a transform.
    #[test]
    fn slices_show_the_same() {
        let images = Array::noise([2, 3, 5, 4], 1);
        for (backend, device) in devices() {
            for spec in WINDOWS {
                let shown = Array::of(by_slices(images.tensor(&device), spec));
                assert_eq!(shown, naive(&images, spec), "{backend} {spec:?}");
            }
        }
    }
}
