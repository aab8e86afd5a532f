//! Wall time of the levels of a program, measured with the feature `profile` only.

#[cfg(feature = "profile")]
use std::time::Instant;

#[cfg(feature = "profile")]
use crate::plan::Program;

/// Wall time of one level of a program.
#[cfg(feature = "profile")]
#[derive(Debug, Clone, PartialEq)]
pub struct LevelTime {
    /// Nodes whose steps ran at the same time.
    pub nodes: Vec<usize>,
    /// Floating-point operations of the convolutions among them, padding channels included.
    pub flops: usize,
    /// Wall time in seconds.
    pub seconds: f64,
}

/// Seconds of every level so far. Holds nothing without the feature.
#[derive(Debug, Clone, Default)]
pub(crate) struct Times {
    #[cfg(feature = "profile")]
    seconds: Vec<f64>,
}

impl Times {
    /// Adds the times of another run of the same program, level by level.
    #[cfg_attr(
        not(feature = "profile"),
        allow(unused_variables, reason = "nothing is measured")
    )]
    pub(crate) fn add(&mut self, other: &Self) {
        #[cfg(feature = "profile")]
        {
            self.seconds.resize(other.seconds.len(), 0.0);
            for (sum, seconds) in self.seconds.iter_mut().zip(&other.seconds) {
                *sum += seconds;
            }
        }
    }

    /// The times with the nodes of their levels; none if no batch item ran.
    #[cfg(feature = "profile")]
    pub(crate) fn levels(&self, program: &Program) -> Vec<LevelTime> {
        program
            .levels
            .iter()
            .zip(&self.seconds)
            .map(|(level, &seconds)| LevelTime {
                nodes: level.nodes.clone(),
                flops: level.flops,
                seconds,
            })
            .collect()
    }
}

/// Measures the levels of one walk through a program. Does nothing without the feature.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    times: Times,
    #[cfg(feature = "profile")]
    start: Instant,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self {
            times: Times::default(),
            #[cfg(feature = "profile")]
            start: Instant::now(),
        }
    }

    /// Ends the time of one level, and starts that of the next.
    pub(crate) fn lap(&mut self) {
        #[cfg(feature = "profile")]
        {
            let now = Instant::now();
            self.times.seconds.push((now - self.start).as_secs_f64());
            self.start = now;
        }
    }

    pub(crate) fn stop(self) -> Times {
        self.times
    }
}
