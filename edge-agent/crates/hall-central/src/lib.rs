//! The reference subscriber: follows any part of the topic tree, checks what boxes publish, and passes each record on once.
//!
//! `message`, `schemas`, `runs`, `watch`, `ack` and `report` are pure: they are told what arrived and when. `follow`, `journal`, `ndjson` and
//! `postgres` touch the world. Knows no camera, no rule and nothing of how a box stores.
#![forbid(unsafe_code)]

pub mod ack;
pub mod board;
pub mod follow;
pub mod journal;
pub mod message;
pub mod ndjson;
pub mod postgres;
pub mod report;
pub mod runs;
pub mod schemas;
pub mod watch;

pub use follow::{Follow, FollowConfig, Progress};
pub use message::{Arrived, Message};
pub use report::Report;
pub use watch::{Fault, FaultKind, Fleet};

/// Why the subscriber cannot go on. Trouble with the broker or the database is not among these: both are waited for.
#[derive(Debug, thiserror::Error)]
pub enum CentralError {
    /// A file of its own could not be used.
    #[error(
        "{path}: {source}; what to do: choose a folder this user may write to, with space left"
    )]
    File {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Saved state that is none.
    #[error(
        "{path} is no saved state of this program ({reason}); what to do: move it away to begin anew"
    )]
    State {
        /// Which file.
        path: std::path::PathBuf,
        /// Why.
        reason: String,
    },
    /// The broker's certificate authorities.
    #[error(transparent)]
    Tls(#[from] edge_uplink::UplinkError),
    /// The database's address, or its tables.
    #[error(
        "the database cannot be used ({0}); what to do: check --postgres and apply edge-agent/docs/mqtt/central.sql"
    )]
    Database(String),
    /// An acknowledgement promises that records are kept.
    #[error(
        "nothing here keeps the records that would be acknowledged; what to do: give --state, and --postgres or --ndjson, together with --ack"
    )]
    NothingKept,
}
