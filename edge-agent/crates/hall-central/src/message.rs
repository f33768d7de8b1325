//! What arrived on a topic, checked for its form: contract v1, as docs/mqtt.md tells it. Pure.

use edge_uplink::GapRecord;
use edge_uplink::store::codec::hash_holds;
use edge_uplink::wire::PAYLOAD_MAX_BYTES;
use hall_wire::event::SealedRecord;
use hall_wire::rollup::RollupRecord;
use hall_wire::state::{QueueStateRecord, WindowStateRecord};
use hall_wire::summary::SummaryRecord;
use hall_wire::time::parse_rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::schemas::Schemas;

/// One message as the broker gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    /// Topic.
    pub topic: String,
    /// Payload.
    pub payload: String,
    /// Kept by the broker from before the subscription.
    pub retained: bool,
    /// When it arrived, Unix milliseconds by the subscriber's clock.
    pub at_unix_ms: i64,
}

/// Payload of `status`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusRecord {
    /// Format version: 1.
    pub v: u32,
    /// Connected.
    pub online: bool,
    /// ULID of the connection.
    pub session: String,
    /// When it was written.
    pub at: String,
    /// Why offline.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A sealed event record and what the envelope adds.
#[derive(Debug, Clone, PartialEq)]
pub struct EventMessage {
    /// De-duplication key.
    pub id: String,
    /// The record.
    pub record: SealedRecord,
    /// Stored before the connection began, or older than a minute when sent.
    pub late: bool,
    /// Its content has its hash.
    pub hash_holds: bool,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Online or not.
    Status(StatusRecord),
    /// What the box is and has.
    Meta(Value),
    /// A window now.
    Window(Box<WindowStateRecord>),
    /// A queue now.
    Queue(Box<QueueStateRecord>),
    /// The last minute.
    Summary(Box<SummaryRecord>),
    /// Figures of a period.
    Rollup(Box<RollupRecord>),
    /// One revision of an event.
    Event(Box<EventMessage>),
    /// Numbers that cannot be delivered any more, under their id.
    Gap(String, GapRecord, bool),
    /// An answer to a command.
    Reply(Value),
    /// A retained topic was cleared.
    Cleared,
    /// What the centre writes itself.
    Ours,
}

/// CloudEvents `source` of a topic under `prefix`, and the rest of the topic; `None`: it is not of this tree.
#[must_use]
pub fn split_topic<'t>(prefix: &str, topic: &'t str) -> Option<(&'t str, &'t str)> {
    let path = topic.strip_prefix(prefix)?;
    let cuts: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
    let level = |n: usize| {
        let from = cuts.get(n)? + 1;
        path.get(from..cuts.get(n + 1).copied().unwrap_or(path.len()))
    };
    let last = cuts.len().checked_sub(1)?;
    let leaf_levels = if last >= 2 && level(last - 2) == Some("state") {
        3
    } else if last >= 1 && matches!(level(last - 1), Some("summary" | "reply" | "cmd")) {
        2
    } else {
        1
    };
    let cut = *cuts.get(cuts.len().checked_sub(leaf_levels)?)?;
    // A hall and a box at least.
    (path.starts_with('/') && path[..cut].matches('/').count() >= 2)
        .then(|| (&path[..cut], &path[cut + 1..]))
}

/// Reads a message of the box `source`.
///
/// # Errors
/// What is not as the contract says, in words.
pub fn read(source: &str, leaf: &str, payload: &str) -> Result<Message, String> {
    if payload.len() > PAYLOAD_MAX_BYTES {
        return Err(format!("{} bytes are too many", payload.len()));
    }
    if leaf.starts_with("cmd/") || leaf == "ack" {
        return Ok(Message::Ours);
    }
    Schemas::published().check_leaf(leaf, payload)?;
    if payload.is_empty() {
        return Ok(Message::Cleared);
    }
    match leaf {
        "status" => status(payload).map(Message::Status),
        "meta" => of_box(source, json::<Value>(payload)?).map(Message::Meta),
        "event" => event(source, payload),
        "summary/live" => checked(source, payload, "summary").map(Message::Summary),
        _ if leaf.starts_with("state/window/") => {
            checked(source, payload, "window").map(Message::Window)
        }
        _ if leaf.starts_with("state/queue/") => {
            checked(source, payload, "queue").map(Message::Queue)
        }
        _ if leaf.starts_with("summary/") => {
            checked(source, payload, "rollup").map(Message::Rollup)
        }
        _ if leaf.starts_with("reply/") => json(payload).map(Message::Reply),
        _ => Err("the contract knows no such topic".into()),
    }
}

