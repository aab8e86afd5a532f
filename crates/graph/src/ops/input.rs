//! The image.

use oneiric_support::SettingError;
use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Arity, Fact, NodeError, Shape, Weight,
    oracle::{Backward, Tensor, Weights},
};

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

    fn channels(&self, _: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        let channels = self.channels;
        let setting = "the number of the input's channels";
        SettingError::require(setting, channels, channels > 0, "at least 1")?;
        Ok(Some(channels))
    }

    fn is_known(&self, _: &[Fact<'_>]) -> bool {
        false
    }

    fn shape(&self, _: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        unreachable!("the size of the input is given, not inferred")
    }

    fn forward(&self, _: &[&Tensor], _: &Weights<'_>) -> Tensor {
        unreachable!("the input is given, not computed")
    }

    fn backward(&self, _: &Backward<'_>) -> Vec<Tensor> {
        Vec::new()
    }
}
