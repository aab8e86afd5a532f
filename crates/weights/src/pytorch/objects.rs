//! The objects in a pickle of weights.

use crate::element::Element;

/// The range of a string within the pickle, which is far shorter than 4 GiB.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    begin: u32,
    end: u32,
}

impl Span {
    /// Returns the span of a range; `None` beyond 4 GiB.
    pub(super) fn new(begin: usize, end: usize) -> Option<Self> {
        let [begin, end] = [begin, end].map(u32::try_from);
        let (begin, end) = (begin.ok()?, end.ok()?);
        Some(Self { begin, end })
    }

    /// Returns the string. The machine has checked that a span is UTF-8 before it creates the span.
    pub(super) fn text(self, pickle: &[u8]) -> &str {
        pickle
            .get(self.begin as usize..self.end as usize)
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
    /// A number, a string, bytes or an instance of a foreign class: what weights do not need.
    Other,
}

/// The classes and functions that a pickle names. None is ever called; the machine builds the
/// objects that those of a state dict would return, and [`Object::Other`] for foreign ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    OrderedDict,
    DefaultDict,
    RebuildTensor,
    RebuildParameter,
    /// A tensor of a subclass: the function, the class, the arguments and the attributes.
    RebuildSubclass,
    Storage(Kind),
    /// Anything else, such as the options of a training.
    Foreign,
}

/// The type of the numbers in a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Float(Element),
    /// Numbers of the given number of bytes that are no weights: integers, complex numbers.
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
    pub(super) fn named(module: &str, name: &str) -> Self {
        match (module, name) {
            ("collections", "OrderedDict") => Self::OrderedDict,
            ("collections", "defaultdict") => Self::DefaultDict,
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Self::RebuildTensor,
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
                Self::RebuildParameter
            }
            ("torch._tensor", "_rebuild_from_type_v2") => Self::RebuildSubclass,
            ("torch", "FloatStorage") => Self::Storage(Kind::Float(Element::F32)),
            ("torch", "DoubleStorage") => Self::Storage(Kind::Float(Element::F64)),
            ("torch", "HalfStorage") => Self::Storage(Kind::Float(Element::F16)),
            ("torch", "BFloat16Storage") => Self::Storage(Kind::Float(Element::Bf16)),
            ("torch", "ComplexDoubleStorage") => Self::Storage(Kind::Integer(16)),
            ("torch", "LongStorage" | "ComplexFloatStorage") => Self::Storage(Kind::Integer(8)),
            ("torch", "IntStorage") => Self::Storage(Kind::Integer(4)),
            ("torch", "ShortStorage") => Self::Storage(Kind::Integer(2)),
            ("torch", "CharStorage" | "ByteStorage" | "BoolStorage") => {
                Self::Storage(Kind::Integer(1))
            }
            _ => Self::Foreign,
        }
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

    /// Returns true for a dict with a tensor of floating-point numbers under a name.
    pub(super) fn is_state_dict(&self, object: Object) -> bool {
        let Object::Dict(dict) = object else {
            return false;
        };
        let (pairs, _) = self.groups[dict].as_chunks();
        pairs.iter().any(|&[key, value]| match (key, value) {
            (Object::Text(_), Object::Tensor(tensor)) => {
                let storage = self.tensors[tensor].storage;
                matches!(self.storages[storage].kind, Kind::Float(_))
            }
            _ => false,
        })
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
