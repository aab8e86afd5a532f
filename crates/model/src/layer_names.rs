//! The search for a layer by its name.

use crate::{Layer, LayerId, ModelError};

/// The number of names that an error suggests.
const SUGGESTIONS: usize = 4;

/// Normalizes a name for comparison: lower case, every separator an underscore.
fn normalized(name: &str) -> String {
    name.trim()
        .to_ascii_lowercase()
        .replace(['/', '.', ':', '-', ' '], "_")
}

/// Returns the name of a layer and its aliases.
fn names(layer: &Layer) -> impl Iterator<Item = &str> {
    let aliases = layer.aliases().iter().map(String::as_str);
    std::iter::once(layer.name()).chain(aliases)
}

/// Returns every normalized spelling of a layer, each once.
pub(crate) fn spellings(layer: &Layer) -> Vec<String> {
    let mut spellings: Vec<String> = names(layer).map(normalized).collect();
    spellings.sort();
    spellings.dedup();
    spellings
}

/// Returns the layer of a name: the one that is called exactly so, or else the only one with such a
/// spelling.
pub(crate) fn find(layers: &[Layer], name: &str) -> Result<LayerId, ModelError> {
    if let Some(index) = layers.iter().position(|layer| layer.name() == name) {
        return Ok(LayerId(index));
    }
    let asked = normalized(name);
    let fits = |(_, layer): &(usize, &Layer)| spellings(layer).contains(&asked);
    let mut fitting = layers.iter().enumerate().filter(fits);
    if let (Some((only, _)), None) = (fitting.next(), fitting.next()) {
        return Ok(LayerId(only));
    }
    Err(ModelError::UnknownLayer {
        name: name.to_owned(),
        near: near(layers, &asked),
    })
}

/// Returns the names of the nearest layers by edit distance: of each layer, its nearest name.
fn near(layers: &[Layer], asked: &str) -> Vec<String> {
    let nearest = |layer: &Layer| {
        let distance = |name: &str| strsim::damerau_levenshtein(&normalized(name), asked);
        let names = names(layer).map(|name| (distance(name), name.to_owned()));
        names.min_by_key(|(distance, _)| *distance)
    };
    let mut near: Vec<(usize, String)> = layers.iter().filter_map(nearest).collect();
    // The sort is stable: equally near layers stay in the network's order.
    near.sort_by_key(|(distance, _)| *distance);
    let mut names = near.into_iter().map(|(_, name)| name);
    let names = names.by_ref().take(SUGGESTIONS);
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::{Layer, LayerId, ModelError};

    #[test]
    fn layers_of_other_networks_go_by_their_own_names_alone() {
        let named = |names: &[&str]| -> Vec<Layer> {
            names.iter().map(|name| Layer::new(name, 1)).collect()
        };
        let place = |layers: &[Layer], name| find(layers, name).map(|layer| layer.0).ok();
        // In an Inception the first of each pair would be the second's other name.
        let layers = named(&[
            "conv2d0",
            "conv1",
            "mixed4c",
            "inception_4c",
            "avgpool0",
            "fc",
        ]);
        for (index, layer) in layers.iter().enumerate() {
            assert_eq!(place(&layers, layer.name()), Some(index), "{layer}");
        }
        for only_in_an_inception in ["conv1/7x7_s2", "inception4c", "avgpool", "logits", "pool1"] {
            assert_eq!(place(&layers, only_in_an_inception), None);
        }
        assert_eq!(place(&layers, "Inception-4c"), Some(3), "another spelling");
    }

    #[test]
    fn the_exact_name_comes_first_and_a_spelling_of_two_layers_is_none() {
        let layers = ["a.1", "a_1", "A_1", "b.1"].map(|name| Layer::new(name, 1));
        for (index, layer) in layers.iter().enumerate() {
            assert_eq!(find(&layers, layer.name()).expect("exact"), LayerId(index));
        }
        assert_eq!(find(&layers, "b_1").expect("only one"), LayerId(3));
        match find(&layers, "a/1") {
            Err(ModelError::UnknownLayer { near, .. }) => {
                assert_eq!(near[..3], ["a.1", "a_1", "A_1"]);
            }
            other => panic!("three layers are meant alike, got {other:?}"),
        }
        assert!(find(&[], "anything").is_err());
    }
}
