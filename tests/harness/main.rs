//! Tests of the test parts themselves: a camera or broker that is not what it claims would make every other result worthless.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed step is a failed test, and tests say what they measured and skipped"
)]

mod broker;
mod camera;
mod truth;
