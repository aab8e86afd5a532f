//! Reading tensors.

use super::{
    ElementType, Tensor, Values,
    external::Location,
    parse::{Parser, damaged, entry, text},
};
use crate::{
    Defect,
    collector::{MAX_AXES, volume},
    element::Element,
    protobuf::wire::{Fields, Value, side, varint},
};

// Field numbers of TensorProto.
const DIMS: u64 = 1;
const DATA_TYPE: u64 = 2;
const SEGMENT: u64 = 3;
const FLOAT_DATA: u64 = 4;
const INT32_DATA: u64 = 5;
const INT64_DATA: u64 = 7;
const NAME: u64 = 8;
const RAW_DATA: u64 = 9;
const DOUBLE_DATA: u64 = 10;
const UINT64_DATA: u64 = 11;
const EXTERNAL_DATA: u64 = 13;
const DATA_LOCATION: u64 = 14;

/// The most integers of one byte that are read.
const MOST_BYTES: usize = 1 << 16;

impl Parser<'_> {
    /// Reads a tensor (`TensorProto`).
    pub(super) fn tensor(&mut self, message: &[u8]) -> Result<Tensor, Defect> {
        self.charge(size_of::<Tensor>() + message.len() / 16)?;
        let (mut name, mut element, mut shape) = (String::new(), 0, Vec::new());
        let mut raw = None;
        let mut external = Location::default();
        let mut is_external = false;
        for field in Fields::of(message) {
            match field.map_err(damaged)? {
                (DIMS, Value::Number(length)) => push(&mut shape, length)?,
                (DIMS, Value::Bytes(mut packed)) => {
                    while !packed.is_empty() {
                        push(&mut shape, varint(&mut packed).map_err(damaged)?)?;
                    }
                }
                (DATA_TYPE, Value::Number(number)) => element = number,
                (NAME, Value::Bytes(bytes)) => name = text(bytes)?,
                (RAW_DATA, Value::Bytes(bytes)) => raw = Some(bytes),
                (EXTERNAL_DATA, Value::Bytes(message)) => {
                    let (key, value) = entry(message)?;
                    let number = || value.parse().map_err(|_| damaged("an offset is no number"));
                    match key.as_str() {
                        "location" => external.path = value,
                        "offset" => external.offset = number()?,
                        "length" => external.length = Some(number()?),
                        _ => {}
                    }
                }
                (DATA_LOCATION, Value::Number(number)) => is_external = number == 1,
                (SEGMENT, _) => return Err(damaged("a tensor is stored in segments")),
                _ => {}
            }
        }
        let element = ElementType::of(element);
        let count = volume(&name, &shape)?;
        // Many bytes are the weights of a quantized network, and would take eight times their size.
        let is_quantized =
            matches!(element, ElementType::Int8 | ElementType::Uint8) && count > MOST_BYTES;
        let Some(size) = element.size().filter(|_| !is_quantized) else {
            let values = Values::Opaque;
            return Ok(Tensor {
                name,
                element,
                shape,
                values,
            });
        };
        let bytes = (count as u64).saturating_mul(size as u64);
        let values = if is_external {
            // What lies in another file does not count as this one's.
            let bytes = external.read(self.folder, &name, bytes)?;
            decode(element, &bytes)
        } else if let Some(raw) = raw {
            if raw.len() as u64 != bytes {
                return Err(Defect::Shape {
                    name,
                    shape,
                    values: raw.len() / size,
                });
            }
            self.charge(raw.len().saturating_mul(8 / size.min(8)))?;
            decode(element, raw)
        } else {
            self.typed(message, element)?
        };
        let found = match &values {
            Values::Float(values) => values.len(),
            Values::Int(values) => values.len(),
            Values::Opaque => count,
        };
        if found != count {
            return Err(Defect::Shape {
                name,
                shape,
                values: found,
            });
        }
        Ok(Tensor {
            name,
            element,
            shape,
            values,
        })
    }

    /// Reads the values of a tensor from the fields of numbers, packed or separate.
    fn typed(&mut self, message: &[u8], element: ElementType) -> Result<Values, Defect> {
        let (mut floats, mut integers) = (Vec::new(), Vec::new());
        for field in Fields::of(message) {
            match field.map_err(damaged)? {
                (FLOAT_DATA, Value::Fixed32(bytes)) => floats.push(f32::from_le_bytes(bytes)),
                (DOUBLE_DATA, Value::Fixed64(bytes)) => {
                    floats.push(f64::from_le_bytes(bytes) as f32);
                }
                (FLOAT_DATA, Value::Bytes(packed)) => {
                    self.floats(Element::F32, packed, &mut floats)?;
                }
                (DOUBLE_DATA, Value::Bytes(packed)) => {
                    self.floats(Element::F64, packed, &mut floats)?;
                }
                (INT32_DATA | INT64_DATA | UINT64_DATA, Value::Number(number)) => {
                    self.charge(8)?;
                    integers.push(number.cast_signed());
                }
                (INT32_DATA | INT64_DATA | UINT64_DATA, Value::Bytes(mut packed)) => {
                    self.charge(packed.len().saturating_mul(8))?;
                    while !packed.is_empty() {
                        let number = varint(&mut packed).map_err(damaged)?;
                        integers.push(number.cast_signed());
                    }
                }
                _ => {}
            }
        }
        let halves = |widen: fn(u16) -> f32| {
            // The bits of a half lie in the low bits of an int32.
            let halves = integers.iter().map(|bits| widen(*bits as u16));
            Values::Float(halves.collect())
        };
        Ok(match element {
            ElementType::Float | ElementType::Double => Values::Float(floats),
            ElementType::Float16 => halves(|bits| half::f16::from_bits(bits).to_f32()),
            ElementType::BFloat16 => halves(|bits| half::bf16::from_bits(bits).to_f32()),
            _ => Values::Int(integers),
        })
    }

    fn floats(
        &mut self,
        element: Element,
        packed: &[u8],
        values: &mut Vec<f32>,
    ) -> Result<(), Defect> {
        if !packed.len().is_multiple_of(element.size()) {
            return Err(damaged("the numbers of a tensor are cut off"));
        }
        self.charge(packed.len())?;
        element.decode(packed, values);
        Ok(())
    }
}

