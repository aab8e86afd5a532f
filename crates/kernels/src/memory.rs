//! Memory for the tensors of a run, aligned to cache lines.

use crate::lanes::LANES;

/// Most numbers that memory can have.
pub(crate) const MOST_NUMBERS: usize = isize::MAX as usize / size_of::<f32>();

/// Sixteen numbers: one cache line.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LANES]);

/// Numbers that start at a cache line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Aligned {
    lines: Vec<Line>,
}

impl Aligned {
    /// `lines * 16` zeros.
    pub(crate) fn zeros(lines: usize) -> Self {
        Self {
            lines: vec![Line([0.0; LANES]); lines],
        }
    }

    /// A copy, filled up to a whole line with zeros.
    pub(crate) fn from_slice(values: &[f32]) -> Self {
        let lines = values
            .chunks(LANES)
            .map(|chunk| {
                let mut line = [0.0; LANES];
                line[..chunk.len()].copy_from_slice(chunk);
                Line(line)
            })
            .collect();
        Self { lines }
    }

    /// Numbers in it.
    pub(crate) fn len(&self) -> usize {
        self.lines.len() * LANES
    }

    /// Sets `len` numbers from `start` to 0.
    pub(crate) fn clear(&mut self, start: usize, len: usize) {
        // As lines where whole, which is most of it, and by number at the ends.
        let (mut at, end) = (start, start + len);
        while at < end {
            let (line, first) = (at / LANES, at % LANES);
            let last = LANES.min(first + end - at);
            self.lines[line].0[first..last].fill(0.0);
            at += last - first;
        }
    }

    /// All numbers.
    pub(crate) fn as_slice(&self) -> &[f32] {
        // SAFETY: a line is sixteen numbers and nothing else.
        unsafe { std::slice::from_raw_parts(self.as_ptr(), self.len()) }
    }

    pub(crate) fn as_ptr(&self) -> *const f32 {
        self.lines.as_ptr().cast()
    }

    pub(crate) fn as_mut_ptr(&mut self) -> *mut f32 {
        self.lines.as_mut_ptr().cast()
    }
}

/// The tensors of one run, with a note of whose halos are zero in it.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    pub(crate) memory: Aligned,
    /// The layout that it was cleared for.
    pub(crate) layout: u64,
    /// Batch items that it was cleared for.
    pub(crate) items: usize,
}
