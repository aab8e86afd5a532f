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
            size.ok_or_else(|| self.too_small(layer, view))
        });
        let sizes: Vec<_> = sizes.collect::<Result<_, _>>()?;
        self.measure.check(&sizes)
    }

    fn too_small(&self, layer: LayerId, [_, height, width]: [usize; 3]) -> ObjectiveError {
        let error = LayerError::TooSmall {
            layer: self.network.describe(layer).name().to_owned(),
            width,
            height,
            needed: self.network.smallest_square(layer),
        };
        error.into()
    }
}
