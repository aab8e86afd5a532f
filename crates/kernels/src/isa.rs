//! The vector instruction sets.

/// A vector instruction set that the kernels are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Isa {
    /// AVX-512F: sixteen lanes in one register.
    Avx512,
    /// AVX2 and FMA: sixteen lanes in two registers.
    Avx2,
    /// No special instructions; supported by every CPU.
    Portable,
}

impl Isa {
    /// Returns the fastest instruction set that this CPU supports.
    #[must_use]
    pub fn detect() -> Self {
        [Self::Avx512, Self::Avx2]
            .into_iter()
            .find(|isa| isa.is_available())
            .unwrap_or(Self::Portable)
    }

    /// Returns all instruction sets that this CPU supports, fastest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        [Self::Avx512, Self::Avx2, Self::Portable]
            .into_iter()
            .filter(|isa| isa.is_available())
            .collect()
    }

    /// Returns true if this CPU supports the instruction set.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            // Miri interprets no vector instructions.
            Self::Avx512 | Self::Avx2 if cfg!(miri) => false,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => std::arch::is_x86_feature_detected!("avx512f"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                std::arch::is_x86_feature_detected!("avx2")
                    && std::arch::is_x86_feature_detected!("fma")
            }
            Self::Portable => true,
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx512 | Self::Avx2 => false,
        }
    }
}
