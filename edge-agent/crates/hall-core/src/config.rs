//! What the engine must know about a hall: windows, queues, zones, sensors, duty times and rules. Plain data,
//! already validated elsewhere; durations are in seconds as in the rule profile.

use crate::geometry::Point;
use crate::ids::{CameraId, QueueId, SensorId, WindowId, ZoneId};

/// Everything the engine needs. Built by the configuration crate, or by hand in tests.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineConfig {
    /// Hall id, for example `511921-001`.
    pub hall: String,
    /// Box id within the hall.
    pub box_id: String,
    /// Cameras the engine watches for health.
    pub cameras: Vec<CameraId>,
    /// Windows in display order.
    pub windows: Vec<WindowConfig>,
    /// Queues in display order.
    pub queues: Vec<QueueConfig>,
    /// All zones of all cameras.
    pub zones: Vec<Zone>,
    /// Sensors bound to windows.
    pub sensors: Vec<SensorConfig>,
    /// When the hall and its windows are on duty.
    pub duty: DutyCalendar,
    /// Rule profile.
    pub rules: Rules,
}

/// One service window.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowConfig {
    /// Id, stable in all interfaces.
    pub id: WindowId,
    /// People required on post.
    pub min_staff: u32,
    /// Own weekly duty times in place of the hall's; `None`: the hall's.
    pub duty: Option<WeeklyDuty>,
}

/// One queue.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueConfig {
    /// Id, stable in all interfaces.
    pub id: QueueId,
    /// Windows it feeds; empty: all.
    pub windows: Vec<WindowId>,
    /// People the zone can hold before its count saturates; `None`: unknown.
    pub capacity: Option<u32>,
}

/// What a zone is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneKind {
    /// Where the clerk of a window sits or stands.
    Staff(WindowId),
    /// Where a clerk still counts as on post, away from the seat (printer, copier).
    StaffExtended(WindowId),
    /// Customer side of a window's counter.
    Counter(WindowId),
    /// Where people stand in line.
    Queue(QueueId),
}

/// Which point of a person's box must lie in the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvaluationPoint {
    /// Middle of the lower edge: floor zones.
    BottomCenter,
    /// Middle of the box: upper bodies behind a counter.
    Center,
}

/// A polygon on one camera's picture with its purpose.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    /// Id, unique in the hall.
    pub id: ZoneId,
    /// Camera it is drawn on.
    pub camera: CameraId,
    /// Purpose.
    pub kind: ZoneKind,
    /// Simple polygon of at least three points, normalised.
    pub polygon: Vec<Point>,
    /// Point tested against the polygon.
    pub evaluation_point: EvaluationPoint,
}

/// What a sensor's "on" means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SensorKind {
    /// Somebody is at the post (radar, PIR).
    Presence,
    /// Somebody sits on the chair.
    Seat,
    /// Service is declared paused (switch, lamp).
    Pause,
}

/// One sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct SensorConfig {
    /// Id.
    pub id: SensorId,
    /// Window it belongs to.
    pub window: WindowId,
    /// What it says.
    pub kind: SensorKind,
    /// Silence after which it is ignored; `None`: the profile's `sensor_stale_s`. A sensor that speaks only on change sets its
    /// longest silence here.
    pub stale_s: Option<u32>,
}

/// A piece of a local day, in seconds after local midnight, `from` inclusive, `to` exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaySegment {
    /// Start.
    pub from_s: u32,
    /// End; at most 86 400.
    pub to_s: u32,
}

/// Duty segments per weekday, Monday first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WeeklyDuty {
    /// Segments in order, not overlapping.
    pub days: [Vec<DaySegment>; 7],
}

/// A local calendar date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Year.
    pub year: i32,
    /// Month 1–12.
    pub month: u8,
    /// Day 1–31.
    pub day: u8,
}

/// Duty on one date that replaces the weekly template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyException {
    /// Date.
    pub date: Date,
    /// Windows concerned; empty: the whole hall.
    pub windows: Vec<WindowId>,
    /// Segments; empty: closed.
    pub segments: Vec<DaySegment>,
}

/// When who should be on post. Priority: dated exception, then holiday or make-up workday, then weekly template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DutyCalendar {
    /// The hall's weekly template.
    pub weekly: WeeklyDuty,
    /// Public holidays: closed.
    pub holidays: Vec<Date>,
    /// Make-up workdays (调休上班): a weekend date worked like a weekday.
    pub workdays: Vec<Date>,
    /// Dated exceptions.
    pub exceptions: Vec<DutyException>,
}

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
        }
    }
}
