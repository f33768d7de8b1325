//! Who is in which zone of one camera's picture, and who of them is staff. Owns the staff rules for tracks; knows no duty
//! times, no thresholds of events and no other camera.

mod still;

use std::collections::BTreeMap;

use crate::config::{EvaluationPoint, Zone, ZoneKind};
use crate::detection::Detection;
use crate::geometry::{BBox, Point, overlap_area, polygon_bounds, polygon_contains};
use crate::ids::{CameraId, TrackId, WindowId};
use crate::observe::{ZoneCount, ZoneSnapshot};
use crate::time::HallTime;
use crate::track::{Track, TrackState, Tracker, TrackerConfig};
use still::Stillness;

/// Share of a clerk's box that lies in the staff polygon; less in proportion when the box is taller than the polygon,
/// because a standing clerk sticks out of the place of a seated one.
const STAFF_OVERLAP: f32 = 0.5;
/// Share asked of somebody who came from the customer side: almost wholly inside, as nobody leaning over is.
const CUSTOMER_SIDE_OVERLAP: f32 = 0.8;
/// The head point lies this share of the box height below its upper edge.
const HEAD_DEPTH: f32 = 0.15;
/// This long in a counter or queue zone before ever being staff makes a customer.
const CUSTOMER_AFTER_MS: i64 = 1_000;
/// Somebody whose head is out of the staff polygon stands; standing counts once it lasted this long, so that a colleague
/// walking past behind does not.
const STANDING_SETTLE_MS: i64 = 5_000;
/// Who counted for one window goes on counting for it this long while the next window's polygon fits better.
const WINDOW_HOLD_MS: i64 = 10_000;
/// Share of the box that must still lie in the held window's polygon.
const WINDOW_HOLD_OVERLAP: f32 = 0.35;
/// Share of a zone's `adult_height` below which nobody is staff, unless the profile says otherwise (profile P0).
const MIN_HEIGHT_RATIO: f32 = 0.6;
/// Longest step between two pictures that counts as having stayed.
const STEP_MAX_MS: i64 = 2_500;

#[derive(Debug, Clone)]
struct Area {
    zone: Zone,
    bounds: BBox,
    height: f32,
    /// Smaller boxes are not staff here.
    min_height: f32,
}

/// Staff zone in which a track may count, with how well it fits.
#[derive(Debug, Clone, Copy)]
struct Fit {
    area: usize,
    /// At the seat before elsewhere on post.
    seat: bool,
    overlap: f32,
}

impl Fit {
    fn better_than(&self, other: &Fit) -> bool {
        (self.seat, self.overlap) > (other.seat, other.overlap)
    }
}

/// What is remembered about a track while it lives.
#[derive(Debug, Clone)]
struct Memory {
    last_at: HallTime,
    customer_ms: i64,
    in_customer_zone: bool,
    customer_side: bool,
    /// Counter at which it stood last.
    counter: Option<usize>,
    /// From the customer side, and over a seat now.
    leaning: bool,
    was_staff: bool,
    /// Was once as tall as staff are: whoever bends down is still grown up.
    grown: bool,
    /// Staff area the box centre has been in, since when and until when.
    standing: Option<(usize, HallTime, HallTime)>,
    window: Option<WindowId>,
    challenged_since: Option<HallTime>,
}

/// Counts the people of one camera's zones.
#[derive(Debug, Clone)]
pub struct ZoneEvaluator {
    camera: CameraId,
    areas: Vec<Area>,
    memory: BTreeMap<TrackId, Memory>,
    stillness: Stillness,
}

