//! The layers of an imported graph: which tensors, how they are seen, and by which names.

use std::collections::{BTreeMap, BTreeSet};

use oneiric_graph::{NodeId, Op, Rearrange, View};
use oneiric_weights::onnx::Node;

use crate::{LayerSource, constant::Kind, import::Named, importer::Importer, names::module_path};

/// The most tokens that are no position of the image.
const MOST_PREFIX: usize = 8;

/// Returns the layers of the named tensors.
pub(crate) fn layers(importer: &Importer, nodes: &[Node], named: Vec<Named>) -> Vec<LayerSource> {
    let last = channels_last(importer);
    let mut layers: Vec<LayerSource> = Vec::new();
    let mut modules: BTreeMap<String, usize> = BTreeMap::new();
    let mut by_node: BTreeMap<NodeId, usize> = BTreeMap::new();
    let mut named = named;
    named.sort_by_key(|named| named.node);
    for Named { name, source, node } in named {
        if importer.kinds[node.index()] != Kind::Float || node.index() == 0 {
            continue;
        }
        let own = &nodes[source];
        if let Some(layer) = by_node.get(&node) {
            // An Identity: another name of the same tensor.
            layers[*layer].aliases.push(name);
            continue;
        }
        let Some((view, channels, prefix)) = view(importer, node, &last) else {
            continue;
        };
        let mut aliases = Vec::new();
        if !own.name.is_empty() && own.name != name {
            aliases.push(own.name.clone());
        }
        by_node.insert(node, layers.len());
        if let Some(path) = module_path(own) {
            let mut path = path.as_str();
            loop {
                modules.insert(path.to_owned(), layers.len());
                match path.rsplit_once('.') {
                    Some((outer, _)) => path = outer,
                    None => break,
                }
            }
        }
        layers.push(LayerSource {
            name: name.clone(),
            aliases,
            kind: own.op_type.clone(),
            node,
            view,
            channels,
        });
        if prefix > 0 {
            layers.push(LayerSource {
                name: format!("{name}:prefix"),
                aliases: Vec::new(),
                kind: own.op_type.clone(),
                node,
                view: View::Prefix { count: prefix },
                channels,
            });
        }
    }
    for (path, layer) in modules {
        layers[layer].aliases.push(path);
    }
    unique_aliases(&mut layers);
    layers
}

/// Drops aliases that are a name, or an alias of several layers.
fn unique_aliases(layers: &mut [LayerSource]) {
    let names: BTreeSet<String> = layers.iter().map(|layer| layer.name.clone()).collect();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for alias in layers.iter().flat_map(|layer| &layer.aliases) {
        *count.entry(alias.clone()).or_default() += 1;
    }
    for layer in layers {
        let is_unique = |alias: &String| !names.contains(alias) && count[alias] == 1;
        layer.aliases.retain(is_unique);
    }
}

/// Returns, for each node, true if its channels lie along the last axis: of a map with its channels
/// last, of tokens, and of both cut into windows.
fn channels_last(importer: &Importer) -> Vec<bool> {
    let mut last = vec![false; importer.ops.len()];
    forward(importer, &mut last);
    // What a sum adds to a map with its channels last is such a map too, although its own way, as
    // out of an attention's heads, did not show it.
    backward(importer, &mut last);
    forward(importer, &mut last);
    last
}

/// Marks nodes by their inputs.
fn forward(importer: &Importer, last: &mut [bool]) {
    for (index, (op, inputs)) in importer.ops.iter().enumerate() {
        let shape = importer.known[index].shape;
        let of = |input: &NodeId| last[input.index()];
        let found = match op {
            Op::Rearrange(Rearrange::Transpose { permutation }) => {
                let order = permutation.as_deref().unwrap_or_default();
                match order {
                    [0, 2, 3, 1] => !of(&inputs[0]),
                    // A flat map becomes tokens, and tokens a flat map.
                    [0, 2, 1] => !of(&inputs[0]),
                    _ => keeps_last(order) && of(&inputs[0]),
                }
            }
            Op::Reshape(_) => of(&inputs[0]) && same_last(importer, inputs[0], index),
            Op::Conv(_) | Op::MaxPool(_) | Op::AveragePool(_) | Op::Lrn(_) => false,
            _ => shape.axes() > 2 && inputs.iter().any(of),
        };
        last[index] |= found;
    }
}

