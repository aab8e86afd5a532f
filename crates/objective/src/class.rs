//! Naming a class.

/// A class, by number or by label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// By number, from 0.
    Number(usize),
    /// By its label's text, or by whole words of it that no other label has.
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
