//! What the classes and functions of a state dict would build. None of them is run.

use super::{FOREIGN, FOREIGN_NAME, Machine};
use crate::{
    Defect,
    pytorch::objects::{Class, Object, Storage, View},
};

impl Machine<'_> {
    /// Pushes a class, and remembers the name of a foreign one.
    pub(super) fn class(&mut self, module: &str, name: &str) {
        let class = Class::named(module, name);
        if class == Class::Foreign && self.foreign.len() < FOREIGN {
            let name = format!("{module}.{name}");
            self.foreign
                .insert(name.chars().take(FOREIGN_NAME).collect());
        }
        self.stack.push(Object::Class(class));
    }

    /// Returns the object that a class or function would build from the arguments.
    pub(super) fn call(&mut self, class: Object, arguments: Object) -> Result<Object, Defect> {
        let (class, arguments) = match (class, arguments) {
            (Object::Other | Object::Class(Class::Foreign), _) => return Ok(Object::Other),
            (Object::Class(class), Object::Tuple(arguments)) => (class, arguments),
            _ => return Err(self.problem("a call of an object that is not a class")),
        };
        match (class, &self.objects.groups[arguments][..]) {
            (Class::OrderedDict, []) | (Class::DefaultDict, _) => {
                Ok(Object::Dict(self.objects.add_group(Vec::new())))
            }
            (Class::OrderedDict, &[Object::List(pairs)]) => self.ordered_dict(pairs),
            (Class::RebuildParameter, &[tensor @ (Object::Tensor(_) | Object::Other), ..]) => {
                Ok(tensor)
            }
            // The function is one that rebuilds a tensor, so this goes one level deep.
            (Class::RebuildSubclass, &[function, _, arguments, ..]) => match function {
                Object::Class(Class::RebuildTensor | Class::RebuildParameter) => {
                    self.call(function, arguments)
                }
                _ => Ok(Object::Other),
            },
            (
                Class::RebuildTensor,
                &[
                    Object::Storage(storage),
                    Object::Int(offset),
                    Object::Tuple(shape),
                    Object::Tuple(strides),
                    ..,
                ],
            ) => {
                let Ok(offset) = usize::try_from(offset) else {
                    return Err(self.problem("a tensor that begins before its storage"));
                };
                self.objects.tensors.push(View {
                    storage,
                    offset,
                    shape,
                    strides,
                });
                Ok(Object::Tensor(self.objects.tensors.len() - 1))
            }
            // A tensor in a storage of a class that is not known.
            (Class::RebuildTensor, [Object::Other, ..]) => Ok(Object::Other),
            _ => Err(self.problem("a call with arguments that PyTorch does not write")),
        }
    }

    /// Builds a dict from a list of pairs.
    fn ordered_dict(&mut self, pairs: usize) -> Result<Object, Defect> {
        self.charge(self.objects.groups[pairs].len())?;
        let mut members = Vec::with_capacity(2 * self.objects.groups[pairs].len());
        for &pair in &self.objects.groups[pairs] {
            let (Object::Tuple(pair) | Object::List(pair)) = pair else {
                return Err(self.problem("a dict of members that are not pairs"));
            };
            let &[key, value] = &self.objects.groups[pair][..] else {
                return Err(self.problem("a dict of members that are not pairs"));
            };
            members.extend([key, value]);
        }
        Ok(Object::Dict(self.objects.add_group(members)))
    }

    /// Builds a storage from the tuple `("storage", class, key, device, numbers)`, with an optional
    /// `None` at its end.
    pub(super) fn storage(&mut self, id: Object) -> Result<Object, Defect> {
        let members = match id {
            Object::Tuple(id) => &self.objects.groups[id][..],
            _ => &[],
        };
        if let [_, Object::Class(Class::Foreign), ..] = members {
            return Ok(Object::Other);
        }
        let &[
            Object::Text(tag),
            Object::Class(Class::Storage(kind)),
            Object::Text(key),
            _,
            Object::Int(numbers),
            ref rest @ ..,
        ] = members
        else {
            return Err(self.problem("a storage that is not described in PyTorch's way"));
        };
        if tag.text(self.pickle) != "storage" || !matches!(rest, [] | [Object::None]) {
            return Err(self.problem("a storage that is not described in PyTorch's way"));
        }
        let Ok(numbers) = usize::try_from(numbers) else {
            return Err(self.problem("a storage with a negative size"));
        };
        self.objects.storages.push(Storage { key, kind, numbers });
        Ok(Object::Storage(self.objects.storages.len() - 1))
    }
}
