//! One absence at one window: its clock, its ladder, its returns. Times are added up piece by piece and never taken as a
//! difference of instants, so that gaps, pauses and restarts cannot distort them. Knows no camera, sensor or calendar.

use super::limits::Limits;
use super::record::{Facts, OpenRecord};
use crate::event::{EventCode, Level};
use crate::time::{HallTime, Stamp};

/// How a piece of time counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    Present,
    Absent,
    Unobserved,
    /// Not judged: nobody knows whether it is duty time. Counts as unobserved, but never as part of a gap.
    Unjudged,
    Paused,
}

/// Added-up milliseconds of an episode up to some instant; their sum is its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
    /// Observed absence.
    pub absent_ms: i64,
    /// Brief returns.
    pub returned_ms: i64,
    /// Not observed.
    pub unobserved_ms: i64,
    /// Declared paused.
    pub paused_ms: i64,
    /// Number of brief returns.
    pub brief_returns: u32,
}

impl Account {
    fn total(&self) -> i64 {
        self.absent_ms + self.returned_ms + self.unobserved_ms + self.paused_ms
    }
}

/// Somebody is there now, or was until a moment ago.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Run {
    from: HallTime,
    before: Account,
    present: i64,
    dropout: i64,
}

/// A return made of several runs, none of them long enough, with too much presence between them to be absence.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Comeback {
    from: HallTime,
    before: Account,
    stirring_ms: i64,
}

/// How an episode is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Return {
    pub from: HallTime,
    pub account: Account,
}

/// Thresholds of an episode, fixed at its onset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpisodeRule {
    /// Clock at which notice, warn and severe fall due, in milliseconds.
    pub ladder_ms: [i64; 3],
    /// Presence that ends the episode, in milliseconds.
    pub return_hold_ms: i64,
    /// Profile and revision.
    pub rule: String,
}

/// A running absence.
#[derive(Debug, Clone)]
pub(crate) struct Episode {
    pub code: EventCode,
    pub onset: Stamp,
    pub rule: EpisodeRule,
    pub customers_max: u32,
    pub record: Option<OpenRecord>,
    /// Set after a restart until absence has been seen again: where observation broke off.
    pub resumed: Option<(HallTime, Account)>,
    account: Account,
    run: Option<Run>,
    comeback: Option<Comeback>,
    gap_ms: i64,
    /// Where the gap going on began, and everything up to there.
    gap: Option<(HallTime, Account)>,
}

impl Episode {
    pub fn new(code: EventCode, onset: Stamp, limits: &Limits) -> Self {
        let first = if code == EventCode::LateOpen {
            limits.open_grace
        } else {
            limits.ladder[0]
        };
        let rule = EpisodeRule {
            ladder_ms: [first, limits.ladder[1], limits.ladder[2]],
            return_hold_ms: limits.return_hold,
            rule: limits.rule.clone(),
        };
        Episode::restore(code, onset, rule, Account::default())
    }

    pub fn restore(code: EventCode, onset: Stamp, rule: EpisodeRule, account: Account) -> Self {
        Episode {
            code,
            onset,
            rule,
            customers_max: 0,
            record: None,
            resumed: None,
            account,
            run: None,
            comeback: None,
            gap_ms: 0,
            gap: None,
        }
    }

    /// Adds the time `from..to`.
    pub fn add(&mut self, from: HallTime, to: HallTime, piece: Piece, limits: &Limits) {
        let ms = to.since_ms(from);
        if ms <= 0 {
            return;
        }
        match (piece, &mut self.run) {
            (Piece::Unobserved, _) => {
                self.account.unobserved_ms += ms;
                self.gap_ms += ms;
            }
            (Piece::Unjudged, _) => self.account.unobserved_ms += ms,
            (Piece::Paused, _) => self.account.paused_ms += ms,
            (Piece::Present, Some(run)) => {
                run.present += run.dropout + ms;
                run.dropout = 0;
            }
            (Piece::Present, None) => {
                self.run = Some(Run {
                    from,
                    before: self.account,
                    present: ms,
                    dropout: 0,
                });
                self.comeback.get_or_insert(Comeback {
                    from,
                    before: self.account,
                    stirring_ms: 0,
                });
            }
            (Piece::Absent, Some(run)) => {
                run.dropout += ms;
                if run.dropout > limits.gap_tolerance {
                    self.end_run(limits);
                }
            }
            (Piece::Absent, None) => self.account.absent_ms += ms,
        }
    }

    /// For `ms` more there has been too much presence to call it absence.
    pub fn stirring(&mut self, ms: i64) {
        if let Some(comeback) = &mut self.comeback {
            comeback.stirring_ms += ms;
        }
    }

    /// All is still again: what looked like a return in pieces was none.
    pub fn still(&mut self) {
        if self.run.is_none() {
            self.comeback = None;
        }
    }

