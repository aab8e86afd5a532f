//! Operators that move values and compute nothing.

use burn::tensor::{Device, Int, Tensor, TensorData};
use oneiric_graph::{Fact, Fill, Rearrange, Shape};

use super::{
    BurnOp, Inputs, Pass, Value, lengths,
    value::{AXES, axis},
};

impl BurnOp for Rearrange {
    fn run(&self, mut inputs: Inputs<'_>, _: &Pass<'_>) -> Value {
        let facts: Vec<Fact<'_>> = (0..inputs.len()).map(|at| inputs.fact(at)).collect();
        let (from, to) = (inputs.shape(0), inputs.output());
        let x = inputs.take(0);
        let [images, ..] = x.dims();
        match self {
            Self::Transpose { permutation } => {
                let order = Self::permutation(permutation.as_deref(), from);
                let order = order.expect("checked by the graph");
                let mut axes: [usize; AXES] = std::array::from_fn(|at| at);
                for (at, source) in order.into_iter().enumerate() {
                    axes[axis(&to, at)] = axis(&from, source);
                }
                x.permute(axes)
            }
            Self::Expand => x.expand(lengths(images, to)),
            Self::Gather { axis: along } => {
                let along = from.axis(*along).expect("checked by the graph");
                let length = from.lengths()[along] as i64;
                let places = facts[1].integers("indices").expect("checked by the graph");
                let places = places.into_iter();
                let places = places
                    .map(|at| if at < 0 { at + length } else { at })
                    .collect();
                let gathered = x.select(axis(&from, along), index(places, inputs.device()));
                gathered.reshape(lengths(images, to))
            }
            Self::Pad { fill: Fill::Zeros } => {
                let pads = Self::paddings(&facts).expect("checked by the graph");
                let pads = pads.into_iter().enumerate();
                pads.fold(x, |x, (at, pads)| {
                    pad(x, axis(&from, at), pads, inputs.device())
                })
            }
            _ => {
                let arrangement = self.arrangement(&facts).expect("checked by the graph");
                let sources = arrangement.sources;
                match window(&sources, from, to) {
                    Some(first) => cut(x, first, from, to),
                    None => by_index(x, &sources, inputs.device(), to),
                }
            }
        }
    }
}

/// Zeros before and after an axis; negative numbers of them cut off.
fn pad(x: Value, axis: usize, pads: [i64; 2], device: &Device) -> Value {
    let length = x.dims()[axis];
    let [cut_before, cut_after] = pads.map(|pad| (-pad).max(0) as usize);
    let x = if cut_before + cut_after > 0 {
        x.narrow(axis, cut_before, length - cut_before - cut_after)
    } else {
        x
    };
    let mut parts = vec![x];
    let [before, after] = pads.map(|pad| pad.max(0) as usize);
    let zeros = |count: usize, like: &Value| {
        let mut dims = like.dims();
        dims[axis] = count;
        Value::zeros(dims, device)
    };
    if before > 0 {
        parts.insert(0, zeros(before, &parts[0]));
    }
    if after > 0 {
        parts.push(zeros(after, &parts[0]));
    }
    if parts.len() == 1 {
        return parts.swap_remove(0);
    }
    Tensor::cat(parts, axis)
}

/// Returns the first position along each axis if the output is a box of the input, as of a slice or
/// a split.
fn window(sources: &[Option<usize>], from: Shape, to: Shape) -> Option<Vec<usize>> {
    if from.axes() != to.axes() || sources.is_empty() {
        return None;
    }
    let strides = from.strides();
    let mut rest = (*sources.first()?)?;
    let first: Vec<usize> = strides
        .iter()
        .map(|stride| {
            let place = rest / stride;
            rest %= stride;
            place
        })
        .collect();
    let fits = |axis: usize| first[axis] + to.lengths()[axis] <= from.lengths()[axis];
    if !(0..to.axes()).all(fits) {
        return None;
    }
    let own = to.strides();
    let source = |at: usize| -> usize {
        let places = (0..to.axes()).map(|axis| at / own[axis] % to.lengths()[axis] + first[axis]);
        places
            .zip(&strides)
            .map(|(place, stride)| place * stride)
            .sum()
    };
    let all = sources.iter().enumerate();
    all.into_iter()
        .all(|(at, found)| *found == Some(source(at)))
        .then_some(first)
}

