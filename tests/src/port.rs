//! Ports of 127.0.0.1 for servers that cannot report a port of their own choice, or that must come back on the same one.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};

/// Below the range that Linux hands out by itself (32768 up), so that no outgoing connection takes the port of a server that
/// is down for a moment.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// Ports this process has handed out; never twice, so that tests running side by side cannot take each other's.
static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port nobody listens on, not handed out before by this process.
///
/// # Errors
/// When there is none left.
pub fn free_port() -> Result<u16> {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let size = RANGE.end - RANGE.start;
    // Another process starts its search elsewhere.
    let offset = (RandomState::new().hash_one(std::process::id()) % u64::from(size)) as u16;
    for step in 0..size {
        let port = RANGE.start + (offset + step) % size;
        if !taken.contains(&port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            taken.insert(port);
            return Ok(port);
        }
    }
    bail!(
        "no free port of 127.0.0.1 between {} and {}",
        RANGE.start,
        RANGE.end
    )
}
