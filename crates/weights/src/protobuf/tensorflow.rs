//! Reading the constants of a frozen TensorFlow graph.

use std::io::Read;

use super::{
    recognize::recognize,
    wire::{Fields, Problem, Value, side, varint},
};
use crate::{
    Defect, Format,
    collector::{Collector, MAX_AXES, volume},
    element::Element,
    format::HEAD,
    labels::{LABELS_ENDING, read_labels},
    zip::Archive,
};

// Field numbers: tensorflow/core/framework/{graph,node_def,attr_value,tensor,tensor_shape}.proto
pub(super) const GRAPH_NODE: u64 = 1;
pub(super) const NODE_NAME: u64 = 1;
pub(super) const NODE_OP: u64 = 2;
const NODE_ATTRIBUTE: u64 = 5;
const ENTRY_KEY: u64 = 1;
const ENTRY_VALUE: u64 = 2;
const VALUE_TENSOR: u64 = 8;
const TENSOR_TYPE: u64 = 1;
const TENSOR_SHAPE: u64 = 2;
const TENSOR_CONTENT: u64 = 4;
const TENSOR_FLOATS: u64 = 5;
const TENSOR_DOUBLES: u64 = 6;
const TENSOR_HALVES: u64 = 13;
const SHAPE_SIDE: u64 = 2;
const SIDE_SIZE: u64 = 1;

/// Reads every floating-point constant of a graph.
pub(crate) fn read_graph(graph: &[u8], collector: &mut Collector) -> Result<(), Defect> {
    for field in Fields::of(graph) {
        if let (GRAPH_NODE, Value::Bytes(node)) = field.map_err(damaged)? {
            read_node(node, collector)?;
        }
    }
    Ok(())
}

/// Reads the only graph in an archive, and returns the labels in the archive.
pub(crate) fn read_graph_archive(
    archive: &Archive<'_>,
    collector: &mut Collector,
) -> Result<Option<Vec<String>>, Defect> {
    let mut graph = None;
    let mut labels = None;
    for (name, entry) in archive.entries() {
        if name.ends_with(LABELS_ENDING) {
            labels = Some(read_labels(archive.reader(entry)?)?);
            continue;
        }
        let mut head = Vec::new();
        archive
            .reader(entry)?
            .take(HEAD as u64)
            .read_to_end(&mut head)?;
        if recognize(&head) != Some(Format::TensorFlow) {
            continue;
        }
        if let Some((first, _)) = graph.replace((name, entry)) {
            return Err(Defect::SeveralInArchive {
                first: first.clone(),
                second: name.clone(),
            });
        }
    }
    let (_, entry) = graph.ok_or(Defect::NothingInArchive)?;
    read_graph(&archive.content(entry)?, collector)?;
    Ok(labels)
}

fn read_node(node: &[u8], collector: &mut Collector) -> Result<(), Defect> {
    let (mut name, mut op, mut tensor) = (&b""[..], &b""[..], None);
    for field in Fields::of(node) {
        match field.map_err(damaged)? {
            (NODE_NAME, Value::Bytes(bytes)) => name = bytes,
            (NODE_OP, Value::Bytes(bytes)) => op = bytes,
            (NODE_ATTRIBUTE, Value::Bytes(entry)) => {
                if let Some(found) = value_tensor(entry).map_err(damaged)? {
                    tensor = Some(found);
                }
            }
            _ => {}
        }
    }
    let Some(tensor) = tensor.filter(|_| op == b"Const") else {
        return Ok(());
    };
    let name = std::str::from_utf8(name).map_err(|_| damaged("a node's name is not UTF-8"))?;
    read_tensor(name, tensor, collector)
}

/// Returns the tensor of an attribute with the key "value".
fn value_tensor(entry: &[u8]) -> Result<Option<&[u8]>, Problem> {
    let (mut is_value, mut value) = (false, &b""[..]);
    for field in Fields::of(entry) {
        match field? {
            (ENTRY_KEY, Value::Bytes(key)) => is_value = key == b"value",
            (ENTRY_VALUE, Value::Bytes(bytes)) => value = bytes,
            _ => {}
        }
    }
    if !is_value {
        return Ok(None);
    }
    let mut tensor = None;
    for field in Fields::of(value) {
        if let (VALUE_TENSOR, Value::Bytes(bytes)) = field? {
            tensor = Some(bytes);
        }
    }
    Ok(tensor)
}

