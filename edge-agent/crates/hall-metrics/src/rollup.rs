//! A roll-up: the figures of one period as they are published, with a revision that grows when late data changed them.

use std::hash::{Hash, Hasher};

use crate::calendar::Period;
use crate::figures::Figures;

/// The figures of one period.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollup {
    /// The period; with hall and box it identifies the roll-up.
    pub period: Period,
    /// 1 for the first publication, then +1 whenever the figures changed.
    pub rev: u32,
    /// Figures reach up to here, local milliseconds: the period's end, or less while it runs.
    pub until_ms: i64,
    /// The sums.
    pub figures: Figures,
}

impl Rollup {
    /// The period is over.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.until_ms >= self.period.to_ms
    }
}

/// What was published of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Last revision.
    pub rev: u32,
    /// Print of the figures; equal figures have equal prints.
    pub print: u64,
    /// Revision that the centre is known to have; 0: none.
    pub delivered: u32,
}

/// The print of figures as of an instant.
pub(crate) fn print(figures: &Figures, until_ms: i64) -> u64 {
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    figures.hash(&mut hasher);
    until_ms.hash(&mut hasher);
    hasher.finish()
}

/// FNV-1a 64 (<https://datatracker.ietf.org/doc/draft-eastlake-fnv/>): unlike the standard library's hasher the same in every run.
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
