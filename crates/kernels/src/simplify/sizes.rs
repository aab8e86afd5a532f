//! The sizes of images that a network is looked at for.

use oneiric_graph::{Facts, Graph};

/// Sizes that are tried if nobody says which: networks with embeddings of positions take one of them
/// alone.
const USUAL: [usize; 8] = [224, 384, 256, 299, 64, 32, 28, 512];

/// What is added to a size for others: odd numbers, and numbers that networks which halve an image
/// five times need.
const OTHERS: [[usize; 2]; 2] = [[37, 61], [32, 96]];

/// A size of image for which as much as possible can be computed, and what is known for it.
pub(super) fn usual(graph: &Graph, image: Option<[usize; 2]>) -> ([usize; 2], Facts) {
    let sizes = image.into_iter().chain(USUAL.map(|side| [side; 2]));
    let mut best: Option<([usize; 2], Facts)> = None;
    for size in sizes {
        let facts = graph.all_facts(size);
        let errors = facts.errors().len();
        if best
            .as_ref()
            .is_none_or(|(_, best)| errors < best.errors().len())
        {
            best = Some((size, facts));
        }
        if errors == 0 {
            break;
        }
    }
    best.unwrap_or_else(|| unreachable!("there are sizes"))
}

/// What is known for other sizes of image.
pub(super) fn others(graph: &Graph, [height, width]: [usize; 2]) -> Vec<Facts> {
    let sizes = OTHERS.map(|[rows, columns]| [height + rows, width + columns]);
    sizes.map(|size| graph.all_facts(size)).into()
}
