//! Functions of one number and their derivatives, on all lanes at once.
//!
//! The exponential and the error function are polynomials of the Cephes library (S. L. Moshier,
//! `expf` and `erff`), the error function's tail is formula 7.1.26 of Abramowitz and Stegun,
//! Handbook of Mathematical Functions: errors of 1e-7 and 1.5e-7.

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, LOG2_E};

use oneiric_graph::Unary;

use crate::lanes::Lanes;

/// A function of one number, with its settings. The names are those of [`Unary`], which defines
/// them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Function {
    Abs,
    Neg,
    Exp,
    Log,
    Sqrt,
    Reciprocal,
    Tanh,
    Sigmoid,
    Erf,
    Softplus,
    Gelu,
    GeluTanh,
    Elu { alpha: f32 },
    LeakyRelu { slope: f32 },
    HardSigmoid { alpha: f32, beta: f32 },
    HardSwish,
    Swish { alpha: f32 },
    Mish,
    Clip { low: f32, high: f32 },
}

/// `sqrt(1 / 2)`.
const ROOT_HALF: f32 = FRAC_1_SQRT_2;
/// `1 / sqrt(2 pi)`.
const NORMAL: f32 = 0.398_942_3;
/// `sqrt(2 / pi)`, and the cubic term of the approximation of GELU by a tanh.
const GELU: [f32; 2] = [0.797_884_6, 0.044_715];

impl Function {
    /// The function of an operator, if there is one.
    pub(crate) fn of(unary: &Unary) -> Option<Self> {
        let single = |value: f64| value as f32;
        Some(match *unary {
            Unary::Abs => Self::Abs,
            Unary::Neg => Self::Neg,
            Unary::Exp => Self::Exp,
            Unary::Log => Self::Log,
            Unary::Sqrt => Self::Sqrt,
            Unary::Reciprocal => Self::Reciprocal,
            Unary::Tanh => Self::Tanh,
            Unary::Sigmoid => Self::Sigmoid,
            Unary::Erf => Self::Erf,
            Unary::Softplus => Self::Softplus,
            Unary::Gelu { tanh: false } => Self::Gelu,
            Unary::Gelu { tanh: true } => Self::GeluTanh,
            Unary::Elu { alpha } => Self::Elu {
                alpha: single(alpha.0),
            },
            Unary::LeakyRelu { slope } => Self::LeakyRelu {
                slope: single(slope.0),
            },
            Unary::HardSigmoid { alpha, beta } => Self::HardSigmoid {
                alpha: single(alpha.0),
                beta: single(beta.0),
            },
            Unary::HardSwish => Self::HardSwish,
            Unary::Swish { alpha } => Self::Swish {
                alpha: single(alpha.0),
            },
            Unary::Mish => Self::Mish,
            Unary::Clip { low, high } => Self::Clip {
                low: low.map_or(f32::NEG_INFINITY, |low| single(low.0)),
                high: high.map_or(f32::INFINITY, |high| single(high.0)),
            },
            _ => return None,
        })
    }

    /// The function of each lane.
    ///
    /// # Safety
    ///
    /// As [`Lanes`].
    #[inline(always)]
    pub(super) unsafe fn value<L: Lanes>(self, x: L) -> L {
        // SAFETY: the caller's contract.
        unsafe {
            match self {
                Self::Abs => x.max(x.mul(L::splat(-1.0))),
                Self::Neg => x.mul(L::splat(-1.0)),
                Self::Exp => x.map(f32::exp),
                Self::Log => x.map(f32::ln),
                Self::Sqrt => x.map(f32::sqrt),
                Self::Reciprocal => L::splat(1.0).div(x),
                Self::Tanh => tanh(x),
                Self::Sigmoid => sigmoid(x),
                Self::Erf => erf(x),
                Self::Softplus => x.map(softplus),
                Self::Gelu => x.mul(normal(x)),
                Self::GeluTanh => {
                    let half = L::splat(0.5);
                    x.mul(gelu_tanh(x).mul_add(half, half))
                }
                Self::Elu { alpha } => {
                    let below = x.min(L::zero()).map(f32::exp_m1);
                    below.mul_add(L::splat(alpha), x.max(L::zero()))
                }
                Self::LeakyRelu { slope } => {
                    let below = x.min(L::zero());
                    below.mul_add(L::splat(slope), x.max(L::zero()))
                }
                Self::HardSigmoid { alpha, beta } => {
                    let line = x.mul_add(L::splat(alpha), L::splat(beta));
                    line.max(L::zero()).min(L::splat(1.0))
                }
                Self::HardSwish => {
                    let line = x.mul_add(L::splat(1.0 / 6.0), L::splat(0.5));
                    x.mul(line.max(L::zero()).min(L::splat(1.0)))
                }
                Self::Swish { alpha } => x.mul(sigmoid(x.mul(L::splat(alpha)))),
                Self::Mish => x.map(|x| x * softplus(x).tanh()),
                // The upper bound wins if it is below the lower one.
                Self::Clip { low, high } => x.max(L::splat(low)).min(L::splat(high)),
            }
        }
    }

