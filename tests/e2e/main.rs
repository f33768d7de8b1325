//! End-to-end tests: the real binary with real cameras, a real broker and a real disk.
#![allow(
    clippy::unwrap_used,
    reason = "in a test a failed step is a failed test"
)]
