//! The stack machine that executes pickles. It knows the instructions that build data, and what the
//! classes of a state dict would build; an instance of any other class is an object without content.

mod calls;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    objects::{Object, Objects, Span},
    opcodes as op,
};
use crate::Defect;

/// The number of instructions that are executed of any file. It bounds the memory: each instruction
/// creates at most one small object, so all objects take at most 16 MiB. GoogLeNet's state dict of
/// 364 tensors takes about 11,000 instructions.
const INSTRUCTIONS: usize = 1 << 17;

/// The bytes of a file for which one more instruction is executed: a tensor takes about 40
/// instructions, and at least 350 bytes of an archive. An instruction's object takes less than 90
/// bytes, so all of them take less than 8 times the file besides.
const BYTES_PER_INSTRUCTION: u64 = 12;

/// The largest number of foreign classes that are remembered, and of characters of each name.
const FOREIGN: usize = 64;
const FOREIGN_NAME: usize = 80;

/// The length in bytes of the longest string that may be a name. A pickle can refer to one string
/// many times, so long strings would cost time.
const MAX_TEXT: usize = 1024;

/// The state of the machine at one position of the pickle.
#[derive(Debug)]
pub(super) struct Machine<'a> {
    pickle: &'a [u8],
    position: usize,
    stack: Vec<Object>,
    marks: Vec<usize>,
    memo: BTreeMap<u32, Object>,
    /// The number of instructions that may still be executed, or members copied.
    left: usize,
    objects: Objects,
    /// The names of foreign classes.
    foreign: BTreeSet<String>,
}

impl<'a> Machine<'a> {
    /// Creates a machine at the beginning of bytes that hold one or more pickles, from a file of
    /// `length` bytes.
    pub(super) fn new(pickle: &'a [u8], length: u64) -> Self {
        let more = usize::try_from(length / BYTES_PER_INSTRUCTION).unwrap_or(usize::MAX);
        Self {
            pickle,
            position: 0,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: BTreeMap::new(),
            left: INSTRUCTIONS.saturating_add(more),
            objects: Objects::default(),
            foreign: BTreeSet::new(),
        }
    }

    /// The offset of the end of the last pickle.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// The objects of all pickles executed so far.
    pub(super) fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The names of the foreign classes and functions, none of which was run.
    pub(super) const fn foreign(&self) -> &BTreeSet<String> {
        &self.foreign
    }

    /// Executes one pickle to its end and returns the object that the pickle builds.
    pub(super) fn run(&mut self) -> Result<Object, Defect> {
        self.stack.clear();
        self.marks.clear();
        self.memo.clear();
        loop {
            self.charge(1)?;
            let instruction = self.byte()?;
            if instruction == op::STOP {
                return self.pop();
            }
            self.step(instruction)?;
        }
    }

    /// Creates an error at the current position of the pickle.
    pub(super) fn problem(&self, problem: &'static str) -> Defect {
        Defect::Pickle {
            at: self.position,
            problem,
        }
    }

