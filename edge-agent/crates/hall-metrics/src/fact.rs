//! What the figures keep of an event: the newest revision's facts and the instants of its case. Knows no other event.

use hall_core::event::{Event, EventCode, EventId, Level, Review, Subject, Tag};
use hall_core::order::{CaseAction, CaseReason, Role};
use hall_core::time::Stamp;

/// The last decision on an event: what was decided, by which office, when. Never a name, never free text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decision {
    /// Revision it made.
    pub rev: u32,
    /// What.
    pub action: CaseAction,
    /// Account or office.
    pub by: String,
    /// In which role.
    pub role: Role,
    /// Why.
    pub reason: CaseReason,
    /// When, local milliseconds.
    pub at_ms: i64,
    /// Entered after the fact.
    pub retroactive: bool,
}

/// When each step of a case was first taken, local milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CaseTimes {
    /// 确认.
    pub confirmed_ms: Option<i64>,
    /// 反馈.
    pub feedback_ms: Option<i64>,
    /// 销号.
    pub closed_ms: Option<i64>,
    /// 申诉.
    pub appealed_ms: Option<i64>,
}

/// One event as the figures know it. Local instants are milliseconds since 1970-01-01T00:00 local.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventFact {
    /// Same over all revisions.
    pub id: EventId,
    /// Newest revision known.
    pub rev: u32,
    /// What.
    pub code: EventCode,
    /// About what.
    pub subject: Subject,
    /// Level of the newest revision.
    pub level: Level,
    /// Start.
    pub onset_ms: i64,
    /// End; `None` while open.
    pub end_ms: Option<i64>,
    /// Length so far or in all.
    pub duration_ms: i64,
    /// Observed absence in it.
    pub absent_ms: i64,
    /// Lasted to the end of duty.
    pub early_close: bool,
    /// Where its case stands.
    pub review: Review,
    /// Steps of its case.
    pub case: CaseTimes,
    /// Last decision.
    pub decision: Option<Decision>,
}

/// Local milliseconds of a stamp in the hall whose offset from UTC is given.
#[must_use]
pub fn local_ms(stamp: Stamp, utc_offset_s: i32) -> i64 {
    stamp.unix_ms + i64::from(utc_offset_s) * 1000
}

impl EventFact {
    /// The facts of one revision.
    #[must_use]
    pub fn new(event: &Event, utc_offset_s: i32) -> Self {
        let local = |stamp| local_ms(stamp, utc_offset_s);
        let mut case = CaseTimes::default();
        if let Some(revision) = &event.revision {
            let at = Some(local(revision.at));
            match revision.action {
                CaseAction::Confirm => case.confirmed_ms = at,
                CaseAction::Feedback => case.feedback_ms = at,
                CaseAction::Close => case.closed_ms = at,
                CaseAction::Appeal => case.appealed_ms = at,
                _ => {}
            }
        }
        EventFact {
            id: event.id,
            rev: event.rev,
            code: event.code,
            subject: event.subject.clone(),
            level: event.level,
            onset_ms: local(event.onset),
            end_ms: event.end.map(local),
            duration_ms: event.duration_ms,
            absent_ms: event.absent_ms,
            early_close: event.tags.contains(&Tag::EarlyClose),
            review: event.review,
            case,
            decision: event.revision.as_ref().map(|r| Decision {
                rev: event.rev,
                action: r.action,
                by: r.by.clone(),
                role: r.role,
                reason: r.reason,
                at_ms: local(r.at),
                retroactive: r.retroactive,
            }),
        }
    }

    /// Takes in another revision of the same event, in whatever order they come: the newest one's facts, the first instant of every
    /// step, the last decision. Returns true when that changed something.
    pub fn merge(&mut self, other: EventFact) -> bool {
        let before = self.clone();
        let first = |a: Option<i64>, b: Option<i64>| a.into_iter().chain(b).min();
        let case = CaseTimes {
            confirmed_ms: first(self.case.confirmed_ms, other.case.confirmed_ms),
            feedback_ms: first(self.case.feedback_ms, other.case.feedback_ms),
            closed_ms: first(self.case.closed_ms, other.case.closed_ms),
            appealed_ms: first(self.case.appealed_ms, other.case.appealed_ms),
        };
        let newest = |d: &Option<Decision>| d.as_ref().map_or(0, |d| d.rev);
        let decision = if newest(&other.decision) > newest(&self.decision) {
            other.decision.clone()
        } else {
            self.decision.clone()
        };
        if other.rev > self.rev {
            *self = other;
        }
        (self.case, self.decision) = (case, decision);
        *self != before
    }

    /// False when a person or the roster took it out of the counts: false alarm, excused, revoked. It stays listed.
    #[must_use]
    pub fn counts(&self) -> bool {
        !matches!(
            self.review,
            Review::FalseAlarm | Review::Excused | Review::Revoked
        )
    }

    /// Some of it lies in the time from `from_ms` to `to_ms`.
    #[must_use]
    pub fn overlap_ms(&self, from_ms: i64, to_ms: i64) -> i64 {
        let end = self.end_ms.unwrap_or(i64::MAX);
        (end.min(to_ms) - self.onset_ms.max(from_ms)).max(0)
    }

    /// About a device, not about service.
    #[must_use]
    pub fn is_device_fault(&self) -> bool {
        is_device_fault(self.code)
    }
}

/// True for codes about a camera, a sensor or a gateway.
#[must_use]
pub fn is_device_fault(code: EventCode) -> bool {
    matches!(
        code,
        EventCode::CameraOffline
            | EventCode::CameraDark
            | EventCode::CameraBlocked
            | EventCode::CameraBlurry
            | EventCode::CameraFrozen
            | EventCode::CameraMoved
            | EventCode::SensorFault
            | EventCode::SensorConflict
            | EventCode::GatewayOffline
            | EventCode::StaticPresenceSuspect
            | EventCode::SourceMismatch
    )
}
