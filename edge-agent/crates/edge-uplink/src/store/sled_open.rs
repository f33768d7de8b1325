//! Opening the database: the lock, the check against `head.json`, and what happens to a damaged one.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::codec::{GENESIS, GapReason, GapRecord, LineKind, LogLine, hash_holds};
use super::head::Head;
use super::salvage::scan_dir;
use super::sled::StoreConfig;
use super::sled_trees::{Counts, Tail, Trees};
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
/// At most so many lines are taken out of a damaged log; the newest are kept.
const SALVAGE_MAX: usize = 50_000;

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
pub(super) fn open(cfg: &StoreConfig, check: Check) -> Result<Loaded, StoreError> {
    let events = events_dir(&cfg.dir);
    let head = Head::load(&head_path(&cfg.dir));
    match open_checked(&events, cfg, head.as_ref(), check) {
        Err(StoreError::Damaged { detail, .. }) => {
            let now = (cfg.clock)();
            let aside = set_aside(&events, now)?;
            tracing::error!(
                detail,
                aside = %aside.display(),
                "The event log is damaged and was set aside; a new one is started. Keep the directory for examination."
            );
            forget_old(&cfg.dir);
            let trees = Trees::open(&events, cfg.cache_bytes)?;
            rebuild(&trees, &aside, head.as_ref(), now)?;
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
    check: Check,
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
    if head.is_some_and(|h| h.last_seq > loaded.tail.last_seq) {
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
    check_lines(events, &loaded, check)?;
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

/// How much of the log is checked when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// The last lines: a start must not take longer because the log is long.
    End,
    /// Every line, after something was found to be wrong.
    All,
}

/// Lines must be what they claim to be, and follow each other.
fn check_lines(events: &Path, loaded: &Loaded, check: Check) -> Result<(), StoreError> {
    let mut from = match check {
        Check::End => loaded.tail.last_seq.saturating_sub(CHECKED_AT_OPEN - 1),
        Check::All => 0,
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

/// Takes over what the damaged log still holds, and stands gaps in for the rest.
fn rebuild(
    trees: &Trees,
    aside: &Path,
    head: Option<&Head>,
    now: WallTime,
) -> Result<(), StoreError> {
    let mut found: BTreeMap<u64, Vec<LogLine>> = BTreeMap::new();
    let scanned = scan_dir(aside, &mut |line| {
        let same = found.entry(line.seq).or_default();
        if !same.contains(&line) {
            same.push(line);
        }
        if found.len() > SALVAGE_MAX {
            found.pop_first();
        }
    });
    if let Err(error) = scanned {
        tracing::error!(%error, "The damaged event log could not be searched completely for records.");
    }
    let head = match (head, found.last_key_value()) {
        (Some(head), _) => head.clone(),
        // Without a head nobody knows what the centre has: it gets everything again, and drops what it knows.
        (None, Some((last, lines))) => {
            let lowest = found
                .first_key_value()
                .map_or(1, |(seq, lines)| lines.first().map_or(*seq, |l| l.from));
            Head::new(*last, &lines[0].chain(), lowest - 1)
        }
        (None, None) => Head::genesis(),
    };
    let lines = consistent(&found, &head, now);
    let kept = lines.iter().filter(|l| l.kind == LineKind::Event).count();
    let mut counts = Counts::default();
    for line in lines.iter().rev() {
        trees.put(line, line.record().as_ref())?;
        counts.add(line);
    }
    trees.put_tail(&Tail {
        last_seq: head.last_seq,
        last_hash: head.last_hash.clone(),
        counts,
    })?;
    trees.put_acked(head.acked)?;
    trees.flush()?;
    tracing::warn!(
        records = kept,
        last_seq = head.last_seq,
        "Records were taken over from the damaged event log."
    );
    Ok(())
}

/// Walks from the head down along the chain, so that of two lines with one number the acknowledged one is taken.
/// Returns newest first.
fn consistent(found: &BTreeMap<u64, Vec<LogLine>>, head: &Head, now: WallTime) -> Vec<LogLine> {
    let mut lines = Vec::new();
    let mut expected = (head.last_hash != GENESIS).then(|| head.last_hash.clone());
    let mut seq = head.last_seq;
    while seq > 0 {
        let candidates = found.get(&seq).map_or(&[][..], Vec::as_slice);
        let chosen = candidates
            .iter()
            .find(|l| expected.as_ref().is_none_or(|hash| l.chain() == *hash));
        if let Some(line) = chosen {
            expected = line.record().map(|r| r.prev);
            seq = line.from - 1;
            lines.push(line.clone());
            continue;
        }
        let below = found.range(..seq).next_back().map(|(lower, _)| *lower);
        // Nothing further down: what the centre has needs no gap.
        let from = below.unwrap_or(head.acked) + 1;
        if from <= seq {
            let chain = expected.take().unwrap_or_else(|| GENESIS.into());
            lines.push(LogLine::from_gap(&GapRecord::new(
                from,
                seq,
                GapReason::Quarantined,
                now,
                &chain,
            )));
        }
        match below {
            Some(lower) => seq = lower,
            None => break,
        }
    }
    lines
}
