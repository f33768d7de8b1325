//! The live summary, cut at wall-clock minutes. Owns the period's bounds; the figures come from the rules.

use super::tally::Tally;
use super::window::WindowRule;
use crate::snapshot::{Reason, WindowState};
use crate::summary::WindowCounts;
use crate::time::{HallTime, Stamp, WallClock};

const MINUTE_MS: i64 = 60_000;

/// The running period.
#[derive(Debug, Clone)]
pub(crate) struct Minute {
    pub from: Stamp,
    pub due: HallTime,
    /// What each window had added up when the period began.
    before: Vec<Tally>,
}

impl Minute {
    pub fn new(at: HallTime, clock: &WallClock, windows: &[WindowRule]) -> Self {
        let before = windows.iter().map(|w| w.tally_at(at)).collect();
        Minute {
            from: clock.stamp(at),
            due: next_minute(at, clock),
            before,
        }
    }

    /// The clock was set: the period ends at the next minute of the new wall time.
    pub fn reschedule(&mut self, at: HallTime, clock: &WallClock) {
        self.due = next_minute(at, clock);
    }

    /// Share of the windows' time on duty whose state was known; 1 without duty.
    pub fn coverage(&self, at: HallTime, windows: &[WindowRule]) -> f32 {
        let (mut known, mut all) = (0, 0);
        for (window, before) in windows.iter().zip(&self.before) {
            let now = window.tally_at(at);
            known += now.known_ms() - before.known_ms();
            all += now.known_ms() + now.unknown_ms - before.known_ms() - before.unknown_ms;
        }
        // A late picture may still move a little time over the bounds of the period.
        if all > 0 {
            (known as f32 / all as f32).clamp(0.0, 1.0)
        } else {
            1.0
        }
    }
}

/// Windows by state.
pub(crate) fn counts(windows: &[WindowRule]) -> WindowCounts {
    let mut counts = WindowCounts::default();
    for (state, reason) in windows.iter().map(|window| window.shown) {
        counts.scheduled +=
            u32::from(state != WindowState::OffDuty && reason != Reason::ClockUnsynced);
        match state {
            WindowState::Staffed => counts.staffed += 1,
            WindowState::Unstaffed => counts.unstaffed += 1,
            WindowState::Paused => counts.paused += 1,
            WindowState::Unknown => counts.unknown += u32::from(reason != Reason::ClockUnsynced),
            WindowState::OffDuty => {}
        }
    }
    counts
}

/// The next full wall-clock minute after `at`.
fn next_minute(at: HallTime, clock: &WallClock) -> HallTime {
    clock.hall((clock.unix_ms(at).div_euclid(MINUTE_MS) + 1) * MINUTE_MS)
}
