//! A whole network as one operation, on the CPU backends.

use burn::tensor::{Tensor, TensorData};
use oneiric_core::{Parts, custom_gradient, map_host, with_host};
use oneiric_graph::{NodeId, ReluGradient};
use oneiric_kernels::{Frozen, Run};

/// Computes the wanted nodes for an input [n, 3, h, w], each [n, channels, height, width].
///
/// # Panics
///
/// Panics if the input is too small for a node or is not in the host's memory.
pub(crate) fn forward_frozen(
    network: &Frozen,
    input: Tensor<4>,
    wanted: &[NodeId],
    relu: ReluGradient,
) -> Vec<Tensor<4>> {
    let shape = input.dims();
    let mut shapes = Vec::new();
    let flat = custom_gradient(input, |input| {
        let device = input.device();
        let run = with_host(input, |input| network.forward(input, shape, wanted));
        let run = run.unwrap_or_else(|error| panic!("{error}"));
        shapes = (0..wanted.len()).map(|index| run.shape(index)).collect();
        let lengths: Vec<usize> = shapes.iter().map(|shape| shape.iter().product()).collect();
        let values = outputs(&run, &lengths);
        let flat = TensorData::new(values, [lengths.iter().sum::<usize>()]);
        let pullback = move |gradient: Tensor<1>| {
            map_host(gradient, shape, |gradient| {
                input_gradient(&run, &lengths, gradient, relu)
            })
        };
        (Tensor::from_data(flat, &device), pullback)
    });
    if let [shape] = shapes[..] {
        return vec![flat.reshape(shape)];
    }
    let mut flat = Parts::new(flat);
    let mut start = 0;
    let parts = shapes.into_iter().map(|shape| {
        let place = start..start + shape.iter().product::<usize>();
        start = place.end;
        flat.part([place]).reshape(shape)
    });
    parts.collect()
}

/// Returns the outputs of a run, of those lengths, concatenated.
fn outputs(run: &Run, lengths: &[usize]) -> Vec<f32> {
    let mut flat = vec![0.0; lengths.iter().sum()];
    let mut rest = &mut flat[..];
    for (index, length) in lengths.iter().enumerate() {
        let (output, after) = rest.split_at_mut(*length);
        run.write_output(index, output)
            .expect("of the node's length");
        rest = after;
    }
    flat
}

/// Returns the gradient with respect to the input of a run, given those with respect to the
/// outputs.
fn input_gradient(run: &Run, lengths: &[usize], flat: &[f32], relu: ReluGradient) -> Vec<f32> {
    let mut rest = flat;
    let parts = lengths.iter().map(|length| {
        let (part, after) = rest.split_at(*length);
        rest = after;
        // A layer that the loss does not depend on costs nothing.
        part.iter().any(|value| *value != 0.0).then_some(part)
    });
    let parts: Vec<_> = parts.collect();
    run.input_gradient(&parts, relu)
        .expect("gradients of the outputs' lengths")
}

#[cfg(test)]
mod tests {
    use oneiric_graph::{Binary, Constant, ShapeOf};

    use crate::ops::testing::check;

    #[test]
    fn burn_computes_what_means_something_else_for_some_sizes() {
        // The kernels are made for a large image, whose number of hundreds is another one.
        check("hundreds", 3, &[[8, 9], [230, 4]], |net| {
            let rows = ShapeOf {
                start: 2,
                end: Some(3),
            };
            let rows = net.node("rows", rows, &[net.input()]);
            let many = net.node("many", Constant::scalar(100.0), &[]);
            let hundreds = net.node("hundreds", Binary::IntegerDiv, &[rows, many]);
            net.node("sum", Binary::Add, &[net.input(), hundreds])
        });
    }
}
