//! The durable event log and the road to the centre. The only crate that names sled; knows no camera, no
//! rule and no page.
#![forbid(unsafe_code)]

mod certificates;
mod client;
pub mod clock;
pub mod cloudevent;
pub mod command;
mod connect;
pub mod error;
pub mod export;
pub mod home_assistant;
mod mqtt;
pub mod outbox;
pub mod pace;
mod retained;
pub mod rollups;
mod session;
mod states;
pub mod store;
pub mod tls;
pub mod topics;
pub mod verify;
pub mod verify_pack;
pub mod wire;
pub mod writer;

pub use connect::{MqttVersion, UplinkConfig};
pub use error::{StoreError, UplinkError};
pub use mqtt::{Commands, Uplink, UplinkStatus};
pub use outbox::{AckBy, Mode};
pub use store::{
    EventStore, GapReason, GapRecord, LineKind, LogLine, Query, StoreStats, TimeField, TrimPolicy,
    Trimmed, Unacked,
};
pub use tls::{Certificate, CertificateRole, ClientFiles, Tls, certificates, transport};
pub use wire::LiveState;
pub use writer::StoreWriter;
