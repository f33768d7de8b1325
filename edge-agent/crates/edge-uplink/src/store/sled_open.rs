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
/// The database gives its lock up a moment after the last handle is dropped.
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
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { dir: dir.into() }),
        Err(TryLockError::Error(source)) => Err(StoreError::Io {
            what: "lock",
            path,
            source,
        }),
    }
}

/// Opens the log; a damaged one is set aside, what can be read of it is taken over, and the numbers go on.
pub(super) fn open(cfg: &StoreConfig) -> Result<Loaded, StoreError> {
    let events = events_dir(&cfg.dir);
    let head = Head::load(&head_path(&cfg.dir));
    match open_checked(&events, cfg, head.as_ref()) {
        Err(StoreError::Damaged { detail, .. }) => {
            let now = (cfg.clock)();
            let aside = set_aside(&events, now)?;
            tracing::error!(
                detail,
                aside = %aside.display(),
                "The event log is damaged and was set aside; a new one is started. Keep the directory for examination."
            );
            let trees = Trees::open(&events, cfg.cache_bytes)?;
            rebuild(&trees, &aside, head.as_ref(), now)?;
            let mut loaded = load(trees, head.as_ref(), now)?;
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
    let loaded = load(trees, head, (cfg.clock)())?;
    check_end(events, &loaded)?;
    Ok(loaded)
}

fn is_lock(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::WouldBlock
        || error.to_string().contains("could not acquire lock")
}

fn load(trees: Trees, head: Option<&Head>, now: WallTime) -> Result<Loaded, StoreError> {
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
    let mut tail = Tail {
        last_seq,
        last_hash,
        counts,
    };
    let mut acked = trees.acked()?;
    if let Some(head) = head {
        acked = acked.max(head.acked);
        if head.last_seq > tail.last_seq {
            let gap = GapRecord::new(
                tail.last_seq + 1,
                head.last_seq,
                GapReason::LostTail,
                now,
                &head.last_hash,
            );
            tracing::error!(
                from = gap.from,
                to = gap.to,
                "The event log came back without its last records; a gap is recorded."
            );
            put_gap(&trees, &mut tail, &gap)?;
        }
    }
    acked = acked.min(tail.last_seq);
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

/// The last lines must be what they claim to be.
fn check_end(events: &Path, loaded: &Loaded) -> Result<(), StoreError> {
    let from = loaded.tail.last_seq.saturating_sub(CHECKED_AT_OPEN - 1);
    let (lines, _) = loaded.trees.lines(from, CHECKED_AT_OPEN as usize)?;
    match lines.iter().find(|line| !hash_holds(line.json.as_bytes())) {
        Some(bad) => Err(StoreError::Damaged {
            dir: events.into(),
            detail: format!("the hash of record {} is wrong", bad.seq),
        }),
        None => Ok(()),
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
