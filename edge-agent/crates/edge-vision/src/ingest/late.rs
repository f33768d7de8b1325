//! Decides which encoded pictures are not worth decoding because the box has fallen behind. Pure; knows no pipeline.

/// Later than this beyond the configured latency, a picture would be skipped as stale after all the work.
const BEHIND_NS: u64 = 900_000_000;
/// Decoding goes on when a key frame is at most this late.
const CAUGHT_UP_NS: u64 = 400_000_000;
/// With key frames further apart than this, decoding on is the lesser harm: waiting for one would blind the camera.
const LONGEST_GROUP_NS: u64 = 10_000_000_000;

/// Skips from a point where the stream is too late to the next key frame that is not. A box that cannot keep up then shows
/// fewer pictures, in time, instead of all of them later and later: over TCP a backlog grows without limit.
#[derive(Debug, Clone)]
pub(crate) struct LateGate {
    latency_ns: u64,
    last_key_ns: Option<u64>,
    group_ns: Option<u64>,
    skipping: bool,
}

impl LateGate {
    /// A gate for a stream whose packets wait for `latency_ns` on purpose.
    pub(crate) fn new(latency_ns: u64) -> LateGate {
        LateGate {
            latency_ns,
            last_key_ns: None,
            group_ns: None,
            skipping: false,
        }
    }

    /// Whether a picture stamped `stamp_ns`, seen `late_ns` after its stamp, is decoded.
    pub(crate) fn passes(&mut self, stamp_ns: u64, late_ns: u64, key: bool) -> bool {
        if key {
            self.group_ns = self
                .last_key_ns
                .and_then(|last| stamp_ns.checked_sub(last))
                .filter(|gap| *gap > 0);
            self.last_key_ns = Some(stamp_ns);
        }
        let known_short = self.group_ns.is_some_and(|gap| gap <= LONGEST_GROUP_NS);
        self.skipping = if self.skipping {
            !(key && (late_ns <= self.latency_ns + CAUGHT_UP_NS || !known_short))
        } else {
            known_short && late_ns > self.latency_ns + BEHIND_NS
        };
        !self.skipping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// 10 pictures a second, a key frame every `group`; `late_ms` by time. Counts what passes and whether every run of
    /// decoded pictures begins with a key frame.
    fn passed(group: u64, seconds: u64, late_ms: impl Fn(u64) -> u64) -> (u64, bool) {
        let mut gate = LateGate::new(100 * MS);
        let (mut count, mut before, mut sound) = (0, true, true);
        for i in 0..seconds * 10 {
            let key = i % group == 0;
            let now = gate.passes(i * 100 * MS, late_ms(i * 100) * MS, key);
            sound &= before || !now || key;
            before = now;
            count += u64::from(now);
        }
        (count, sound)
    }

    #[test]
    fn a_stream_in_time_is_decoded_whole() {
        assert_eq!(passed(20, 60, |_| 150), (600, true));
        assert_eq!(
            passed(20, 60, |_| 1_000),
            (600, true),
            "latency and 900 ms are still in time"
        );
    }

    #[test]
    fn a_late_stream_skips_to_a_key_frame_in_time() {
        // Behind from 10 s to 20 s, then in time again: resumes at the key frame at 20 s.
        let behind = |at: u64| {
            if (10_000..20_000).contains(&at) {
                1_001
            } else {
                200
            }
        };
        assert_eq!(passed(20, 60, behind), (500, true));
        // Half caught up is not enough to go on.
        let half = |at: u64| {
            if (10_000..20_000).contains(&at) {
                1_001
            } else {
                600
            }
        };
        let (count, sound) = passed(20, 60, half);
        assert_eq!((count, sound), (100, true));
    }

    #[test]
    fn streams_with_rare_or_unknown_key_frames_are_never_skipped() {
        assert_eq!(passed(110, 60, |_| 5_000), (600, true), "11 s apart");
        assert_eq!(
            passed(100_000, 60, |_| 5_000),
            (600, true),
            "one key frame only"
        );
    }
}
