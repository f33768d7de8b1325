//! Hall time and its relation to the wall clock. Knows no clock: both are given from outside.

use std::ops::{Add, Sub};
use std::time::Duration;

/// Milliseconds on the box's monotonic time line.
///
/// The line is anchored once per boot so that it starts near Unix time in milliseconds, and then only follows the
/// monotonic clock. A step of the wall clock changes [`WallClock`], never a `HallTime` already taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HallTime(pub i64);

impl HallTime {
    /// Milliseconds from `earlier` to `self`; negative when `earlier` is later.
    #[must_use]
    pub fn since_ms(self, earlier: HallTime) -> i64 {
        self.0 - earlier.0
    }

    /// This instant moved by `ms` milliseconds.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> HallTime {
        HallTime(self.0 + ms)
    }
}

impl Add<Duration> for HallTime {
    type Output = HallTime;
    fn add(self, rhs: Duration) -> HallTime {
        HallTime(self.0 + rhs.as_millis() as i64)
    }
}

impl Sub<Duration> for HallTime {
    type Output = HallTime;
    fn sub(self, rhs: Duration) -> HallTime {
        HallTime(self.0 - rhs.as_millis() as i64)
    }
}

/// How hall time maps to the wall clock at present, and how far that can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WallClock {
    /// Wall time in Unix milliseconds = hall time + this.
    pub offset_ms: i64,
    /// Offset of the hall's local time from UTC, in seconds (Asia/Shanghai: 28 800).
    pub utc_offset_s: i32,
    /// False until the wall clock is believed (NTP, or an operator's word); schedule rules wait for it.
    pub synced: bool,
}

impl WallClock {
    /// A trusted clock whose hall time is Unix time, as replays use it.
    #[must_use]
    pub fn unix(utc_offset_s: i32) -> Self {
        WallClock {
            offset_ms: 0,
            utc_offset_s,
            synced: true,
        }
    }

    /// Unix milliseconds of a hall instant.
    #[must_use]
    pub fn unix_ms(&self, at: HallTime) -> i64 {
        at.0 + self.offset_ms
    }

    /// The hall instant of a wall time in Unix milliseconds.
    #[must_use]
    pub fn hall(&self, unix_ms: i64) -> HallTime {
        HallTime(unix_ms - self.offset_ms)
    }

    /// The instant with its present wall rendering.
    #[must_use]
    pub fn stamp(&self, at: HallTime) -> Stamp {
        Stamp {
            at,
            unix_ms: self.unix_ms(at),
            utc_offset_s: self.utc_offset_s,
        }
    }
}

/// An instant with the wall rendering it had when it was recorded; later clock steps do not touch it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Monotonic instant.
    pub at: HallTime,
    /// Wall time in Unix milliseconds.
    pub unix_ms: i64,
    /// Local offset from UTC in seconds.
    pub utc_offset_s: i32,
}
