//! Reads days back in order: heads and inputs. Knows no engine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hall_core::HallTime;
use hall_core::observe::Input;

use crate::decoder::{Decoder, Told};
use crate::frame::{Blocks, Kind};
use crate::head::Head;
use crate::shelf::{Day, days, file_of};
use crate::tag;

/// What an archive says next.
#[derive(Debug, Clone, PartialEq)]
pub enum Read {
    /// A segment begins.
    Begin(Box<Head>),
    /// The engine was told this.
    Told(HallTime, Input),
}

/// An archive that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A folder or file.
    #[error("cannot read {path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// None of the days asked for.
    #[error("{dir} has no observations of {asked}; it has: {known}")]
    NoSuchDay {
        /// The folder.
        dir: PathBuf,
        /// What was asked for.
        asked: String,
        /// Days there are.
        known: String,
    },
}

/// Days of an archive, oldest first.
#[derive(Debug)]
pub struct Reader {
    files: std::vec::IntoIter<PathBuf>,
    blocks: Option<Blocks<Vec<u8>>>,
    decoder: Option<Decoder>,
    ready: std::vec::IntoIter<Told>,
    /// Too near the end of its block: the next one may still tell of something before it.
    held: Vec<Told>,
    at: HallTime,
    reached: HallTime,
    lost: u64,
}

impl Reader {
    /// The days from `first` to `last` that there are.
    ///
    /// # Errors
    /// When the folder cannot be read, or has none of them.
    pub fn open(dir: &Path, first: Day, last: Day) -> Result<Self, ReadError> {
        let known = days(dir).map_err(|source| ReadError::Io {
            path: dir.into(),
            source,
        })?;
        let wanted = known.iter().filter(|(day, _)| (first..=last).contains(day));
        let files: Vec<PathBuf> = wanted.map(|(day, _)| file_of(dir, *day)).collect();
        if files.is_empty() {
            let known: Vec<String> = known.iter().map(|(day, _)| day.name()).collect();
            return Err(ReadError::NoSuchDay {
                dir: dir.into(),
                asked: match first == last {
                    true => first.name(),
                    false => format!("{} to {}", first.name(), last.name()),
                },
                known: match known.is_empty() {
                    true => "none".into(),
                    false => known.join(", "),
                },
            });
        }
        Ok(Reader::of_files(files))
    }

    /// One day that is in memory: a file's bytes.
    #[must_use]
    pub fn of_day(bytes: Vec<u8>) -> Self {
        Reader {
            blocks: Some(Blocks::of(bytes)),
            ..Reader::of_files(Vec::new())
        }
    }

    fn of_files(files: Vec<PathBuf>) -> Self {
        Reader {
            files: files.into_iter(),
            blocks: None,
            decoder: None,
            ready: Vec::new().into_iter(),
            held: Vec::new(),
            at: HallTime(i64::MIN),
            reached: HallTime(i64::MIN),
            lost: 0,
        }
    }

    /// Up to when it is known that nothing else happened.
    #[must_use]
    pub fn reached(&self) -> HallTime {
        self.reached
    }

    /// Inputs that the archive says were lost, so far.
    #[must_use]
    pub fn lost(&self) -> u64 {
        let segment = self.decoder.as_ref().map_or(0, |decoder| decoder.lost);
        self.lost.saturating_add(segment)
    }

    /// Gives out what was told up to `until`.
    fn release(&mut self, until: HallTime) {
        // Stable: of the same instant in the order in which they were told.
        self.held.sort_by_key(|(at, _)| *at);
        let later = self.held.partition_point(|(at, _)| *at <= until);
        let held = self.held.split_off(later);
        self.ready = std::mem::replace(&mut self.held, held).into_iter();
    }

    fn advance(&mut self) -> Result<Option<Read>, ReadError> {
        loop {
            if let Some((at, input)) = self.ready.next() {
                // What ended a moment before a block began is told in it.
                self.at = self.at.max(at);
                return Ok(Some(Read::Told(self.at, input)));
            }
            let Some(blocks) = &mut self.blocks else {
                let Some(path) = self.files.next() else {
                    return Ok(None);
                };
                let bytes = fs::read(&path).map_err(|source| ReadError::Io { path, source })?;
                self.blocks = Some(Blocks::of(bytes));
                continue;
            };
            match blocks.next() {
                Some((Kind::Head, bytes)) => {
                    if !self.held.is_empty() {
                        blocks.back();
                        self.release(HallTime(i64::MAX));
                        continue;
                    }
                    let Some(head) = Head::from_json(bytes) else {
                        tracing::warn!("A segment of another version is passed over.");
                        self.end_segment();
                        continue;
                    };
                    self.end_segment();
                    self.decoder = Some(Decoder::new(&head));
                    (self.at, self.reached) = (head.at, head.at);
                    return Ok(Some(Read::Begin(Box::new(head))));
                }
                Some((Kind::Records, bytes)) => {
                    let Some(decoder) = &mut self.decoder else {
                        continue;
                    };
                    match decoder.block(bytes) {
                        Some((told, to)) => {
                            self.held.extend(told);
                            self.release(to.plus_ms(-tag::APART_MS));
                            self.reached = self.reached.max(to);
                        }
                        None => {
                            tracing::warn!("A block makes no sense; the segment ends before it.");
                            self.end_segment();
                        }
                    }
                }
                None => {
                    let cut_bytes = blocks.cut_bytes();
                    if cut_bytes > 0 {
                        tracing::warn!(cut_bytes, "A day's file is cut.");
                    }
                    self.blocks = None;
                    self.release(HallTime(i64::MAX));
                }
            }
        }
    }

    fn end_segment(&mut self) {
        self.lost = self.lost();
        self.decoder = None;
    }
}

impl Iterator for Reader {
    type Item = Result<Read, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
