//! Which records go next, and how far the centre has them. Pure: no clock, no store, no network.
//!
//! The persisted truth is one number: everything up to `acked` has arrived. A connection starts at `acked + 1` and sends
//! in order within a window. Acknowledgements may come in any order; `acked` follows their contiguous prefix.

use std::collections::VecDeque;

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
    /// The backlog has arrived; records are sent as they come.
    Live,
}

/// What to do with the line read for [`Outbox::next`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// Send it; it is in flight now.
    Send,
    /// It was sent on this connection already.
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
    acked: u64,
    next: u64,
    last: u64,
    window: usize,
    /// Sent and not yet part of the prefix, in order: last number of the line, and whether its acknowledgement came.
    flight: VecDeque<(u64, bool)>,
    mode: Mode,
    /// The same prefix counted on this connection only, which may start before `acked`.
    confirmed: u64,
    /// Last record that was there when the connection began.
    backlog_end: u64,
}

impl Outbox {
    /// An outbox that continues after `acked`, with at most `window` lines in flight.
    #[must_use]
    pub fn new(acked: u64, window: usize) -> Self {
        Outbox {
            acked,
            next: acked + 1,
            last: acked,
            window: window.max(1),
            flight: VecDeque::new(),
            mode: Mode::Offline,
            confirmed: acked,
            backlog_end: 0,
        }
    }

    /// A connection is up; `last` is the highest stored number. Sending starts at `from` when that is before what is
    /// unacknowledged: some records are then sent again.
    pub fn connected(&mut self, last: u64, from: u64) {
        self.flight.clear();
        self.next = from.clamp(1, self.acked + 1);
        self.last = self.last.max(last);
        self.backlog_end = self.last;
        self.mode = if self.last >= self.next {
            Mode::CatchUp { upto: self.last }
        } else {
            Mode::Live
        };
    }

    /// The connection is gone, and with it every acknowledgement still under way.
    pub fn disconnected(&mut self) {
        self.flight.clear();
        self.next = self.acked + 1;
        self.mode = Mode::Offline;
    }

    /// The centre wants everything from `from` on again. What is in flight stays so; what has arrived stays acknowledged.
    pub fn rewind(&mut self, from: u64) {
        if self.mode == Mode::Offline || from >= self.next {
            return;
        }
        self.next = from.max(1);
        self.backlog_end = self.last;
        self.mode = Mode::CatchUp { upto: self.last };
    }

    /// Records up to `last` are stored.
    pub fn stored(&mut self, last: u64) {
        self.last = self.last.max(last);
    }

    /// Number of the next line to read and send; `None` when there is none, no connection, or the window is full.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        let may =
            self.mode != Mode::Offline && self.next <= self.last && self.flight.len() < self.window;
        may.then_some(self.next)
    }

    /// Takes the line that stands for `from..=to`. Call only while [`next`](Self::next) is some.
    pub fn take(&mut self, from: u64, to: u64) -> Take {
        if to < self.next {
            return Take::Skip;
        }
        // What has arrived may be trimmed: that is no hole.
        self.next = self.next.max(from.min(self.acked + 1));
        if from > self.next {
            return Take::Hole {
                from: self.next,
                to: from - 1,
            };
        }
        self.flight.push_back((to, false));
        self.next = to + 1;
        Take::Send
    }

    /// The line ending at `to` has arrived. Returns the cursor when it moved.
    pub fn ack(&mut self, to: u64) -> Option<u64> {
        let at = self.flight.iter().position(|(sent, _)| *sent == to)?;
        self.flight[at].1 = true;
        let before = self.acked;
        while let Some((sent, true)) = self.flight.front() {
            self.acked = self.acked.max(*sent);
            self.confirmed = *sent;
            self.flight.pop_front();
        }
        if let Mode::CatchUp { upto } = self.mode
            && self.confirmed >= upto
        {
            self.mode = Mode::Live;
        }
        (self.acked > before).then_some(self.acked)
    }

    /// Whether this number was already stored when the connection began: late, and sent at the backlog's rate.
    #[must_use]
    pub fn is_backlog(&self, seq: u64) -> bool {
        seq <= self.backlog_end
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

    /// Numbers stored that have not arrived.
    #[must_use]
    pub fn backlog(&self) -> u64 {
        self.last.saturating_sub(self.acked)
    }

    /// Lines sent and not arrived.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.flight.len()
    }
}
