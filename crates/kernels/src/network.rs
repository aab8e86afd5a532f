//! The network, ready to run.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    ConvWeights, Isa, KernelError, Node, Run,
    graph::Graph,
    lanes::LANES,
    memory::{Aligned, Arena, MOST_NUMBERS},
    pack::PackedWeights,
    plan::Plan,
};

/// Plans that are kept: as many image sizes and choices of nodes are quick to come back to.
const PLANS: usize = 64;

/// Memory of past runs that is kept for later ones.
const ARENAS: usize = 8;

/// How many times the memory that a run needs is too much to keep.
const MOST_SPARE: usize = 4;

/// Height and width of the image, the wanted nodes, and whether convolutions are direct.
type PlanKey = ([usize; 2], Vec<usize>, bool);

/// A network whose weights do not change. Clones share everything.
#[derive(Debug, Clone)]
pub struct Frozen {
    shared: Arc<Shared>,
    isa: Isa,
    direct: bool,
}

/// What runs and clones of a network share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) graph: Graph,
    pub(crate) weights: PackedWeights,
    arenas: Mutex<Vec<Arena>>,
    plans: Mutex<Vec<(PlanKey, Arc<Plan>)>>,
}

impl Frozen {
    /// From nodes in the order of the forward pass, node 0 being the input with that many
    /// channels, and the weights that the convolutions among them refer to.
    ///
    /// # Errors
    ///
    /// When a node or weights cannot be, or do not fit together.
    pub fn new(
        nodes: Vec<Node>,
        input_channels: usize,
        weights: &[ConvWeights<'_>],
    ) -> Result<Self, KernelError> {
        let graph = Graph::new(nodes, input_channels, weights)?;
        let weights = PackedWeights::new(&graph, weights);
        Ok(Self {
            shared: Arc::new(Shared {
                graph,
                weights,
                arenas: Mutex::default(),
                plans: Mutex::default(),
            }),
            isa: Isa::detect(),
            direct: false,
        })
    }

    /// The same network with other instructions than the fastest.
    ///
    /// # Errors
    ///
    /// When this processor does not have them.
    pub fn with_isa(self, isa: Isa) -> Result<Self, KernelError> {
        if isa.is_available() {
            Ok(Self { isa, ..self })
        } else {
            Err(KernelError::Isa { isa })
        }
    }

    /// The same network with all convolutions by their definition: otherwise those of 3x3 and 5x5
    /// with stride 1, and strided ones of the image such as 7x7 with stride 2, go by Winograd's
    /// filtering where they have 16 channels or more, which is faster and rounds a little more.
    #[must_use]
    pub fn with_direct_convolutions(self) -> Self {
        Self {
            direct: true,
            ..self
        }
    }

    /// The instructions that it runs with.
    #[must_use]
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// Computes the wanted nodes, and nothing that they do not need. The input is row-major,
    /// `[items, channels, height, width]`.
    ///
    /// # Errors
    ///
    /// When the input has another length than its shape, other channels than the network's, or is
    /// too small for a wanted node or too large for memory, when there is no such node, or when a
    /// node's padding is too large.
    pub fn forward(
        &self,
        input: &[f32],
        shape: [usize; 4],
        wanted: &[usize],
    ) -> Result<Run, KernelError> {
        let [items, channels, height, width] = shape;
        let nodes = self.shared.graph.nodes.len();
        if let Some(&node) = wanted.iter().find(|&&node| node >= nodes) {
            return Err(KernelError::NoSuchNode { node, nodes });
        }
        let expected = self.shared.graph.channels(0);
        if channels != expected {
            return Err(KernelError::Mismatch {
                node: 0,
                what: "channels",
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
        let plan = self.shared.plan([height, width], wanted, self.direct)?;
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
    fn plan(
        &self,
        image: [usize; 2],
        wanted: &[usize],
        direct: bool,
    ) -> Result<Arc<Plan>, KernelError> {
        let mut plans = lock(&self.plans);
        let known = plans.iter().position(|((size, nodes, kind), _)| {
            *size == image && nodes == wanted && *kind == direct
        });
        let entry = match known {
            Some(known) => plans.remove(known),
            None => {
                let plan = Plan::new(&self.graph, &self.weights, image, wanted, direct)?;
                ((image, wanted.to_vec(), direct), Arc::new(plan))
            }
        };
        let plan = Arc::clone(&entry.1);
        // The latest at the end, the one that was not asked for longest leaves.
        plans.push(entry);
        if plans.len() > PLANS {
            plans.remove(0);
        }
        Ok(plan)
    }

    /// Memory for a run, with zeros around all tensors.
    pub(crate) fn take_arena(&self, plan: &Plan, items: usize) -> Arena {
        let layout = &plan.layout;
        let needed = layout.len * items;
        let mut arena = {
            let mut arenas = lock(&self.arenas);
            arenas.retain(|arena| arena.memory.len() / MOST_SPARE <= needed);
            let ready = |arena: &Arena| arena.layout == layout.id && arena.items >= items;
            let fits = |arena: &Arena| arena.memory.len() >= needed;
            let found = arenas.iter().position(ready);
            let found = found.or_else(|| arenas.iter().position(fits));
            match found.or_else(|| arenas.len().checked_sub(1)) {
                Some(found) => arenas.swap_remove(found),
                None => Arena::default(),
            }
        };
        if arena.layout == layout.id && arena.items >= items {
            return arena;
        }
        if arena.memory.len() < needed {
            // The old memory goes before the new one comes.
            drop(mem::take(&mut arena.memory));
            arena.memory = Aligned::zeros(needed.div_ceil(LANES));
        } else {
            for item in 0..items {
                for (start, len) in layout.halos() {
                    arena.memory.clear(item * layout.len + start, len);
                }
            }
        }
        (arena.layout, arena.items) = (layout.id, items);
        arena
    }

    /// Keeps memory for later.
    pub(crate) fn keep_arena(&self, arena: Arena) {
        let mut arenas = lock(&self.arenas);
        arenas.push(arena);
        if arenas.len() > ARENAS {
            arenas.remove(0);
        }
    }
}

/// A panic elsewhere does not make what the mutex holds wrong: it is only ever whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
