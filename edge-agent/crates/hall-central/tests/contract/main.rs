//! The published contract (`edge-agent/docs/mqtt`): its schemas are those of the code, and everything that is published satisfies them.
//! `BLESS=1 cargo test -p hall-central --test contract` writes the schemas anew; read the difference before keeping it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod codes;
mod document;
mod generate;
mod payloads;
mod scenarios;

use std::path::{Path, PathBuf};

/// `edge-agent/docs/mqtt`.
fn docs() -> PathBuf {
    crates().join("../docs/mqtt")
}

/// `edge-agent/crates`.
fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
