//! Replays observation files through the engine with simulated time: the tool for field debugging and the harness of the
//! scenario tests are the same code. Knows no clock, no camera, no broker and no store.
#![forbid(unsafe_code)]

mod archive;
mod driver;
mod error;
mod hall;
mod run;
mod shadow;
mod source;

pub use archive::{ArchiveSteps, Asked};
pub use driver::{
    ReplayOptions, ReplayOutput, ReplayStats, figures, replay, replay_steps, replay_with,
};
pub use error::ReplayError;
pub use run::{Run, Start, Step};
pub use shadow::{Comparison, Count, Difference, Seen, compare};
pub use source::{FileSteps, Told};
