//! What is known of a graph's nodes, by the size of the image.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use oneiric_graph::{Facts, Graph};

/// The sizes that are kept: a run with random scales sees a handful of them again and again.
const KEPT: usize = 64;

/// The facts of a graph for sizes of images, each inferred when it is first asked for.
pub(crate) struct FactsBySize {
    graph: Arc<Graph>,
    kept: Mutex<VecDeque<([usize; 2], Arc<Facts>)>>,
}

impl FactsBySize {
    pub(crate) fn new(graph: Arc<Graph>) -> Self {
        let kept = Mutex::default();
        Self { graph, kept }
    }

    /// Returns the facts for images of that height and width.
    pub(crate) fn get(&self, image: [usize; 2]) -> Arc<Facts> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, facts)) = kept.iter().find(|(size, _)| *size == image) {
            return Arc::clone(facts);
        }
        let facts = Arc::new(self.graph.all_facts(image));
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((image, Arc::clone(&facts)));
        facts
    }
}

/// Prints no facts, of which there are many.
impl fmt::Debug for FactsBySize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FactsBySize").finish_non_exhaustive()
    }
}
