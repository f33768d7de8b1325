//! Which records go next, and how far the centre has them. Pure: no clock, no store, no network.
//!
//! The persisted truth is one number: everything up to `acked` has arrived. A connection starts at `acked + 1`. What was stored
//! before it is the *backlog*, sent in order; what is stored during it goes first, as it comes. Acknowledgements may come in any
//! order; `acked` follows their contiguous prefix, or the centre's own watermark.

use std::collections::{BTreeMap, VecDeque};

/// Whose word counts a record as arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AckBy {
    /// The broker's acknowledgement of a message.
    #[default]
    Broker,
    /// The centre's watermark; the broker's only says that the message is on its way.
    Centre,
}

/// Where the outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// No connection; records collect.
    Offline,
    /// Records from before the connection are being sent, up to this one, at a limited rate.
    CatchUp {
        /// Last of the backlog.
        upto: u64,
    },
    /// The broker has the backlog; records are sent as they come.
    Live,
}

/// Which of the two queues a line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Stored before the connection began: late, and sent at the backlog's rate.
    Backlog,
    /// Stored since.
    Live,
}

/// What to do with the line read for [`Outbox::next`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// Send it; it is in flight now.
    Send,
    /// It was sent on this connection already, or belongs to the other lane.
    Skip,
    /// Numbers before it have no line: announce them as a gap first, taking the gap like a line, then take this one again.
    Hole {
        /// First number without a line.
        from: u64,
        /// Last one.
        to: u64,
    },
}

/// The cursor over the log.
#[derive(Debug, Clone)]
pub struct Outbox {
    by: AckBy,
    acked: u64,
    last: u64,
    window: usize,
    mode: Mode,
    /// Next of the backlog, which ends at `backlog_end`.
    next_late: u64,
    backlog_end: u64,
    /// Next of the lane behind it.
    next_live: u64,
    /// Sent and not acknowledged by the broker: the numbers a line stands for.
    flight: VecDeque<(u64, u64)>,
    /// Acknowledged by the broker on this connection beyond `confirmed`: first number to last.
    ahead: BTreeMap<u64, u64>,
    /// The broker's contiguous prefix on this connection, which may start before `acked`.
    confirmed: u64,
}

impl Outbox {
    /// An outbox that continues after `acked`, with at most `window` lines in flight.
    #[must_use]
    pub fn new(acked: u64, window: usize, by: AckBy) -> Self {
        Outbox {
            by,
            acked,
            last: acked,
            window: window.max(1),
            mode: Mode::Offline,
            next_late: acked + 1,
            backlog_end: 0,
            next_live: acked + 1,
            flight: VecDeque::new(),
            ahead: BTreeMap::new(),
            confirmed: acked,
        }
    }

    /// A connection is up; `last` is the highest stored number. Sending starts at `from` when that is before what is
    /// unacknowledged: some records are then sent again.
    pub fn connected(&mut self, last: u64, from: u64) {
        self.flight.clear();
        self.last = self.last.max(last);
        self.begin_at(from.clamp(1, self.acked + 1));
    }

    /// The connection is gone, and with it every acknowledgement still under way.
    pub fn disconnected(&mut self) {
        self.flight.clear();
        self.ahead.clear();
        self.confirmed = self.acked;
        self.mode = Mode::Offline;
    }

    /// Everything from `from` on is to be sent again. What is in flight stays so; what has arrived stays acknowledged.
    pub fn rewind(&mut self, from: u64) {
        if self.mode == Mode::Offline || from > self.last {
            return;
        }
        // Neither what the cursor waits for nor what was never sent may be left out.
        let unsent = self.next_of(Lane::Backlog).unwrap_or(u64::MAX);
        self.begin_at(from.max(1).min(self.acked + 1).min(unsent));
    }

    /// All that is stored from `from` on becomes backlog.
    fn begin_at(&mut self, from: u64) {
        self.next_late = from;
        self.backlog_end = self.last;
        self.next_live = self.last + 1;
        self.ahead.clear();
        self.confirmed = from - 1;
        self.mode = if self.last >= from {
            Mode::CatchUp { upto: self.last }
        } else {
            Mode::Live
        };
    }

    /// Records up to `last` are stored.
    pub fn stored(&mut self, last: u64) {
        self.last = self.last.max(last);
    }

    /// Lane and number of the next line to read and send: what was stored since the connection began goes first. `None` when there
    /// is none, no connection, or the window is full.
    #[must_use]
    pub fn next(&self) -> Option<(Lane, u64)> {
        [Lane::Live, Lane::Backlog]
            .into_iter()
            .find_map(|lane| Some((lane, self.next_of(lane)?)))
            .filter(|_| self.flight.len() < self.window)
    }

