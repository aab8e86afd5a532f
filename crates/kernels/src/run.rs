//! One forward pass, and the gradients through it.

use std::{fmt, mem, sync::Arc};

#[cfg(feature = "profile")]
use std::sync::Mutex;

#[cfg(feature = "profile")]
use crate::LevelTime;
use oneiric_graph::ReluGradient;

use crate::{
    Isa, KernelError,
    execute::{Job, Tensors, execute},
    memory::Arena,
    network::Shared,
    plan::{GradientKey, Plan, Program},
    profile::Times,
    spares::lock,
    team::threads,
};

/// The activations of one forward pass.
pub struct Run {
    shared: Arc<Shared>,
    plan: Arc<Plan>,
    isa: Isa,
    items: usize,
    activations: Arena,
    #[cfg(feature = "profile")]
    forward_times: Times,
    #[cfg(feature = "profile")]
    gradient_times: Mutex<Vec<LevelTime>>,
}

/// Prints the wanted nodes and their shapes only.
impl fmt::Debug for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shapes: Vec<[usize; 4]> = (0..self.plan.wanted.len())
            .map(|index| self.shape(index))
            .collect();
        formatter
            .debug_struct("Run")
            .field("wanted", &self.plan.wanted)
            .field("shapes", &shapes)
            .field("isa", &self.isa)
            .finish_non_exhaustive()
    }
}

impl Run {
    /// Runs the forward program of a plan. The input has the length of that many items.
    pub(crate) fn new(
        shared: Arc<Shared>,
        plan: Arc<Plan>,
        isa: Isa,
        input: &[f32],
        items: usize,
    ) -> Self {
        let mut activations = shared.spares.take(&plan.layout, items);
        let job = Job {
            isa,
            weights: shared.weights.values.as_slice(),
            items,
            tensors: Tensors::Forward(&mut activations),
            external: &[input],
            result: &mut [],
        };
        // SAFETY: plans make legal programs, which `validate` holds them to in debug builds and in
        // the tests.
        let _times = unsafe { execute(&plan.forward, job) };
        Self {
            shared,
            plan,
            isa,
            items,
            activations,
            #[cfg(feature = "profile")]
            forward_times: _times,
            #[cfg(feature = "profile")]
            gradient_times: Mutex::default(),
        }
    }

    /// Shape of the map that the `index`-th wanted node's values are: `[items, channels, height,
    /// width]`, or `[items, height, width, channels]` if the network has its channels last. The node's
    /// own axes may be others, such as one for rows and columns, with the values in the same order.
    ///
    /// # Panics
    ///
    /// Panics if `index` is not below the number of wanted nodes.
    #[must_use]
    pub fn shape(&self, index: usize) -> [usize; 4] {
        let node = self.plan.wanted[index];
        let [height, width] = self.plan.layout.sizes[node];
        let channels = self.shared.graph.channels(node);
        if self.shared.graph.channels_last[node] {
            [self.items, height, width, channels]
        } else {
            [self.items, channels, height, width]
        }
    }

    /// Copies the `index`-th wanted node, row-major.
    ///
    /// # Panics
    ///
    /// Panics if `index` is not below the number of wanted nodes.
    #[must_use]
    pub fn output(&self, index: usize) -> Vec<f32> {
        let mut output = vec![0.0; self.shape(index).iter().product()];
        self.copy_output(index, &mut output);
        output
    }

    /// Copies the `index`-th wanted node to a slice, row-major.
    ///
    /// # Errors
    ///
    /// Returns [`KernelError::Length`] if the slice does not have the length of the node's shape.
    ///
    /// # Panics
    ///
    /// Panics if `index` is not below the number of wanted nodes.
    pub fn write_output(&self, index: usize, output: &mut [f32]) -> Result<(), KernelError> {
        let expected = self.shape(index).iter().product();
        if output.len() != expected {
            return Err(KernelError::Length {
                what: "the output",
                expected,
                actual: output.len(),
            });
        }
        self.copy_output(index, output);
        Ok(())
    }

