//! The last half hour in samples.

use serde::Serialize;
use utoipa::ToSchema;

use super::WindowStateDto;

/// Window states and queue lengths at equal steps, oldest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HistoryDto {
    /// Format version: 1.
    pub v: u32,
    /// Time between two samples, in milliseconds.
    pub step_ms: u64,
    /// Samples held now.
    pub samples: usize,
    /// Samples held at most.
    pub max_samples: usize,
    /// Time of the last sample, RFC 3339; null while there is none.
    pub to: Option<String>,
    /// Windows in display order.
    pub windows: Vec<WindowHistoryDto>,
    /// Queues in display order.
    pub queues: Vec<QueueHistoryDto>,
}

/// One window's states as runs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WindowHistoryDto {
    /// Window id.
    pub window: String,
    /// Runs, oldest first; their samples add up to `samples`.
    pub runs: Vec<StateRunDto>,
}

/// Successive samples of the same state.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StateRunDto {
    /// State; null while the window was not configured.
    pub state: Option<WindowStateDto>,
    /// How many samples.
    pub samples: u32,
}

/// One queue's lengths.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QueueHistoryDto {
    /// Queue id.
    pub queue: String,
    /// Length per sample; null where nothing was known.
    pub lengths: Vec<Option<u32>>,
}