fn cut(x: Value, first: Vec<usize>, from: Shape, to: Shape) -> Value {
    let places = first.into_iter().enumerate();
    places.fold(x, |x, (at, first)| {
        let length = to.lengths()[at];
        if length == from.lengths()[at] {
            return x;
        }
        x.narrow(axis(&from, at), first, length)
    })
}

/// Any arrangement, value by value.
fn by_index(x: Value, sources: &[Option<usize>], device: &Device, to: Shape) -> Value {
    let [images, ..] = x.dims();
    let count = x.dims().iter().product::<usize>() / images.max(1);
    let mut flat: Tensor<2> = x.reshape([images, count]);
    if sources.contains(&None) {
        let zero = Tensor::zeros([images, 1], device);
        flat = Tensor::cat(vec![flat, zero], 1);
    }
    let places = sources.iter().map(|source| source.unwrap_or(count) as i64);
    let found = flat.select(1, index(places.collect(), device));
    found.reshape(lengths(images, to))
}

fn index(places: Vec<i64>, device: &Device) -> Tensor<1, Int> {
    let count = places.len();
    Tensor::from_data(TensorData::new(places, [count]), device)
}

#[cfg(test)]
mod tests {
    use oneiric_graph::{Constant, Fill, GraphBuilder, NodeId, Rearrange};

    use crate::ops::testing::check;

    /// Checks an operator whose further inputs are these vectors.
    fn check_with(what: &str, channels: usize, op: &Rearrange, more: &[&[i64]]) {
        check(what, channels, &[[4, 6]], |net: &mut GraphBuilder| {
            let mut inputs: Vec<NodeId> = vec![net.input()];
            for (at, values) in more.iter().enumerate() {
                let name = format!("constant{at}");
                inputs.push(net.node(&name, Constant::vector(values), &[]));
            }
            let moved = net.node("moved", op.clone(), &inputs);
            net.relu("relu", moved)
        });
    }

    #[test]
    fn they_are_their_definitions() {
        for permutation in [None, Some(vec![0, 2, 3, 1]), Some(vec![3, 0, 1, 2])] {
            let what = format!("transpose {permutation:?}");
            check_with(&what, 3, &Rearrange::Transpose { permutation }, &[]);
        }
        let slice = Rearrange::Slice;
        check_with("slice", 3, &slice, &[&[1, 2], &[3, -1], &[2, 3]]);
        check_with(
            "slice in steps",
            3,
            &slice,
            &[&[0, 5], &[9, -9], &[2, 3], &[2, -2]],
        );
        let split = |parts| Rearrange::Split {
            axis: 1,
            index: 1,
            parts,
        };
        check_with("equal parts", 4, &split(Some(2)), &[]);
        check_with("given parts", 4, &split(None), &[&[1, 2, 1]]);
        check_with(
            "gather",
            4,
            &Rearrange::Gather { axis: 1 },
            &[&[2, -1, 0, 2]],
        );
        for fill in [Fill::Zeros, Fill::Reflect, Fill::Edge, Fill::Wrap] {
            let pads: &[i64] = &[0, 0, 1, 2, 0, 0, 2, 1];
            check_with(
                &format!("pad {fill:?}"),
                3,
                &Rearrange::Pad { fill },
                &[pads],
            );
        }
        let pads: &[i64] = &[0, 0, -1, 2, 0, 1, 2, -1];
        check_with(
            "crop and pad",
            3,
            &Rearrange::Pad { fill: Fill::Zeros },
            &[pads],
        );
        check_with(
            "pad axes",
            3,
            &Rearrange::Pad { fill: Fill::Edge },
            &[&[2, 1], &[-1]],
        );
        check_with("expand", 1, &Rearrange::Expand, &[&[5, 1, 1]]);
        check_with("tile", 2, &Rearrange::Tile, &[&[1, 2, 1, 3]]);
        for neighbors in [false, true] {
            let op = Rearrange::DepthToSpace {
                block: 2,
                neighbors,
            };
            check_with("depth to space", 8, &op, &[]);
        }
        for neighbors in [false, true] {
            let op = Rearrange::SpaceToDepth {
                block: 2,
                neighbors,
            };
            check_with("space to depth", 3, &op, &[]);
        }
    }
}
