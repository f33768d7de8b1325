//! The durable event log and the road to the centre. The only crate that names sled and rumqttc; knows no camera, no
//! rule and no page.
#![forbid(unsafe_code)]

pub mod clock;
pub mod error;
pub mod export;
pub mod store;
pub mod verify;
pub mod writer;

pub use error::StoreError;
pub use store::{
    EventStore, GapReason, GapRecord, LineKind, LogLine, Query, StoreStats, TimeField, TrimPolicy,
    Trimmed, Unacked,
};
