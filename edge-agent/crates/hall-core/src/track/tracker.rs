//! Two-stage association of detections with tracks (ByteTrack, Zhang et al. 2022: sure detections first, weak ones only for
//! tracks left over), on capture time instead of frame counts, so that 0.5 to 25 pictures a second all work. Knows no zones.

use crate::detection::Detection;
use crate::geometry::BBox;
use crate::ids::TrackId;
use crate::time::HallTime;

use super::assign::assign;
use super::kalman::Motion;

/// How sure a track is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrackState {
    /// Seen once so far: may be a flicker of the detector.
    Tentative,
    /// Seen in this picture and before.
    Confirmed,
    /// Known, but not found in this picture; its box is the expected one.
    Lost,
}

/// One person as followed by one camera.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// Number, unique per tracker; never stored or sent.
    pub id: TrackId,
    /// The detected box, or the expected one while lost.
    pub bbox: BBox,
    /// How sure.
    pub state: TrackState,
    /// Score of the latest detection, 0–1.
    pub score: f32,
    /// Milliseconds from first to last sight.
    pub age_ms: i64,
    /// First detection.
    pub first_seen: HallTime,
    /// Latest detection.
    pub last_seen: HallTime,
}

/// What the tracker may assume.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackerConfig {
    /// Picture width over height; boxes are normalised, distances are not.
    pub aspect: f32,
    /// Detections at or over this score start tracks and are matched first.
    pub high_score: f32,
    /// Detections below this score are ignored.
    pub low_score: f32,
    /// A track not seen this long is forgotten, in milliseconds; never less than three pictures.
    pub lost_ms: i64,
    /// Most tracks and most detections per picture that are looked at; beyond it the weakest are left out.
    pub max_tracks: usize,
}

impl Default for TrackerConfig {
    /// 16:9; ByteTrack's split of scores; people hidden for up to five seconds keep their number (twice the default
    /// drop-out tolerance, with room for someone walking past).
    fn default() -> Self {
        TrackerConfig {
            aspect: 16.0 / 9.0,
            high_score: 0.4,
            low_score: 0.1,
            lost_ms: 5_000,
            max_tracks: 200,
        }
    }
}

/// Smallest IoU that counts as the same place.
const IOU_GATE: f32 = 0.15;
/// Smallest IoU for a weak detection: it may only continue what is already there.
const WEAK_IOU_GATE: f32 = 0.3;
/// A weak detection that overlaps this much keeps its track from being carried off to a box elsewhere.
const WEAK_HERE_IOU: f32 = 0.5;
/// Fastest believable person, in box heights per second (2.5 m/s at 1.7 m).
const FASTEST_HEIGHTS_PER_S: f32 = 1.5;
/// Box jitter allowed on top, in heights.
const JITTER_HEIGHTS: f32 = 0.25;
/// No match is made over more heights than this, however long ago the last sight.
const REACH_MAX_HEIGHTS: f32 = 2.0;
/// Heights and widths may differ by this factor between two sights.
const SIZE_FACTOR: f32 = 2.0;
/// A new box that covers an existing one to this IoU is the detector's second box of the same person.
const DUPLICATE_IOU: f32 = 0.7;
/// A lost track coasts at its speed this long, then is expected where it is.
const COAST_MS: i64 = 1_000;
/// With pictures this far apart one sight confirms: waiting for a second would cost more than a flicker does.
const SLOW_PICTURES_MS: i64 = 800;
/// After a silence this long nobody is assumed to be the same.
const RESET_MS: i64 = 30_000;

#[derive(Debug, Clone)]
struct Body {
    motion: Motion,
    /// Expected box in the picture under judgement.
    expected: BBox,
    /// Time since the last sight, which the reach must cover.
    unseen_ms: i64,
    /// A weak detection lies where this track is expected: it is still there, only hard to see.
    weak_here: bool,
}

/// Follows the people of one camera.
#[derive(Debug, Clone)]
pub struct Tracker {
    cfg: TrackerConfig,
    tracks: Vec<Track>,
    /// Parallel to `tracks`.
    bodies: Vec<Body>,
    next_id: u64,
    last_at: Option<HallTime>,
    strong: Vec<Detection>,
    weak: Vec<Detection>,
    gain: Vec<f32>,
}

