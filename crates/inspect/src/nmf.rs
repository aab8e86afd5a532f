//! Non-negative matrix factorization.

use std::{fmt, time::Instant};

use oneiric_support::{CancelToken, Progress, SettingError};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{InspectError, Observer, matrix::Matrix, settings::check_least_one};

/// Added to the numerator and the denominator of each quotient, of a matrix scaled to a largest
/// value of one. The quotient `0 / 0` is then 1, and the error still never rises: the update
/// minimizes a majorant whose diagonal is larger by this constant.
const EPSILON: f64 = 1e-12;

/// Largest random number added to the start of H, as a share of the mean of the matrix.
const START_NOISE: f64 = 0.1;

/// Number of updates over which the improvement is measured.
const WINDOW: usize = 10;

/// Non-negative matrix factorization: factors a matrix V `[rows, columns]` of non-negative numbers
/// into W `[rows, groups]` and H `[groups, columns]` of non-negative numbers so that the sum of the
/// squares of `V - W H` is small.
///
/// The multiplicative updates, in f64, are `H <- H * (W^T V) / (W^T W H)` and
/// `W <- W * (V H^T) / (W H H^T)`; the error never rises. Source: Lee and Seung, "Algorithms for
/// Non-negative Matrix Factorization" (2001), theorem 1. The updates find a local minimum: H starts
/// at rows of V that lie far apart, with a little noise, and W at random.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `groups` | required | number of groups, the inner dimension | at least 1 |
/// | `iterations` | 500 | largest number of updates of both factors | at least 1 |
/// | `tolerance` | 1e-5 | smallest relative improvement in 10 updates | finite, at least 0 |
/// | `seed` | 0 | seed of the start | |
/// | `observer` | none | called after every update; counts updates, of at most `iterations` | |
/// | `cancel` | none | token that cancels the factorization | |
pub struct Nmf<'a> {
    groups: usize,
    iterations: usize,
    tolerance: f64,
    seed: u64,
    observer: Option<Observer<'a>>,
    cancel: CancelToken,
}

/// The factors of a matrix: W holds the strengths, and the rows of H have norm 1 (or 0). The
/// strongest group comes first.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Factors {
    /// W `[rows, groups]`, row-major.
    pub w: Vec<f32>,
    /// H `[groups, columns]`, row-major.
    pub h: Vec<f32>,
    /// Relative errors before the first update and after each: the norm of `V - W H` divided by
    /// that of V (0 if V is 0).
    pub errors: Vec<f64>,
    /// True if the factorization was canceled before its last update.
    pub canceled: bool,
}

impl<'a> Nmf<'a> {
    /// Creates a factorization into a number of groups.
    #[must_use]
    pub fn new(groups: usize) -> Self {
        Self {
            groups,
            iterations: 500,
            tolerance: 1e-5,
            seed: 0,
            observer: None,
            cancel: CancelToken::new(),
        }
    }

    /// Sets the largest number of updates of both factors.
    #[must_use]
    pub const fn iterations(mut self, iterations: usize) -> Self {
        self.iterations = iterations;
        self
    }

