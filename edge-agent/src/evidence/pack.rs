//! The file itself: JSON lines. The first says what it is and under which hashes the event was judged, then come the revisions as sealed
//! in the event log, then the trace, and the last is the hash over all lines before it. `edge-agent verify` checks all of them.

use edge_config::Config;
use edge_uplink::store::codec;
use hall_wire::event::SealedRecord;
use hall_wire::seal::sha256_hex;
use serde_json::{Value, json};

use super::trace::Trace;

/// A pack as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack(Vec<u8>);

impl Pack {
    pub(super) fn new(
        config: &Config,
        model_sha256: &str,
        at: String,
        revisions: &[SealedRecord],
        trace: Trace,
    ) -> Self {
        let rules = &config.engine.rules;
        let event = revisions.first().map(|r| r.record.event_id.as_str());
        let head = json!({
            "v": 1, "kind": "evidence", "event": event, "hall": config.hall.id, "box": config.box_id, "at": at,
            "agent": env!("CARGO_PKG_VERSION"),
            "rule": format!("{}@{}", rules.name, rules.revision),
            "config_sha256": config.sha256, "model_sha256": model_sha256,
            "revisions": revisions.len(), "from": trace.from, "to": trace.to, "trace": trace.lines.len(), "trace_says": trace.says,
        });
        let mut lines = vec![head.to_string()];
        // Sealed again byte for byte: the canonical form of a record is one.
        lines.extend(revisions.iter().filter_map(|sealed| {
            codec::seal(sealed.seq, &sealed.record, &sealed.prev)
                .ok()
                .map(|(_, line)| line)
        }));
        lines.extend(trace.lines.iter().map(Value::to_string));
        let mut bytes = (lines.join("\n") + "\n").into_bytes();
        let end =
            json!({"v": 1, "kind": "end", "lines": lines.len(), "sha256": sha256_hex(&bytes)});
        bytes.extend_from_slice(format!("{end}\n").as_bytes());
        Pack(bytes)
    }

    #[cfg(test)]
    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        Pack(bytes.to_vec())
    }

    /// The file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// SHA-256 of the file, hex.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256_hex(&self.0)
    }
}
