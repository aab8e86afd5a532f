//! The smallest image that a graph takes.

use oneiric_graph::{GraphError, NodeError};

use crate::{ModelError, facts_by_size::FactsBySize};

/// The side of the largest square image that is tried.
const LARGEST: usize = 4096;

/// Sides of images that networks are trained for, besides powers of two. A network of fully
/// connected layers may take one of them alone.
const USUAL: [usize; 12] = [28, 96, 160, 192, 224, 227, 240, 299, 331, 384, 448, 600];

/// Returns the rows and columns of the smallest square image that all nodes of a graph can be
/// computed for; `usual` is a size that is known to fit, or 0.
///
/// # Errors
///
/// Returns [`ModelError::NoImageFits`] if no side up to 4096 is large enough.
pub(crate) fn of(facts: &FactsBySize, usual: [usize; 2]) -> Result<[usize; 2], ModelError> {
    let errors = |side: usize| facts.get([side; 2]).errors().to_vec();
    let fits = |side: usize| errors(side).is_empty();
    // A fully connected layer may take a size that is no square: all else then says what is too
    // small.
    let fits_but_for_features = |side: usize| {
        errors(side).iter().all(|(_, error)| match error {
            GraphError::Image { source, .. } => matches!(source, NodeError::Features { .. }),
            _ => false,
        })
    };
    let [height, width] = usual;
    if height != width && facts.get(usual).errors().is_empty() {
        return Ok(usual);
    }
    let side = smallest_side(fits, height).or_else(|| smallest_side(fits_but_for_features, height));
    side.map(|side| [side; 2])
        .ok_or_else(|| ModelError::NoImageFits {
            largest: LARGEST,
            source: Box::new(errors(LARGEST).swap_remove(0).1),
        })
}

/// Returns a side that fits of which the next smaller one does not: the smallest, if all larger
/// ones fit as well. Usual sides are tried before all.
pub(crate) fn smallest_side(fits: impl Fn(usize) -> bool, usual: usize) -> Option<usize> {
    let powers = (0..)
        .map(|power| 1 << power)
        .take_while(|side| *side <= LARGEST);
    let mut sides: Vec<usize> = powers.chain(USUAL).collect();
    sides.extend((usual > 0).then_some(usual));
    sides.sort_unstable();
    let mut below = 0;
    let found = sides.into_iter().find(|&side| {
        let found = fits(side);
        if !found {
            below = side;
        }
        found
    });
    let Some(mut above) = found else {
        return (1..=LARGEST).find(|&side| fits(side));
    };
    while above - below > 1 {
        let middle = below.midpoint(above);
        if fits(middle) {
            above = middle;
        } else {
            below = middle;
        }
    }
    Some(above)
}

#[cfg(test)]
mod tests {
    use super::smallest_side;

    #[test]
    fn a_bound_a_single_side_and_nothing_are_found() {
        for bound in [1, 2, 7, 32, 33, 225, 4096] {
            assert_eq!(smallest_side(|side| side >= bound, 0), Some(bound));
        }
        for only in [224, 97, 3] {
            assert_eq!(smallest_side(|side| side == only, 0), Some(only));
            assert_eq!(smallest_side(|side| side == only, only), Some(only));
        }
        assert_eq!(smallest_side(|_| false, 0), None);
    }
}
