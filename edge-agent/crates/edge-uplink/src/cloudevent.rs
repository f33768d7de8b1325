//! Events and gaps as CloudEvents 1.0 in structured JSON. The record inside is the stored bytes. Pure.

use hall_wire::schema::{Instant, JsonMedia, Sequence, SpecVersion};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::store::{GapRecord, LineKind, LogLine};

/// `sequence` is text that sorts like the number (CloudEvents sequence extension): zero-padded to the digits of a u64.
const SEQUENCE_DIGITS: usize = 20;

/// An envelope without its data is about this long.
const ENVELOPE_BYTES: usize = 512;

/// A message on `event`: a CloudEvent 1.0 in structured JSON.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Envelope<'a, D> {
    /// Version of CloudEvents.
    #[schemars(with = "SpecVersion")]
    specversion: &'static str,
    /// `{hall}/{box}/{event_id}/{rev}`, of a gap `{hall}/{box}/gap/{from}-{to}`: the de-duplication key. The same id always carries the same
    /// content but for `late`.
    id: String,
    /// `/{area…}/{hall}/{box}`: the topic without its prefix.
    source: &'a str,
    /// `hall.{subject kind}.{code}.{phase}.v1`, of a gap `hall.log.gap.v1`.
    #[serde(rename = "type")]
    kind: String,
    /// When this revision was made.
    #[schemars(with = "Instant")]
    time: &'a str,
    /// `{kind}/{id}` of what the event is about; `log` of a gap.
    subject: String,
    /// `data.seq` as 20 digits, so that the order of the texts is that of the numbers.
    #[schemars(with = "Sequence")]
    sequence: String,
    /// Media type of `data`.
    #[schemars(with = "JsonMedia")]
    datacontenttype: &'static str,
    /// The record as stored, and `late`.
    data: D,
}

/// What is in `data`: the stored record and, as its last member, whether it is late. Without `late` it is byte for byte what was hashed.
#[derive(JsonSchema)]
#[allow(
    dead_code,
    reason = "`data` is written as the stored bytes; this is its schema"
)]
pub struct Data<R> {
    #[serde(flatten)]
    record: R,
    /// True when the record was stored before the present connection began, or is older than 60 s when sent. All times are the original ones.
    late: bool,
}

/// An event or a gap to publish.
#[derive(Debug, Clone)]
pub struct CloudEvent<'a> {
    /// All but the data.
    envelope: Envelope<'a, ()>,
    /// The stored line with `late` as its last member, as it is.
    data: String,
}

impl CloudEvent<'_> {
    /// Structured JSON; `None` when it cannot be made.
    #[must_use]
    pub fn json(&self) -> Option<String> {
        let mut json = Vec::with_capacity(self.data.len() + ENVELOPE_BYTES);
        serde_json::to_writer(&mut json, &self.envelope).ok()?;
        // The line is JSON already: it takes the place of the null that stands for it.
        json.truncate(json.strip_suffix(b"null}")?.len());
        json.extend_from_slice(self.data.as_bytes());
        json.push(b'}');
        String::from_utf8(json).ok()
    }

    /// The attributes for whoever routes without reading the payload.
    #[must_use]
    pub fn attributes(&self) -> Vec<(String, String)> {
        let it = &self.envelope;
        [
            ("specversion", it.specversion),
            ("id", &it.id),
            ("source", it.source),
            ("type", &it.kind),
            ("time", it.time),
            ("subject", &it.subject),
            ("sequence", &it.sequence),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }
}

/// The facts of a record that the envelope repeats.
#[derive(Debug, Clone, Deserialize)]
pub struct Facts {
    event_id: String,
    rev: u32,
    hall: String,
    #[serde(rename = "box")]
    box_id: String,
    subject_kind: String,
    subject: String,
    code: String,
    phase: String,
    /// When the revision was made.
    pub(crate) updated: String,
}

/// The facts of an event line; `None` when it is no event of this form.
#[must_use]
pub fn facts(line: &LogLine) -> Option<Facts> {
    match line.kind {
        LineKind::Event => serde_json::from_str(&line.json).ok(),
        LineKind::Gap => None,
    }
}

/// The published form of an event line, or `None` when it cannot be made: the line is not JSON.
#[must_use]
pub fn event<'a>(
    line: &LogLine,
    facts: &'a Facts,
    source: &'a str,
    late: bool,
) -> Option<CloudEvent<'a>> {
    let envelope = Envelope {
        specversion: "1.0",
        id: format!(
            "{}/{}/{}/{}",
            facts.hall, facts.box_id, facts.event_id, facts.rev
        ),
        source,
        kind: format!(
            "hall.{}.{}.{}.v1",
            facts.subject_kind, facts.code, facts.phase
        ),
        time: &facts.updated,
        subject: format!("{}/{}", facts.subject_kind, facts.subject),
        sequence: sequence(line.seq),
        datacontenttype: "application/json",
        data: (),
    };
    Some(CloudEvent {
        envelope,
        data: with_late(&line.json, late)?,
    })
}

/// The published form of a gap.
#[must_use]
pub fn gap<'a>(
    gap: &'a GapRecord,
    hall: &str,
    box_id: &str,
    source: &'a str,
    late: bool,
) -> Option<CloudEvent<'a>> {
    let envelope = Envelope {
        specversion: "1.0",
        id: format!("{hall}/{box_id}/gap/{}-{}", gap.from, gap.to),
        source,
        kind: "hall.log.gap.v1".into(),
        time: &gap.at,
        subject: "log".into(),
        sequence: sequence(gap.to),
        datacontenttype: "application/json",
        data: (),
    };
    Some(CloudEvent {
        envelope,
        data: with_late(&gap.line(), late)?,
    })
}

