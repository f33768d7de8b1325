//! Reads an observation file as one stream in time order: repeated records are spread out and merged with the others while
//! reading. Holds only the records that are still repeating; knows no engine.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io::{self, BufRead, Read};
use std::sync::Arc;

use crate::observation::{Observation, RecordError, Span, parse_record};

/// Longest line that is read, in bytes.
pub const LINE_MAX_BYTES: u64 = 1 << 20;
/// Most records that may repeat at one time.
pub const REPEATING_MAX: usize = 10_000;

/// What is wrong with an observation file.
#[derive(Debug, thiserror::Error)]
pub enum TimelineError {
    /// It could not be read.
    #[error("line {line}: cannot read: {source}")]
    Read {
        /// Line number from 1.
        line: u64,
        /// Cause.
        source: io::Error,
    },
    /// A line is too long.
    #[error("line {line}: longer than {LINE_MAX_BYTES} bytes; split the record")]
    TooLong {
        /// Line number from 1.
        line: u64,
    },
    /// A line is no record.
    #[error("line {line}: {source}")]
    Record {
        /// Line number from 1.
        line: u64,
        /// Cause.
        source: RecordError,
    },
    /// Lines are not in time order.
    #[error(
        "line {line}: its time is {early_ms} ms before that of line {before}; sort the lines by 'at'"
    )]
    Unsorted {
        /// Line number from 1.
        line: u64,
        /// The earlier line with the later time.
        before: u64,
        /// By how much.
        early_ms: i64,
    },
    /// Too many records repeat at one time.
    #[error(
        "line {line}: more than {REPEATING_MAX} records repeat at the same time; end some with an earlier 'until'"
    )]
    TooManyRepeating {
        /// Line number from 1.
        line: u64,
    },
}

/// One observation at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Line it comes from, from 1.
    pub line: u64,
    /// What.
    pub observation: Arc<Observation>,
}

#[derive(Debug)]
struct Pending {
    next_ms: i64,
    line: u64,
    span: Span,
    observation: Arc<Observation>,
}

