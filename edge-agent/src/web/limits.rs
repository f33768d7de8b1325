//! What the server allows a client: counts and times, in one place.

use std::time::Duration;

/// Bounds on connections, streams and waits.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// Connections at a time; more wait in the accept queue of the kernel.
    pub max_connections: usize,
    /// Live streams at a time; more get 503.
    pub max_streams: usize,
    /// A connection that moves no byte for this long is closed: slow live clients, idle keep-alive, half-sent requests.
    pub stall: Duration,
    /// Least time between two snapshots on one live stream.
    pub snapshot_gap: Duration,
    /// A snapshot is sent at least this often; below `stall`, so that a healthy stream is never taken for a stalled one.
    pub heartbeat: Duration,
    /// Requests that may still finish after the stop.
    pub drain_cap: Duration,
    /// Longest wait for pictures, store reads and the event index.
    pub source_wait: Duration,
    /// Longest wait for kept figures: a report reads three months of days. Below `stall`, which would cut the connection.
    pub figures_wait: Duration,
    /// Longest wait for an order or for a password to be checked: then the client is told to give it again.
    pub order_wait: Duration,
    /// Time between two samples of the history.
    pub history_step: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_connections: 256,
            max_streams: 64,
            stall: Duration::from_secs(30),
            snapshot_gap: Duration::from_millis(500),
            heartbeat: Duration::from_secs(3),
            drain_cap: Duration::from_secs(1),
            source_wait: Duration::from_secs(5),
            figures_wait: Duration::from_secs(25),
            order_wait: Duration::from_secs(10),
            history_step: Duration::from_secs(10),
        }
    }
}
