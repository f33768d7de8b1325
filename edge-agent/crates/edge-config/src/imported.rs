//! Calendars that came by command: kept beside the event log, a file a year, in place of what the configuration's own files say about that
//! year. Knows no command and no engine.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hall_core::config::Date;
use jiff::civil;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::mistake::{Mistake, quote};
use crate::validate::dates;

/// Transactions remembered of a year, so that an old command that comes again does not undo a newer one.
const EARLIER_MAX: usize = 32;

/// A year's holidays and make-up workdays as commanded, v1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportedCalendar {
    /// Format version: 1.
    pub v: u32,
    /// The year.
    pub year: i32,
    /// Closed: dates or ranges, both ends included.
    pub off: Vec<String>,
    /// Weekend dates worked like a weekday.
    pub work: Vec<String>,
    /// Transaction of the command.
    pub tx: String,
    /// Account or office that gave it.
    pub by: String,
    /// When it was taken, RFC 3339.
    pub at: String,
    /// Transactions of the commands it replaced, oldest first.
    #[serde(default)]
    pub earlier: Vec<String>,
}

/// The dates of a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearDates {
    /// Closed.
    pub off: Vec<Date>,
    /// Worked.
    pub work: Vec<Date>,
}

impl ImportedCalendar {
    /// Its dates.
    ///
    /// # Errors
    /// What is wrong with it, and what is expected.
    pub fn dates(&self) -> Result<YearDates, String> {
        if !(2000..=2199).contains(&self.year) {
            return Err(format!(
                "year: {} is no year between 2000 and 2199",
                self.year
            ));
        }
        let mut named: BTreeMap<civil::Date, String> = BTreeMap::new();
        let mut list = |key: &str, entries: &[String]| -> Result<Vec<Date>, String> {
            let mut found = Vec::new();
            for (n, text) in entries.iter().enumerate() {
                let place = format!("{key}[{n}]");
                let range = dates::range(text)
                    .map_err(|(message, hint)| format!("{place}: {message} ({hint})"))?;
                for date in range {
                    if i32::from(date.year()) != self.year {
                        return Err(format!("{place}: {date} is not in {}", self.year));
                    }
                    if let Some(other) = named.insert(date, place.clone()) {
                        return Err(format!("{place}: {date} is already named by {other}"));
                    }
                    found.push(date);
                }
            }
            Ok(found.into_iter().map(dates::core_date).collect())
        };
        let off = list("off", &self.off)?;
        let work = list("work", &self.work)?;
        if off.is_empty() {
            return Err("off: a year without any public holiday is none; name them all".into());
        }
        for date in named.keys().filter(|date| named[date].starts_with("work")) {
            let day = date.weekday().to_monday_zero_offset();
            if day < 5 {
                return Err(format!("work: {date} is no Saturday or Sunday"));
            }
        }
        Ok(YearDates { off, work })
    }

    /// Says the same, whoever commanded it.
    #[must_use]
    pub fn same_days(&self, other: &ImportedCalendar) -> bool {
        (self.year, &self.off, &self.work) == (other.year, &other.off, &other.work)
    }

    /// The command `tx` was taken, now or before a newer one.
    #[must_use]
    pub fn knows(&self, tx: &str) -> bool {
        self.tx == tx || self.earlier.iter().any(|earlier| earlier == tx)
    }

    /// The same, in place of `old`.
    #[must_use]
    pub fn replacing(mut self, old: Option<&ImportedCalendar>) -> Self {
        if let Some(old) = old {
            self.earlier.clone_from(&old.earlier);
            self.earlier.push(old.tx.clone());
            let over = self.earlier.len().saturating_sub(EARLIER_MAX);
            self.earlier.drain(..over);
        }
        self
    }

    /// Keeps it in the storage folder; when this returns it survives a power cut.
    ///
    /// # Errors
    /// When the disk refuses; what was kept before is still there.
    pub fn keep(&self, storage: &Path) -> io::Result<()> {
        let folder = folder(storage);
        fs::create_dir_all(&folder)?;
        let (file, tmp) = (
            path(storage, self.year),
            folder.join(format!("{}.tmp", self.year)),
        );
        let mut out = File::create(&tmp)?;
        out.write_all(&serde_json::to_vec(self)?)?;
        out.sync_data()?;
        fs::rename(&tmp, &file)?;
        File::open(&folder)?.sync_all()
    }
}

fn folder(storage: &Path) -> PathBuf {
    storage.join("calendars")
}

fn path(storage: &Path, year: i32) -> PathBuf {
    folder(storage).join(format!("{year}.json"))
}

impl Config {
    /// The same with the calendars that were commanded. One that cannot be read is left out, with a warning: the box judges on by what
    /// the files say.
    #[must_use]
    pub fn with_imported(mut self) -> Self {
        let Ok(entries) = fs::read_dir(folder(&self.storage.dir)) else {
            return self;
        };
        let mut files: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        files.retain(|file| file.extension().is_some_and(|e| e == "json"));
        files.sort();
        for file in files {
            let read = || -> Result<ImportedCalendar, String> {
                let bytes = fs::read(&file).map_err(|e| e.to_string())?;
                let calendar: ImportedCalendar =
                    serde_json::from_slice(&bytes).map_err(|e| e.to_string())?;
                calendar.dates()?;
                Ok(calendar)
            };
            match read().and_then(|calendar| self.with_calendar(&calendar)) {
                Ok(with) => self = with,
                Err(reason) => self.warnings.push(Mistake {
                    file: file.clone(),
                    line: None,
                    path: String::new(),
                    message: format!(
                        "the calendar in {} cannot be used: {reason}",
                        quote(&file.display().to_string())
                    ),
                    hint: "let the centre send it again, or take the file away".into(),
                }),
            }
        }
        self
    }

    /// The same with this calendar in place of what was known of its year.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn with_calendar(&self, calendar: &ImportedCalendar) -> Result<Config, String> {
        let dates = calendar.dates()?;
        let mut config = self.clone();
        let duty = &mut config.engine.duty;
        for (list, new) in [
            (&mut duty.holidays, dates.off),
            (&mut duty.workdays, dates.work),
        ] {
            list.retain(|date| date.year != calendar.year);
            list.extend(new);
            list.sort_unstable();
        }
        if !duty.calendar_years.contains(&calendar.year) {
            duty.calendar_years.push(calendar.year);
            duty.calendar_years.sort_unstable();
        }
        config.calendars.insert(calendar.year, calendar.clone());
        let mut hasher = Sha256::new();
        hasher.update(&config.files_sha256);
        for c in config.calendars.values() {
            hasher.update(format!(
                "\n{} off {} work {}",
                c.year,
                c.off.join(" "),
                c.work.join(" ")
            ));
        }
        config.sha256 = hex::encode(hasher.finalize());
        Ok(config)
    }
}
