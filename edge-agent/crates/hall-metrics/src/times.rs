//! Time per class and the rates that follow from it (domain §4.1). Pure addition and division.

use hall_core::account::TimeClass;

/// Below this coverage a staffing rate says too little to be shown (domain §4.1).
pub const COVERAGE_MIN: f64 = 0.5;
/// Staffed time that makes a window count as opened in a slot (domain §4.1: "≥ 1 staffed minute").
pub const OPENED_MS: i64 = 60_000;

/// Milliseconds per class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ClassTimes {
    /// 在岗.
    pub staffed_ms: i64,
    /// 空岗.
    pub unstaffed_ms: i64,
    /// Nobody there, excused by leave or cover.
    pub excused_ms: i64,
    /// 暂停, within the limit.
    pub paused_ms: i64,
    /// 暂停, beyond the limit: counts against.
    pub paused_over_ms: i64,
    /// 无法观测 on duty.
    pub unknown_ms: i64,
    /// 未排班.
    pub off_duty_ms: i64,
    /// 未排班, and yet somebody serves.
    pub extra_open_ms: i64,
}

impl ClassTimes {
    /// Adds time of a class.
    pub fn add(&mut self, class: TimeClass, ms: i64) {
        *match class {
            TimeClass::Staffed => &mut self.staffed_ms,
            TimeClass::Unstaffed => &mut self.unstaffed_ms,
            TimeClass::Excused => &mut self.excused_ms,
            TimeClass::Paused => &mut self.paused_ms,
            TimeClass::PausedOver => &mut self.paused_over_ms,
            TimeClass::Unknown => &mut self.unknown_ms,
            TimeClass::OffDuty => &mut self.off_duty_ms,
            TimeClass::ExtraOpen => &mut self.extra_open_ms,
        } += ms;
    }

    /// Adds another piece's time.
    pub fn merge(&mut self, other: &ClassTimes) {
        self.staffed_ms += other.staffed_ms;
        self.unstaffed_ms += other.unstaffed_ms;
        self.excused_ms += other.excused_ms;
        self.paused_ms += other.paused_ms;
        self.paused_over_ms += other.paused_over_ms;
        self.unknown_ms += other.unknown_ms;
        self.off_duty_ms += other.off_duty_ms;
        self.extra_open_ms += other.extra_open_ms;
    }

    /// S: time on duty.
    #[must_use]
    pub fn scheduled_ms(&self) -> i64 {
        self.observed_ms() + self.unknown_ms
    }

    /// O: time on duty whose state is known.
    #[must_use]
    pub fn observed_ms(&self) -> i64 {
        self.staffed_ms + self.unstaffed_ms + self.excused_ms + self.paused_ms + self.paused_over_ms
    }

    /// X: the part of O that is excused: leave or cover, and pauses within their limit.
    #[must_use]
    pub fn excused_in_all_ms(&self) -> i64 {
        self.excused_ms + self.paused_ms
    }

    /// All time, on duty or not.
    #[must_use]
    pub fn total_ms(&self) -> i64 {
        self.scheduled_ms() + self.off_duty_ms + self.extra_open_ms
    }

    /// O / S; `None` when nothing was scheduled.
    #[must_use]
    pub fn coverage(&self) -> Option<f64> {
        ratio(self.observed_ms(), self.scheduled_ms())
    }

    /// 在岗率 = staffed / (O − X); `None` ("n/a") under a coverage of 0.5 and when nothing is left to divide by.
    #[must_use]
    pub fn staffing_rate(&self) -> Option<f64> {
        if self.coverage()? < COVERAGE_MIN {
            return None;
        }
        ratio(
            self.staffed_ms,
            self.observed_ms() - self.excused_in_all_ms(),
        )
    }
}

/// `part / whole`; `None` when the whole is not positive.
#[must_use]
pub fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of domain §4.1.
    #[test]
    fn the_worked_example_is_97_40_percent_at_a_coverage_of_92_86() {
        let times = ClassTimes {
            staffed_ms: 22_500_000,
            unstaffed_ms: 600_000,
            excused_ms: 300_000,
            unknown_ms: 1_800_000,
            ..ClassTimes::default()
        };
        assert_eq!(times.scheduled_ms(), 25_200_000);
        assert_eq!(times.observed_ms(), 23_400_000);
        let percent = |rate: Option<f64>| format!("{:.2}", rate.unwrap() * 100.0);
        assert_eq!(percent(times.staffing_rate()), "97.40");
        assert_eq!(percent(times.coverage()), "92.86");
    }

    #[test]
    fn a_rate_needs_half_of_the_time_to_be_observed() {
        let times = |unknown_ms| ClassTimes {
            staffed_ms: 100,
            unknown_ms,
            ..ClassTimes::default()
        };
        assert_eq!(times(100).staffing_rate(), Some(1.0));
        assert_eq!(times(101).staffing_rate(), None);
        assert_eq!(ClassTimes::default().staffing_rate(), None);
        assert_eq!(ClassTimes::default().coverage(), None);
    }

    #[test]
    fn a_pause_over_its_limit_counts_against_and_one_within_does_not() {
        let times = ClassTimes {
            staffed_ms: 600,
            paused_ms: 900,
            paused_over_ms: 300,
            ..ClassTimes::default()
        };
        assert_eq!(times.staffing_rate(), Some(600.0 / 900.0));
    }
}
