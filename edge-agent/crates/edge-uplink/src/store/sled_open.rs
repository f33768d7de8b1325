//! Opening the database: the lock, the check against `head.json`, and what happens to a damaged one.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::codec::{GapRecord, LogLine, hash_holds};
use super::head::Head;
use super::sled::StoreConfig;
use super::sled_rebuild::{SALVAGE_MAX, Salvaged, rebuild};
use super::sled_trees::{Tail, Trees};
use crate::clock::{Stopwatch, WallTime};
use crate::error::StoreError;

/// How many of the last lines are checked when the log is opened.
const CHECKED_AT_OPEN: u64 = 64;
/// Lines looked at in one go when all are checked.
const CHECKED_AT_ONCE: usize = 512;
/// Damaged logs kept for examination.
const ASIDE_MAX: usize = 2;
/// A lock may be held a moment longer than whoever holds it seems to live.
const LOCK_WAIT: Duration = Duration::from_secs(3);
/// How many of the newest lines are read from the raw bytes before a database in doubt is opened.
const PRESCAN_MAX: usize = 5_000;

/// An opened log.
pub(super) struct Loaded {
    pub(super) trees: Trees,
    pub(super) tail: Tail,
    pub(super) acked: u64,
    pub(super) quarantined: Option<PathBuf>,
}

pub(super) fn events_dir(dir: &Path) -> PathBuf {
    dir.join("events")
}

pub(super) fn head_path(dir: &Path) -> PathBuf {
    dir.join("head.json")
}

/// Creates the directory and takes the lock that keeps a second agent out.
pub(super) fn lock_dir(dir: &Path) -> Result<File, StoreError> {
    fs::create_dir_all(dir).map_err(|source| StoreError::Io {
        what: "create",
        path: dir.into(),
        source,
    })?;
    let path = dir.join("store.lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|source| StoreError::Io {
            what: "open",
            path: path.clone(),
            source,
        })?;
    let waiting = Stopwatch::start();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // The agent before may be closing, and a process that another thread just forked holds our files until it execs.
            Err(TryLockError::WouldBlock) if waiting.elapsed() < LOCK_WAIT => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse { dir: dir.into() }),
            Err(TryLockError::Error(source)) => {
                return Err(StoreError::Io {
                    what: "lock",
                    path,
                    source,
                });
            }
        }
    }
}

/// Opens the log; a damaged one is set aside, what can be read of it is taken over, and the numbers go on.
pub(super) fn open(cfg: &StoreConfig, doubt: Doubt) -> Result<Loaded, StoreError> {
    let events = events_dir(&cfg.dir);
    let head = Head::load(&head_path(&cfg.dir));
    let mut salvaged = Salvaged::default();
    if events.exists() && (doubt != Doubt::None || head.is_none()) {
        // sled blanks what follows a damaged place when it opens its files, so the newest lines are taken out first.
        salvaged.scan(&events, PRESCAN_MAX);
    }
    let known_end = head.as_ref().map_or(salvaged.last_seq(), |h| h.last_seq);
    match open_checked(&events, cfg, head.as_ref(), known_end, doubt) {
        Err(StoreError::Damaged { detail, .. }) => {
            let now = (cfg.clock)();
            let aside = set_aside(&events, now)?;
            tracing::error!(
                detail,
                aside = %aside.display(),
                "The event log is damaged and was set aside; a new one is started. Keep the directory for examination."
            );
            forget_old(&cfg.dir);
            salvaged.scan(&aside, SALVAGE_MAX);
            let trees = Trees::open(&events, cfg.cache_bytes)?;
            rebuild(&trees, &salvaged, head.as_ref(), now)?;
            let mut loaded = load(trees, head.as_ref())?;
            loaded.quarantined = Some(aside);
            Ok(loaded)
        }
        other => other,
    }
}

fn open_checked(
    events: &Path,
    cfg: &StoreConfig,
    head: Option<&Head>,
    known_end: u64,
    doubt: Doubt,
) -> Result<Loaded, StoreError> {
    let waiting = Stopwatch::start();
    let trees = loop {
        match Trees::open(events, cfg.cache_bytes) {
            // Our own lock is held, so this is a handle of ours that is still closing.
            Err(StoreError::Io { source, .. })
                if is_lock(&source) && waiting.elapsed() < LOCK_WAIT =>
            {
                std::thread::sleep(Duration::from_millis(20));
            }
            other => break other?,
        }
    };
    let loaded = load(trees, head)?;
    if known_end > loaded.tail.last_seq {
        // The database opens damaged files without a word as if their end had never been written.
        let detail = format!(
            "it ends at record {}, before its known end",
            loaded.tail.last_seq
        );
        return Err(StoreError::Damaged {
            dir: events.into(),
            detail,
        });
    }
    check_lines(events, &loaded, doubt)?;
    Ok(loaded)
}

