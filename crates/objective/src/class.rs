//! Classes by number or label.

/// A class, by number or by label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// The number of the class, from 0.
    Number(usize),
    /// The text of the class's label, or whole words of it that no other label has.
    Label(String),
}

impl From<usize> for Class {
    fn from(number: usize) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Class {
    fn from(label: String) -> Self {
        Self::Label(label)
    }
}

impl From<&str> for Class {
    fn from(label: &str) -> Self {
        Self::Label(label.to_owned())
    }
}
