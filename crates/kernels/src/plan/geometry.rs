//! Positions that a convolution reads along one axis, in either direction.

/// A convolution along one axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Axis {
    /// Positions of the input and of the output.
    pub(crate) input: usize,
    pub(crate) output: usize,
    /// Positions from the kernel's first tap to its last, both included.
    pub(crate) kernel: usize,
    /// Positions from one tap to the next.
    pub(crate) dilation: usize,
    pub(crate) stride: usize,
    /// Padding before the first position.
    pub(crate) before: usize,
}

/// Positions of the input that a phase of the gradient covers: `start`, `start + stride`, ...
#[derive(Debug, Clone, Copy)]
pub(crate) struct Phase {
    /// The first position.
    pub(crate) start: usize,
    pub(crate) count: usize,
    /// The first position's number among those of the phase, counted from the padding's start:
    /// it reads the outputs `first - (kernel rows of the phase - 1) ..= first`.
    pub(crate) first: usize,
}

/// Counts of positions outside of a tensor that are read, before and after.
pub(crate) type Outside = (usize, usize);

impl Axis {
    /// Taps of the kernel.
    pub(crate) fn taps(&self) -> usize {
        (self.kernel - 1) / self.dilation + 1
    }

    /// Positions that the forward direction reads outside of the input.
    pub(crate) fn outside_input(&self) -> Outside {
        let end = (self.output - 1) * self.stride + self.kernel;
        (self.before, end.saturating_sub(self.before + self.input))
    }

    /// Positions that the gradient reads outside of the output.
    pub(crate) fn outside_output(&self) -> Outside {
        let rows = self.kernel.div_ceil(self.stride);
        let (first, last) = self.cells();
        let before = (rows - 1).saturating_sub(first);
        (before, (last + 1).saturating_sub(self.output))
    }

    /// Positions that the forward direction reads outside of the cells.
    pub(crate) fn outside_cells(&self) -> Outside {
        let (first, last) = self.cells();
        let end = self.output - 1 + self.kernel.div_ceil(self.stride);
        (first, end.saturating_sub(last + 1))
    }

    /// First and last cell of `stride` positions, counted from the padding's start, that has a
    /// position of the input.
    pub(crate) fn cells(&self) -> (usize, usize) {
        (
            self.before / self.stride,
            (self.input - 1 + self.before) / self.stride,
        )
    }

    /// The positions of a phase, if it has any.
    pub(crate) fn phase(&self, phase: usize) -> Option<Phase> {
        let first = self.before.saturating_sub(phase).div_ceil(self.stride);
        let last = (self.input - 1 + self.before).checked_sub(phase)? / self.stride;
        (first <= last).then(|| Phase {
            start: first * self.stride + phase - self.before,
            count: last + 1 - first,
            first,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Axis;

    #[test]
    fn phases_are_a_partition_of_the_input() {
        for input in 1..12 {
            for (kernel, stride, before) in [(1, 1, 0), (3, 1, 1), (7, 2, 3), (1, 2, 0), (3, 3, 2)]
            {
                if input + 2 * before < kernel {
                    continue;
                }
                let output = (input + 2 * before - kernel) / stride + 1;
                let axis = Axis {
                    input,
                    output,
                    kernel,
                    dilation: 1,
                    stride,
                    before,
                };
                let mut seen = vec![0; input];
                for phase in (0..stride).filter_map(|phase| axis.phase(phase)) {
                    for number in 0..phase.count {
                        seen[phase.start + number * stride] += 1;
                    }
                }
                assert_eq!(seen, vec![1; input], "{axis:?}");
            }
        }
    }
}
