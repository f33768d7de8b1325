//! When a frame was captured, on the hall's time line. Pure: clock readings are given.

use hall_core::HallTime;

/// A frame cannot be older than this on arrival: beyond it the time stamp is wrong, not the frame late.
const LONGEST_DELAY_NS: i64 = 30_000_000_000;

/// Turns stream time stamps into capture times. Never arrival order: a frame that waited in a buffer keeps its time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CaptureTimes {
    latest: Option<HallTime>,
}

impl CaptureTimes {
    /// Capture time and age of a frame that arrives `now`, when the pipeline's running time is `running_ns` and the
    /// frame's own time stamp, on the same line, is `stamp_ns`. Times never run backwards within a camera.
    pub(crate) fn place(
        &mut self,
        now: HallTime,
        running_ns: Option<u64>,
        stamp_ns: Option<u64>,
    ) -> (HallTime, std::time::Duration) {
        let delay_ns = match (running_ns, stamp_ns) {
            (Some(running), Some(stamp)) => running as i64 - stamp as i64,
            _ => 0,
        };
        // A stamp from the future, or absurdly old, says nothing: then the frame counts as captured on arrival.
        let delay_ns = if (0..=LONGEST_DELAY_NS).contains(&delay_ns) {
            delay_ns
        } else {
            0
        };
        let captured = now.plus_ms(-(delay_ns / 1_000_000));
        let at = self.latest.map_or(captured, |latest| latest.max(captured));
        self.latest = Some(at);
        (at, std::time::Duration::from_nanos(delay_ns as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_keeps_the_time_it_was_captured() {
        let mut times = CaptureTimes::default();
        let mut check =
            |now: i64, running_ms: Option<u64>, stamp_ms: Option<u64>, expected: i64| {
                let ns = |ms: u64| ms * 1_000_000;
                let (at, _) = times.place(HallTime(now), running_ms.map(ns), stamp_ms.map(ns));
                assert_eq!(
                    at,
                    HallTime(expected),
                    "now {now}, running {running_ms:?}, stamp {stamp_ms:?}"
                );
            };
        check(100_000, Some(5_000), Some(4_900), 99_900);
        // Three frames held up and delivered in one burst keep their distances.
        check(103_000, Some(8_000), Some(5_100), 100_100);
        check(103_001, Some(8_001), Some(5_300), 100_300);
        check(103_002, Some(8_002), Some(7_900), 102_900);
        // Stamps that say nothing: from the future, absurdly old, absent.
        check(104_000, Some(9_000), Some(9_500), 104_000);
        check(105_000, Some(100_000), Some(5), 105_000);
        check(106_000, None, None, 106_000);
        // Never backwards.
        check(106_100, Some(9_000), Some(8_000), 106_000);
    }
}
