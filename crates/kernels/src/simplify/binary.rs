//! Functions of two tensors, one of which may not depend on the image.

use oneiric_graph::{Add, Binary, Node, Op};

use super::{Simpler, State, Walk, refusal};

impl Walk<'_, '_> {
    /// A sum of several maps.
    pub(super) fn sum(&self, node: &Node) -> Result<Simpler, String> {
        let form = self.form(node.inputs[0])?;
        for &input in &node.inputs {
            if self.form(input)? != form {
                return Err(refusal("it adds tensors of different axes"));
            }
        }
        let op = Op::from(Add);
        Ok(Simpler::new(op, node.inputs.clone(), form.clone()))
    }

    /// A function of two tensors.
    pub(super) fn binary(&mut self, node: &Node, op: Binary) -> Result<Simpler, String> {
        let [a, b] = [node.inputs[0], node.inputs[1]];
        if let (Ok(x), Ok(y)) = (self.form(a), self.form(b)) {
            let other = || refusal("it combines tensors of different axes");
            let form = x.combined(y).ok_or_else(other)?;
            // A sum of tensors of one shape.
            let is_sum = op == Binary::Add && x.with_axes(form.axes.len()) == form;
            let is_sum = is_sum && y.with_axes(form.axes.len()) == form;
            let op = if is_sum { Op::from(Add) } else { Op::from(op) };
            return Ok(Simpler::new(op, vec![a, b], form));
        }
        let (from, of, is_first) = match (self.is_fixed(a), self.is_fixed(b)) {
            (false, true) => (a, b, true),
            (true, false) => (b, a, false),
            _ => return Err(refusal("it combines tensors that the kernels lack")),
        };
        let other = || refusal("it combines a tensor with numbers that are not for its channels");
        let (shape, values) = self.tensor(of).ok_or_else(other)?;
        if matches!(self.state(from), State::Scores(_)) {
            let scale = match (&values[..], op, is_first) {
                (&[number], Binary::Mul, _) => f64::from(number),
                (&[number], Binary::Div, true) => f64::from(number).recip(),
                _ => return Err(refusal("the kernels have no masks of attention")),
            };
            return self.scaled(node, scale);
        }
        let form = self.form(from)?.with_axes(shape.len());
        let table = form.spread(&shape, &values).ok_or_else(other)?;
        if form.is_of_channels(&shape) {
            let positions: usize = form.size().iter().product();
            let numbers = table.into_iter().step_by(positions).collect();
            let simpler = self.affine(node, op, from, is_first, (form, numbers));
            return simpler.ok_or_else(other);
        }
        let table = if op == Binary::Add { Some(table) } else { None };
        let simpler = table.and_then(|table| self.embedding(node, from, table));
        simpler.ok_or_else(other)
    }
}
