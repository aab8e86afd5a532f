//! What a pickle of weights is made of.

use crate::{Defect, element::Element};

/// A text within the pickle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) begin: usize,
    pub(super) end: usize,
}

impl Span {
    /// The text; the machine has checked that it is UTF-8 when it made the span.
    pub(super) fn text(self, pickle: &[u8]) -> &str {
        pickle
            .get(self.begin..self.end)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

/// An object. Small and copied freely: what is large is an index into [`Objects`], so that neither
/// reading from the memo nor dropping ever walks what a pickle nests.
#[derive(Debug, Clone, Copy)]
pub(super) enum Object {
    None,
    Bool(bool),
    Int(i64),
    Text(Span),
    Tuple(usize),
    List(usize),
    /// Keys and values in turn.
    Dict(usize),
    Class(Class),
    Storage(usize),
    Tensor(usize),
    /// A number or bytes that no weights need.
    Other,
}

/// The classes and functions that a state dict names. None is ever called; the machine does what
/// they would.
#[derive(Debug, Clone, Copy)]
pub(super) enum Class {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage(Kind),
}

/// What a storage holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Float(Element),
    /// Integers of so many bytes, which are no weights.
    Integer(usize),
}

impl Kind {
    pub(super) fn size(self) -> usize {
        match self {
            Self::Float(element) => element.size(),
            Self::Integer(size) => size,
        }
    }
}

impl Class {
    /// The class of a name, or an error: whatever else a file names, nobody needs it for weights.
    pub(super) fn named(module: &str, name: &str) -> Result<Self, Defect> {
        Ok(match (module, name) {
            ("collections", "OrderedDict") => Self::OrderedDict,
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Self::RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => Self::RebuildParameter,
            ("torch", "FloatStorage") => Self::Storage(Kind::Float(Element::F32)),
            ("torch", "DoubleStorage") => Self::Storage(Kind::Float(Element::F64)),
            ("torch", "HalfStorage") => Self::Storage(Kind::Float(Element::F16)),
            ("torch", "BFloat16Storage") => Self::Storage(Kind::Float(Element::Bf16)),
            ("torch", "LongStorage") => Self::Storage(Kind::Integer(8)),
            ("torch", "IntStorage") => Self::Storage(Kind::Integer(4)),
            ("torch", "ShortStorage") => Self::Storage(Kind::Integer(2)),
            ("torch", "CharStorage" | "ByteStorage" | "BoolStorage") => {
                Self::Storage(Kind::Integer(1))
            }
            _ => {
                const SHOWN: usize = 80;
                let name = format!("{module}.{name}").chars().take(SHOWN).collect();
                return Err(Defect::ForeignObject { name });
            }
        })
    }
}

/// A storage: numbers that lie elsewhere in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Storage {
    pub(super) key: Span,
    pub(super) kind: Kind,
    /// How many numbers.
    pub(super) numbers: usize,
}

/// A view of a storage.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    /// Into [`Objects::storages`].
    pub(super) storage: usize,
    /// Where it begins, in numbers.
    pub(super) offset: usize,
    /// Into [`Objects::groups`], as is the next: tuples never change.
    pub(super) shape: usize,
    pub(super) strides: usize,
}

/// All objects of a pickle that are too large for [`Object`].
#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) groups: Vec<Vec<Object>>,
    pub(super) storages: Vec<Storage>,
    pub(super) tensors: Vec<View>,
}

impl Objects {
    /// Keeps the members of a tuple, list or dict.
    pub(super) fn group(&mut self, members: Vec<Object>) -> usize {
        self.groups.push(members);
        self.groups.len() - 1
    }

    /// A dict's value of a key; the last, as in Python.
    pub(super) fn get(&self, pickle: &[u8], dict: usize, key: &str) -> Option<Object> {
        let (pairs, _) = self.groups[dict].as_chunks();
        pairs.iter().rev().find_map(|&[found, value]| match found {
            Object::Text(span) if span.text(pickle) == key => Some(value),
            _ => None,
        })
    }

    /// A tuple of numbers that are not negative.
    pub(super) fn sizes(&self, tuple: usize) -> Option<Vec<usize>> {
        self.groups[tuple]
            .iter()
            .map(|side| match *side {
                Object::Int(side) => usize::try_from(side).ok(),
                _ => None,
            })
            .collect()
    }
}
