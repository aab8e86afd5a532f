//! The places of all tensors of a plan.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicU64, Ordering},
};

use super::{buffer::Buffer, geometry::Outside};
use crate::{
    blocked::Blocked, lanes::LANES, memory::MOST_NUMBERS, pack::PackedWeights,
    transformed::Transformed, view::View,
};

/// The next id. Ids distinguish layouts, so that an arena knows whose halos are zero in it.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// The places of all tensors of a plan, the same for activations and gradients.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) id: u64,
    /// True if no convolution uses Winograd's filtering.
    pub(crate) direct: bool,
    /// True if the input itself is wanted.
    pub(crate) input_wanted: bool,
    pub(crate) needed: Vec<bool>,
    /// Height and width of the needed nodes; zeros for the others.
    pub(crate) sizes: Vec<[usize; 2]>,
    /// Views of all needed nodes. A convolution with a fused ReLU shares the view of the ReLU.
    pub(crate) views: Vec<Option<View>>,
    /// The ReLU that is fused with a convolution, because nothing else reads the convolution.
    pub(crate) fused: Vec<Option<usize>>,
    /// Inputs of concatenations that lie elsewhere and are copied: (concatenation, position).
    pub(crate) copied: HashSet<(usize, usize)>,
    /// The input's gradient, in blocks.
    pub(crate) input_gradient: View,
    /// The input's gradient of a convolution in cells, by node.
    pub(crate) cells: HashMap<usize, View>,
    /// The buffers, in the order of their places.
    pub(crate) buffers: Vec<Buffer>,
    /// Numbers that one batch item takes.
    pub(crate) len: usize,
}

impl Layout {
    /// Returns none if the tensors of one batch item cannot fit into memory.
    pub(crate) fn new(
        graph: &Blocked,
        weights: &PackedWeights,
        needed: Vec<bool>,
        sizes: Vec<[usize; 2]>,
        wanted: &[usize],
        direct: bool,
    ) -> Option<Self> {
        let fused = fused(graph, &needed, wanted);
        let mut buffers = Vec::new();
        let mut copied = HashSet::new();
        let mut homes: Vec<Option<(usize, usize)>> = vec![None; graph.len()];
        // A concatenation comes after its inputs, so it can offer them a place in its own.
        for node in (0..graph.len()).rev() {
            if !needed[node] || in_input(graph, node).is_some() {
                continue;
            }
            if let Some(relu) = fused[node] {
                homes[node] = homes[relu];
                continue;
            }
            let (home, first) = *homes[node].get_or_insert_with(|| {
                let interleaved = node == 0 && graph.interleaved;
                let pixel = if interleaved {
                    graph.channels(0)
                } else {
                    LANES
                };
                buffers.push(Buffer::new(sizes[node], graph.lanes[node].len(), pixel));
                (buffers.len() - 1, 0)
            });
            if graph.operator(node).holds_inputs() {
                let mut next = first;
                for (position, &input) in graph.inputs(node).iter().enumerate() {
                    if homes[input].is_none() && in_input(graph, input).is_none() {
                        homes[input] = Some((home, next));
                    } else {
                        copied.insert((node, position));
                    }
                    next += graph.lanes[input].len();
                }
            }
        }
        for node in (0..graph.len()).filter(|&node| needed[node]) {
            if let Some(first) = in_input(graph, node) {
                let home = homes[graph.inputs(node)[0]];
                homes[node] = home.map(|(home, start)| (home, start + first));
            }
        }
        let mut draft = Draft {
            graph,
            weights,
            sizes: &sizes,
            homes: &homes,
            buffers,
            cells: Vec::new(),
        };
        for node in (0..graph.len()).filter(|&node| needed[node]) {
            graph.operator(node).reserve(&mut draft, node);
        }
        let Draft {
            mut buffers, cells, ..
        } = draft;
        if graph.interleaved {
            buffers.push(Buffer::new(sizes[0], 1, LANES));
        }
        let mut len = 0;
        for buffer in &mut buffers {
            len = buffer.place(len).filter(|&end| end <= MOST_NUMBERS)?;
        }
        let views: Vec<Option<View>> = homes
            .iter()
            .enumerate()
            .map(|(node, home)| {
                home.map(|(home, first)| buffers[home].view(first, graph.lanes[node].len()))
            })
            .collect();
        let last = buffers.len() - 1;
        let input_gradient = match views[0] {
            Some(view) if !graph.interleaved => view,
            _ => buffers[last].view(0, buffers[last].blocks),
        };
        let cells = cells
            .into_iter()
            .map(|(node, buffer)| (node, buffers[buffer].view(0, buffers[buffer].blocks)))
            .collect();
        Some(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            direct,
            input_wanted: wanted.contains(&0),
            needed,
            sizes,
            views,
            fused,
            copied,
            input_gradient,
            cells,
            buffers,
            len,
        })
    }

    /// The view of a needed node.
    ///
    /// # Panics
    ///
    /// Panics if the node is not needed.
    pub(crate) fn view(&self, node: usize) -> View {
        match self.views[node] {
            Some(view) => view,
            None => unreachable!("node {node} is not part of the plan"),
        }
    }

    /// The transformed weights of a convolution, if it goes by Winograd's filtering.
    pub(crate) fn filtered<'a>(
        &self,
        weights: &'a PackedWeights,
        node: usize,
    ) -> Option<&'a Transformed> {
        let transformed = weights.conv(node).transformed.as_ref();
        transformed.filter(|_| !self.direct)
    }

    /// Numbers of a needed node's row-major tensor, for one batch item.
    pub(crate) fn numbers(&self, graph: &Blocked, node: usize) -> usize {
        let [height, width] = self.sizes[node];
        graph.channels(node) * height * width
    }

    /// Start and length of every stretch of zeros around the tensors.
    pub(crate) fn halos(&self) -> impl Iterator<Item = (usize, usize)> {
        self.buffers.iter().flat_map(Buffer::halos)
    }
}

