//! The objects in a pickle of weights.

use crate::{Defect, element::Element};

/// The range of a string within the pickle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) begin: usize,
    pub(super) end: usize,
}

impl Span {
    /// Returns the string. The machine has checked that a span is UTF-8 before it creates the span.
    pub(super) fn text(self, pickle: &[u8]) -> &str {
        pickle
            .get(self.begin..self.end)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

/// An object on the stack or in the memo.
///
/// Objects are small and `Copy`: a large one is an index into [`Objects`], so neither reading from
/// the memo nor dropping traverses nested objects.
#[derive(Debug, Clone, Copy)]
pub(super) enum Object {
    None,
    Bool(bool),
    Int(i64),
    Text(Span),
    Tuple(usize),
    List(usize),
    /// A group of alternating keys and values.
    Dict(usize),
    Class(Class),
    Storage(usize),
    Tensor(usize),
    /// A number, a string or bytes that weights do not need.
    Other,
}

/// The classes and functions that a state dict names. None is ever called; the machine builds the
/// objects that they would return.
#[derive(Debug, Clone, Copy)]
pub(super) enum Class {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage(Kind),
}

/// The type of the numbers in a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Float(Element),
    /// Integers of the given number of bytes, which are not weights.
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
    /// Returns the class of a name.
    ///
    /// # Errors
    ///
    /// Returns [`Defect::ForeignObject`] if weights do not need an object of that name.
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

/// A storage: an array of numbers that is stored elsewhere in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Storage {
    pub(super) key: Span,
    pub(super) kind: Kind,
    /// The number of numbers in the storage.
    pub(super) numbers: usize,
}

/// A view of a storage.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    /// The index of the storage in [`Objects::storages`].
    pub(super) storage: usize,
    /// The index of the view's first number within the storage.
    pub(super) offset: usize,
    /// The index of the shape's tuple in [`Objects::groups`]. Tuples never change.
    pub(super) shape: usize,
    /// The index of the strides' tuple in [`Objects::groups`].
    pub(super) strides: usize,
}

/// The objects of all pickles that are too large for [`Object`].
#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) groups: Vec<Vec<Object>>,
    pub(super) storages: Vec<Storage>,
    pub(super) tensors: Vec<View>,
}

impl Objects {
    /// Stores the members of a tuple, list or dict, and returns the index of the group.
    pub(super) fn add_group(&mut self, members: Vec<Object>) -> usize {
        self.groups.push(members);
        self.groups.len() - 1
    }

    /// Returns a dict's value of a key. The last of several is valid, as in Python.
    pub(super) fn get(&self, pickle: &[u8], dict: usize, key: &str) -> Option<Object> {
        let (pairs, _) = self.groups[dict].as_chunks();
        pairs.iter().rev().find_map(|&[found, value]| match found {
            Object::Text(span) if span.text(pickle) == key => Some(value),
            _ => None,
        })
    }

    /// Returns the members of a tuple of integers, or `None` if one is negative or not an integer.
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
