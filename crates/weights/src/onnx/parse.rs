//! Reading models.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    Attribute, Dimension, ElementType, Function, Graph, Model, Node, OpsetImport, Tensor, ValueInfo,
};
use crate::{
    Defect, Format, WeightsError,
    protobuf::wire::{Fields, Problem, Value, side, varint},
};

/// The most graphs within graphs: bodies of control flow.
const DEPTH: usize = 8;

/// Reads a model from a file, with the external data beside it.
///
/// # Errors
///
/// Returns [`WeightsError::Read`] if the file cannot be read, and [`WeightsError::File`] if it is no
/// ONNX model, is damaged, or refers to external data that cannot be read.
pub fn read(path: impl AsRef<Path>) -> Result<Model, WeightsError> {
    let path = path.as_ref();
    let bytes = fs::read(path).map_err(|source| WeightsError::Read {
        path: path.to_owned(),
        source,
    })?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let model = Parser::new(&bytes, Some(&folder)).model(&bytes);
    model.map_err(|source| WeightsError::File {
        path: path.to_owned(),
        source,
    })
}

/// Reads a model from memory. External data is read from `folder`; without one it is an error.
///
/// # Errors
///
/// Returns [`WeightsError::Memory`] if the bytes are no ONNX model or are damaged.
pub fn parse(bytes: &[u8], folder: Option<&Path>) -> Result<Model, WeightsError> {
    Ok(Parser::new(bytes, folder).model(bytes)?)
}

/// Reads a single tensor (`TensorProto`) from memory, as ONNX's test cases store it.
///
/// # Errors
///
/// Returns [`WeightsError::Memory`] if the bytes are no tensor or are damaged.
pub fn parse_tensor(bytes: &[u8]) -> Result<Tensor, WeightsError> {
    Ok(Parser::new(bytes, None).tensor(bytes)?)
}

/// A reader with a limit of memory.
#[derive(Debug)]
pub(super) struct Parser<'a> {
    pub(super) folder: Option<&'a Path>,
    bytes_left: usize,
}

impl<'a> Parser<'a> {
    /// Creates a reader for a file of those bytes. Vectors that grow take up to three times what is
    /// in them, and a node of a few bytes takes some hundred, for which the constant is: a network
    /// with its weights in another file consists of nodes alone.
    fn new(file: &[u8], folder: Option<&'a Path>) -> Self {
        Self {
            folder,
            bytes_left: file.len().saturating_mul(4).saturating_add(4 << 20),
        }
    }

