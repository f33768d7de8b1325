//! The steps of archived days: what the box itself was told. Knows no file format.

use std::path::Path;

use hall_archive::{Day, Read, Reader};
use hall_core::HallTime;
use hall_core::observe::Input;
use hall_core::time::WallClock;

use crate::error::ReplayError;
use crate::run::{Start, Step};
use crate::source::Told;

/// Which time of an archive is wanted: wall time in Unix milliseconds, the end exclusive. It begins with the day of the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Start.
    pub from_unix_ms: i64,
    /// End.
    pub to_unix_ms: i64,
}

impl Asked {
    /// One local day.
    #[must_use]
    pub fn day(day: Day, utc_offset_s: i32) -> Self {
        Asked {
            from_unix_ms: day.begins_unix_ms(utc_offset_s),
            to_unix_ms: Day(day.0 + 1).begins_unix_ms(utc_offset_s),
        }
    }
}

/// The steps of an archive.
#[derive(Debug)]
pub struct ArchiveSteps {
    reader: Reader,
    clock: WallClock,
    to_unix_ms: i64,
    begun: bool,
    ended: bool,
    number: u64,
}

impl ArchiveSteps {
    /// What the archive in `dir` holds of the time asked for, from the beginning of its first day.
    ///
    /// # Errors
    /// When it cannot be read or holds none of these days.
    pub fn open(dir: &Path, asked: Asked, utc_offset_s: i32) -> Result<Self, ReplayError> {
        let first = Day::of(asked.from_unix_ms, utc_offset_s);
        let last = Day::of(asked.to_unix_ms - 1, utc_offset_s);
        Ok(ArchiveSteps {
            reader: Reader::open(dir, first, last)?,
            clock: WallClock::unix(utc_offset_s),
            to_unix_ms: asked.to_unix_ms,
            begun: false,
            ended: false,
            number: 0,
        })
    }

    /// Inputs that the archive says were lost, so far.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.reader.lost()
    }

    fn told(&mut self, at: HallTime, step: Step) -> Told {
        self.number += 1;
        Told {
            at,
            line: self.number,
            step,
        }
    }

    fn advance(&mut self) -> Result<Option<Told>, ReplayError> {
        while !self.ended {
            let (at, step) = match self.reader.next().transpose()? {
                // Time runs on to where it is known that nothing else happened.
                None => (self.reader.reached(), Step::Input(Input::Tick)),
                Some(Read::Begin(head)) => {
                    self.clock = head.clock;
                    if self.begun && head.continued {
                        continue;
                    }
                    let start = Start {
                        clock: head.clock,
                        checkpoint: head.checkpoint,
                    };
                    (head.at, Step::Start(Box::new(start)))
                }
                Some(Read::Told(at, input)) => {
                    if let Input::Clock(clock) = &input {
                        self.clock = *clock;
                    }
                    (at, Step::Input(input))
                }
            };
            self.ended = matches!(step, Step::Input(Input::Tick));
            if !self.begun && self.ended {
                break;
            }
            self.begun = true;
            let end = self.clock.hall(self.to_unix_ms);
            if at >= end {
                self.ended = true;
                // An event that is due at the very end of the time asked for is one of it.
                return Ok(Some(self.told(end, Step::Input(Input::Tick))));
            }
            return Ok(Some(self.told(at, step)));
        }
        Ok(None)
    }
}

impl Iterator for ArchiveSteps {
    type Item = Result<Told, ReplayError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