    /// Sets the share by which the error must fall in 10 updates to continue. With 0 all updates
    /// are made, unless the error becomes 0.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Sets the seed of the start.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets a function that is called with the progress after every update of both factors. It
    /// counts updates; the total is the largest number of updates, and the factorization may end
    /// earlier.
    #[must_use]
    pub fn observer(mut self, observer: impl FnMut(&Progress) + Send + 'a) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Sets a token that cancels the factorization. The token is checked before every update; a
    /// canceled factorization returns the factors so far, with [`Factors::canceled`] set.
    #[must_use]
    pub fn cancel(mut self, token: CancelToken) -> Self {
        self.cancel = token;
        self
    }

    /// Number of groups.
    #[must_use]
    pub const fn groups(&self) -> usize {
        self.groups
    }

    /// Factors a row-major matrix with `columns` columns.
    ///
    /// # Errors
    ///
    /// Returns [`InspectError`] if a setting is not allowed, the matrix is empty, its length is no
    /// multiple of `columns`, or a value is negative or not finite.
    pub fn factor(mut self, matrix: &[f32], columns: usize) -> Result<Factors, InspectError> {
        self.check(matrix, columns)?;
        let started = Instant::now();
        let groups = self.groups;
        let rows = matrix.len() / columns;
        let largest = matrix.iter().fold(0.0_f32, |most, v| most.max(*v));
        let unit = f64::from(if largest > 0.0 { largest } else { 1.0 });
        let v = Matrix::new(rows, columns, |at| f64::from(matrix[at]) / unit);
        let norm = v.values.iter().map(|v| v * v).sum::<f64>().sqrt();
        let mean = v.values.iter().sum::<f64>() / v.values.len() as f64;

        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        // In (0, 1], because a number that starts at 0 stays 0.
        let mut random = || 1.0 - rng.random::<f64>();
        let mut h = outermost_rows(&v, groups);
        for value in &mut h.values {
            *value += START_NOISE * mean * random();
        }
        let mut w = Matrix::new(rows, groups, |_| random());
        let error = |w: &Matrix, h: &Matrix| match norm {
            0.0 => 0.0,
            _ => v.distance(&w.times(h)) / norm,
        };
        let mut errors = vec![error(&w, &h)];
        let mut canceled = false;
        while errors.len() <= self.iterations && !self.is_done(&errors) {
            if self.cancel.is_canceled() {
                canceled = true;
                break;
            }
            // W is updated first: it is random, while H starts at rows of V.
            let ht = h.transposed();
            w.scale_by(&v.times(&ht), &w.times(&h.times(&ht)), EPSILON);
            let wt = w.transposed();
            h.scale_by(&wt.times(&v), &wt.times(&w).times(&h), EPSILON);
            errors.push(error(&w, &h));
            if let Some(observer) = &mut self.observer {
                let (done, total) = (errors.len() as u64 - 1, Some(self.iterations as u64));
                observer(&Progress::new(done, total, started.elapsed()));
            }
        }
        Ok(Factors {
            canceled,
            ..normal_form(&w, &h, unit, errors)
        })
    }

    fn is_done(&self, errors: &[f64]) -> bool {
        let now = errors[errors.len() - 1];
        let before = errors.len().checked_sub(1 + WINDOW);
        now == 0.0
            || before.is_some_and(|at| {
                self.tolerance > 0.0 && errors[at] - now < self.tolerance * errors[at]
            })
    }

    fn check(&self, matrix: &[f32], columns: usize) -> Result<(), InspectError> {
        let (groups, tolerance) = (self.groups, self.tolerance);
        check_least_one("the number of groups", groups)?;
        check_least_one("the number of iterations", self.iterations)?;
        let good = tolerance.is_finite() && tolerance >= 0.0;
        SettingError::require("the tolerance", tolerance, good, "finite and at least 0")?;
        // More groups than values cannot lower the error any further.
        let (good, allowed) = (
            groups <= matrix.len().max(1),
            "at most the number of values that are factored",
        );
        SettingError::require("the number of groups", groups, good, allowed)?;
        if matrix.is_empty() || columns == 0 {
            return Err(InspectError::Empty {
                what: "a matrix to factor without values",
            });
        }
        if !matrix.len().is_multiple_of(columns) {
            return Err(InspectError::Length {
                what: "a matrix of whole rows",
                expected: matrix.len().div_ceil(columns) * columns,
                found: matrix.len(),
            });
        }
        if !matrix.iter().all(|value| value.is_finite()) {
            return Err(InspectError::NotFinite {
                what: "a value of the matrix to factor".to_owned(),
            });
        }
        match matrix.iter().find(|value| **value < 0.0) {
            Some(&value) => Err(InspectError::Negative {
                what: "the matrix to factor".to_owned(),
                value,
            }),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Nmf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nmf")
            .field("groups", &self.groups)
            .field("iterations", &self.iterations)
            .field("tolerance", &self.tolerance)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// Picks the rows that lie furthest from the span of the rows before them, so that each group
/// starts at an existing row and no two groups at the same one. Rows are 0 if nothing is left.
/// Source: Araujo et al., "The successive projections algorithm" (2001).
fn outermost_rows(v: &Matrix, groups: usize) -> Matrix {
    let mut start = Matrix::new(groups, v.columns, |_| 0.0);
    let mut rest = v.values.clone();
    for place in start.values.chunks_mut(v.columns) {
        let rows = rest.chunks(v.columns);
        let mut furthest = (0, 0.0);
        for (index, row) in rows.enumerate() {
            let squares: f64 = row.iter().map(|v| v * v).sum();
            if squares > furthest.1 {
                furthest = (index, squares);
            }
        }
        let (index, squares) = furthest;
        // The values are at most 1, so a residual this small is rounding error.
        if squares <= EPSILON {
            break;
        }
        let range = index * v.columns..(index + 1) * v.columns;
        place.copy_from_slice(&v.values[range.clone()]);
        let axis = rest[range].to_vec();
        for row in rest.chunks_mut(v.columns) {
            let dot: f64 = row.iter().zip(&axis).map(|(a, b)| a * b).sum();
            for (value, axis) in row.iter_mut().zip(&axis) {
                *value -= dot / squares * axis;
            }
        }
    }
    start
}

/// Normalizes the rows of H, moves their norms into the columns of W, and sorts the groups by the
/// norms of the columns, the largest first.
fn normal_form(w: &Matrix, h: &Matrix, unit: f64, errors: Vec<f64>) -> Factors {
    let (rows, groups, columns) = (w.rows, h.rows, h.columns);
    let lengths: Vec<f64> = h.values.chunks(columns).map(norm).collect();
    let column = |group: usize| -> Vec<f64> {
        let values = (0..rows).map(|row| w.values[row * groups + group]);
        values.map(|v| v * lengths[group]).collect()
    };
    let strengths: Vec<f64> = (0..groups).map(|group| norm(&column(group))).collect();
    let mut order: Vec<usize> = (0..groups).collect();
    order.sort_by(|&a, &b| strengths[b].total_cmp(&strengths[a]));
    let mut factors = Factors {
        w: vec![0.0; rows * groups],
        h: Vec::with_capacity(groups * columns),
        errors,
        canceled: false,
    };
    for (place, &group) in order.iter().enumerate() {
        for (row, value) in column(group).into_iter().enumerate() {
            // The norm of a row can exceed the range of f32 although none of its values does.
            let value = (value * unit).min(f64::from(f32::MAX));
            factors.w[row * groups + place] = value as f32;
        }
        let row = &h.values[group * columns..(group + 1) * columns];
        let length = if lengths[group] > 0.0 {
            lengths[group]
        } else {
            1.0
        };
        factors.h.extend(row.iter().map(|v| (v / length) as f32));
    }
    factors
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use oneiric_testkit::Array;

    use super::{Factors, Nmf};
    use crate::InspectError;

    /// Factors in which every group has a row and a column of its own, which makes them unique up
    /// to scale and order.
    fn known(rows: usize, groups: usize, columns: usize) -> (Vec<f32>, Vec<f32>) {
        let part = |n: usize, seed: u64| -> Vec<f32> {
            let noise = Array::noise([n, groups], seed).values;
            let own = |at: usize, v: f32| match (at / groups, at % groups) {
                (i, g) if i < groups => f32::from(u8::from(i == g)),
                _ => v.max(0.0),
            };
            noise
                .iter()
                .enumerate()
                .map(|(at, v)| own(at, *v))
                .collect()
        };
        let w = part(rows, 1);
        let columns_by_group = part(columns, 2);
        let h = (0..groups * columns)
            .map(|at| columns_by_group[at % columns * groups + at / columns])
            .collect();
        (w, h)
    }

    fn product(w: &[f32], h: &[f32], groups: usize) -> Vec<f32> {
        let (rows, columns) = (w.len() / groups, h.len() / groups);
        let value = |at: usize| {
            let (row, column) = (at / columns, at % columns);
            let terms = (0..groups).map(|g| w[row * groups + g] * h[g * columns + column]);
            terms.sum()
        };
        (0..rows * columns).map(value).collect()
    }

    fn unit(values: &[f32]) -> Vec<f32> {
        let norm = values.iter().map(|v| v * v).sum::<f32>().sqrt();
        values.iter().map(|v| v / norm).collect()
    }

    #[test]
    fn the_factors_of_a_product_are_found() {
        let (rows, groups, columns) = (30, 3, 12);
        let (w, h) = known(rows, groups, columns);
        let v = product(&w, &h, groups);
        let nmf = Nmf::new(groups).iterations(20_000).tolerance(0.0);
        let found = nmf.factor(&v, columns).expect("a matrix");
        let error = found.errors[found.errors.len() - 1];
        assert!(error < 1e-3, "{error}");
        for expected in h.chunks(columns).map(unit) {
            let best = found.h.chunks(columns).map(|row| {
                let apart = row.iter().zip(&expected).map(|(a, b)| (a - b).abs());
                apart.fold(0.0, f32::max)
            });
            let best = best.fold(f32::INFINITY, f32::min);
            assert!(
                best < 0.01,
                "no group has the direction {expected:?}: {best}"
            );
        }
        let again = product(&found.w, &found.h, groups);
        for (found, expected) in again.iter().zip(&v) {
            assert!((found - expected).abs() < 0.01, "{found} {expected}");
        }
    }

    #[test]
    fn the_error_never_rises() {
        let noise = Array::noise([40 * 17], 3).values;
        let v: Vec<f32> = noise.iter().map(|v| v.max(0.0) * 1e4).collect();
        for groups in [1, 4, 30] {
            let nmf = Nmf::new(groups).iterations(200).tolerance(0.0);
            let Factors { errors, .. } = nmf.factor(&v, 17).expect("a matrix");
            assert_eq!(errors.len(), 201);
            for pair in errors.windows(2) {
                assert!(pair[1] <= pair[0] * (1.0 + 1e-12), "{groups}: {pair:?}");
            }
            assert!(errors[200] < 0.95 * errors[0]);
        }
    }

    #[test]
    fn rows_and_columns_of_zeros_stay_numbers() {
        let mut v: Vec<f32> = Array::noise([8 * 6], 4).values;
        for (at, value) in v.iter_mut().enumerate() {
            let is_empty = at / 6 == 2 || at % 6 == 5;
            *value = if is_empty { 0.0 } else { value.abs() };
        }
        for matrix in [v, vec![0.0; 48], vec![1e-30; 48], vec![3e38; 48]] {
            let factors = Nmf::new(7).factor(&matrix, 6).expect("a matrix");
            let all = factors.w.iter().chain(&factors.h);
            assert!(all.into_iter().all(|v| v.is_finite() && *v >= 0.0));
            assert!(factors.errors.iter().all(|error| error.is_finite()));
            assert_eq!((factors.w.len(), factors.h.len()), (8 * 7, 7 * 6));
        }
    }

    #[test]
    fn groups_are_normal_and_ordered_and_the_seed_decides() {
        let v: Vec<f32> = Array::noise([20 * 9], 5).values;
        let v: Vec<f32> = v.iter().map(|v| v.abs()).collect();
        let factor = |seed| Nmf::new(4).seed(seed).factor(&v, 9).expect("a matrix");
        let found = factor(0);
        assert_eq!(found, factor(0));
        assert_ne!(found, factor(1));
        for row in found.h.chunks(9) {
            let norm = row.iter().map(|v| v * v).sum::<f32>();
            assert!((norm - 1.0).abs() < 1e-5, "{norm}");
        }
        let strengths: Vec<f32> = (0..4)
            .map(|g| (0..20).map(|row| found.w[row * 4 + g].powi(2)).sum())
            .collect();
        assert!(strengths.is_sorted_by(|a, b| a >= b), "{strengths:?}");
    }

    #[test]
    fn what_cannot_be_factored_is_refused() {
        let refuse = |nmf: Nmf<'_>, matrix: &[f32], columns| {
            nmf.factor(matrix, columns).expect_err("not to be factored")
        };
        let negative = refuse(Nmf::new(1), &[1.0, -0.5], 2);
        assert!(matches!(
            negative,
            InspectError::Negative { value: -0.5, .. }
        ));
        let broken = refuse(Nmf::new(1), &[1.0, f32::NAN], 2);
        assert!(matches!(broken, InspectError::NotFinite { .. }));
        let ragged = refuse(Nmf::new(1), &[1.0; 5], 2);
        assert!(matches!(
            ragged,
            InspectError::Length {
                expected: 6,
                found: 5,
                ..
            }
        ));
        assert!(matches!(
            refuse(Nmf::new(1), &[], 2),
            InspectError::Empty { .. }
        ));
        for nmf in [
            Nmf::new(0),
            Nmf::new(1).iterations(0),
            Nmf::new(1).tolerance(f64::NAN),
        ] {
            let refused = refuse(nmf, &[1.0; 4], 2);
            assert!(matches!(refused, InspectError::Setting(_)));
        }
    }
}