impl ZoneEvaluator {
    /// An evaluator for the zones of `zones` that are drawn on `camera`.
    #[must_use]
    pub fn new(camera: CameraId, zones: Vec<Zone>) -> Self {
        let areas = zones
            .into_iter()
            .filter(|zone| zone.camera == camera)
            .map(|zone| {
                let bounds = polygon_bounds(&zone.polygon);
                Area {
                    min_height: zone.adult_height.unwrap_or(0.0) * MIN_HEIGHT_RATIO,
                    height: bounds.height(),
                    bounds,
                    zone,
                }
            })
            .collect();
        ZoneEvaluator {
            camera,
            areas,
            memory: BTreeMap::new(),
            stillness: Stillness::default(),
        }
    }

    /// The same with another share of a zone's `adult_height` (the profile's `min_height_ratio`) below which nobody is staff.
    #[must_use]
    pub fn with_min_height_ratio(mut self, ratio: f32) -> Self {
        for area in &mut self.areas {
            area.min_height = area.zone.adult_height.unwrap_or(0.0) * ratio;
        }
        self
    }

    /// The camera.
    #[must_use]
    pub fn camera(&self) -> &CameraId {
        &self.camera
    }

    /// Counts per zone of the picture captured at `at`, every zone listed. Only tracks seen in this picture and before
    /// count; short drop-outs are bridged by the rules that judge windows and queues.
    pub fn evaluate(&mut self, at: HallTime, tracks: &[Track]) -> ZoneSnapshot {
        self.memory
            .retain(|id, _| tracks.iter().any(|t| t.id == *id));
        let mut counts: Vec<ZoneCount> = self
            .areas
            .iter()
            .map(|a| ZoneCount {
                zone: a.zone.id.clone(),
                count: 0,
                tracks: Vec::new(),
                still_since: None,
            })
            .collect();
        self.stillness.begin(at);
        let seen =
            |id: TrackId| (tracks.iter()).any(|t| t.id == id && t.state == TrackState::Confirmed);
        for track in tracks.iter().filter(|t| t.state == TrackState::Confirmed) {
            if let Some(area) = self.staff_area(at, track) {
                let since = (self.stillness).follow(at, track.id, &track.bbox, seen);
                let count = &mut counts[area];
                add(count, track.id);
                count.still_since = Some(count.still_since.map_or(since, |s| s.max(since)));
            } else {
                self.add_customer(&mut counts, track);
            }
        }
        ZoneSnapshot {
            camera: self.camera.clone(),
            at,
            zones: counts,
        }
    }

    fn add_customer(&self, counts: &mut [ZoneCount], track: &Track) {
        let mut counted = false;
        for (area, count) in self.areas.iter().zip(counts.iter_mut()) {
            if is_public(&area.zone.kind) && area.contains(area.point_of(&track.bbox)) {
                add(count, track.id);
                counted = true;
            }
        }
        // Whoever leans over the counter, the feet out of sight, is still the customer who stood there.
        let memory = self.memory.get(&track.id);
        if let Some(counter) = memory
            .filter(|m| m.leaning && !counted)
            .and_then(|m| m.counter)
        {
            add(&mut counts[counter], track.id);
        }
    }

