//! The engine's checkpoint: one file, replaced atomically. Kept out of the database because it changes often, grows
//! large, and must survive a quarantine.

use std::fs;
use std::io;
use std::path::Path;

use super::codec::sha256_hex;
use super::head::replace_file;
use crate::error::StoreError;

/// Replaces the checkpoint.
///
/// # Errors
/// When the file system refuses; the one before is still there.
pub fn save(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut content = sha256_hex(bytes).into_bytes();
    content.push(b'\n');
    content.extend_from_slice(bytes);
    replace_file(path, &content).map_err(|source| StoreError::Io {
        what: "write the checkpoint",
        path: path.into(),
        source,
    })
}

/// The checkpoint; `None` when there is none or its check does not hold.
///
/// # Errors
/// When the file is there but cannot be read.
pub fn load(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let content = match fs::read(path) {
        Ok(content) => content,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(StoreError::Io {
                what: "read the checkpoint",
                path: path.into(),
                source,
            });
        }
    };
    if content.len() < 65 || content[64] != b'\n' {
        return Ok(None);
    }
    let bytes = content[65..].to_vec();
    Ok((sha256_hex(&bytes).as_bytes() == &content[..64]).then_some(bytes))
}
