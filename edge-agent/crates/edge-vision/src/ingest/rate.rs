//! Decides which decoded frames are analysed, by their time stamps. Pure; knows no pipeline.

/// Lets frames through at most at a given rate, keeping to its beat: a source of 25 frames a second asked for 5 gives
/// exactly 5, also when its time stamps jitter or have no nominal rate.
#[derive(Debug, Clone)]
pub(crate) struct RateGate {
    interval_ns: u64,
    due_ns: Option<u64>,
}

impl RateGate {
    /// A gate for `per_s` frames a second.
    pub(crate) fn new(per_s: f32) -> RateGate {
        RateGate {
            interval_ns: (1e9 / f64::from(per_s)) as u64,
            due_ns: None,
        }
    }

    /// Whether the frame at this time stamp passes.
    pub(crate) fn passes(&mut self, at_ns: u64) -> bool {
        // A camera that sends just the rate asked for must not lose the frames that the network brings early; the beat, not
        // this tolerance, keeps the rate.
        let early = self.interval_ns * 2 / 5;
        let due = match self.due_ns {
            // A time line that jumped back starts the beat anew.
            Some(due) if at_ns + early < due && due - at_ns <= 2 * self.interval_ns => {
                return false;
            }
            Some(due) if due <= at_ns + early && at_ns < due + self.interval_ns => due,
            _ => at_ns,
        };
        self.due_ns = Some(due + self.interval_ns);
        true
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
                passed.abs_diff(expected) <= 1,
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
        let mut gate = RateGate::new(5.0);
        // Up to 60 ms late, the first the latest: every later frame is early by that beat.
        let late_ms = |i: u64| if i == 0 { 60 } else { (i * 37) % 61 };
        let passed = (0..300)
            .filter(|&i| gate.passes((i * 200 + late_ms(i)) * 1_000_000))
            .count();
        assert_eq!(passed, 300);
    }

    #[test]
    fn a_jump_of_the_time_line_does_not_stop_the_frames() {
        let mut gate = RateGate::new(5.0);
        assert!(gate.passes(1_000_000_000_000));
        assert!(gate.passes(0), "jumped back");
        assert!(!gate.passes(100_000_000));
        assert!(gate.passes(200_000_000));
        assert!(gate.passes(3_600_000_000_000), "jumped ahead");
        assert!(!gate.passes(3_600_100_000_000));
    }
}
