//! Finds whole lines in the raw bytes of a damaged database. Every line proves itself by its hash, so whatever is found
//! is exactly what was stored. Knows nothing of the database's layout.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::codec::{GapRecord, LineKind, LogLine, hash_holds};

const START: &[u8] = b"{\"seq\":";
const HASH: &[u8] = b",\"hash\":\"";
const CHUNK: usize = 4 << 20;
/// No line is longer (the contract's payload limit is 16 KiB).
const LINE_MAX: usize = 64 << 10;

/// Gives every intact line in the files under `dir` to `found`, in no order, possibly more than once.
///
/// # Errors
/// When a file cannot be read at all; unreadable parts of files end that file's search.
pub fn scan_dir(dir: &Path, found: &mut dyn FnMut(LogLine)) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            scan_dir(&path, found)?;
        } else if path.is_file() {
            scan(File::open(&path)?, found);
        }
    }
    Ok(())
}

fn scan(mut file: impl Read, found: &mut dyn FnMut(LogLine)) {
    let mut buffer: Vec<u8> = Vec::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let n = match file.read(&mut chunk) {
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => 0,
        };
        buffer.extend_from_slice(&chunk[..n]);
        let whole = n == 0;
        let keep_from = scan_buffer(&buffer, whole, found);
        buffer.drain(..keep_from);
        if whole {
            return;
        }
    }
}

/// Reports lines that are complete in the buffer; returns from where it must be looked at again with more bytes.
fn scan_buffer(buffer: &[u8], whole: bool, found: &mut dyn FnMut(LogLine)) -> usize {
    let mut at = 0;
    while let Some(start) = position(&buffer[at..], START).map(|p| at + p) {
        let window = &buffer[start..buffer.len().min(start + LINE_MAX)];
        if window.len() < LINE_MAX && !whole {
            return start;
        }
        if let Some(line) = line_at(window) {
            at = start + line.json.len();
            found(line);
        } else {
            at = start + START.len();
        }
    }
    if whole {
        buffer.len()
    } else {
        buffer.len().saturating_sub(START.len()).max(at)
    }
}

/// The line at the window's start.
fn line_at(window: &[u8]) -> Option<LogLine> {
    let mut from = 0;
    // A quoted value could contain the same bytes only escaped, so the first match is the real one; a second is tried
    // for the sake of damaged bytes in between.
    while let Some(hash) = position(&window[from..], HASH).map(|p| from + p) {
        let end = hash + HASH.len() + 64 + 2;
        let candidate = window.get(..end)?;
        if hash_holds(candidate) {
            let json = std::str::from_utf8(candidate).ok()?.to_owned();
            return parse(json);
        }
        from = end;
    }
    None
}

fn parse(json: String) -> Option<LogLine> {
    #[derive(serde::Deserialize)]
    struct Seq {
        seq: u64,
    }
    if let Ok(gap) = serde_json::from_str::<GapRecord>(&json) {
        return Some(LogLine {
            from: gap.from,
            seq: gap.to,
            kind: LineKind::Gap,
            json,
        });
    }
    let seq = serde_json::from_str::<Seq>(&json).ok()?.seq;
    Some(LogLine {
        from: seq,
        seq,
        kind: LineKind::Event,
        json,
    })
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}
