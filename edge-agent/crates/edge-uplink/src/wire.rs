//! Payloads of the uplink itself, v1, and the states it is given to publish. Knows no transport.

use std::collections::BTreeMap;

use hall_wire::schema::{Count, Instant, One, Sha256Hex, Ulid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// No payload is larger (contract v1).
pub const PAYLOAD_MAX_BYTES: usize = 16 * 1024 - 1;

/// Payload of `status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Status {
    /// Format version: 1.
    #[schemars(with = "One")]
    pub v: u32,
    /// The box is connected.
    pub online: bool,
    /// ULID of the connection, the same in its birth, will and farewell. Ignore an `online` of false whose session is not that of the
    /// last `online` of true: it is the late will of an older connection.
    #[schemars(with = "Ulid")]
    pub session: String,
    /// When this was written; in a will, when that connection was begun.
    #[schemars(with = "Instant")]
    pub at: String,
    /// Why offline, only with `online` of false: `connection_lost` (the will: power, network or process gone) or `stopping` (an orderly end).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<OfflineWord>")]
    pub reason: Option<&'static str>,
}

/// Schema of why a box is offline.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[allow(dead_code, reason = "only its schema is used")]
enum OfflineWord {
    ConnectionLost,
    Stopping,
}

impl Status {
    /// Payload as JSON.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("invariant: plain fields are JSON")
    }
}

/// Payload of `ack`: what the centre has for good.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct AckRecord {
    /// Format version: 1.
    #[schemars(with = "One")]
    pub v: u32,
    /// The centre has everything up to this sequence number for good; 0: nothing yet.
    #[schemars(with = "Count")]
    pub acked_seq: u64,
    /// What `data.prev` of the record after it holds (of a record its `data.hash`, of a gap its `data.chain`): only who has it can know it.
    /// Null or left out: not said.
    #[schemars(with = "Option<Sha256Hex>")]
    pub hash: Option<String>,
}

/// What is published retained, prepared by the agent. A value is published when it changes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LiveState {
    /// Payload of `meta`; null for none.
    pub meta: serde_json::Value,
    /// Payloads of `state/window/{id}`.
    pub windows: BTreeMap<String, serde_json::Value>,
    /// Payloads of `state/queue/{id}`.
    pub queues: BTreeMap<String, serde_json::Value>,
    /// Payload of `summary/live`.
    pub summary: Option<serde_json::Value>,
}
