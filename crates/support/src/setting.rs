//! Settings with values that are not allowed.

use std::fmt;

/// The error of a setting with a value that is not allowed.
///
/// ```
/// use oneiric_support::SettingError;
///
/// let error = SettingError::new("the number of steps", 0, "at least 1");
/// assert_eq!(error.to_string(), "the number of steps is 0, but must be at least 1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{setting} is {value}, but must be {allowed}")]
pub struct SettingError {
    /// The setting, as the subject of a sentence: `the number of steps`.
    pub setting: String,
    /// The value that was given, as it prints.
    pub value: String,
    /// The values that are allowed, as they follow "must be": `at least 1`, `in 0..=1`.
    pub allowed: &'static str,
}

impl SettingError {
    /// Creates the error of one setting.
    #[must_use]
    pub fn new(
        setting: impl Into<String>,
        value: impl fmt::Display,
        allowed: &'static str,
    ) -> Self {
        Self {
            setting: setting.into(),
            value: value.to_string(),
            allowed,
        }
    }

    /// Returns this error unless the value is good.
    ///
    /// # Errors
    ///
    /// Returns [`SettingError`] if `good` is false.
    pub fn require(
        setting: impl Into<String>,
        value: impl fmt::Display,
        good: bool,
        allowed: &'static str,
    ) -> Result<(), Self> {
        if good {
            return Ok(());
        }
        Err(Self::new(setting, value, allowed))
    }
}
