//! A line of time on which the last word counts: pieces that never overlap, each with a value. Knows no meaning of the values.

/// One piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span<T> {
    /// Start, local milliseconds, inclusive.
    pub from_ms: i64,
    /// End, exclusive; later than the start.
    pub to_ms: i64,
    /// What holds meanwhile.
    pub value: T,
}

/// Pieces in order of time; equal neighbours are one piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spans<T> {
    spans: Vec<Span<T>>,
}

impl<T> Default for Spans<T> {
    fn default() -> Self {
        Spans { spans: Vec::new() }
    }
}

impl<T: Copy + Eq> Spans<T> {
    /// An empty line.
    #[must_use]
    pub fn new() -> Self {
        Spans::default()
    }

    /// From `from_ms` to `to_ms` it is `value`, whatever was said before. Returns false when that changes nothing.
    pub fn set(&mut self, from_ms: i64, to_ms: i64, value: T) -> bool {
        if from_ms >= to_ms || self.holds(from_ms, to_ms, value) {
            return false;
        }
        // Neighbours that only touch are taken in as well, so that equal ones join.
        let first = self.spans.partition_point(|s| s.to_ms < from_ms);
        let last = self.spans.partition_point(|s| s.from_ms <= to_ms);
        let mut new = Span {
            from_ms,
            to_ms,
            value,
        };
        let (mut before, mut after) = (None, None);
        for old in &self.spans[first..last] {
            if old.value == value {
                new.from_ms = new.from_ms.min(old.from_ms);
                new.to_ms = new.to_ms.max(old.to_ms);
                continue;
            }
            if old.from_ms < from_ms {
                before = Some(Span {
                    to_ms: from_ms,
                    ..*old
                });
            }
            if old.to_ms > to_ms {
                after = Some(Span {
                    from_ms: to_ms,
                    ..*old
                });
            }
        }
        let pieces = before.into_iter().chain([new]).chain(after);
        self.spans.splice(first..last, pieces);
        true
    }

    fn holds(&self, from_ms: i64, to_ms: i64, value: T) -> bool {
        let ix = self.spans.partition_point(|s| s.to_ms <= from_ms);
        self.spans
            .get(ix)
            .is_some_and(|s| s.value == value && s.from_ms <= from_ms && to_ms <= s.to_ms)
    }

    /// The pieces that touch the time from `from_ms` to `to_ms`, cut to it.
    pub fn within(&self, from_ms: i64, to_ms: i64) -> impl Iterator<Item = Span<T>> + '_ {
        let first = self.spans.partition_point(|s| s.to_ms <= from_ms);
        self.spans[first..]
            .iter()
            .take_while(move |s| s.from_ms < to_ms)
            .map(move |s| Span {
                from_ms: s.from_ms.max(from_ms),
                to_ms: s.to_ms.min(to_ms),
                value: s.value,
            })
    }

    /// Start of the first piece and end of the last.
    #[must_use]
    pub fn bounds(&self) -> Option<(i64, i64)> {
        Some((self.spans.first()?.from_ms, self.spans.last()?.to_ms))
    }

    /// Forgets everything before `from_ms` and from `to_ms` on.
    pub fn keep(&mut self, from_ms: i64, to_ms: i64) {
        if self
            .bounds()
            .is_some_and(|(first, last)| first < from_ms || last > to_ms)
        {
            self.spans = self.within(from_ms, to_ms).collect();
        }
    }

    /// Number of pieces.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Nothing is said about any time.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_word_counts_and_equal_neighbours_are_one() {
        let mut line = Spans::new();
        assert!(line.set(0, 100, 'a'));
        assert!(line.set(40, 60, 'b'));
        assert!(!line.set(45, 50, 'b'), "already so");
        assert_eq!(line.len(), 3);
        assert!(line.set(30, 60, 'a'));
        assert_eq!(line.len(), 1);
        assert_eq!(line.bounds(), Some((0, 100)));
    }

    proptest! {
        /// Against an array of milliseconds.
        #[test]
        fn any_sequence_of_words_leaves_what_was_said_last(words in proptest::collection::vec((0_i64..50, 0_i64..50, 0_u8..4), 0..40)) {
            let mut line = Spans::new();
            let mut plain = [None; 50];
            for (from, to, value) in words {
                line.set(from, to, value);
                for cell in plain.iter_mut().take(to.max(0) as usize).skip(from as usize) {
                    *cell = Some(value);
                }
            }
            let mut got = [None; 50];
            let mut end = -1;
            for span in line.within(0, 50) {
                prop_assert!(span.from_ms < span.to_ms && span.from_ms >= end);
                end = span.to_ms;
                got[span.from_ms as usize..span.to_ms as usize].fill(Some(span.value));
            }
            prop_assert_eq!(got, plain);
            for pair in line.within(0, 50).collect::<Vec<_>>().windows(2) {
                prop_assert!(pair[0].to_ms < pair[1].from_ms || pair[0].value != pair[1].value, "neighbours are joined");
            }
        }
    }
}
