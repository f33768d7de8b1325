//! How lines are sealed: JSON objects whose last field is the SHA-256 of all before it, each naming the hash of the one before.

use sha2::{Digest, Sha256};

/// `prev` of the first record ever.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

const HASH_OPEN: &str = ",\"hash\":\"";
const HASH_CLOSE: &str = "\"}";
const HASH_LEN: usize = 64;
const TAIL_LEN: usize = HASH_OPEN.len() + HASH_LEN + HASH_CLOSE.len();

/// Splits a line into the hashed part and the hash it claims; `None` when it does not end in a hash.
#[must_use]
pub fn split_hash(line: &[u8]) -> Option<(&[u8], &str)> {
    let cut = line.len().checked_sub(TAIL_LEN)?;
    let (body, tail) = line.split_at(cut);
    let hash = tail
        .strip_prefix(HASH_OPEN.as_bytes())?
        .strip_suffix(HASH_CLOSE.as_bytes())?;
    let hash = std::str::from_utf8(hash).ok()?;
    hash.bytes()
        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        .then_some((body, hash))
}

/// Whether the line's own hash is right.
#[must_use]
pub fn hash_holds(line: &[u8]) -> bool {
    split_hash(line).is_some_and(|(body, hash)| sha256_hex(body) == hash)
}

/// SHA-256 as lower-case hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A line with its hash in place: `json` is an object without its closing brace, which is what the hash is over.
#[must_use]
pub fn with_hash(mut json: String, hash: &str) -> String {
    json.push_str(HASH_OPEN);
    json.push_str(hash);
    json.push_str(HASH_CLOSE);
    json
}
