//! The access log itself: appends durably, pages back, exports, and lets go of what is older than it must be kept.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hall_wire::seal::GENESIS;
use hall_wire::time::{parse_rfc3339, rfc3339_ms};

use super::Deed;
use super::entry::{Audited, EventsHead, SealedEntry, seal};
use super::notes::{Note, Notes};
use super::segment::{self, SEGMENT_BYTES, Tail};
use super::views::Views;
use crate::private_file::{io as io_error, private_dir};
use crate::{Moment, StoreError};

/// Lines looked at for one page; a filter that fits nothing must not read years at once.
const LOOK_MAX: usize = 50_000;
/// The access log is kept at least this long, whatever the events' own time: half a year (domain reference §3.1, no. 5).
const KEEP_LEAST_DAYS: u32 = 184;

/// Where the event log's chain stands now.
pub type HeadFn = Box<dyn Fn() -> EventsHead + Send + Sync>;

/// Which lines a page holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only these deeds; empty: all.
    pub deeds: Vec<String>,
    /// Only of this account.
    pub who: Option<String>,
    /// Only about this.
    pub object: Option<String>,
    /// Only lines before this number.
    pub before_seq: Option<u64>,
}

impl Filter {
    fn fits(&self, entry: &SealedEntry) -> bool {
        (self.deeds.is_empty() || self.deeds.contains(&entry.deed))
            && self.who.as_ref().is_none_or(|who| *who == entry.who)
            && self
                .object
                .as_ref()
                .is_none_or(|object| *object == entry.object)
    }
}

/// Some lines, newest first, and how to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPage {
    /// The lines.
    pub entries: Vec<SealedEntry>,
    /// Number of the newest line there is; 0 when there is none.
    pub last_seq: u64,
    /// Where the next page begins; `None` at the end.
    pub next_before_seq: Option<u64>,
}

struct State {
    file: Option<File>,
    file_bytes: u64,
    last_seq: u64,
    last_hash: String,
    views: Views,
    notes: Notes,
}

/// The access log of a box.
pub struct AuditLog {
    dir: PathBuf,
    utc_offset_s: i32,
    events: HeadFn,
    file_max_bytes: u64,
    state: Mutex<State>,
    /// Hash of the newest line, for readers that must not wait for the disk.
    head: Mutex<Option<String>>,
}

