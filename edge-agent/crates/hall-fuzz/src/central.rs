//! Messages as the reference subscriber reads them. The topic, a line end, and the payload.

use edge_uplink::wire::PAYLOAD_MAX_BYTES;
use hall_central::message::{Arrived, Message, read, split_topic};
use hall_central::watch::Fleet;

use crate::fixture::files;

const PREFIX: &str = "hall/v1";
const SOURCE: &str = "/51/5119/511921/511921-001/b1";

pub(crate) fn central(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (topic, payload) = text.split_once('\n').unwrap_or((text, ""));
    if let Some((source, leaf)) = split_topic(PREFIX, topic) {
        assert_eq!(
            format!("{PREFIX}{source}/{leaf}"),
            topic,
            "nothing of a topic is lost"
        );
        if let Ok(message) = read(source, leaf, payload) {
            assert!(payload.len() <= PAYLOAD_MAX_BYTES || message == Message::Ours);
        }
    }
    // Twice, and again: a subscriber must live with repetitions.
    let mut fleet = Fleet::new(PREFIX, Some(60_000));
    for at in 0..3 {
        let arrived = Arrived {
            topic: topic.into(),
            payload: payload.into(),
            retained: at == 0,
            at_unix_ms: 1_789_956_000_000 + at,
        };
        fleet.take(&arrived);
    }
    let saved = serde_json::to_vec(&fleet).unwrap();
    assert!(
        serde_json::from_slice::<Fleet>(&saved).is_ok(),
        "what it knows can be saved"
    );
}

/// The payloads whose form is held by golden files.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let mut seed = |leaf: &str, payload: &[u8]| {
        seeds.push([format!("{PREFIX}{SOURCE}/{leaf}\n").as_bytes(), payload].concat());
    };
    for (name, payload) in files("edge-uplink/tests/golden") {
        let leaf = if name.starts_with("status") {
            "status"
        } else {
            "event"
        };
        seed(leaf, payload.trim_ascii_end());
    }
    for (name, payload) in files("hall-wire/tests/golden") {
        let leaf = match name.as_str() {
            "rollup" => "summary/15min",
            "state-queue" => "state/queue/SB",
            "state-window" => "state/window/W3",
            "summary" => "summary/live",
            _ => "meta",
        };
        seed(leaf, payload.trim_ascii_end());
    }
    seed("reply/tx-1", br#"{"v":1,"tx":"tx-1","result":"done"}"#);
    seed("state/window/W%2F1", b"");
    seed("ack", b"{}");
    seeds
}
