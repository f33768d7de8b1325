//! The pure judgement core of edge-agent.
//!
//! Everything here is data in, data out: no clock, no IO, no logging, no serde, no `Result`. Time is an input
//! ([`HallTime`]); what cannot be seen is a value ([`Tri::Unknown`]), never an error and never "unstaffed".
#![forbid(unsafe_code)]

pub mod access;
pub mod account;
pub mod backoff;
pub mod case;
pub mod config;
pub mod detection;
pub mod duty;
pub mod engine;
pub mod erlang;
pub mod event;
pub mod geometry;
pub mod ids;
pub mod leave;
pub mod observe;
pub mod order;
pub mod rating;
pub mod snapshot;
pub mod summary;
pub mod time;
pub mod track;
pub mod tri;
pub mod zones;

pub use time::{HallTime, WallClock};
pub use tri::Tri;