    /// A gap is noticed at `at`: the last `ms` turn out not to have been observed.
    pub fn begin_gap(&mut self, at: HallTime, ms: i64, limits: &Limits) {
        let mut left = ms.max(0);
        let mut take = |from: &mut i64| {
            let part = left.min(*from);
            *from -= part;
            left -= part;
            part
        };
        let mut moved = 0;
        if let Some(run) = &mut self.run {
            moved += take(&mut run.dropout);
            moved += take(&mut run.present);
        }
        moved += take(&mut self.account.absent_ms);
        self.gap = Some((at.plus_ms(-moved), self.account(limits)));
        self.account.unobserved_ms += moved;
        self.gap_ms += moved;
    }

    /// Where the gap going on began, and everything up to there.
    pub fn gap(&self) -> Option<(HallTime, Account)> {
        self.gap
    }

    /// The gap just over counts as observed: `present` before, in and after it.
    pub fn bridge(&mut self, present: bool, limits: &Limits) {
        let ms = std::mem::take(&mut self.gap_ms);
        self.gap = None;
        self.account.unobserved_ms -= ms;
        match (&mut self.run, present) {
            (Some(run), true) => run.present += ms,
            (Some(run), false) => {
                run.dropout += ms;
                if run.dropout > limits.gap_tolerance {
                    self.end_run(limits);
                }
            }
            (None, _) => self.account.absent_ms += ms,
        }
    }

    /// The gap just over stays unobserved.
    pub fn end_gap(&mut self) {
        self.gap_ms = 0;
        self.gap = None;
    }

    /// The ladder's clock: everything since the onset but unobserved and paused time.
    pub fn clock_ms(&self) -> i64 {
        let run = self.run.map_or(0, |run| run.present + run.dropout);
        self.account.absent_ms + self.account.returned_ms + run
    }

    /// Time only adds up; it is the same whether it is added at once or picture by picture.
    pub fn steady(&self) -> bool {
        self.run.is_none() && self.comeback.is_none() && self.resumed.is_none()
    }

    /// Nobody has been there for longer than a detector's drop-out.
    pub fn nobody_there(&self) -> bool {
        self.run.is_none()
    }

    /// The level due by the clock; `None` before the first rung.
    pub fn level_due(&self) -> Option<Level> {
        let clock = self.clock_ms();
        let [first, warn, severe] = self.rule.ladder_ms;
        if clock < first {
            None
        } else if clock >= severe {
            Some(Level::Severe)
        } else if clock >= warn {
            Some(Level::Warn)
        } else {
            Some(Level::Notice)
        }
    }

    /// Milliseconds of clock until the next rung; `None` at the top.
    pub fn next_rung_ms(&self) -> Option<i64> {
        let clock = self.clock_ms();
        let [first, warn, severe] = self.rule.ladder_ms;
        [first, warn.max(first), severe.max(first)]
            .into_iter()
            .filter(|at| *at > clock)
            .map(|at| at - clock)
            .min()
    }

    /// Milliseconds until the drop-out going on ends the run of presence.
    pub fn dropout_left_ms(&self, limits: &Limits) -> Option<i64> {
        self.run.map(|run| limits.gap_tolerance - run.dropout + 1)
    }

    /// Milliseconds of presence until the return counts; 0 or less: it does.
    pub fn return_left_ms(&self, limits: &Limits) -> Option<i64> {
        let run = self.run.map(|run| self.rule.return_hold_ms - run.present);
        let pieces = self
            .comeback
            .map(|c| self.rule.return_hold_ms + limits.absent_confirm - c.stirring_ms);
        run.into_iter().chain(pieces).min()
    }

    /// The return that ends the episode, if it has been held long enough.
    pub fn returned(&self, limits: &Limits) -> Option<Return> {
        if let Some(run) = self
            .run
            .filter(|run| run.present >= self.rule.return_hold_ms)
        {
            return Some(Return {
                from: run.from,
                account: run.before,
            });
        }
        self.comeback
            .filter(|c| c.stirring_ms >= self.rule.return_hold_ms + limits.absent_confirm)
            .map(|c| Return {
                from: c.from,
                account: c.before,
            })
    }

    /// Everything up to now; a return going on counts as brief.
    pub fn account(&self, limits: &Limits) -> Account {
        let mut copy = self.clone();
        copy.end_run(limits);
        copy.account
    }

    /// The measured side of a revision with this account.
    pub fn facts(&self, account: Account) -> Facts {
        Facts {
            duration_ms: account.total(),
            absent_ms: account.absent_ms,
            unobserved_ms: account.unobserved_ms,
            brief_returns: account.brief_returns,
            customers_max: self.customers_max,
            ..Facts::default()
        }
    }

    /// Ends a run of presence: a return if it was long enough, otherwise a detector's blip.
    fn end_run(&mut self, limits: &Limits) {
        let Some(run) = self.run.take() else { return };
        if run.present >= limits.real_presence {
            self.account.returned_ms += run.present;
            self.account.brief_returns += 1;
        } else {
            self.account.absent_ms += run.present;
        }
        self.account.absent_ms += run.dropout;
    }
}
