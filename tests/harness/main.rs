//! Tests of the test parts themselves: a camera or broker that is not what it claims would make every other result worthless.
#![allow(
    clippy::unwrap_used,
    reason = "in a test a failed step is a failed test"
)]

mod broker;
mod camera;
mod truth;
