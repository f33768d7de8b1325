//! How fast a line moves: who joined and left in the last minutes, how busy the windows were, and what that means for somebody
//! who joins now (Little's law, domain reference §4.2). Knows no threshold and no event.

use std::collections::VecDeque;

use crate::account::WaitSource;
use crate::erlang::Load;
use crate::snapshot::WaitEstimate;
use crate::time::HallTime;

/// How far back arrivals and departures are looked at (domain reference §4.2: "in the last 20 min").
pub(crate) const HORIZON_MS: i64 = 20 * 60_000;
/// Fewer departures tell no speed (domain reference §4.2: "need >= 3 departures").
const LEAST: usize = 3;
/// An advice needs arrivals watched for this long.
const ADVICE_AFTER_MS: i64 = HORIZON_MS / 2;
/// Memory bound: three a second for the whole horizon.
const MAX_MOVES: usize = 4096;
/// A count by video may be wrong by one person.
const COUNT_ERROR: f64 = 1.0;

/// The windows as one line needs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Crew {
    /// Staffed now.
    pub staffed: u32,
    /// Staffed, with a customer at the counter.
    pub busy: u32,
}

/// The recent past of one line.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    /// Start of the watched time; nothing before it is known.
    begun: HallTime,
    joined: VecDeque<HallTime>,
    left: VecDeque<HallTime>,
    /// Time within the horizon that nobody watched.
    unseen: Lost,
    /// Time within the horizon that nobody watched or in which nobody stood in line: it tells nothing of how fast a line moves.
    idle: Lost,
    empty: bool,
    /// Time windows spent with customers, and people served, since the beginning: what one of them takes.
    busy_ms: i64,
    served: u32,
    /// `busy_ms` at the last departure, so that it does not grow while nobody is served.
    busy_done_ms: i64,
    /// Service times told by a ticket machine.
    told_ms: i64,
    told: u32,
    crew: Crew,
    accounted: HallTime,
}

impl Flow {
    pub fn new(at: HallTime) -> Self {
        Flow {
            begun: at,
            joined: VecDeque::new(),
            left: VecDeque::new(),
            unseen: Lost::default(),
            idle: Lost::default(),
            empty: false,
            busy_ms: 0,
            served: 0,
            busy_done_ms: 0,
            told_ms: 0,
            told: 0,
            crew: Crew::default(),
            accounted: at,
        }
    }

    /// A new stretch of duty, or another kind of source: nothing before counts. Service times are remembered.
    pub fn restart(&mut self, at: HallTime) {
        *self = Flow {
            busy_ms: self.busy_ms,
            served: self.served,
            busy_done_ms: self.busy_done_ms,
            told_ms: self.told_ms,
            told: self.told,
            crew: self.crew,
            unseen: Lost::since(self.unseen.since.map(|_| at)),
            idle: Lost::since(self.idle.since.map(|_| at)),
            empty: self.empty,
            ..Flow::new(at)
        };
    }

    /// Goes to `at` with the windows as they are.
    pub fn account(&mut self, at: HallTime) {
        if self.unseen.since.is_none() {
            self.busy_ms += i64::from(self.crew.busy) * at.since_ms(self.accounted).max(0);
        }
        self.accounted = self.accounted.max(at);
        let horizon = at.plus_ms(-HORIZON_MS);
        for moves in [&mut self.joined, &mut self.left] {
            while moves.front().is_some_and(|t| *t <= horizon) || moves.len() > MAX_MOVES {
                moves.pop_front();
            }
        }
        self.unseen.forget(horizon);
        self.idle.forget(horizon);
    }

    pub fn crew(&mut self, crew: Crew) {
        self.crew = crew;
    }

    /// Nobody watches since `since`; `None`: somebody does again.
    pub fn watch(&mut self, at: HallTime, blind_since: Option<HallTime>) {
        match blind_since {
            Some(since) => {
                let since = since.max(self.begun).min(at);
                self.unseen.begin(since);
                self.idle.begin(since);
            }
            None => {
                self.unseen.end(at);
                self.idle.end(at);
                if self.empty {
                    self.idle.begin(at);
                }
            }
        }
    }

    /// So many people stand in line from now on.
    pub fn line(&mut self, at: HallTime, length: u32) {
        self.empty = length == 0;
        if self.empty {
            self.idle.begin(at);
        } else if self.unseen.since.is_none() {
            self.idle.end(at);
        }
    }

