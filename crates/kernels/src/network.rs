//! A network that is ready to run.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use oneiric_graph::{Graph, NodeId};

use crate::{
    Isa, KernelError, Run,
    blocked::Blocked,
    lru::Lru,
    memory::MOST_NUMBERS,
    pack::PackedWeights,
    plan::{Plan, PlanKey},
    simplify::Simplified,
    spares::{Spares, lock},
    team::threads,
};

/// Plans that are kept, one for each image size, choice of nodes and number of threads.
const PLANS: usize = 64;

/// A network whose weights do not change.
///
/// Clones share weights, plans and memory. Results do not depend on the number of threads.
///
/// # Threads
///
/// A run uses all threads of the current rayon pool (the global one, or that of
/// `ThreadPool::install`). Between two levels of a program the threads wait for one another by
/// spinning and yielding, so **all threads of the pool are busy until the run ends**, also while
/// only one of them has work. On a machine that others share, install a pool of as many threads
/// as the network can use: for one image of 224x224 about 8.
#[derive(Clone)]
pub struct Frozen {
    shared: Arc<Shared>,
    isa: Isa,
    direct: bool,
}

/// Everything that the runs and clones of a network share.
pub(crate) struct Shared {
    pub(crate) graph: Blocked,
    /// The graph as it was given.
    pub(crate) given: Graph,
    /// Numbers of nodes of that graph that hold for the sizes of image that the kernels run.
    pub(crate) read: Vec<(NodeId, Vec<f64>)>,
    pub(crate) weights: PackedWeights,
    pub(crate) spares: Spares,
    plans: Mutex<Lru<PlanKey, Arc<Plan>>>,
}

/// Prints the sizes only.
impl fmt::Debug for Frozen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Frozen")
            .field("nodes", &self.shared.graph.len())
            .field("input_channels", &self.shared.graph.channels(0))
            .field("packed_weights", &self.shared.weights.values.len())
            .field("isa", &self.isa)
            .field("direct", &self.direct)
            .finish_non_exhaustive()
    }
}

impl Frozen {
    /// Makes a network from a graph and the values of its weights, row-major and in the order of
    /// [`Graph::weights`].
    ///
    /// The kernels need not have all of the graph's operators: see [`check`](Self::check).
    ///
    /// # Errors
    ///
    /// Returns [`KernelError::Length`] if there are more or fewer weights than the graph declares,
    /// and [`KernelError::Weights`] if one has another length than its declaration.
    pub fn new(graph: &Graph, weights: &[&[f32]]) -> Result<Self, KernelError> {
        Self::with_image(graph, weights, None)
    }

    /// Makes a network that is known to take images of a height and width, such as one with an
    /// embedding of positions. It may take others as well.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`new`](Self::new).
    pub fn for_image(
        graph: &Graph,
        weights: &[&[f32]],
        image: [usize; 2],
    ) -> Result<Self, KernelError> {
        Self::with_image(graph, weights, Some(image))
    }

    fn with_image(
        graph: &Graph,
        weights: &[&[f32]],
        image: Option<[usize; 2]>,
    ) -> Result<Self, KernelError> {
        check_weights(graph, weights)?;
        let given = graph.clone();
        let simplified = Simplified::new(graph, weights, image)?;
        let graph = Blocked::new(&simplified);
        let weights = simplified.weights.iter();
        let weights: Vec<&[f32]> = weights.map(|values| &**values).collect();
        let weights = PackedWeights::new(&graph, &weights);
        Ok(Self {
            shared: Arc::new(Shared {
                graph,
                given,
                read: simplified.read,
                weights,
                spares: Spares::default(),
                plans: Mutex::new(Lru::new(PLANS)),
            }),
            isa: Isa::detect(),
            direct: false,
        })
    }

    /// Returns the same network with another instruction set than the fastest.
    ///
    /// # Errors
    ///
    /// Returns [`KernelError::Isa`] if this CPU does not support it.
    pub fn with_isa(self, isa: Isa) -> Result<Self, KernelError> {
        if isa.is_available() {
            Ok(Self { isa, ..self })
        } else {
            Err(KernelError::Isa { isa })
        }
    }

    /// Returns the same network with all convolutions computed directly.
    ///
    /// By default those of 3x3 and 5x5 with stride 1, and strided ones of the image such as 7x7
    /// with stride 2, use Winograd's filtering if they have 16 channels or more. That is faster,
    /// with somewhat larger rounding errors.
    #[must_use]
    pub fn with_direct_convolutions(self) -> Self {
        Self {
            direct: true,
            ..self
        }
    }

    /// The instruction set that it runs with.
    #[must_use]
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// Checks that the kernels can run a node.
    ///
    /// # Errors
    ///
    /// Returns [`KernelError::Unsupported`] if they lack the node's operator or one that it
    /// depends on, and [`KernelError::Graph`] if the graph does not have the node.
    pub fn check(&self, node: NodeId) -> Result<(), KernelError> {
        self.shared.graph.check(node)
    }

    /// Makes the plan for some nodes and a size of image, which [`forward`](Self::forward) would make
    /// otherwise.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`check`](Self::check) for the wanted nodes, also if it is this size of
    /// image that the kernels cannot compute them for, [`KernelError::Graph`] if nobody can, and
    /// [`KernelError::TooLarge`].
    pub fn prepare(&self, image: [usize; 2], wanted: &[NodeId]) -> Result<(), KernelError> {
        wanted.iter().try_for_each(|&node| self.check(node))?;
        self.plan(image, wanted).map(drop)
    }

    fn plan(&self, image: [usize; 2], wanted: &[NodeId]) -> Result<Arc<Plan>, KernelError> {
        self.shared.plan(PlanKey {
            image,
            wanted: wanted.iter().map(|node| node.index()).collect(),
            direct: self.direct,
            threads: threads(),
        })
    }

