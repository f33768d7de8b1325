//! Payloads of the uplink itself, v1, and the states it is given to publish. Knows no transport.

use std::collections::BTreeMap;

use serde::Serialize;

/// No payload is larger (contract v1).
pub const PAYLOAD_MAX_BYTES: usize = 16 * 1024 - 1;

/// Payload of `status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Format version: 1.
    pub v: u32,
    /// The box is connected.
    pub online: bool,
    /// ULID of the connection, the same in birth, will and farewell: a will that arrives after a newer birth is told by it.
    pub session: String,
    /// When this was written: for a will, when the connection was begun.
    pub at: String,
    /// Why offline: `connection_lost` or `stopping`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

impl Status {
    /// Payload as JSON.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("invariant: plain fields are JSON")
    }
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
