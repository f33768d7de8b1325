//! The event record v1: one revision of one event as it is stored, exported, published and shown.

use hall_core::event::{EndReason, Event, EventCode, EventId, Level, Phase, Subject, Tag};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::rfc3339;

/// Facts about the box that every record carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordContext {
    /// Hall id.
    pub hall: String,
    /// Box id.
    pub box_id: String,
    /// SHA-256 of the configuration file, hex.
    pub config_sha256: String,
    /// SHA-256 of the model file, hex; empty without a model.
    pub model_sha256: String,
    /// Clock quality when the record was made.
    pub clock: ClockQuality,
}

/// How far the wall clock could be trusted when a record was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClockQuality {
    /// The wall clock is believed.
    pub synced: bool,
    /// Wall clock minus boot-anchored time, in milliseconds: steps and drift since boot.
    pub offset_ms: i64,
}

/// One revision of one event, v1. Field order is part of the canonical form that is hashed: append only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventRecord {
    /// Format version: 1.
    pub v: u32,
    /// ULID, the same over all revisions.
    pub event_id: String,
    /// Revision, from 1.
    pub rev: u32,
    /// Hall id.
    pub hall: String,
    /// Box id.
    #[serde(rename = "box")]
    pub box_id: String,
    /// `window`, `queue`, `camera` or `sensor`.
    pub subject_kind: String,
    /// Id of the window, queue, camera or sensor.
    pub subject: String,
    /// Event code, for example `unstaffed`.
    pub code: String,
    /// `info`, `fault`, `notice`, `warn` or `severe`.
    pub level: String,
    /// `open` or `closed`.
    pub state: String,
    /// What this revision did: `raised`, `updated` or `cleared`.
    pub phase: String,
    /// RFC 3339 with milliseconds and offset, as all times here.
    pub onset: String,
    /// First published.
    pub raised: String,
    /// This revision.
    pub updated: String,
    /// End, back-dated; null while open.
    pub end: Option<String>,
    /// Why it ended; null while open.
    pub end_reason: Option<String>,
    /// Onset to end, or to `updated` while open, in seconds.
    pub duration_s: f64,
    /// Observed absence in seconds, brief returns and unobserved time left out.
    pub absent_s: f64,
    /// Seconds inside that nobody observed.
    pub unobserved_s: f64,
    /// Returns shorter than the hold.
    pub brief_returns: u32,
    /// Most customers at the counter meanwhile.
    pub customers_max: u32,
    /// Most people in the queue; null for other events.
    pub peak: Option<u32>,
    /// What said so, for example `video:cam2`, `seat:W3-seat`.
    pub evidence_sources: Vec<String>,
    /// Share of the episode that was observed, 0–1.
    pub confidence: f64,
    /// Rule profile and revision at the onset, for example `P0@1`.
    pub rule: String,
    /// Remarks: `early_close`, `saturated`.
    pub tags: Vec<String>,
    /// ULIDs of events it belongs with.
    pub related: Vec<String>,
    /// Configuration in force, SHA-256 hex.
    pub config_sha256: String,
    /// Model in use, SHA-256 hex; empty without one.
    pub model_sha256: String,
    /// Clock quality.
    pub clock: ClockQuality,
    /// Always `suspected` from the box: a person confirms.
    pub review: String,
}

/// A stored record: sealed with its place in the box-wide gapless sequence and the hash chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SealedRecord {
    /// Box-wide gapless sequence number, from 1.
    pub seq: u64,
    /// The record.
    #[serde(flatten)]
    pub record: EventRecord,
    /// `hash` of the record before (64 zeros for the first).
    pub prev: String,
    /// SHA-256, hex, over this object's canonical JSON up to and including `prev`.
    pub hash: String,
}

impl EventRecord {
    /// The v1 record of a core event.
    #[must_use]
    pub fn new(event: &Event, ctx: &RecordContext) -> Self {
        let (subject_kind, subject) = subject_parts(&event.subject);
        EventRecord {
            v: 1,
            event_id: event_id_text(event.id),
            rev: event.rev,
            hall: ctx.hall.clone(),
            box_id: ctx.box_id.clone(),
            subject_kind: subject_kind.into(),
            subject: subject.into(),
            code: code_name(event.code).into(),
            level: level_name(event.level).into(),
            state: if event.end.is_some() {
                "closed"
            } else {
                "open"
            }
            .into(),
            phase: phase_name(event.phase).into(),
            onset: rfc3339(event.onset),
            raised: rfc3339(event.raised),
            updated: rfc3339(event.updated),
            end: event.end.map(rfc3339),
            end_reason: event.end_reason.map(|r| end_reason_name(r).into()),
            duration_s: seconds(event.duration_ms),
            absent_s: seconds(event.absent_ms),
            unobserved_s: seconds(event.unobserved_ms),
            brief_returns: event.brief_returns,
            customers_max: event.customers_max,
            peak: event.peak,
            evidence_sources: event.evidence_sources.clone(),
            confidence: (f64::from(event.confidence) * 1000.0).round() / 1000.0,
            rule: event.rule.clone(),
            tags: event.tags.iter().map(|t| tag_name(*t).into()).collect(),
            related: event.related.iter().map(|id| event_id_text(*id)).collect(),
            config_sha256: ctx.config_sha256.clone(),
            model_sha256: ctx.model_sha256.clone(),
            clock: ctx.clock,
            review: "suspected".into(),
        }
    }
}

