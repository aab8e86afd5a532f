//! The metadata of a saved network: its configuration, labels and source.

use std::collections::BTreeMap;

use oneiric_weights::CHECKSUM_KEY;
use serde::{Serialize, de::DeserializeOwned};

use super::{InceptionV1Config, Variant};
use crate::{ModelError, Preprocessing};

/// The keys of the metadata of a safetensors file.
const CONFIG: &str = "inception_v1";
const VARIANT: &str = "variant";
const SOURCE: &str = "source";
const LABELS: &str = "labels";

/// The largest number of channels, classes, or pixels on a side in a file. A file with more is
/// damaged, and a network made from it could exhaust the memory.
const LARGEST: usize = 4096;

/// The largest number of normalized channels, and the largest radius, in a file: a normalization
/// has a matrix of channels x channels, which is not in the file.
const LARGEST_NORMALIZED: usize = 1024;

/// The channels of the images.
const CHANNELS: usize = 3;

/// The part of a network that is not weights.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Card {
    pub(crate) config: InceptionV1Config,
    /// The origin of the weights.
    pub(crate) source: String,
    /// The names of the classes; empty if they are not known.
    pub(crate) labels: Vec<String>,
}

impl Card {
    pub(crate) fn to_metadata(&self) -> Result<BTreeMap<String, String>, ModelError> {
        let variant = json(VARIANT, &self.config.variant)?;
        Ok(BTreeMap::from([
            (CONFIG.to_owned(), json(CONFIG, &self.config)?),
            (VARIANT.to_owned(), variant.trim_matches('"').to_owned()),
            (SOURCE.to_owned(), self.source.clone()),
            (LABELS.to_owned(), json(LABELS, &self.labels)?),
        ]))
    }

    /// Reads the metadata of a file; `None` if another program wrote it. The checksum, which is
    /// compared when a file is read, must be present, so that a changed card is noticed.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Card`] if the checksum is missing or a value is not accepted.
    pub(crate) fn from_metadata(
        metadata: &BTreeMap<String, String>,
    ) -> Result<Option<Self>, ModelError> {
        let Some(config) = metadata.get(CONFIG) else {
            return Ok(None);
        };
        if !metadata.contains_key(CHECKSUM_KEY) {
            return Err(ModelError::Card {
                key: CHECKSUM_KEY,
                reason: "it is missing".to_owned(),
            });
        }
        let config: InceptionV1Config = of_json(CONFIG, config)?;
        let blocks = config.blocks.iter().flat_map(|block| {
            let [a, b, c] = [block.one, block.three_bottleneck, block.three];
            [a, b, c, block.five_bottleneck, block.five, block.pool]
        });
        let sizes = config.stem.into_iter().chain(blocks);
        let mut sizes = sizes.chain([config.classes, config.side]);
        let kernels = [config.five_kernel, config.last_pool];
        if !sizes.all(|size| (1..=LARGEST).contains(&size))
            || !kernels.iter().all(|kernel| (1..=9).contains(kernel))
            || config.five_kernel.is_multiple_of(2)
        {
            return Err(ModelError::Card {
                key: CONFIG,
                reason: format!(
                    "widths, classes and side must be 1 to {LARGEST}, kernels 1 to 9 and that of \
                     the 5x5 branch odd: {config:?}"
                ),
            });
        }
        let Preprocessing { scale, mean, .. } = &config.preprocessing;
        if [scale, mean].iter().any(|values| values.len() != CHANNELS) {
            return Err(ModelError::Card {
                key: CONFIG,
                reason: format!(
                    "the preprocessing must have {CHANNELS} channels: {:?}",
                    config.preprocessing
                ),
            });
        }
        let [first, _, last] = config.stem;
        if let Some(lrn) = config.lrn
            && [first, last, lrn.radius]
                .iter()
                .any(|&size| size > LARGEST_NORMALIZED)
        {
            return Err(ModelError::Card {
                key: CONFIG,
                reason: format!(
                    "normalized channels and the radius must be at most {LARGEST_NORMALIZED}: \
                     {first}, {last}, {lrn:?}"
                ),
            });
        }
        let labels = metadata.get(LABELS).map(|labels| of_json(LABELS, labels));
        Ok(Some(Self {
            config,
            source: metadata.get(SOURCE).cloned().unwrap_or_default(),
            labels: labels.transpose()?.unwrap_or_default(),
        }))
    }
}

