//! Approved leave as spans of local time: which lies when, and what several windows have in common. Knows no clock and no engine;
//! local instants are milliseconds of the local calendar since 1970-01-01T00:00 local.

use crate::config::Leave;
use crate::ids::WindowId;

/// An uninterrupted stretch of leave: start (inclusive) and end (exclusive) in local milliseconds.
pub type LeaveSpan = (i64, i64);

/// A window's leave in order; stretches that touch or overlap are one.
#[must_use]
pub fn leave_spans(leave: &[Leave], window: &WindowId) -> Vec<LeaveSpan> {
    let mut spans: Vec<LeaveSpan> = leave
        .iter()
        .filter(|leave| leave.windows.contains(window))
        .map(|leave| (leave.from_local_ms, leave.to_local_ms))
        .filter(|(from, to)| from < to)
        .collect();
    spans.sort_unstable();
    let mut joined: Vec<LeaveSpan> = Vec::with_capacity(spans.len());
    for (from, to) in spans {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// The leave that all of `windows` have at the same time; none without windows.
#[must_use]
pub fn common_leave<'a>(
    leave: &[Leave],
    mut windows: impl Iterator<Item = &'a WindowId>,
) -> Vec<LeaveSpan> {
    let Some(first) = windows.next() else {
        return Vec::new();
    };
    windows.fold(leave_spans(leave, first), |common, window| {
        intersection(&common, &leave_spans(leave, window))
    })
}

/// Milliseconds of `from..to` that lie in `spans`.
#[must_use]
pub fn overlap_ms(spans: &[LeaveSpan], from_ms: i64, to_ms: i64) -> i64 {
    spans
        .iter()
        .map(|(from, to)| ((*to).min(to_ms) - (*from).max(from_ms)).max(0))
        .sum()
}

fn intersection(a: &[LeaveSpan], b: &[LeaveSpan]) -> Vec<LeaveSpan> {
    let mut common = Vec::new();
    for x in a {
        common.extend(
            b.iter()
                .map(|y| (x.0.max(y.0), x.1.min(y.1)))
                .filter(|(from, to)| from < to),
        );
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leave(id: &str, windows: &[&str], from_local_ms: i64, to_local_ms: i64) -> Leave {
        Leave {
            id: id.into(),
            windows: windows.iter().map(|w| WindowId::from(*w)).collect(),
            from_local_ms,
            to_local_ms,
            approved_by: "m".into(),
            cover: None,
        }
    }

    #[test]
    fn leave_that_touches_is_one_and_leave_in_common_is_what_all_have() {
        let all = [
            leave("c", &["W1"], 50, 60),
            leave("a", &["W1"], 10, 20),
            leave("b", &["W1", "W2"], 20, 30),
            leave("never", &["W1"], 40, 40),
            leave("d", &["W2"], 25, 55),
        ];
        let (w1, w2) = (WindowId::from("W1"), WindowId::from("W2"));
        assert_eq!(leave_spans(&all, &w1), [(10, 30), (50, 60)]);
        assert_eq!(leave_spans(&all, &w2), [(20, 55)]);
        assert_eq!(
            common_leave(&all, [&w1, &w2].into_iter()),
            [(20, 30), (50, 55)]
        );
        assert_eq!(common_leave(&all, std::iter::empty()), []);
        assert_eq!(overlap_ms(&leave_spans(&all, &w1), 15, 52), 17);
        assert_eq!(overlap_ms(&leave_spans(&all, &w1), 30, 50), 0);
    }
}