fn sequence(seq: u64) -> String {
    format!("{seq:0SEQUENCE_DIGITS$}")
}

/// The stored line, which is an object of ours, with `late` as its last member.
fn with_late(json: &str, late: bool) -> Option<String> {
    let open = json.strip_suffix('}')?;
    let late = if late {
        ",\"late\":true}"
    } else {
        ",\"late\":false}"
    };
    Some([open, late].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::WallTime;
    use crate::store::GapReason;
    use crate::store::codec::{GENESIS, hash_holds, seal};
    use hall_core::event::{
        EndReason, Event, EventCode, EventId, Level, Phase, Review, Subject, Tag,
    };
    use hall_core::time::{HallTime, WallClock};
    use hall_wire::event::{ClockQuality, EventRecord, RecordContext};

    const SOURCE: &str = "/51/5119/511921/511921-001/b1";
    /// 2026-09-21T10:00:00+08:00.
    const T0: i64 = 1_789_956_000_000;

    fn record(subject: Subject, code: EventCode, phase: Phase) -> EventRecord {
        let stamp = |s: i64| WallClock::unix(28_800).stamp(HallTime(T0 + 1000 * s));
        let cleared = phase == Phase::Cleared;
        let event = Event {
            id: EventId(0x0199_6A3F_1234_5678_9ABC_DEF0_1234_5678),
            rev: if cleared { 3 } else { 1 },
            code,
            subject,
            level: match code {
                EventCode::CameraOffline => Level::Fault,
                EventCode::QueueLong => Level::Warn,
                _ => Level::Notice,
            },
            phase,
            onset: stamp(0),
            raised: stamp(300),
            updated: stamp(if cleared { 500 } else { 300 }),
            end: cleared.then(|| stamp(440)),
            end_reason: cleared.then_some(EndReason::Returned),
            duration_ms: if cleared { 440_000 } else { 300_000 },
            absent_ms: 300_000,
            unobserved_ms: 0,
            brief_returns: 1,
            customers_max: 2,
            peak: (code == EventCode::QueueLong).then_some(12),
            evidence_sources: vec!["video:cam2".into(), "seat:W3-seat".into()],
            confidence: 0.97,
            rule: "P0@7".into(),
            tags: if cleared {
                vec![Tag::EarlyClose]
            } else {
                vec![]
            },
            related: vec![],
            review: Review::Suspected,
            revision: None,
            mitigated_at: None,
            wait_est_ms: None,
        };
        EventRecord::new(
            &event,
            &RecordContext {
                hall: "511921-001".into(),
                box_id: "b1".into(),
                config_sha256: "ab".repeat(32),
                model_sha256: "cd".repeat(32),
                clock: ClockQuality {
                    synced: true,
                    offset_ms: 12,
                },
                audit_head: None,
            },
        )
    }

    /// Compares with `tests/golden/{name}.json`, or writes it when `BLESS` is set.
    fn golden(name: &str, text: &str) {
        let path = format!("{}/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, format!("{text}\n")).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            expected.trim_end(),
            "{path}: the published contract changed; BLESS=1 writes the new form"
        );
        assert!(text.len() < 16 * 1024);
    }

    #[test]
    fn published_forms_are_those_of_contract_v1() {
        let rows = [
            (
                "event_unstaffed_raised",
                Subject::Window("W3".into()),
                EventCode::Unstaffed,
                Phase::Raised,
                false,
            ),
            (
                "event_unstaffed_cleared",
                Subject::Window("W3".into()),
                EventCode::Unstaffed,
                Phase::Cleared,
                true,
            ),
            (
                "event_queue_long_raised",
                Subject::Queue("Q1".into()),
                EventCode::QueueLong,
                Phase::Raised,
                false,
            ),
            (
                "event_camera_offline_raised",
                Subject::Camera("cam2".into()),
                EventCode::CameraOffline,
                Phase::Raised,
                false,
            ),
        ];
        for (name, subject, code, phase, late) in rows {
            let (sealed, json) = seal(48_213, &record(subject, code, phase), GENESIS).unwrap();
            let line = LogLine {
                from: sealed.seq,
                seq: sealed.seq,
                kind: LineKind::Event,
                json: json.clone(),
            };
            let facts = facts(&line).unwrap();
            let text = event(&line, &facts, SOURCE, late).unwrap().json().unwrap();
            golden(name, &text);
            // The receiver can check the record: without `late` it is what was hashed.
            let data = text
                .split_once("\"data\":")
                .unwrap()
                .1
                .strip_suffix("}")
                .unwrap();
            let stored = data.replace(&format!(",\"late\":{late}}}"), "}");
            assert_eq!(stored, json);
            assert!(hash_holds(stored.as_bytes()));
        }
        let at = WallTime {
            unix_ms: T0,
            utc_offset_s: 28_800,
        };
        let dropped = GapRecord::new(5, 620, GapReason::Retention, at, &"ef".repeat(32));
        golden(
            "gap_retention",
            &gap(&dropped, "511921-001", "b1", SOURCE, true)
                .unwrap()
                .json()
                .unwrap(),
        );
    }

    #[test]
    fn status_payloads_are_those_of_contract_v1() {
        let status = |online, reason| {
            crate::wire::Status {
                v: 1,
                online,
                session: "01K5NM8Y00ABCDEFGHJKMNPQRS".into(),
                at: "2026-09-21T10:00:00.000+08:00".into(),
                reason,
            }
            .json()
        };
        golden("status_online", &status(true, None));
        golden("status_lost", &status(false, Some("connection_lost")));
        golden("status_stopping", &status(false, Some("stopping")));
    }
}
