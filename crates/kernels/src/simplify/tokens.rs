//! Class tokens and embeddings of positions.

use oneiric_graph::{Node, NodeId, Op, Tokens};

use super::{
    Simpler, Walk,
    form::{Factor, Form},
};

impl Walk<'_, '_> {
    /// A tensor of learned numbers for channels and positions, added to tokens.
    pub(super) fn embedding(
        &mut self,
        node: &Node,
        from: NodeId,
        table: Vec<f32>,
    ) -> Option<Simpler> {
        let form = self.form(from).ok()?;
        let tokens = in_a_row(form)?;
        let [channels, positions] = [form.channels(), form.size().iter().product()];
        // Together with the class token before it.
        let (from, prefix) = match &self.nodes[from.index()] {
            Node {
                op:
                    Op::Tokens(Tokens {
                        prefix,
                        embedding: None,
                    }),
                inputs,
                ..
            } => (inputs[0], *prefix),
            _ => (from, None),
        };
        let shape = vec![channels, positions];
        let embedding = Some(self.values.add(node, "embedding", shape, table));
        let op = Tokens { prefix, embedding };
        Some(Simpler::new(Op::from(op), vec![from], tokens))
    }

    /// A concatenation of learned positions and tokens.
    pub(super) fn prefix(&mut self, node: &Node, axis: usize) -> Option<Simpler> {
        let (&from, before) = node.inputs.split_last()?;
        let form = self.form(from).ok()?;
        let tokens = in_a_row(form)?;
        let [Factor::Columns(positions)] = tokens.axes.get(axis)?[..] else {
            return None;
        };
        let channels = tokens.channels();
        let mut columns: Vec<Vec<f32>> = vec![Vec::new(); channels];
        for &id in before {
            let (shape, values) = self.tensor(id)?;
            let own = tokens.with_axis(axis, vec![Factor::Columns(*shape.get(axis)?)]);
            let table = own.spread(&shape, &values)?;
            let count = table.len() / channels;
            for (column, values) in columns.iter_mut().zip(table.chunks(count)) {
                column.extend_from_slice(values);
            }
        }
        let count = columns[0].len();
        let shape = vec![channels, count];
        let prefix = Some(self.values.add(node, "prefix", shape, columns.concat()));
        let op = Tokens {
            prefix,
            embedding: None,
        };
        let all = tokens.with_axis(axis, vec![Factor::Columns(count + positions)]);
        Some(Simpler::new(Op::from(op), vec![from], all))
    }
}

/// The form with rows and columns, which follow one another in an axis, as columns of one row.
fn in_a_row(form: &Form) -> Option<Form> {
    let [height, width] = form.size();
    let factors = [Factor::Rows(height), Factor::Columns(width)];
    let positions: Vec<Factor> = factors
        .into_iter()
        .filter(|factor| !matches!(factor, Factor::Rows(1) | Factor::Columns(1)))
        .collect();
    let axis = form.axes.iter().position(|axis| *axis == positions)?;
    let row = vec![Factor::Columns(height * width)];
    (!positions.is_empty()).then(|| form.with_axis(axis, row))
}
