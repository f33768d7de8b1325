//! The tickets of one queue while they live: who waits, since when, and what became of them. Numbers stay in here: they never reach
//! an event, a record or a log. Knows no threshold.

use crate::observe::{Ticket, TicketState};
use crate::time::HallTime;

/// No ticket machine has more numbers out at once; older ones are dropped.
const MAX_TICKETS: usize = 2_000;

/// One number that is out.
#[derive(Debug, Clone, PartialEq)]
struct Held {
    number: String,
    taken_at: HallTime,
    called_at: Option<HallTime>,
    start_at: Option<HallTime>,
    party: u32,
}

/// A ticket's wait is over, or its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    /// When the wait ended.
    pub at: HallTime,
    pub wait_ms: i64,
    pub service_ms: Option<i64>,
    pub abandoned: bool,
}

/// What one word of the machine meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Said {
    /// Somebody joined the line, and when.
    pub joined: Option<HallTime>,
    /// Somebody was called out of the line, and when.
    pub called: Option<HallTime>,
    /// A ticket's life is over.
    pub ended: Option<Ended>,
}

/// The numbers of one queue that are out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tickets {
    held: Vec<Held>,
    /// The machine has spoken since it was last down.
    heard: bool,
    /// Since when the number of those who wait has been what it is, newest last: enough to look back over the clear count.
    counts: Vec<(HallTime, u32)>,
}

/// Changes of the length remembered; older ones merge.
const MAX_COUNTS: usize = 256;

impl Tickets {
    /// Takes one word of the machine at `at`.
    pub fn hear(&mut self, at: HallTime, ticket: &Ticket) -> Said {
        self.heard = true;
        let mut said = Said::default();
        let known = self
            .held
            .iter()
            .position(|held| held.number == ticket.number);
        let past = |t: Option<HallTime>| t.map(|t| t.min(at));
        match ticket.state {
            TicketState::Waiting => {
                let ix = known.unwrap_or_else(|| {
                    said.joined = Some(past(ticket.taken_at).unwrap_or(at));
                    self.take(at, ticket)
                });
                // Called back into the line.
                self.held[ix].called_at = None;
                self.held[ix].start_at = None;
            }
            TicketState::Called | TicketState::Recalled | TicketState::Serving => {
                let ix = known.unwrap_or_else(|| self.take(at, ticket));
                let held = &mut self.held[ix];
                if held.called_at.is_none() {
                    let called = past(ticket.called_at.or(ticket.start_at)).unwrap_or(at);
                    held.called_at = Some(called.max(held.taken_at));
                    said.called = held.called_at;
                }
                if ticket.state == TicketState::Serving {
                    let start = past(ticket.start_at).unwrap_or(at);
                    held.start_at.get_or_insert(start);
                }
            }
            TicketState::Done
            | TicketState::NoShow
            | TicketState::Transferred
            | TicketState::Cancelled => {
                let told = ticket.taken_at.is_some() && ticket.called_at.is_some();
                if known.is_none() && !told {
                    return said;
                }
                let ix = known.unwrap_or_else(|| self.take(at, ticket));
                let held = self.held.swap_remove(ix);
                let called = held.called_at.or(past(ticket.called_at));
                if held.called_at.is_none() && ticket.state == TicketState::Done {
                    said.called = Some(called.unwrap_or(at));
                }
                said.ended = end(&held, called, at, ticket);
            }
        }
        self.count(at);
        said
    }

    fn take(&mut self, at: HallTime, ticket: &Ticket) -> usize {
        if self.held.len() >= MAX_TICKETS {
            let oldest = (0..self.held.len()).min_by_key(|ix| self.held[*ix].taken_at);
            oldest.map(|ix| self.held.swap_remove(ix));
        }
        self.held.push(Held {
            number: ticket.number.clone(),
            taken_at: ticket.taken_at.unwrap_or(at).min(at),
            called_at: None,
            start_at: None,
            party: ticket.party.max(1),
        });
        self.held.len() - 1
    }

    /// The machine is down: what it does meanwhile is unknown, so its numbers are forgotten. It tells them anew when it is back.
    pub fn lose(&mut self) {
        *self = Tickets::default();
    }

    /// The day is over: numbers nobody closed are dropped.
    pub fn end_day(&mut self, at: HallTime) {
        self.held.clear();
        self.count(at);
    }

    /// Numbers taken before `at` are of another day.
    pub fn drop_before(&mut self, at: HallTime, now: HallTime) {
        self.held.retain(|held| held.taken_at >= at);
        self.count(now);
    }

    /// The machine speaks: its tickets are the official length.
    pub fn official(&self) -> bool {
        self.heard
    }

    fn waiting(&self) -> impl Iterator<Item = &Held> {
        self.held.iter().filter(|held| held.called_at.is_none())
    }

    /// Tickets that wait.
    pub fn length(&self) -> u32 {
        self.counts.last().map_or(0, |(_, count)| *count)
    }

    /// People who came with the tickets that wait.
    pub fn people(&self) -> u32 {
        self.waiting()
            .fold(0, |sum, held| sum.saturating_add(held.party))
    }

    /// When the oldest ticket that waits was taken.
    pub fn oldest(&self) -> Option<HallTime> {
        self.waiting().map(|held| held.taken_at).min()
    }

