//! Operations with their own gradient: on each backend, against finite differences and burn.

#![cfg(any(feature = "flex", feature = "ndarray", feature = "wgpu"))]

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use burn::tensor::{Device, Tensor};
use oneiric_core::{Parts, custom_gradient, custom_gradients, is_host, map_host, with_host};
use oneiric_testkit::{Array, Tolerance, assert_close, assert_gradient, devices};

fn host_devices() -> impl Iterator<Item = Device> {
    let devices = devices().into_iter().map(|(_, device)| device);
    devices.filter(is_host)
}

fn products(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a * b).collect()
}

/// Multiplies two tensors on the host, and checks which gradients are asked for.
fn product(a: Tensor<2>, b: Tensor<2>, expected: [bool; 2]) -> Tensor<2> {
    let shape = a.dims();
    let product =
        move |a: Tensor<2>, b: Tensor<2>| with_host(a, |a| map_host(b, shape, |b| products(a, b)));
    custom_gradients([a, b], |[a, b]| {
        let value = product(a.clone(), b.clone());
        let pullback = move |gradient: Tensor<2>, needed: [bool; 2]| {
            assert_eq!(needed, expected);
            [(needed[0], &b), (needed[1], &a)]
                .map(|(needed, other)| needed.then(|| product(gradient.clone(), other.clone())))
        };
        (value, pullback)
    })
}

/// Squares on the host.
fn square(x: Tensor<2>) -> Tensor<2> {
    let shape = x.dims();
    custom_gradient(x, |x| {
        let value = map_host(x.clone(), shape, |x| products(x, x));
        let pullback = move |gradient: Tensor<2>| {
            with_host(x.clone(), |x| {
                map_host(gradient, shape, |gradient| {
                    products(&products(x, gradient), &vec![2.0; x.len()])
                })
            })
        };
        (value, pullback)
    })
}

fn gradient(x: &Tensor<2>, value: Tensor<1>) -> Option<Array> {
    x.grad(&value.backward()).map(Array::of)
}

#[test]
fn the_gradient_is_that_of_finite_differences() {
    let [at, other] = [1, 2].map(|seed| Array::noise([3, 5], seed));
    for device in host_devices() {
        let what = format!("{device:?}");
        assert_gradient(&what, &at, 1e-2, &device, |x: Tensor<2>| square(x).sum());
        // The second input is a constant, with autodiff or without.
        assert_gradient(&what, &at, 1e-2, &device, |x: Tensor<2>| {
            let constant = other.tensor(&device);
            (product(x.clone(), constant, [true, false]) * x).sum()
        });
        assert_gradient(&what, &at, 1e-2, &device, |x: Tensor<2>| {
            let constant = other.tensor::<2>(&device).autodiff();
            (product(constant, x.clone(), [false, true]) * x).sum()
        });
        assert_gradient(&what, &at, 1e-2, &device, |x: Tensor<2>| {
            product(x.clone(), x.square(), [true, true]).sum()
        });
    }
}

#[test]
fn a_tensor_may_be_used_again() {
    let at = Array::noise([3, 5], 1);
    for device in host_devices() {
        let x = at.tensor::<2>(&device).autodiff().require_grad();
        let squared = square(x.clone());
        let value = (squared.clone() * squared + square(x.clone()) + x.clone()).sum();
        let actual = gradient(&x, value).expect("tracked");
        let x = at.tensor::<2>(&device).autodiff().require_grad();
        let value = (x.clone().powi_scalar(4) + x.clone().square() + x.clone()).sum();
        let expected = gradient(&x, value).expect("tracked");
        let what = format!("{device:?}");
        assert_close(&what, &actual, &expected, Tolerance::ARITHMETIC);
    }
}

#[test]
fn the_graph_may_be_checkpointed() {
    let [at, other] = [1, 2].map(|seed| Array::noise([3, 5], seed));
    for device in host_devices() {
        let graph = device.clone().autodiff().gradient_checkpointing();
        let x = at.tensor::<2>(&graph).require_grad();
        let scaled = product(x.clone().exp(), other.tensor(&device), [true, false]);
        let strategy = scaled.gradient_checkpointing_strategy();
        assert_eq!(strategy, x.gradient_checkpointing_strategy());
        let actual = gradient(&x, (scaled * x.clone()).sum()).expect("tracked");
        let x = at.tensor::<2>(&device).autodiff().require_grad();
        let value = x.clone().exp() * other.tensor(&device) * x.clone();
        let expected = gradient(&x, value.sum()).expect("tracked");
        let what = format!("{device:?}");
        assert_close(&what, &actual, &expected, Tolerance::ARITHMETIC);
    }
}

