//! The types of numbers in ONNX tensors.

use std::fmt;

/// The type of a tensor's elements (`TensorProto.DataType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ElementType {
    /// 32-bit floats.
    Float,
    /// 64-bit floats.
    Double,
    /// 16-bit floats (IEEE 754's binary16).
    Float16,
    /// 16-bit floats with the exponent of 32-bit ones.
    BFloat16,
    /// Truth values.
    Bool,
    /// Signed 8-bit integers.
    Int8,
    /// Signed 16-bit integers.
    Int16,
    /// Signed 32-bit integers.
    Int32,
    /// Signed 64-bit integers.
    Int64,
    /// Unsigned 8-bit integers.
    Uint8,
    /// Unsigned 16-bit integers.
    Uint16,
    /// Unsigned 32-bit integers.
    Uint32,
    /// Unsigned 64-bit integers.
    Uint64,
    /// Text.
    String,
    /// Another type, by its number in ONNX's schema.
    Other(u64),
}

impl ElementType {
    pub(super) const fn of(number: u64) -> Self {
        match number {
            1 => Self::Float,
            2 => Self::Uint8,
            3 => Self::Int8,
            4 => Self::Uint16,
            5 => Self::Int16,
            6 => Self::Int32,
            7 => Self::Int64,
            8 => Self::String,
            9 => Self::Bool,
            10 => Self::Float16,
            11 => Self::Double,
            12 => Self::Uint32,
            13 => Self::Uint64,
            16 => Self::BFloat16,
            other => Self::Other(other),
        }
    }

    /// True for floats of 16, 32 and 64 bits.
    #[must_use]
    pub const fn is_float(self) -> bool {
        matches!(
            self,
            Self::Float | Self::Double | Self::Float16 | Self::BFloat16
        )
    }

    /// True for integers of 8 to 64 bits.
    #[must_use]
    pub const fn is_integer(self) -> bool {
        matches!(
            self,
            Self::Int8
                | Self::Int16
                | Self::Int32
                | Self::Int64
                | Self::Uint8
                | Self::Uint16
                | Self::Uint32
                | Self::Uint64
        )
    }

    /// Bytes of one element in raw data; `None` for types that are not read.
    pub(super) const fn size(self) -> Option<usize> {
        match self {
            Self::Bool | Self::Int8 | Self::Uint8 => Some(1),
            Self::Float16 | Self::BFloat16 | Self::Int16 | Self::Uint16 => Some(2),
            Self::Float | Self::Int32 | Self::Uint32 => Some(4),
            Self::Double | Self::Int64 | Self::Uint64 => Some(8),
            Self::String | Self::Other(_) => None,
        }
    }
}

/// ONNX's own names: `float`, `int64`.
impl fmt::Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Float => "float",
            Self::Double => "double",
            Self::Float16 => "float16",
            Self::BFloat16 => "bfloat16",
            Self::Bool => "bool",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::String => "string",
            Self::Other(14 | 15) => "complex",
            Self::Other(17..=20) => "float8",
            Self::Other(21) => "uint4",
            Self::Other(22) => "int4",
            Self::Other(23) => "float4",
            Self::Other(number) => return write!(f, "element type {number}"),
        })
    }
}