fn json<'p, T: Deserialize<'p>>(payload: &'p str) -> Result<T, String> {
    serde_json::from_str(payload).map_err(|e| e.to_string())
}

/// A payload of one form: version, kind and box as they must be.
fn checked<T: serde::de::DeserializeOwned>(
    source: &str,
    payload: &str,
    kind: &str,
) -> Result<Box<T>, String> {
    let value = of_box(source, json::<Value>(payload)?)?;
    if value["kind"] != kind {
        return Err(format!("kind is {}, not \"{kind}\"", value["kind"]));
    }
    serde_json::from_value(value)
        .map(Box::new)
        .map_err(|e| e.to_string())
}

fn of_box(source: &str, value: Value) -> Result<Value, String> {
    if value["v"] != 1 {
        return Err(format!("v is {}, not 1", value["v"]));
    }
    for key in ["at", "from", "to"] {
        if let Some(text) = value.get(key).and_then(Value::as_str) {
            parse_rfc3339(text).map_err(|e| format!("{key}: {e}"))?;
        }
    }
    let (hall, box_id) = (value["hall"].as_str(), value["box"].as_str());
    match (hall, box_id) {
        (Some(hall), Some(box_id)) if source.ends_with(&format!("/{hall}/{box_id}")) => Ok(value),
        _ => Err(format!(
            "hall {hall:?} and box {box_id:?} are not those of the topic"
        )),
    }
}

