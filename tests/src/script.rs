//! What the demo's clips must lead to under the hall's rules: the truth of the clips, the thresholds of its `hall.toml`.

use anyhow::{Context, Result};

use crate::hall::Hall;
use crate::truth::{Stretch, Truth};

/// Absences and long queues of one round of the `morning` clips that last long enough to be events.
#[derive(Debug, Clone)]
pub struct Script {
    /// Window id and when its clerk is away from the post.
    pub absences: Vec<(String, Stretch)>,
    /// Queue id and when its count is at least the raise count.
    pub queues: Vec<(String, Stretch)>,
    notice_s: f64,
    warn_s: f64,
    severe_s: f64,
    return_hold_s: f64,
    queue_duration_s: f64,
    queue_dwell_s: f64,
    raise_count: u32,
}

impl Script {
    /// The script of the demo hall or a hall made from it.
    ///
    /// # Errors
    /// When the ground truth or a threshold is missing.
    pub fn read(hall: &Hall) -> Result<Script> {
        let rule = |key: &str| {
            hall.rule_value(key)
                .with_context(|| format!("hall.toml has no rules.{key}"))
        };
        let raise_count = rule("queue_raise_count")? as u32;
        let (notice_s, queue_duration_s) = (rule("notice_s")?, rule("queue_duration_s")?);
        let windows = Truth::read("morning", "windows")?;
        let corner = Truth::read("morning", "corner")?;
        let long = |s: &Stretch, at_least: f64| s.to_s - s.from_s >= at_least;
        Ok(Script {
            absences: windows
                .windows()
                .iter()
                .flat_map(|w| {
                    windows
                        .off_post(w)
                        .into_iter()
                        .map(|s| (w.to_uppercase(), s))
                })
                .filter(|(_, s)| long(s, notice_s))
                .collect(),
            queues: corner
                .queue_at_least("q1", raise_count)
                .into_iter()
                .filter(|s| long(s, queue_duration_s))
                .map(|s| ("Q1".to_owned(), s))
                .collect(),
            notice_s,
            warn_s: rule("warn_s")?,
            severe_s: rule("severe_s")?,
            return_hold_s: rule("return_hold_s")?,
            queue_duration_s,
            queue_dwell_s: rule("queue_dwell_s")?,
            raise_count,
        })
    }

    /// Clip second at which an absence becomes a notice.
    #[must_use]
    pub fn noticed_s(&self, absence: &Stretch) -> f64 {
        absence.from_s + self.notice_s
    }

    /// Clip second at which a long queue is raised: the count, dated from when people stepped into the zone, has held for the
    /// rule's duration, and the last of them has been there for the dwell time.
    #[must_use]
    pub fn raised_s(&self, queue: &Stretch) -> f64 {
        queue.from_s + self.queue_duration_s.max(self.queue_dwell_s)
    }

    /// The levels of an absence and the clip seconds at which they are published: one step higher while a queue is long.
    fn levels(&self, absence: &Stretch) -> Vec<(f64, &'static str)> {
        let rungs = [self.notice_s, self.warn_s, self.severe_s].map(|s| absence.from_s + s);
        let long = |at: f64| {
            let during = |s: &Stretch| self.raised_s(s) <= at && at < s.to_s;
            self.queues.iter().any(|(_, s)| during(s))
        };
        let queues = self.queues.iter().map(|(_, s)| self.raised_s(s));
        let mut moments: Vec<f64> = rungs.into_iter().chain(queues).collect();
        moments.sort_by(f64::total_cmp);
        let mut published = 0;
        let mut levels = Vec::new();
        for at in moments.into_iter().filter(|at| *at < absence.to_s) {
            let reached = rungs.iter().filter(|rung| **rung <= at).count();
            let steps = (reached + usize::from(long(at))).min(rungs.len());
            if reached > 0 && steps > published {
                published = steps;
                levels.push((at, ["notice", "warn", "severe"][steps - 1]));
            }
        }
        levels
    }

    /// Lines for a person: when in a round what is to be expected.
    #[must_use]
    pub fn expectations(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (window, s) in &self.absences {
            lines.push((s.from_s, format!("{window}: the clerk leaves")));
            for (at, level) in self.levels(s) {
                lines.push((at, format!("{window}: unstaffed, {level}")));
            }
            lines.push((s.to_s, format!("{window}: the clerk is back")));
            lines.push((
                s.to_s + self.return_hold_s,
                format!("{window}: unstaffed ends (return held)"),
            ));
        }
        for (queue, s) in &self.queues {
            lines.push((
                s.from_s,
                format!("{queue}: {} people stand in line", self.raise_count),
            ));
            lines.push((self.raised_s(s), format!("{queue}: long queue raised")));
            lines.push((
                s.to_s,
                format!("{queue}: it shrinks; the event ends once it has stayed short"),
            ));
        }
        lines.sort_by(|a, b| a.0.total_cmp(&b.0));
        lines
            .into_iter()
            .map(|(at, what)| format!("{}:{:02}  {what}", at as u64 / 60, at as u64 % 60))
            .collect()
    }
}
