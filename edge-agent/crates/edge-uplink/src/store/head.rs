//! `head.json`: the last sequence number and hash beside the database, so that a new log after a damaged one never uses
//! a number again that the centre may have seen.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::codec::{GENESIS, sha256_hex};

/// The end of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Format version: 1.
    pub v: u32,
    /// Highest sequence number given out.
    pub last_seq: u64,
    /// What the next record's `prev` holds.
    pub last_hash: String,
    /// Cursor when this was written; may lag.
    pub acked: u64,
    /// Over the fields before, so that a damaged head is not believed.
    pub check: String,
}

impl Head {
    /// A head with its check in place.
    #[must_use]
    pub fn new(last_seq: u64, last_hash: &str, acked: u64) -> Self {
        let mut head = Head {
            v: 1,
            last_seq,
            last_hash: last_hash.into(),
            acked,
            check: String::new(),
        };
        head.check = head.expected_check();
        head
    }

    /// The head before the first record.
    #[must_use]
    pub fn genesis() -> Self {
        Head::new(0, GENESIS, 0)
    }

    fn expected_check(&self) -> String {
        sha256_hex(
            format!(
                "{} {} {} {}",
                self.v, self.last_seq, self.last_hash, self.acked
            )
            .as_bytes(),
        )
    }

    /// Reads it; `None` when it is absent or cannot be believed.
    #[must_use]
    pub fn load(path: &Path) -> Option<Head> {
        let head: Head = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        (head.v == 1 && head.check == head.expected_check()).then_some(head)
    }

    /// Writes it atomically and durably.
    ///
    /// # Errors
    /// When the file system refuses; the head before is still there.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let json = serde_json::to_vec(self).map_err(io::Error::other)?;
        replace_file(path, &json)
    }
}

/// Replaces a file's content so that a reader after any crash finds the old or the new one, never a mixture.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let tmp = path.with_extension("tmp");
    let result = (|| {
        let mut file = File::create(&tmp)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        fs::rename(&tmp, path)
    })();
    if result.is_err() {
        let _ = fs::remove_file(&tmp);
    }
    result
}
