//! Counts over events: episodes, cases, device faults, quality of the system itself. Pure addition over facts.

use std::collections::BTreeMap;

use hall_core::event::{EventCode, Level, Review};

use crate::calendar::HOUR_MS;
use crate::fact::EventFact;
use crate::times::ratio;

/// 反馈 is due so long after the confirmation (domain §1.6).
pub const RESPONSE_MS: i64 = HOUR_MS;
/// 销号 is due so long after the confirmation.
pub const CLOSURE_MS: i64 = 24 * HOUR_MS;

/// Episodes of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Episodes {
    /// How many.
    pub n: u32,
    /// Highest level notice.
    pub notice: u32,
    /// Highest level warn.
    pub warn: u32,
    /// Highest level severe.
    pub severe: u32,
    /// Observed absence in all of them, in milliseconds.
    pub total_ms: i64,
    /// The longest one's.
    pub longest_ms: i64,
}

impl Episodes {
    fn add(&mut self, level: Level, ms: i64) {
        self.n += 1;
        match level {
            Level::Severe => self.severe += 1,
            Level::Warn => self.warn += 1,
            Level::Notice => self.notice += 1,
            Level::Info | Level::Fault => {}
        }
        self.total_ms += ms;
        self.longest_ms = self.longest_ms.max(ms);
    }
}

/// A step of a case against its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Punctuality {
    /// Done within the deadline.
    pub in_time: u32,
    /// Done later, or not done and the deadline is over.
    pub late: u32,
    /// Not done, and there is time left.
    pub pending: u32,
}

impl Punctuality {
    fn add(&mut self, from_ms: i64, done_ms: Option<i64>, due_ms: i64, now_ms: i64) {
        let spent = done_ms.unwrap_or(now_ms) - from_ms;
        if spent > due_ms {
            self.late += 1;
        } else if done_ms.is_some() {
            self.in_time += 1;
        } else {
            self.pending += 1;
        }
    }

    /// Share done in time of those done or overdue.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        ratio(i64::from(self.in_time), i64::from(self.in_time + self.late))
    }
}

/// Where cases stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cases {
    /// A person decided on it.
    pub reviewed: u32,
    /// Confirmed, wherever the case went from there; revoked ones left out.
    pub confirmed: u32,
    /// 误报.
    pub false_alarms: u32,
    /// 免责.
    pub excused: u32,
    /// 撤销.
    pub revoked: u32,
    /// 申诉, decided or not.
    pub appeals: u32,
    /// 维持.
    pub upheld: u32,
    /// 降级.
    pub downgraded: u32,
    /// Confirmed to feedback, 1 h.
    pub response: Punctuality,
    /// Confirmed to closed, 24 h.
    pub closure: Punctuality,
}

impl Cases {
    fn add(&mut self, fact: &EventFact, now_ms: i64) {
        let one = |yes: bool| u32::from(yes);
        self.reviewed += one(fact.review != Review::Suspected);
        self.confirmed += one(matches!(
            fact.review,
            Review::Confirmed
                | Review::Feedback
                | Review::Closed
                | Review::Appealed
                | Review::Upheld
                | Review::Downgraded
        ));
        self.false_alarms += one(fact.review == Review::FalseAlarm);
        self.excused += one(fact.review == Review::Excused);
        self.revoked += one(fact.review == Review::Revoked);
        let decided = matches!(
            fact.review,
            Review::Appealed | Review::Upheld | Review::Downgraded | Review::Revoked
        );
        self.appeals += one(fact.case.appealed_ms.is_some() || decided);
        self.upheld += one(fact.review == Review::Upheld);
        self.downgraded += one(fact.review == Review::Downgraded);
        if let Some(from) = fact.case.confirmed_ms.filter(|_| fact.counts()) {
            let closed = fact.case.closed_ms;
            let answered = fact.case.feedback_ms.into_iter().chain(closed).min();
            self.response.add(from, answered, RESPONSE_MS, now_ms);
            self.closure.add(from, closed, CLOSURE_MS, now_ms);
        }
    }

    /// 误报率 = false / reviewed.
    #[must_use]
    pub fn false_alarm_rate(&self) -> Option<f64> {
        ratio(i64::from(self.false_alarms), i64::from(self.reviewed))
    }
}

/// Counts over a set of events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventTally {
    /// Events that count, by code.
    pub by_code: BTreeMap<EventCode, u32>,
    /// `unstaffed`.
    pub unstaffed: Episodes,
    /// `unstaffed` by local hour of the onset.
    pub unstaffed_by_hour: [u32; 24],
    /// `late_open`.
    pub late_open: Episodes,
    /// `unstaffed` tagged early_close: part of `unstaffed`.
    pub early_close: Episodes,
    /// `customer_unattended`.
    pub customer_unattended: Episodes,
    /// Taken out of the counts.
    pub dropped: u32,
    /// Cases, of counted and dropped events.
    pub cases: Cases,
    /// Events about service (not devices, not the system) that were raised, and of these confirmed: for truth.
    pub service_events: u32,
    /// Confirmed ones of these.
    pub service_confirmed: u32,
}

impl EventTally {
    /// Counts the events whose onset lies in the period; `now_ms` decides what is overdue.
    #[must_use]
    pub fn of<'a>(facts: impl IntoIterator<Item = &'a EventFact>, now_ms: i64) -> Self {
        let mut tally = EventTally::default();
        for fact in facts {
            tally.add(fact, now_ms);
        }
        tally
    }

    fn add(&mut self, fact: &EventFact, now_ms: i64) {
        let confirmed_before = self.cases.confirmed;
        self.cases.add(fact, now_ms);
        if is_service(fact.code) {
            self.service_events += 1;
            self.service_confirmed += self.cases.confirmed - confirmed_before;
        }
        if !fact.counts() {
            self.dropped += 1;
            return;
        }
        *self.by_code.entry(fact.code).or_default() += 1;
        match fact.code {
            EventCode::Unstaffed => {
                self.unstaffed.add(fact.level, fact.absent_ms);
                let hour = fact.onset_ms.div_euclid(HOUR_MS).rem_euclid(24);
                self.unstaffed_by_hour[hour as usize] += 1;
                if fact.early_close {
                    self.early_close.add(fact.level, fact.absent_ms);
                }
            }
            EventCode::LateOpen => self.late_open.add(fact.level, fact.absent_ms),
            EventCode::CustomerUnattended => {
                self.customer_unattended.add(fact.level, fact.duration_ms);
            }
            _ => {}
        }
    }

    /// Events with a code.
    #[must_use]
    pub fn count(&self, code: EventCode) -> u32 {
        self.by_code.get(&code).copied().unwrap_or(0)
    }

    /// 真实: the confirmed share of what the box raised about service.
    #[must_use]
    pub fn truth(&self) -> Option<f64> {
        ratio(
            i64::from(self.service_confirmed),
            i64::from(self.service_events),
        )
    }

    /// 准确: 1 − false alarms among what was reviewed.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        self.cases.false_alarm_rate().map(|rate| 1.0 - rate)
    }
}

/// About service to people: windows, queues, the hall.
fn is_service(code: EventCode) -> bool {
    matches!(
        code,
        EventCode::Unstaffed
            | EventCode::LateOpen
            | EventCode::QueueLong
            | EventCode::HallUnstaffed
            | EventCode::CustomerUnattended
            | EventCode::PauseOverrun
            | EventCode::PauseQuota
            | EventCode::LongWait
            | EventCode::NoNewWindow
    )
}
