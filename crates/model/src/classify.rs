//! Classification: the predictions of a network.

use burn::tensor::{Tensor, activation};
use oneiric_core::read;

use crate::{Flaw, LayerId, ModelError, Network, NetworkExt, ReluGradient};

/// The number of labels that an error suggests.
const SUGGESTIONS: usize = 4;

/// A class and its probability by the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The number of the class.
    pub class: usize,
    /// The label of the class, if the network has one.
    pub label: Option<String>,
    /// The softmax of the class scores, in 0..=1; all classes sum to 1.
    pub probability: f32,
}

impl Prediction {
    /// Classifies a batch of images; see [`NetworkExt::predict`].
    pub(crate) fn of<N: Network + ?Sized>(
        network: &N,
        images: Tensor<4>,
    ) -> Result<Vec<Vec<Self>>, ModelError> {
        let logits = network.logits().ok_or(ModelError::NoLogits)?;
        let [n, channels, height, width] = images.dims();
        if channels != network.channels() {
            return Err(ModelError::Channels {
                expected: network.channels(),
                found: channels,
            });
        }
        check_size(network, [height, width])?;
        check_layer(network, logits, [height, width])?;
        if n == 0 {
            return Ok(Vec::new());
        }
        let scores = network.forward_to(images, &[logits], ReluGradient::Plain);
        let scores = scores[0].clone().without_autodiff();
        let [_, classes, 1, 1] = scores.dims() else {
            let flaw = Flaw::Logits {
                layer: network.describe(logits).name().to_owned(),
                found: scores.dims(),
            };
            return Err(ModelError::Flawed { flaws: vec![flaw] });
        };
        let probabilities = read(activation::softmax(scores, 1))?;
        let rows = probabilities.chunks(classes);
        Ok(rows
            .map(|row| Self::ranked(row, network.labels()))
            .collect())
    }

    /// Returns all classes, the most probable first.
    pub(crate) fn ranked(probabilities: &[f32], labels: &[String]) -> Vec<Self> {
        let mut predictions: Vec<Self> = probabilities
            .iter()
            .enumerate()
            .map(|(class, &probability)| Self {
                class,
                label: labels.get(class).cloned(),
                probability,
            })
            .collect();
        predictions.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        predictions
    }

    /// Returns the class whose label is that text, or else the only one whose label has it as whole
    /// words, ignoring case.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::UnknownLabel`] if no label fits, or several do.
    pub(crate) fn find_label(labels: &[String], label: &str) -> Result<usize, ModelError> {
        let asked = label.trim().to_lowercase();
        let lower: Vec<String> = labels.iter().map(|l| l.to_lowercase()).collect();
        let indices = |fits: &dyn Fn(&str) -> bool| -> Vec<usize> {
            (0..lower.len()).filter(|&i| fits(&lower[i])).collect()
        };
        let exact = indices(&|l| l == asked);
        let found = match exact[..] {
            [] => indices(&|l| has_words(l, &asked)),
            _ => exact,
        };
        let named = |index: usize| format!("{} ({index})", labels[index]);
        match found[..] {
            [only] => Ok(only),
            _ => Err(ModelError::UnknownLabel {
                label: label.to_owned(),
                candidates: found.into_iter().map(named).collect(),
                near: nearest(&lower, &asked).into_iter().map(named).collect(),
            }),
        }
    }
}

/// Checks that an image is as large as a network requires.
///
/// # Errors
///
/// Returns [`ModelError::ImageSize`] if it is smaller.
pub(crate) fn check_size<N: Network + ?Sized>(
    network: &N,
    image: [usize; 2],
) -> Result<(), ModelError> {
    let smallest = network.smallest_image();
    if image[0] < smallest[0] || image[1] < smallest[1] {
        return Err(ModelError::ImageSize { image, smallest });
    }
    Ok(())
}

/// Checks that a layer can be computed for images of a size, by the network's rule for sizes.
///
/// # Errors
///
/// Returns [`ModelError::OtherSize`] if it cannot.
fn check_layer<N: Network + ?Sized>(
    network: &N,
    layer: LayerId,
    image: [usize; 2],
) -> Result<(), ModelError> {
    match network.info().sizes() {
        Some(sizes) if sizes(layer, image).is_none() => Err(ModelError::OtherSize {
            layer: network.describe(layer).name().to_owned(),
            image,
            only: network.only_size(layer),
        }),
        _ => Ok(()),
    }
}

/// Returns true if a text contains `words` as whole words: neither end lies within a word.
fn has_words(text: &str, words: &str) -> bool {
    let is_end = |next: Option<char>| !next.is_some_and(char::is_alphanumeric);
    !words.is_empty()
        && text.match_indices(words).any(|(at, _)| {
            is_end(text[..at].chars().next_back())
                && is_end(text[at + words.len()..].chars().next())
        })
}

/// Returns the labels to suggest for a text: those that contain it, then those with the word of the
/// smallest edit distance.
fn nearest(labels: &[String], asked: &str) -> Vec<usize> {
    let distance = |label: &String| {
        if label.contains(asked) {
            return 0;
        }
        let words = label.split_whitespace().chain([label.as_str()]);
        let distances = words.map(|word| strsim::damerau_levenshtein(word, asked));
        distances.min().unwrap_or(usize::MAX)
    };
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by_cached_key(|&index| distance(&labels[index]));
    order.truncate(SUGGESTIONS);
    order
}

/// Returns the 1000 labels of ImageNet's ILSVRC 2012 in the usual order, which BVLC's and
/// torchvision's networks share.
pub(crate) fn imagenet_labels() -> Vec<String> {
    include_str!("../labels/imagenet1k.txt")
        .lines()
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Prediction, imagenet_labels};

    use crate::ModelError;

    #[test]
    fn a_label_is_found_by_its_text_or_by_words_that_only_it_has() {
        let labels = imagenet_labels();
        assert_eq!(labels.len(), 1000);
        let find = |label| Prediction::find_label(&labels, label);
        assert_eq!(find("flamingo").expect("one"), 130);
        assert_eq!(find("Espresso").expect("exact before espresso maker"), 967);
        assert_eq!(find("cockatoo").expect("a word of its"), 89);
        for (label, several) in [("terrier", true), ("unicorn", false), ("", false)] {
            match find(label) {
                Err(ModelError::UnknownLabel { candidates, .. }) => {
                    assert_eq!(candidates.len() > 1, several, "{label:?}");
                }
                other => panic!("{label:?} should not be found, got {other:?}"),
            }
        }
    }

    #[test]
    fn a_part_of_a_word_is_not_taken_for_a_class_but_suggested() {
        let labels = imagenet_labels();
        match Prediction::find_label(&labels, "flower") {
            Err(ModelError::UnknownLabel { near, .. }) => {
                assert_eq!(near[0], "cauliflower (938)");
            }
            other => panic!("an ImageNet network has no flower, got {other:?}"),
        }
        match Prediction::find_label(&labels, "flamimgo") {
            Err(ModelError::UnknownLabel { near, .. }) => assert_eq!(near[0], "flamingo (130)"),
            other => panic!("misspelled, got {other:?}"),
        }
    }

    #[test]
    fn the_most_probable_comes_first() {
        let ranked = Prediction::ranked(&[0.2, 0.5, 0.3], &["a".into(), "b".into()]);
        assert_eq!(
            ranked.iter().map(|p| p.class).collect::<Vec<_>>(),
            [1, 2, 0]
        );
        assert_eq!(ranked[0].label.as_deref(), Some("b"));
        assert_eq!(ranked[1].label, None);
    }
}