    /// The one staff area in which `track` counts, if any.
    fn staff_area(&mut self, at: HallTime, track: &Track) -> Option<usize> {
        let areas = &self.areas;
        let memory = self.memory.entry(track.id).or_insert_with(|| Memory {
            last_at: at,
            customer_ms: 0,
            in_customer_zone: false,
            customer_side: false,
            counter: None,
            leaning: false,
            was_staff: false,
            grown: false,
            standing: None,
            window: None,
            challenged_since: None,
        });
        let feet = track.bbox.bottom_center();
        let counter = areas
            .iter()
            .position(|a| matches!(a.zone.kind, ZoneKind::Counter(_)) && a.contains(feet));
        let at_counter = counter.is_some();
        memory.counter = counter.or(memory.counter);
        memory.leaning = false;
        let in_customer_zone = at_counter
            || areas
                .iter()
                .any(|a| matches!(a.zone.kind, ZoneKind::Queue(_)) && a.contains(feet));
        memory.stay(at, in_customer_zone);

        let mut best: Option<Fit> = None;
        let mut best_of_held: Option<Fit> = None;
        let mut standing_in: Option<Fit> = None;
        for (index, area) in areas.iter().enumerate() {
            let Some(fit) = area.fit(index, &track.bbox) else {
                continue;
            };
            memory.grown |= track.bbox.height() >= area.min_height && area.min_height > 0.0;
            if track.bbox.height() < area.min_height && !memory.grown {
                continue;
            }
            if memory.customer_side && area.zone.evaluation_point == EvaluationPoint::Center {
                if fit.overlap < CUSTOMER_SIDE_OVERLAP || at_counter {
                    memory.leaning = true;
                    continue;
                }
            } else if memory.customer_side && at_counter {
                continue;
            }
            let held =
                memory.window.is_some() && memory.window.as_ref() == staff_window(&area.zone.kind);
            if area.wants_head() && !area.contains(head_point(&track.bbox)) {
                if standing_in.is_none_or(|s| fit.better_than(&s)) {
                    standing_in = Some(fit);
                }
                if !held && !memory.has_stood(index, at) {
                    continue;
                }
            }
            if best.is_none_or(|b| fit.better_than(&b)) {
                best = Some(fit);
            }
            if held && best_of_held.is_none_or(|b| fit.better_than(&b)) {
                best_of_held = Some(fit);
            }
        }
        memory.stand(standing_in.map(|s| s.area), at);
        let chosen = memory.choose(at, areas, &track.bbox, best?, best_of_held);
        memory.was_staff = true;
        Some(chosen)
    }
}

impl Memory {
    /// Adds the time spent on the customer side; sticky once it is enough, unless the track was staff before.
    fn stay(&mut self, at: HallTime, in_customer_zone: bool) {
        if in_customer_zone && self.in_customer_zone {
            self.customer_ms += at.since_ms(self.last_at).clamp(0, STEP_MAX_MS);
        }
        self.in_customer_zone = in_customer_zone;
        self.last_at = at;
        if !self.was_staff && self.customer_ms >= CUSTOMER_AFTER_MS {
            self.customer_side = true;
        }
    }

    fn stand(&mut self, area: Option<usize>, at: HallTime) {
        self.standing = match (self.standing, area) {
            (Some((old, since, _)), Some(new)) if old == new => Some((new, since, at)),
            (_, Some(new)) => Some((new, at, at)),
            // One picture in which the box jumps out does not undo the standing.
            (Some((old, since, last)), None) if at.since_ms(last) <= STEP_MAX_MS => {
                Some((old, since, last))
            }
            (_, None) => None,
        };
    }

    fn has_stood(&self, area: usize, at: HallTime) -> bool {
        self.standing
            .is_some_and(|(a, since, _)| a == area && at.since_ms(since) >= STANDING_SETTLE_MS)
    }

    /// Settles for one window: the best fit, but the window held so far while that is still plausible.
    fn choose(
        &mut self,
        at: HallTime,
        areas: &[Area],
        bbox: &BBox,
        best: Fit,
        held: Option<Fit>,
    ) -> usize {
        let best_window = staff_window(&areas[best.area].zone.kind);
        if self.window.is_none() || self.window.as_ref() == best_window {
            self.window = best_window.cloned();
            self.challenged_since = None;
            return best.area;
        }
        // Away from the seat in a place shared by several windows: still the post the person came from.
        if let (Some(held), false) = (held, best.seat) {
            self.challenged_since = None;
            return held.area;
        }
        let straddling = || {
            areas.iter().position(|a| {
                matches!(&a.zone.kind, ZoneKind::Staff(w) if Some(w) == self.window.as_ref())
                    && a.overlap_share(bbox) >= WINDOW_HOLD_OVERLAP
            })
        };
        let since = *self.challenged_since.get_or_insert(at);
        if at.since_ms(since) < WINDOW_HOLD_MS
            && let Some(area) = held.map(|h| h.area).or_else(straddling)
        {
            return area;
        }
        self.window = best_window.cloned();
        self.challenged_since = None;
        best.area
    }
}

