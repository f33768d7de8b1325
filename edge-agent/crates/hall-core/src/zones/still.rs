//! How long what counts as staff has stood still: a coat on a chair or a poster never moves, somebody who reads does now and then.
//! Follows places, not people: a detector that loses a coat and finds it again does not make it move. Knows no zones and no rule.

use crate::geometry::BBox;
use crate::ids::TrackId;
use crate::time::HallTime;

/// Mean offset of a side from where it stood, as a share of the box, that is a movement.
const MOVED: f32 = 0.04;
/// One picture counts for no more than this: a box that jumps out once, when somebody passes behind, is no movement.
const OUTLIER: f32 = 0.10;
/// Offsets are averaged over about this long, so that the jitter of boxes (1–2 %) does not add up to a movement.
const AVERAGE_MS: f32 = 2_000.0;
/// Light changes during a day shift boxes slowly; the place follows with this time constant.
const CREEP_MS: f32 = 300_000.0;
/// Longest step between two pictures that is weighed in full.
const STEP_MAX_MS: i64 = 2_500;
/// A longer gap between pictures was not observed: it is no time of standing still.
const GAP_MS: i64 = 30_000;
/// What is not seen is remembered for as long as it had stood there, within these bounds.
const REMEMBER_MS: (i64, i64) = (15_000, 600_000);

/// Something at a place.
#[derive(Debug, Clone)]
struct Mark {
    track: TrackId,
    place: BBox,
    /// Averaged offset of left, top, right and bottom, in shares of the box.
    offset: [f32; 4],
    since: HallTime,
    seen: HallTime,
}

impl Mark {
    /// Offset of each side, in shares of the box.
    fn off(&self, bbox: &BBox) -> [f32; 4] {
        let (w, h) = (self.place.width().max(1e-6), self.place.height().max(1e-6));
        [
            (bbox.x1 - self.place.x1) / w,
            (bbox.y1 - self.place.y1) / h,
            (bbox.x2 - self.place.x2) / w,
            (bbox.y2 - self.place.y2) / h,
        ]
    }

    fn is_at(&self, bbox: &BBox) -> bool {
        self.off(bbox).iter().all(|off| off.abs() <= OUTLIER)
    }

    fn see(&mut self, at: HallTime, bbox: &BBox) {
        let step = at.since_ms(self.seen).clamp(0, STEP_MAX_MS) as f32;
        let (weight, creep) = (step / (AVERAGE_MS + step), step / (CREEP_MS + step));
        let off = self.off(bbox).map(|off| off.clamp(-OUTLIER, OUTLIER));
        for (mean, off) in self.offset.iter_mut().zip(off) {
            *mean += weight * (off - *mean);
        }
        if self.offset.iter().any(|mean| mean.abs() > MOVED) {
            self.place = *bbox;
            self.offset = [0.0; 4];
            self.since = at;
        } else {
            let (w, h) = (self.place.width(), self.place.height());
            self.place.x1 += creep * off[0] * w;
            self.place.y1 += creep * off[1] * h;
            self.place.x2 += creep * off[2] * w;
            self.place.y2 += creep * off[3] * h;
        }
        self.seen = at;
    }
}

/// Everything of one camera that counts as staff, or did a moment ago.
#[derive(Debug, Clone, Default)]
pub(super) struct Stillness {
    marks: Vec<Mark>,
    last_at: Option<HallTime>,
}

impl Stillness {
    /// A picture was taken at `at`: what has not been seen for long is forgotten, and time without pictures left out.
    pub fn begin(&mut self, at: HallTime) {
        let gap = self.last_at.map_or(0, |last| at.since_ms(last));
        self.last_at = Some(self.last_at.map_or(at, |last| last.max(at)));
        if gap > GAP_MS {
            for mark in &mut self.marks {
                mark.since = mark.since.plus_ms(gap);
                mark.seen = mark.seen.plus_ms(gap);
            }
        }
        self.marks.retain(|mark| {
            let stood = mark.seen.since_ms(mark.since);
            at.since_ms(mark.seen) <= stood.clamp(REMEMBER_MS.0, REMEMBER_MS.1)
        });
    }

    /// Since when the track in this box has not moved at all. `others` tells whether a track is also in this picture.
    pub fn follow(
        &mut self,
        at: HallTime,
        track: TrackId,
        bbox: &BBox,
        others: impl Fn(TrackId) -> bool,
    ) -> HallTime {
        let own = self.marks.iter().position(|mark| mark.track == track);
        let known = own.or_else(|| {
            let left = |mark: &Mark| !others(mark.track) && mark.is_at(bbox);
            self.marks.iter().position(left)
        });
        match known {
            Some(ix) => {
                let mark = &mut self.marks[ix];
                mark.track = track;
                mark.see(at, bbox);
                mark.since
            }
            None => {
                self.marks.push(Mark {
                    track,
                    place: *bbox,
                    offset: [0.0; 4],
                    since: at,
                    seen: at,
                });
                at
            }
        }
    }
}
