//! The differences between the tensors that a network needs and those that it is given.

use std::collections::BTreeSet;

use oneiric_weights::NamedTensors;

use crate::{Misshapen, ModelError};

/// The tensors because of which weights cannot be loaded.
#[derive(Debug, Default)]
pub(crate) struct Misfits {
    pub(crate) missing: Vec<String>,
    pub(crate) misshapen: Vec<Misshapen>,
    pub(crate) not_finite: Vec<String>,
    pub(crate) unknown: Vec<String>,
}

impl Misfits {
    /// Compares tensors with the names and shapes that a network needs. Tensors for which
    /// `is_ignored` is true may be present in addition.
    pub(crate) fn of(
        needed: impl IntoIterator<Item = (String, Vec<usize>)>,
        tensors: &NamedTensors,
        is_ignored: impl Fn(&str) -> bool,
    ) -> Self {
        let mut misfits = Self::default();
        let mut known = BTreeSet::new();
        for (name, expected) in needed {
            match tensors.get(&name) {
                None => misfits.missing.push(name.clone()),
                Some(tensor)
                    if tensor.shape != expected
                        || tensor.values.len() != expected.iter().product::<usize>() =>
                {
                    misfits.misshapen.push(Misshapen {
                        name: name.clone(),
                        expected,
                        found: tensor.shape.clone(),
                    });
                }
                Some(tensor) if !tensor.values.iter().all(|v| v.is_finite()) => {
                    misfits.not_finite.push(name.clone());
                }
                Some(_) => {}
            }
            known.insert(name);
        }
        let unknown = tensors.keys();
        let unknown = unknown.filter(|name| !known.contains(*name) && !is_ignored(name));
        misfits.unknown = unknown.cloned().collect();
        misfits
    }

    /// Returns [`ModelError::Weights`] if there is a misfit; `network` is the name of the network
    /// in the message.
    pub(crate) fn into_result(self, network: &'static str) -> Result<(), ModelError> {
        let Self {
            missing,
            misshapen,
            not_finite,
            unknown,
        } = self;
        if missing.is_empty() && misshapen.is_empty() && not_finite.is_empty() && unknown.is_empty()
        {
            return Ok(());
        }
        Err(ModelError::Weights {
            network,
            missing,
            misshapen,
            not_finite,
            unknown,
        })
    }
}
