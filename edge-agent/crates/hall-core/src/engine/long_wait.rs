//! The rule `long_wait`: somebody who joins the line now, or has been in it for longest, waits too long. Knows neither how the wait
//! is estimated nor how long the line may be.

use super::limits::Limits;
use super::record::{Ctx, Facts, OpenRecord, Opening};
use crate::event::{EndReason, EventCode, Level, Subject};
use crate::time::HallTime;

/// A state that holds since an instant, with the time in it that nobody observed.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Hold {
    since: HallTime,
    unobserved_ms: i64,
}

impl Hold {
    fn new(since: HallTime) -> Self {
        Hold {
            since,
            unobserved_ms: 0,
        }
    }

    fn due(&self, after_ms: i64) -> HallTime {
        self.since.plus_ms(after_ms + self.unobserved_ms)
    }
}

/// The wait has been too long since the hold began.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rise {
    hold: Hold,
    /// Greatest estimate.
    wait_ms: i64,
    /// Most people in line.
    peak: u32,
}

#[derive(Debug, Clone)]
struct Open {
    record: OpenRecord,
    rise: Rise,
    /// Since when the wait is short again.
    low: Option<Hold>,
    /// Set after a restart until the wait has been seen long again: where observation broke off, and what was unobserved before.
    resumed: Option<(HallTime, i64)>,
}

/// What is known of the wait at one instant.
#[derive(Debug, Clone)]
pub(crate) struct Measure {
    pub wait_ms: i64,
    pub length: u32,
    /// Since when it is so: a departure or an arrival is known a moment later.
    pub since: HallTime,
    pub source: String,
}

/// An open event as a restart needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitCheckpoint {
    /// The event.
    pub record: OpenRecord,
    /// Unobserved time in it, in milliseconds.
    pub unobserved_ms: i64,
    /// Greatest estimate, in milliseconds.
    pub wait_ms: i64,
    /// Most people in line.
    pub peak: u32,
}

/// The rule of one queue.
#[derive(Debug, Clone, Default)]
pub(crate) struct LongWait {
    rise: Option<Rise>,
    severe: Option<Hold>,
    open: Option<Open>,
    blind_since: Option<HallTime>,
}

impl LongWait {
    /// The wait at which a raised one is over: two thirds of the alarm, so that it does not flicker around it.
    pub fn low_ms(limits: &Limits) -> i64 {
        limits.wait_alarm * 2 / 3
    }

    /// Estimates at which something may change.
    pub fn levels_ms(limits: &Limits) -> [i64; 3] {
        [
            limits.wait_alarm,
            limits.wait_severe,
            Self::low_ms(limits) + 1,
        ]
    }

    pub fn record(&self) -> Option<&OpenRecord> {
        self.open.as_ref().map(|open| &open.record)
    }

    pub fn checkpoint(&self) -> Option<WaitCheckpoint> {
        self.open.as_ref().map(|open| WaitCheckpoint {
            record: open.record.clone(),
            unobserved_ms: open.rise.hold.unobserved_ms,
            wait_ms: open.rise.wait_ms,
            peak: open.rise.peak,
        })
    }

    /// The wait grows also while nothing happens: it has come to `wait_ms`.
    pub fn reach(&mut self, wait_ms: i64) {
        let open = self.open.as_mut().map(|open| &mut open.rise);
        if let Some(rise) = open.or(self.rise.as_mut()) {
            rise.wait_ms = rise.wait_ms.max(wait_ms);
        }
    }

    /// The wait is too long, or was until now.
    pub fn runs(&self) -> bool {
        self.blind_since.is_none() && (self.open.is_some() || self.rise.is_some())
    }

    /// Goes on with an event that was open when observation broke off.
    pub fn resume(&mut self, saved: &WaitCheckpoint, last_observed: HallTime, shift_ms: i64) {
        let hold = Hold {
            since: saved.record.onset.at.plus_ms(shift_ms),
            unobserved_ms: saved.unobserved_ms,
        };
        self.blind_since = Some(last_observed);
        self.open = Some(Open {
            record: saved.record.clone(),
            rise: Rise {
                hold,
                wait_ms: saved.wait_ms,
                peak: saved.peak,
            },
            low: None,
            resumed: Some((last_observed, saved.unobserved_ms)),
        });
    }

    /// What was observed from `from` on was none.
    pub fn unsee(&mut self, from: HallTime) {
        let begun = |since: HallTime| since < from;
        self.blind_since = Some(self.blind_since.map_or(from, |since| since.min(from)));
        self.rise = self.rise.filter(|rise| begun(rise.hold.since));
        self.severe = self.severe.filter(|hold| begun(hold.since));
        if let Some(open) = &mut self.open {
            open.low = open.low.filter(|hold| begun(hold.since));
        }
    }

