//! Vision against real parts: real models, real pictures, real cameras served over RTSP.

mod ingest;
mod material;
mod models;
mod reference;
mod rtsp_server;