impl Tracker {
    /// A tracker that has seen nothing yet.
    #[must_use]
    pub fn new(cfg: TrackerConfig) -> Self {
        Tracker {
            cfg,
            tracks: Vec::new(),
            bodies: Vec::new(),
            next_id: 1,
            last_at: None,
            strong: Vec::new(),
            weak: Vec::new(),
            gain: Vec::new(),
        }
    }

    /// Takes the detections of the picture captured at `at`; the tracks alive after it, those not found flagged
    /// [`TrackState::Lost`]. A picture older than the one before is ignored.
    pub fn update(&mut self, at: HallTime, detections: &[Detection]) -> &[Track] {
        let dt_ms = self.last_at.map_or(0, |last| at.since_ms(last));
        if dt_ms < 0 {
            return &self.tracks;
        }
        if dt_ms > RESET_MS {
            self.tracks.clear();
            self.bodies.clear();
        }
        self.last_at = Some(at);
        self.sort_in(detections);
        self.predict(at, dt_ms);

        let everyone: Vec<usize> = (0..self.tracks.len()).collect();
        let strong = std::mem::take(&mut self.strong);
        let (left_tracks, left_strong) = self.associate(at, &everyone, &strong, likeness);
        let known: Vec<usize> = left_tracks
            .into_iter()
            .filter(|&i| self.tracks[i].state != TrackState::Tentative)
            .collect();
        let weak = std::mem::take(&mut self.weak);
        self.associate(at, &known, &weak, weak_likeness);

        self.age_out(at, dt_ms);
        for i in left_strong {
            self.begin(at, dt_ms, &strong[i]);
        }
        (self.strong, self.weak) = (strong, weak);
        &self.tracks
    }

    /// The tracks as of the latest picture.
    #[must_use]
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    fn sort_in(&mut self, detections: &[Detection]) {
        self.strong.clear();
        self.weak.clear();
        for d in detections {
            let sane = d.bbox.area() > 0.0 && d.bbox.area().is_finite() && d.score.is_finite();
            if sane && d.score >= self.cfg.high_score {
                self.strong.push(*d);
            } else if sane && d.score >= self.cfg.low_score {
                self.weak.push(*d);
            }
        }
        for list in [&mut self.strong, &mut self.weak] {
            if list.len() > self.cfg.max_tracks {
                list.sort_by(|a, b| b.score.total_cmp(&a.score));
                list.truncate(self.cfg.max_tracks);
            }
        }
    }

    fn predict(&mut self, at: HallTime, dt_ms: i64) {
        for (track, body) in self.tracks.iter_mut().zip(&mut self.bodies) {
            body.unseen_ms = at.since_ms(track.last_seen);
            let coasted_ms = body.unseen_ms - dt_ms;
            if track.state == TrackState::Lost && coasted_ms >= COAST_MS {
                body.motion.halt();
            }
            body.motion.predict(dt_ms as f32 / 1000.0);
            body.expected = body.motion.bbox();
            body.weak_here = track.state != TrackState::Tentative
                && self
                    .weak
                    .iter()
                    .any(|d| overlap(body, track, &d.bbox) >= WEAK_HERE_IOU);
        }
    }

    /// Matches the tracks `candidates` with `detections` and updates the matched; returns what is left of both.
    fn associate(
        &mut self,
        at: HallTime,
        candidates: &[usize],
        detections: &[Detection],
        likeness: fn(&Body, &Track, &BBox, f32) -> f32,
    ) -> (Vec<usize>, Vec<usize>) {
        self.gain.clear();
        for &i in candidates {
            for d in detections {
                self.gain.push(likeness(
                    &self.bodies[i],
                    &self.tracks[i],
                    &d.bbox,
                    self.cfg.aspect,
                ));
            }
        }
        let pairs = assign(&self.gain, candidates.len(), detections.len());
        let mut track_left = vec![true; candidates.len()];
        let mut detection_left = vec![true; detections.len()];
        for (row, column) in pairs {
            track_left[row] = false;
            detection_left[column] = false;
            let (i, d) = (candidates[row], &detections[column]);
            let (track, body) = (&mut self.tracks[i], &mut self.bodies[i]);
            body.motion.correct(&d.bbox);
            track.bbox = d.bbox;
            track.score = d.score;
            track.last_seen = at;
            track.age_ms = at.since_ms(track.first_seen);
            track.state = TrackState::Confirmed;
        }
        let left = |flags: &[bool]| {
            flags
                .iter()
                .enumerate()
                .filter(|(_, f)| **f)
                .map(|(i, _)| i)
                .collect::<Vec<_>>()
        };
        (
            left(&track_left)
                .into_iter()
                .map(|row| candidates[row])
                .collect(),
            left(&detection_left),
        )
    }

