//! Reading the blobs of a binary Caffe model.

use super::wire::{Fields, Problem, Value, side};
use crate::{
    Defect, Format,
    collector::{Collector, MAX_AXES, check_shape},
    element::Element,
};

// Field numbers: caffe/src/caffe/proto/caffe.proto. NetParameter has two fields of layers:
// V1LayerParameter in models from before the end of 2014, LayerParameter since then.
pub(super) const V1_LAYER: u64 = 2;
pub(super) const V1_LAYER_NAME: u64 = 4;
const V1_LAYER_BLOB: u64 = 6;
pub(super) const LAYER: u64 = 100;
pub(super) const LAYER_NAME: u64 = 1;
const LAYER_BLOB: u64 = 7;
const BLOB_SIDES: std::ops::RangeInclusive<u64> = 1..=4;
const BLOB_FLOATS: u64 = 5;
const BLOB_SHAPE: u64 = 7;
const BLOB_DOUBLES: u64 = 8;
const SHAPE_SIDE: u64 = 1;

/// Reads the blobs of every layer.
pub(crate) fn read_net(net: &[u8], collector: &mut Collector) -> Result<(), Defect> {
    for field in Fields::of(net) {
        match field.map_err(damaged)? {
            (V1_LAYER, Value::Bytes(layer)) => {
                read_layer(layer, V1_LAYER_NAME, V1_LAYER_BLOB, collector)?;
            }
            (LAYER, Value::Bytes(layer)) => {
                read_layer(layer, LAYER_NAME, LAYER_BLOB, collector)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn read_layer(
    layer: &[u8],
    name_number: u64,
    blob_number: u64,
    collector: &mut Collector,
) -> Result<(), Defect> {
    // The name may come after the blobs, so a first pass finds it.
    let mut name = &b""[..];
    for field in Fields::of(layer) {
        match field.map_err(damaged)? {
            (number, Value::Bytes(bytes)) if number == name_number => name = bytes,
            _ => {}
        }
    }
    let name = std::str::from_utf8(name).map_err(|_| damaged("a layer's name is not UTF-8"))?;
    let mut index = 0;
    for field in Fields::of(layer) {
        match field.map_err(damaged)? {
            (number, Value::Bytes(blob)) if number == blob_number => {
                let name = match index {
                    0 => format!("{name}.weight"),
                    1 => format!("{name}.bias"),
                    _ => format!("{name}.{index}"),
                };
                read_blob(name, blob, collector)?;
                index += 1;
            }
            _ => {}
        }
    }
    Ok(())
}

fn read_blob(name: String, blob: &[u8], collector: &mut Collector) -> Result<(), Defect> {
    let impossible = || Defect::ImpossibleShape { name: name.clone() };
    let mut legacy = [1; 4];
    let mut shape = None;
    let (mut floats, mut doubles) = (0, 0);
    for field in Fields::of(blob) {
        match field.map_err(damaged)? {
            (number, Value::Number(size)) if BLOB_SIDES.contains(&number) => {
                legacy[number as usize - 1] = side(size).ok_or_else(impossible)?;
            }
            (BLOB_SHAPE, Value::Bytes(message)) => {
                let sides = read_shape(message).map_err(damaged)?;
                shape = Some(sides.ok_or_else(impossible)?);
            }
            (BLOB_FLOATS, value) => floats += count(value, Element::F32).map_err(damaged)?,
            (BLOB_DOUBLES, value) => doubles += count(value, Element::F64).map_err(damaged)?,
            _ => {}
        }
    }
    // Like Caffe, prefer the doubles if there are any (Blob::FromProto in blob.cpp).
    let (number, element, values) = match doubles {
        0 => (BLOB_FLOATS, Element::F32, floats),
        _ => (BLOB_DOUBLES, Element::F64, doubles),
    };
    let shape = shape.unwrap_or_else(|| squeezed(legacy));
    check_shape(&name, &shape, values)?;
    let mut values = collector.allocate(&name, &shape)?;
    for field in Fields::of(blob) {
        match field.map_err(damaged)? {
            (found, Value::Bytes(packed)) if found == number => element.decode(packed, &mut values),
            (found, Value::Fixed32(bytes)) if found == number => {
                element.decode(&bytes, &mut values)
            }
            (found, Value::Fixed64(bytes)) if found == number => {
                element.decode(&bytes, &mut values)
            }
            _ => {}
        }
    }
    collector.insert(name, shape, values)
}

/// The number of values in a field, which is a packed list or a single value.
fn count(value: Value<'_>, element: Element) -> Result<usize, Problem> {
    match (value, element) {
        (Value::Bytes(packed), _) if packed.len().is_multiple_of(element.size()) => {
            Ok(packed.len() / element.size())
        }
        (Value::Fixed32(_), Element::F32) | (Value::Fixed64(_), Element::F64) => Ok(1),
        _ => Err("the numbers of a blob are cut off"),
    }
}

/// The shape of a legacy blob without the leading ones of its padding to four axes: a bias is
/// `[1, 1, 1, n]`, a fully connected weight `[1, 1, out, in]`.
fn squeezed(sides: [usize; 4]) -> Vec<usize> {
    match sides {
        [1, 1, 1, n] => vec![n],
        [1, 1, out, input] => vec![out, input],
        sides => sides.to_vec(),
    }
}

/// Reads a shape whose sizes are packed or separate fields. Returns `None` if a size is negative or
/// if there are too many axes.
fn read_shape(message: &[u8]) -> Result<Option<Vec<usize>>, Problem> {
    let mut shape = Vec::new();
    let mut push = |number| match side(number) {
        Some(size) if shape.len() < MAX_AXES => {
            shape.push(size);
            true
        }
        _ => false,
    };
    for field in Fields::of(message) {
        match field? {
            (SHAPE_SIDE, Value::Number(number)) if !push(number) => return Ok(None),
            (SHAPE_SIDE, Value::Bytes(mut packed)) => {
                while !packed.is_empty() {
                    if !push(super::wire::varint(&mut packed)?) {
                        return Ok(None);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(Some(shape))
}

fn damaged(problem: Problem) -> Defect {
    Defect::Damaged {
        format: Format::Caffe,
        problem,
    }
}
