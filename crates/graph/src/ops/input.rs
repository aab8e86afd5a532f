//! The image.

use oneiric_support::SettingError;
use serde::{Deserialize, Serialize};

use super::Operator;
#[cfg(feature = "oracle")]
use crate::oracle::{Backward, Tensor, Weights};
use crate::{Arity, NodeError, Shape, Weight};

/// The image that goes into a network, after preprocessing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Input {
    /// Channels of the image.
    pub channels: usize,
}

impl Operator for Input {
    fn arity(&self) -> Arity {
        Arity::Exactly(0)
    }

    fn channels(&self, _: &[usize], _: &[Weight]) -> Result<usize, NodeError> {
        let channels = self.channels;
        let setting = "the number of the input's channels";
        SettingError::require(setting, channels, channels > 0, "at least 1")?;
        Ok(channels)
    }

    fn size(&self, _: &[Shape], _: &[Weight]) -> Result<[usize; 2], NodeError> {
        unreachable!("the size of the input is given, not inferred")
    }

    #[cfg(feature = "oracle")]
    fn forward(&self, _: &[&Tensor], _: &Weights<'_>) -> Tensor {
        unreachable!("the input is given, not computed")
    }

    #[cfg(feature = "oracle")]
    fn backward(&self, _: &Backward<'_>) -> Vec<Tensor> {
        Vec::new()
    }
}
