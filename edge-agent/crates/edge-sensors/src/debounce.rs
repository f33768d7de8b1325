//! A contact that bounces: a new value counts once it has been read for as long as asked. Pure; counts time, not readings.

use hall_core::HallTime;

/// One input's accepted value, and the one that may replace it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Debounce {
    accepted: Option<bool>,
    candidate: Option<(bool, HallTime)>,
}

impl Debounce {
    /// Takes what was read at `at`; gives the value that counts and since when it was read, `None` until a first value has held
    /// for `hold_ms`.
    pub fn read(&mut self, value: bool, at: HallTime, hold_ms: i64) -> Option<(bool, HallTime)> {
        if self.accepted == Some(value) {
            self.candidate = None;
            return Some((value, at));
        }
        let since = match self.candidate {
            Some((candidate, since)) if candidate == value => since,
            _ => at,
        };
        self.candidate = Some((value, since));
        if at.since_ms(since) >= hold_ms {
            self.accepted = Some(value);
            self.candidate = None;
            return Some((value, since));
        }
        self.accepted.map(|accepted| (accepted, at))
    }

    /// Nothing was read for a while: the next value must hold anew.
    pub fn forget(&mut self) {
        *self = Debounce::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_once_it_has_held_and_from_its_first_reading() {
        let mut input = Debounce::default();
        let reads = [
            (0, true, None),
            (99, true, None),
            (100, true, Some((true, 0))),
            (300, false, Some((true, 300))),
            (350, true, Some((true, 350))),
            (400, false, Some((true, 400))),
            (499, false, Some((true, 499))),
            (500, false, Some((false, 400))),
            (900, false, Some((false, 900))),
        ];
        for (at, value, expected) in reads {
            let got = input.read(value, HallTime(at), 100);
            assert_eq!(
                got,
                expected.map(|(value, since)| (value, HallTime(since))),
                "at {at}"
            );
        }
    }
}
