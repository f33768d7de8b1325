//! Counts how far two sets of detections agree.

use edge_vision::Picture;
use hall_core::detection::Detection;

/// Left, top, right, bottom in pixels, score.
pub type Found = [f64; 5];

/// Scores may differ by this much between implementations.
const SCORE: f64 = 0.02;
/// Boxes must overlap by this much.
const OVERLAP: f64 = 0.9;

#[derive(Debug, Default)]
pub struct Agreement {
    pub wanted: u32,
    pub matched: u32,
    pub found: u32,
    pub extra: u32,
    pub largest_difference: f64,
}

pub fn in_pixels(detections: &[Detection], picture: &Picture) -> Vec<Found> {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let pixels = |d: &Detection| {
        let [x1, y1, x2, y2] = [d.bbox.x1, d.bbox.y1, d.bbox.x2, d.bbox.y2].map(f64::from);
        [
            x1 * width,
            y1 * height,
            x2 * width,
            y2 * height,
            f64::from(d.score),
        ]
    };
    detections.iter().map(pixels).collect()
}

fn iou(a: &Found, b: &Found) -> f64 {
    let w = a[2].min(b[2]) - a[0].max(b[0]);
    let h = a[3].min(b[3]) - a[1].max(b[1]);
    let inter = w.max(0.0) * h.max(0.0);
    inter / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inter)
}

impl Agreement {
    /// Adds one picture: every expected box of at least `threshold` should be found, and nothing else of that score.
    pub fn add(&mut self, label: &str, expected: &[Found], got: &[Found], threshold: f64) {
        for wanted in expected.iter().filter(|b| b[4] >= threshold) {
            self.wanted += 1;
            let differences = got
                .iter()
                .filter(|g| iou(g, wanted) >= OVERLAP)
                .map(|g| (g[4] - wanted[4]).abs());
            match differences.min_by(f64::total_cmp) {
                Some(difference) if difference <= SCORE => {
                    self.matched += 1;
                    self.largest_difference = self.largest_difference.max(difference);
                }
                other => println!("{label}: {wanted:?} not matched ({other:?})"),
            }
        }
        for found in got.iter().filter(|g| g[4] >= threshold) {
            self.found += 1;
            let near = |e: &&Found| iou(e, found) >= OVERLAP && (e[4] - found[4]).abs() <= SCORE;
            if expected.iter().find(near).is_none() {
                println!("{label}: {found:?} is extra");
                self.extra += 1;
            }
        }
    }

    /// Panics unless at least `least` of the expected are matched and at most `most_extra` of the found are extra.
    pub fn require(&self, what: &str, least: f64, most_extra: f64) {
        println!("{what}: {self:?}");
        assert!(self.wanted > 20, "{what}: too few boxes to judge by");
        assert!(
            f64::from(self.matched) >= least * f64::from(self.wanted),
            "{what}: {self:?}"
        );
        assert!(
            f64::from(self.extra) <= most_extra * f64::from(self.found),
            "{what}: {self:?}"
        );
    }
}
