//! Keys of the database's trees: big endian, so that byte order is number order.

pub(super) fn subject_text(kind: &str, id: &str) -> String {
    format!("{kind}/{id}")
}

pub(super) fn text_key(text: &str, tail: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(text.len() + 1 + tail.len());
    key.extend_from_slice(text.as_bytes());
    key.push(0);
    key.extend_from_slice(tail);
    key
}

/// Flipping the sign bit makes the unsigned byte order that of the signed number.
pub(super) fn time_key(unix_ms: i64, seq: u64) -> Vec<u8> {
    let mut key = ((unix_ms as u64) ^ (1 << 63)).to_be_bytes().to_vec();
    key.extend_from_slice(&seq.to_be_bytes());
    key
}

pub(super) fn be_u64(bytes: &[u8]) -> u64 {
    bytes
        .first_chunk::<8>()
        .map_or(0, |b| u64::from_be_bytes(*b))
}

pub(super) fn last_u64(key: &[u8]) -> u64 {
    key.last_chunk::<8>().map_or(0, |b| u64::from_be_bytes(*b))
}