impl AuditLog {
    /// Opens the log in `dir`. Damaged lines are set aside, and the log says so itself.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(
        dir: &Path,
        utc_offset_s: i32,
        events: HeadFn,
        now: Moment,
    ) -> Result<AuditLog, StoreError> {
        private_dir(dir)?;
        let mut state = State {
            file: None,
            file_bytes: 0,
            last_seq: 0,
            last_hash: GENESIS.into(),
            views: Views::default(),
            notes: Notes::default(),
        };
        let mut set_aside = Vec::new();
        let failed = io_error("read the access log in", dir);
        for (_, path) in segment::list(dir).map_err(&failed)? {
            let content = segment::read(&path).map_err(&failed)?;
            if content.tail == Tail::Damaged {
                let kept = path.with_extension(format!("damaged-{}", now.unix_ms));
                fs::copy(&path, &kept).map_err(&failed)?;
                set_aside.push(kept.display().to_string());
            }
            if content.tail != Tail::None {
                let file = File::options().write(true).open(&path).map_err(&failed)?;
                file.set_len(content.sound_bytes).map_err(&failed)?;
                file.sync_all().map_err(&failed)?;
            }
            for entry in &content.entries {
                state.notes.take(entry);
            }
            if let Some(last) = content.entries.last() {
                state.last_seq = last.seq;
                state.last_hash.clone_from(&last.hash);
            }
            state.file_bytes = content.sound_bytes;
            state.file = Some(segment::open(&path).map_err(&failed)?);
        }
        let log = AuditLog {
            dir: dir.into(),
            utc_offset_s,
            events,
            file_max_bytes: SEGMENT_BYTES,
            head: Mutex::new((state.last_seq > 0).then(|| state.last_hash.clone())),
            state: Mutex::new(state),
        };
        for path in set_aside {
            tracing::error!(
                path,
                "Lines of the access log are damaged; they were set aside. Keep the file for examination."
            );
            log.append(&by_the_box(Deed::AuditDamaged, path), now)?;
        }
        Ok(log)
    }

    /// The same with smaller or larger files.
    #[must_use]
    pub fn with_files_of(mut self, bytes: u64) -> Self {
        self.file_max_bytes = bytes;
        self
    }

    /// Keeps an entry; on return it survives a power cut.
    ///
    /// # Errors
    /// When the disk refuses: then what was to be logged must not be done.
    pub fn append(&self, audited: &Audited, now: Moment) -> Result<SealedEntry, StoreError> {
        let events = (self.events)();
        self.append_to(&mut self.state(), audited, events, now)
    }

    /// Keeps what was written on an event, unless its transaction is there already.
    ///
    /// # Errors
    /// As [`AuditLog::append`].
    pub fn append_once(
        &self,
        event: &str,
        audited: &Audited,
        now: Moment,
    ) -> Result<(), StoreError> {
        let events = (self.events)();
        let mut state = self.state();
        let is_there = state
            .notes
            .of(event)
            .iter()
            .any(|note| note.tx == audited.tx);
        if is_there {
            return Ok(());
        }
        self.append_to(&mut state, audited, events, now).map(drop)
    }

    /// Keeps a look at a camera's pictures, unless it is part of a view that is in the log already.
    ///
    /// # Errors
    /// As [`AuditLog::append`]; then no picture may be shown.
    pub fn view(&self, audited: &Audited, now: Moment) -> Result<(), StoreError> {
        let Audited {
            who,
            from,
            deed,
            object,
            ..
        } = audited;
        let view = format!("{} {who} {from} {object}", deed.name());
        if !self.state().views.is_due(&view, now.at) {
            return Ok(());
        }
        let events = (self.events)();
        let mut state = self.state();
        self.append_to(&mut state, audited, events, now)?;
        state.views.logged(&view, now.at);
        Ok(())
    }

    /// Newest first, at most `limit`.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn page(&self, filter: &Filter, limit: usize) -> Result<AuditPage, StoreError> {
        let failed = io_error("read the access log in", &self.dir);
        let last_seq = self.state().last_seq;
        let before = filter.before_seq.unwrap_or(u64::MAX);
        let (mut entries, mut looked, mut reached) = (Vec::new(), 0, before);
        for (first, path) in segment::list(&self.dir).map_err(&failed)?.into_iter().rev() {
            if first >= before {
                continue;
            }
            let content = segment::read(&path).map_err(&failed)?;
            for entry in content.entries.into_iter().rev().filter(|e| e.seq < before) {
                if entries.len() == limit || looked == LOOK_MAX {
                    return Ok(AuditPage {
                        entries,
                        last_seq,
                        next_before_seq: Some(reached),
                    });
                }
                looked += 1;
                reached = entry.seq;
                if filter.fits(&entry) {
                    entries.push(entry);
                }
            }
        }
        Ok(AuditPage {
            entries,
            last_seq,
            next_before_seq: None,
        })
    }

    /// Writes all lines byte for byte as stored, so that `edge-agent verify` can check them anywhere.
    ///
    /// # Errors
    /// When the files cannot be read or `out` not written.
    pub fn export(&self, out: &mut dyn Write) -> io::Result<()> {
        for (_, path) in segment::list(&self.dir)? {
            io::copy(&mut File::open(path)?, out)?;
        }
        out.flush()
    }

    /// What was written on an event, oldest first.
    #[must_use]
    pub fn notes(&self, event: &str) -> Vec<Note> {
        self.state().notes.of(event).to_vec()
    }

    /// Hash of the newest line; `None` while there is none. Does not wait for a line that is being written.
    #[must_use]
    pub fn head(&self) -> Option<String> {
        self.head
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Lets go of files whose newest line is older than `keep_days`, never less than half a year; the log says how many lines went.
    ///
    /// # Errors
    /// When a file cannot be read or removed.
    pub fn trim(&self, keep_days: u32, now: Moment) -> Result<u64, StoreError> {
        let failed = io_error("trim the access log in", &self.dir);
        let oldest = now.unix_ms - i64::from(keep_days.max(KEEP_LEAST_DAYS)) * 86_400_000;
        let mut segments = segment::list(&self.dir).map_err(&failed)?;
        // The newest one is written to.
        segments.pop();
        let mut gone = 0;
        for (_, path) in segments {
            let entries = segment::read(&path).map_err(&failed)?.entries;
            let newest = entries
                .iter()
                .filter_map(|e| parse_rfc3339(&e.at).ok())
                .map(|(ms, _)| ms)
                .max();
            if newest.is_none_or(|ms| ms >= oldest) {
                break;
            }
            fs::remove_file(&path).map_err(&failed)?;
            gone += entries.len() as u64;
        }
        if gone > 0 {
            self.append(
                &by_the_box(Deed::AuditTrimmed, format!("{gone} lines")),
                now,
            )?;
        }
        Ok(gone)
    }

    fn append_to(
        &self,
        state: &mut State,
        audited: &Audited,
        events: EventsHead,
        now: Moment,
    ) -> Result<SealedEntry, StoreError> {
        let failed = io_error("write the access log in", &self.dir);
        let seq = state.last_seq + 1;
        let at = rfc3339_ms(now.unix_ms, self.utc_offset_s);
        let (sealed, line) = seal(seq, at, audited, events, &state.last_hash);
        if state.file.is_none() || state.file_bytes >= self.file_max_bytes {
            let file = segment::open(&segment::path(&self.dir, seq)).map_err(&failed)?;
            state.file = Some(file);
            state.file_bytes = 0;
        }
        if let Some(file) = &mut state.file {
            segment::append(file, &line).map_err(&failed)?;
        }
        state.file_bytes += line.len() as u64 + 1;
        state.last_seq = seq;
        state.last_hash.clone_from(&sealed.hash);
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = Some(sealed.hash.clone());
        state.notes.take(&sealed);
        Ok(sealed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whatever panicked had not moved the chain.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the box itself does.
fn by_the_box(deed: Deed, why: String) -> Audited {
    Audited {
        who: "box".into(),
        role: String::new(),
        from: String::new(),
        deed,
        object: String::new(),
        why,
        tx: String::new(),
    }
}
