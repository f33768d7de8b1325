//! The rule profile as written in `hall.toml`; the defaults are those of the core.

use hall_core::config::Rules;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Thresholds of the judgement, profile P0 unless changed. Counted on capture time, never on frames; compared with >= and <=.
#[derive(Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawRules {
    /// Name of the profile, stored in every event.
    pub profile: String,
    /// Revision of the profile, stored in every event. Raise it with every change.
    #[schemars(range(min = 1))]
    pub revision: u32,
    /// Sliding span that confirms presence.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub present_confirm_s: f64,
    /// Sliding span that confirms absence.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub absent_confirm_s: f64,
    /// Share of the span that must be present to confirm presence.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub ratio_on: f64,
    /// Share of the span at which absence is confirmed.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub ratio_off: f64,
    /// Detector drop-out that is bridged as if nothing happened.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub gap_tolerance_s: f64,
    /// Unstaffed this long from onset: notice (提示).
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub notice_s: f64,
    /// Unstaffed this long from onset: warn (预警).
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub warn_s: f64,
    /// Unstaffed this long from onset: severe (告警).
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub severe_s: f64,
    /// Continuous presence before an episode ends.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub return_hold_s: f64,
    /// Late opening is noticed this long after the duty segment's start.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub open_grace_s: f64,
    /// A customer waits this long at an unstaffed window.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub customer_unattended_s: f64,
    /// Time in the zone before a person counts as queuing.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub queue_dwell_s: f64,
    /// The queue is long at this many people or more.
    #[schemars(range(min = 1, max = 1000))]
    pub queue_raise_count: u32,
    /// The queue is short again at this many people or fewer.
    #[schemars(range(min = 0, max = 1000))]
    pub queue_clear_count: u32,
    /// The queue must stay long this long before it is raised.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub queue_duration_s: f64,
    /// The queue must stay short this long before it is cleared.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub queue_clear_s: f64,
    /// A camera silent this long makes its zones unknown.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub camera_stale_s: f64,
    /// Silence up to this long is bridged when the states before and after agree.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub bridge_s: f64,
    /// A camera silent or faulty this long is reported.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub camera_fault_s: f64,
    /// A sensor that says its state again and again (types zigbee2mqtt, mqtt, http) and is silent this long is ignored, unless it has
    /// its own stale_s. Other types have limits of their own: sensors.md.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub sensor_stale_s: f64,
    /// Sensor and video disagree this long: reported as a conflict.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub conflict_s: f64,
    /// The customer has left when nobody has been at the counter this long.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub customer_left_s: f64,
    /// A single pause may last this long; more is reported and counts against the staffing rate.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub pause_limit_s: f64,
    /// Pauses a day at one window; one more is reported.
    #[schemars(range(min = 0, max = 1000))]
    pub pause_quota_count: u32,
    /// Estimated wait that is too long: warn (预警).
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub wait_alarm_s: f64,
    /// Estimated wait that is far too long: severe (告警).
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub wait_severe_s: f64,
    /// The wait must stay too long this long before it is raised.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub wait_duration_s: f64,
    /// A queue still long this long after its alarm, with no window more, is reported.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub new_window_s: f64,
    /// People in the queue's zone per case: families and companions wait together.
    #[schemars(range(min = 1.0, max = 20.0))]
    pub party_factor: f64,
    /// A wait up to this long is within target.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub service_level_s: f64,
    /// Share of waits that should be within target.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub service_level_target: f64,
    /// Tickets and video count differently this long: reported.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub mismatch_s: f64,
    /// Relative difference of tickets and video that counts as one.
    #[schemars(range(min = 0.0, max = 10.0))]
    pub mismatch_ratio: f64,
    /// Someone who has not moved at all for this long may be a coat, poster or screen: no longer believed.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub static_suspect_s: f64,
    /// Share of a zone's adult_height below which somebody is not staff.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub min_height_ratio: f64,
    /// A presence sensor on for this long outside duty, without one off, is no longer believed.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub stuck_on_s: f64,
    /// A presence sensor that never went on while video saw somebody at the seat for this long in all is no longer believed.
    #[schemars(range(min = 0.0, max = 864_000.0))]
    pub stuck_off_s: f64,
    /// A sensor that goes on more often than this in an hour is no longer believed.
    #[schemars(range(min = 1, max = 3600))]
    pub flapping_count_per_h: u32,
}

impl Default for RawRules {
    fn default() -> Self {
        RawRules::from(&Rules::default())
    }
}

impl From<&Rules> for RawRules {
    fn from(rules: &Rules) -> Self {
        RawRules {
            profile: rules.name.clone(),
            revision: rules.revision,
            present_confirm_s: decimal(rules.present_confirm_s),
            absent_confirm_s: decimal(rules.absent_confirm_s),
            ratio_on: decimal(rules.ratio_on),
            ratio_off: decimal(rules.ratio_off),
            gap_tolerance_s: decimal(rules.gap_tolerance_s),
            notice_s: decimal(rules.notice_s),
            warn_s: decimal(rules.warn_s),
            severe_s: decimal(rules.severe_s),
            return_hold_s: decimal(rules.return_hold_s),
            open_grace_s: decimal(rules.open_grace_s),
            customer_unattended_s: decimal(rules.customer_unattended_s),
            queue_dwell_s: decimal(rules.queue_dwell_s),
            queue_raise_count: rules.queue_raise_count,
            queue_clear_count: rules.queue_clear_count,
            queue_duration_s: decimal(rules.queue_duration_s),
            queue_clear_s: decimal(rules.queue_clear_s),
            camera_stale_s: decimal(rules.camera_stale_s),
            bridge_s: decimal(rules.bridge_s),
            camera_fault_s: decimal(rules.camera_fault_s),
            sensor_stale_s: decimal(rules.sensor_stale_s),
            conflict_s: decimal(rules.conflict_s),
            customer_left_s: decimal(rules.customer_left_s),
            pause_limit_s: decimal(rules.pause_limit_s),
            pause_quota_count: rules.pause_quota_count,
            wait_alarm_s: decimal(rules.wait_alarm_s),
            wait_severe_s: decimal(rules.wait_severe_s),
            wait_duration_s: decimal(rules.wait_duration_s),
            new_window_s: decimal(rules.new_window_s),
            party_factor: decimal(rules.party_factor),
            service_level_s: decimal(rules.service_level_s),
            service_level_target: decimal(rules.service_level_target),
            mismatch_s: decimal(rules.mismatch_s),
            mismatch_ratio: decimal(rules.mismatch_ratio),
            static_suspect_s: decimal(rules.static_suspect_s),
            min_height_ratio: decimal(rules.min_height_ratio),
            stuck_on_s: decimal(rules.stuck_on_s),
            stuck_off_s: decimal(rules.stuck_off_s),
            flapping_count_per_h: rules.flapping_count_per_h,
        }
    }
}

/// The shortest decimal that means `value`, so that 0.6 stays 0.6 in the schema.
fn decimal(value: f32) -> f64 {
    value
        .to_string()
        .parse()
        .unwrap_or_else(|_| f64::from(value))
}