fn push(shape: &mut Vec<usize>, length: u64) -> Result<(), Defect> {
    let length = side(length).ok_or_else(|| damaged("an axis has a negative length"))?;
    if shape.len() == MAX_AXES {
        return Err(damaged("a tensor has more than 8 axes"));
    }
    shape.push(length);
    Ok(())
}

/// Decodes little-endian values.
fn decode(element: ElementType, bytes: &[u8]) -> Values {
    let floats = |element: Element| {
        let mut values = Vec::with_capacity(bytes.len() / element.size());
        element.decode(bytes, &mut values);
        Values::Float(values)
    };
    match element {
        ElementType::Float => floats(Element::F32),
        ElementType::Double => floats(Element::F64),
        ElementType::Float16 => floats(Element::F16),
        ElementType::BFloat16 => floats(Element::Bf16),
        ElementType::Bool => integers(bytes, |[byte]: [u8; 1]| i64::from(byte != 0)),
        ElementType::Uint8 => integers(bytes, |[byte]: [u8; 1]| i64::from(byte)),
        ElementType::Int8 => integers(bytes, |bytes| i64::from(i8::from_le_bytes(bytes))),
        ElementType::Int16 => integers(bytes, |bytes| i64::from(i16::from_le_bytes(bytes))),
        ElementType::Uint16 => integers(bytes, |bytes| i64::from(u16::from_le_bytes(bytes))),
        ElementType::Int32 => integers(bytes, |bytes| i64::from(i32::from_le_bytes(bytes))),
        ElementType::Uint32 => integers(bytes, |bytes| i64::from(u32::from_le_bytes(bytes))),
        ElementType::Int64 | ElementType::Uint64 => integers(bytes, i64::from_le_bytes),
        ElementType::String | ElementType::Other(_) => Values::Opaque,
    }
}

fn integers<const N: usize>(bytes: &[u8], widen: impl Fn([u8; N]) -> i64) -> Values {
    let (numbers, _) = bytes.as_chunks::<N>();
    Values::Int(numbers.iter().map(|bytes| widen(*bytes)).collect())
}