    /// The derivative at each lane.
    ///
    /// # Safety
    ///
    /// As [`Lanes`].
    #[inline(always)]
    pub(super) unsafe fn slope<L: Lanes>(self, x: L) -> L {
        // SAFETY: the caller's contract.
        unsafe {
            let one = L::splat(1.0);
            match self {
                Self::Abs => x.map(|x| if x == 0.0 { 0.0 } else { x.signum() }),
                Self::Neg => L::splat(-1.0),
                Self::Exp => x.map(f32::exp),
                Self::Log => one.div(x),
                Self::Sqrt => x.map(|x| 0.5 / x.sqrt()),
                Self::Reciprocal => L::splat(-1.0).div(x.mul(x)),
                Self::Tanh => {
                    let y = tanh(x);
                    one.sub(y.mul(y))
                }
                Self::Sigmoid => {
                    let y = sigmoid(x);
                    y.mul(one.sub(y))
                }
                Self::Erf => {
                    let bell = exp(x.mul(x).mul(L::splat(-1.0)));
                    bell.mul(L::splat(FRAC_2_SQRT_PI))
                }
                Self::Softplus => sigmoid(x),
                Self::Gelu => {
                    let bell = exp(x.mul(x).mul(L::splat(-0.5)));
                    x.mul(bell).mul_add(L::splat(NORMAL), normal(x))
                }
                Self::GeluTanh => {
                    let y = gelu_tanh(x);
                    let inner = x.mul(x).mul_add(L::splat(3.0 * GELU[1]), one);
                    let inner = inner.mul(L::splat(GELU[0])).mul(one.sub(y.mul(y)));
                    x.mul_add(inner, one.add(y)).mul(L::splat(0.5))
                }
                Self::Elu { alpha } => x.map(|x| if x > 0.0 { 1.0 } else { alpha * x.exp() }),
                Self::LeakyRelu { slope } => {
                    let above = one.where_positive(x);
                    above.mul_add(L::splat(1.0 - slope), L::splat(slope))
                }
                Self::HardSigmoid { alpha, beta } => {
                    let line = x.mul_add(L::splat(alpha), L::splat(beta));
                    L::splat(alpha).where_positive(line).where_below(line, one)
                }
                Self::HardSwish => {
                    let line = x.mul_add(L::splat(1.0 / 6.0), L::splat(0.5));
                    let middle = x.mul_add(L::splat(1.0 / 3.0), L::splat(0.5));
                    let middle = middle.where_positive(line).where_below(line, one);
                    let above = one.sub(one.where_below(line, one));
                    middle.add(above)
                }
                Self::Swish { alpha } => {
                    let (alpha, y) = (L::splat(alpha), sigmoid(x.mul(L::splat(alpha))));
                    let inner = alpha.mul(x).mul(one.sub(y));
                    y.mul(one.add(inner))
                }
                Self::Mish => x.map(|x| {
                    let y = softplus(x).tanh();
                    y + x * (1.0 - y * y) / (1.0 + (-x).exp())
                }),
                Self::Clip { low, high } => {
                    let above = one.where_positive(x.sub(L::splat(low)));
                    above.where_below(x, L::splat(high))
                }
            }
        }
    }
}

/// `ln(1 + exp(x))`.
fn softplus(x: f32) -> f32 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// The exponential function; at the ends of single precision it stays finite and above 0.
///
/// # Safety
///
/// As [`Lanes`].
#[inline(always)]
pub(super) unsafe fn exp<L: Lanes>(x: L) -> L {
    // SAFETY: the caller's contract.
    unsafe {
        let x = x.max(L::splat(-87.0)).min(L::splat(88.0));
        let n = x.mul(L::splat(LOG2_E)).round();
        // ln 2 in two parts, so that the difference is exact.
        let r = n.mul_add(L::splat(-0.693_359_4), x);
        let r = n.mul_add(L::splat(2.121_944_4e-4), r);
        let terms = [
            1.398_199_9e-3,
            8.333_452e-3,
            4.166_579_6e-2,
            1.666_666_6e-1,
            0.5,
        ];
        let p = polynomial(r, L::splat(1.987_569_1e-4), &terms);
        let p = p.mul(r).mul_add(r, r).add(L::splat(1.0));
        p.scale2(n)
    }
}

