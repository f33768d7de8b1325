//! Erlang C: how long people wait at windows that serve one line. Pure arithmetic for an advice line; knows no hall. It takes
//! random arrivals and service times, one line, nobody who gives up, and a load that lasts: it does not hold for appointments.

/// A line and the windows that serve it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Arrivals (cases, not people) per second.
    pub arrivals_per_s: f64,
    /// Mean service time, in seconds.
    pub service_s: f64,
}

/// What a load means for so many windows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waiting {
    /// Share of arrivals that have to wait at all, 0–1 (Erlang's C).
    pub share: f64,
    /// Mean wait of everybody, in seconds (Wq).
    pub mean_s: f64,
    /// Mean number of people waiting (Lq).
    pub mean_length: f64,
    /// How fast waits fall off, per second: `P(W>t) = share · exp(-rate · t)`.
    rate_per_s: f64,
}

impl Load {
    /// Offered load in windows, `a = λ·s`.
    #[must_use]
    pub fn offered(&self) -> f64 {
        self.arrivals_per_s * self.service_s
    }

    /// The waits with `windows` open; `None` when they cannot keep up (utilisation 1 or more) or the load is no load.
    #[must_use]
    pub fn waiting(&self, windows: u32) -> Option<Waiting> {
        let (offered, c) = (self.offered(), f64::from(windows));
        // Written so that a load that is not a number is refused too.
        if !(offered >= 0.0
            && self.arrivals_per_s.is_finite()
            && self.service_s > 0.0
            && offered < c)
        {
            return None;
        }
        // Erlang B by its recursion B(k) = a·B(k-1) / (k + a·B(k-1)): no factorial, no power, so nothing overflows; C follows.
        let blocked = (1..=windows).fold(1.0, |b, k| offered * b / (f64::from(k) + offered * b));
        let share = blocked / (1.0 - offered / c * (1.0 - blocked));
        let mean_s = share * self.service_s / (c - offered);
        Some(Waiting {
            share,
            mean_s,
            mean_length: self.arrivals_per_s * mean_s,
            rate_per_s: (c - offered) / self.service_s,
        })
    }

    /// The fewest windows with which at least `target` (0–1) of all waits last at most `within_s`, not more than `most`; where not
    /// even `most` suffice, `most`. `None`: no load to advise on, or no window at all.
    #[must_use]
    pub fn windows_for(&self, within_s: f64, target: f64, most: u32) -> Option<u32> {
        let offered = self.offered();
        if most == 0 || !offered.is_finite() || offered < 0.0 || self.service_s <= 0.0 {
            return None;
        }
        let enough = |windows: u32| {
            self.waiting(windows)
                .is_some_and(|waiting| 1.0 - waiting.longer_than(within_s) >= target)
        };
        Some((1..most).find(|c| enough(*c)).unwrap_or(most))
    }
}

impl Waiting {
    /// Share of arrivals that wait longer than `t_s` seconds.
    #[must_use]
    pub fn longer_than(&self, t_s: f64) -> f64 {
        self.share * (-self.rate_per_s * t_s).exp()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn per_hour(arrivals: f64, service_min: f64) -> Load {
        Load {
            arrivals_per_s: arrivals / 3600.0,
            service_s: service_min * 60.0,
        }
    }

    /// Golden vectors of the domain reference §4.2.
    #[test]
    fn erlang_c_gives_the_reference_values() {
        let load = per_hour(30.0, 5.0);
        assert!((load.offered() - 2.5).abs() < 1e-12);
        for (windows, share, wait_min, length, over_15) in [
            (3, 0.7022, 7.022, 3.511, Some(0.1567)),
            (4, 0.3199, 1.066, 0.533, Some(0.003_55)),
            (5, 0.1304, 0.261, 0.1304, None),
            (6, 0.0474, 0.068, 0.0339, None),
        ] {
            let waiting = load.waiting(windows).unwrap();
            let near = |got: f64, want: f64, by: f64| {
                assert!(
                    (got - want).abs() <= by,
                    "{windows} windows: {got}, expected {want}"
                );
            };
            near(waiting.share, share, 5e-5);
            near(waiting.mean_s / 60.0, wait_min, 5e-4);
            near(waiting.mean_length, length, 5e-4);
            if let Some(over) = over_15 {
                near(waiting.longer_than(900.0), over, 5e-5);
            }
        }
        let two = per_hour(60.0, 2.0).waiting(3).unwrap();
        assert!(
            (two.share - 0.4444).abs() < 5e-5,
            "C(3, 2) is {}",
            two.share
        );
    }

    #[test]
    fn windows_that_cannot_keep_up_have_no_wait() {
        let load = per_hour(30.0, 5.0);
        for windows in [0, 1, 2] {
            assert_eq!(load.waiting(windows), None, "{windows} windows");
        }
        assert_eq!(
            per_hour(36.0, 5.0).waiting(3),
            None,
            "utilisation exactly 1"
        );
        for broken in [f64::NAN, f64::INFINITY, -1.0] {
            let load = Load {
                arrivals_per_s: broken,
                service_s: 300.0,
            };
            assert_eq!(load.waiting(3), None, "{broken}");
        }
        assert_eq!(per_hour(0.0, 5.0).waiting(1).unwrap().share, 0.0);
    }

    #[test]
    fn a_large_hall_does_not_overflow() {
        let load = Load {
            arrivals_per_s: 990.0,
            service_s: 1.0,
        };
        let waiting = load.waiting(1_000).unwrap();
        assert!((0.0..=1.0).contains(&waiting.share) && waiting.mean_s.is_finite());
        assert!(waiting.share > load.waiting(1_010).unwrap().share);
    }

    #[test]
    fn the_fewest_windows_within_target_are_advised() {
        let load = per_hour(30.0, 5.0);
        for (within_s, target, most, advised) in [
            // P(W<=15 min): 84.33 % with 3 windows, 99.6 % with 4.
            (900.0, 0.80, 8, Some(3)),
            (900.0, 0.8433, 8, Some(3)),
            (900.0, 0.8434, 8, Some(4)),
            (900.0, 0.9999, 8, Some(5)),
            (900.0, 0.80, 2, Some(2)),
            (900.0, 0.80, 0, None),
        ] {
            assert_eq!(
                load.windows_for(within_s, target, most),
                advised,
                "{target} within {within_s} s, at most {most}"
            );
        }
        assert_eq!(per_hour(0.0, 5.0).windows_for(900.0, 0.8, 4), Some(1));
    }
}