    /// What was seen from `from` on was no observation.
    pub fn unsee(&mut self, from: HallTime) {
        for moves in [&mut self.joined, &mut self.left] {
            while moves.back().is_some_and(|t| *t > from) {
                moves.pop_back();
            }
        }
        let from = from.max(self.begun);
        self.unseen.take_back(from);
        self.idle.take_back(from);
    }

    pub fn join(&mut self, at: HallTime) {
        insert(&mut self.joined, at.max(self.begun));
    }

    /// Somebody left for a counter. Who leaves within `together_ms` of the one before came along with him: a party is served once.
    pub fn leave(&mut self, at: HallTime, together_ms: i64) {
        let at = at.max(self.begun);
        let along = |t: &HallTime| at.since_ms(*t).abs() < together_ms;
        if self.left.iter().rev().take(LEAST).any(along) {
            return;
        }
        insert(&mut self.left, at);
        self.served = self.served.saturating_add(1);
        self.busy_done_ms = self.busy_ms;
    }

    /// A ticket machine tells how long somebody was served.
    pub fn tell_service(&mut self, service_ms: i64) {
        self.told_ms = self.told_ms.saturating_add(service_ms.max(0));
        self.told = self.told.saturating_add(1);
    }

    /// Departures within the horizon.
    pub fn departures(&self) -> u32 {
        u32::try_from(self.left.len()).unwrap_or(u32::MAX)
    }

    /// Time within the horizon up to `at` without what is lost.
    fn without(&self, lost: &Lost, at: HallTime) -> i64 {
        let from = self.begun.max(at.plus_ms(-HORIZON_MS));
        (at.since_ms(from) - lost.within(from, at)).max(0)
    }

    /// Time one customer takes at a window, and its relative error.
    fn service(&self) -> Option<(f64, f64)> {
        let (ms, n) = if self.told as usize >= LEAST {
            (self.told_ms, self.told)
        } else {
            (self.busy_done_ms, self.served)
        };
        (n as usize >= LEAST && ms > 0)
            .then(|| (ms as f64 / f64::from(n), 1.0 / f64::from(n).sqrt()))
    }

    /// The wait of somebody who joins `length` others now: `L / μ`, μ from the departures of the last 20 minutes; with fewer than
    /// three of them `L · s / c`, s the mean service time and c the windows staffed; otherwise nobody knows. `party` people come
    /// with one case.
    pub fn wait(
        &self,
        at: HallTime,
        length: u32,
        party: f64,
        source: WaitSource,
    ) -> Option<WaitEstimate> {
        if length == 0 {
            return Some(WaitEstimate {
                wait_ms: 0,
                error_ms: 0,
                source,
            });
        }
        let cases = f64::from(length) / party;
        let (wait_ms, rate_error) = if self.left.len() >= LEAST {
            let n = self.left.len() as f64;
            (
                cases * self.without(&self.idle, at) as f64 / n,
                1.0 / n.sqrt(),
            )
        } else {
            let (service_ms, error) = self.service()?;
            if self.crew.staffed == 0 {
                return None;
            }
            (cases * service_ms / f64::from(self.crew.staffed), error)
        };
        let count_error = match source {
            WaitSource::Ticket => 0.0,
            WaitSource::Video => COUNT_ERROR / f64::from(length),
        };
        let error_ms = wait_ms * count_error.hypot(rate_error);
        Some(WaitEstimate {
            wait_ms: wait_ms.round() as i64,
            error_ms: error_ms.round() as i64,
            source,
        })
    }

    /// When the estimate may change without an input, later than `at`: a departure or a gap leaves the horizon, or the growing
    /// watched time brings the wait of `length` people to one of `levels_ms`.
    pub fn next(
        &self,
        at: HallTime,
        length: u32,
        party: f64,
        levels_ms: &[i64],
    ) -> Option<HallTime> {
        let horizon = at.plus_ms(-HORIZON_MS);
        let mut due: Option<HallTime> = None;
        let mut offer = |t: HallTime| {
            if t > at {
                due = Some(due.map_or(t, |d| d.min(t)));
            }
        };
        self.left
            .front()
            .iter()
            .for_each(|t| offer(t.plus_ms(HORIZON_MS)));
        if let Some((from, to)) = self.idle.spans.front() {
            offer(from.plus_ms(HORIZON_MS));
            offer(to.plus_ms(HORIZON_MS));
        }
        let grows = self.begun > horizon || self.idle.contains(horizon);
        if self.left.len() >= LEAST && length > 0 && self.idle.since.is_none() && grows {
            let watched = self.without(&self.idle, at);
            for level in levels_ms {
                let needed = *level as f64 * self.left.len() as f64 * party / f64::from(length);
                let needed = needed.ceil() as i64;
                if needed > watched && needed <= HORIZON_MS {
                    offer(at.plus_ms(needed - watched));
                }
            }
        }
        due
    }

