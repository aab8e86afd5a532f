//! One forward pass, and the gradients through it.

use std::{mem, sync::Arc, sync::Mutex};

use crate::{
    Isa, KernelError, ReluGradient,
    execute::{Job, Tensors, execute},
    kernel::{FromLanes, Step},
    memory::Arena,
    network::{Shared, lock},
    plan::{self, Plan, Program},
};

/// Gradient programs of a plan that are kept: as many choices of gradients are quick to come back
/// to.
const PROGRAMS: usize = 8;

/// What a part of a run took.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelTime {
    /// The nodes whose operations ran at the same time.
    pub nodes: Vec<usize>,
    /// Floating point operations of the convolutions among them, padding channels included.
    pub flops: usize,
    /// Wall time.
    pub seconds: f64,
}

/// The activations of one forward pass.
#[derive(Debug)]
pub struct Run {
    shared: Arc<Shared>,
    plan: Arc<Plan>,
    isa: Isa,
    items: usize,
    activations: Arena,
    forward_times: Vec<f64>,
    gradient_times: Mutex<Vec<LevelTime>>,
}

impl Run {
    pub(crate) fn new(
        shared: Arc<Shared>,
        plan: Arc<Plan>,
        isa: Isa,
        input: &[f32],
        items: usize,
    ) -> Self {
        let mut activations = shared.take_arena(&plan, items);
        let job = Job {
            isa,
            weights: shared.weights.values.as_slice(),
            len: plan.layout.len,
            items,
            tensors: Tensors::Forward(&mut activations),
            external: &[input],
            result: &mut [],
        };
        let forward_times = execute(&plan.forward, job);
        Self {
            shared,
            plan,
            isa,
            items,
            activations,
            forward_times,
            gradient_times: Mutex::default(),
        }
    }

    /// Shape of the `index`-th wanted node: `[items, channels, height, width]`.
    ///
    /// # Panics
    ///
    /// If fewer nodes were wanted.
    #[must_use]
    pub fn shape(&self, index: usize) -> [usize; 4] {
        let node = self.plan.wanted[index];
        let [height, width] = self.plan.layout.sizes.of[node];
        [self.items, self.shared.graph.channels(node), height, width]
    }

    /// The `index`-th wanted node, row-major.
    ///
    /// # Panics
    ///
    /// If fewer nodes were wanted.
    #[must_use]
    pub fn output(&self, index: usize) -> Vec<f32> {
        let mut output = vec![0.0; self.shape(index).iter().product()];
        self.copy_output(index, &mut output);
        output
    }

    /// Writes the `index`-th wanted node to a slice, row-major.
    ///
    /// # Errors
    ///
    /// When the slice has another length than the node's shape.
    ///
    /// # Panics
    ///
    /// If fewer nodes were wanted.
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

    /// The gradient with respect to the input, row-major, from those with respect to the wanted
    /// nodes (none for a node that has none). They are gradients of something to be minimised.
    ///
    /// # Errors
    ///
    /// When there are more or fewer gradients than wanted nodes, or one has another length than
    /// its node.
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
        let given: Vec<bool> = gradients.iter().map(Option::is_some).collect();
        let program = self.gradient_program(given, relu);
        let [height, width] = self.plan.layout.sizes.of[0];
        let per_item = self.shared.graph.channels(0) * height * width;
        let mut result = vec![0.0_f32; per_item * self.items];
        let mut arena = self.shared.take_arena(&self.plan, self.items);
        let external: Vec<&[f32]> = gradients.iter().map(|g| g.unwrap_or(&[])).collect();
        let job = Job {
            external: &external,
            ..self.job(
                Tensors::Backward {
                    activations: &self.activations,
                    gradients: &mut arena,
                },
                &mut result,
            )
        };
        let seconds = execute(&program, job);
        *lock(&self.gradient_times) = times(&program, &seconds);
        self.shared.keep_arena(arena);
        Ok(result)
    }

    /// What the parts of the forward pass took, in their order.
    #[must_use]
    pub fn forward_times(&self) -> Vec<LevelTime> {
        times(&self.plan.forward, &self.forward_times)
    }

    /// What the parts of the latest gradient took, in their order.
    #[must_use]
    pub fn gradient_times(&self) -> Vec<LevelTime> {
        lock(&self.gradient_times).clone()
    }

    fn gradient_program(&self, given: Vec<bool>, relu: ReluGradient) -> Arc<Program> {
        let mut programs = lock(&self.plan.backward);
        let key = (given, relu);
        let known = programs.iter().position(|(known, _)| *known == key);
        let entry = match known {
            Some(known) => programs.remove(known),
            None => {
                let Shared { graph, weights, .. } = &*self.shared;
                let Plan { layout, wanted, .. } = &*self.plan;
                let program = plan::backward(graph, weights, layout, wanted, &key.0, relu);
                (key, Arc::new(program))
            }
        };
        let program = Arc::clone(&entry.1);
        // As plans: the one that was not asked for longest leaves.
        programs.push(entry);
        if programs.len() > PROGRAMS {
            programs.remove(0);
        }
        program
    }

    fn job<'a>(&'a self, tensors: Tensors<'a>, result: &'a mut [f32]) -> Job<'a> {
        Job {
            isa: self.isa,
            weights: self.shared.weights.values.as_slice(),
            len: self.plan.layout.len,
            items: self.items,
            tensors,
            external: &[],
            result,
        }
    }

    fn copy_output(&self, index: usize, output: &mut [f32]) {
        let node = self.plan.wanted[index];
        let mut program = Program::default();
        let step = FromLanes {
            view: self.plan.layout.view(node),
            parts: plan::parts(&self.shared.graph, node),
        };
        program.push(0, node, Step::FromLanes(step));
        let job = self.job(Tensors::Output(&self.activations), output);
        execute(&program, job);
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.shared.keep_arena(mem::take(&mut self.activations));
    }
}

fn times(program: &Program, seconds: &[f64]) -> Vec<LevelTime> {
    program
        .levels
        .iter()
        .zip(seconds)
        .map(|(level, &seconds)| LevelTime {
            nodes: level.nodes.clone(),
            flops: level.flops,
            seconds,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::PROGRAMS;
    use crate::{Frozen, KernelError, Node, Op, ReluGradient, network::lock};

    #[test]
    fn a_plan_keeps_the_latest_gradients() -> Result<(), KernelError> {
        let relu = |input| Node {
            op: Op::Relu,
            inputs: vec![input],
        };
        let input = Node {
            op: Op::Input,
            inputs: vec![],
        };
        let network = Frozen::new(vec![input, relu(0), relu(1), relu(2), relu(3)], 3, &[])?;
        let run = network.forward(&[0.5; 12], [1, 3, 2, 2], &[1, 2, 3, 4])?;
        let program = |choice: usize| {
            let given = (0..4).map(|bit| choice >> bit & 1 == 1).collect();
            run.gradient_program(given, ReluGradient::Plain)
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
