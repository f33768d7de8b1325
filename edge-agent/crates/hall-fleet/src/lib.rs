//! Thousands of boxes in one process, to try a broker and a centre: each has the real engine on a scripted day, a log of its own
//! and the real uplink. What is simulated is what people do; cameras, sensors and disks are left out.
//!
//! Logs are in memory unless a folder is given: a thousand databases on one disk would measure that disk. `MemStore` keeps the same
//! contract as the box's own store (the same tests run on both), but for surviving the process.
#![forbid(unsafe_code)]

pub mod cpu;
pub mod day;
pub mod deaths;
mod figures;
pub mod fleet;
mod gate;
mod meta;
pub mod place;
mod sim;
mod worker;

pub use deaths::{Deaths, Spread, Wills};
pub use fleet::{Fleet, FleetConfig, Outage, Outcome, Progress};

/// Why the fleet cannot run.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// The scripted hall's own configuration.
    #[error("the scripted hall is not accepted: {0}")]
    Hall(String),
    /// A temporary file or a socket of its own.
    #[error(
        "the fleet could not be set up: {0}; what to do: allow as many open files as three times the halls (ulimit -n)"
    )]
    Io(#[from] std::io::Error),
    /// An uplink that cannot work whatever the network does.
    #[error(transparent)]
    Uplink(#[from] edge_uplink::UplinkError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] hall_replay::ReplayError),
    /// A log.
    #[error(transparent)]
    Store(#[from] edge_uplink::StoreError),
}