    /// Subtracts memory from what is left.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), Defect> {
        let left = self.bytes_left.checked_sub(bytes);
        self.bytes_left = left.ok_or_else(|| damaged("it describes far more than its size"))?;
        Ok(())
    }

    fn string(&mut self, bytes: &[u8]) -> Result<String, Defect> {
        self.charge(size_of::<String>() + bytes.len())?;
        text(bytes)
    }

    fn pair(&mut self, message: &[u8]) -> Result<(String, String), Defect> {
        self.charge(2 * size_of::<String>() + message.len())?;
        entry(message)
    }

    fn model(&mut self, message: &[u8]) -> Result<Model, Defect> {
        let mut model = Model::default();
        let mut has_graph = false;
        for field in Fields::of(message) {
            match field.map_err(damaged)? {
                (1, Value::Number(version)) => model.ir_version = version.cast_signed(),
                (2, Value::Bytes(bytes)) => model.producer = self.string(bytes)?,
                (7, Value::Bytes(message)) => {
                    has_graph = true;
                    self.graph(message, &mut model.graph, 0)?;
                }
                (8, Value::Bytes(message)) => model.opsets.push(self.opset(message)?),
                (14, Value::Bytes(message)) => model.metadata.push(self.pair(message)?),
                (25, Value::Bytes(message)) => model.functions.push(self.function(message)?),
                _ => {}
            }
        }
        if has_graph {
            Ok(model)
        } else {
            Err(damaged("it holds no graph"))
        }
    }

    fn opset(&mut self, message: &[u8]) -> Result<OpsetImport, Defect> {
        self.charge(size_of::<OpsetImport>())?;
        let mut opset = OpsetImport::default();
        for field in Fields::of(message) {
            match field.map_err(damaged)? {
                (1, Value::Bytes(bytes)) => opset.domain = self.string(bytes)?,
                (2, Value::Number(version)) => opset.version = version.cast_signed(),
                _ => {}
            }
        }
        Ok(opset)
    }

    /// Reads a graph; a graph in two parts is that of both.
    fn graph(&mut self, message: &[u8], graph: &mut Graph, depth: usize) -> Result<(), Defect> {
        if depth > DEPTH {
            return Err(damaged("graphs within graphs are nested too deep"));
        }
        for field in Fields::of(message) {
            match field.map_err(damaged)? {
                (1, Value::Bytes(message)) => graph.nodes.push(self.node(message, depth)?),
                (2, Value::Bytes(bytes)) => graph.name = self.string(bytes)?,
                (5, Value::Bytes(message)) => graph.initializers.push(self.tensor(message)?),
                (11, Value::Bytes(message)) => graph.inputs.push(self.value_info(message)?),
                (12, Value::Bytes(message)) => graph.outputs.push(self.value_info(message)?),
                (13, Value::Bytes(message)) => graph.values.push(self.value_info(message)?),
                (15, Value::Bytes(_)) => return Err(damaged("it holds sparse initializers")),
                _ => {}
            }
        }
        Ok(())
    }

    fn node(&mut self, message: &[u8], depth: usize) -> Result<Node, Defect> {
        self.charge(size_of::<Node>())?;
        let mut node = Node::default();
        for field in Fields::of(message) {
            match field.map_err(damaged)? {
                (1, Value::Bytes(bytes)) => node.inputs.push(self.string(bytes)?),
                (2, Value::Bytes(bytes)) => node.outputs.push(self.string(bytes)?),
                (3, Value::Bytes(bytes)) => node.name = self.string(bytes)?,
                (4, Value::Bytes(bytes)) => node.op_type = self.string(bytes)?,
                (5, Value::Bytes(message)) => {
                    node.attributes.push(self.attribute(message, depth)?);
                }
                (7, Value::Bytes(bytes)) => node.domain = self.string(bytes)?,
                (8, Value::Bytes(bytes)) => node.overload = self.string(bytes)?,
                (9, Value::Bytes(message)) => node.metadata.push(self.pair(message)?),
                _ => {}
            }
        }
        Ok(node)
    }

    fn function(&mut self, message: &[u8]) -> Result<Function, Defect> {
        self.charge(size_of::<Function>())?;
        let mut function = Function::default();
        for field in Fields::of(message) {
            match field.map_err(damaged)? {
                (1, Value::Bytes(bytes)) => function.name = self.string(bytes)?,
                (4, Value::Bytes(bytes)) => function.inputs.push(self.string(bytes)?),
                (5, Value::Bytes(bytes)) => function.outputs.push(self.string(bytes)?),
                (6, Value::Bytes(bytes)) => function.attributes.push(self.string(bytes)?),
                (7, Value::Bytes(message)) => function.nodes.push(self.node(message, 0)?),
                (9, Value::Bytes(message)) => function.opsets.push(self.opset(message)?),
                (10, Value::Bytes(bytes)) => function.domain = self.string(bytes)?,
                (11, Value::Bytes(message)) => {
                    let attribute = self.attribute(message, 0)?;
                    function.default_attributes.push(attribute);
                }
                (13, Value::Bytes(bytes)) => function.overload = self.string(bytes)?,
                _ => {}
            }
        }
        Ok(function)
    }

    /// Reads a setting. Files of the first versions do not say which kind it is, so that the field
    /// that is there says it.
    fn attribute(&mut self, message: &[u8], depth: usize) -> Result<(String, Attribute), Defect> {
        self.charge(size_of::<(String, Attribute)>())?;
        let (mut name, mut reference, mut kind) = (String::new(), None, 0);
        let mut single = None;
        let (mut floats, mut ints, mut strings) = (Vec::new(), Vec::new(), Vec::new());
        let (mut tensors, mut graphs) = (Vec::new(), Vec::new());
        for field in Fields::of(message) {
            match field.map_err(damaged)? {
                (1, Value::Bytes(bytes)) => name = self.string(bytes)?,
                (2, Value::Fixed32(bytes)) => {
                    single = Some(Attribute::Float(f32::from_le_bytes(bytes)));
                }
                (3, Value::Number(number)) => single = Some(Attribute::Int(number.cast_signed())),
                (4, Value::Bytes(bytes)) => {
                    self.charge(bytes.len())?;
                    let text = String::from_utf8_lossy(bytes).into_owned();
                    single = Some(Attribute::String(text));
                }
                (5, Value::Bytes(message)) => {
                    single = Some(Attribute::Tensor(self.tensor(message)?));
                }
                (6, Value::Bytes(message)) => {
                    single = Some(Attribute::Graph(self.body(message, depth)?));
                }
                (7, Value::Fixed32(bytes)) => floats.push(f32::from_le_bytes(bytes)),
                (7, Value::Bytes(packed)) => {
                    self.charge(packed.len())?;
                    let (numbers, _) = packed.as_chunks::<4>();
                    floats.extend(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)));
                }
                (8, Value::Number(number)) => ints.push(number.cast_signed()),
                (8, Value::Bytes(mut packed)) => {
                    self.charge(packed.len().saturating_mul(8))?;
                    while !packed.is_empty() {
                        ints.push(varint(&mut packed).map_err(damaged)?.cast_signed());
                    }
                }
                (9, Value::Bytes(bytes)) => {
                    self.charge(size_of::<String>() + bytes.len())?;
                    strings.push(String::from_utf8_lossy(bytes).into_owned());
                }
                (10, Value::Bytes(message)) => tensors.push(self.tensor(message)?),
                (11, Value::Bytes(message)) => graphs.push(*self.body(message, depth)?),
                (20, Value::Number(number)) => kind = number,
                (21, Value::Bytes(bytes)) => reference = Some(self.string(bytes)?),
                _ => {}
            }
        }
        let attribute = match (reference, kind, single) {
            (Some(reference), _, _) if !reference.is_empty() => Attribute::Reference(reference),
            (_, 6, _) => Attribute::Floats(floats),
            (_, 7, _) => Attribute::Ints(ints),
            (_, 8, _) => Attribute::Strings(strings),
            (_, 9, _) => Attribute::Tensors(tensors),
            (_, 10, _) => Attribute::Graphs(graphs),
            (_, 1, None) => Attribute::Float(0.0),
            (_, 2, None) => Attribute::Int(0),
            (_, 3, None) => Attribute::String(String::new()),
            (_, 0..=5, Some(single)) => single,
            (_, 0, None) if !ints.is_empty() => Attribute::Ints(ints),
            (_, 0, None) if !floats.is_empty() => Attribute::Floats(floats),
            (_, 0, None) if !strings.is_empty() => Attribute::Strings(strings),
            _ => Attribute::Other,
        };
        Ok((name, attribute))
    }

    /// Reads the body of a node of control flow.
    fn body(&mut self, message: &[u8], depth: usize) -> Result<Box<Graph>, Defect> {
        self.charge(size_of::<Graph>())?;
        let mut graph = Box::default();
        self.graph(message, &mut graph, depth + 1)?;
        Ok(graph)
    }

    fn value_info(&mut self, message: &[u8]) -> Result<ValueInfo, Defect> {
        self.charge(size_of::<ValueInfo>())?;
        let mut info = ValueInfo::default();
        for field in Fields::of(message) {
            match field.map_err(damaged)? {
                (1, Value::Bytes(bytes)) => info.name = self.string(bytes)?,
                (2, Value::Bytes(message)) => {
                    if let Some(tensor) = only(message, 1)? {
                        self.tensor_type(tensor, &mut info)?;
                    }
                }
                _ => {}
            }
        }
        Ok(info)
    }

    fn tensor_type(&mut self, message: &[u8], info: &mut ValueInfo) -> Result<(), Defect> {
        for field in Fields::of(message) {
            match field.map_err(damaged)? {
                (1, Value::Number(element)) => info.element = Some(ElementType::of(element)),
                (2, Value::Bytes(message)) => {
                    let shape = info.shape.get_or_insert_default();
                    for field in Fields::of(message) {
                        if let (1, Value::Bytes(message)) = field.map_err(damaged)? {
                            self.charge(size_of::<Dimension>())?;
                            shape.push(self.dimension(message)?);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn dimension(&mut self, message: &[u8]) -> Result<Dimension, Defect> {
        let mut dimension = Dimension::Unknown;
        for field in Fields::of(message) {
            match field.map_err(damaged)? {
                // A negative length stands for any, by a habit of old exporters.
                (1, Value::Number(length)) => {
                    let fixed = side(length).filter(|length| *length > 0);
                    dimension = fixed.map_or(Dimension::Unknown, Dimension::Fixed);
                }
                (2, Value::Bytes(bytes)) => dimension = Dimension::Named(self.string(bytes)?),
                _ => {}
            }
        }
        Ok(dimension)
    }
}

/// Returns the last field of that number that is a message.
fn only(message: &[u8], number: u64) -> Result<Option<&[u8]>, Defect> {
    let mut found = None;
    for field in Fields::of(message) {
        match field.map_err(damaged)? {
            (at, Value::Bytes(bytes)) if at == number => found = Some(bytes),
            _ => {}
        }
    }
    Ok(found)
}

/// Reads a key with its value (`StringStringEntryProto`).
pub(super) fn entry(message: &[u8]) -> Result<(String, String), Defect> {
    let (mut key, mut value) = (String::new(), String::new());
    for field in Fields::of(message) {
        match field.map_err(damaged)? {
            (1, Value::Bytes(bytes)) => key = text(bytes)?,
            (2, Value::Bytes(bytes)) => value = text(bytes)?,
            _ => {}
        }
    }
    Ok((key, value))
}

pub(super) fn text(bytes: &[u8]) -> Result<String, Defect> {
    let text = std::str::from_utf8(bytes).map_err(|_| damaged("a name is not UTF-8"))?;
    Ok(text.to_owned())
}

pub(super) fn damaged(problem: Problem) -> Defect {
    Defect::Damaged {
        format: Format::Onnx,
        problem,
    }
}