impl Area {
    fn contains(&self, p: Point) -> bool {
        let b = &self.bounds;
        p.x >= b.x1
            && p.x <= b.x2
            && p.y >= b.y1
            && p.y <= b.y2
            && polygon_contains(&self.zone.polygon, p)
    }

    fn point_of(&self, bbox: &BBox) -> Point {
        match self.zone.evaluation_point {
            EvaluationPoint::BottomCenter => bbox.bottom_center(),
            EvaluationPoint::Center => bbox.center(),
        }
    }

    fn overlap_share(&self, bbox: &BBox) -> f32 {
        if self.bounds.intersection(bbox) <= 0.0 {
            return 0.0;
        }
        overlap_area(bbox, &self.zone.polygon) / bbox.area()
    }

    /// A seat polygon holds upper bodies, so the head belongs into it; floor polygons and the wider post do not ask.
    fn wants_head(&self) -> bool {
        matches!(self.zone.kind, ZoneKind::Staff(_))
            && self.zone.evaluation_point == EvaluationPoint::Center
    }

    /// How well the box fits this staff area; `None` for other areas and where it cannot count at all.
    fn fit(&self, index: usize, bbox: &BBox) -> Option<Fit> {
        staff_window(&self.zone.kind)?;
        if !self.contains(self.point_of(bbox)) {
            return None;
        }
        let overlap = self.overlap_share(bbox);
        let floor = self.zone.evaluation_point == EvaluationPoint::BottomCenter;
        let wanted = STAFF_OVERLAP * (self.height / bbox.height()).min(1.0);
        (floor || overlap >= wanted).then_some(Fit {
            area: index,
            seat: matches!(self.zone.kind, ZoneKind::Staff(_)),
            overlap,
        })
    }
}

fn staff_window(kind: &ZoneKind) -> Option<&WindowId> {
    match kind {
        ZoneKind::Staff(window) | ZoneKind::StaffExtended(window) => Some(window),
        ZoneKind::Counter(_) | ZoneKind::Queue(_) => None,
    }
}

fn is_public(kind: &ZoneKind) -> bool {
    staff_window(kind).is_none()
}

fn head_point(bbox: &BBox) -> Point {
    Point {
        x: bbox.center().x,
        y: bbox.y1 + HEAD_DEPTH * bbox.height(),
    }
}

fn add(count: &mut ZoneCount, track: TrackId) {
    count.count += 1;
    count.tracks.push(track);
}

/// One camera from detections to zone counts: a tracker and an evaluator that belong together.
#[derive(Debug, Clone)]
pub struct Scene {
    tracker: Tracker,
    evaluator: ZoneEvaluator,
}

impl Scene {
    /// A scene that has seen nothing yet; `zones` of other cameras are ignored.
    #[must_use]
    pub fn new(camera: CameraId, zones: Vec<Zone>, tracker: TrackerConfig) -> Self {
        Scene {
            tracker: Tracker::new(tracker),
            evaluator: ZoneEvaluator::new(camera, zones),
        }
    }

    /// The same with another `min_height_ratio`, as [`ZoneEvaluator::with_min_height_ratio`].
    #[must_use]
    pub fn with_min_height_ratio(mut self, ratio: f32) -> Self {
        self.evaluator = self.evaluator.with_min_height_ratio(ratio);
        self
    }

    /// Counts after the picture captured at `at`.
    pub fn see(&mut self, at: HallTime, detections: &[Detection]) -> ZoneSnapshot {
        self.evaluator
            .evaluate(at, self.tracker.update(at, detections))
    }

    /// People followed now.
    #[must_use]
    pub fn tracks(&self) -> &[Track] {
        self.tracker.tracks()
    }
}

#[cfg(test)]
mod tests;
