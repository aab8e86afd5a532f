//! How a gradient passes a ReLU.

/// How a gradient passes a ReLU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ReluGradient {
    /// Where the output is above 0 or not a number, and nowhere else.
    #[default]
    Plain,
    /// Lucid's: as plain, but for an item of the batch whose plain gradient is 0 everywhere in a
    /// layer also where it is below 0, which is where a step against the gradient would raise a
    /// dead unit. Each ReLU is a layer of its own.
    Redirected,
}