fn is_lock(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::WouldBlock
        || error.to_string().contains("could not acquire lock")
}

fn load(trees: Trees, head: Option<&Head>) -> Result<Loaded, StoreError> {
    let counts = trees.reindex()?;
    let (mut last_seq, mut last_hash) = trees.load_head()?;
    if let Some((seq, line)) = trees.last()?
        && seq >= last_seq
    {
        last_seq = seq;
        if let Some(line) = line {
            last_hash = line.chain();
        }
    }
    let tail = Tail {
        last_seq,
        last_hash,
        counts,
    };
    let acked = trees
        .acked()?
        .max(head.map_or(0, |h| h.acked))
        .min(tail.last_seq);
    trees.put_tail(&tail)?;
    trees.flush()?;
    Ok(Loaded {
        trees,
        tail,
        acked,
        quarantined: None,
    })
}

/// Stores a gap at the end of the log.
pub(super) fn put_gap(trees: &Trees, tail: &mut Tail, gap: &GapRecord) -> Result<(), StoreError> {
    let line = LogLine::from_gap(gap);
    trees.put(&line, None)?;
    tail.last_seq = gap.to;
    tail.last_hash.clone_from(&gap.chain);
    tail.counts.add(&line);
    Ok(())
}

/// How far the log is to be trusted when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It was closed in order, or only the disk was full. Its last lines are checked.
    None,
    /// The process before ended without closing it. The same, and its newest lines are taken out first.
    Unclean,
    /// Something was found to be wrong. Every line is checked.
    Damage,
}

/// Lines must be what they claim to be, and follow each other.
fn check_lines(events: &Path, loaded: &Loaded, doubt: Doubt) -> Result<(), StoreError> {
    let mut from = match doubt {
        Doubt::None | Doubt::Unclean => loaded.tail.last_seq.saturating_sub(CHECKED_AT_OPEN - 1),
        Doubt::Damage => 0,
    };
    let damaged = |seq: u64, what: &str| {
        Err(StoreError::Damaged {
            dir: events.into(),
            detail: format!("record {seq} {what}"),
        })
    };
    let mut before: Option<(u64, String)> = None;
    loop {
        let (lines, skipped) = loaded.trees.lines(from, CHECKED_AT_ONCE)?;
        let Some(last) = lines.last() else {
            return Ok(());
        };
        from = last.seq + 1;
        if skipped > 0 {
            // Something of another version is in between; what it is cannot be judged here.
            before = None;
            continue;
        }
        for line in &lines {
            if !hash_holds(line.json.as_bytes()) {
                return damaged(line.seq, "does not have its hash");
            }
            if let Some((seq, chain)) = &before {
                if line.from != seq + 1 {
                    return damaged(seq + 1, "is missing");
                }
                if line.record().is_some_and(|r| r.prev != *chain) {
                    return damaged(line.seq, "does not follow the one before");
                }
            }
            before = Some((line.seq, line.chain()));
        }
    }
}

/// Logs set aside must not fill the disk when a medium fails again and again: the newest ones are kept.
fn forget_old(dir: &Path) {
    let mut aside: Vec<PathBuf> = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|p| {
            p.file_name()
                .and_then(|n| n.to_str())
                .is_some_and(|n| n.starts_with("events.quarantined-"))
        })
        .collect();
    aside.sort();
    for old in aside.iter().rev().skip(ASIDE_MAX) {
        match fs::remove_dir_all(old) {
            Ok(()) => {
                tracing::warn!(path = %old.display(), "An old damaged event log was deleted.")
            }
            Err(error) => {
                tracing::warn!(path = %old.display(), %error, "An old damaged event log could not be deleted.")
            }
        }
    }
}

fn set_aside(events: &Path, now: WallTime) -> Result<PathBuf, StoreError> {
    let utc = WallTime {
        unix_ms: now.unix_ms,
        utc_offset_s: 0,
    }
    .rfc3339();
    let stamp: String = utc
        .chars()
        .take(19)
        .filter(|c| c.is_ascii_alphanumeric())
        .collect();
    for n in 0u32.. {
        let suffix = if n == 0 {
            String::new()
        } else {
            format!("-{n}")
        };
        let aside = events.with_file_name(format!("events.quarantined-{stamp}Z{suffix}"));
        if aside.exists() {
            continue;
        }
        return match fs::rename(events, &aside) {
            Ok(()) => Ok(aside),
            Err(source) => Err(StoreError::Io {
                what: "set aside",
                path: events.into(),
                source,
            }),
        };
    }
    unreachable!("invariant: a free name is found before numbers run out")
}