    /// The next number of a lane, whatever the window; `None`: the lane is empty.
    #[must_use]
    pub fn next_of(&self, lane: Lane) -> Option<u64> {
        let (next, end) = match lane {
            Lane::Backlog => (self.next_late, self.backlog_end),
            Lane::Live => (self.next_live, self.last),
        };
        (self.mode != Mode::Offline && next <= end).then_some(next)
    }

    /// Last number of a lane at present.
    #[must_use]
    pub fn end_of(&self, lane: Lane) -> u64 {
        match lane {
            Lane::Backlog => self.backlog_end,
            Lane::Live => self.last,
        }
    }

    /// Takes the line that stands for `from..=to`, read for `lane`. Call only while [`next`](Self::next) is some.
    pub fn take(&mut self, lane: Lane, from: u64, to: u64) -> Take {
        let (end, acked) = (self.end_of(lane), self.acked);
        let next = match lane {
            Lane::Backlog => &mut self.next_late,
            Lane::Live => &mut self.next_live,
        };
        if to < *next || *next > end {
            return Take::Skip;
        }
        // What has arrived may be trimmed: that is no hole.
        let first = (*next).max(from.min(acked + 1)).min(end + 1);
        if from > first {
            let before = std::mem::replace(next, first);
            if before < first {
                self.pass(before, first - 1);
            }
            return if first > end {
                Take::Skip
            } else {
                Take::Hole {
                    from: first,
                    to: (from - 1).min(end),
                }
            };
        }
        // What was trimmed before it needs no acknowledgement of its own.
        self.flight.push_back((*next, to));
        *next = to + 1;
        Take::Send
    }

    /// The broker has the line ending at `to`. Returns the cursor when it moved.
    pub fn ack(&mut self, to: u64) -> Option<u64> {
        let at = self.flight.iter().position(|(_, sent)| *sent == to)?;
        let (from, to) = self.flight.remove(at)?;
        self.pass(from, to);
        match self.by {
            AckBy::Broker => self.move_to(self.confirmed),
            AckBy::Centre => None,
        }
    }

    /// The centre has everything up to `seq`; the caller has made sure that it speaks of this log. Returns the cursor when it
    /// moved: never back, and never beyond what is stored.
    pub fn watermark(&mut self, seq: u64) -> Option<u64> {
        if self.by != AckBy::Centre || seq > self.last {
            return None;
        }
        let moved = self.move_to(seq)?;
        self.next_late = self.next_late.max(moved + 1);
        self.next_live = self.next_live.max(moved + 1);
        self.confirmed = self.confirmed.max(moved);
        self.close_up();
        Some(moved)
    }

    fn move_to(&mut self, seq: u64) -> Option<u64> {
        (seq > self.acked).then(|| {
            self.acked = seq;
            seq
        })
    }

    /// The broker has these, or nobody needs them any more.
    fn pass(&mut self, from: u64, to: u64) {
        let end = self.ahead.entry(from).or_insert(to);
        *end = (*end).max(to);
        self.close_up();
    }

    /// Joins what was acknowledged ahead to the prefix, as far as it reaches.
    fn close_up(&mut self) {
        while let Some(entry) = self.ahead.first_entry() {
            if *entry.key() > self.confirmed + 1 {
                break;
            }
            self.confirmed = self.confirmed.max(entry.remove());
        }
        if let Mode::CatchUp { upto } = self.mode
            && self.confirmed >= upto
        {
            self.mode = Mode::Live;
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Everything up to here has arrived.
    #[must_use]
    pub fn acked(&self) -> u64 {
        self.acked
    }

    /// The broker has everything up to here, as far as this connection knows.
    #[must_use]
    pub fn confirmed(&self) -> u64 {
        self.confirmed.max(self.acked)
    }

    /// The broker has all there is, and the centre has not said so of all.
    #[must_use]
    pub fn awaits_centre(&self) -> bool {
        self.by == AckBy::Centre
            && self.mode == Mode::Live
            && self.flight.is_empty()
            && self.confirmed > self.acked
    }

    /// Numbers stored that have not arrived.
    #[must_use]
    pub fn backlog(&self) -> u64 {
        self.last.saturating_sub(self.acked)
    }

    /// The broker has all there is.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.confirmed() >= self.last
    }

    /// Lines sent and not acknowledged by the broker.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.flight.len()
    }
}
