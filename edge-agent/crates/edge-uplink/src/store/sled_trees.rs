//! The database's trees and what is written to them for one line. Every call into sled goes through [`guard`].

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use hall_wire::event::{EventRecord, SealedRecord};

use super::codec::{GENESIS, LineKind, LogLine, decode, encode};
use super::query::unix_ms;
use super::sled_keys::{be_u64, last_u64, subject_text, text_key, time_key};
use crate::error::{StoreError, is_full};

const META_HEAD: &[u8] = b"head";
const META_ACKED: &[u8] = b"acked";
const META_COUNTS: &[u8] = b"counts";
const META_INDEXED: &[u8] = b"indexed";

/// An open database.
pub(super) struct Trees {
    dir: PathBuf,
    db: sled::Db,
    /// Sequence number (big endian) → form byte and line.
    log: sled::Tree,
    /// `kind/id`, 0, sequence number → nothing.
    by_subject: sled::Tree,
    /// Code, 0, sequence number → nothing.
    by_code: sled::Tree,
    /// Onset (order-preserving Unix ms), sequence number → nothing.
    by_onset: sled::Tree,
    /// The same of `updated`.
    by_updated: sled::Tree,
    /// Event id, 0, revision (big endian u32) → sequence number.
    by_event: sled::Tree,
    /// Event id → sequence number of the latest revision of an open event.
    open: sled::Tree,
    meta: sled::Tree,
    /// sled's own flush does not wait for the medium; a sync on this handle does.
    file: File,
}

/// Runs one use of sled. A panic inside it is damage, not the end of the process.
pub(super) fn guard<T>(
    dir: &Path,
    what: &'static str,
    f: impl FnOnce() -> sled::Result<T>,
) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(from_sled(dir, what, error)),
        Err(_) => Err(StoreError::Damaged {
            dir: dir.into(),
            detail: format!("the database panicked while it should {what}"),
        }),
    }
}

fn from_sled(dir: &Path, what: &'static str, error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(source) if is_full(&source) => StoreError::Full {
            dir: dir.into(),
            detail: source.to_string(),
        },
        // EIO and "needs cleaning" are damage of the medium under the log; other codes are about access, not content.
        sled::Error::Io(source)
            if source
                .raw_os_error()
                .is_some_and(|c| c != libc::EIO && c != libc::EUCLEAN)
                || source.kind() == std::io::ErrorKind::WouldBlock
                || source.to_string().contains("could not acquire lock") =>
        {
            StoreError::Io {
                what,
                path: dir.into(),
                source,
            }
        }
        other => StoreError::Damaged {
            dir: dir.into(),
            detail: format!("could not {what}: {other}"),
        },
    }
}

impl Trees {
    pub(super) fn open(dir: &Path, cache_bytes: u64) -> Result<Trees, StoreError> {
        let trees = guard(dir, "open the database", || {
            let db = sled::Config::new()
                .path(dir)
                .cache_capacity(cache_bytes)
                .open()?;
            Ok((
                [
                    db.open_tree("log")?,
                    db.open_tree("by_subject")?,
                    db.open_tree("by_code")?,
                    db.open_tree("by_onset")?,
                    db.open_tree("by_updated")?,
                    db.open_tree("by_event")?,
                    db.open_tree("open")?,
                    db.open_tree("meta")?,
                ],
                db,
            ))
        });
        let (
            [
                log,
                by_subject,
                by_code,
                by_onset,
                by_updated,
                by_event,
                open,
                meta,
            ],
            db,
        ) = trees?;
        let path = dir.join("db");
        let file = File::open(&path).map_err(|source| StoreError::Io {
            what: "open",
            path,
            source,
        })?;
        Ok(Trees {
            dir: dir.into(),
            db,
            log,
            by_subject,
            by_code,
            by_onset,
            by_updated,
            by_event,
            open,
            meta,
            file,
        })
    }

    fn guard<T>(
        &self,
        what: &'static str,
        f: impl FnOnce() -> sled::Result<T>,
    ) -> Result<T, StoreError> {
        guard(&self.dir, what, f)
    }

    /// Stores one line and its index entries. The line goes first: what is on disk after a crash is always a prefix of
    /// what was written, so a line without index entries can only be at the end, where [`reindex`](Self::reindex) looks.
    pub(super) fn put(
        &self,
        line: &LogLine,
        record: Option<&SealedRecord>,
    ) -> Result<(), StoreError> {
        self.guard("write a record", || {
            self.log
                .insert(line.seq.to_be_bytes(), encode(line.kind, &line.json))
                .map(drop)
        })?;
        match record {
            Some(record) => self.index(record),
            None => Ok(()),
        }
    }

