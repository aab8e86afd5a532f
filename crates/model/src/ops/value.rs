//! The tensors of nodes in a pass by burn's operations.

use burn::tensor::{Device, Tensor, TensorData};
use oneiric_graph::{Fact, Shape};

/// The axes of every [`Value`]: burn's ndarray backend reshapes tensors of at most six.
pub(crate) const AXES: usize = 6;

/// The tensor of a node: [images, 1, ..., 1, and the lengths of the node's shape], so that axes are
/// matched from the last one, as in broadcasting. A tensor that does not depend on the image has
/// one image, which stands for all.
///
/// A shape of six axes begins with a length of 1 ([`holds`]), in whose place the images lie.
pub(crate) type Value = Tensor<AXES>;

/// The inputs of an operator in a pass.
#[derive(Debug)]
pub(crate) struct Inputs<'a> {
    tensors: Vec<Option<Value>>,
    facts: Vec<Fact<'a>>,
    output: Shape,
    device: &'a Device,
}

impl<'a> Inputs<'a> {
    /// Creates the inputs of a node from their tensors, which known ones do not need, from what is
    /// known of them, and from the shape of the node's output.
    pub(crate) fn new(
        tensors: Vec<Option<Value>>,
        facts: Vec<Fact<'a>>,
        output: Shape,
        device: &'a Device,
    ) -> Self {
        Self {
            tensors,
            facts,
            output,
            device,
        }
    }

    /// The number of inputs.
    pub(crate) fn len(&self) -> usize {
        self.facts.len()
    }

    /// What is known of an input.
    pub(crate) fn fact(&self, input: usize) -> Fact<'a> {
        self.facts[input]
    }

    /// The device of the pass, without autodiff.
    pub(crate) const fn device(&self) -> &'a Device {
        self.device
    }

    /// The shape of an input.
    pub(crate) fn shape(&self, input: usize) -> Shape {
        self.facts[input].shape
    }

    /// The shape of the output.
    pub(crate) const fn output(&self) -> Shape {
        self.output
    }

    /// Takes the tensor of an input.
    ///
    /// # Panics
    ///
    /// Panics if it was taken before.
    pub(crate) fn take(&mut self, input: usize) -> Value {
        match (self.tensors[input].take(), self.facts[input].values) {
            (Some(tensor), _) => tensor,
            (None, Some(_)) => known(self.facts[input], self.device),
            (None, None) => panic!("an operator takes an input twice"),
        }
    }

    /// Takes the tensors of all inputs, all with as many images as the one that has the most.
    pub(crate) fn take_all(&mut self) -> Vec<Value> {
        let values: Vec<Value> = (0..self.len()).map(|input| self.take(input)).collect();
        let images = values.iter().map(|value| value.dims()[0]);
        let images = images.max().unwrap_or(1);
        let all = values.into_iter().map(|value| of_images(value, images));
        all.collect()
    }

    /// Takes the maps of an input, [images * maps, channels, height, width], where `maps` is the
    /// length of the shape's first axis.
    pub(crate) fn take_maps(&mut self, input: usize) -> Tensor<4> {
        let value = self.take(input);
        let [maps, channels, height, width] = self.shape(input).lengths()[..] else {
            panic!("an input of the shape {} is no map", self.shape(input))
        };
        let images = value.dims()[0];
        value.reshape([images * maps, channels, height, width])
    }

    /// Returns the output of an operator on maps, [images * maps, channels, height, width].
    pub(crate) fn maps(&self, maps: Tensor<4>) -> Value {
        let [all, ..] = maps.dims();
        let images = all / self.output.lengths()[0];
        maps.reshape(lengths(images, self.output))
    }
}

/// The lengths of a value's axes for that many images.
pub(crate) fn lengths(images: usize, shape: Shape) -> [usize; AXES] {
    let mut all = [1; AXES];
    all[AXES - shape.axes()..].copy_from_slice(shape.lengths());
    all[0] = images;
    all
}

/// Returns true if a value can have that shape.
pub(crate) fn holds(shape: Shape) -> bool {
    shape.axes() < AXES || (shape.axes() == AXES && shape.lengths()[0] == 1)
}

/// The axis of a value that is that axis of its shape. For the first of six it is 0, that of the
/// images.
pub(crate) const fn axis(shape: &Shape, axis: usize) -> usize {
    AXES - shape.axes() + axis
}

/// Broadcasts values to one shape.
pub(crate) fn common<const N: usize>(values: [Value; N]) -> [Value; N] {
    let mut dims = [1; AXES];
    for value in &values {
        for (length, own) in dims.iter_mut().zip(value.dims()) {
            // A length is 1 or that of all; a tensor of no values has one of 0.
            if own != 1 {
                *length = own;
            }
        }
    }
    values.map(|value| value.expand(dims))
}

/// Repeats a value that stands for all images.
pub(crate) fn of_images(value: Value, images: usize) -> Value {
    let mut dims = value.dims();
    if dims[0] == images {
        return value;
    }
    dims[0] = images;
    value.expand(dims)
}

/// The tensor of what does not depend on the image.
///
/// # Panics
///
/// Panics if the values are not known.
pub(crate) fn known(fact: Fact<'_>, device: &Device) -> Value {
    let values = fact.values.expect("known values").iter();
    let values: Vec<f32> = values.map(|value| *value as f32).collect();
    Tensor::from_data(TensorData::new(values, lengths(1, fact.shape)), device)
}
