//! The graph that an import builds, node by node.

use std::collections::{BTreeMap, HashMap, HashSet};

use oneiric_graph::{
    Constant as ConstantOp, Conv, Fact, GraphBuilder, Inferred, NodeId, Number, Op, Parameter,
    WeightId, oracle,
};
use oneiric_weights::{HostTensor, NamedTensors};

use crate::{
    arguments::Reason,
    constant::{Constant, Kind},
};

/// The most numbers of a constant that is part of the graph; larger ones are weights.
const MOST_NUMBERS: usize = 64;

/// A tensor that a node takes: a constant, or a node of the graph.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    Constant(Constant),
    Node(NodeId),
}

/// A graph in the making.
#[derive(Debug)]
pub(crate) struct Importer {
    pub(crate) builder: GraphBuilder,
    /// What is known of each node for the size of image that the import tries.
    pub(crate) known: Vec<Inferred>,
    pub(crate) ops: Vec<(Op, Vec<NodeId>)>,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) names: Vec<String>,
    pub(crate) weights: NamedTensors,
    weight_ids: HashMap<String, WeightId>,
    used_names: HashSet<String>,
    /// The nodes of constants that were used as inputs, by their name in the file.
    constants: BTreeMap<String, NodeId>,
}

impl Importer {
    pub(crate) fn new(channels: usize, image: [usize; 2]) -> Result<Self, Reason> {
        let known = GraphBuilder::infer_image(channels, image);
        let builder = GraphBuilder::new(channels);
        Ok(Self {
            builder,
            known: vec![known.map_err(|error| error.to_string())?],
            ops: vec![(Op::Input(oneiric_graph::Input { channels }), Vec::new())],
            kinds: vec![Kind::Float],
            names: vec!["input".to_owned()],
            weights: NamedTensors::new(),
            weight_ids: HashMap::new(),
            used_names: HashSet::new(),
            constants: BTreeMap::new(),
        })
    }

    pub(crate) fn axes(&self, input: &Input) -> usize {
        self.lengths(input).len()
    }

    pub(crate) fn lengths(&self, input: &Input) -> Vec<usize> {
        match input {
            Input::Constant(constant) => constant.shape.lengths().to_vec(),
            Input::Node(node) => self.known[node.index()].shape.lengths().to_vec(),
        }
    }

    pub(crate) fn kind(&self, input: &Input) -> Kind {
        match input {
            Input::Constant(constant) => constant.kind,
            Input::Node(node) => self.kinds[node.index()],
        }
    }

    /// Adds an operator, whose output is of the kind of its first input.
    pub(crate) fn add(&mut self, op: impl Into<Op>, inputs: &[Input]) -> Result<Input, Reason> {
        let kind = inputs.first().map_or(Kind::Float, |input| self.kind(input));
        self.add_of(op, inputs, kind)
    }

    /// Adds an operator, or computes it at once if its inputs are constants.
    pub(crate) fn add_of(
        &mut self,
        op: impl Into<Op>,
        inputs: &[Input],
        kind: Kind,
    ) -> Result<Input, Reason> {
        let op = op.into();
        let constants: Option<Vec<oracle::Tensor>> = inputs
            .iter()
            .map(|input| match input {
                Input::Constant(constant) => Some(constant.tensor()),
                Input::Node(_) => None,
            })
            .collect();
        if let Some(constants) = constants {
            let constants: Vec<&oracle::Tensor> = constants.iter().collect();
            let declared = self.builder.weights();
            let values: Vec<Vec<f32>> = if op.weights().is_empty() {
                Vec::new()
            } else {
                let names = declared.iter().map(|weight| &weight.name);
                names
                    .map(|name| self.weights[name].values.clone())
                    .collect()
            };
            let computed = oracle::evaluate(&op, &constants, declared, &values);
            let computed = computed.map_err(|error| error.to_string())?;
            return Ok(Input::Constant(Constant::new(computed, kind)));
        }
        let nodes = inputs.iter().map(|input| self.node_of(input));
        let nodes: Vec<NodeId> = nodes.collect::<Result<_, _>>()?;
        self.push(op, nodes, kind, None).map(Input::Node)
    }