    /// Since when no more than `most` have waited; `at` if more do.
    pub fn at_most_since(&self, most: u32, at: HallTime) -> HallTime {
        let low = self
            .counts
            .iter()
            .rev()
            .take_while(|(_, count)| *count <= most);
        low.last().map_or(at, |(since, _)| *since)
    }

    fn count(&mut self, at: HallTime) {
        let count = u32::try_from(self.waiting().count()).unwrap_or(u32::MAX);
        if self.counts.last().is_some_and(|(_, last)| *last == count) {
            return;
        }
        if self.counts.len() >= MAX_COUNTS {
            self.counts.drain(..MAX_COUNTS / 2);
        }
        self.counts.push((at, count));
    }
}

/// What became of a ticket; `None`: it went on elsewhere before it was called.
fn end(held: &Held, called: Option<HallTime>, at: HallTime, ticket: &Ticket) -> Option<Ended> {
    let abandoned = matches!(ticket.state, TicketState::NoShow | TicketState::Cancelled);
    if called.is_none() && ticket.state == TicketState::Transferred {
        return None;
    }
    let until = called.unwrap_or(at).max(held.taken_at);
    let start = ticket.start_at.or(held.start_at).or(called);
    let served = ticket.state == TicketState::Done;
    let service_ms = start
        .filter(|_| served)
        .map(|start| ticket.end_at.unwrap_or(at).min(at).since_ms(start).max(0));
    Some(Ended {
        at: until,
        wait_ms: until.since_ms(held.taken_at),
        service_ms,
        abandoned,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: i64) -> HallTime {
        HallTime(seconds * 1000)
    }

    fn say(number: &str, state: TicketState) -> Ticket {
        Ticket {
            queue: "Q1".into(),
            at: s(0),
            number: number.into(),
            window: None,
            state,
            taken_at: None,
            called_at: None,
            start_at: None,
            end_at: None,
            party: 1,
        }
    }

    #[test]
    fn a_ticket_waits_until_it_is_called_and_is_served_until_it_is_done() {
        use TicketState::{Called, Done, Serving, Waiting};
        let mut tickets = Tickets::default();
        assert!(!tickets.official());
        for (at, state, length) in [
            (0, Waiting, 1),
            (60, Waiting, 1),
            (600, Called, 0),
            (620, Serving, 0),
        ] {
            tickets.hear(s(at), &say("A001", state));
            assert_eq!(tickets.length(), length, "{state:?}");
        }
        let ended = tickets.hear(s(900), &say("A001", Done)).ended;
        let expected = Ended {
            at: s(600),
            wait_ms: 600_000,
            service_ms: Some(280_000),
            abandoned: false,
        };
        assert_eq!(ended, Some(expected));
        assert!(tickets.official() && tickets.oldest().is_none());
    }

    #[test]
    fn the_machine_s_own_times_count_before_those_of_its_words() {
        let mut tickets = Tickets::default();
        let mut word = say("A001", TicketState::Done);
        word.taken_at = Some(s(100));
        word.called_at = Some(s(400));
        word.start_at = Some(s(410));
        word.end_at = Some(s(700));
        let ended = tickets.hear(s(1000), &word).ended;
        assert_eq!(
            ended.map(|e| (e.wait_ms, e.service_ms)),
            Some((300_000, Some(290_000)))
        );
    }

    #[test]
    fn who_does_not_come_or_gives_the_ticket_back_has_given_up() {
        for (called, state, wait_s, abandoned) in [
            (true, TicketState::NoShow, 600, true),
            (false, TicketState::Cancelled, 900, true),
            (true, TicketState::Transferred, 600, false),
        ] {
            let mut tickets = Tickets::default();
            tickets.hear(s(0), &say("A001", TicketState::Waiting));
            if called {
                tickets.hear(s(600), &say("A001", TicketState::Called));
            }
            let ended = tickets.hear(s(900), &say("A001", state)).ended;
            let got = ended.map(|e| (e.wait_ms / 1000, e.service_ms, e.abandoned));
            assert_eq!(got, Some((wait_s, None, abandoned)), "{state:?}");
            assert_eq!(tickets.length(), 0);
        }
        let mut tickets = Tickets::default();
        tickets.hear(s(0), &say("A001", TicketState::Waiting));
        assert_eq!(
            tickets
                .hear(s(9), &say("A001", TicketState::Transferred))
                .ended,
            None
        );
    }

    #[test]
    fn numbers_are_dropped_with_the_day_with_the_machine_and_when_there_are_too_many() {
        let mut tickets = Tickets::default();
        for n in 0..MAX_TICKETS as i64 + 500 {
            tickets.hear(s(n), &say(&n.to_string(), TicketState::Waiting));
        }
        assert_eq!(tickets.length() as usize, MAX_TICKETS);
        assert_eq!(tickets.oldest(), Some(s(500)));
        tickets.end_day(s(10_000));
        assert_eq!((tickets.length(), tickets.official()), (0, true));
        tickets.lose();
        assert!(!tickets.official());
    }

    #[test]
    fn a_call_repeated_is_one_call() {
        let mut tickets = Tickets::default();
        tickets.hear(s(0), &say("A001", TicketState::Waiting));
        let first = tickets.hear(s(60), &say("A001", TicketState::Called));
        assert_eq!(first.called, Some(s(60)));
        let again = tickets.hear(s(90), &say("A001", TicketState::Recalled));
        assert_eq!(again.called, None);
    }
}
