//! A window on an image: cropping, padding and moving as one differentiable operation.
//!
//! On the CPU backends it is one copy, row by row; elsewhere a slice that is assigned to a slice,
//! which stays on the device. The gradient is the window back.

#![allow(
    deprecated,
    reason = "burn deprecates its ndarray backend; users of it exist"
)]

#[cfg(any(feature = "wgpu", test))]
use burn::{backend::get_or_init_device_settings, tensor::Shape, tensor::Slice};
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
    tensor::Tensor,
};
#[cfg(any(feature = "flex", feature = "ndarray"))]
use {burn::tensor::TensorData, oneiric_core::with_host};

/// Which part of the plane shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Window {
    /// Row and column of the image that come first; those outside the image show the fill.
    pub(crate) start: [isize; 2],
    /// Height and width.
    pub(crate) size: [usize; 2],
    pub(crate) fill: f32,
}

impl Window {
    /// The window through which one that sees through this one sees an image of that size.
    const fn back(self, size: [usize; 2]) -> Self {
        Self {
            start: [-self.start[0], -self.start[1]],
            size,
            fill: 0.0,
        }
    }

    /// Along an axis of an image of `n`: the first place of the window that shows the image, the
    /// place of the image there, and how many follow.
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

/// What the window shows of images [n, c, h, w].
pub(crate) fn window(images: Tensor<4>, window: Window) -> Tensor<4> {
    let images = images.into_dispatch();
    Tensor::from_dispatch(<Dispatch as Windowed>::window(images, window))
}

#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "wgpu"),
    Autodiff
)]
pub(crate) trait Windowed: Backend {
    fn window(images: FloatTensor<Self>, window: Window) -> FloatTensor<Self>;
}

#[cfg(feature = "flex")]
impl Windowed for burn::backend::Flex {
    fn window(images: FloatTensor<Self>, window: Window) -> FloatTensor<Self> {
        on_host::<Self>(images, window)
    }
}

#[cfg(feature = "ndarray")]
impl Windowed for burn::backend::NdArray {
    fn window(images: FloatTensor<Self>, window: Window) -> FloatTensor<Self> {
        on_host::<Self>(images, window)
    }
}

// `Cube` is burn's alias of what wgpu runs on, with or without fusion.
#[cfg(feature = "wgpu")]
impl Windowed for burn::backend::Cube {
    fn window(images: FloatTensor<Self>, window: Window) -> FloatTensor<Self> {
        by_slices::<Self>(images, window)
    }
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
fn on_host<B: Backend>(images: FloatTensor<B>, window: Window) -> FloatTensor<B> {
    let device = images.device();
    let [n, c, h, w] = images.shape().dims();
    let [height, width] = window.size;
    let shown = with_host::<B, _>(images, |images| copy(images, [h, w], window));
    B::float_from_data(TensorData::new(shown, [n, c, height, width]), &device)
}

/// What the window shows of planes of that height and width, plane by plane.
#[cfg(any(feature = "flex", feature = "ndarray"))]
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

#[cfg(any(feature = "wgpu", test))]
fn by_slices<B: Backend>(images: FloatTensor<B>, window: Window) -> FloatTensor<B> {
    let device = images.device();
    let dtype = get_or_init_device_settings::<B>(&device).float_dtype;
    let [n, c, h, w] = images.shape().dims();
    let [height, width] = window.size;
    let [first_y, y, rows] = window.overlap(0, h);
    let [first_x, x, columns] = window.overlap(1, w);
    let part = |y: usize, x: usize| -> [Slice; 4] {
        [0..n, 0..c, y..y + rows, x..x + columns].map(Slice::from)
    };
    let shape = Shape::from([n, c, height, width]);
    if rows * columns == 0 {
        return B::float_full(shape, window.fill.into(), &device, dtype);
    }
    let seen = B::float_slice(images, &part(y, x));
    if [rows, columns] == window.size {
        return seen;
    }
    let shown = B::float_full(shape, window.fill.into(), &device, dtype);
    B::float_slice_assign(shown, &part(first_y, first_x), seen)
}

#[derive(Debug)]
struct WindowBackward;

impl<B: Backend + Windowed> Backward<B, 1> for WindowBackward {
    /// The window of the gradient.
    type State = Window;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        unary::<B, _>(ops.parents, ops.node, grads, |grad| {
            B::window(grad, ops.state)
        });
    }
}

impl<B: Backend + Windowed, C: CheckpointStrategy> Windowed for Autodiff<B, C> {
    fn window(images: FloatTensor<Self>, window: Window) -> FloatTensor<Self> {
        let node = images.node();
        let [_, _, h, w] = images.shape().dims();
        let shown = B::window(images.into_primitive(), window);
        match WindowBackward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(window.back([h, w]), shown),
            OpsKind::UnTracked(prep) => prep.finish(shown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Window, window};
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

    /// Pixel by pixel.
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

    /// The way of the GPU, also where there is none.
    #[cfg(feature = "flex")]
    #[test]
    fn slices_show_the_same() {
        use burn::{
            backend::{Flex, ops::FloatTensorOps},
            tensor::TensorData,
        };
        let images = Array::noise([2, 3, 5, 4], 1);
        for spec in WINDOWS {
            let data = TensorData::new(images.values.clone(), images.shape.clone());
            let images_on_flex = Flex::float_from_data(data, &Default::default());
            let shown = super::by_slices::<Flex>(images_on_flex, spec);
            let shown = oneiric_core::with_host::<Flex, _>(shown, <[f32]>::to_vec);
            assert_eq!(shown, naive(&images, spec).values, "{spec:?}");
        }
    }
}
