//! The rule profile: thresholds that do not contradict each other.

use hall_core::config::Rules;

use crate::raw::{RawConfig, RawRules};
use crate::validate::Check;

/// The rules. Ranges of single values are in the schema; here is what holds between them.
pub(crate) fn rules(raw: &RawRules, check: &mut Check<'_>) -> Rules {
    if raw.profile.is_empty() || raw.profile.contains(['@', ' ']) || raw.profile.len() > 64 {
        check.mistake(
            "rules.profile",
            "the name is empty, longer than 64, or holds a space or @",
            "events name the rules as profile@revision, for example P0@1",
        );
    }
    for (key, value) in [
        ("present_confirm_s", raw.present_confirm_s),
        ("absent_confirm_s", raw.absent_confirm_s),
        ("notice_s", raw.notice_s),
        ("warn_s", raw.warn_s),
        ("severe_s", raw.severe_s),
        ("queue_duration_s", raw.queue_duration_s),
        ("queue_clear_s", raw.queue_clear_s),
        ("camera_stale_s", raw.camera_stale_s),
        ("camera_fault_s", raw.camera_fault_s),
        ("sensor_stale_s", raw.sensor_stale_s),
        ("conflict_s", raw.conflict_s),
        ("customer_unattended_s", raw.customer_unattended_s),
        ("customer_left_s", raw.customer_left_s),
        ("pause_limit_s", raw.pause_limit_s),
        ("wait_alarm_s", raw.wait_alarm_s),
        ("wait_duration_s", raw.wait_duration_s),
        ("new_window_s", raw.new_window_s),
        ("service_level_s", raw.service_level_s),
        ("mismatch_s", raw.mismatch_s),
        ("mismatch_ratio", raw.mismatch_ratio),
        ("static_suspect_s", raw.static_suspect_s),
        ("stuck_on_s", raw.stuck_on_s),
        ("stuck_off_s", raw.stuck_off_s),
        ("ratio_on", raw.ratio_on),
    ] {
        if value <= 0.0 {
            check.mistake(
                format!("rules.{key}"),
                "must be more than 0",
                "one reading must never decide alone",
            );
        }
    }
    let mut order = |low: (&str, f64), high: (&str, f64), strict: bool, why: &str| {
        if low.1 > high.1 || (strict && low.1 == high.1) {
            let word = if strict { "below" } else { "at most" };
            check.mistake(
                format!("rules.{}", low.0),
                format!("must be {word} {} ({}), found {}", high.0, high.1, low.1),
                why,
            );
        }
    };
    order(
        ("notice_s", raw.notice_s),
        ("warn_s", raw.warn_s),
        false,
        "levels rise: notice, warn, severe",
    );
    order(
        ("warn_s", raw.warn_s),
        ("severe_s", raw.severe_s),
        false,
        "levels rise: notice, warn, severe",
    );
    order(
        ("absent_confirm_s", raw.absent_confirm_s),
        ("notice_s", raw.notice_s),
        false,
        "levels count from onset, so absence must be confirmed before the first of them",
    );
    order(
        ("ratio_off", raw.ratio_off),
        ("ratio_on", raw.ratio_on),
        true,
        "between the two the state stays as it is",
    );
    order(
        ("gap_tolerance_s", raw.gap_tolerance_s),
        ("absent_confirm_s", raw.absent_confirm_s),
        true,
        "a bridged drop-out would hide every absence",
    );
    order(
        ("queue_clear_count", f64::from(raw.queue_clear_count)),
        ("queue_raise_count", f64::from(raw.queue_raise_count)),
        true,
        "between the two the state stays as it is",
    );
    order(
        ("wait_alarm_s", raw.wait_alarm_s),
        ("wait_severe_s", raw.wait_severe_s),
        false,
        "levels rise: warn, severe",
    );
    order(
        ("absent_confirm_s", raw.absent_confirm_s),
        ("static_suspect_s", raw.static_suspect_s),
        true,
        "people sit still for minutes",
    );
    order(
        ("camera_stale_s", raw.camera_stale_s),
        ("camera_fault_s", raw.camera_fault_s),
        false,
        "a camera is stale before it is at fault",
    );
    Rules {
        name: raw.profile.clone(),
        revision: raw.revision,
        present_confirm_s: raw.present_confirm_s as f32,
        absent_confirm_s: raw.absent_confirm_s as f32,
        ratio_on: raw.ratio_on as f32,
        ratio_off: raw.ratio_off as f32,
        gap_tolerance_s: raw.gap_tolerance_s as f32,
        notice_s: raw.notice_s as f32,
        warn_s: raw.warn_s as f32,
        severe_s: raw.severe_s as f32,
        return_hold_s: raw.return_hold_s as f32,
        open_grace_s: raw.open_grace_s as f32,
        customer_unattended_s: raw.customer_unattended_s as f32,
        queue_dwell_s: raw.queue_dwell_s as f32,
        queue_raise_count: raw.queue_raise_count,
        queue_clear_count: raw.queue_clear_count,
        queue_duration_s: raw.queue_duration_s as f32,
        queue_clear_s: raw.queue_clear_s as f32,
        camera_stale_s: raw.camera_stale_s as f32,
        bridge_s: raw.bridge_s as f32,
        camera_fault_s: raw.camera_fault_s as f32,
        sensor_stale_s: raw.sensor_stale_s as f32,
        conflict_s: raw.conflict_s as f32,
        customer_left_s: raw.customer_left_s as f32,
        pause_limit_s: raw.pause_limit_s as f32,
        pause_quota_count: raw.pause_quota_count,
        wait_alarm_s: raw.wait_alarm_s as f32,
        wait_severe_s: raw.wait_severe_s as f32,
        wait_duration_s: raw.wait_duration_s as f32,
        new_window_s: raw.new_window_s as f32,
        party_factor: raw.party_factor as f32,
        service_level_s: raw.service_level_s as f32,
        service_level_target: raw.service_level_target as f32,
        mismatch_s: raw.mismatch_s as f32,
        mismatch_ratio: raw.mismatch_ratio as f32,
        static_suspect_s: raw.static_suspect_s as f32,
        min_height_ratio: raw.min_height_ratio as f32,
        stuck_on_s: raw.stuck_on_s as f32,
        stuck_off_s: raw.stuck_off_s as f32,
        flapping_count_per_h: raw.flapping_count_per_h,
    }
}

/// A camera must bring at least two pictures before it counts as stale.
pub(super) fn against_cameras(raw: &RawConfig, check: &mut Check<'_>) {
    for (n, camera) in raw.cameras.iter().enumerate() {
        let interval_s = 1.0 / camera.analysis_fps;
        if interval_s.is_finite() && 2.0 * interval_s > raw.rules.camera_stale_s {
            check.mistake(
                format!("cameras[{n}].analysis_fps"),
                format!(
                    "one picture every {interval_s} s is too slow for rules.camera_stale_s = {}",
                    raw.rules.camera_stale_s
                ),
                "the camera would count as stale between pictures; raise one of the two",
            );
        }
    }
}