    /// Flags what this picture did not show and forgets what was not seen for long.
    fn age_out(&mut self, at: HallTime, dt_ms: i64) {
        let keep_ms = self.cfg.lost_ms.max(3 * dt_ms);
        let mut i = 0;
        while i < self.tracks.len() {
            let track = &mut self.tracks[i];
            let unseen_ms = at.since_ms(track.last_seen);
            if unseen_ms > 0 {
                // A flicker seen once has no claim to be remembered.
                if track.state == TrackState::Tentative || unseen_ms > keep_ms {
                    self.tracks.remove(i);
                    self.bodies.remove(i);
                    continue;
                }
                track.state = TrackState::Lost;
                track.bbox = self.bodies[i].expected;
            }
            i += 1;
        }
    }

    fn begin(&mut self, at: HallTime, dt_ms: i64, detection: &Detection) {
        let doubled = self
            .tracks
            .iter()
            .any(|t| t.state != TrackState::Lost && t.bbox.iou(&detection.bbox) >= DUPLICATE_IOU);
        if doubled || self.tracks.len() >= self.cfg.max_tracks {
            return;
        }
        let slow = dt_ms >= SLOW_PICTURES_MS;
        self.tracks.push(Track {
            id: TrackId(self.next_id),
            bbox: detection.bbox,
            state: if slow {
                TrackState::Confirmed
            } else {
                TrackState::Tentative
            },
            score: detection.score,
            age_ms: 0,
            first_seen: at,
            last_seen: at,
        });
        self.bodies.push(Body {
            motion: Motion::new(&detection.bbox, self.cfg.aspect),
            expected: detection.bbox,
            unseen_ms: 0,
            weak_here: false,
        });
        self.next_id += 1;
    }
}

/// Gain of taking `found` for the continuation of a track; 0: impossible. Overlap gains 1 to 2; without overlap (walking
/// people at few pictures a second) nearness within a person's reach gains 0 to 0.5, so that overlap always wins.
fn likeness(body: &Body, track: &Track, found: &BBox, aspect: f32) -> f32 {
    let iou = overlap(body, track, found);
    if iou >= IOU_GATE {
        return 1.0 + iou;
    }
    if body.weak_here {
        return 0.0;
    }
    let similar =
        |a: f32, b: f32| a > 0.0 && b > 0.0 && a / b <= SIZE_FACTOR && b / a <= SIZE_FACTOR;
    if !similar(found.height(), track.bbox.height()) || !similar(found.width(), track.bbox.width())
    {
        return 0.0;
    }
    let height = f32::midpoint(found.height(), track.bbox.height());
    let (a, b) = (found.center(), body.expected.center());
    let distance = ((a.x - b.x) * aspect).hypot(a.y - b.y) / height;
    let reach = (JITTER_HEIGHTS + FASTEST_HEIGHTS_PER_S * body.unseen_ms as f32 / 1000.0)
        .min(REACH_MAX_HEIGHTS);
    if distance < reach {
        0.5 * (1.0 - distance / reach)
    } else {
        0.0
    }
}

/// Gain for a weak detection: overlap only.
fn weak_likeness(body: &Body, track: &Track, found: &BBox, _aspect: f32) -> f32 {
    let iou = overlap(body, track, found);
    if iou >= WEAK_IOU_GATE { iou } else { 0.0 }
}

/// IoU with the expected box or, if larger, with the last seen one: who stops short must not lose the track to a passer-by.
fn overlap(body: &Body, track: &Track, found: &BBox) -> f32 {
    found.iou(&body.expected).max(found.iou(&track.bbox))
}
