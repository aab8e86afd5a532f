//! Memory for tensors, aligned to cache lines.

use crate::lanes::LANES;

/// Most numbers that an allocation can hold.
pub(crate) const MOST_NUMBERS: usize = isize::MAX as usize / size_of::<f32>();

/// Sixteen numbers: one cache line.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LANES]);

/// Numbers that start at a cache line.
#[derive(Clone, Default)]
pub(crate) struct Aligned {
    lines: Vec<Line>,
}

/// Prints the length only.
impl std::fmt::Debug for Aligned {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Aligned({} numbers)", self.len())
    }
}

impl Aligned {
    /// Allocates `lines * 16` zeros.
    pub(crate) fn zeros(lines: usize) -> Self {
        Self {
            lines: vec![Line([0.0; LANES]); lines],
        }
    }

    /// Copies numbers, and fills the last line up with zeros.
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

    /// Count of numbers.
    pub(crate) fn len(&self) -> usize {
        self.lines.len() * LANES
    }

    /// Sets `len` numbers from `start` to 0.
    pub(crate) fn clear(&mut self, start: usize, len: usize) {
        // Whole lines where possible, which is most of them, and single numbers at the ends.
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
        // SAFETY: `Line` is sixteen numbers and no padding, so `len` numbers start at the vector's
        // pointer; the borrow of `self` covers them.
        unsafe { std::slice::from_raw_parts(self.as_ptr(), self.len()) }
    }

    /// Pointer to the first number.
    pub(crate) fn as_ptr(&self) -> *const f32 {
        self.lines.as_ptr().cast()
    }

    /// Pointer to the first number, for writing.
    pub(crate) fn as_mut_ptr(&mut self) -> *mut f32 {
        self.lines.as_mut_ptr().cast()
    }
}

/// Numbers that start at a cache line while they grow, so that they need not be copied in the end.
#[derive(Debug, Default)]
pub(crate) struct Growing {
    numbers: Aligned,
    len: usize,
}

impl Growing {
    /// Count of numbers so far.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds zeros, up to that many numbers.
    pub(crate) fn fill_up(&mut self, len: usize) {
        self.len = self.len.max(len);
        let lines = self.len.div_ceil(LANES);
        self.numbers.lines.resize(lines, Line([0.0; LANES]));
    }

    /// All numbers, with zeros to the end of the last line.
    pub(crate) fn into_aligned(mut self) -> Aligned {
        self.numbers.lines.shrink_to_fit();
        self.numbers
    }
}

impl Extend<f32> for Growing {
    fn extend<T: IntoIterator<Item = f32>>(&mut self, numbers: T) {
        for number in numbers {
            if self.len.is_multiple_of(LANES) {
                self.numbers.lines.push(Line([0.0; LANES]));
            }
            self.numbers.lines[self.len / LANES].0[self.len % LANES] = number;
            self.len += 1;
        }
    }
}

/// Memory for the tensors of one run.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    pub(crate) memory: Aligned,
    /// Id of the layout whose halos are zero in it.
    pub(crate) layout: u64,
    /// Batch items whose halos are zero in it.
    pub(crate) items: usize,
    /// Numbers that its latest run needed.
    pub(crate) used: usize,
}