    /// Judges what is known at `at`; `None`: nobody knows (unseen, or too little to go by), since `lost`.
    pub fn judge(
        &mut self,
        at: HallTime,
        measure: Option<&Measure>,
        lost: HallTime,
        subject: &Subject,
        ctx: &mut Ctx<'_>,
    ) {
        let limits = ctx.limits;
        let Some(measure) = measure else {
            self.blind_since.get_or_insert(lost.min(at));
            return;
        };
        if let Some(since) = self.blind_since.take() {
            self.regain(at.since_ms(since).max(0), limits);
        }
        let wait_ms = measure.wait_ms;
        if wait_ms < limits.wait_severe {
            self.severe = None;
        } else {
            self.severe.get_or_insert(Hold::new(measure.since));
        }
        let severe = self
            .severe
            .is_some_and(|hold| hold.due(limits.wait_duration) <= at);
        if self.open.is_some() {
            self.follow(at, measure, severe, ctx);
            return;
        }
        if wait_ms < limits.wait_alarm {
            self.rise = None;
            return;
        }
        let rise = self.rise.get_or_insert(Rise {
            hold: Hold::new(measure.since),
            wait_ms: 0,
            peak: 0,
        });
        rise.wait_ms = rise.wait_ms.max(wait_ms);
        rise.peak = rise.peak.max(measure.length);
        if rise.hold.due(limits.wait_duration) > at {
            return;
        }
        let rise = *rise;
        let opening = Opening {
            code: EventCode::LongWait,
            subject: subject.clone(),
            level: if severe { Level::Severe } else { Level::Warn },
            onset: ctx.clock.stamp(rise.hold.since),
            rule: limits.rule.clone(),
            evidence: vec![measure.source.clone()],
            tags: Vec::new(),
        };
        let record = OpenRecord::raise(ctx, at, opening, facts(&rise, at));
        self.rise = None;
        self.open = Some(Open {
            record,
            rise,
            low: None,
            resumed: None,
        });
    }

    fn follow(&mut self, at: HallTime, measure: &Measure, severe: bool, ctx: &mut Ctx<'_>) {
        let limits = ctx.limits;
        let Some(open) = &mut self.open else { return };
        open.rise.wait_ms = open.rise.wait_ms.max(measure.wait_ms);
        open.rise.peak = open.rise.peak.max(measure.length);
        if severe && open.record.level < Level::Severe {
            open.record.add_evidence(vec![measure.source.clone()]);
            open.record
                .escalate(ctx, at, Level::Severe, facts(&open.rise, at));
        }
        if measure.wait_ms > Self::low_ms(limits) {
            open.low = None;
            open.resumed = None;
            return;
        }
        let since = measure.since.max(open.rise.hold.since);
        let low = *open.low.get_or_insert(Hold::new(since));
        if low.due(limits.wait_duration) > at {
            return;
        }
        match open.resumed {
            Some((last, before)) => {
                open.rise.hold.unobserved_ms = before;
                self.close(at, last, EndReason::PowerLoss, ctx);
            }
            None => {
                open.rise.hold.unobserved_ms -= low.unobserved_ms;
                self.close(at, low.since, EndReason::Cleared, ctx);
            }
        }
    }

    /// Somebody knows again after `gap_ms`.
    fn regain(&mut self, gap_ms: i64, limits: &Limits) {
        let resumed = self
            .open
            .as_ref()
            .is_some_and(|open| open.resumed.is_some());
        if gap_ms <= limits.bridge && !resumed {
            return;
        }
        let mut holds: Vec<&mut Hold> = self.severe.iter_mut().collect();
        holds.extend(self.rise.iter_mut().map(|rise| &mut rise.hold));
        if let Some(open) = &mut self.open {
            holds.push(&mut open.rise.hold);
            holds.extend(open.low.iter_mut());
        }
        for hold in holds {
            hold.unobserved_ms += gap_ms;
        }
    }

    /// Duty is over: nothing is judged, and an open event ends.
    pub fn end_duty(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        self.forget();
        self.close(at, at, EndReason::ScheduleEnd, ctx);
    }

    /// Nothing that has not been published counts any more.
    pub fn forget(&mut self) {
        self.rise = None;
        self.severe = None;
    }

    /// Closes an open event at `end`, known at `at`.
    pub fn close(&mut self, at: HallTime, end: HallTime, reason: EndReason, ctx: &mut Ctx<'_>) {
        let Some(open) = self.open.take() else { return };
        let stamp = ctx.clock.stamp(end);
        open.record
            .close(ctx, at, stamp, reason, facts(&open.rise, end));
    }

    /// Deadlines of what is running.
    pub fn next(&self, limits: &Limits, offer: &mut impl FnMut(HallTime)) {
        if self.blind_since.is_some() {
            return;
        }
        let low = self.open.as_ref().and_then(|open| open.low);
        let rise = self.rise.map(|rise| rise.hold);
        let running = [self.severe, low, rise];
        running
            .iter()
            .flatten()
            .for_each(|hold| offer(hold.due(limits.wait_duration)));
    }
}

fn facts(rise: &Rise, end: HallTime) -> Facts {
    Facts {
        duration_ms: end.since_ms(rise.hold.since).max(0),
        unobserved_ms: rise.hold.unobserved_ms.max(0),
        peak: Some(rise.peak),
        wait_est_ms: Some(rise.wait_ms),
        ..Facts::default()
    }
}
