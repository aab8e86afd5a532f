//! How a tensor is seen as a layer.

use serde::{Deserialize, Serialize};

use crate::{Facts, Map, NodeId};

/// How the tensor of a node is seen as a layer, which is a map of channels, rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// A map as it is, [1, channels, height, width], or a vector, [1, channels], as a map of one
    /// position.
    Map,
    /// A map with its channels last, [1, height, width, channels].
    ChannelsLast,
    /// Tokens, [1, tokens, channels]: those behind the first `prefix` ones as a map with the rows
    /// and columns of an earlier map, or as a row.
    Tokens {
        /// The tokens that are no position of the image, such as that of the class.
        prefix: usize,
        /// The node whose map has as many positions; `None` for a row.
        grid: Option<NodeId>,
    },
    /// The first tokens of [1, tokens, channels], as a row.
    Prefix {
        /// The number of tokens.
        count: usize,
    },
}

impl View {
    /// Returns the map that is seen of a node; `None` if its tensor does not have that form for the
    /// size of image that the facts are for, or the facts do not tell.
    #[must_use]
    pub fn map(self, node: NodeId, facts: &Facts) -> Option<Map> {
        let shape = facts.shape(node)?;
        match (self, shape.lengths()) {
            (Self::Map, _) => shape.map(),
            (Self::ChannelsLast, &[1, height, width, channels]) => Some(Map {
                channels,
                height,
                width,
            }),
            (Self::Tokens { prefix, grid }, &[1, tokens, channels]) => {
                let tokens = tokens.checked_sub(prefix)?;
                let [height, width] = match grid {
                    Some(grid) => Self::grid(grid, facts)?,
                    None => [1, tokens],
                };
                let map = Map {
                    channels,
                    height,
                    width,
                };
                (height * width == tokens).then_some(map)
            }
            (Self::Prefix { count }, &[1, tokens, channels]) if count <= tokens => Some(Map {
                channels,
                height: 1,
                width: count,
            }),
            _ => None,
        }
        .filter(|map| map.count() > 0)
    }

    /// Rows and columns of a node's map, whatever the order of its axes.
    fn grid(node: NodeId, facts: &Facts) -> Option<[usize; 2]> {
        match facts.shape(node)?.lengths() {
            &[1, _, height, width] => Some([height, width]),
            _ => None,
        }
    }
}
