//! The thread that writes: takes what the hall task hands over, keeps it in day files, and lets go of old ones. A disk that cannot be
//! written costs observations, never judgement. Knows no clock: every item says when it is.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;

use hall_core::HallTime;
use hall_core::observe::Input;
use hall_core::time::WallClock;
use tokio::sync::mpsc;

use crate::encoder::Encoder;
use crate::frame::{Kind, append_to, block};
use crate::head::Head;
use crate::shelf::{Budget, Day, file_of, tidy};

/// What is handed over, in order of time.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A new process or a new day.
    Begin(Box<Head>),
    /// What the engine was told, and when.
    Told(HallTime, Input),
    /// So many inputs could not be handed over before this instant.
    Lost(HallTime, u64),
    /// Nothing but time: what was told up to here is written.
    Beat(HallTime, WallClock),
}

/// Every so many beats the file is flushed to the disk: a power cut costs at most as much.
const FLUSH_EVERY: u32 = 6;

/// Writes day files until every sender is gone.
#[derive(Debug)]
pub struct Archivist {
    dir: PathBuf,
    budget: Budget,
    items: mpsc::Receiver<Item>,
    segment: Option<Segment>,
    /// A segment that could not be begun; tried again at every beat.
    waiting: Option<Box<Head>>,
    /// Why the last write failed.
    trouble: Option<String>,
}

#[derive(Debug)]
struct Segment {
    encoder: Encoder,
    day: Day,
    file: File,
    /// Length of the file up to its last whole block.
    bytes: u64,
    /// Bytes of other days.
    others: u64,
    beats: u32,
    /// Blocks that could not be written since the last one that could.
    missed: u64,
}

impl Archivist {
    /// Writes to `dir`, which is made if it is not there.
    #[must_use]
    pub fn new(dir: PathBuf, budget: Budget, items: mpsc::Receiver<Item>) -> Self {
        Archivist {
            dir,
            budget,
            items,
            segment: None,
            waiting: None,
            trouble: None,
        }
    }

    /// Runs until every sender is gone. Blocks; give it a thread of its own.
    pub fn run(mut self) {
        while let Some(item) = self.items.blocking_recv() {
            let done = self.take(item);
            self.tell(done);
        }
        if let Some(segment) = self.segment.take() {
            let done = segment.file.sync_data();
            self.tell(done);
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        if let Some(head) = &self.waiting {
            self.segment = Some(Segment::begin(&self.dir, head, self.budget)?);
            self.waiting = None;
        }
        Ok(())
    }

    fn tell(&mut self, done: io::Result<()>) {
        match done {
            Ok(()) => {}
            Err(error) => {
                let text = error.to_string();
                if self.trouble.as_ref() != Some(&text) {
                    tracing::warn!(%error, dir = %self.dir.display(), "Observations cannot be kept; judging goes on without.");
                }
                self.trouble = Some(text);
            }
        }
    }

    fn take(&mut self, item: Item) -> io::Result<()> {
        match item {
            Item::Begin(head) => {
                let old = self.segment.take();
                let kept = old.map_or(Ok(()), |mut old| {
                    old.write(head.at, self.budget)?;
                    old.file.sync_data()
                });
                self.waiting = Some(head);
                self.begin().and(kept)
            }
            Item::Told(at, input) => {
                if let Some(segment) = &mut self.segment {
                    segment.encoder.push(at, &input);
                }
                Ok(())
            }
            Item::Lost(at, lost) => {
                tracing::warn!(lost, "Observations were not kept: the disk is slow.");
                if let Some(segment) = &mut self.segment {
                    segment.encoder.gap(at, lost);
                }
                Ok(())
            }
            Item::Beat(at, clock) => {
                if let Some(head) = &mut self.waiting {
                    // What was told meanwhile is lost: as if the process began now.
                    head.at = at;
                    head.clock = clock;
                    head.checkpoint = None;
                    head.continued = false;
                }
                self.begin()?;
                let Some(segment) = &mut self.segment else {
                    return Ok(());
                };
                segment.write(at, self.budget)?;
                if self.trouble.take().is_some() {
                    tracing::info!("Observations are kept again.");
                }
                segment.beats += 1;
                if segment.beats.is_multiple_of(FLUSH_EVERY) {
                    segment.file.sync_data()?;
                    // An unbelieved clock must not decide that days are old.
                    if clock.synced {
                        let bytes = segment.bytes;
                        segment.others = tidy(&self.dir, segment.day, bytes, self.budget)?;
                    }
                }
                Ok(())
            }
        }
    }
}

impl Segment {
    fn begin(dir: &std::path::Path, head: &Head, budget: Budget) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let day = Day::of(head.clock.unix_ms(head.at), head.clock.utc_offset_s);
        let (file, bytes) = append_to(&file_of(dir, day))?;
        let others = if head.clock.synced {
            tidy(dir, day, bytes, budget)?
        } else {
            0
        };
        let mut segment = Segment {
            encoder: Encoder::new(head),
            day,
            file,
            bytes,
            others,
            beats: 0,
            missed: 0,
        };
        segment.append(&block(Kind::Head, &head.to_json()))?;
        Ok(segment)
    }

    /// Writes what was told up to `to`. What cannot be written is lost, and the next block says so.
    fn write(&mut self, to: HallTime, budget: Budget) -> io::Result<()> {
        let records = block(Kind::Records, &self.encoder.seal(to));
        let full = self.bytes + self.others + records.len() as u64 > budget.bytes;
        let written = if full && self.others == 0 {
            Err(io::Error::other(
                "the day alone exceeds storage.observations_mib",
            ))
        } else {
            self.append(&records)
        };
        if let Err(error) = written {
            self.missed += 1;
            self.encoder.gap(to, self.missed);
            return Err(error);
        }
        self.missed = 0;
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self
            .file
            .seek(SeekFrom::Start(self.bytes))
            .and_then(|_| self.file.write_all(bytes));
        match written {
            Ok(()) => self.bytes += bytes.len() as u64,
            // Half a block would hide everything behind it.
            Err(_) => self.file.set_len(self.bytes)?,
        }
        written
    }
}
