//! The access log's files: lines in order, a new file after some MiB, named by the number of its first line.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use hall_wire::seal::hash_holds;

use super::SealedEntry;
use crate::private_file::sync_folder;

/// A file is closed when it is this large; what is read at once is one file.
pub(super) const SEGMENT_BYTES: u64 = 4 << 20;

/// The files there are, oldest first, with the number of their first line.
pub(super) fn list(dir: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let first = name
            .and_then(|name| name.strip_prefix("audit-")?.strip_suffix(".jsonl"))
            .and_then(|digits| digits.parse().ok());
        if let Some(first) = first {
            found.push((first, path));
        }
    }
    found.sort();
    Ok(found)
}

/// The file whose first line has this number.
pub(super) fn path(dir: &Path, first_seq: u64) -> PathBuf {
    dir.join(format!("audit-{first_seq:012}.jsonl"))
}

/// Opens a file to write at its end.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    sync_folder(path)?;
    Ok(file)
}

/// Appends a line durably. What a failure leaves behind is cut off, so that the next line does not grow onto it.
pub(super) fn append(file: &mut File, line: &str) -> io::Result<()> {
    let before = file.metadata()?.len();
    let mut bytes = line.as_bytes().to_vec();
    bytes.push(b'\n');
    let written = file.write_all(&bytes).and_then(|()| file.sync_data());
    if written.is_err() {
        let _ = file.set_len(before);
    }
    written
}

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// Lines that are what they claim to be, up to the first that is not.
    pub entries: Vec<SealedEntry>,
    /// Bytes of those lines.
    pub sound_bytes: u64,
    /// What follows them: nothing; a line that was never finished; or damage.
    pub tail: Tail,
}

/// What follows the sound lines of a file.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing.
    #[default]
    None,
    /// A line without its end: the power went while it was written, and nobody was told that it is kept.
    Torn,
    /// Something else.
    Damaged,
}

/// Reads a file.
pub(super) fn read(path: &Path) -> io::Result<Content> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    let mut content = Content::default();
    for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(line) = piece.strip_suffix(b"\n") else {
            content.tail = Tail::Torn;
            break;
        };
        let entry = hash_holds(line)
            .then(|| serde_json::from_slice::<SealedEntry>(line).ok())
            .flatten();
        let Some(entry) = entry else {
            content.tail = Tail::Damaged;
            break;
        };
        content.entries.push(entry);
        content.sound_bytes += piece.len() as u64;
    }
    Ok(content)
}
