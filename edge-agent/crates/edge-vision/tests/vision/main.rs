//! Vision against real parts: real models, real pictures, real cameras served over RTSP.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed test may panic and a skipped one says so"
)]

mod agreement;
mod ingest;
mod material;
mod models;
mod offline;
mod pool;
mod reference;
mod rtsp_server;
