//! How long a window has been in each state. Pure addition.

use crate::snapshot::WindowState;

/// Milliseconds per shown state since the engine started; their sum is the time elapsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// 在岗.
    pub staffed_ms: i64,
    /// 空岗.
    pub unstaffed_ms: i64,
    /// 暂停.
    pub paused_ms: i64,
    /// 无法观测, on duty or with a clock nobody believes.
    pub unknown_ms: i64,
    /// 未排班.
    pub off_duty_ms: i64,
}

impl Tally {
    pub(crate) fn add(&mut self, state: WindowState, ms: i64) {
        *self.slot(state) += ms;
    }

    /// The last `ms` counted as `was` were `is`.
    pub(crate) fn correct(&mut self, was: WindowState, is: WindowState, ms: i64) {
        let ms = ms.clamp(0, *self.slot(was));
        *self.slot(was) -= ms;
        *self.slot(is) += ms;
    }

    fn slot(&mut self, state: WindowState) -> &mut i64 {
        match state {
            WindowState::Staffed => &mut self.staffed_ms,
            WindowState::Unstaffed => &mut self.unstaffed_ms,
            WindowState::Paused => &mut self.paused_ms,
            WindowState::Unknown => &mut self.unknown_ms,
            WindowState::OffDuty => &mut self.off_duty_ms,
        }
    }

    /// Time on duty with a known state.
    #[must_use]
    pub fn known_ms(&self) -> i64 {
        self.staffed_ms + self.unstaffed_ms + self.paused_ms
    }

    /// All time.
    #[must_use]
    pub fn total_ms(&self) -> i64 {
        self.known_ms() + self.unknown_ms + self.off_duty_ms
    }
}