    /// What the line asks of the windows.
    pub fn load(&self, at: HallTime, party: f64) -> Option<Load> {
        let watched_ms = self.without(&self.unseen, at);
        if self.joined.len() < LEAST || watched_ms < ADVICE_AFTER_MS {
            return None;
        }
        let (service_ms, _) = self.service()?;
        Some(Load {
            arrivals_per_s: self.joined.len() as f64 / party / (watched_ms as f64 / 1000.0),
            service_s: service_ms / 1000.0,
        })
    }
}

/// Stretches of time that do not count, oldest first, the last of them perhaps still running.
#[derive(Debug, Clone, Default)]
struct Lost {
    spans: VecDeque<(HallTime, HallTime)>,
    since: Option<HallTime>,
}

impl Lost {
    fn since(since: Option<HallTime>) -> Self {
        Lost {
            spans: VecDeque::new(),
            since,
        }
    }

    fn begin(&mut self, at: HallTime) {
        self.since.get_or_insert(at);
    }

    fn end(&mut self, at: HallTime) {
        if let Some(since) = self.since.take().filter(|since| at > *since) {
            self.spans.push_back((since, at));
        }
        if self.spans.len() > MAX_MOVES {
            self.spans.pop_front();
        }
    }

    /// From `from` on nothing counts after all.
    fn take_back(&mut self, from: HallTime) {
        let mut since = self.since.map_or(from, |since| since.min(from));
        while let Some((begun, _)) = self.spans.back().copied().filter(|(_, to)| *to >= from) {
            since = since.min(begun);
            self.spans.pop_back();
        }
        self.since = Some(since);
    }

    fn forget(&mut self, horizon: HallTime) {
        while self.spans.front().is_some_and(|(_, to)| *to <= horizon) {
            self.spans.pop_front();
        }
    }

    fn contains(&self, at: HallTime) -> bool {
        self.since.is_some_and(|since| since <= at)
            || self
                .spans
                .iter()
                .any(|(from, to)| (*from..*to).contains(&at))
    }

    /// How much of `from..to` is lost.
    fn within(&self, from: HallTime, to: HallTime) -> i64 {
        let running = self.since.map(|since| (since, to));
        let spans = self.spans.iter().copied().chain(running);
        spans
            .map(|(a, b)| b.min(to).since_ms(a.max(from)).max(0))
            .sum()
    }
}

