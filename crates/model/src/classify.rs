//! What a network says a photograph shows.

use crate::ModelError;

/// A class and how probable the network finds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The class's number.
    pub class: usize,
    /// The class's name, where the network knows it.
    pub label: Option<String>,
    /// The softmax, in 0..=1; all classes sum to 1.
    pub probability: f32,
}

impl Prediction {
    /// All classes, the most probable first.
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

    pub(crate) fn find_label(labels: &[String], label: &str) -> Result<usize, ModelError> {
        let asked = label.trim().to_lowercase();
        let indices = |fits: &dyn Fn(&str) -> bool| -> Vec<usize> {
            let found = labels.iter().enumerate();
            found
                .filter(|(_, l)| fits(&l.to_lowercase()))
                .map(|(index, _)| index)
                .collect()
        };
        let exact = indices(&|l| l == asked);
        let found = if exact.is_empty() && !asked.is_empty() {
            indices(&|l| l.contains(&asked))
        } else {
            exact
        };
        match found[..] {
            [only] => Ok(only),
            _ => Err(ModelError::UnknownLabel {
                label: label.to_owned(),
                candidates: found
                    .into_iter()
                    .map(|index| format!("{} ({index})", labels[index]))
                    .collect(),
            }),
        }
    }
}

/// The 1000 class names of ImageNet's ILSVRC 2012 in the usual order, which BVLC's and
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
    fn a_label_is_found_by_its_text_or_a_part_that_only_it_has() {
        let labels = imagenet_labels();
        assert_eq!(labels.len(), 1000);
        let find = |label| Prediction::find_label(&labels, label);
        assert_eq!(find("flamingo").expect("one"), 130);
        assert_eq!(find("Espresso").expect("exact before espresso maker"), 967);
        assert_eq!(find("goldfis").expect("a part"), 1);
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
