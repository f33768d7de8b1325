//! The rule profile in milliseconds. Owns the conversion from the profile's seconds; judges nothing.

use crate::config::Rules;

/// [`Rules`] as the engine counts: whole milliseconds, shares as `f64`, nothing negative.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Limits {
    pub present_confirm: i64,
    pub absent_confirm: i64,
    /// Most milliseconds of absence in a full presence window that still confirm presence.
    pub present_budget: i64,
    /// Most milliseconds of presence in a full absence window that still confirm absence.
    pub absent_budget: i64,
    pub ratio_off: f64,
    pub gap_tolerance: i64,
    /// A presence at least this long is a return and not a detector's blip.
    pub real_presence: i64,
    /// notice, warn, severe.
    pub ladder: [i64; 3],
    pub open_grace: i64,
    pub return_hold: i64,
    pub queue_dwell: i64,
    pub queue_raise: u32,
    pub queue_clear: u32,
    pub queue_duration: i64,
    pub queue_clear_hold: i64,
    pub camera_stale: i64,
    pub bridge: i64,
    pub camera_fault: i64,
    pub sensor_stale: i64,
    pub conflict: i64,
    pub customer_unattended: i64,
    pub customer_left: i64,
    pub pause_limit: i64,
    /// Pauses a day that are not too many.
    pub pause_quota: u32,
    pub static_suspect: i64,
    pub stuck_on: i64,
    pub stuck_off: i64,
    /// Times a sensor may go on within an hour.
    pub flapping: usize,
    pub wait_alarm: i64,
    pub wait_severe: i64,
    pub wait_duration: i64,
    pub new_window: i64,
    /// People per case, at least 1.
    pub party: f64,
    pub service_level_s: f64,
    pub service_level_target: f64,
    pub mismatch: i64,
    pub mismatch_ratio: f64,
    /// For example `P0@1`.
    pub rule: String,
    /// Judge every picture anew, also one that says what its camera's last one said; tests compare the two ways.
    pub thorough: bool,
}

impl Limits {
    pub fn new(rules: &Rules) -> Self {
        let present_confirm = ms(rules.present_confirm_s);
        let absent_confirm = ms(rules.absent_confirm_s);
        let on = (present_confirm as f64 * share(rules.ratio_on)).round() as i64;
        let off = (absent_confirm as f64 * share(rules.ratio_off)).round() as i64;
        Limits {
            present_confirm,
            absent_confirm,
            present_budget: present_confirm - on,
            absent_budget: off,
            ratio_off: share(rules.ratio_off),
            gap_tolerance: ms(rules.gap_tolerance_s),
            real_presence: on,
            ladder: [ms(rules.notice_s), ms(rules.warn_s), ms(rules.severe_s)],
            open_grace: ms(rules.open_grace_s),
            return_hold: ms(rules.return_hold_s),
            queue_dwell: ms(rules.queue_dwell_s),
            queue_raise: rules.queue_raise_count.max(1),
            queue_clear: rules
                .queue_clear_count
                .min(rules.queue_raise_count.max(1) - 1),
            queue_duration: ms(rules.queue_duration_s),
            queue_clear_hold: ms(rules.queue_clear_s),
            camera_stale: ms(rules.camera_stale_s),
            bridge: ms(rules.bridge_s),
            camera_fault: ms(rules.camera_fault_s),
            sensor_stale: ms(rules.sensor_stale_s),
            conflict: ms(rules.conflict_s),
            customer_unattended: ms(rules.customer_unattended_s),
            customer_left: ms(rules.customer_left_s),
            pause_limit: ms(rules.pause_limit_s),
            pause_quota: rules.pause_quota_count,
            static_suspect: ms(rules.static_suspect_s),
            stuck_on: ms(rules.stuck_on_s),
            stuck_off: ms(rules.stuck_off_s),
            flapping: rules.flapping_count_per_h as usize,
            wait_alarm: ms(rules.wait_alarm_s),
            wait_severe: ms(rules.wait_severe_s.max(rules.wait_alarm_s)),
            wait_duration: ms(rules.wait_duration_s),
            new_window: ms(rules.new_window_s),
            party: f64::from(rules.party_factor).max(1.0),
            service_level_s: ms(rules.service_level_s) as f64 / 1000.0,
            service_level_target: share(rules.service_level_target),
            mismatch: ms(rules.mismatch_s),
            mismatch_ratio: share(rules.mismatch_ratio),
            rule: format!("{}@{}", rules.name, rules.revision),
            thorough: false,
        }
    }
}

/// Whole milliseconds of a number of seconds; nonsense (negative, not a number) counts as 0.
fn ms(seconds: f32) -> i64 {
    (f64::from(seconds) * 1000.0).round().clamp(0.0, 1e15) as i64
}

/// A share without the noise of `f32` (0.2 is 0.2 and not 0.200000003), 0–1.
fn share(ratio: f32) -> f64 {
    ((f64::from(ratio) * 1e6).round() / 1e6).clamp(0.0, 1.0)
}