    fn index(&self, sealed: &SealedRecord) -> Result<(), StoreError> {
        let (seq, r) = (sealed.seq.to_be_bytes(), &sealed.record);
        self.guard("index a record", || {
            self.by_subject.insert(
                text_key(&subject_text(&r.subject_kind, &r.subject), &seq),
                &[],
            )?;
            self.by_code.insert(text_key(&r.code, &seq), &[])?;
            self.by_onset
                .insert(time_key(unix_ms(&r.onset), sealed.seq), &[])?;
            self.by_updated
                .insert(time_key(unix_ms(&r.updated), sealed.seq), &[])?;
            self.by_event
                .insert(text_key(&r.event_id, &r.rev.to_be_bytes()), &seq)?;
            if r.state == "open" {
                self.open.insert(r.event_id.as_bytes(), &seq)?;
            } else {
                self.open.remove(r.event_id.as_bytes())?;
            }
            Ok(())
        })
    }

    /// Removes one line. Its index entries go first, so that a crash leaves no entry that points nowhere for ever.
    pub(super) fn remove(&self, line: &LogLine) -> Result<(), StoreError> {
        self.unindex(line)?;
        self.guard("remove a record", || {
            self.log.remove(line.seq.to_be_bytes()).map(drop)
        })
    }

    /// Removes the index entries of a line.
    pub(super) fn unindex(&self, line: &LogLine) -> Result<(), StoreError> {
        let Some(SealedRecord { record: r, .. }) = line.record() else {
            return Ok(());
        };
        let seq = line.seq.to_be_bytes();
        self.guard("remove index entries", || {
            self.by_subject
                .remove(text_key(&subject_text(&r.subject_kind, &r.subject), &seq))?;
            self.by_code.remove(text_key(&r.code, &seq))?;
            self.by_onset
                .remove(time_key(unix_ms(&r.onset), line.seq))?;
            self.by_updated
                .remove(time_key(unix_ms(&r.updated), line.seq))?;
            self.by_event
                .remove(text_key(&r.event_id, &r.rev.to_be_bytes()))?;
            if self.open.get(r.event_id.as_bytes())?.as_deref() == Some(&seq) {
                self.open.remove(r.event_id.as_bytes())?;
            }
            Ok(())
        })
    }

    /// Indexes lines that were stored but not marked as complete before the process ended, and counts them.
    pub(super) fn reindex(&self) -> Result<Counts, StoreError> {
        let mut counts = self.counts()?;
        let from = self.meta_u64(META_INDEXED)?.unwrap_or(0).saturating_add(1);
        let (lines, _) = self.lines(from, usize::MAX)?;
        for line in &lines {
            if let Some(record) = line.record() {
                self.index(&record)?;
            }
            counts.add(line);
        }
        Ok(counts)
    }

    /// Up to `max` lines from `from` on, and how many values in between were of an unknown form.
    pub(super) fn lines(&self, from: u64, max: usize) -> Result<(Vec<LogLine>, u64), StoreError> {
        self.guard("read records", || {
            let (mut lines, mut skipped) = (Vec::new(), 0);
            for pair in self.log.range(from.to_be_bytes()..) {
                if lines.len() >= max {
                    break;
                }
                let (key, value) = pair?;
                match decode(be_u64(&key), &value) {
                    Some(line) => lines.push(line),
                    None => skipped += 1,
                }
            }
            Ok((lines, skipped))
        })
    }

    pub(super) fn line(&self, seq: u64) -> Result<Option<LogLine>, StoreError> {
        self.guard("read a record", || {
            Ok(self
                .log
                .get(seq.to_be_bytes())?
                .and_then(|v| decode(seq, &v)))
        })
    }

    /// Key and line of the last entry; the line is `None` when its form is unknown.
    pub(super) fn last(&self) -> Result<Option<(u64, Option<LogLine>)>, StoreError> {
        self.guard("read the last record", || {
            Ok(self
                .log
                .last()?
                .map(|(k, v)| (be_u64(&k), decode(be_u64(&k), &v))))
        })
    }

    /// Number of the record of this event and revision, and the highest revision the event has.
    pub(super) fn revision(
        &self,
        record: &EventRecord,
    ) -> Result<(Option<u64>, Option<u32>), StoreError> {
        self.guard("look up an event", || {
            let same = self
                .by_event
                .get(text_key(&record.event_id, &record.rev.to_be_bytes()))?;
            let highest = match self
                .by_event
                .scan_prefix(text_key(&record.event_id, &[]))
                .next_back()
            {
                Some(pair) => pair?.0.last_chunk::<4>().map(|b| u32::from_be_bytes(*b)),
                None => None,
            };
            Ok((same.map(|v| be_u64(&v)), highest))
        })
    }

    /// Sequence numbers of the latest revisions of open events, ascending.
    pub(super) fn open_seqs(&self) -> Result<Vec<u64>, StoreError> {
        let mut seqs = self.guard("list open events", || {
            self.open
                .iter()
                .values()
                .map(|v| v.map(|v| be_u64(&v)))
                .collect::<sled::Result<Vec<_>>>()
        })?;
        seqs.sort_unstable();
        Ok(seqs)
    }

