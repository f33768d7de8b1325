//! Events and gaps as CloudEvents 1.0 in structured JSON. The record inside is the stored bytes. Pure.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::store::{GapRecord, LineKind, LogLine};

/// `sequence` is text that sorts like the number (CloudEvents sequence extension): zero-padded to the digits of a u64.
const SEQUENCE_DIGITS: usize = 20;

#[derive(Serialize)]
struct Envelope<'a> {
    specversion: &'static str,
    id: String,
    source: &'a str,
    #[serde(rename = "type")]
    kind: String,
    time: &'a str,
    subject: String,
    sequence: String,
    datacontenttype: &'static str,
    data: Box<RawValue>,
}

/// The facts of a record that the envelope repeats.
#[derive(Deserialize)]
pub(crate) struct Facts {
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
pub(crate) fn facts(line: &LogLine) -> Option<Facts> {
    match line.kind {
        LineKind::Event => serde_json::from_str(&line.json).ok(),
        LineKind::Gap => None,
    }
}

/// The published form of an event line, or `None` when it cannot be made: the line is not JSON.
pub(crate) fn event(line: &LogLine, facts: &Facts, source: &str, late: bool) -> Option<String> {
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
        data: with_late(&line.json, late)?,
    };
    serde_json::to_string(&envelope).ok()
}

/// The published form of a gap.
pub(crate) fn gap(
    gap: &GapRecord,
    hall: &str,
    box_id: &str,
    source: &str,
    late: bool,
) -> Option<String> {
    let envelope = Envelope {
        specversion: "1.0",
        id: format!("{hall}/{box_id}/gap/{}-{}", gap.from, gap.to),
        source,
        kind: "hall.log.gap.v1".into(),
        time: &gap.at,
        subject: "log".into(),
        sequence: sequence(gap.to),
        datacontenttype: "application/json",
        data: with_late(&gap.line(), late)?,
    };
    serde_json::to_string(&envelope).ok()
}

fn sequence(seq: u64) -> String {
    format!("{seq:0SEQUENCE_DIGITS$}")
}

/// The stored line with `late` as its last member: without it the receiver has the hashed bytes again.
fn with_late(json: &str, late: bool) -> Option<Box<RawValue>> {
    let open = json.strip_suffix('}')?;
    RawValue::from_string(format!("{open},\"late\":{late}}}")).ok()
}
