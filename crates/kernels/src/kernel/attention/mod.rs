//! Attention of positions to positions, and its gradient.
//!
//! A task is a head, or as many as fill whole blocks together, or a part of their queries. The scores
//! of a few queries at a time stay in the caches and are never written to a tensor: the gradient
//! computes them again, which is cheaper than to read them.

mod forward;
mod gradient;
mod heads;
mod scores;
mod scratch;

pub(crate) use forward::Attention;
pub(crate) use gradient::AttentionGradient;

/// Queries whose scores are computed together.
const QUERIES: usize = 56;
