//! Open events and their revisions. Owns event ids and the counting of revisions; knows no rule.

use std::collections::VecDeque;

use super::Output;
use super::limits::Limits;
use crate::config::DutyCalendar;
use crate::event::{EndReason, Event, EventCode, EventId, Level, Phase, Review, Subject, Tag};
use crate::time::{HallTime, Stamp, WallClock};

/// What every rule needs from its surroundings while it judges.
pub(crate) struct Ctx<'a> {
    pub hall: &'a str,
    pub box_id: &'a str,
    pub limits: &'a Limits,
    pub clock: &'a WallClock,
    pub duty: &'a DutyCalendar,
    pub out: &'a mut VecDeque<Output>,
}

impl Ctx<'_> {
    /// Milliseconds of the local calendar.
    pub fn local_ms(&self, at: HallTime) -> i64 {
        self.clock.unix_ms(at) + i64::from(self.clock.utc_offset_s) * 1000
    }

    /// The hall instant of local calendar milliseconds.
    pub fn hall_of_local(&self, local_ms: i64) -> HallTime {
        self.clock
            .hall(local_ms - i64::from(self.clock.utc_offset_s) * 1000)
    }
}

/// The measured side of a revision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub duration_ms: i64,
    pub absent_ms: i64,
    pub unobserved_ms: i64,
    pub brief_returns: u32,
    pub customers_max: u32,
    pub peak: Option<u32>,
    pub mitigated_at: Option<Stamp>,
    pub wait_est_ms: Option<i64>,
}

/// An open, published event: all that is needed to go on with it after a crash.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenRecord {
    /// Same over all revisions.
    pub id: EventId,
    /// Last published revision.
    pub rev: u32,
    /// What.
    pub code: EventCode,
    /// About what.
    pub subject: Subject,
    /// Highest level published.
    pub level: Level,
    /// Onset as first published.
    pub onset: Stamp,
    /// First publication.
    pub raised: Stamp,
    /// Profile and revision at the onset.
    pub rule: String,
    /// Sources that ever agreed.
    pub evidence_sources: Vec<String>,
    /// Remarks.
    pub tags: Vec<Tag>,
    /// Events it belongs with.
    pub related: Vec<EventId>,
}

/// What a new event is about.
pub(crate) struct Opening {
    pub code: EventCode,
    pub subject: Subject,
    pub level: Level,
    pub onset: Stamp,
    pub rule: String,
    pub evidence: Vec<String>,
    pub tags: Vec<Tag>,
}

impl OpenRecord {
    /// Publishes the first revision.
    pub(crate) fn raise(ctx: &mut Ctx<'_>, at: HallTime, opening: Opening, facts: Facts) -> Self {
        OpenRecord::raise_with(ctx, at, opening, Vec::new(), facts)
    }

    /// Publishes the first revision of an event that belongs with others.
    pub(crate) fn raise_with(
        ctx: &mut Ctx<'_>,
        at: HallTime,
        opening: Opening,
        related: Vec<EventId>,
        facts: Facts,
    ) -> Self {
        let Opening {
            code,
            subject,
            level,
            onset,
            rule,
            evidence,
            tags,
        } = opening;
        let mut record = OpenRecord {
            id: event_id(ctx.hall, ctx.box_id, code, &subject, onset),
            rev: 0,
            code,
            subject,
            level,
            onset,
            raised: ctx.clock.stamp(at),
            rule,
            evidence_sources: Vec::new(),
            tags,
            related,
        };
        record.add_evidence(evidence);
        record.publish(ctx, at, Phase::Raised, None, facts);
        record
    }

    /// Publishes a revision with a higher level.
    pub(crate) fn escalate(&mut self, ctx: &mut Ctx<'_>, at: HallTime, level: Level, facts: Facts) {
        self.level = level;
        self.publish(ctx, at, Phase::Updated, None, facts);
    }

    /// Publishes the last revision.
    pub(crate) fn close(
        mut self,
        ctx: &mut Ctx<'_>,
        at: HallTime,
        end: Stamp,
        reason: EndReason,
        facts: Facts,
    ) {
        self.publish(ctx, at, Phase::Cleared, Some((end, reason)), facts);
    }

