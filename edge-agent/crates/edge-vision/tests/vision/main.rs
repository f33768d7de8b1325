//! Vision against real parts: real models, real pictures, real cameras served over RTSP.

mod agreement;
mod ingest;
mod material;
mod models;
mod offline;
mod pool;
mod reference;
mod rtsp_server;
