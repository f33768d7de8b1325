//! Which numbers of one box have arrived, and whether neighbours are linked. Pure; grows with holes, not with records.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A stretch of numbers without a hole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    to: u64,
    /// What the record before it must have as its hash; `None`: it begins with a gap, which does not say.
    first_prev: Option<String>,
    /// What the record after it must have as `prev`; `None`: a gap that does not know.
    last_hash: Option<String>,
}

/// Stretches by their first number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Runs {
    runs: BTreeMap<u64, Run>,
}

/// What came of taking a line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    /// Numbers that were not there before.
    pub fresh: u64,
    /// Numbers whose `prev` is not the hash of the record before.
    pub broken: Vec<u64>,
}

impl Runs {
    /// Takes the line that stands for `from..=to`: `prev` and `hash` as far as they are known. What is there already stays.
    pub fn take(&mut self, from: u64, to: u64, prev: Option<&str>, hash: Option<&str>) -> Taken {
        let mut taken = Taken::default();
        for (a, b) in self.missing_in(from, to) {
            let run = Run {
                to: b,
                first_prev: prev.filter(|_| a == from).map(Into::into),
                last_hash: hash.filter(|_| b == to).map(Into::into),
            };
            taken.fresh += b - a + 1;
            self.insert(a, run, &mut taken.broken);
        }
        taken
    }

    /// Joins a stretch that overlaps none with its neighbours.
    fn insert(&mut self, from: u64, mut run: Run, broken: &mut Vec<u64>) {
        let mut start = from;
        let before = self.runs.range(..from).next_back();
        if let Some((&a, _)) = before.filter(|(_, before)| before.to + 1 == from)
            && let Some(before) = self.runs.remove(&a)
        {
            if differ(before.last_hash.as_deref(), run.first_prev.as_deref()) {
                broken.push(from);
            }
            (start, run.first_prev) = (a, before.first_prev);
        }
        if let Some(after) = self.runs.remove(&(run.to + 1)) {
            if differ(run.last_hash.as_deref(), after.first_prev.as_deref()) {
                broken.push(run.to + 1);
            }
            (run.to, run.last_hash) = (after.to, after.last_hash);
        }
        self.runs.insert(start, run);
    }

    /// Whether the number has arrived or was announced as gone.
    #[must_use]
    pub fn has(&self, seq: u64) -> bool {
        let run = self.runs.range(..=seq).next_back();
        run.is_some_and(|(_, run)| seq <= run.to)
    }

    /// First and last number seen; `None` before any.
    #[must_use]
    pub fn span(&self) -> Option<(u64, u64)> {
        let (&from, _) = self.runs.first_key_value()?;
        let (_, last) = self.runs.last_key_value()?;
        Some((from, last.to))
    }

    /// Last number of the stretch that begins right after `base`, and what the record after it must have as `prev`; `None`: the
    /// number after `base` has not arrived.
    #[must_use]
    pub fn prefix(&self, base: u64) -> Option<(u64, Option<&str>)> {
        let (_, run) = self.runs.range(..=base + 1).next_back()?;
        (run.to > base).then_some((run.to, run.last_hash.as_deref()))
    }

    /// Hash of the last record, as far as it is known.
    #[must_use]
    pub fn head(&self) -> Option<&str> {
        self.runs.last_key_value()?.1.last_hash.as_deref()
    }

    /// Nothing is missing between the first and the last number seen.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.runs.len() <= 1
    }

    /// Holes between the first and the last number seen.
    #[must_use]
    pub fn holes(&self) -> Vec<(u64, u64)> {
        self.span()
            .map_or_else(Vec::new, |(from, to)| self.missing_in(from, to))
    }

    /// Parts of `from..=to` that have not arrived.
    #[must_use]
    pub fn missing_in(&self, from: u64, to: u64) -> Vec<(u64, u64)> {
        let mut missing = Vec::new();
        let mut next = from;
        if let Some((_, run)) = self.runs.range(..=from).next_back() {
            next = next.max(run.to + 1);
        }
        for (&a, run) in self.runs.range(from..) {
            if a > to {
                break;
            }
            if a > next {
                missing.push((next, a - 1));
            }
            next = next.max(run.to + 1);
        }
        if next <= to {
            missing.push((next, to));
        }
        missing
    }
}

/// Both known and not the same.
fn differ(hash: Option<&str>, prev: Option<&str>) -> bool {
    matches!((hash, prev), (Some(hash), Some(prev)) if hash != prev)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hash(seq: u64) -> String {
        format!("h{seq}")
    }

    proptest! {
        /// Whatever the order and however often lines come: what is there is what came, holes are the rest, and a sound chain is sound.
        #[test]
        fn any_order_of_arrival_gives_the_same_numbers_and_a_sound_chain(seqs in prop::collection::vec(1_u64..60, 1..120)) {
            let mut runs = Runs::default();
            let mut have = std::collections::BTreeSet::new();
            for &seq in &seqs {
                let taken = runs.take(seq, seq, Some(&hash(seq - 1)), Some(&hash(seq)));
                prop_assert_eq!(taken.fresh, u64::from(have.insert(seq)));
                prop_assert_eq!(taken.broken, Vec::<u64>::new());
            }
            for seq in 0..62 {
                prop_assert_eq!(runs.has(seq), have.contains(&seq));
            }
            let (first, last) = (*have.first().unwrap(), *have.last().unwrap());
            prop_assert_eq!(runs.span(), Some((first, last)));
            let holes: Vec<u64> = runs.holes().into_iter().flat_map(|(a, b)| a..=b).collect();
            prop_assert_eq!(holes, (first..=last).filter(|s| !have.contains(s)).collect::<Vec<_>>());
        }

        /// One record of another chain is found wherever it stands, once its neighbour is there.
        #[test]
        fn a_foreign_record_is_found_in_any_order(order in Just((1..=20_u64).collect::<Vec<_>>()).prop_shuffle(), at in 2..=20_u64) {
            let mut runs = Runs::default();
            let mut broken = Vec::new();
            for seq in order {
                let prev = if seq == at { "other".to_owned() } else { hash(seq - 1) };
                broken.extend(runs.take(seq, seq, Some(&prev), Some(&hash(seq))).broken);
            }
            prop_assert_eq!(broken, vec![at]);
        }
    }

    #[test]
    fn a_gap_fills_only_what_is_missing_and_carries_the_chain_over() {
        let mut runs = Runs::default();
        runs.take(1, 1, Some("h0"), Some("h1"));
        runs.take(3, 3, Some("h2"), Some("h3"));
        assert_eq!(runs.take(1, 5, None, Some("h5")).fresh, 3);
        assert_eq!(runs.holes(), []);
        assert_eq!(
            runs.take(6, 6, Some("h5"), Some("h6")).broken,
            Vec::<u64>::new()
        );
        assert_eq!(runs.take(7, 7, Some("x"), Some("h7")).broken, [7]);
        assert_eq!(runs.head(), Some("h7"));
        assert_eq!(runs.prefix(0), Some((7, Some("h7"))));
        assert_eq!(runs.prefix(7), None);
        // A gap that does not know how the chain goes on accuses nobody.
        runs.take(8, 9, None, None);
        assert_eq!(
            runs.take(10, 10, Some("h9"), Some("h10")).broken,
            Vec::<u64>::new()
        );
    }
}
