//! Looking at a camera is one view, not one per picture: a page asks for one every second. A view is logged when it begins, and again
//! while it lasts.

use std::collections::HashMap;

use hall_core::time::HallTime;

/// A view that lasts is logged again after this long.
const AGAIN_MS: i64 = 5 * 60_000;
/// A view without a picture for this long is over; the next picture begins a new one.
const OVER_MS: i64 = 60_000;

/// Views under way: who, from where, of what.
#[derive(Debug, Default)]
pub(super) struct Views(HashMap<String, (HallTime, HallTime)>);

impl Views {
    /// Whether this look has to be logged. Only after it was, [`Views::logged`] makes the following ones part of it.
    pub fn is_due(&mut self, view: &str, now: HallTime) -> bool {
        self.0.retain(|_, (_, seen)| now.since_ms(*seen) <= OVER_MS);
        match self.0.get_mut(view) {
            Some((logged, seen)) if now.since_ms(*logged) < AGAIN_MS => {
                *seen = now;
                false
            }
            _ => true,
        }
    }

    /// It is in the log.
    pub fn logged(&mut self, view: &str, now: HallTime) {
        self.0.insert(view.into(), (now, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_logged_at_its_begin_after_a_pause_and_while_it_lasts() {
        let mut views = Views::default();
        let mut logged = Vec::new();
        for s in (0..=400).chain(500..=510) {
            let now = HallTime(s * 1000);
            if views.is_due("m 10.0.0.1 cam1", now) {
                views.logged("m 10.0.0.1 cam1", now);
                logged.push(s);
            }
        }
        assert_eq!(logged, [0, 300, 500]);
        assert!(views.is_due("m 10.0.0.1 cam2", HallTime(510_000)));
        assert!(
            views.is_due("m 10.0.0.1 cam2", HallTime(510_000)),
            "until it is in the log"
        );
    }
}
