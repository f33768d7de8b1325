//! Event records as HTTP shows them.

use hall_wire::event::{EventRecord, SealedRecord};
use serde::Serialize;
use utoipa::ToSchema;

/// One revision of one event with its place in the box-wide sequence and hash chain.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventDto {
    /// Format version: 1.
    pub v: u32,
    /// Box-wide gapless sequence number.
    pub seq: u64,
    /// ULID, the same over all revisions.
    pub event_id: String,
    /// Revision, from 1.
    pub rev: u32,
    /// Hall id.
    pub hall: String,
    /// Box id.
    #[serde(rename = "box")]
    pub box_id: String,
    /// `window`, `group`, `queue`, `camera`, `sensor`, `gateway`, `hall` or `box`.
    pub subject_kind: String,
    /// Id of the window, group, queue, camera, sensor or gateway; of the hall or box itself otherwise.
    pub subject: String,
    /// Event code, for example `unstaffed`.
    pub code: String,
    /// `info`, `fault`, `notice`, `warn` or `severe`: the highest reached.
    pub level: String,
    /// `open` or `closed`.
    pub state: String,
    /// What this revision did: `raised`, `updated`, `cleared` or `revised`.
    pub phase: String,
    /// When it began, back-dated; RFC 3339 as all times here.
    pub onset: String,
    /// First published.
    pub raised: String,
    /// This revision.
    pub updated: String,
    /// End, back-dated; null while open.
    pub end: Option<String>,
    /// Why it ended; null while open.
    pub end_reason: Option<String>,
    /// Onset to end, or while open to the last revision the box made by itself, in seconds.
    pub duration_s: f64,
    /// Observed absence in seconds.
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
    /// Remarks: `early_close`, `saturated`, `while_people_wait`, `flapping`, `stuck_on`, `stuck_off`, `reviewed`, `restamped`.
    pub tags: Vec<String>,
    /// ULIDs of events it belongs with.
    pub related: Vec<String>,
    /// Configuration in force, SHA-256 hex.
    pub config_sha256: String,
    /// Model in use, SHA-256 hex; empty without one.
    pub model_sha256: String,
    /// Clock quality when the record was made.
    pub clock: ClockQualityDto,
    /// Where the case stands: `suspected` until a person decides, then `confirmed`, `false_alarm`, `excused`, `feedback`, `closed`,
    /// `appealed`, `upheld`, `downgraded` or `revoked`.
    pub review: String,
    /// Who made this revision and why; null when the box made it by itself.
    pub revision: Option<RevisionDto>,
    /// Queue: when another window was opened for it; null otherwise.
    pub mitigated_at: Option<String>,
    /// Long wait: the estimated wait in seconds; null otherwise.
    pub wait_est_s: Option<f64>,
    /// Hash of the newest line of the box's access log when this record was made; absent while it had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<String>,
    /// Hash of the record before.
    pub prev: String,
    /// SHA-256 over the stored record, hex.
    pub hash: String,
}

/// Who revised an event, when and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RevisionDto {
    /// What was decided, for example `confirm`.
    pub action: String,
    /// Account or office.
    pub by: String,
    /// In which role, for example `hall_manager`.
    pub role: String,
    /// Category, for example `leave`.
    pub reason: String,
    /// When it was decided.
    pub at: String,
    /// Entered after the fact.
    pub retroactive: bool,
    /// Transaction of the order it was made by.
    pub tx: String,
}

/// How far the wall clock could be trusted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClockQualityDto {
    /// The wall clock was believed.
    pub synced: bool,
    /// Wall clock against boot-anchored time, in milliseconds.
    pub offset_ms: i64,
}

/// A page of a list of events.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventPageDto {
    /// Format version: 1.
    pub v: u32,
    /// Newest revision of each event that fits, newest first.
    pub events: Vec<EventDto>,
    /// Open events on this box, whatever the filters.
    pub open_events: usize,
    /// Everything up to this sequence number was considered; start `/api/live?after=` here to miss nothing.
    pub last_seq: u64,
    /// Ask again with `before_seq` set to this for the next page; null on the last page.
    pub next_before_seq: Option<u64>,
}

/// One event with all its revisions.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventRevisionsDto {
    /// Format version: 1.
    pub v: u32,
    /// ULID.
    pub event_id: String,
    /// Revisions, oldest first.
    pub revisions: Vec<EventDto>,
}

impl From<SealedRecord> for EventDto {
    fn from(sealed: SealedRecord) -> Self {
        // Taken apart without `..`, so that a new field of the record cannot be forgotten here.
        let SealedRecord {
            seq,
            record,
            prev,
            hash,
        } = sealed;
        let EventRecord {
            v: _,
            event_id,
            rev,
            hall,
            box_id,
            subject_kind,
            subject,
            code,
            level,
            state,
            phase,
            onset,
            raised,
            updated,
            end,
            end_reason,
            duration_s,
            absent_s,
            unobserved_s,
            brief_returns,
            customers_max,
            peak,
            evidence_sources,
            confidence,
            rule,
            tags,
            related,
            config_sha256,
            model_sha256,
            clock,
            review,
            revision,
            mitigated_at,
            wait_est_s,
            audit,
        } = record;
        EventDto {
            v: 1,
            seq,
            event_id,
            rev,
            hall,
            box_id,
            subject_kind,
            subject,
            code,
            level,
            state,
            phase,
            onset,
            raised,
            updated,
            end,
            end_reason,
            duration_s,
            absent_s,
            unobserved_s,
            brief_returns,
            customers_max,
            peak,
            evidence_sources,
            confidence,
            rule,
            tags,
            related,
            config_sha256,
            model_sha256,
            clock: ClockQualityDto {
                synced: clock.synced,
                offset_ms: clock.offset_ms,
            },
            review,
            revision: revision.map(|r| RevisionDto {
                action: r.action,
                by: r.by,
                role: r.role,
                reason: r.reason,
                at: r.at,
                retroactive: r.retroactive,
                tx: r.tx,
            }),
            mitigated_at,
            wait_est_s,
            audit,
            prev,
            hash,
        }
    }
}
