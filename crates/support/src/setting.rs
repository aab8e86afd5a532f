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

    /// Checks a standard deviation: at most 1000, as a larger one is a typing error.
    ///
    /// # Errors
    ///
    /// Returns [`SettingError`] if `sd` is not in 0..=1000.
    pub fn check_sd(setting: impl Into<String>, sd: f32) -> Result<(), Self> {
        Self::require(setting, sd, (0.0..=1000.0).contains(&sd), "in 0..=1000")
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

#[cfg(test)]
mod tests {
    use super::SettingError;

    #[test]
    fn a_standard_deviation_is_a_number_that_is_not_negative() {
        for good in [0.0, 0.01, 1000.0] {
            assert_eq!(SettingError::check_sd("the spread", good), Ok(()));
        }
        for bad in [-0.01, 1000.1, f32::NAN, f32::INFINITY] {
            let error = SettingError::check_sd("the spread", bad).expect_err("a refusal");
            let expected = format!("the spread is {bad}, but must be in 0..=1000");
            assert_eq!(error.to_string(), expected);
        }
    }
}
