//! What the cameras see of one window: counts per camera, how fresh they are, and what they say together. Knows nothing of
//! sensors, duty or events.

use super::fusion::VideoSays;
use super::layout::{WindowCamera, WindowView};
use super::limits::Limits;
use super::presence::Bridge;
use crate::observe::FaultCause;
use crate::time::HallTime;

/// What is remembered of a suspicion over a restart, after which nobody knows any more since when something stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thing {
    /// Nothing was suspected, or it has moved since.
    No,
    /// Suspected; no picture since.
    Suspected,
    /// Suspected, and as far as is known it has not moved since the first picture, which knew it since then.
    StillSince(HallTime),
}

/// One camera's present view of the window.
#[derive(Debug, Clone)]
struct Eye {
    camera: usize,
    name: String,
    sees_post: bool,
    last: Option<HallTime>,
    /// False from a fault until the next picture after it.
    valid: bool,
    present: bool,
    /// When the last of those on post moved at all; `None`: nobody knows.
    still_since: Option<HallTime>,
    /// When anybody on post was last known to move.
    moved_at: Option<HallTime>,
    /// Suspected before a restart to be a thing; until it is seen to move.
    thing: Thing,
    at_seat: bool,
    customers: u32,
    customers_at: Option<HallTime>,
    down: Option<FaultCause>,
    /// The last picture, if it was taken as a whole.
    view: Option<WindowView>,
}

impl Eye {
    /// Those on post have not moved at all for so long that they may be things.
    fn still(&self, at: HallTime, limits: &Limits) -> bool {
        let long = |since: HallTime| at.since_ms(since) >= limits.static_suspect;
        self.present
            && (matches!(self.thing, Thing::StillSince(_)) || self.still_since.is_some_and(long))
    }

    fn fresh(&self, at: HallTime, limits: &Limits) -> bool {
        self.valid
            && self.down.is_none()
            && self
                .last
                .is_some_and(|last| at.since_ms(last) <= limits.camera_stale)
    }
}

/// All cameras of one window.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sight {
    eyes: Vec<Eye>,
}

impl Sight {
    /// The cameras of a window; what `old` knew of the same cameras is kept.
    pub fn new(cameras: &[WindowCamera], down: &[Option<FaultCause>], old: Option<&Sight>) -> Self {
        let eyes = cameras
            .iter()
            .map(|c| {
                let fresh = Eye {
                    camera: c.camera,
                    name: c.name.clone(),
                    sees_post: c.sees_post,
                    last: None,
                    valid: false,
                    present: false,
                    still_since: None,
                    moved_at: None,
                    thing: Thing::No,
                    at_seat: false,
                    customers: 0,
                    customers_at: None,
                    down: down.get(c.camera).copied().flatten(),
                    view: None,
                };
                match old.and_then(|old| old.eyes.iter().find(|eye| eye.name == c.name)) {
                    Some(eye) => Eye {
                        camera: c.camera,
                        sees_post: c.sees_post,
                        ..eye.clone()
                    },
                    None => fresh,
                }
            })
            .collect();
        Sight { eyes }
    }

    /// Takes a picture that shows what this camera's last one showed, in time for it to have stayed so all along. False: it is not
    /// one, and nothing was taken.
    pub fn again(
        &mut self,
        camera: usize,
        at: HallTime,
        view: &WindowView,
        limits: &Limits,
    ) -> bool {
        let same = |eye: &&mut Eye| {
            eye.camera == camera && eye.view.as_ref() == Some(view) && eye.fresh(at, limits)
        };
        let Some(eye) = self.eyes.iter_mut().find(same) else {
            return false;
        };
        eye.last = Some(at);
        if eye.present && eye.still_since.is_none() {
            eye.moved_at = Some(at);
        }
        if view.customers.is_some() {
            eye.customers_at = Some(at);
        }
        true
    }

    /// Takes what one picture shows of this window. A picture of a camera that is reported down says nothing.
    pub fn observe(&mut self, camera: usize, at: HallTime, view: &WindowView, min_staff: u32) {
        let Some(eye) = self.eyes.iter_mut().find(|eye| eye.camera == camera) else {
            return;
        };
        eye.view = None;
        if eye.down.is_some() {
            return;
        }
        if let Some(customers) = view.customers {
            eye.customers = customers;
            eye.customers_at = Some(at);
        }
        let Some(staff) = view.staff else { return };
        let needed = min_staff.max(1);
        if staff < needed && eye.sees_post && view.at_seat.is_none() {
            // The staff zone itself is missing from the picture's list: nobody elsewhere proves nothing.
            return;
        }
        eye.last = Some(at);
        eye.valid = true;
        eye.present = staff >= needed;
        eye.still_since = view.still_since.filter(|_| !view.lively);
        if eye.present {
            eye.moved_at = eye.moved_at.max(eye.still_since.or(Some(at)));
        }
        eye.thing = match (eye.thing, eye.still_since) {
            _ if !eye.present => Thing::No,
            (Thing::Suspected, Some(since)) => Thing::StillSince(since),
            (Thing::StillSince(before), Some(since)) if before == since => eye.thing,
            _ => Thing::No,
        };
        eye.at_seat = view.at_seat.is_some_and(|n| n > 0);
        eye.view = Some(view.clone());
    }

