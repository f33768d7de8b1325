//! The event record v1: one revision of one event as it is stored, exported, published and shown.

use hall_core::event::{Event, EventId, Subject};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::name::{
    ActionWord, CaseReasonWord, CodeWord, EndReasonWord, LevelWord, PhaseWord, ReviewWord,
    RoleWord, TagWord, action_name, case_reason_name, role_name,
};
use crate::schema::{
    Count, Id, Instant, One, OpenOrClosed, RuleName, Seconds, Seq, Sha256Hex, Sha256HexOrEmpty,
    Share, SubjectKindWord, Ulid,
};
use crate::time::rfc3339;

pub use crate::name::{
    code_name, end_reason_name, level_name, parse_code, parse_end_reason, parse_level, parse_phase,
    parse_review, parse_tag, phase_name, review_name, tag_name,
};

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
    /// Hash of the newest line of the box's access log; `None` while it has none.
    pub audit_head: Option<String>,
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
    #[schemars(with = "One")]
    pub v: u32,
    /// ULID, the same over all revisions.
    #[schemars(with = "Ulid")]
    pub event_id: String,
    /// Revision, from 1.
    #[schemars(with = "Seq")]
    pub rev: u32,
    /// Hall id.
    #[schemars(with = "Id")]
    pub hall: String,
    /// Box id.
    #[schemars(with = "Id")]
    #[serde(rename = "box")]
    pub box_id: String,
    /// Kind of what the event is about.
    #[schemars(with = "SubjectKindWord")]
    pub subject_kind: String,
    /// Id of the window, group, queue, camera, sensor or gateway; of the hall or box itself otherwise.
    #[schemars(with = "Id")]
    pub subject: String,
    /// What is suspected.
    #[schemars(with = "CodeWord")]
    pub code: String,
    /// How grave: `notice`, `warn`, `severe` for posts and queues (提示, 预警, 告警), `fault` for devices, `info` for what is only worth
    /// knowing. The highest reached so far.
    #[schemars(with = "LevelWord")]
    pub level: String,
    /// Whether it still goes on: `open` until there is an `end`.
    #[schemars(with = "OpenOrClosed")]
    pub state: String,
    /// What this revision did: `raised` (the first), `updated` (graver, longer, more known), `cleared` (ended), `revised` (a person or
    /// late leave changed it).
    #[schemars(with = "PhaseWord")]
    pub phase: String,
    /// When it began, back-dated to the first observation of it. RFC 3339 with milliseconds and offset, as all times here.
    #[schemars(with = "Instant")]
    pub onset: String,
    /// When it was first published.
    #[schemars(with = "Instant")]
    pub raised: String,
    /// When this revision was made.
    #[schemars(with = "Instant")]
    pub updated: String,
    /// When it ended, back-dated; null while open.
    #[schemars(with = "Option<Instant>")]
    pub end: Option<String>,
    /// Why it ended; null while open.
    #[schemars(with = "Option<EndReasonWord>")]
    pub end_reason: Option<String>,
    /// Onset to end, or while open to the last revision the box made by itself, in seconds.
    #[schemars(with = "Seconds")]
    pub duration_s: f64,
    /// Observed absence in seconds, brief returns and unobserved time left out.
    #[schemars(with = "Seconds")]
    pub absent_s: f64,
    /// Seconds inside that nobody observed.
    #[schemars(with = "Seconds")]
    pub unobserved_s: f64,
    /// Returns shorter than the hold.
    #[schemars(with = "Count")]
    pub brief_returns: u32,
    /// Most customers at the counter meanwhile.
    #[schemars(with = "Count")]
    pub customers_max: u32,
    /// Most people in the queue; null for other events.
    #[schemars(with = "Option<Count>")]
    pub peak: Option<u32>,
    /// What said so, for example `video:cam2`, `seat:W3-seat`.
    pub evidence_sources: Vec<String>,
    /// Share of the episode that was observed, 0–1.
    #[schemars(with = "Share")]
    pub confidence: f64,
    /// Rule profile and revision at the onset, for example `P0@1`.
    #[schemars(with = "RuleName")]
    pub rule: String,
    /// Remarks: `early_close` (reaches the end of duty), `saturated` (the zone was full: at least so many), `while_people_wait`, `flapping`,
    /// `stuck_on` and `stuck_off` (why a sensor is not believed), `reviewed` (a decision or leave changed it), `restamped` (the clock was set meanwhile).
    #[schemars(with = "Vec<TagWord>")]
    pub tags: Vec<String>,
    /// ULIDs of events it belongs with.
    #[schemars(with = "Vec<Ulid>")]
    pub related: Vec<String>,
    /// Configuration in force, SHA-256 hex.
    #[schemars(with = "Sha256Hex")]
    pub config_sha256: String,
    /// Model in use, SHA-256 hex; empty without one.
    #[schemars(with = "Sha256HexOrEmpty")]
    pub model_sha256: String,
    /// Clock quality.
    pub clock: ClockQuality,
    /// Where the case stands: `suspected` (疑似) until a person decides.
    #[schemars(with = "ReviewWord")]
    pub review: String,
    /// Who made this revision and why; absent when the box made it by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<RevisionRecord>,
    /// Queue: when another window was opened for it; absent otherwise.
    #[schemars(with = "Option<Instant>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mitigated_at: Option<String>,
    /// Long wait: the estimated wait in seconds; absent otherwise.
    #[schemars(with = "Option<Seconds>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_est_s: Option<f64>,
    /// Hash of the newest line of the box's access log when this record was made: the log itself stays on the box, and cannot be rewritten
    /// without this record. Absent while it has no line.
    #[schemars(with = "Option<Sha256Hex>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<String>,
}

