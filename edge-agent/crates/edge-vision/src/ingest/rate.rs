//! Decides which decoded frames are analysed, by their time stamps. Pure; knows no pipeline.

/// Frames let through in one go after a pause. Streams with B-frames lose time stamps on the way: the decoder then gives up to
/// three frames the same one, and a camera that sends just the rate asked for must lose none of them.
const BURST: f64 = 3.0;
/// A stamp this far back is a new time line, not a late frame.
const NEW_TIME_LINE_NS: u64 = 2_000_000_000;

/// Lets frames through at most at a given rate, on the long run: a bucket that fills with the stream's own time and gives one
/// frame per drop, so that jitter and lost time stamps cost nothing.
#[derive(Debug, Clone)]
pub(crate) struct RateGate {
    per_s: f64,
    last_ns: Option<u64>,
    /// Frames that may pass now.
    level: f64,
}

impl RateGate {
    /// A gate for `per_s` frames a second.
    pub(crate) fn new(per_s: f32) -> RateGate {
        RateGate {
            per_s: f64::from(per_s),
            last_ns: None,
            level: 1.0,
        }
    }

    /// Whether the frame at this time stamp passes.
    pub(crate) fn passes(&mut self, at_ns: u64) -> bool {
        let last_ns = match self.last_ns {
            Some(last) if at_ns + NEW_TIME_LINE_NS > last => last,
            Some(_) => {
                self.level = 1.0;
                at_ns
            }
            None => at_ns,
        };
        let elapsed_s = at_ns.saturating_sub(last_ns) as f64 / 1e9;
        // A little more than asked for, so that a camera whose clock runs fast by a thousandth loses no frame in eight minutes.
        self.level = (self.level + elapsed_s * self.per_s * 1.001).min(BURST);
        self.last_ns = Some(last_ns.max(at_ns));
        let passes = self.level >= 1.0 - 1e-6;
        if passes {
            self.level -= 1.0;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_asked_for_is_the_rate_got() {
        let check = |source_per_s: f64, asked: f32, seconds: u64, expected: u64| {
            let mut gate = RateGate::new(asked);
            let frames = (source_per_s * seconds as f64) as u64;
            // Time stamps off by up to 7 ms, as over a network.
            let passed = (0..frames)
                .filter(|i| {
                    let jitter = (i * 7919) % 8_000_000;
                    gate.passes((*i as f64 / source_per_s * 1e9) as u64 + jitter)
                })
                .count() as u64;
            assert!(
                passed.abs_diff(expected) <= 3,
                "{source_per_s} asked {asked}: {passed}, wanted {expected}"
            );
        };
        check(25.0, 5.0, 60, 300);
        check(30.0, 5.0, 60, 300);
        check(10.0, 5.0, 60, 300);
        check(12.5, 5.0, 60, 300);
        check(3.0, 5.0, 60, 180);
        check(25.0, 0.5, 60, 30);
        check(5.0, 5.0, 60, 300);
    }

    #[test]
    fn a_camera_at_the_rate_asked_for_loses_no_frame_to_jitter() {
        let passed = |late_ms: &dyn Fn(u64) -> u64| {
            let mut gate = RateGate::new(5.0);
            (0..300)
                .filter(|&i| gate.passes((i * 200 + late_ms(i)) * 1_000_000))
                .count()
        };
        assert!(
            passed(&|i| if i == 0 { 60 } else { (i * 37) % 61 }) >= 299,
            "network jitter"
        );
    }

    #[test]
    fn frames_whose_time_stamps_were_lost_pass_all_the_same() {
        // As measured from an H.264 stream with B-frames over RTSP, in milliseconds: five frames a second.
        let second = [0, 0, 200, 200, 400, 600, 1200, 1200, 1400, 1400];
        let mut gate = RateGate::new(5.0);
        let stamps = (0..30).flat_map(|s| second.map(|ms| (s * 2000 + ms) * 1_000_000));
        let passed = stamps.filter(|&at| gate.passes(at)).count();
        assert!(passed >= 298, "{passed} of 300");
    }

    #[test]
    fn a_jump_of_the_time_line_does_not_stop_the_frames() {
        let mut gate = RateGate::new(5.0);
        assert!(gate.passes(1_000_000_000_000));
        assert!(gate.passes(0), "jumped back");
        assert!(!gate.passes(100_000_000));
        assert!(gate.passes(200_000_000));
        assert!(gate.passes(3_600_000_000_000), "jumped ahead");
        let burst = (1..10)
            .filter(|i| gate.passes(3_600_000_000_000 + i * 10_000_000))
            .count();
        assert!(burst <= 3, "a pause is not made up for: {burst}");
    }
}