    /// Computes the wanted nodes, and only those that they need. The input is row-major, `[items,
    /// channels, height, width]`.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`check`](Self::check) for the wanted nodes,
    /// [`KernelError::Length`] if the input has another length than its shape,
    /// [`KernelError::Channels`] if it has other channels than the network's,
    /// [`KernelError::Graph`] if a node that is needed cannot be computed for an image of that
    /// size, and [`KernelError::TooLarge`] if the tensors take more memory than there can be.
    pub fn forward(
        &self,
        input: &[f32],
        shape: [usize; 4],
        wanted: &[NodeId],
    ) -> Result<Run, KernelError> {
        let [items, channels, height, width] = shape;
        wanted.iter().try_for_each(|&node| self.check(node))?;
        let expected = self.shared.graph.channels(0);
        if channels != expected {
            return Err(KernelError::Channels {
                expected,
                actual: channels,
            });
        }
        let too_large = KernelError::TooLarge {
            items,
            height,
            width,
        };
        let product = |all: usize, &n: &usize| all.checked_mul(n);
        let Some(expected) = shape.iter().try_fold(1, product) else {
            return Err(too_large);
        };
        if input.len() != expected {
            return Err(KernelError::Length {
                what: "the input",
                expected,
                actual: input.len(),
            });
        }
        let plan = self.plan([height, width], wanted)?;
        let needed = plan.layout.len.checked_mul(items);
        if needed.is_none_or(|needed| needed > MOST_NUMBERS) {
            return Err(too_large);
        }
        Ok(Run::new(
            Arc::clone(&self.shared),
            plan,
            self.isa,
            input,
            items,
        ))
    }
}

impl Shared {
    /// The plan for a key. Others may use the cache while a plan is made; if two make the same one
    /// at the same time, the first is kept.
    fn plan(&self, key: PlanKey) -> Result<Arc<Plan>, KernelError> {
        if let Some(known) = lock(&self.plans).get(&key) {
            return Ok(known);
        }
        let sizes = self.sizes(&key)?;
        let plan = Arc::new(Plan::new(&self.graph, &self.weights, &key, sizes)?);
        Ok(lock(&self.plans).get_or_insert(key, plan))
    }

    /// Rows and columns of the needed nodes. Checks that the graph means for an image of that size what
    /// it meant when it was simplified.
    fn sizes(&self, key: &PlanKey) -> Result<Vec<[usize; 2]>, KernelError> {
        let wanted: Vec<NodeId> = key.wanted.iter().map(|&node| NodeId::new(node)).collect();
        let facts = self.given.facts(&wanted, key.image)?;
        let sizes = self.graph.sizes(&key.wanted, key.image)?;
        let counts_differ = sizes.iter().enumerate().find(|&(node, [height, width])| {
            let count = self.graph.channels(node) * height * width;
            let shape = facts.shape(NodeId::new(node));
            count > 0 && shape.is_some_and(|shape| shape.count() != count)
        });
        let numbers_differ = self.read.iter().find(|(node, values)| {
            let own = facts.get(*node).and_then(|fact| fact.values);
            own.is_some_and(|own| own != &values[..])
        });
        let changed = counts_differ.map(|(node, _)| node);
        let changed = changed.or_else(|| numbers_differ.map(|(node, _)| node.index()));
        match changed {
            Some(node) => Err(KernelError::Unsupported {
                node: self.given.nodes()[node].name.clone(),
                reason: format!(
                    "it is something else for an image of {}x{} than for others",
                    key.image[0], key.image[1]
                ),
            }),
            None => Ok(sizes),
        }
    }
}

fn check_weights(graph: &Graph, weights: &[&[f32]]) -> Result<(), KernelError> {
    let declared = graph.weights();
    if weights.len() != declared.len() {
        return Err(KernelError::Length {
            what: "the list of weights",
            expected: declared.len(),
            actual: weights.len(),
        });
    }
    for (weight, values) in declared.iter().zip(weights) {
        // No slice is as long as the largest number.
        let expected = weight.shape.iter().copied().fold(1, usize::saturating_mul);
        if values.len() != expected {
            return Err(KernelError::Weights {
                weight: weight.name.clone(),
                expected,
                actual: values.len(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use oneiric_graph::{GraphBuilder, NodeId};

    use super::PlanKey;
    use crate::{Frozen, KernelError};

    fn network() -> Result<Frozen, KernelError> {
        let mut net = GraphBuilder::new(3);
        net.relu("relu", net.input());
        Frozen::new(&net.build()?, &[])
    }

    #[test]
    fn plans_are_kept_by_the_number_of_threads() -> Result<(), KernelError> {
        let network = network()?;
        let plan = |threads| {
            network.shared.plan(PlanKey {
                image: [4, 5],
                wanted: vec![1],
                direct: false,
                threads,
            })
        };
        let first = plan(1)?;
        assert!(!Arc::ptr_eq(&first, &plan(2)?));
        assert!(Arc::ptr_eq(&first, &plan(1)?));
        Ok(())
    }

    #[test]
    fn debug_prints_sizes_and_no_numbers() -> Result<(), KernelError> {
        let network = network()?;
        let run = network.forward(&[0.25; 3 * 900], [1, 3, 30, 30], &[NodeId::new(1)])?;
        let text = format!("{network:?} {run:?}");
        assert!(text.contains("input_channels: 3"), "{text}");
        assert!(text.contains("[1, 3, 30, 30]"), "{text}");
        assert!(text.len() < 400 && !text.contains("0.25"), "{text}");
        Ok(())
    }
}
