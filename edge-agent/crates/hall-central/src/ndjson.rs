//! Every message passed on as one line of JSON, flushed line by line.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::CentralError;
use crate::message::Arrived;

/// A file that grows.
#[derive(Debug)]
pub struct Ndjson {
    path: PathBuf,
    file: File,
}

#[derive(Serialize)]
struct Line<'a> {
    received_unix_ms: i64,
    topic: &'a str,
    retained: bool,
    /// As received, byte for byte; null for a cleared topic.
    payload: Option<&'a RawValue>,
}

impl Ndjson {
    /// Opens the file to write at its end.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, CentralError> {
        let file = File::options().create(true).append(true).open(path);
        let fail = |source| CentralError::File {
            path: path.into(),
            source,
        };
        Ok(Ndjson {
            path: path.into(),
            file: file.map_err(fail)?,
        })
    }

    /// Writes one message. Unbuffered: one write for each line, so a line is there as a whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, arrived: &Arrived) -> Result<(), CentralError> {
        let line = Line {
            received_unix_ms: arrived.at_unix_ms,
            topic: &arrived.topic,
            retained: arrived.retained,
            payload: serde_json::from_str(&arrived.payload).ok(),
        };
        let mut text = serde_json::to_string(&line).expect("invariant: texts and numbers are JSON");
        text.push('\n');
        let written = self.file.write_all(text.as_bytes());
        written.map_err(|source| CentralError::File {
            path: self.path.clone(),
            source,
        })
    }

    /// Makes what was written survive a power cut.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&self) -> Result<(), CentralError> {
        self.file.sync_data().map_err(|source| CentralError::File {
            path: self.path.clone(),
            source,
        })
    }
}
