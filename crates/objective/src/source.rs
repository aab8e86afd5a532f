//! Sources of a term: a measure with its network.

use std::{collections::HashMap, sync::Arc};

use oneiric_model::{LayerId, Network, NetworkExt, NetworkId};

use crate::{LayerError, Measure, ObjectiveError};

#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) measure: Arc<dyn Measure>,
    pub(crate) network: Arc<dyn Network>,
    /// The only image of the batch that it reads, if it is limited.
    pub(crate) image: Option<usize>,
}

/// Sizes of layers by network, cached: a network may compute a size by a forward pass.
pub(crate) type Sizes = HashMap<(NetworkId, LayerId), Option<[usize; 2]>>;

impl Source {
    /// See [`Objective::check`](crate::Objective::check).
    pub(crate) fn check(
        &self,
        batch: usize,
        image: [usize; 3],
        view: [usize; 3],
        sizes: &mut Sizes,
    ) -> Result<(), ObjectiveError> {
        if let Some(image) = self.image.filter(|&image| image >= batch) {
            return Err(ObjectiveError::Image { image, batch });
        }
        if let Some(photograph) = self.measure.photograph() {
            let photograph = [
                photograph.channels(),
                photograph.height(),
                photograph.width(),
            ];
            if photograph != image {
                return Err(ObjectiveError::Photograph { photograph, image });
            }
        }
        self.measure.check_image(image)?;
        let layers = self.measure.layers();
        let expected = self.network.channels();
        if !layers.is_empty() && expected != view[0] {
            let found = view[0];
            return Err(LayerError::NetworkChannels { expected, found }.into());
        }
        let sizes = layers.iter().map(|&layer| {
            let size = sizes.entry((self.network.id().clone(), layer));
            let size = size.or_insert_with(|| self.network.layer_size(layer, [view[1], view[2]]));
            size.ok_or_else(|| self.misfit(layer, [view[1], view[2]]))
        });
        let sizes: Vec<_> = sizes.collect::<Result<_, _>>()?;
        self.measure.check(&sizes)
    }

    /// Returns the rows and columns of the only images that the network takes, with the first layer
    /// that takes no others.
    pub(crate) fn only_size(&self) -> Option<(LayerId, [usize; 2])> {
        let mut layers = self.measure.layers().iter();
        layers.find_map(|&layer| Some((layer, self.network.only_size(layer)?)))
    }

    /// The error of an image of a size that a layer does not take.
    pub(crate) fn misfit(&self, layer: LayerId, [height, width]: [usize; 2]) -> LayerError {
        let name = self.network.describe(layer).name().to_owned();
        match self.network.only_size(layer) {
            Some(only) => LayerError::OtherSize {
                layer: name,
                width,
                height,
                only,
            },
            None => LayerError::TooSmall {
                layer: name,
                width,
                height,
                needed: self.network.smallest_square(layer),
            },
        }
    }
}