fn status(payload: &str) -> Result<StatusRecord, String> {
    let status: StatusRecord = json(payload)?;
    parse_rfc3339(&status.at).map_err(|e| e.to_string())?;
    let reason = status.reason.as_deref();
    let fits = match status.online {
        true => reason.is_none(),
        false => matches!(reason, Some("connection_lost" | "stopping")),
    };
    if status.v == 1 && status.session.len() == 26 && fits {
        Ok(status)
    } else {
        Err("v, session or reason is not as it must be".into())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'p> {
    specversion: &'p str,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    time: String,
    subject: String,
    sequence: String,
    datacontenttype: &'p str,
    #[serde(borrow)]
    data: &'p RawValue,
}

fn event(source: &str, payload: &str) -> Result<Message, String> {
    let envelope: Envelope<'_> = json(payload)?;
    let data = envelope.data.get();
    let (late, open) = [(false, ",\"late\":false}"), (true, ",\"late\":true}")]
        .into_iter()
        .find_map(|(late, tail)| Some((late, data.strip_suffix(tail)?)))
        .ok_or("late is not the last member of data")?;
    let stored = format!("{open}}}");
    let hash_holds = hash_holds(stored.as_bytes());
    let fits = |what: &str, found: &str, wanted: &str| {
        let words = || format!("{what} is '{found}', not '{wanted}'");
        (found == wanted).then_some(()).ok_or_else(words)
    };
    fits("specversion", envelope.specversion, "1.0")?;
    fits(
        "datacontenttype",
        envelope.datacontenttype,
        "application/json",
    )?;
    fits("source", &envelope.source, source)?;
    parse_rfc3339(&envelope.time).map_err(|e| e.to_string())?;
    if envelope.kind == "hall.log.gap.v1" {
        let gap: GapRecord = json(&stored)?;
        if gap.from > gap.to || gap.to != gap.seq || !hash_holds {
            return Err("a gap that contradicts itself".into());
        }
        let mut levels = source.rsplit('/');
        let (box_id, hall) = (levels.next(), levels.next());
        let (hall, box_id) = (hall.unwrap_or_default(), box_id.unwrap_or_default());
        let id = format!("{hall}/{box_id}/gap/{}-{}", gap.from, gap.to);
        fits("id", &envelope.id, &id)?;
        fits("sequence", &envelope.sequence, &format!("{:020}", gap.to))?;
        return Ok(Message::Gap(id, gap, late));
    }
    let record: SealedRecord = json(&stored)?;
    let r = &record.record;
    let id = format!("{}/{}/{}/{}", r.hall, r.box_id, r.event_id, r.rev);
    fits("id", &envelope.id, &id)?;
    fits(
        "sequence",
        &envelope.sequence,
        &format!("{:020}", record.seq),
    )?;
    fits("time", &envelope.time, &r.updated)?;
    for time in [&r.onset, &r.raised] {
        parse_rfc3339(time).map_err(|e| e.to_string())?;
    }
    fits(
        "subject",
        &envelope.subject,
        &format!("{}/{}", r.subject_kind, r.subject),
    )?;
    let kind = format!("hall.{}.{}.{}.v1", r.subject_kind, r.code, r.phase);
    fits("type", &envelope.kind, &kind)?;
    if r.v != 1 || !source.ends_with(&format!("/{}/{}", r.hall, r.box_id)) {
        return Err("v, hall or box of data is not that of the topic".into());
    }
    Ok(Message::Event(Box::new(EventMessage {
        id,
        record,
        late,
        hash_holds,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_gives_its_box_whatever_the_depth_of_the_area() {
        let rows = [
            (
                "hall/v1/51/5119/511921/h/b1/event",
                Some(("/51/5119/511921/h/b1", "event")),
            ),
            (
                "hall/v1/h/b1/state/window/W%2F1",
                Some(("/h/b1", "state/window/W%2F1")),
            ),
            (
                "hall/v1/51/h/b1/summary/15min",
                Some(("/51/h/b1", "summary/15min")),
            ),
            (
                "hall/v1/51/h/b1/reply/tx-1",
                Some(("/51/h/b1", "reply/tx-1")),
            ),
            ("hall/v1/b1/status", None),
            ("hall/v2/51/h/b1/status", None),
            ("hall/v1", None),
        ];
        for (topic, wanted) in rows {
            assert_eq!(split_topic("hall/v1", topic), wanted, "{topic}");
        }
    }

    #[test]
    fn what_boxes_really_publish_is_valid() {
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../edge-uplink/tests/golden");
        let mut seen = 0;
        for file in std::fs::read_dir(golden).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let leaf = match name.split('_').next().unwrap() {
                "event" | "gap" => "event",
                "status" => "status",
                _ => continue,
            };
            let text = std::fs::read_to_string(&path).unwrap();
            let source = "/51/5119/511921/511921-001/b1";
            if let Err(why) = read(source, leaf, text.trim_end()) {
                panic!("{name}: {why}");
            }
            seen += 1;
        }
        assert!(seen >= 8, "{seen}");
    }

    #[test]
    fn what_breaks_the_contract_is_refused() {
        let rows = [
            ("status", "{}"),
            (
                "status",
                r#"{"v":1,"online":true,"session":"01K5NM8Y00ABCDEFGHJKMNPQRS","at":"yesterday"}"#,
            ),
            (
                "status",
                r#"{"v":1,"online":false,"session":"01K5NM8Y00ABCDEFGHJKMNPQRS","at":"2026-09-21T10:00:00.000+08:00"}"#,
            ),
            ("meta", r#"{"v":2,"hall":"h","box":"b1"}"#),
            ("meta", r#"{"v":1,"hall":"other","box":"b1"}"#),
            (
                "state/window/W1",
                r#"{"v":1,"kind":"queue","hall":"h","box":"b1"}"#,
            ),
            ("summary/live", "not json"),
            ("event", r#"{"specversion":"1.0"}"#),
            ("nonsense", "{}"),
        ];
        for (leaf, payload) in rows {
            assert!(read("/51/h/b1", leaf, payload).is_err(), "{leaf} {payload}");
        }
        let huge = format!("\"{}\"", "x".repeat(PAYLOAD_MAX_BYTES));
        assert!(read("/51/h/b1", "meta", &huge).is_err());
    }
}