fn json(key: &'static str, value: &impl Serialize) -> Result<String, ModelError> {
    serde_json::to_string(value).map_err(|source| ModelError::Card {
        key,
        reason: source.to_string(),
    })
}

fn of_json<T: DeserializeOwned>(key: &'static str, text: &str) -> Result<T, ModelError> {
    serde_json::from_str(text).map_err(|source| ModelError::Card {
        key,
        reason: source.to_string(),
    })
}

/// Returns true if the classes of a variant are ImageNet's, in the usual order.
pub(crate) const fn is_imagenet(variant: Variant) -> bool {
    matches!(variant, Variant::Bvlc | Variant::Torchvision)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use oneiric_weights::CHECKSUM_KEY;

    use super::{CONFIG, Card};
    use crate::{InceptionV1Config, ModelError};

    /// Returns the metadata as in a file, whose writer adds the checksum.
    fn saved(card: &Card) -> BTreeMap<String, String> {
        let mut metadata = card.to_metadata().expect("a configuration of ours");
        metadata.insert(CHECKSUM_KEY.to_owned(), String::new());
        metadata
    }

    #[test]
    fn a_card_goes_there_and_back() {
        for config in [
            InceptionV1Config::bvlc(),
            InceptionV1Config::inception5h(),
            InceptionV1Config::torchvision(),
            InceptionV1Config::tiny(),
        ] {
            for labels in [vec![], vec!["a b".to_owned(), "c\nd".to_owned()]] {
                let card = Card {
                    config: config.clone(),
                    source: "a file".to_owned(),
                    labels,
                };
                let found = Card::from_metadata(&saved(&card)).expect("just written");
                assert_eq!(found, Some(card));
            }
        }
    }

    #[test]
    fn a_claim_that_cannot_be_is_refused() {
        let metadata = |config: InceptionV1Config| {
            saved(&Card {
                config,
                source: String::new(),
                labels: Vec::new(),
            })
        };
        let mut config = InceptionV1Config::tiny();
        config.blocks[3].five = usize::MAX;
        let refused = Card::from_metadata(&metadata(config));
        assert!(
            matches!(refused, Err(ModelError::Card { .. })),
            "{refused:?}"
        );
        let mut config = InceptionV1Config::tiny();
        config.five_kernel = 4;
        let refused = Card::from_metadata(&metadata(config));
        assert!(
            matches!(refused, Err(ModelError::Card { .. })),
            "{refused:?}"
        );
        let mut config = InceptionV1Config::tiny();
        config.lrn.as_mut().expect("tiny has one").radius = 1025;
        let refused = Card::from_metadata(&metadata(config));
        assert!(
            matches!(refused, Err(ModelError::Card { .. })),
            "{refused:?}"
        );
        let mut config = InceptionV1Config::tiny();
        config.preprocessing.mean.pop();
        let refused = Card::from_metadata(&metadata(config));
        assert!(
            matches!(refused, Err(ModelError::Card { .. })),
            "{refused:?}"
        );
        let mut damaged = metadata(InceptionV1Config::tiny());
        damaged.insert(CONFIG.to_owned(), "{}".to_owned());
        let refused = Card::from_metadata(&damaged);
        assert!(
            matches!(refused, Err(ModelError::Card { .. })),
            "{refused:?}"
        );
        damaged.clear();
        assert_eq!(
            Card::from_metadata(&damaged).expect("another program's"),
            None
        );
    }
}