impl Pending {
    fn key(&self) -> (i64, u64) {
        (self.next_ms, self.line)
    }
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Pending {}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pending {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

/// The moments of an observation file in time order; of the same instant, in line order. After an error it ends.
#[derive(Debug)]
pub struct Timeline<R> {
    input: R,
    line: u64,
    buffer: Vec<u8>,
    /// Latest line taken: its time and number.
    latest: Option<(i64, u64)>,
    /// The line after those in `pending`, read ahead.
    ahead: Option<Pending>,
    pending: BinaryHeap<Reverse<Pending>>,
    ended: bool,
}

impl<R: BufRead> Timeline<R> {
    /// The moments of `input`, read as they are asked for.
    pub fn new(input: R) -> Self {
        Timeline {
            input,
            line: 0,
            buffer: Vec::new(),
            latest: None,
            ahead: None,
            pending: BinaryHeap::new(),
            ended: false,
        }
    }

    fn advance(&mut self) -> Result<Option<Moment>, TimelineError> {
        loop {
            if self.ahead.is_none() && !self.ended {
                self.ahead = self.read_record()?;
                self.ended = self.ahead.is_none();
            }
            let first = self.pending.peek().map(|Reverse(p)| p.key());
            match (&self.ahead, first) {
                // A line of the same instant has a higher number than those pending, so it may wait its turn.
                (Some(ahead), first) if first.is_none_or(|key| ahead.key() < key) => {
                    if self.pending.len() >= REPEATING_MAX {
                        return Err(TimelineError::TooManyRepeating { line: ahead.line });
                    }
                    self.pending.extend(self.ahead.take().map(Reverse));
                }
                _ => break,
            }
        }
        let Some(mut first) = self.pending.peek_mut() else {
            return Ok(None);
        };
        let Reverse(record) = &mut *first;
        let moment = Moment {
            at_ms: record.next_ms,
            line: record.line,
            observation: Arc::clone(&record.observation),
        };
        record.next_ms += record.span.every_ms;
        let goes_on = record
            .span
            .until_ms
            .is_some_and(|until_ms| record.next_ms < until_ms);
        if !goes_on {
            PeekMut::pop(first);
        }
        Ok(Some(moment))
    }

    /// The next record; blank lines and lines starting with `#` are passed over.
    fn read_record(&mut self) -> Result<Option<Pending>, TimelineError> {
        loop {
            self.line += 1;
            let line = self.line;
            self.buffer.clear();
            let read = (&mut self.input)
                .take(LINE_MAX_BYTES + 1)
                .read_until(b'\n', &mut self.buffer)
                .map_err(|source| TimelineError::Read { line, source })?;
            if read == 0 {
                return Ok(None);
            }
            if read as u64 > LINE_MAX_BYTES {
                return Err(TimelineError::TooLong { line });
            }
            let text = std::str::from_utf8(&self.buffer).map_err(|e| TimelineError::Record {
                line,
                source: RecordError::Format(format!("not UTF-8: {e}")),
            })?;
            // Some editors put a byte order mark before the first line.
            let text = text.trim_start_matches('\u{feff}').trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let (span, observation) =
                parse_record(text).map_err(|source| TimelineError::Record { line, source })?;
            if let Some((latest_ms, before)) = self.latest
                && span.at_ms < latest_ms
            {
                return Err(TimelineError::Unsorted {
                    line,
                    before,
                    early_ms: latest_ms - span.at_ms,
                });
            }
            self.latest = Some((span.at_ms, line));
            let observation = Arc::new(observation);
            return Ok(Some(Pending {
                next_ms: span.at_ms,
                line,
                span,
                observation,
            }));
        }
    }
}

impl<R: BufRead> Iterator for Timeline<R> {
    type Item = Result<Moment, TimelineError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance().transpose();
        if matches!(next, Some(Err(_))) {
            self.ended = true;
            self.ahead = None;
            self.pending.clear();
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: &str, until: Option<&str>, every_ms: Option<u32>, sensor: &str) -> String {
        let until = until.map_or(String::new(), |u| {
            format!(r#","until":"2026-09-21T10:{u}+08:00""#)
        });
        let every = every_ms.map_or(String::new(), |e| format!(r#","every_ms":{e}"#));
        format!(
            r#"{{"at":"2026-09-21T10:{at}+08:00"{until}{every},"kind":"sensor","sensor":"{sensor}","value":true}}"#
        )
    }

    fn moments(text: &str) -> Result<Vec<String>, TimelineError> {
        Timeline::new(text.as_bytes())
            .map(|m| {
                m.map(|m| {
                    let name = match &*m.observation {
                        Observation::Sensor { sensor, .. } => sensor.to_string(),
                        other => format!("{other:?}"),
                    };
                    format!("{name}{}", m.at_ms - 1_789_956_000_000)
                })
            })
            .collect()
    }

    #[test]
    fn repeated_lines_are_merged_by_time_then_line() {
        let text = [
            line("00:00", Some("00:03"), None, "a"),
            "# a remark".into(),
            String::new(),
            line("00:01", Some("00:02"), Some(500), "b"),
            line("00:01", None, None, "c"),
            line("00:02", None, None, "d"),
        ]
        .join("\n");
        assert_eq!(
            moments(&text).unwrap(),
            ["a0", "a1000", "b1000", "c1000", "b1500", "a2000", "d2000"]
        );
    }

    #[test]
    fn mistakes_name_their_line() {
        fn check(text: &str, expected: &str) {
            let got = moments(text).unwrap_err().to_string();
            assert!(got.contains(expected), "got: {got}\nfor: {expected}");
        }
        let good = line("00:05", None, None, "a");
        check(
            &format!("{good}\n\n{}", line("00:04", None, None, "b")),
            "line 3: its time is 1000 ms before that of line 1",
        );
        check(
            &format!("{good}\n{{\"kind\":\"tick\"}}"),
            "line 2: missing field `at`",
        );
        check(&format!("{good}\nnonsense"), "line 2: expected ident");
        check(
            &"x".repeat(LINE_MAX_BYTES as usize + 1),
            "line 1: longer than",
        );
    }

    #[test]
    fn only_running_repetitions_are_held() {
        // Ten thousand lines, each over before the next begins.
        let text: Vec<String> = (0..10_000)
            .map(|i| format!(r#"{{"at":"2026-09-21T{:02}:{:02}:{:02}Z","until":"2026-09-21T{:02}:{:02}:{:02}.9Z","every_ms":300,"kind":"sensor","sensor":"a","value":true}}"#,
                i / 3600, i / 60 % 60, i % 60, i / 3600, i / 60 % 60, i % 60))
            .collect();
        let text = text.join("\n");
        let mut timeline = Timeline::new(text.as_bytes());
        let mut n = 0;
        let mut last = i64::MIN;
        while let Some(moment) = timeline.next() {
            let moment = moment.unwrap();
            assert!(moment.at_ms >= last);
            last = moment.at_ms;
            n += 1;
            assert!(timeline.pending.len() <= 2);
        }
        assert_eq!(n, 30_000);
    }
}
