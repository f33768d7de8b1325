//! The rule profile: thresholds of the judgement with the defaults of profile P0. Plain data.

/// Rule profile: names and defaults of P0 (halls may change every one; the revision is stored in each event).
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Profile name, for example `P0`.
    pub name: String,
    /// Revision of the profile; rises with every saved change.
    pub revision: u32,
    /// Sliding window to confirm presence.
    pub present_confirm_s: f32,
    /// Sliding window to confirm absence.
    pub absent_confirm_s: f32,
    /// Share of the window that must be present to confirm presence (≥).
    pub ratio_on: f32,
    /// Share of the window at which absence is confirmed (≤).
    pub ratio_off: f32,
    /// Detector drop-out bridged as if nothing happened.
    pub gap_tolerance_s: f32,
    /// Level `notice`, from onset.
    pub notice_s: f32,
    /// Level `warn`, from onset.
    pub warn_s: f32,
    /// Level `severe`, from onset.
    pub severe_s: f32,
    /// Continuous presence before an episode ends.
    pub return_hold_s: f32,
    /// Late opening: level `notice` this long after the duty segment's start.
    pub open_grace_s: f32,
    /// Customer waiting at an unstaffed window this long.
    pub customer_unattended_s: f32,
    /// Time in the zone before a person counts as queuing.
    pub queue_dwell_s: f32,
    /// Queue raised at this count (≥).
    pub queue_raise_count: u32,
    /// Queue cleared at this count (≤).
    pub queue_clear_count: u32,
    /// Count sustained before raising.
    pub queue_duration_s: f32,
    /// Count sustained before clearing.
    pub queue_clear_s: f32,
    /// Camera silent this long: unknown.
    pub camera_stale_s: f32,
    /// Silence up to this long is bridged when the state before and after agree.
    pub bridge_s: f32,
    /// Camera silent or faulty this long: a camera event.
    pub camera_fault_s: f32,
    /// Sensor silent this long: ignored (unless it has its own `stale_s`).
    pub sensor_stale_s: f32,
    /// Sensor and video disagree this long: `sensor_conflict`.
    pub conflict_s: f32,
    /// The customer has left when nobody has been at the counter for this long.
    pub customer_left_s: f32,
    /// A single pause may last this long; more counts against the staffing rate (`pause_overrun`).
    pub pause_limit_s: f32,
    /// Pauses a day before `pause_quota`.
    pub pause_quota_count: u32,
    /// Estimated wait that is too long (≥), level `warn`.
    pub wait_alarm_s: f32,
    /// Estimated wait at which `long_wait` is severe (≥).
    pub wait_severe_s: f32,
    /// Wait sustained before raising.
    pub wait_duration_s: f32,
    /// Queue still long this long after its alarm with no window more: `no_new_window`.
    pub new_window_s: f32,
    /// People in the zone per case (families and companions wait together).
    pub party_factor: f32,
    /// Wait that counts as within target.
    pub service_level_s: f32,
    /// Share of waits that should be within target.
    pub service_level_target: f32,
    /// Video and tickets disagree by more than `mismatch_ratio` this long: `source_mismatch`.
    pub mismatch_s: f32,
    /// Relative disagreement of video and tickets that counts as one.
    pub mismatch_ratio: f32,
    /// Someone who has not moved at all for this long may be a coat, poster or screen: `static_presence_suspect`.
    pub static_suspect_s: f32,
    /// Share of a zone's `adult_height` below which somebody is not staff.
    pub min_height_ratio: f32,
    /// A presence sensor that is on this long outside duty without one off is `suspect`.
    pub stuck_on_s: f32,
    /// A presence sensor that never went on while video surely saw somebody at the seat for this long is `suspect`.
    pub stuck_off_s: f32,
    /// A sensor that goes on more often than this in an hour is `suspect` (>).
    pub flapping_count_per_h: u32,
}

impl Default for Rules {
    /// Profile P0 of the domain reference.
    fn default() -> Self {
        Rules {
            name: "P0".into(),
            revision: 1,
            present_confirm_s: 10.0,
            absent_confirm_s: 30.0,
            ratio_on: 0.6,
            ratio_off: 0.2,
            gap_tolerance_s: 2.0,
            notice_s: 300.0,
            warn_s: 600.0,
            severe_s: 900.0,
            return_hold_s: 60.0,
            open_grace_s: 300.0,
            customer_unattended_s: 120.0,
            queue_dwell_s: 20.0,
            queue_raise_count: 10,
            queue_clear_count: 7,
            queue_duration_s: 180.0,
            queue_clear_s: 120.0,
            camera_stale_s: 10.0,
            bridge_s: 60.0,
            camera_fault_s: 60.0,
            sensor_stale_s: 90.0,
            conflict_s: 600.0,
            customer_left_s: 30.0,
            pause_limit_s: 900.0,
            pause_quota_count: 4,
            wait_alarm_s: 900.0,
            wait_severe_s: 1_800.0,
            wait_duration_s: 180.0,
            new_window_s: 300.0,
            party_factor: 1.0,
            service_level_s: 900.0,
            service_level_target: 0.8,
            mismatch_s: 900.0,
            mismatch_ratio: 0.5,
            static_suspect_s: 1_500.0,
            min_height_ratio: 0.6,
            stuck_on_s: 7_200.0,
            stuck_off_s: 14_400.0,
            flapping_count_per_h: 20,
        }
    }
}