    fn step(&mut self, instruction: u8) -> Result<(), Defect> {
        match instruction {
            op::PROTO => drop(self.byte()?),
            op::FRAME => drop(self.take(8)?),

            op::NONE => self.stack.push(Object::None),
            op::NEWTRUE => self.stack.push(Object::Bool(true)),
            op::NEWFALSE => self.stack.push(Object::Bool(false)),
            op::BININT1 => {
                let value = i64::from(self.byte()?);
                self.stack.push(Object::Int(value));
            }
            op::BININT2 => {
                let value = i64::from(u16::from_le_bytes(self.array()?));
                self.stack.push(Object::Int(value));
            }
            op::BININT => {
                let value = i64::from(i32::from_le_bytes(self.array()?));
                self.stack.push(Object::Int(value));
            }
            op::LONG1 => {
                let length = usize::from(self.byte()?);
                let value = long(self.take(length)?);
                self.stack.push(value);
            }
            op::BINFLOAT => {
                self.take(8)?;
                self.stack.push(Object::Other);
            }
            op::SHORT_BINSTRING | op::SHORT_BINUNICODE => {
                let length = usize::from(self.byte()?);
                self.text(length)?;
            }
            op::BINSTRING | op::BINUNICODE => {
                let length = u32::from_le_bytes(self.array()?);
                self.text(length as usize)?;
            }
            op::BINUNICODE8 => {
                let length = u64::from_le_bytes(self.array()?);
                self.text(usize::try_from(length).unwrap_or(usize::MAX))?;
            }
            op::SHORT_BINBYTES => {
                let length = u64::from(self.byte()?);
                self.skip(length)?;
            }
            op::BINBYTES | op::LONG4 => {
                let length = u64::from(u32::from_le_bytes(self.array()?));
                self.skip(length)?;
            }
            op::BINBYTES8 | op::BYTEARRAY8 => {
                let length = u64::from_le_bytes(self.array()?);
                self.skip(length)?;
            }

            op::EMPTY_TUPLE => self.push_tuple(Vec::new()),
            op::TUPLE1 => self.tuple_of(1)?,
            op::TUPLE2 => self.tuple_of(2)?,
            op::TUPLE3 => self.tuple_of(3)?,
            op::TUPLE => {
                let members = self.pop_to_mark()?;
                self.push_tuple(members);
            }
            op::EMPTY_LIST => {
                let list = Object::List(self.objects.add_group(Vec::new()));
                self.stack.push(list);
            }
            op::EMPTY_DICT => {
                let dict = Object::Dict(self.objects.add_group(Vec::new()));
                self.stack.push(dict);
            }
            op::APPEND => {
                let member = self.pop()?;
                self.extend_list(vec![member])?;
            }
            op::APPENDS => {
                let members = self.pop_to_mark()?;
                self.extend_list(members)?;
            }
            op::EMPTY_SET => self.stack.push(Object::Other),
            op::ADDITEMS => drop((self.pop_to_mark()?, self.top()?)),
            op::FROZENSET => {
                drop(self.pop_to_mark()?);
                self.stack.push(Object::Other);
            }
            op::SETITEM => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.extend_dict(vec![key, value])?;
            }
            op::SETITEMS => {
                let members = self.pop_to_mark()?;
                self.extend_dict(members)?;
            }

            op::MARK => self.marks.push(self.stack.len()),
            op::POP => drop(self.pop()?),
            op::POP_MARK => drop(self.pop_to_mark()?),
            op::DUP => self.stack.push(self.top()?),
            op::BINPUT => {
                let index = u32::from(self.byte()?);
                self.memo.insert(index, self.top()?);
            }
            op::LONG_BINPUT => {
                let index = u32::from_le_bytes(self.array()?);
                self.memo.insert(index, self.top()?);
            }
            // The number of instructions bounds the memo's size.
            op::MEMOIZE => drop(self.memo.insert(self.memo.len() as u32, self.top()?)),
            op::BINGET => {
                let index = u32::from(self.byte()?);
                self.push_memo(index)?;
            }
            op::LONG_BINGET => {
                let index = u32::from_le_bytes(self.array()?);
                self.push_memo(index)?;
            }

            op::GLOBAL => {
                let (module, name) = (self.line()?, self.line()?);
                self.class(module, name);
            }
            op::STACK_GLOBAL => match (self.pop()?, self.pop()?) {
                (Object::Text(name), Object::Text(module)) => {
                    self.class(module.text(self.pickle), name.text(self.pickle));
                }
                _ => return Err(self.problem("a class without a name")),
            },
            op::REDUCE | op::NEWOBJ => {
                let (arguments, class) = (self.pop()?, self.pop()?);
                let object = self.call(class, arguments)?;
                self.stack.push(object);
            }
            op::NEWOBJ_EX => {
                let (_, arguments, class) = (self.pop()?, self.pop()?, self.pop()?);
                let object = self.call(class, arguments)?;
                self.stack.push(object);
            }
            op::BINPERSID => {
                let id = self.pop()?;
                let storage = self.storage(id)?;
                self.stack.push(storage);
            }
            // The attributes of an OrderedDict (`_metadata`, versions of layers) are not weights.
            op::BUILD => match (self.pop()?, self.top()?) {
                (_, Object::Dict(_) | Object::Tensor(_) | Object::Other) => {}
                _ => return Err(self.problem("attributes of an object that has none")),
            },
            _ => return Err(self.problem("an instruction that no checkpoint needs")),
        }
        Ok(())
    }

    fn push_tuple(&mut self, members: Vec<Object>) {
        let tuple = Object::Tuple(self.objects.add_group(members));
        self.stack.push(tuple);
    }

    fn tuple_of(&mut self, count: usize) -> Result<(), Defect> {
        let mut members = vec![Object::None; count];
        for member in members.iter_mut().rev() {
            *member = self.pop()?;
        }
        self.push_tuple(members);
        Ok(())
    }

    fn extend_list(&mut self, members: Vec<Object>) -> Result<(), Defect> {
        match self.top()? {
            Object::List(list) => {
                self.objects.groups[list].extend(members);
                Ok(())
            }
            Object::Other => Ok(()),
            _ => Err(self.problem("members for an object that is not a list")),
        }
    }

    fn extend_dict(&mut self, members: Vec<Object>) -> Result<(), Defect> {
        match self.top()? {
            Object::Dict(dict) if members.len().is_multiple_of(2) => {
                self.objects.groups[dict].extend(members);
                Ok(())
            }
            Object::Other => Ok(()),
            _ => Err(self.problem("entries for an object that is not a dict")),
        }
    }

    /// Pushes the object that was stored in the memo under an index.
    fn push_memo(&mut self, index: u32) -> Result<(), Defect> {
        match self.memo.get(&index) {
            Some(&object) => {
                self.stack.push(object);
                Ok(())
            }
            None => Err(self.problem("a reference to a memo entry that was never stored")),
        }
    }

    /// The height of the stack at the last mark. Objects below it may not be popped.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Result<Object, Defect> {
        match self.stack.last() {
            Some(&object) if self.stack.len() > self.floor() => Ok(object),
            _ => Err(self.problem("an empty stack")),
        }
    }

    fn pop(&mut self) -> Result<Object, Defect> {
        let object = self.top()?;
        self.stack.pop();
        Ok(object)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Object>, Defect> {
        match self.marks.pop() {
            // Not `split_off`, which moves the allocation of the whole stack if the mark is 0.
            Some(mark) => Ok(self.stack.drain(mark..).collect()),
            None => Err(self.problem("no mark")),
        }
    }

    /// Subtracts from the number of instructions and copies that are left.
    fn charge(&mut self, count: usize) -> Result<(), Defect> {
        match self.left.checked_sub(count) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(self.problem("far more objects than weights need")),
        }
    }

    /// Reads a string of `length` bytes and pushes it.
    fn text(&mut self, length: usize) -> Result<(), Defect> {
        let begin = self.position;
        let text = std::str::from_utf8(self.take(length)?);
        let end = self.position;
        self.stack.push(match text {
            Ok(text) if text.len() <= MAX_TEXT => {
                Span::new(begin, end).map_or(Object::Other, Object::Text)
            }
            _ => Object::Other,
        });
        Ok(())
    }

    /// Pushes bytes that weights do not need.
    fn skip(&mut self, length: u64) -> Result<(), Defect> {
        self.take(usize::try_from(length).unwrap_or(usize::MAX))?;
        self.stack.push(Object::Other);
        Ok(())
    }

    fn line(&mut self) -> Result<&'a str, Defect> {
        let rest = &self.pickle[self.position..];
        let length = rest.iter().position(|&byte| byte == b'\n');
        let line = length.and_then(|length| std::str::from_utf8(&rest[..length]).ok());
        match line {
            Some(line) => {
                self.position += line.len() + 1;
                Ok(line)
            }
            None => Err(self.problem("a name without an end")),
        }
    }

    fn byte(&mut self) -> Result<u8, Defect> {
        self.array().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Defect> {
        match self.pickle[self.position..].first_chunk() {
            Some(&array) => {
                self.position += N;
                Ok(array)
            }
            None => Err(self.problem("it is cut off")),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Defect> {
        match self.pickle[self.position..].get(..length) {
            Some(bytes) => {
                self.position += length;
                Ok(bytes)
            }
            None => Err(self.problem("it is cut off")),
        }
    }
}

/// Reads a little-endian number in two's complement. A number of more than 64 bits, which no
/// state dict needs, becomes [`Object::Other`].
fn long(bytes: &[u8]) -> Object {
    let sign = match bytes.last() {
        Some(0x80..) => 0xff,
        _ => 0,
    };
    let mut number = [sign; 8];
    match number.get_mut(..bytes.len()) {
        Some(low) => {
            low.copy_from_slice(bytes);
            Object::Int(i64::from_le_bytes(number))
        }
        None => Object::Other,
    }
}
