//! Sums of tensors, also of ones whose channels lie in other blocks.

use std::ops::Range;

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
    /// Rows and columns of the result.
    pub(crate) height: usize,
    pub(crate) width: usize,
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
    /// The rows and columns of the result that it has; elsewhere it is 0.
    within: Option<[Range<usize>; 2]>,
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
        Self::of(from, runs)
    }

    /// Some channels of a tensor, in the order of the result, or all. `lanes` are the used lanes of
    /// the blocks of tensor and result.
    pub(crate) fn chosen(from: View, lanes: [&[usize]; 2], channels: Option<&[usize]>) -> Self {
        let Some(channels) = channels else {
            return Self::new(from, lanes[0], lanes[1]);
        };
        let places = channels.iter().map(|&channel| Some(channel));
        Self::of(from, Some(gathered(lanes, places)))
    }

    /// A tensor whose channels are some of those of the result, or all: a term for as many times as
    /// a channel is there.
    pub(crate) fn placed(
        from: View,
        lanes: [&[usize]; 2],
        channels: Option<&[usize]>,
    ) -> Vec<Self> {
        let Some(channels) = channels else {
            return vec![Self::new(from, lanes[0], lanes[1])];
        };
        let mut places: Vec<Vec<usize>> = vec![Vec::new(); lanes[1].iter().sum()];
        for (place, &channel) in channels.iter().enumerate() {
            places[channel].push(place);
        }
        let times = places.iter().map(Vec::len).max().unwrap_or(0);
        let term = |time: usize| {
            let places = places.iter().map(|own| own.get(time).copied());
            Self::of(from, Some(gathered(lanes, places)))
        };
        (0..times).map(term).collect()
    }

    /// The same at some rows and columns of the result.
    pub(crate) fn within(self, positions: [Range<usize>; 2]) -> Self {
        Self {
            within: Some(positions),
            ..self
        }
    }

    fn of(from: View, runs: Option<Vec<Vec<Run>>>) -> Self {
        Self {
            from,
            runs,
            within: None,
        }
    }

    /// The rows and columns of the tensor for some rows of the result, and the row and column of
    /// the result where they begin.
    fn positions(&self, rows: Range<usize>, width: usize) -> [Range<usize>; 2] {
        match &self.within {
            Some([own, columns]) => [
                rows.start.max(own.start)..rows.end.min(own.end),
                columns.clone(),
            ],
            None => [rows, 0..width],
        }
    }

    /// The row and column of the result of the tensor's first position.
    fn start(&self) -> [usize; 2] {
        let within = self.within.as_ref();
        within.map_or([0; 2], |[rows, columns]| [rows.start, columns.start])
    }
}

/// The runs for a result each of whose channels is one of a tensor, or none.
fn gathered(lanes: [&[usize]; 2], channels: impl Iterator<Item = Option<usize>>) -> Vec<Vec<Run>> {
    let places: Vec<(usize, usize)> = lanes[0]
        .iter()
        .enumerate()
        .flat_map(|(block, &used)| (0..used).map(move |lane| (block, lane)))
        .collect();
    let mut channels = channels;
    let blocks = lanes[1].iter().map(|&used| {
        let mut runs: Vec<Run> = Vec::new();
        for to in 0..used {
            let Some((block, lane)) = channels.next().flatten().map(|channel| places[channel])
            else {
                continue;
            };
            match runs.last_mut() {
                Some(last)
                    if last.block == block
                        && last.lane + last.count == lane
                        && last.to + last.count == to =>
                {
                    last.count += 1;
                }
                _ => runs.push(Run {
                    block,
                    lane,
                    to,
                    count: 1,
                }),
            }
        }
        runs
    });
    blocks.collect()
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
        let rows = band_rows(band, self.bands, self.height);
        for term in &self.terms {
            let Term { from, runs, .. } = term;
            let [own, columns] = term.positions(rows.clone(), self.width);
            if own.is_empty() {
                continue;
            }
            let first = (own.start - term.start()[0]) * from.row;
            let (count, width) = (own.len(), columns.len());
            match runs {
                None => {
                    let line = Region::new(from.block_offset(block) + first, width * LANES);
                    accesses.read(Space::Data, line.rows(count, from.row));
                }
                Some(runs) => {
                    for run in &runs[block] {
                        let start = from.block_offset(run.block) + first + run.lane;
                        let run = Region::new(start, run.count).columns(width, LANES);
                        accesses.read(Space::Data, run.rows(count, from.row));
                    }
                }
            }
        }
        accesses.finish(&self.dests[block], rows, self.width, LANES);
    }

    /// Runs one task: a band of a block.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (block, band) = (task / self.bands, task % self.bands);
        let dest = &self.dests[block];
        for y in band_rows(band, self.bands, self.height) {
            for x in 0..self.width {
                // SAFETY: the caller's contract for the places that `accesses` describes; the lanes
                // of a run are lanes of a block.
                unsafe {
                    let mut sum = L::zero();
                    for term in &self.terms {
                        let Term { from, runs, within } = term;
                        let mut place = y * from.row + x * LANES;
                        if let Some([rows, columns]) = within {
                            if !rows.contains(&y) || !columns.contains(&x) {
                                continue;
                            }
                            place = (y - rows.start) * from.row + (x - columns.start) * LANES;
                        }
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
