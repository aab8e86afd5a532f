//! An iterator over the fields of a message in the protobuf wire format
//! (<https://protobuf.dev/programming-guides/encoding>), one level at a time.
//!
//! A generated parser such as prost's builds a value for every message. An empty message is two
//! bytes in the file and a hundred in memory, so a file that holds only empty nodes would take
//! fifty times its size. Iterating over the fields allocates nothing, never recurses (each format
//! descends to a fixed depth), and reads both packed and separate numbers; writers of Caffe models
//! use both.

/// A field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Number(u64),
    /// A message, a string, bytes or packed numbers.
    Bytes(&'a [u8]),
    Fixed64([u8; 8]),
    Fixed32([u8; 4]),
}

/// The reason that the next field cannot be read, for [`Defect::Damaged`](crate::Defect).
pub(crate) type Problem = &'static str;

/// An iterator over the fields of a message in order. It ends after the first error.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    /// True for the beginning of a message, in which the last field may be truncated.
    truncated: bool,
}

impl<'a> Fields<'a> {
    /// Iterates over the fields of a complete message.
    pub(crate) fn of(message: &'a [u8]) -> Self {
        Self {
            rest: message,
            truncated: false,
        }
    }

    /// Iterates over the fields in the first bytes of a message. A truncated field has the bytes
    /// that are present.
    pub(crate) fn of_beginning(message: &'a [u8]) -> Self {
        Self {
            rest: message,
            truncated: true,
        }
    }

    fn field(&mut self) -> Result<(u64, Value<'a>), Problem> {
        let key = varint(&mut self.rest)?;
        let value = match key & 7 {
            0 => Value::Number(varint(&mut self.rest)?),
            1 => Value::Fixed64(self.array()?),
            2 => {
                let length = varint(&mut self.rest)?;
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                Value::Bytes(self.bytes(length)?)
            }
            5 => Value::Fixed32(self.array()?),
            _ => return Err("a field has an unknown wire type"),
        };
        match key >> 3 {
            0 => Err("a field has the number 0"),
            number => Ok((number, value)),
        }
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], Problem> {
        let length = if self.truncated {
            length.min(self.rest.len())
        } else {
            length
        };
        let (bytes, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or("a field reaches past the end (is the file cut off?)")?;
        self.rest = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let (&array, rest) = self.rest.split_first_chunk().ok_or("a number is cut off")?;
        self.rest = rest;
        Ok(array)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// Reads a varint, a number stored in 7 bits per byte, of at most 64 bits, and advances `bytes`.
pub(crate) fn varint(bytes: &mut &[u8]) -> Result<u64, Problem> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or("a number is cut off")?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("a number has more than 64 bits")
}

/// Converts one size of a shape. Both formats store it as a signed number; a negative one gives
/// `None`.
pub(crate) fn side(number: u64) -> Option<usize> {
    i64::try_from(number).ok()?;
    usize::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::{Fields, Value};

    #[test]
    fn every_wire_type_is_read() {
        let message = [
            &[0x08, 0x96, 0x01][..],
            &[0x12, 2, b'h', b'i'],
            &[0x1d, 1, 2, 3, 4],
            &[0x21, 1, 2, 3, 4, 5, 6, 7, 8],
        ]
        .concat();
        let fields: Result<Vec<_>, _> = Fields::of(&message).collect();
        let expected = [
            (1, Value::Number(150)),
            (2, Value::Bytes(b"hi")),
            (3, Value::Fixed32([1, 2, 3, 4])),
            (4, Value::Fixed64([1, 2, 3, 4, 5, 6, 7, 8])),
        ];
        assert_eq!(fields.expect("a message"), expected);
    }

    #[test]
    fn a_truncated_field_is_one_error() {
        let messages: [&[u8]; 7] = [
            &[0x08],
            &[0x12, 3, b'h', b'i'],
            &[0x1d, 1, 2, 3],
            &[0x21, 1],
            &[0x0b],
            &[0x00, 0x00],
            &[0xff; 11],
        ];
        for message in messages {
            let mut fields = Fields::of(message);
            assert!(matches!(fields.next(), Some(Err(_))), "{message:?}");
            assert_eq!(fields.next(), None);
        }
        let mut beginning = Fields::of_beginning(&[0x12, 3, b'h', b'i']);
        assert_eq!(beginning.next(), Some(Ok((2, Value::Bytes(b"hi")))));
    }
}