    /// Sources that agree, each once.
    pub(crate) fn add_evidence(&mut self, sources: Vec<String>) {
        for source in sources {
            if !self.evidence_sources.contains(&source) {
                self.evidence_sources.push(source);
            }
        }
    }

    /// A remark, once.
    pub(crate) fn add_tag(&mut self, tag: Tag) {
        if !self.tags.contains(&tag) {
            self.tags.push(tag);
        }
    }

    /// Events it belongs with, each once; told with the next revision.
    pub(crate) fn relate(&mut self, events: &[EventId]) {
        for id in events {
            if !self.related.contains(id) {
                self.related.push(*id);
            }
        }
    }

    fn publish(
        &mut self,
        ctx: &mut Ctx<'_>,
        at: HallTime,
        phase: Phase,
        end: Option<(Stamp, EndReason)>,
        facts: Facts,
    ) {
        self.rev += 1;
        let observed = facts.duration_ms - facts.unobserved_ms;
        ctx.out.push_back(Output::Event(Event {
            id: self.id,
            rev: self.rev,
            code: self.code,
            subject: self.subject.clone(),
            level: self.level,
            phase,
            onset: self.onset,
            raised: self.raised,
            updated: ctx.clock.stamp(at),
            end: end.map(|(stamp, _)| stamp),
            end_reason: end.map(|(_, reason)| reason),
            duration_ms: facts.duration_ms,
            absent_ms: facts.absent_ms,
            unobserved_ms: facts.unobserved_ms,
            brief_returns: facts.brief_returns,
            customers_max: facts.customers_max,
            peak: facts.peak,
            evidence_sources: self.evidence_sources.clone(),
            confidence: if facts.duration_ms > 0 {
                observed as f32 / facts.duration_ms as f32
            } else {
                1.0
            },
            rule: self.rule.clone(),
            tags: self.tags.clone(),
            related: self.related.clone(),
            review: Review::Suspected,
            revision: None,
            mitigated_at: facts.mitigated_at,
            wait_est_ms: facts.wait_est_ms,
        }));
    }
}

/// 48 bits Unix milliseconds of the onset, then the low 80 bits of FNV-1a 128
/// (<https://datatracker.ietf.org/doc/draft-eastlake-fnv/>) over hall, box, code and subject.
fn event_id(hall: &str, box_id: &str, code: EventCode, subject: &Subject, onset: Stamp) -> EventId {
    let (kind, id) = match subject {
        Subject::Window(id) => ("window", id.as_str()),
        Subject::Queue(id) => ("queue", id.as_str()),
        Subject::Camera(id) => ("camera", id.as_str()),
        Subject::Sensor(id) => ("sensor", id.as_str()),
        Subject::Group(id) => ("group", id.as_str()),
        Subject::Gateway(id) => ("gateway", id.as_str()),
        Subject::Hall => ("hall", ""),
        Subject::Device => ("box", ""),
    };
    let code = code_key(code);
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for part in [hall, box_id, code, kind, id] {
        // The separator keeps ("ab", "c") and ("a", "bc") apart.
        for byte in part.bytes().chain([0xff]) {
            hash ^= u128::from(byte);
            hash = hash.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
    let millis = u128::from(onset.unix_ms.max(0) as u64) & 0xffff_ffff_ffff;
    EventId(millis << 80 | hash & ((1 << 80) - 1))
}

/// Stable key of a code inside event ids; never change one.
fn code_key(code: EventCode) -> &'static str {
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
        EventCode::HallUnstaffed => "hall_unstaffed",
        EventCode::CustomerUnattended => "customer_unattended",
        EventCode::PauseOverrun => "pause_overrun",
        EventCode::PauseQuota => "pause_quota",
        EventCode::LongWait => "long_wait",
        EventCode::NoNewWindow => "no_new_window",
        EventCode::StaticPresenceSuspect => "static_presence_suspect",
        EventCode::SourceMismatch => "source_mismatch",
        EventCode::GatewayOffline => "gateway_offline",
        EventCode::TimeUnsynced => "time_unsynced",
        EventCode::ClockStep => "clock_step",
        EventCode::StorageLow => "storage_low",
        EventCode::PowerRestored => "power_restored",
        EventCode::ConfigChanged => "config_changed",
        EventCode::ModelChanged => "model_changed",
        EventCode::CalendarMissing => "calendar_missing",
    }
}
