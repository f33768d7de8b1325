//! Writes the log as JSON Lines, byte for byte as stored, so that [`crate::verify`] can check it anywhere.

use std::io::{self, Write};

use crate::error::StoreError;
use crate::store::{EventStore, LineKind};

const CHUNK: usize = 512;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exported {
    /// Event records.
    pub records: u64,
    /// Gap lines.
    pub gaps: u64,
    /// First sequence number; 0 when nothing was written.
    pub first_seq: u64,
    /// Last sequence number.
    pub last_seq: u64,
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The log could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The output could not be written.
    #[error("could not write the export: {0}")]
    Output(#[from] io::Error),
}

/// Writes every line from `from_seq` to `to_seq` (both included), one per line.
///
/// # Errors
/// When the log cannot be read or the output not written; what was written so far is whole lines but for the last.
pub fn export(
    store: &dyn EventStore,
    from_seq: u64,
    to_seq: u64,
    out: &mut dyn Write,
) -> Result<Exported, ExportError> {
    let mut done = Exported::default();
    let mut next = from_seq;
    loop {
        let lines = store.read(next, CHUNK)?;
        for line in lines.iter().take_while(|l| l.seq <= to_seq) {
            out.write_all(line.json.as_bytes())?;
            out.write_all(b"\n")?;
            match line.kind {
                LineKind::Event => done.records += 1,
                LineKind::Gap => done.gaps += 1,
            }
            if done.first_seq == 0 {
                done.first_seq = line.from;
            }
            done.last_seq = line.seq;
        }
        match lines.last() {
            Some(last) if last.seq < to_seq => next = last.seq + 1,
            _ => break,
        }
    }
    out.flush()?;
    Ok(done)
}
