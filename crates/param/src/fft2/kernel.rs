//! The transforms by rustfft: columns and rows in blocks, the blocks in parallel. Each row and each
//! column is computed alone, so that the result does not depend on the number of threads.

use std::{cell::RefCell, sync::Arc};

use rayon::prelude::*;
use realfft::RealFftPlanner;
use rustfft::{Fft, FftPlanner, num_complex::Complex32};

use super::multiplicity;

/// Rows or columns in a block: as many as a cache line holds complex numbers.
const BLOCK: usize = 8;

/// Factors of the coefficients of a half spectrum [height, width / 2 + 1]. The inverse transform
/// multiplies before it, the forward transform after it.
#[derive(Debug)]
pub(super) struct Weights {
    size: [usize; 2],
    values: Vec<f32>,
    /// The weights of the adjoint, which transforms in the opposite direction.
    adjoint: Vec<f32>,
}

impl Weights {
    /// Creates weights of `images = inverse(weights * spectrum)`. The adjoint is a forward
    /// transform, which counts a column twice if it stands for two.
    pub(super) fn to_images(size: [usize; 2], values: Vec<f32>) -> Self {
        let adjoint = by_column(size, &values, |value, multiplicity| value * multiplicity);
        Self {
            size,
            values,
            adjoint,
        }
    }

    /// Creates weights of `spectrum = weights * forward(images)`.
    pub(super) fn to_spectra(size: [usize; 2], values: Vec<f32>) -> Self {
        let adjoint = by_column(size, &values, |value, multiplicity| value / multiplicity);
        Self {
            size,
            values,
            adjoint,
        }
    }

