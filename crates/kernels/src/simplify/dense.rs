//! Products with matrices, as convolutions of 1x1.

use oneiric_graph::{Gemm, Node, Op, WeightId};

use super::{
    Simpler, Walk,
    form::{Factor, Form, Order},
    refusal,
};

impl Walk<'_, '_> {
    /// A product of each position's channels, the last axis, with a matrix that is a weight.
    pub(super) fn matrix_product(&mut self, node: &Node) -> Option<Simpler> {
        let [from, matrix] = node.inputs[..] else {
            return None;
        };
        let form = self.form(from).ok()?;
        let Op::Parameter(parameter) = &self.graph.node(matrix).op else {
            return None;
        };
        let matrix = parameter.weight;
        let [inner, outer] = self.values.declared[matrix.index()].shape[..] else {
            return None;
        };
        let form = product_form(form, inner, outer)?;
        let weight = match self.matrices.get(&matrix) {
            Some(weight) => *weight,
            None => {
                let values = &self.values.values[matrix.index()];
                let values = transposed(values, [inner, outer]);
                let shape = vec![outer, inner, 1, 1];
                let weight = self.values.add(node, "matrix", shape, values);
                self.matrices.insert(matrix, weight);
                weight
            }
        };
        self.products.insert(self.next(), (from, weight));
        Some(Simpler::dense(from, weight, None, form))
    }

    /// A fully connected layer: of a tensor as one vector, or of each position.
    pub(super) fn gemm(&mut self, node: &Node, gemm: &Gemm) -> Result<Simpler, String> {
        let from = node.inputs[0];
        let form = self.form(from)?;
        let [outer, inner] = gemm.dimensions(&self.values.declared);
        if form.axes[0].is_empty() && form.order() == Some(Order::ChannelsFirst) {
            let vector = Form::map([outer, 1, 1]);
            let form = vector.reshaped(&[1, outer]);
            let form = form.unwrap_or(vector);
            return Ok(Simpler::new(Op::from(*gemm), vec![from], form));
        }
        let form = product_form(form, inner, outer);
        let form =
            form.ok_or_else(|| refusal("its features are not the channels of a position"))?;
        let values = &self.values.values[gemm.weight.index()];
        let values = if gemm.transposed {
            transposed(values, [inner, outer])
        } else {
            values.to_vec()
        };
        let values = values.iter().map(|value| gemm.alpha * value).collect();
        let shape = vec![outer, inner, 1, 1];
        let weight = self.values.add(node, "matrix", shape, values);
        let bias: Option<WeightId> = gemm.bias.map(|bias| {
            let values = self.values.values[bias.index()].iter();
            let values = values.map(|value| gemm.beta * value).collect();
            self.values.add(node, "bias", vec![outer], values)
        });
        Ok(Simpler::dense(from, weight, bias, form))
    }
}

/// The form of a product of the last axis, all channels, with a matrix.
fn product_form(form: &Form, inner: usize, outer: usize) -> Option<Form> {
    let last = form.axes.len().checked_sub(1)?;
    let fits = form.channels() == inner && form.has_channels(last);
    let factor = Factor::Channels {
        count: outer,
        stride: 1,
    };
    let factors = if outer == 1 { vec![] } else { vec![factor] };
    fits.then(|| form.with_axis(last, factors))
}

/// A matrix with rows as columns.
fn transposed(values: &[f32], [rows, columns]: [usize; 2]) -> Vec<f32> {
    let places = (0..columns).flat_map(|column| (0..rows).map(move |row| row * columns + column));
    places.map(|at| values[at]).collect()
}