    /// Adds a node.
    fn push(
        &mut self,
        op: Op,
        inputs: Vec<NodeId>,
        kind: Kind,
        name: Option<&str>,
    ) -> Result<NodeId, Reason> {
        let facts = inputs.iter().map(|input| self.known[input.index()].fact());
        let facts: Vec<Fact<'_>> = facts.collect();
        let known = self.builder.infer(&op, &facts);
        let known = known.map_err(|error| error.to_string())?;
        let name = self.unique(name.unwrap_or(op.name()));
        let node = self.builder.node(&name, op.clone(), &inputs);
        self.known.push(known);
        self.kinds.push(kind);
        self.names.push(name);
        self.ops.push((op, inputs));
        Ok(node)
    }

    /// Returns the node of an input; a constant becomes one.
    fn node_of(&mut self, input: &Input) -> Result<NodeId, Reason> {
        let constant = match input {
            Input::Node(node) => return Ok(*node),
            Input::Constant(constant) => constant,
        };
        let key = constant.name.as_ref().map(|name| {
            let lengths = constant.shape.lengths();
            format!("{name} {lengths:?}")
        });
        if let Some(node) = key.as_ref().and_then(|key| self.constants.get(key)) {
            return Ok(*node);
        }
        let is_small = constant.shape.count() <= MOST_NUMBERS;
        let op = if is_small || constant.kind != Kind::Float {
            Op::from(ConstantOp {
                shape: constant.shape,
                values: constant.values().into_iter().map(Number).collect(),
            })
        } else {
            Parameter {
                weight: self.weight(constant, "constant"),
            }
            .into()
        };
        let name = constant.name.clone();
        let node = self.push(op, Vec::new(), constant.kind, name.as_deref())?;
        if let Some(key) = key {
            self.constants.insert(key, node);
        }
        Ok(node)
    }

    /// Declares a constant as a weight, under its name in the file or one made from a hint.
    pub(crate) fn weight(&mut self, constant: &Constant, hint: &str) -> WeightId {
        let lengths = constant.shape.lengths();
        let key = constant
            .name
            .as_ref()
            .map(|name| format!("{name} {lengths:?}"));
        if let Some(id) = key.as_ref().and_then(|key| self.weight_ids.get(key)) {
            return *id;
        }
        let wanted = constant.name.as_deref().unwrap_or(hint);
        let mut name = wanted.to_owned();
        let mut count = 1;
        while self.weights.contains_key(&name) {
            count += 1;
            name = format!("{wanted}.{count}");
        }
        let id = self.builder.weight(&name, lengths);
        let tensor = HostTensor {
            shape: lengths.to_vec(),
            values: constant.singles(),
        };
        self.weights.insert(name, tensor);
        if let Some(key) = key {
            self.weight_ids.insert(key, id);
        }
        id
    }

    /// The constant of a declared weight.
    pub(crate) fn weight_values(&self, id: WeightId) -> (Vec<usize>, Vec<f32>) {
        let name = self.builder.weight_name(id);
        let tensor = &self.weights[name];
        (tensor.shape.clone(), tensor.values.clone())
    }

    /// Gives a node the name of a tensor.
    pub(crate) fn rename(&mut self, node: NodeId, name: &str) {
        if node.index() == 0 {
            return;
        }
        let name = self.unique(name);
        self.builder.rename(node, &name);
        self.names[node.index()] = name;
    }

    /// Replaces the convolution of a node.
    pub(crate) fn replace_conv(&mut self, node: NodeId, conv: Conv) {
        self.builder.replace(node, conv);
        self.ops[node.index()].0 = conv.into();
    }

    fn unique(&mut self, name: &str) -> String {
        let mut unique = name.to_owned();
        let mut count = 1;
        while unique == "input" || !self.used_names.insert(unique.clone()) {
            count += 1;
            unique = format!("{name}#{count}");
        }
        unique
    }
}