/// Marks the inputs of marked nodes that compute each position alone or move positions.
fn backward(importer: &Importer, last: &mut [bool]) {
    for (index, (op, inputs)) in importer.ops.iter().enumerate().rev() {
        if !last[index] {
            continue;
        }
        let axes = importer.known[index].shape.axes();
        for input in inputs {
            let is_same = match op {
                Op::Rearrange(Rearrange::Transpose { permutation }) => {
                    keeps_last(permutation.as_deref().unwrap_or_default())
                }
                Op::Rearrange(_) | Op::Reshape(_) | Op::Concat(_) => {
                    same_last(importer, *input, index)
                }
                Op::Add(_) | Op::Binary(_) | Op::Unary(_) | Op::Relu(_) => {
                    importer.known[input.index()].shape == importer.known[index].shape
                }
                _ => false,
            };
            let kind = importer.kinds[input.index()];
            let from = importer.known[input.index()].shape.axes();
            if is_same && kind == Kind::Float && from > 2 && axes > 2 {
                last[input.index()] = true;
            }
        }
    }
}

/// Returns true if the last axis stays the last one.
const fn keeps_last(order: &[usize]) -> bool {
    matches!(order, [.., end] if *end + 1 == order.len())
}

fn same_last(importer: &Importer, input: NodeId, output: usize) -> bool {
    let from = importer.known[input.index()].shape;
    let to = importer.known[output].shape;
    from.lengths().last() == to.lengths().last()
}

/// Returns how a node's tensor is seen, its channels, and the tokens before the map.
fn view(importer: &Importer, node: NodeId, last: &[bool]) -> Option<(View, usize, usize)> {
    let shape = importer.known[node.index()].shape;
    if shape.count() == 0 {
        return None;
    }
    match *shape.lengths() {
        [1, _, _, channels] if last[node.index()] => Some((View::ChannelsLast, channels, 0)),
        [1, channels, _, _] | [1, channels] => Some((View::Map, channels, 0)),
        [1, tokens, channels] if !is_flat_map(importer, node) => {
            let maps = (0..node.index()).rev().filter_map(|at| {
                let [1, _, b, c] = *importer.known[at].shape.lengths() else {
                    return None;
                };
                if importer.kinds[at] != Kind::Float || last[at] {
                    return None;
                }
                let prefix = tokens.checked_sub(b * c)?;
                (b * c > 1 && prefix <= MOST_PREFIX).then(|| (NodeId::new(at), prefix))
            });
            let found = maps.into_iter().next();
            let (grid, prefix) = match found {
                Some((grid, prefix)) => (Some(grid), prefix),
                None => (None, 0),
            };
            Some((View::Tokens { prefix, grid }, channels, prefix))
        }
        _ => None,
    }
}

/// True for a map whose positions were made one axis: its channels are axis 1, as it is no row of
/// tokens yet.
fn is_flat_map(importer: &Importer, node: NodeId) -> bool {
    let (op, inputs) = &importer.ops[node.index()];
    let (Op::Reshape(_), Some(input)) = (op, inputs.first()) else {
        return false;
    };
    let from = importer.known[input.index()].shape;
    let to = importer.known[node.index()].shape;
    from.axes() == 4 && from.lengths()[1] == to.lengths()[1]
}

/// Returns the layer of the class scores, given the model's first output: before a softmax, and a
/// vector or a map of one position.
pub(crate) fn logits(importer: &Importer, layers: &[LayerSource], output: NodeId) -> Option<usize> {
    let mut node = output;
    loop {
        let (op, inputs) = &importer.ops[node.index()];
        match op {
            Op::Softmax(_) => node = inputs[0],
            _ => break,
        }
    }
    loop {
        let is_scores = |layer: &&LayerSource| layer.node == node && layer.view == View::Map;
        let found = layers.iter().position(|layer| is_scores(&layer));
        let lengths = importer.known[node.index()].shape;
        let lengths = lengths.lengths();
        if let (Some(found), [1, classes, rest @ ..]) = (found, lengths)
            && *classes > 1
            && rest.iter().all(|length| *length == 1)
        {
            return Some(found);
        }
        // The same values under other axes.
        let (op, inputs) = &importer.ops[node.index()];
        match op {
            Op::Reshape(_) => node = inputs[0],
            _ => return None,
        }
    }
}