    /// Returns height and width of the images.
    pub(super) const fn size(&self) -> [usize; 2] {
        self.size
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    pub(super) fn adjoint(&self) -> &[f32] {
        &self.adjoint
    }
}

fn by_column([_, width]: [usize; 2], values: &[f32], change: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    let half = width / 2 + 1;
    let changed = values.iter().enumerate();
    changed
        .map(|(at, value)| change(*value, f32::from(multiplicity(at % half, width))))
        .collect()
}

/// The planners of a thread, which keep the plans that they made, by length.
struct Planners {
    complex: FftPlanner<f32>,
    real: RealFftPlanner<f32>,
}

thread_local! {
    static PLANNERS: RefCell<Planners> = RefCell::new(Planners {
        complex: FftPlanner::new(),
        real: RealFftPlanner::new(),
    });
}

/// Transforms half spectra [planes, height, half, 2], times the weights, to images
/// [planes, height, width]. Not normalized.
pub(super) fn to_images(spectra: &[f32], weights: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
    let half = width / 2 + 1;
    let (along_y, along_x) = PLANNERS.with_borrow_mut(|planners| {
        (
            planners.complex.plan_fft_inverse(height),
            planners.real.plan_fft_inverse(width),
        )
    });
    let (spectra, _) = spectra.as_chunks::<2>();
    let planes = spectra.len() / weights.len();
    let columns = transformed_columns([planes, height, half], &along_y, |plane, at| {
        let [re, im] = spectra[plane * height * half + at];
        Complex32::new(re, im) * weights[at]
    });
    let mut images = vec![0.0; planes * height * width];
    for_each_block(&mut images, [height, width], |plane, first, image_rows| {
        let count = image_rows.len() / width;
        let columns = &columns[plane * height * half..][..height * half];
        let mut rows = vec![Complex32::default(); count * half];
        for (l, column) in columns.chunks_exact(height).enumerate() {
            for (y, value) in column[first..first + count].iter().enumerate() {
                rows[y * half + l] = *value;
            }
        }
        let mut scratch = along_x.make_scratch_vec();
        let rows = rows.chunks_exact_mut(half);
        for (row, image_row) in rows.zip(image_rows.chunks_exact_mut(width)) {
            // The first column, and the last one of an even width, are their own conjugates: the
            // imaginary part has no meaning.
            row[0].im = 0.0;
            if multiplicity(half - 1, width) == 1 {
                row[half - 1].im = 0.0;
            }
            along_x
                .process_with_scratch(row, image_row, &mut scratch)
                .expect("the buffers are the plan's own");
        }
    });
    images
}

/// Transforms images [planes, height, width] to half spectra [planes, height, half, 2], times the
/// weights. Not normalized.
pub(super) fn to_spectra(images: &[f32], weights: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
    let half = width / 2 + 1;
    let (along_y, along_x) = PLANNERS.with_borrow_mut(|planners| {
        (
            planners.complex.plan_fft_forward(height),
            planners.real.plan_fft_forward(width),
        )
    });
    let planes = images.len() / (height * width);
    let mut rows = vec![Complex32::default(); planes * height * half];
    let blocks = images.par_chunks(BLOCK * width);
    blocks
        .zip(rows.par_chunks_mut(BLOCK * half))
        .for_each(|(image_rows, rows)| {
            let mut input = along_x.make_input_vec();
            let mut scratch = along_x.make_scratch_vec();
            let rows = rows.chunks_exact_mut(half);
            for (image_row, row) in image_rows.chunks_exact(width).zip(rows) {
                input.copy_from_slice(image_row);
                along_x
                    .process_with_scratch(&mut input, row, &mut scratch)
                    .expect("the buffers are the plan's own");
            }
        });
    let columns = transformed_columns([planes, height, half], &along_y, |plane, at| {
        rows[plane * height * half + at]
    });
    let mut spectra = vec![0.0; planes * height * half * 2];
    for_each_block(&mut spectra, [height, half * 2], |plane, first, spectra| {
        let (spectra, _) = spectra.as_chunks_mut::<2>();
        let count = spectra.len() / half;
        let columns = &columns[plane * height * half..][..height * half];
        for (l, column) in columns.chunks_exact(height).enumerate() {
            for (k, value) in column[first..first + count].iter().enumerate() {
                let value = value * weights[(first + k) * half + l];
                spectra[k * half + l] = [value.re, value.im];
            }
        }
    });
    spectra
}

/// Transforms the columns of half spectra [planes, height, half] and returns them as
/// [planes, half, height]. The closure `read` gives the coefficient at a position of a plane.
fn transformed_columns(
    [planes, height, half]: [usize; 3],
    along_y: &Arc<dyn Fft<f32>>,
    read: impl Fn(usize, usize) -> Complex32 + Sync,
) -> Vec<Complex32> {
    let mut columns = vec![Complex32::default(); planes * half * height];
    for_each_block(&mut columns, [half, height], |plane, first, block| {
        let count = block.len() / height;
        for k in 0..height {
            for l in 0..count {
                block[l * height + k] = read(plane, k * half + first + l);
            }
        }
        let mut scratch = vec![Complex32::default(); along_y.get_inplace_scratch_len()];
        along_y.process_with_scratch(block, &mut scratch);
    });
    columns
}

/// Calls `work` in parallel for blocks of lines of planes [planes, lines, length], with the index
/// of the plane, the index of the first line and the values of the lines.
fn for_each_block<T: Send>(
    planes: &mut [T],
    [lines, length]: [usize; 2],
    work: impl Fn(usize, usize, &mut [T]) + Sync,
) {
    let planes = planes.par_chunks_exact_mut(lines * length).enumerate();
    planes.for_each(|(plane, values)| {
        let blocks = values.par_chunks_mut(BLOCK * length).enumerate();
        blocks.for_each(|(block, values)| work(plane, block * BLOCK, values));
    });
}

#[cfg(test)]
mod tests {
    use super::{to_images, to_spectra};
    use oneiric_testkit::Array;

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let (height, width) = (45, 34);
        let half = width / 2 + 1;
        let weights = Array::noise([height, half], 1).values;
        let spectra = Array::noise([6, height, half, 2], 2).values;
        let [one, three] = [1, 3].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().expect("threads").install(|| {
                let images = to_images(&spectra, &weights, [height, width]);
                [to_spectra(&images, &weights, [height, width]), images]
            })
        });
        assert_eq!(one, three);
    }
}
