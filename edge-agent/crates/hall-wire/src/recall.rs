//! Event records read back into the core, so that revisions and cases go on after a restart. Knows no storage.

use hall_core::HallTime;
use hall_core::event::{Event, Revision};
use hall_core::time::Stamp;

use crate::event::{
    EventRecord, RevisionRecord, parse_code, parse_end_reason, parse_event_id, parse_level,
    parse_phase, parse_review, parse_subject, parse_tag,
};
use crate::name::{parse_action, parse_case_reason, parse_role};
use crate::time::parse_rfc3339;

/// A record that this program cannot read back: it was written by a newer one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{field} '{value}' is not known to this program")]
pub struct RecallError {
    /// Which field.
    pub field: &'static str,
    /// What it holds.
    pub value: String,
}

fn known<T>(
    field: &'static str,
    value: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, RecallError> {
    parse(value).ok_or_else(|| RecallError {
        field,
        value: value.to_owned(),
    })
}

/// Which hall time belonged to a stored wall time is not stored: the wall time stands in, and nobody counts durations from it.
fn stamp(field: &'static str, text: &str) -> Result<Stamp, RecallError> {
    let parsed = known(field, text, |text| parse_rfc3339(text).ok());
    parsed.map(|(unix_ms, utc_offset_s)| Stamp {
        at: HallTime(unix_ms),
        unix_ms,
        utc_offset_s,
    })
}

fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

impl TryFrom<&EventRecord> for Event {
    type Error = RecallError;

    fn try_from(r: &EventRecord) -> Result<Self, RecallError> {
        let end = r.end.as_deref().map(|text| stamp("end", text));
        let mitigated_at = r
            .mitigated_at
            .as_deref()
            .map(|text| stamp("mitigated_at", text));
        let end_reason = r
            .end_reason
            .as_deref()
            .map(|name| known("end_reason", name, parse_end_reason));
        Ok(Event {
            id: known("event_id", &r.event_id, parse_event_id)?,
            rev: r.rev,
            code: known("code", &r.code, parse_code)?,
            subject: known("subject_kind", &r.subject_kind, |kind| {
                parse_subject(kind, &r.subject)
            })?,
            level: known("level", &r.level, parse_level)?,
            phase: known("phase", &r.phase, parse_phase)?,
            onset: stamp("onset", &r.onset)?,
            raised: stamp("raised", &r.raised)?,
            updated: stamp("updated", &r.updated)?,
            end: end.transpose()?,
            end_reason: end_reason.transpose()?,
            duration_ms: millis(r.duration_s),
            absent_ms: millis(r.absent_s),
            unobserved_ms: millis(r.unobserved_s),
            brief_returns: r.brief_returns,
            customers_max: r.customers_max,
            peak: r.peak,
            evidence_sources: r.evidence_sources.clone(),
            confidence: r.confidence as f32,
            rule: r.rule.clone(),
            tags: r
                .tags
                .iter()
                .map(|tag| known("tags", tag, parse_tag))
                .collect::<Result<_, _>>()?,
            related: r
                .related
                .iter()
                .map(|id| known("related", id, parse_event_id))
                .collect::<Result<_, _>>()?,
            review: known("review", &r.review, parse_review)?,
            revision: r.revision.as_ref().map(Revision::try_from).transpose()?,
            mitigated_at: mitigated_at.transpose()?,
            wait_est_ms: r.wait_est_s.map(millis),
        })
    }
}

impl TryFrom<&RevisionRecord> for Revision {
    type Error = RecallError;

    fn try_from(r: &RevisionRecord) -> Result<Self, RecallError> {
        Ok(Revision {
            action: known("action", &r.action, parse_action)?,
            by: r.by.clone(),
            role: known("role", &r.role, parse_role)?,
            reason: known("reason", &r.reason, parse_case_reason)?,
            at: stamp("revision.at", &r.at)?,
            retroactive: r.retroactive,
            tx: r.tx.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{ClockQuality, RecordContext};
    use hall_core::event::{EndReason, EventCode, EventId, Level, Phase, Review, Subject, Tag};
    use hall_core::order::{CaseAction, CaseReason, Role};

    /// Numbers without a pattern (SplitMix64), the same in every run.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, below: u64) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31)) % below
        }

        fn of<T: Clone>(&mut self, among: &[T]) -> T {
            among[self.roll(among.len() as u64) as usize].clone()
        }

        fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
            (self.roll(2) == 1).then(|| make(self))
        }

        fn stamp(&mut self) -> Stamp {
            let unix_ms = self.roll(4_000_000_000_000) as i64;
            Stamp {
                at: HallTime(unix_ms),
                unix_ms,
                utc_offset_s: self.of(&[28_800, 0, -12_600]),
            }
        }

        fn millis(&mut self) -> i64 {
            self.roll(10_000_000_000) as i64
        }

        fn event(&mut self) -> Event {
            let subjects = [
                Subject::Window("W3".into()),
                Subject::Group("AB1".into()),
                Subject::Queue("Q1".into()),
                Subject::Camera("cam1".into()),
                Subject::Sensor("W3-seat".into()),
                Subject::Gateway("modbus-1".into()),
                Subject::Hall,
                Subject::Device,
            ];
            Event {
                id: EventId(u128::from(self.roll(u64::MAX)) << 50),
                rev: self.roll(1_000) as u32 + 1,
                code: self.of(&[EventCode::Unstaffed, EventCode::HallUnstaffed]),
                subject: self.of(&subjects),
                level: self.of(&[Level::Notice, Level::Warn, Level::Severe, Level::Fault]),
                phase: self.of(&[Phase::Raised, Phase::Cleared, Phase::Revised]),
                onset: self.stamp(),
                raised: self.stamp(),
                updated: self.stamp(),
                end: self.maybe(Dice::stamp),
                end_reason: self.maybe(|d| d.of(&[EndReason::Returned, EndReason::Resolved])),
                duration_ms: self.millis(),
                absent_ms: self.millis(),
                unobserved_ms: self.millis(),
                brief_returns: self.roll(100) as u32,
                customers_max: self.roll(100) as u32,
                peak: self.maybe(|d| d.roll(100) as u32),
                evidence_sources: vec!["video:cam2".into()],
                confidence: self.roll(1_001) as f32 / 1_000.0,
                rule: "P0@7".into(),
                tags: vec![self.of(&[Tag::EarlyClose, Tag::Saturated])],
                related: vec![EventId(self.roll(u64::MAX).into())],
                review: self.of(&[Review::Suspected, Review::Excused, Review::Appealed]),
                revision: self.maybe(|d| Revision {
                    action: d.of(&[CaseAction::Confirm, CaseAction::Excuse]),
                    by: "manager-1".into(),
                    role: d.of(&[Role::HallManager, Role::Supervisor]),
                    reason: d.of(&[CaseReason::Verified, CaseReason::Leave]),
                    at: d.stamp(),
                    retroactive: d.roll(2) == 1,
                    tx: format!("tx-{}", d.roll(1_000)),
                }),
                mitigated_at: self.maybe(Dice::stamp),
                wait_est_ms: self.maybe(Dice::millis),
            }
        }
    }

    fn context() -> RecordContext {
        RecordContext {
            hall: "511921-001".into(),
            box_id: "b1".into(),
            config_sha256: "ab".into(),
            model_sha256: String::new(),
            clock: ClockQuality {
                synced: true,
                offset_ms: 0,
            },
            audit_head: None,
        }
    }

    #[test]
    fn the_record_of_an_event_read_back_is_the_same_record() {
        let mut dice = Dice(1);
        for _ in 0..5_000 {
            let event = dice.event();
            let record = EventRecord::new(&event, &context());
            let back = Event::try_from(&record).unwrap();
            assert_eq!(back, event);
            assert_eq!(EventRecord::new(&back, &context()), record);
        }
    }

    #[test]
    fn a_word_of_a_newer_program_is_named() {
        let mut record = EventRecord::new(&Dice(2).event(), &context());
        record.code = "asleep".into();
        let error = Event::try_from(&record).unwrap_err();
        assert_eq!(
            error.to_string(),
            "code 'asleep' is not known to this program"
        );
    }
}
