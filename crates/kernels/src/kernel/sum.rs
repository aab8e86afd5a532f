//! Sums of tensors, also of ones whose channels lie in other blocks.

use super::{
    access::{Accesses, Region, Space, band_rows},
    context::{Context, finish},
};
use crate::{
    lanes::{LANES, Lanes},
    view::{Dest, View},
};

/// Adds tensors. With a single one it copies the tensor to other blocks.
#[derive(Debug, Clone)]
pub(crate) struct Sum {
    pub(crate) terms: Vec<Term>,
    /// Destination of each block.
    pub(crate) dests: Vec<Dest>,
    /// Bands that the rows are cut into.
    pub(crate) bands: usize,
}

/// One tensor of a sum.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    pub(crate) from: View,
    /// The parts of every block of the result; `None` if the tensor has the blocks of the result.
    runs: Option<Vec<Vec<Run>>>,
}

/// Channels that lie side by side in a tensor and in a block of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    /// Block of the tensor.
    block: usize,
    /// First lane in that block.
    lane: usize,
    /// First lane in the block of the result.
    to: usize,
    count: usize,
}

impl Term {
    /// A tensor with `lanes` as the used lanes of its blocks, for a result with `result` as those
    /// of its blocks.
    pub(crate) fn new(from: View, lanes: &[usize], result: &[usize]) -> Self {
        let runs = (lanes != result).then(|| runs(lanes, result));
        Self { from, runs }
    }
}

fn runs(lanes: &[usize], result: &[usize]) -> Vec<Vec<Run>> {
    let (mut block, mut lane) = (0, 0);
    let runs = result.iter().map(|&used| {
        let mut runs = Vec::new();
        let mut to = 0;
        while to < used {
            let count = (used - to).min(lanes[block] - lane);
            runs.push(Run {
                block,
                lane,
                to,
                count,
            });
            to += count;
            lane += count;
            if lane == lanes[block] {
                (block, lane) = (block + 1, 0);
            }
        }
        runs
    });
    runs.collect()
}

impl Sum {
    /// One task for each band of each block.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len() * self.bands
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let (block, band) = (task / self.bands, task % self.bands);
        let View { height, width, .. } = self.terms[0].from;
        let rows = band_rows(band, self.bands, height);
        for Term { from, runs } in &self.terms {
            let first = rows.start * from.row;
            match runs {
                None => {
                    let line = Region::new(from.block_offset(block) + first, width * LANES);
                    accesses.read(Space::Data, line.rows(rows.len(), from.row));
                }
                Some(runs) => {
                    for run in &runs[block] {
                        let start = from.block_offset(run.block) + first + run.lane;
                        let run = Region::new(start, run.count).columns(width, LANES);
                        accesses.read(Space::Data, run.rows(rows.len(), from.row));
                    }
                }
            }
        }
        accesses.finish(&self.dests[block], rows, width, LANES);
    }

    /// Runs one task: a band of a block.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (block, band) = (task / self.bands, task % self.bands);
        let View { height, width, .. } = self.terms[0].from;
        let dest = &self.dests[block];
        for y in band_rows(band, self.bands, height) {
            for x in 0..width {
                // SAFETY: the caller's contract for the places that `accesses` describes; the lanes
                // of a run are lanes of a block.
                unsafe {
                    let mut sum = L::zero();
                    for Term { from, runs } in &self.terms {
                        let place = y * from.row + x * LANES;
                        let value = match runs {
                            None => L::load(context.data.add(from.block_offset(block) + place)),
                            Some(runs) => {
                                let mut values = [0.0_f32; LANES];
                                for run in &runs[block] {
                                    let source = from.block_offset(run.block) + place + run.lane;
                                    let source = context.data.add(source);
                                    for lane in 0..run.count {
                                        values[run.to + lane] = *source.add(lane);
                                    }
                                }
                                L::load(values.as_ptr())
                            }
                        };
                        sum = sum.add(value);
                    }
                    let at = dest.offset + y * dest.row + x * LANES;
                    finish(sum, dest, at, context);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Run, runs};

    #[test]
    fn runs_cover_each_channel_once_and_in_order() {
        let run = |block, lane, to, count| Run {
            block,
            lane,
            to,
            count,
        };
        let expected = [
            vec![run(0, 0, 0, 5), run(1, 0, 5, 3), run(2, 0, 8, 8)],
            vec![run(2, 8, 0, 8), run(3, 0, 8, 1)],
        ];
        assert_eq!(runs(&[5, 3, 16, 1], &[16, 9]), expected);
        let back = [
            vec![run(0, 0, 0, 5)],
            vec![run(0, 5, 0, 3)],
            vec![run(0, 8, 0, 8), run(1, 0, 8, 8)],
            vec![run(1, 8, 0, 1)],
        ];
        assert_eq!(runs(&[16, 9], &[5, 3, 16, 1]), back);
    }
}
