//! Blocks in a file: kind, length, checksum, bytes. A file may be cut anywhere: what is whole before the cut is read. Knows no record.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// First bytes of every file.
pub(crate) const MAGIC: &[u8; 8] = b"hallobs1";
/// Kind, length, CRC-32.
const HEADER_BYTES: usize = 9;
/// A block is a few seconds of a hall: longer ones are damage.
const BLOCK_MAX: u32 = 16 << 20;

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The head of a segment, JSON.
    Head,
    /// Records.
    Records,
}

/// Opens a day's file for appending behind its last whole block, and makes it if there is none. Returns its length.
pub(crate) fn append_to(path: &Path) -> io::Result<(File, u64)> {
    let mut file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let whole = if bytes.starts_with(MAGIC) {
        let mut blocks = Blocks::of(&bytes);
        while blocks.next().is_some() {}
        blocks.at as u64
    } else {
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(MAGIC)?;
        MAGIC.len() as u64
    };
    file.set_len(whole)?;
    file.seek(SeekFrom::Start(whole))?;
    Ok((file, whole))
}

/// A block as bytes.
pub(crate) fn block(kind: Kind, bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::with_capacity(HEADER_BYTES + bytes.len());
    all.push(match kind {
        Kind::Head => b'H',
        Kind::Records => b'R',
    });
    all.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    all.extend_from_slice(&crc32fast::hash(bytes).to_le_bytes());
    all.extend_from_slice(bytes);
    all
}

/// The whole blocks of a file, up to the first that is not.
#[derive(Debug)]
pub(crate) struct Blocks<B> {
    bytes: B,
    at: usize,
    before: usize,
}

impl<B: AsRef<[u8]>> Blocks<B> {
    /// The blocks of a file's bytes; none, if they do not begin like one.
    pub fn of(bytes: B) -> Self {
        let at = if bytes.as_ref().starts_with(MAGIC) {
            MAGIC.len()
        } else {
            bytes.as_ref().len()
        };
        Blocks {
            bytes,
            at,
            before: at,
        }
    }

    /// The next one.
    pub fn next(&mut self) -> Option<(Kind, &[u8])> {
        let all = self.bytes.as_ref();
        let header: [u8; HEADER_BYTES] =
            all.get(self.at..self.at + HEADER_BYTES)?.try_into().ok()?;
        let kind = match header[0] {
            b'H' => Kind::Head,
            b'R' => Kind::Records,
            _ => return None,
        };
        let word = |at: usize| {
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let (length, sum) = (word(1), word(5));
        if length > BLOCK_MAX {
            return None;
        }
        let from = self.at + HEADER_BYTES;
        let bytes = all.get(from..from + length as usize)?;
        if crc32fast::hash(bytes) != sum {
            return None;
        }
        (self.before, self.at) = (self.at, from + length as usize);
        Some((kind, bytes))
    }

    /// Gives out the last one again.
    pub fn back(&mut self) {
        self.at = self.before;
    }

    /// Bytes behind the last whole block.
    pub fn cut_bytes(&self) -> usize {
        self.bytes.as_ref().len() - self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_cut_anywhere_gives_what_is_whole_and_goes_on_behind_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("day");
        let (mut file, length) = append_to(&path).unwrap();
        assert_eq!(length, 8);
        for text in ["one", "two", "three"] {
            file.write_all(&block(Kind::Records, text.as_bytes()))
                .unwrap();
        }
        drop(file);
        let all = std::fs::read(&path).unwrap();
        for cut in 0..=all.len() {
            let whole: usize = [8, 20, 32, 46].iter().filter(|end| **end <= cut).count();
            std::fs::write(&path, &all[..cut]).unwrap();
            let (mut file, _) = append_to(&path).unwrap();
            file.write_all(&block(Kind::Head, b"more")).unwrap();
            drop(file);
            let mut blocks = Blocks::of(std::fs::read(&path).unwrap());
            let mut read = Vec::new();
            while let Some((_, bytes)) = blocks.next() {
                read.push(String::from_utf8(bytes.to_vec()).unwrap());
            }
            assert_eq!(read.len(), whole.saturating_sub(1) + 1, "cut at {cut}");
            assert_eq!(read.last().unwrap(), "more");
            assert_eq!(blocks.cut_bytes(), 0);
        }
        let mut damaged = all;
        damaged[25] ^= 1;
        let mut blocks = Blocks::of(damaged);
        assert_eq!(blocks.next().unwrap().1, b"one");
        assert!(blocks.next().is_none());
        assert!(Blocks::of(b"something else".to_vec()).next().is_none());
    }
}
