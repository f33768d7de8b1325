//! Vision against real parts: real models, real pictures, real cameras served over RTSP.

mod material;
mod models;
mod reference;