    /// A camera was reported down or up at `when`; pictures since a fault began were no observations.
    pub fn health(&mut self, camera: usize, when: HallTime, down: Option<FaultCause>) {
        for eye in self.eyes.iter_mut().filter(|eye| eye.camera == camera) {
            // What was seen before a fault is no view of the present after it.
            eye.valid &= down.is_none();
            if down.is_some() {
                eye.customers_at = None;
                eye.last = eye.last.map(|last| last.min(when));
            }
            eye.down = down;
        }
    }

    /// What the cameras say together: presence on any fresh camera wins, unless it never moves; absence needs a fresh camera that
    /// sees the post.
    pub fn says(&self, at: HallTime, limits: &Limits) -> VideoSays {
        let mut still = false;
        let mut absent = false;
        for eye in self.eyes.iter().filter(|eye| eye.fresh(at, limits)) {
            if eye.present && !eye.still(at, limits) {
                return VideoSays::Present;
            }
            still |= eye.present;
            absent |= eye.sees_post;
        }
        match self.last_seen() {
            _ if still => VideoSays::Still,
            _ if !self.eyes.iter().any(|eye| eye.sees_post) => VideoSays::NotFitted,
            _ if absent => VideoSays::Absent,
            Some(_) => VideoSays::Silent,
            None => VideoSays::Never,
        }
    }

    /// When anybody was last known to move there, of those who are still or of others who have left.
    pub fn still_from(&self, at: HallTime, limits: &Limits) -> Option<HallTime> {
        let still = self
            .eyes
            .iter()
            .filter(|eye| eye.fresh(at, limits) && eye.still(at, limits));
        still.filter_map(|eye| eye.moved_at).max()
    }

    /// The cameras that see only what is still, for example `video:cam2`.
    pub fn still_names(&self, at: HallTime, limits: &Limits) -> Vec<String> {
        let still = self
            .eyes
            .iter()
            .filter(|eye| eye.fresh(at, limits) && eye.still(at, limits));
        still.map(|eye| format!("video:{}", eye.name)).collect()
    }

    /// When those on post will have been still for too long, later than `after`.
    pub fn still_at(&self, after: HallTime, limits: &Limits) -> Option<HallTime> {
        let present = self
            .eyes
            .iter()
            .filter(|eye| eye.present && eye.valid && eye.down.is_none());
        present
            .filter_map(|eye| eye.still_since)
            .map(|since| since.plus_ms(limits.static_suspect))
            .filter(|t| *t > after)
            .min()
    }

    /// After a restart: what stands there was suspected to be a thing.
    pub fn suspect(&mut self) {
        for eye in &mut self.eyes {
            eye.thing = Thing::Suspected;
        }
    }

    /// When the window was last seen.
    pub fn last_seen(&self) -> Option<HallTime> {
        self.eyes.iter().filter_map(|eye| eye.last).max()
    }

    /// The view was moved: what is silent now may not be bridged, and an open absence cannot be followed up.
    pub fn moved(&self) -> bool {
        self.eyes
            .iter()
            .any(|eye| eye.down == Some(FaultCause::Moved))
    }

    /// Whether a silence may be bridged.
    pub fn bridge(&self) -> Bridge {
        if self.moved() {
            Bridge::Forbidden
        } else {
            Bridge::Allowed
        }
    }

    /// When the next camera turns stale, later than `after`.
    pub fn stale_at(&self, after: HallTime, limits: &Limits) -> Option<HallTime> {
        let stale = |eye: &Eye| eye.last.map(|last| last.plus_ms(limits.camera_stale + 1));
        let counter = |eye: &Eye| {
            let last = eye.customers_at.filter(|_| eye.down.is_none());
            last.map(|last| last.plus_ms(limits.camera_stale + 1))
        };
        self.eyes
            .iter()
            .filter(|eye| eye.valid && eye.down.is_none())
            .filter_map(stale)
            .chain(self.eyes.iter().filter_map(counter))
            .filter(|t| *t > after)
            .min()
    }

    /// Somebody is on post but not at the seat.
    pub fn away_from_seat(&self, at: HallTime, limits: &Limits) -> bool {
        let mut present = self
            .eyes
            .iter()
            .filter(|eye| eye.fresh(at, limits) && eye.present)
            .peekable();
        present.peek().is_some() && present.all(|eye| !eye.at_seat)
    }

    /// Customers at the counter, as the camera that sees most of them says; 0 when nobody sees it.
    pub fn customers(&self, at: HallTime, limits: &Limits) -> u32 {
        self.counter(at, limits).unwrap_or(0)
    }

    /// Customers at the counter; `None` when no camera sees it now.
    pub fn counter(&self, at: HallTime, limits: &Limits) -> Option<u32> {
        let fresh = |eye: &&Eye| {
            eye.down.is_none()
                && eye
                    .customers_at
                    .is_some_and(|last| at.since_ms(last) <= limits.camera_stale)
        };
        let fresh = self.eyes.iter().filter(fresh);
        fresh.map(|eye| eye.customers).max()
    }

    /// When the counter was last seen.
    pub fn counter_seen(&self) -> Option<HallTime> {
        self.eyes.iter().filter_map(|eye| eye.customers_at).max()
    }

    /// Adds the cameras that say `present`, for example `video:cam2`.
    pub fn evidence(&self, at: HallTime, present: bool, limits: &Limits, out: &mut Vec<String>) {
        let agrees = |eye: &&Eye| {
            eye.fresh(at, limits)
                && eye.present == present
                && (present || eye.sees_post)
                && !eye.still(at, limits)
        };
        out.extend(
            self.eyes
                .iter()
                .filter(agrees)
                .map(|eye| format!("video:{}", eye.name)),
        );
    }
}