    /// Computes the gradient with respect to the input, row-major, from the gradients with respect
    /// to the wanted nodes, where a node without one has `None`. They are gradients of something
    /// to be minimized.
    ///
    /// # Errors
    ///
    /// Returns [`KernelError::Length`] if there are not as many gradients as wanted nodes, or if
    /// one does not have the length of its node.
    pub fn input_gradient(
        &self,
        gradients: &[Option<&[f32]>],
        relu: ReluGradient,
    ) -> Result<Vec<f32>, KernelError> {
        let wanted = self.plan.wanted.len();
        if gradients.len() != wanted {
            return Err(KernelError::Length {
                what: "the list of gradients",
                expected: wanted,
                actual: gradients.len(),
            });
        }
        for (index, gradient) in gradients.iter().enumerate() {
            let expected = self.shape(index).iter().product();
            if let Some(actual) = gradient.map(<[f32]>::len).filter(|&len| len != expected) {
                return Err(KernelError::Length {
                    what: "a gradient",
                    expected,
                    actual,
                });
            }
        }
        let program = self.gradient_program(GradientKey {
            given: gradients.iter().map(Option::is_some).collect(),
            relu,
            threads: threads(),
        });
        let mut result = vec![0.0_f32; program.footprint.result * self.items];
        let mut arena = self.shared.spares.take(&self.plan.layout, self.items);
        let external: Vec<&[f32]> = gradients.iter().map(|g| g.unwrap_or(&[])).collect();
        let tensors = Tensors::Backward {
            activations: &self.activations,
            gradients: &mut arena,
        };
        let _times = self.execute(&program, tensors, &external, &mut result);
        self.shared.spares.keep(arena);
        #[cfg(feature = "profile")]
        {
            *lock(&self.gradient_times) = _times.levels(&program);
        }
        Ok(result)
    }

    /// Wall time of the levels of the forward pass, in order.
    #[cfg(feature = "profile")]
    #[must_use]
    pub fn forward_times(&self) -> Vec<LevelTime> {
        self.forward_times.levels(&self.plan.forward)
    }

    /// Wall time of the levels of the latest gradient, in order.
    #[cfg(feature = "profile")]
    #[must_use]
    pub fn gradient_times(&self) -> Vec<LevelTime> {
        lock(&self.gradient_times).clone()
    }

    /// The program for a key. As for plans, nobody holds the cache's lock while one is made.
    fn gradient_program(&self, key: GradientKey) -> Arc<Program> {
        if let Some(known) = lock(&self.plan.backward).get(&key) {
            return known;
        }
        let Shared { graph, weights, .. } = &*self.shared;
        let program = Arc::new(self.plan.backward(graph, weights, &key));
        lock(&self.plan.backward).get_or_insert(key, program)
    }

    /// Runs a program of this run's plan.
    fn execute(
        &self,
        program: &Program,
        tensors: Tensors<'_>,
        external: &[&[f32]],
        result: &mut [f32],
    ) -> Times {
        let job = Job {
            isa: self.isa,
            weights: self.shared.weights.values.as_slice(),
            items: self.items,
            tensors,
            external,
            result,
        };
        // SAFETY: plans make legal programs, which `validate` holds them to in debug builds and in
        // the tests.
        unsafe { execute(program, job) }
    }

    fn copy_output(&self, index: usize, output: &mut [f32]) {
        let program = self.plan.output(&self.shared.graph, index);
        self.execute(program, Tensors::Output(&self.activations), &[], output);
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.shared.spares.keep(mem::take(&mut self.activations));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use oneiric_graph::{GraphBuilder, NodeId, ReluGradient};

    use crate::{
        Frozen, KernelError,
        plan::{GradientKey, PROGRAMS},
        spares::lock,
    };

    #[test]
    fn a_plan_keeps_the_latest_gradients() -> Result<(), KernelError> {
        let mut net = GraphBuilder::new(3);
        let relus: Vec<NodeId> = (0..4)
            .scan(net.input(), |last, number| {
                *last = net.relu(&format!("relu{number}"), *last);
                Some(*last)
            })
            .collect();
        let network = Frozen::new(&net.build()?, &[])?;
        let run = network.forward(&[0.5; 12], [1, 3, 2, 2], &relus)?;
        let program = |choice: usize| {
            run.gradient_program(GradientKey {
                given: (0..4).map(|bit| choice >> bit & 1 == 1).collect(),
                relu: ReluGradient::Plain,
                threads: 1,
            })
        };
        let first = program(0);
        for choice in 1..16 {
            assert!(Arc::ptr_eq(&program(0), &first), "{choice}: made again");
            assert!(Arc::ptr_eq(&program(choice), &program(choice)));
            assert!(lock(&run.plan.backward).len() <= PROGRAMS);
        }
        Ok(())
    }
}