/// A layout before its buffers have their places.
pub(crate) struct Draft<'a> {
    pub(crate) graph: &'a Blocked,
    pub(crate) weights: &'a PackedWeights,
    /// Height and width of the needed nodes.
    pub(crate) sizes: &'a [[usize; 2]],
    /// The buffer of each needed node, and its first block there.
    homes: &'a [Option<(usize, usize)>],
    buffers: Vec<Buffer>,
    cells: Vec<(usize, usize)>,
}

impl Draft<'_> {
    /// Widens the zeros around a node's tensor.
    pub(crate) fn widen(&mut self, node: usize, outside: [Outside; 2]) {
        if let Some((buffer, _)) = self.homes[node] {
            self.buffers[buffer].widen(outside);
        }
    }

    /// Adds memory for the cells of the image that a convolution reads.
    pub(crate) fn cells(
        &mut self,
        node: usize,
        size: [usize; 2],
        blocks: usize,
        outside: [Outside; 2],
    ) {
        let mut buffer = Buffer::new(size, blocks, LANES);
        buffer.widen(outside);
        self.buffers.push(buffer);
        self.cells.push((node, self.buffers.len() - 1));
    }
}

/// The first block of its input that a node is, if it is a part of it and no work.
fn in_input(graph: &Blocked, node: usize) -> Option<usize> {
    let inputs = graph.inputs(node).iter();
    let inputs: Vec<&[usize]> = inputs.map(|&input| &graph.lanes[input][..]).collect();
    graph.operator(node).lies_in_input(&inputs)
}

/// Returns, for each node, the rectified linear unit that is fused with it: its only reader, if the
/// node's operator applies one and the node itself is not wanted.
fn fused(graph: &Blocked, needed: &[bool], wanted: &[usize]) -> Vec<Option<usize>> {
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); graph.len()];
    for node in (0..graph.len()).filter(|&node| needed[node]) {
        for &input in graph.inputs(node) {
            readers[input].push(node);
        }
    }
    (0..graph.len())
        .map(|node| match readers[node][..] {
            [reader]
                if graph.operator(node).applies_relu()
                    && graph.operator(reader).rectifier().is_some()
                    && !wanted.contains(&node) =>
            {
                Some(reader)
            }
            _ => None,
        })
        .collect()
}