/// Who revised an event, when and why: an account and a category, never a name or free text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RevisionRecord {
    /// What was decided.
    #[schemars(with = "ActionWord")]
    pub action: String,
    /// Account or office.
    #[schemars(with = "Id")]
    pub by: String,
    /// In which role.
    #[schemars(with = "RoleWord")]
    pub role: String,
    /// Category of the reason.
    #[schemars(with = "CaseReasonWord")]
    pub reason: String,
    /// When it was decided.
    #[schemars(with = "Instant")]
    pub at: String,
    /// Entered after the fact.
    pub retroactive: bool,
    /// Transaction of the order it was made by.
    pub tx: String,
}

/// A stored record: sealed with its place in the box-wide gapless sequence and the hash chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SealedRecord {
    /// Box-wide gapless sequence number, from 1.
    #[schemars(with = "Seq")]
    pub seq: u64,
    /// The record.
    #[serde(flatten)]
    pub record: EventRecord,
    /// `hash` of the record before (64 zeros for the first).
    #[schemars(with = "Sha256Hex")]
    pub prev: String,
    /// SHA-256, hex, over this object's canonical JSON up to and including `prev`.
    #[schemars(with = "Sha256Hex")]
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
            subject: match event.subject {
                Subject::Hall => ctx.hall.clone(),
                Subject::Device => ctx.box_id.clone(),
                _ => subject.into(),
            },
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
            review: review_name(event.review).into(),
            revision: event.revision.as_ref().map(|r| RevisionRecord {
                action: action_name(r.action).into(),
                by: r.by.clone(),
                role: role_name(r.role).into(),
                reason: case_reason_name(r.reason).into(),
                at: rfc3339(r.at),
                retroactive: r.retroactive,
                tx: r.tx.clone(),
            }),
            mitigated_at: event.mitigated_at.map(rfc3339),
            wait_est_s: event.wait_est_ms.map(seconds),
            audit: ctx.audit_head.clone(),
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

/// Subject kind and id, for example `("window", "W3")`; hall and box have no id of their own here.
#[must_use]
pub fn subject_parts(subject: &Subject) -> (&'static str, &str) {
    match subject {
        Subject::Window(id) => ("window", id.as_str()),
        Subject::Queue(id) => ("queue", id.as_str()),
        Subject::Camera(id) => ("camera", id.as_str()),
        Subject::Sensor(id) => ("sensor", id.as_str()),
        Subject::Group(id) => ("group", id.as_str()),
        Subject::Gateway(id) => ("gateway", id.as_str()),
        Subject::Hall => ("hall", ""),
        Subject::Device => ("box", ""),
    }
}

/// The subject of a kind and an id, as [`subject_parts`] gives them; `None`: no such kind.
#[must_use]
pub fn parse_subject(kind: &str, id: &str) -> Option<Subject> {
    Some(match kind {
        "window" => Subject::Window(id.into()),
        "queue" => Subject::Queue(id.into()),
        "camera" => Subject::Camera(id.into()),
        "sensor" => Subject::Sensor(id.into()),
        "group" => Subject::Group(id.into()),
        "gateway" => Subject::Gateway(id.into()),
        "hall" => Subject::Hall,
        "box" => Subject::Device,
        _ => return None,
    })
}
