//! Checks exported lines: every hash, every link, every sequence number. Pure; needs neither the box nor its database.

use std::io::{self, BufRead};

use serde::Deserialize;

use crate::store::codec::{GENESIS, GapRecord, sha256_hex, split_hash};

const LINE_START: &[u8] = b"{\"seq\":";

/// What a sound export holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// Event records.
    pub records: u64,
    /// Gaps, as `from..=to` and reason.
    pub gaps: Vec<GapRecord>,
    /// First sequence number; 0 when there was nothing.
    pub first_seq: u64,
    /// Last sequence number.
    pub last_seq: u64,
    /// The chain's head: compare with `head.json` or with what the centre has, since lines cut off at the end leave no
    /// trace in the rest.
    pub last_hash: String,
    /// The export starts with the first record ever; otherwise what came before is not part of it.
    pub from_genesis: bool,
}

/// The first line that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {} in line {line} is not as the box stored it: {why}", seq.map_or("?".to_owned(), |s| s.to_string()))]
pub struct Broken {
    /// Line number, from 1.
    pub line: u64,
    /// Sequence number the line should have; `None` when neither it nor its neighbours tell.
    pub seq: Option<u64>,
    /// What is wrong.
    pub why: Why,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The line does not end in a hash as every stored line does.
    #[error("it does not end in \"hash\" as every stored line does")]
    NoHash,
    /// Content and hash do not belong together.
    #[error("its content does not have its hash")]
    HashMismatch,
    /// Not a record although its hash is right.
    #[error("it is not a record ({0})")]
    NotARecord(String),
    /// It does not follow the line before.
    #[error("it points to another record than the one before it")]
    PrevMismatch,
    /// Numbers are missing, doubled or out of order.
    #[error("its number is {found}, expected {expected}")]
    SeqGap {
        /// The number after the line before.
        expected: u64,
        /// The number found.
        found: u64,
    },
}

/// Why verification could not say "sound".
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A line is not as stored.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The input could not be read.
    #[error("could not read the export: {0}")]
    Input(#[from] io::Error),
}

/// Checks an export.
///
/// # Errors
/// The first line that is not as stored, or that the input could not be read.
pub fn verify(mut input: impl BufRead) -> Result<Verified, VerifyError> {
    let mut chain = Chain::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Ok(chain.done);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        if let Err(mut broken) = chain.push(&line) {
            // A lost line end makes one line of two; the number it starts with is then the right one.
            let two_in_one = line
                .windows(LINE_START.len())
                .skip(1)
                .any(|w| w == LINE_START);
            if broken.line == 1 && !two_in_one {
                // The first line has nothing before it; the second, when sound, tells its number.
                line.clear();
                input.read_until(b'\n', &mut line)?;
                let second = parse(line.strip_suffix(b"\n").unwrap_or(&line));
                broken.seq = second
                    .ok()
                    .and_then(|l| l.from().checked_sub(1))
                    .or(broken.seq);
            }
            return Err(broken.into());
        }
    }
}

/// The state after the lines seen so far.
#[derive(Debug, Default)]
pub struct Chain {
    lines: u64,
    done: Verified,
    /// What `prev` of the next record must hold; `None` before the first line.
    expected_prev: Option<String>,
}

impl Chain {
    /// Takes the next line, without its line end.
    ///
    /// # Errors
    /// When it is not as stored, or does not follow the lines before.
    pub fn push(&mut self, line: &[u8]) -> Result<(), Broken> {
        self.lines += 1;
        let expected = self
            .expected_prev
            .is_some()
            .then_some(self.done.last_seq + 1);
        let broken = |seq, why| Broken {
            line: self.lines,
            seq,
            why,
        };
        let parsed = parse(line).map_err(|(seq, why)| broken(expected.or(seq), why))?;
        if let Some(expected) = expected
            && parsed.from() != expected
        {
            return Err(broken(
                Some(expected),
                Why::SeqGap {
                    expected,
                    found: parsed.from(),
                },
            ));
        }
        match &parsed {
            Line::Event { seq, prev, hash } => {
                let wanted = match &self.expected_prev {
                    Some(hash) => Some(hash.as_str()),
                    None => (*seq == 1).then_some(GENESIS),
                };
                // After a gap without a known end of the chain there is nothing to compare with.
                if wanted.is_some_and(|w| w != prev && !(w == GENESIS && *seq != 1)) {
                    return Err(broken(Some(*seq), Why::PrevMismatch));
                }
                self.done.records += 1;
                self.done.last_hash.clone_from(hash);
            }
            Line::Gap(gap) => {
                self.done.gaps.push(gap.clone());
                self.done.last_hash.clone_from(&gap.chain);
            }
        }
        if self.expected_prev.is_none() {
            self.done.first_seq = parsed.from();
            self.done.from_genesis = parsed.from() == 1;
        }
        self.done.last_seq = parsed.to();
        self.expected_prev = Some(self.done.last_hash.clone());
        Ok(())
    }

    /// What was sound so far.
    #[must_use]
    pub fn verified(&self) -> &Verified {
        &self.done
    }
}

enum Line {
    Event {
        seq: u64,
        prev: String,
        hash: String,
    },
    Gap(GapRecord),
}

impl Line {
    fn from(&self) -> u64 {
        match self {
            Line::Event { seq, .. } => *seq,
            Line::Gap(gap) => gap.from,
        }
    }

    fn to(&self) -> u64 {
        match self {
            Line::Event { seq, .. } => *seq,
            Line::Gap(gap) => gap.to,
        }
    }
}

/// A line whose own hash holds, or the number it claims and what is wrong.
fn parse(line: &[u8]) -> Result<Line, (Option<u64>, Why)> {
    #[derive(Deserialize)]
    struct Link {
        seq: u64,
        prev: String,
        hash: String,
    }
    let claimed = || {
        let digits = line.strip_prefix(LINE_START)?;
        let end = digits.iter().position(|b| !b.is_ascii_digit())?;
        std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
    };
    let (body, hash) = split_hash(line).ok_or_else(|| (claimed(), Why::NoHash))?;
    if sha256_hex(body) != hash {
        return Err((claimed(), Why::HashMismatch));
    }
    if let Ok(gap) = serde_json::from_slice::<GapRecord>(line)
        && gap.kind == "gap"
    {
        return if gap.from <= gap.to && gap.seq == gap.to {
            Ok(Line::Gap(gap))
        } else {
            Err((
                claimed(),
                Why::NotARecord("a gap that ends before it begins".into()),
            ))
        };
    }
    match serde_json::from_slice::<Link>(line) {
        Ok(link) => Ok(Line::Event {
            seq: link.seq,
            prev: link.prev,
            hash: link.hash,
        }),
        Err(e) => Err((claimed(), Why::NotARecord(e.to_string()))),
    }
}