/// Keeps the order of time: a departure is known a moment after it happened.
fn insert(moves: &mut VecDeque<HallTime>, at: HallTime) {
    let after = moves.iter().rev().take_while(|t| **t > at).count();
    moves.insert(moves.len() - after, at);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn min(minutes: f64) -> HallTime {
        HallTime((minutes * 60_000.0) as i64)
    }

    fn leaving(every_min: f64, count: u32) -> Flow {
        let mut flow = Flow::new(min(0.0));
        for n in 1..=count {
            flow.account(min(every_min * f64::from(n)));
            flow.leave(min(every_min * f64::from(n)), 2_000);
        }
        flow
    }

    fn wait_min(flow: &mut Flow, at: HallTime, length: u32) -> Option<f64> {
        flow.account(at);
        flow.wait(at, length, 1.0, WaitSource::Video)
            .map(|wait| wait.wait_ms as f64 / 60_000.0)
    }

    #[test]
    fn a_short_line_that_hardly_moves_waits_long() {
        // Domain reference §4.2: 4 waiting, one departure per 6 min: 24 min.
        let mut flow = leaving(6.0, 3);
        assert_eq!(wait_min(&mut flow, min(18.0), 4), Some(24.0));
        assert_eq!(wait_min(&mut flow, min(19.0), 0), Some(0.0));
        assert_eq!(
            wait_min(&mut leaving(6.0, 2), min(12.0), 4),
            None,
            "insufficient data"
        );
    }

    #[test]
    fn without_departures_the_service_time_and_the_windows_tell() {
        let mut flow = Flow::new(min(0.0));
        flow.crew(Crew {
            staffed: 2,
            busy: 2,
        });
        for n in 1..=3 {
            flow.account(min(4.0 * f64::from(n)));
            flow.leave(min(4.0 * f64::from(n)), 2_000);
        }
        // 12 minutes at two busy windows for three people: 8 minutes each.
        let later = min(40.0);
        assert_eq!(wait_min(&mut flow, later, 6), Some(24.0));
        flow.crew(Crew {
            staffed: 3,
            busy: 3,
        });
        assert_eq!(wait_min(&mut flow, later, 6), Some(16.0));
        flow.crew(Crew::default());
        assert_eq!(wait_min(&mut flow, later, 6), None, "nobody serves");
    }

    #[test]
    fn who_leaves_together_is_served_together() {
        let mut flow = Flow::new(min(0.0));
        for n in 0..9 {
            // Three parties of three, one every four minutes.
            let at = min(4.0).plus_ms(n / 3 * 240_000 + n % 3 * 900);
            flow.leave(at, 2_000);
        }
        flow.account(min(20.0));
        assert_eq!(flow.departures(), 3);
        let wait = flow.wait(min(20.0), 9, 3.0, WaitSource::Video);
        assert_eq!(wait.unwrap().wait_ms, 20 * 60_000, "three cases");
    }

    #[test]
    fn an_empty_line_does_not_move_slowly() {
        // Nobody in line for the first 10 minutes and for 4 more; three departures in the 6 others.
        let mut flow = Flow::new(min(0.0));
        flow.line(min(0.0), 0);
        flow.line(min(10.0), 2);
        for at in [12.0, 13.0] {
            flow.leave(min(at), 2_000);
        }
        flow.line(min(13.0), 0);
        flow.line(min(17.0), 3);
        flow.leave(min(19.0), 2_000);
        assert_eq!(wait_min(&mut flow, min(20.0), 3), Some(6.0));
    }

    #[test]
    fn time_nobody_watched_is_no_time_without_departures() {
        let mut flow = leaving(2.0, 3);
        flow.watch(min(11.0), Some(min(6.0)));
        assert_eq!(wait_min(&mut flow, min(11.0), 3), Some(6.0));
        flow.watch(min(12.0), None);
        assert_eq!(wait_min(&mut flow, min(14.0), 3), Some(8.0));
    }

    #[test]
    fn the_growing_wait_announces_when_it_reaches_a_level() {
        let mut flow = leaving(2.0, 3);
        let levels = [900_000, 1_800_000];
        flow.account(min(6.0));
        // Three departures, four people: 15 min are reached after 11 min 15 s.
        let due = flow.next(min(6.0), 4, 1.0, &levels).unwrap();
        assert_eq!(due, min(11.25));
        assert_eq!(wait_min(&mut flow, due, 4), Some(15.0));
        // 30 min are not reached within the horizon; the first departure leaves it at 22 min.
        assert_eq!(flow.next(due, 4, 1.0, &levels), Some(min(22.0)));
    }

    #[test]
    fn the_error_grows_with_few_people_and_few_departures() {
        let flow = leaving(6.0, 3);
        let wait = flow.wait(min(18.0), 4, 1.0, WaitSource::Video).unwrap();
        let expected = 24.0 * 60_000.0 * (1.0_f64 / 16.0 + 1.0 / 3.0).sqrt();
        assert_eq!(wait.error_ms, expected.round() as i64);
        let tickets = flow.wait(min(18.0), 4, 1.0, WaitSource::Ticket).unwrap();
        assert!(
            tickets.error_ms < wait.error_ms,
            "tickets are counted exactly"
        );
    }

    #[test]
    fn memory_is_bounded() {
        let mut flow = Flow::new(min(0.0));
        for n in 0..100_000 {
            flow.join(HallTime(n));
            flow.leave(HallTime(n), 0);
            flow.account(HallTime(n));
        }
        assert!(flow.left.len() <= MAX_MOVES + 1 && flow.joined.len() <= MAX_MOVES + 1);
    }
}
