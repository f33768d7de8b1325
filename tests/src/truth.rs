//! What really happened in a clip: reads the ground truth beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;

/// A stretch of clip time, in seconds; `to` is the end of the clip when the state lasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Start.
    pub from_s: f64,
    /// End.
    pub to_s: f64,
}

/// Ground truth of one clip as one camera saw it.
#[derive(Debug, Clone)]
pub struct Truth {
    frames: Vec<Frame>,
    period_s: f64,
    size: [f64; 2],
    posts: BTreeMap<String, Post>,
}

#[derive(Debug, Clone, Deserialize)]
struct Frame {
    time: f64,
    windows: BTreeMap<String, Window>,
    queues: BTreeMap<String, Queue>,
    people: Vec<Person>,
}

/// Somebody with a visible part; the box is x, y, width, height in pixels.
#[derive(Debug, Clone, Deserialize)]
struct Person {
    id: String,
    bbox: [f64; 4],
}

/// `CLIP.config.json`, as far as it is needed.
#[derive(Debug, Clone, Deserialize)]
struct Clip {
    size: [f64; 2],
    cameras: BTreeMap<String, ClipCamera>,
}

#[derive(Debug, Clone, Deserialize)]
struct ClipCamera {
    windows: BTreeMap<String, Post>,
}

#[derive(Debug, Clone, Deserialize)]
struct Post {
    staff: Vec<[f64; 2]>,
}

#[derive(Debug, Clone, Deserialize)]
struct Window {
    staffed: bool,
}

#[derive(Debug, Clone, Deserialize)]
struct Queue {
    in_zone: u32,
}

/// Folder of the clips.
#[must_use]
pub fn clips() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/clips")
}

impl Truth {
    /// Reads `CLIP.CAMERA.jsonl` of the fixtures.
    ///
    /// # Errors
    /// When the file is missing or a line is not what the clips' README says.
    pub fn read(clip: &str, camera: &str) -> Result<Truth> {
        let path = clips().join(format!("{clip}.{camera}.jsonl"));
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let frames: Vec<Frame> = text
            .lines()
            .enumerate()
            .map(|(i, line)| {
                serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), i + 1))
            })
            .collect::<Result<_>>()?;
        let step = match frames.as_slice() {
            [a, b, ..] => b.time - a.time,
            _ => anyhow::bail!("{}: fewer than two frames", path.display()),
        };
        let period_s = frames.last().map_or(0.0, |f| f.time) + step;
        let path = clips().join(format!("{clip}.config.json"));
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut config: Clip =
            serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        let posts = config
            .cameras
            .remove(camera)
            .with_context(|| format!("{clip} has no camera {camera}"))?
            .windows;
        Ok(Truth {
            frames,
            period_s,
            size: config.size,
            posts,
        })
    }

    /// Length of the clip.
    #[must_use]
    pub fn period(&self) -> Duration {
        Duration::from_secs_f64(self.period_s)
    }

    /// Windows of the clip (`w1`, …).
    #[must_use]
    pub fn windows(&self) -> Vec<String> {
        self.frames
            .first()
            .map(|f| f.windows.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// When the clerk of a window was not at the post: the middle of what really showed of the clerk lay outside the staff zone, or
    /// nothing showed. Getting up and sitting down, still within the zone, is not absence; compare [`Truth::seat_empty`].
    #[must_use]
    pub fn off_post(&self, window: &str) -> Vec<Stretch> {
        let clerk = window.replacen('w', "clerk", 1);
        let zone = self
            .posts
            .get(window)
            .map(|p| p.staff.as_slice())
            .unwrap_or_default();
        self.stretches(|f| {
            !f.people.iter().filter(|p| p.id == clerk).any(|p| {
                let [x, y, w, h] = p.bbox;
                inside(
                    [(x + w / 2.0) / self.size[0], (y + h / 2.0) / self.size[1]],
                    zone,
                )
            })
        })
    }

    /// When nobody sat at a window.
    #[must_use]
    pub fn seat_empty(&self, window: &str) -> Vec<Stretch> {
        self.stretches(|f| f.windows.get(window).is_some_and(|w| !w.staffed))
    }

    /// When at least `count` people stood in a queue's zone.
    #[must_use]
    pub fn queue_at_least(&self, queue: &str, count: u32) -> Vec<Stretch> {
        self.stretches(|f| f.queues.get(queue).is_some_and(|q| q.in_zone >= count))
    }

    /// Most people in a queue's zone.
    #[must_use]
    pub fn queue_peak(&self, queue: &str) -> u32 {
        self.frames
            .iter()
            .filter_map(|f| f.queues.get(queue))
            .map(|q| q.in_zone)
            .max()
            .unwrap_or(0)
    }

    fn stretches(&self, holds: impl Fn(&Frame) -> bool) -> Vec<Stretch> {
        let mut found: Vec<Stretch> = Vec::new();
        let mut open = None;
        for frame in &self.frames {
            match (holds(frame), open) {
                (true, None) => open = Some(frame.time),
                (false, Some(from_s)) => {
                    found.push(Stretch {
                        from_s,
                        to_s: frame.time,
                    });
                    open = None;
                }
                _ => {}
            }
        }
        found.extend(open.map(|from_s| Stretch {
            from_s,
            to_s: self.period_s,
        }));
        found
    }
}

/// Whether a point lies in a polygon (even-odd rule).
fn inside([x, y]: [f64; 2], polygon: &[[f64; 2]]) -> bool {
    let edges = polygon.iter().zip(polygon.iter().cycle().skip(1));
    let crossed = edges.filter(|([ax, ay], [bx, by])| {
        (*ay > y) != (*by > y) && x < ax + (y - ay) / (by - ay) * (bx - ax)
    });
    crossed.count() % 2 == 1
}
