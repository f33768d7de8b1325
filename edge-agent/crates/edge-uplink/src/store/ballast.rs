//! A reserve on the disk that is given up when the disk is full, so that the database can be reopened and trimmed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::Stopwatch;

const RETRY_EVERY: Duration = Duration::from_secs(30);

/// The reserve file.
#[derive(Debug)]
pub struct Ballast {
    path: PathBuf,
    bytes: u64,
    tried: Option<Stopwatch>,
}

impl Ballast {
    /// A reserve of `bytes` at `path`; not written yet.
    #[must_use]
    pub fn new(path: PathBuf, bytes: u64) -> Self {
        Ballast {
            path,
            bytes,
            tried: None,
        }
    }

    /// Whether the whole reserve is there.
    #[must_use]
    pub fn ready(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|m| m.len() >= self.bytes)
    }

    /// Gives the reserve up; true when there was one.
    pub fn free(&mut self) -> bool {
        self.tried = Some(Stopwatch::start());
        let had = fs::metadata(&self.path).is_ok_and(|m| m.len() > 0);
        fs::remove_file(&self.path).is_ok() && had
    }

    /// Puts the reserve back when there is room for twice as much, so that it never takes the last bytes; tried at most
    /// every 30 s.
    pub fn restore(&mut self) {
        if self.ready() || self.tried.is_some_and(|t| t.elapsed() < RETRY_EVERY) {
            return;
        }
        self.tried = Some(Stopwatch::start());
        if let Err(error) = fill(&self.path, self.bytes) {
            let _ = fs::remove_file(&self.path);
            tracing::warn!(path = %self.path.display(), %error, "No room for the disk reserve; trying again later.");
        }
    }
}

fn fill(path: &Path, bytes: u64) -> io::Result<()> {
    let mut file = File::create(path)?;
    // Not zeros: a compressing or sparse file system must really set the space aside.
    let block: Vec<u8> = (0..65_536u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let mut written = 0;
    while written < bytes.saturating_mul(2) {
        file.write_all(&block)?;
        written += block.len() as u64;
    }
    file.sync_data()?;
    file.set_len(bytes)?;
    file.sync_data()
}