/// Milliseconds as seconds.
#[must_use]
pub fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

/// An event id as a ULID (Crockford base 32, 26 characters; <https://github.com/ulid/spec>).
#[must_use]
pub fn event_id_text(id: EventId) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    (0..26)
        .rev()
        .map(|i| char::from(ALPHABET[(id.0 >> (5 * i) & 31) as usize]))
        .collect()
}

/// The event id of a ULID; `None` when the text is none. Crockford's look-alikes (i, l, o) are not accepted: the box writes
/// none.
#[must_use]
pub fn parse_event_id(text: &str) -> Option<EventId> {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    if text.len() != 26 || !matches!(text.as_bytes()[0], b'0'..=b'7') {
        return None;
    }
    let mut id = 0_u128;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|&c| c == byte)?;
        id = id << 5 | digit as u128;
    }
    Some(EventId(id))
}

/// Subject kind and id, for example `("window", "W3")`.
#[must_use]
pub fn subject_parts(subject: &Subject) -> (&'static str, &str) {
    match subject {
        Subject::Window(id) => ("window", id.as_str()),
        Subject::Queue(id) => ("queue", id.as_str()),
        Subject::Camera(id) => ("camera", id.as_str()),
        Subject::Sensor(id) => ("sensor", id.as_str()),
    }
}

/// Stable name of an event code.
#[must_use]
pub fn code_name(code: EventCode) -> &'static str {
    match code {
        EventCode::Unstaffed => "unstaffed",
        EventCode::LateOpen => "late_open",
        EventCode::QueueLong => "queue_long",
        EventCode::CameraOffline => "camera_offline",
        EventCode::CameraDark => "camera_dark",
        EventCode::CameraBlocked => "camera_blocked",
        EventCode::CameraBlurry => "camera_blurry",
        EventCode::CameraFrozen => "camera_frozen",
        EventCode::CameraMoved => "camera_moved",
        EventCode::SensorFault => "sensor_fault",
        EventCode::SensorConflict => "sensor_conflict",
    }
}

/// Stable name of a level.
#[must_use]
pub fn level_name(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Fault => "fault",
        Level::Notice => "notice",
        Level::Warn => "warn",
        Level::Severe => "severe",
    }
}

/// Stable name of a revision's phase.
#[must_use]
pub fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Raised => "raised",
        Phase::Updated => "updated",
        Phase::Cleared => "cleared",
    }
}

/// Stable name of an end reason.
#[must_use]
pub fn end_reason_name(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Returned => "returned",
        EndReason::ScheduleEnd => "schedule_end",
        EndReason::Unobservable => "unobservable",
        EndReason::PowerLoss => "power_loss",
        EndReason::Cleared => "cleared",
        EndReason::Recovered => "recovered",
        EndReason::Reconfigured => "reconfigured",
    }
}

/// Stable name of a tag.
#[must_use]
pub fn tag_name(tag: Tag) -> &'static str {
    match tag {
        Tag::EarlyClose => "early_close",
        Tag::Saturated => "saturated",
    }
}

/// The event code of a stable name.
#[must_use]
pub fn parse_code(name: &str) -> Option<EventCode> {
    use EventCode as C;
    [
        C::Unstaffed,
        C::LateOpen,
        C::QueueLong,
        C::CameraOffline,
        C::CameraDark,
        C::CameraBlocked,
        C::CameraBlurry,
        C::CameraFrozen,
        C::CameraMoved,
        C::SensorFault,
        C::SensorConflict,
    ]
    .into_iter()
    .find(|code| code_name(*code) == name)
}

/// The level of a stable name.
#[must_use]
pub fn parse_level(name: &str) -> Option<Level> {
    [
        Level::Info,
        Level::Fault,
        Level::Notice,
        Level::Warn,
        Level::Severe,
    ]
    .into_iter()
    .find(|level| level_name(*level) == name)
}

/// The tag of a stable name.
#[must_use]
pub fn parse_tag(name: &str) -> Option<Tag> {
    [Tag::EarlyClose, Tag::Saturated]
        .into_iter()
        .find(|tag| tag_name(*tag) == name)
}
