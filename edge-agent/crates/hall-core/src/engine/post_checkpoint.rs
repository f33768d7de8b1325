//! What a restart needs of a window besides its absence: its pauses and its customers. Plain data and the way back.

use super::Engine;
use super::pause::{RunningPause, Signal};
use super::pause_quota::PauseDay;
use super::record::{Ctx, Facts, OpenRecord};
use super::unattended::UnattendedCheckpoint;
use super::window::WindowRule;
use crate::event::EndReason;
use crate::ids::WindowId;
use crate::time::HallTime;

/// A window that has paused today, or that has nobody for its customers.
#[derive(Debug, Clone, PartialEq)]
pub struct PostCheckpoint {
    /// Which.
    pub window: WindowId,
    /// The pause going on.
    pub pause: Option<RunningPause>,
    /// The pauses of the day.
    pub pause_day: Option<PauseDay>,
    /// Customers with nobody to serve them.
    pub unattended: Option<UnattendedCheckpoint>,
}

impl PostCheckpoint {
    /// Open events it holds.
    pub fn records(&self) -> impl Iterator<Item = &OpenRecord> {
        let pause = self.pause.as_ref().and_then(|p| p.record.as_ref());
        let quota = self.pause_day.as_ref().and_then(|d| d.record.as_ref());
        let customers = self.unattended.as_ref().and_then(|u| u.record.as_ref());
        pause.into_iter().chain(quota).chain(customers)
    }

    /// Lets go of events that were closed meanwhile, and of what they belong to.
    pub fn retain(&mut self, is_open: impl Fn(&OpenRecord) -> bool) {
        let open = |record: &Option<OpenRecord>| record.as_ref().is_none_or(&is_open);
        self.pause = self.pause.take().filter(|p| open(&p.record));
        self.unattended = self.unattended.take().filter(|u| open(&u.record));
        if let Some(day) = &mut self.pause_day {
            day.record = day.record.take().filter(&is_open);
        }
    }

    /// The same in another engine's hall time.
    fn shifted(mut self, shift_ms: i64, now: HallTime) -> Self {
        if let Some(pause) = &mut self.pause {
            pause.since = pause.since.plus_ms(shift_ms);
            pause.last_observed = pause.last_observed.plus_ms(shift_ms).min(now);
            pause.duty_to = pause.duty_to.plus_ms(shift_ms);
        }
        if let Some(day) = &mut self.pause_day {
            day.onset = day.onset.plus_ms(shift_ms);
        }
        if let Some(customers) = &mut self.unattended {
            customers.onset = customers.onset.plus_ms(shift_ms);
            customers.last_observed = customers.last_observed.plus_ms(shift_ms).min(now);
            customers.duty_to = customers.duty_to.plus_ms(shift_ms);
        }
        self
    }
}

impl Engine {
    pub(super) fn checkpoint_posts(&self) -> Vec<PostCheckpoint> {
        self.windows
            .iter()
            .filter_map(WindowRule::post_checkpoint)
            .collect()
    }

    /// Goes on with the pauses of the windows that are still configured; the events of others end.
    pub(super) fn resume_posts(&mut self, posts: &[PostCheckpoint], shift_ms: i64) {
        let now = self.now;
        for saved in posts {
            let saved = saved.clone().shifted(shift_ms, now);
            let ix = self.core.layout.window(&saved.window);
            let mut ctx = self.core.ctx(&mut self.out);
            match ix.and_then(|ix| self.windows.get_mut(ix)) {
                Some(window) => window.resume_post(saved, now, &mut ctx),
                None => orphan(saved, now, &mut ctx),
            }
        }
    }
}

impl WindowRule {
    fn post_checkpoint(&self) -> Option<PostCheckpoint> {
        let at = self.seen_to();
        let post = PostCheckpoint {
            window: self.id.clone(),
            pause: self.pauses.checkpoint(at),
            pause_day: self.pauses.quota.checkpoint(),
            unattended: self.unattended.checkpoint(at),
        };
        let empty = post.pause.is_none() && post.pause_day.is_none() && post.unattended.is_none();
        (!empty).then_some(post)
    }

    fn resume_post(&mut self, saved: PostCheckpoint, now: HallTime, ctx: &mut Ctx<'_>) {
        if let Some(day) = saved.pause_day {
            self.pauses.quota.resume(day, now, ctx);
        }
        if let Some(pause) = saved.pause {
            let signal = Signal {
                window: &self.id,
                feelers: &self.feelers,
                gate: self.gate,
                stretch: self.roster.stretch(),
            };
            self.pauses.resume(pause, &signal, now, ctx);
        }
        if let Some(customers) = saved.unattended {
            self.unattended.resume(customers, self.gate, now, ctx);
        }
    }
}

/// The window is no longer configured.
fn orphan(saved: PostCheckpoint, now: HallTime, ctx: &mut Ctx<'_>) {
    let pause = saved
        .pause
        .and_then(|p| Some((p.record?, p.since, p.last_observed)));
    let day = saved
        .pause_day
        .and_then(|d| Some((d.record?, d.onset, now)));
    let customers = saved
        .unattended
        .and_then(|u| Some((u.record?, u.onset, u.last_observed)));
    for (record, onset, last) in pause.into_iter().chain(day).chain(customers) {
        let facts = Facts {
            duration_ms: last.since_ms(onset).max(0),
            ..Facts::default()
        };
        let end = ctx.clock.stamp(last);
        record.close(ctx, now, end, EndReason::Reconfigured, facts);
    }
}
