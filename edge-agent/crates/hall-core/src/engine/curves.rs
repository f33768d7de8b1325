//! The entry and exit curves of one line, A(t) and D(t): the k-th to leave is taken for the k-th who came (domain reference
//! §4.3 a), so waits are known without knowing anybody. Holds only the part between the curves: who has come and not yet left.

use std::collections::VecDeque;

use super::line::Move;
use crate::time::HallTime;

/// A line that has been empty this long begins anew: what was miscounted before is forgotten (domain reference §4.3).
const RESET_MS: i64 = 60_000;
/// No line is longer.
const MAX_WAITING: usize = 1024;

/// Someone left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exit {
    pub at: HallTime,
    /// How long they waited; `None`: they came before anybody watched.
    pub wait_ms: Option<i64>,
}

/// Who came and has not left, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Curves {
    waiting: VecDeque<Option<HallTime>>,
    empty_since: Option<HallTime>,
}

impl Curves {
    /// Takes one move of the line; gives the wait of who left.
    pub fn step(&mut self, what: Move) -> Option<Exit> {
        match what {
            Move::Joined(at) => {
                if self.waiting.len() < MAX_WAITING {
                    self.waiting.push_back(at);
                }
                None
            }
            Move::Left(at) => {
                let came = self.waiting.pop_front().flatten();
                let wait_ms = came.map(|came| at.since_ms(came).max(0));
                Some(Exit { at, wait_ms })
            }
            Move::Vanished => {
                self.waiting.pop_front();
                None
            }
        }
    }

    /// The line is empty (or not) at `at`.
    pub fn settle(&mut self, at: HallTime, empty: bool) {
        let since = if empty {
            Some(*self.empty_since.get_or_insert(at))
        } else {
            self.empty_since.take()
        };
        // Also noticed with the first picture after it that shows somebody: those that show nobody say nothing new.
        if since.is_some_and(|since| at.since_ms(since) >= RESET_MS) {
            self.waiting.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: i64) -> HallTime {
        HallTime(seconds * 1000)
    }

    fn waits(moves: &[Move]) -> Vec<Option<i64>> {
        let mut curves = Curves::default();
        let exits = moves.iter().filter_map(|what| curves.step(*what));
        exits.map(|exit| exit.wait_ms.map(|ms| ms / 1000)).collect()
    }

    #[test]
    fn the_first_to_leave_is_the_first_who_came() {
        use Move::{Joined, Left, Vanished};
        let came = |at| Joined(Some(s(at)));
        for (moves, expected) in [
            (
                vec![came(0), came(60), Left(s(300)), Left(s(600))],
                vec![Some(300), Some(540)],
            ),
            (
                vec![Joined(None), came(60), Left(s(300)), Left(s(600))],
                vec![None, Some(540)],
            ),
            (
                vec![came(0), came(60), Vanished, Left(s(600))],
                vec![Some(540)],
            ),
            (vec![Left(s(5))], vec![None]),
        ] {
            assert_eq!(waits(&moves), expected, "{moves:?}");
        }
    }

    #[test]
    fn a_line_that_was_empty_for_a_minute_begins_anew() {
        for (empty_s, wait_ms) in [(59, Some(700_000)), (60, None)] {
            let mut curves = Curves::default();
            curves.step(Move::Joined(Some(s(0))));
            curves.settle(s(100), true);
            curves.settle(s(100 + empty_s), true);
            let exit = curves.step(Move::Left(s(700)));
            assert_eq!(
                exit,
                Some(Exit {
                    at: s(700),
                    wait_ms
                }),
                "{empty_s} s"
            );
        }
    }

    #[test]
    fn memory_does_not_grow_with_those_who_never_leave() {
        let mut curves = Curves::default();
        for at in 0..10_000 {
            curves.step(Move::Joined(Some(s(at))));
        }
        assert_eq!(curves.waiting.len(), MAX_WAITING);
    }
}
