//! One file a day, replaced as a whole. Kept out of the event log's database because it changes every minute and must be readable while
//! the agent runs. Knows no figures.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use hall_metrics::{LocalDay, StoredDay};
use hall_wire::day::{DayRecord, day_text, parse_day};

/// Days kept: two years and two months (26 months), so that every report finds the same month last year.
pub const KEEP_DAYS: i64 = 800;
/// Bytes kept at most; the oldest days go first. A day of a hall with 40 windows and 8 queues takes about 0.2 MB.
pub const KEEP_BYTES: u64 = 256 << 20;

/// What a file that is set aside is called besides its own name.
const ASIDE: &str = "set-aside";

/// The folder of days.
#[derive(Debug, Clone)]
pub struct DayFiles {
    folder: PathBuf,
}

/// Days that were read, and the files that could not be.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Oldest first.
    pub days: Vec<StoredDay>,
    /// The others, each with a sentence that names the file and says what is wrong with it.
    pub damaged: Vec<(LocalDay, String)>,
}

impl DayFiles {
    /// The days in `folder`, which need not be there yet.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        DayFiles { folder }
    }

    /// Where a day is.
    #[must_use]
    pub fn path(&self, day: LocalDay) -> PathBuf {
        self.folder.join(format!("{}.json", day_text(day)))
    }

    /// A day is there.
    #[must_use]
    pub fn has(&self, day: LocalDay) -> bool {
        self.path(day).exists()
    }

    /// Replaces a day: a reader, also after a crash, finds the old or the new one.
    ///
    /// # Errors
    /// When the disk refuses; the old one is still there.
    pub fn save(&self, stored: &StoredDay) -> anyhow::Result<()> {
        let path = self.path(stored.day);
        let bytes = serde_json::to_vec(&DayRecord::from(stored))?;
        fs::create_dir_all(&self.folder)
            .and_then(|()| replace(&self.folder, &path, &bytes))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// The days from `first` to `last` that are there.
    ///
    /// # Errors
    /// When the folder is there and cannot be listed.
    pub fn load(&self, first: LocalDay, last: LocalDay) -> anyhow::Result<Loaded> {
        let mut loaded = Loaded::default();
        for day in self.days()? {
            if !(first..=last).contains(&day) {
                continue;
            }
            match self.read(day) {
                Ok(stored) => loaded.days.push(stored),
                Err(error) => loaded.damaged.push((day, format!("{error:#}"))),
            }
        }
        Ok(loaded)
    }

    /// A number that differs when one of the days from each first to its last was written anew, came or went, or a later day came.
    ///
    /// # Errors
    /// As [`DayFiles::load`].
    pub fn mark(&self, spans: &[(LocalDay, LocalDay)]) -> anyhow::Result<u64> {
        let days = self.days()?;
        let mut hasher = DefaultHasher::new();
        // Whether later days are kept decides up to when these are told.
        days.last().hash(&mut hasher);
        let within = |day: &LocalDay| spans.iter().any(|(a, b)| (a..=b).contains(&day));
        for day in days.iter().filter(|day| within(day)) {
            let meta = fs::metadata(self.path(*day)).ok();
            let stamp = meta.map(|meta| (meta.len(), meta.modified().ok()));
            (day, stamp).hash(&mut hasher);
        }
        Ok(hasher.finish())
    }

    fn read(&self, day: LocalDay) -> anyhow::Result<StoredDay> {
        let path = self.path(day);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let read = || -> anyhow::Result<StoredDay> {
            let stored = StoredDay::try_from(serde_json::from_slice::<DayRecord>(&bytes)?)?;
            anyhow::ensure!(stored.day == day, "it is about {}", day_text(stored.day));
            Ok(stored)
        };
        read().with_context(|| path.display().to_string())
    }

    /// Renames a day's file so that nothing takes it for a day any more and nothing overwrites it; its new name.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub fn set_aside(&self, day: LocalDay) -> anyhow::Result<PathBuf> {
        let path = self.path(day);
        let name = |n: u32| self.folder.join(format!("{}.{ASIDE}-{n}", day_text(day)));
        let free = (1..).map(name).find(|aside| !aside.exists());
        let aside = free.unwrap_or_else(|| name(0));
        fs::rename(&path, &aside)
            .with_context(|| format!("cannot set {} aside", path.display()))?;
        Ok(aside)
    }

    /// The days that are there, oldest first.
    ///
    /// # Errors
    /// When the folder is there and cannot be listed.
    pub fn days(&self) -> anyhow::Result<Vec<LocalDay>> {
        let mut days: Vec<LocalDay> = (self.entries()?.iter())
            .filter_map(|(_, path)| parse_day(path.file_name()?.to_str()?.strip_suffix(".json")?))
            .collect();
        days.sort_unstable();
        Ok(days)
    }

    /// Files that begin with a day, those set aside included.
    fn entries(&self) -> anyhow::Result<Vec<(LocalDay, PathBuf)>> {
        let context = || format!("cannot list {}", self.folder.display());
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(e).with_context(context),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.with_context(context)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let day = name.and_then(|name| parse_day(name.split('.').next()?));
            found.extend(day.map(|day| (day, path)));
        }
        Ok(found)
    }

    /// Removes files of days older than [`KEEP_DAYS`] before `today`, and then the oldest ones until `bytes_max` is kept to; never
    /// one of the days from `needed` on.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn trim(&self, today: LocalDay, needed: LocalDay, bytes_max: u64) -> anyhow::Result<u32> {
        let mut files: Vec<(LocalDay, PathBuf, u64)> = (self.entries()?.into_iter())
            .map(|(day, path)| {
                let bytes = fs::metadata(&path).map_or(0, |meta| meta.len());
                (day, path, bytes)
            })
            .collect();
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, _, bytes)| bytes).sum();
        let mut removed = 0;
        for (day, path, size) in files {
            let old = day.0 < today.0 - KEEP_DAYS;
            if !old && (bytes <= bytes_max || day >= needed) {
                continue;
            }
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            bytes -= size;
            removed += 1;
        }
        Ok(removed)
    }
}

fn replace(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let tmp = path.with_extension("tmp");
    let mut file = File::create(&tmp)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    fs::rename(&tmp, path)?;
    File::open(folder)?.sync_all()
}