    /// Sequence numbers from the onset or update index, descending.
    pub(super) fn time_seqs(
        &self,
        updated: bool,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Vec<u64>, StoreError> {
        let tree = if updated {
            &self.by_updated
        } else {
            &self.by_onset
        };
        let (from, to) = (time_key(from_ms, 0), time_key(to_ms, 0));
        if from >= to {
            return Ok(Vec::new());
        }
        let mut seqs = self.guard("search by time", || {
            tree.range(from..to)
                .keys()
                .map(|k| k.map(|k| last_u64(&k)))
                .collect::<sled::Result<Vec<_>>>()
        })?;
        seqs.sort_unstable_by(|a, b| b.cmp(a));
        Ok(seqs)
    }

    /// Sequence numbers below `before` of a subject (`kind/id`), a code, or all, descending, until `each` says stop.
    pub(super) fn walk_down(
        &self,
        index: Index<'_>,
        before: u64,
        mut each: impl FnMut(u64) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let below = before.to_be_bytes();
        let mut iter = match index {
            Index::Subject(kind, id) => {
                let text = subject_text(kind, id);
                self.by_subject
                    .range(text_key(&text, &[])..text_key(&text, &below))
            }
            Index::Code(code) => self
                .by_code
                .range(text_key(code, &[])..text_key(code, &below)),
            Index::Log => self.log.range(..below.to_vec()),
        };
        loop {
            let next = self.guard("search records", || iter.next_back().transpose())?;
            let Some((key, _)) = next else { return Ok(()) };
            if !each(last_u64(&key))? {
                return Ok(());
            }
        }
    }

    pub(super) fn load_head(&self) -> Result<(u64, String), StoreError> {
        let head = self.guard("read the head", || self.meta.get(META_HEAD))?;
        let parsed = head
            .as_deref()
            .and_then(|b| b.split_at_checked(8))
            .and_then(|(seq, hash)| {
                Some((be_u64(seq), std::str::from_utf8(hash).ok()?.to_owned()))
            });
        Ok(parsed.unwrap_or((0, GENESIS.into())))
    }

    /// Marks everything up to the tail as complete. Written last in every batch.
    pub(super) fn put_tail(&self, tail: &Tail) -> Result<(), StoreError> {
        let mut head = tail.last_seq.to_be_bytes().to_vec();
        head.extend_from_slice(tail.last_hash.as_bytes());
        let mut counts = tail.counts.live_bytes.to_be_bytes().to_vec();
        counts.extend_from_slice(&tail.counts.records.to_be_bytes());
        self.guard("write the head", || {
            self.meta.insert(META_COUNTS, counts)?;
            self.meta
                .insert(META_INDEXED, &tail.last_seq.to_be_bytes())?;
            self.meta.insert(META_HEAD, head).map(drop)
        })
    }

    pub(super) fn acked(&self) -> Result<u64, StoreError> {
        Ok(self.meta_u64(META_ACKED)?.unwrap_or(0))
    }

    pub(super) fn put_acked(&self, seq: u64) -> Result<(), StoreError> {
        self.guard("write the cursor", || {
            self.meta.insert(META_ACKED, &seq.to_be_bytes()).map(drop)
        })
    }

    fn counts(&self) -> Result<Counts, StoreError> {
        let value = self.guard("read the counts", || self.meta.get(META_COUNTS))?;
        let parts = value.as_deref().and_then(|v| v.split_at_checked(8));
        Ok(parts.map_or(Counts::default(), |(bytes, records)| Counts {
            live_bytes: be_u64(bytes),
            records: be_u64(records),
        }))
    }

    fn meta_u64(&self, key: &[u8]) -> Result<Option<u64>, StoreError> {
        self.guard("read a mark", || {
            Ok(self.meta.get(key)?.map(|v| be_u64(&v)))
        })
    }

    /// Everything written so far is on the medium when this returns.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.guard("flush", || self.db.flush())?;
        self.file.sync_data().map_err(|source| {
            if is_full(&source) {
                StoreError::Full {
                    dir: self.dir.clone(),
                    detail: source.to_string(),
                }
            } else {
                StoreError::Io {
                    what: "sync",
                    path: self.dir.join("db"),
                    source,
                }
            }
        })
    }

    pub(super) fn disk_bytes(&self) -> u64 {
        guard(&self.dir, "measure the database", || self.db.size_on_disk()).unwrap_or(0)
    }
}

/// Which index to walk.
#[derive(Clone, Copy)]
pub(super) enum Index<'a> {
    /// Kind and id.
    Subject(&'a str, &'a str),
    /// Event code.
    Code(&'a str),
    /// The log itself.
    Log,
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    /// Bytes of all lines.
    pub(super) live_bytes: u64,
    /// Event lines.
    pub(super) records: u64,
}

impl Counts {
    pub(super) fn add(&mut self, line: &LogLine) {
        self.live_bytes += line.json.len() as u64;
        self.records += u64::from(line.kind == LineKind::Event);
    }

    pub(super) fn subtract(&mut self, line: &LogLine) {
        self.live_bytes = self.live_bytes.saturating_sub(line.json.len() as u64);
        self.records = self
            .records
            .saturating_sub(u64::from(line.kind == LineKind::Event));
    }
}

/// The end of the log, as the next write finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tail {
    /// Highest sequence number given out.
    pub(super) last_seq: u64,
    /// What the next record's `prev` holds.
    pub(super) last_hash: String,
    pub(super) counts: Counts,
}
