//! How long a window's time has counted as what. Pure addition.

use crate::account::TimeClass;

/// Milliseconds per class since the engine started; their sum is the time elapsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// 在岗.
    pub staffed_ms: i64,
    /// 空岗.
    pub unstaffed_ms: i64,
    /// 空岗, excused by leave or cover.
    pub excused_ms: i64,
    /// 暂停, within the limit.
    pub paused_ms: i64,
    /// 暂停, beyond the limit.
    pub paused_over_ms: i64,
    /// 无法观测, on duty or with a clock nobody believes.
    pub unknown_ms: i64,
    /// 未排班.
    pub off_duty_ms: i64,
    /// 未排班, and yet somebody serves.
    pub extra_open_ms: i64,
}

impl Tally {
    pub(crate) fn add(&mut self, class: TimeClass, ms: i64) {
        *self.slot(class) += ms;
    }

    /// The last `ms` counted as `was` were `is`.
    pub(crate) fn correct(&mut self, was: TimeClass, is: TimeClass, ms: i64) {
        let ms = ms.clamp(0, (*self.slot(was)).max(0));
        *self.slot(was) -= ms;
        *self.slot(is) += ms;
    }

    fn slot(&mut self, class: TimeClass) -> &mut i64 {
        match class {
            TimeClass::Staffed => &mut self.staffed_ms,
            TimeClass::Unstaffed => &mut self.unstaffed_ms,
            TimeClass::Excused => &mut self.excused_ms,
            TimeClass::Paused => &mut self.paused_ms,
            TimeClass::PausedOver => &mut self.paused_over_ms,
            TimeClass::Unknown => &mut self.unknown_ms,
            TimeClass::OffDuty => &mut self.off_duty_ms,
            TimeClass::ExtraOpen => &mut self.extra_open_ms,
        }
    }

    /// Time on duty with a known state.
    #[must_use]
    pub fn known_ms(&self) -> i64 {
        self.staffed_ms + self.unstaffed_ms + self.excused_ms + self.paused_ms + self.paused_over_ms
    }

    /// All time.
    #[must_use]
    pub fn total_ms(&self) -> i64 {
        self.known_ms() + self.unknown_ms + self.off_duty_ms + self.extra_open_ms
    }
}