fn read_tensor(name: &str, tensor: &[u8], collector: &mut Collector) -> Result<(), Defect> {
    let (mut dtype, mut shape, mut content) = (0, Vec::new(), &b""[..]);
    for field in Fields::of(tensor) {
        match field.map_err(damaged)? {
            (TENSOR_TYPE, Value::Number(number)) => dtype = number,
            (TENSOR_SHAPE, Value::Bytes(message)) => {
                shape = read_shape(message).map_err(damaged)?.ok_or_else(|| {
                    Defect::ImpossibleShape {
                        name: name.to_owned(),
                    }
                })?;
            }
            (TENSOR_CONTENT, Value::Bytes(bytes)) => content = bytes,
            _ => {}
        }
    }
    // DataType in types.proto. Integers and strings (the shape argument of a reshape, for example)
    // are not weights.
    let element = match dtype {
        1 => Element::F32,
        2 => Element::F64,
        14 => Element::Bf16,
        19 => Element::F16,
        _ => return Ok(()),
    };
    let volume = volume(name, &shape)?;
    let shape_error = |values| Defect::Shape {
        name: name.to_owned(),
        shape: shape.clone(),
        values,
    };
    let mut values;
    if content.is_empty() {
        let listed = ListedValues { tensor, element };
        let count = listed.for_each(|_| {}).map_err(damaged)?;
        if count > volume {
            return Err(shape_error(count));
        }
        values = collector.allocate(name, &shape)?;
        listed
            .for_each(|value| values.push(value))
            .map_err(damaged)?;
        // If there are fewer values than the shape has, the last value is repeated, and a tensor
        // without values is zeros: tensor.proto, and Tensor::FromProto in framework/tensor.cc.
        let last = values.last().copied().unwrap_or(0.0);
        values.resize(volume, last);
    } else {
        let whole = content.len().is_multiple_of(element.size());
        if !whole || content.len() / element.size() != volume {
            return Err(shape_error(content.len() / element.size()));
        }
        values = collector.allocate(name, &shape)?;
        element.decode(content, &mut values);
    }
    collector.insert(name.to_owned(), shape, values)
}

/// Reads a shape. Returns `None` if a size is negative or if there are too many axes.
fn read_shape(message: &[u8]) -> Result<Option<Vec<usize>>, Problem> {
    let mut shape = Vec::new();
    for field in Fields::of(message) {
        let (SHAPE_SIDE, Value::Bytes(dimension)) = field? else {
            continue;
        };
        let mut size = 0;
        for field in Fields::of(dimension) {
            if let (SIDE_SIZE, Value::Number(number)) = field? {
                size = number;
            }
        }
        match side(size) {
            Some(size) if shape.len() < MAX_AXES => shape.push(size),
            _ => return Ok(None),
        }
    }
    Ok(Some(shape))
}

/// The values of a tensor that stores them as packed or separate fields.
#[derive(Debug, Clone, Copy)]
struct ListedValues<'a> {
    tensor: &'a [u8],
    element: Element,
}

impl ListedValues<'_> {
    /// Visits each value and returns the number of values.
    fn for_each(self, mut visit: impl FnMut(f32)) -> Result<usize, Problem> {
        let mut count = 0;
        let mut one = |value| {
            count += 1;
            visit(value);
        };
        for field in Fields::of(self.tensor) {
            match (self.element, field?) {
                (Element::F32, (TENSOR_FLOATS, Value::Fixed32(bytes))) => {
                    one(f32::from_le_bytes(bytes));
                }
                (Element::F32, (TENSOR_FLOATS, Value::Bytes(packed))) => {
                    packed_numbers(packed)?
                        .iter()
                        .for_each(|&b| one(f32::from_le_bytes(b)));
                }
                (Element::F64, (TENSOR_DOUBLES, Value::Fixed64(bytes))) => {
                    one(f64::from_le_bytes(bytes) as f32);
                }
                (Element::F64, (TENSOR_DOUBLES, Value::Bytes(packed))) => {
                    let numbers = packed_numbers(packed)?.iter();
                    numbers.for_each(|&b| one(f64::from_le_bytes(b) as f32));
                }
                (Element::F16 | Element::Bf16, (TENSOR_HALVES, Value::Number(bits))) => {
                    one(half_from_bits(self.element, bits)?);
                }
                (Element::F16 | Element::Bf16, (TENSOR_HALVES, Value::Bytes(mut packed))) => {
                    while !packed.is_empty() {
                        one(half_from_bits(self.element, varint(&mut packed)?)?);
                    }
                }
                _ => {}
            }
        }
        Ok(count)
    }
}

fn packed_numbers<const N: usize>(packed: &[u8]) -> Result<&[[u8; N]], Problem> {
    match packed.as_chunks() {
        (numbers, []) => Ok(numbers),
        _ => Err("a list of numbers is cut off"),
    }
}

/// Converts a half whose bits the file stores as an integer.
fn half_from_bits(element: Element, bits: u64) -> Result<f32, Problem> {
    let bits = u16::try_from(bits).map_err(|_| "a half has more than 16 bits")?;
    Ok(match element {
        Element::Bf16 => half::bf16::from_bits(bits).to_f32(),
        _ => half::f16::from_bits(bits).to_f32(),
    })
}

fn damaged(problem: Problem) -> Defect {
    Defect::Damaged {
        format: Format::TensorFlow,
        problem,
    }
}