#[test]
fn nothing_is_kept_where_no_gradient_is_needed() {
    for (backend, device) in devices() {
        let state = Arc::new(());
        let apply = |x: Tensor<2>| {
            let kept = Arc::clone(&state);
            custom_gradient(x, |x| {
                let pullback = move |gradient: Tensor<2>| {
                    let _ = &kept;
                    gradient
                };
                (x, pullback)
            })
        };
        let x = Array::noise([3, 5], 1).tensor::<2>(&device);
        let constants = [x.clone(), x.clone().autodiff()].map(apply);
        assert_eq!(Arc::strong_count(&state), 1, "{backend}");
        assert!(constants.iter().all(|constant| !constant.is_tracked()));
        let x = x.autodiff().require_grad();
        let value = apply(x.clone());
        assert_eq!(Arc::strong_count(&state), 2, "{backend}");
        let gradient = gradient(&x, value.sum()).expect("tracked");
        assert_eq!(gradient.values, [1.0; 15], "{backend}");
        assert_eq!(Arc::strong_count(&state), 1, "{backend}");
    }
}

#[cfg(feature = "flex")]
#[test]
fn flex_lends_the_memory_of_a_shared_tensor() {
    let x = Array::noise([3, 5], 1).tensor::<2>(&Device::flex());
    let address = |x: Tensor<2>| with_host(x, |values| values.as_ptr().addr());
    assert_eq!(address(x.clone()), address(x.clone()));
    assert_eq!(address(x.clone().autodiff()), address(x));
}

#[test]
fn values_are_row_major_however_a_tensor_lies() {
    let rows = Array::noise([3, 5], 1);
    for device in host_devices() {
        let columns = rows.tensor::<2>(&device).transpose();
        let values = with_host(columns.clone(), <[f32]>::to_vec);
        assert_eq!(values, Array::of(columns).values, "{device:?}");
    }
}

#[test]
fn an_operation_on_the_host_refuses_a_device() {
    for (backend, device) in devices() {
        let x = Array::noise([3, 5], 1).tensor::<2>(&device);
        let run = || map_host(x, [3, 5], <[f32]>::to_vec);
        let refused = catch_unwind(AssertUnwindSafe(run)).is_err();
        assert_eq!(refused, !backend.is_host(), "{backend}");
        assert_eq!(is_host(&device), backend.is_host(), "{backend}");
        assert_eq!(is_host(&device.autodiff()), backend.is_host(), "{backend}");
    }
}

#[test]
fn the_gradient_of_parts_is_that_of_slices() {
    let at = Array::noise([4, 6], 1);
    let weights = Array::noise([2, 3], 2);
    let places = || [[0..2, 0..3], [2..4, 0..3], [0..2, 3..6]];
    for (backend, device) in devices() {
        for graph in [
            device.clone().autodiff(),
            device.clone().autodiff().gradient_checkpointing(),
        ] {
            let gradient = |part: &dyn Fn(&Tensor<2>) -> [Tensor<2>; 3]| {
                let x = at.tensor::<2>(&graph).require_grad();
                let inner = x.clone() * 2.0;
                let [a, b, c] = part(&inner).map(|part| part * weights.tensor(&device));
                // Both read the inner tensor: its parts twice, once and never, and the whole.
                let value = (a.clone() * a * b).sum() + inner.square().sum();
                let gradient = gradient(&x, value).expect("tracked");
                drop(c);
                gradient
            };
            let expected = gradient(&|x| places().map(|place| x.clone().slice(place)));
            let actual = gradient(&|x| {
                let mut parts = Parts::new(x.clone());
                places().map(|place| parts.part(place))
            });
            assert_close(backend.name(), &actual, &expected, Tolerance::ARITHMETIC);
        }
    }
}

#[test]
#[should_panic(expected = "overlaps")]
fn parts_may_not_overlap() {
    let (_, device) = devices().swap_remove(0);
    let mut parts = Parts::new(Array::noise([4, 6], 1).tensor::<2>(&device));
    let corner = parts.part([0..2, 0..3]);
    assert_eq!(corner.dims(), [2, 3]);
    let _ = parts.part([1..3, 2..5]);
}
