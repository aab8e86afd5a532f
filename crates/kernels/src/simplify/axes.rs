//! Reshapes, transpositions, concatenations, parts and means.

use oneiric_graph::{
    Concat, Crop, Fact, GlobalAveragePool, Node, NodeId, Op, Rearrange, Reduce, Reduction,
};

use super::{
    Simpler, State, Walk,
    form::{Factor, Form},
    refusal,
};

impl Walk<'_, '_> {
    /// The same values under other axes.
    pub(super) fn reshaped(&self, node: &Node) -> Result<Simpler, String> {
        let (from, form) = (node.inputs[0], self.form(node.inputs[0])?);
        let lengths = self.lengths(self.next())?;
        let reshaped = form.reshaped(&lengths);
        let reshaped = reshaped.ok_or_else(|| refusal("it cuts or joins rows and columns"))?;
        let channels = reshaped.all_channels();
        let factors = |axis: &[Factor]| axis.iter().filter(|factor| factor.is_channels()).count();
        // Channels in another order as one axis: a shuffle of channels.
        let shuffled = reshaped.axes.iter().position(|axis| {
            axis.len() > 1 && factors(axis) == axis.len() && {
                let count: usize = axis.iter().map(|factor| factor.length()).product();
                count == reshaped.channels()
            }
        });
        let Some(axis) = shuffled else {
            return Ok(Simpler::same(from, reshaped));
        };
        let order = reshaped.channel_order(axis);
        let form = reshaped.with_axis(axis, channels);
        let crop = Crop {
            channels: Some(order),
            ..Crop::default()
        };
        Ok(Simpler::new(Op::from(crop), vec![from], form))
    }

    /// The axes in another order.
    pub(super) fn transposed(
        &self,
        node: &Node,
        order: Option<&[usize]>,
    ) -> Result<Simpler, String> {
        let (from, form) = (node.inputs[0], self.form(node.inputs[0])?);
        let reversed: Vec<usize> = (0..form.axes.len()).rev().collect();
        let order = order.unwrap_or(&reversed);
        if order.len() != form.axes.len() {
            return Err(refusal("it orders other axes than there are"));
        }
        Ok(Simpler::same(from, form.transposed(order)))
    }

    /// Tensors side by side, along the channels or behind learned positions.
    pub(super) fn concatenated(&mut self, node: &Node, axis: isize) -> Result<Simpler, String> {
        let last = node.inputs[node.inputs.len() - 1];
        let axes = self.form(last)?.axes.len() as isize;
        let axis = if axis < 0 { axis + axes } else { axis };
        let axis = usize::try_from(axis).map_err(|_| refusal("it has no such axis"))?;
        let is_map = |id: &NodeId| matches!(self.state(*id), State::Map(_));
        if node.inputs.iter().all(is_map) {
            let forms = node.inputs.iter().map(|&id| self.form(id));
            let forms = forms.collect::<Result<Vec<&Form>, String>>()?;
            let rest = |form: &Form| form.with_axis(axis, vec![]);
            let fits = |form: &&Form| form.has_channels(axis) && rest(form) == rest(forms[0]);
            if !forms.iter().all(fits) {
                return Err(refusal("it joins something else than channels"));
            }
            let count = forms.iter().map(|form| form.channels()).sum();
            let factor = Factor::Channels { count, stride: 1 };
            let form = forms[0].with_axis(axis, vec![factor]);
            return Ok(Simpler::new(
                Op::from(Concat::CHANNELS),
                node.inputs.clone(),
                form,
            ));
        }
        let mut before = node.inputs[..node.inputs.len() - 1].iter();
        if !before.all(|&id| self.is_fixed(id)) {
            return Err(refusal("it joins something else than channels"));
        }
        let prefix = self.prefix(node, axis);
        prefix.ok_or_else(|| refusal("it joins something else than channels"))
    }

