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
}

#[derive(Debug, Clone, Deserialize)]
struct Frame {
    time: f64,
    windows: BTreeMap<String, Window>,
    queues: BTreeMap<String, Queue>,
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
        Ok(Truth { frames, period_s })
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

    /// When nobody sat at a window.
    #[must_use]
    pub fn absences(&self, window: &str) -> Vec<Stretch> {
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