/// A polynomial whose first coefficient is that of the highest power.
///
/// # Safety
///
/// As [`Lanes`].
#[inline(always)]
unsafe fn polynomial<L: Lanes, const N: usize>(x: L, first: L, others: &[f32; N]) -> L {
    let mut sum = first;
    for &term in others {
        // SAFETY: the caller's contract.
        sum = unsafe { sum.mul_add(x, L::splat(term)) };
    }
    sum
}

/// `1 / (1 + exp(-x))`.
///
/// # Safety
///
/// As [`Lanes`].
#[inline(always)]
unsafe fn sigmoid<L: Lanes>(x: L) -> L {
    // SAFETY: the caller's contract.
    unsafe {
        let one = L::splat(1.0);
        one.div(exp(x.mul(L::splat(-1.0))).add(one))
    }
}

/// The hyperbolic tangent: a polynomial near 0, where the quotient would lose digits.
///
/// # Safety
///
/// As [`Lanes`].
#[inline(always)]
unsafe fn tanh<L: Lanes>(x: L) -> L {
    // SAFETY: the caller's contract.
    unsafe {
        let one = L::splat(1.0);
        let square = x.mul(x);
        let terms = [2.063_909e-2, -5.373_972e-2, 1.333_144_2e-1, -3.333_328e-1];
        let near = polynomial(square, L::splat(-5.704_988_7e-3), &terms);
        let near = near.mul(square).mul_add(x, x);
        let far = exp(x.mul(L::splat(2.0))).add(one);
        let far = L::splat(-2.0).div(far).add(one);
        let limit = L::splat(0.625 * 0.625);
        far.sub(far.where_below(square, limit))
            .add(near.where_below(square, limit))
    }
}

/// `1 - erf(|x|)`.
///
/// # Safety
///
/// As [`Lanes`].
#[inline(always)]
unsafe fn erf_tail<L: Lanes>(x: L, square: L) -> L {
    // SAFETY: the caller's contract.
    unsafe {
        let one = L::splat(1.0);
        let size = x.max(x.mul(L::splat(-1.0)));
        let t = one.div(size.mul_add(L::splat(0.327_591_1), one));
        let terms = [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6];
        let p = polynomial(t, L::splat(1.061_405_4), &terms);
        p.mul(t).mul(exp(square.mul(L::splat(-1.0))))
    }
}

/// The error function between -1 and 1.
///
/// # Safety
///
/// As [`Lanes`].
#[inline(always)]
unsafe fn erf_near<L: Lanes>(x: L, square: L) -> L {
    let terms = [
        -8.010_194e-4,
        5.188_327_7e-3,
        -2.685_381_3e-2,
        1.128_358_5e-1,
        -3.761_262_6e-1,
        FRAC_2_SQRT_PI,
    ];
    // SAFETY: the caller's contract.
    unsafe { polynomial(square, L::splat(7.853_861_5e-5), &terms).mul(x) }
}

/// The error function.
///
/// # Safety
///
/// As [`Lanes`].
#[inline(always)]
unsafe fn erf<L: Lanes>(x: L) -> L {
    // SAFETY: the caller's contract.
    unsafe {
        let one = L::splat(1.0);
        let square = x.mul(x);
        let size = one.sub(erf_tail(x, square));
        let sign = one.sub(L::splat(2.0).where_positive(x.mul(L::splat(-1.0))));
        let far = size.mul(sign);
        far.sub(far.where_below(square, one))
            .add(erf_near(x, square).where_below(square, one))
    }
}

/// The distribution function of the normal distribution.
///
/// # Safety
///
/// As [`Lanes`].
#[inline(always)]
unsafe fn normal<L: Lanes>(x: L) -> L {
    // SAFETY: the caller's contract.
    unsafe {
        let (one, half) = (L::splat(1.0), L::splat(0.5));
        let x = x.mul(L::splat(ROOT_HALF));
        let square = x.mul(x);
        // Not by the error function: below 0 the difference to 1 would lose digits.
        let below = erf_tail(x, square).mul(half);
        let above = one.sub(below);
        let far = below.add(above.sub(below).where_positive(x));
        let near = erf_near(x, square).mul_add(half, half);
        far.sub(far.where_below(square, one))
            .add(near.where_below(square, one))
    }
}

/// The tanh of the approximation of GELU.
///
/// # Safety
///
/// As [`Lanes`].
#[inline(always)]
unsafe fn gelu_tanh<L: Lanes>(x: L) -> L {
    // SAFETY: the caller's contract.
    unsafe {
        let inner = x.mul(x).mul_add(L::splat(GELU[1]), L::splat(1.0));
        tanh(x.mul(inner).mul(L::splat(GELU[0])))
    }
}
