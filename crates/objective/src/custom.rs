//! An objective from a closure.

use std::fmt;

use burn::tensor::Tensor;
use oneiric_model::LayerId;

use crate::{Measure, Reading};

type Function = Box<dyn Fn(&Reading) -> Tensor<1> + Send + Sync>;

pub(crate) struct Custom {
    pub(crate) name: String,
    pub(crate) layers: Vec<LayerId>,
    pub(crate) function: Function,
}

impl Measure for Custom {
    fn layers(&self) -> &[LayerId] {
        &self.layers
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        (self.function)(reading)
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custom")
            .field("name", &self.name)
            .field("layers", &self.layers)
            .finish_non_exhaustive()
    }
}
