//! Follows people from picture to picture of one camera, so that one missed detection is not somebody leaving. Owns track
//! numbers; knows no zones, no windows and nothing about who a person is. Numbers live only in memory.

mod assign;
mod kalman;
mod tracker;

pub use tracker::{Track, TrackState, Tracker, TrackerConfig};

#[cfg(test)]
mod tests;
