//! Ticket machines with how to hear them. Knows neither files nor devices.

use std::path::PathBuf;

use hall_core::ids::{QueueId, WindowId};
use hall_core::observe::TicketState;

use crate::secret::Secret;

/// A ticket machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketSource {
    /// Id.
    pub id: String,
    /// How it is heard.
    pub adapter: TicketAdapter,
    /// Seconds of silence after which it counts as down.
    pub stale_s: u32,
    /// Fields and what the machine calls them, where it has names of its own.
    pub names: TicketNames,
    /// The machine's words for states, besides the usual ones.
    pub states: Vec<(String, TicketState)>,
    /// The queues it feeds, by its names for them; never empty.
    pub queues: Vec<(String, QueueId)>,
    /// Windows by its names for them; ids of all windows are among them.
    pub windows: Vec<(String, WindowId)>,
}

/// How a ticket machine is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketAdapter {
    /// It sends what happens by HTTP.
    Http {
        /// What it proves itself with.
        token: Secret,
    },
    /// It publishes what happens on the sensor broker.
    Mqtt {
        /// Topic, without wildcards.
        topic: String,
        /// Topic with online and offline.
        availability_topic: Option<String>,
    },
    /// It puts CSV files into a folder.
    Csv {
        /// The folder.
        folder: PathBuf,
        /// Days for which files taken in are kept.
        keep_days: u32,
    },
}

/// What a machine calls the fields of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketNames {
    /// Queue.
    pub queue: String,
    /// Number as printed.
    pub ticket: String,
    /// Window.
    pub window: String,
    /// State.
    pub state: String,
    /// When it was taken.
    pub taken_at: String,
    /// When it was called.
    pub called_at: String,
    /// When service began.
    pub start_at: String,
    /// When service ended.
    pub end_at: String,
    /// People who came with it.
    pub party: String,
}
