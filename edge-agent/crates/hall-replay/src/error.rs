//! What can go wrong in a replay, told to a person. Knows no engine.

use hall_wire::timeline::TimelineError;

/// A replay that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The observation file is wrong.
    #[error(transparent)]
    Input(#[from] TimelineError),
    /// The archive cannot be read.
    #[error(transparent)]
    Archive(#[from] hall_archive::ReadError),
    /// A record speaks of something the hall does not have.
    #[error("line {line}: {kind} '{id}' is not in the configuration; it has: {known}")]
    Unknown {
        /// Line number from 1.
        line: u64,
        /// `camera`, `zone` or `sensor`.
        kind: &'static str,
        /// Id as written.
        id: String,
        /// Ids there are.
        known: String,
    },
    /// The end asked for lies before the last record.
    #[error(
        "the end asked for is {early_ms} ms before the record of line {line}; ask for a later one or shorten the file"
    )]
    EndsBefore {
        /// Line number from 1.
        line: u64,
        /// By how much.
        early_ms: i64,
    },
    /// Rules that contradict each other, or are none.
    #[error("line {line}: {reason}")]
    Rules {
        /// Line number from 1.
        line: u64,
        /// Every mistake.
        reason: String,
    },
    /// A restart that begins in the past.
    #[error(
        "line {line}: the process dies {early_ms} ms before the record before it; give a later 'last', or end what repeats by then"
    )]
    DiesBefore {
        /// Line number from 1.
        line: u64,
        /// By how much.
        early_ms: i64,
    },
    /// The engine asked to be woken at the same instant for ever.
    #[error(
        "the engine did not get past {at_ms} ms (Unix time) after line {line}; this is a bug, please report it with the file"
    )]
    Stuck {
        /// Line number from 1.
        line: u64,
        /// Unix milliseconds.
        at_ms: i64,
    },
}