    /// A part of a tensor along its axes.
    pub(super) fn part(&self, node: &Node) -> Result<Simpler, String> {
        let (from, mut form) = (node.inputs[0], self.form(node.inputs[0])?.clone());
        let Op::Rearrange(rearrange) = &node.op else {
            return Err(refusal("it is no part of a tensor"));
        };
        let unknown = || refusal("its part depends on the image");
        let facts = node.inputs.iter().map(|&input| self.known(input));
        let facts: Vec<Fact<'_>> = facts.collect::<Option<_>>().ok_or_else(unknown)?;
        let chosen = chosen(rearrange, &facts).ok_or_else(unknown)?;
        let lengths = form.lengths();
        let mut crop = Crop::default();
        let mut channels: Vec<usize> = (0..form.channels()).collect();
        for (axis, places) in chosen.iter().enumerate() {
            if places.len() == lengths[axis] && places.iter().copied().eq(0..lengths[axis]) {
                continue;
            }
            let range = || match (places.first(), places.last()) {
                (Some(&first), Some(&last)) if places.iter().copied().eq(first..last + 1) => {
                    Ok(first..last + 1)
                }
                _ => Err(refusal("it takes rows or columns that are not neighbors")),
            };
            match form.axes[axis][..] {
                [Factor::Rows(_)] => {
                    crop.rows = Some(range()?);
                    form = form.with_axis(axis, single(Factor::Rows(places.len())));
                }
                [Factor::Columns(_)] => {
                    crop.columns = Some(range()?);
                    form = form.with_axis(axis, single(Factor::Columns(places.len())));
                }
                [Factor::Channels { count, stride }] => {
                    channels = channels
                        .chunks(count * stride)
                        .flat_map(|outer| {
                            places.iter().flat_map(move |place| {
                                outer[place * stride..(place + 1) * stride].iter().copied()
                            })
                        })
                        .collect();
                    crop.channels = Some(channels.clone());
                    form = form.with_fewer(axis, places.len());
                }
                _ => return Err(refusal("it takes a part of joined axes")),
            }
        }
        if let Rearrange::Gather { axis } = rearrange
            && facts[1].shape.axes() == 0
        {
            let axis = facts[0].shape.axis(*axis).map_err(|_| unknown())?;
            form.axes.remove(axis);
        }
        if crop == Crop::default() {
            return Ok(Simpler::same(from, form));
        }
        Ok(Simpler::new(Op::from(crop), vec![from], form))
    }

    /// The mean over all positions.
    pub(super) fn mean(&self, node: &Node, reduce: &Reduce) -> Result<Simpler, String> {
        let (from, form) = (node.inputs[0], self.form(node.inputs[0])?);
        let other = || refusal("of reductions, the kernels have the mean over all positions only");
        let axes = reduce.axes.as_ref().ok_or_else(other)?;
        let count = form.axes.len() as isize;
        let axes: Vec<usize> = axes
            .iter()
            .filter_map(|&axis| usize::try_from(if axis < 0 { axis + count } else { axis }).ok())
            .collect();
        let is_reduced = |axis: usize| axes.contains(&axis);
        let fits = form.axes.iter().enumerate().all(|(axis, factors)| {
            let is_channels = factors.iter().any(|factor| factor.is_channels());
            factors.is_empty() || is_channels != is_reduced(axis)
        });
        if reduce.reduction != Reduction::Mean || !fits {
            return Err(other());
        }
        let kept = (0..form.axes.len()).filter(|&axis| reduce.keep || !is_reduced(axis));
        let axes = kept.map(|axis| {
            if is_reduced(axis) {
                vec![]
            } else {
                form.axes[axis].clone()
            }
        });
        let form = Form {
            axes: axes.collect(),
        };
        let op = Op::from(GlobalAveragePool);
        Ok(Simpler::new(op, vec![from], form))
    }
}

/// A factor, unless its length is 1.
fn single(factor: Factor) -> Vec<Factor> {
    if factor.length() == 1 {
        vec![]
    } else {
        vec![factor]
    }
}

/// The places along each axis of the input that a part takes.
fn chosen(rearrange: &Rearrange, facts: &[Fact<'_>]) -> Option<Vec<Vec<usize>>> {
    let input = facts[0].shape;
    let arrangement = rearrange.arrangement(facts).ok()?;
    let mut lengths = arrangement.shape.lengths().to_vec();
    if let Rearrange::Gather { axis } = rearrange {
        match facts[1].shape.axes() {
            0 => lengths.insert(input.axis(*axis).ok()?, 1),
            1 => {}
            _ => return None,
        }
    }
    if lengths.len() != input.axes() || lengths.contains(&0) {
        return None;
    }
    let strides = input.strides();
    let mut inner = 1;
    let mut all = Vec::new();
    for axis in (0..lengths.len()).rev() {
        let places = (0..lengths[axis]).map(|at| {
            let source = arrangement.sources[at * inner]?;
            Some(source / strides[axis] % input.lengths()[axis])
        });
        all.insert(0, places.collect::<Option<Vec<usize>>>()?);
        inner *= lengths[axis];
    }
    Some(all)
}
