//! What the engine must know again after a crash: open episodes and events with what they had added up. Plain data; how it
//! is stored is somebody else's business.

use super::Engine;
use super::conflict::Conflict;
use super::credence::{Credence, CredenceCheckpoint};
use super::episode::{Account, Episode, EpisodeRule};
use super::fusion::Gate;
use super::group::find_rule;
use super::post_checkpoint::PostCheckpoint;
use super::presence::Presence;
use super::queue_view::QueueCheckpoint;
use super::record::{Ctx, Facts, OpenRecord};
use super::watch::{Watch, Watched};
use super::window::{Company, WindowRule};
use crate::config::Leave;
use crate::event::{EndReason, EventCode, Subject};
use crate::order::Answer;
use crate::time::{HallTime, Stamp};

/// Everything open at `at`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checkpoint {
    /// When it was taken.
    pub at: HallTime,
    /// Running absences.
    pub windows: Vec<EpisodeCheckpoint>,
    /// Queues with an open event.
    pub queues: Vec<QueueCheckpoint>,
    /// Open events on cameras, sensors, gateways, calendars and the box itself, and disagreements of sources.
    pub sources: Vec<OpenRecord>,
    /// Windows with pauses to remember.
    pub posts: Vec<PostCheckpoint>,
    /// Sensors that are not believed, or soon may not be.
    pub credences: Vec<CredenceCheckpoint>,
    /// Leave granted and cancelled by orders.
    pub leave: Vec<Leave>,
    /// Answers to orders, oldest first.
    pub answers: Vec<Answer>,
}

/// One running absence, published or not yet.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeCheckpoint {
    /// Where: a window, a group, or the whole hall.
    pub subject: Subject,
    /// `unstaffed`, `late_open` or `hall_unstaffed`.
    pub code: EventCode,
    /// Onset.
    pub onset: Stamp,
    /// Thresholds fixed at the onset.
    pub rule: EpisodeRule,
    /// Added up to `last_observed`.
    pub account: Account,
    /// Most customers at the counter.
    pub customers_max: u32,
    /// Last instant at which the window was observed.
    pub last_observed: HallTime,
    /// End of the duty it belongs to.
    pub duty_to: HallTime,
    /// The event, if it was published.
    pub record: Option<OpenRecord>,
}

impl Engine {
    /// Plain data from which [`Engine::resume`] goes on after a crash.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        let limits = &self.core.limits;
        let watches = self
            .cameras
            .iter()
            .chain(&self.sensors)
            .chain(&self.gateways)
            .filter_map(|watch| watch.record().cloned());
        let conflicts = self
            .windows
            .iter()
            .flat_map(|window| [window.conflict.record(), window.statics.record()])
            .flatten()
            .cloned();
        Checkpoint {
            at: self.now,
            windows: (self.windows.iter())
                .filter_map(|window| window.checkpoint(limits))
                .chain((self.groups.iter()).filter_map(|g| self.caught_up(g).checkpoint(limits)))
                .collect(),
            queues: self
                .queues
                .iter()
                .filter(|q| q.open_events() > 0)
                .map(|q| q.checkpoint(self.now, limits))
                .collect(),
            sources: watches
                .chain(conflicts)
                .chain(self.device.records().cloned())
                .chain(self.calendar.record().cloned())
                .collect(),
            posts: self.checkpoint_posts(),
            credences: (self.credences.iter())
                .filter_map(Credence::checkpoint)
                .collect(),
            leave: self.ordered_leave.clone(),
            answers: self.desk.answers().cloned().collect(),
        }
    }

    /// Goes on from a checkpoint; call it right after [`Engine::new`]. The time from the last observation before the crash
    /// to the first one after it counts as unobserved. Still absent: the same event goes on. Staffed again: it ends where
    /// it was last observed, `power_loss`. Its duty is over meanwhile: it ends with its duty, `schedule_end`.
    pub fn resume(&mut self, checkpoint: &Checkpoint) {
        // Hall time may begin anew with a boot whose clock is behind: then the outage counts as nothing, not as negative.
        let shift = self.now.since_ms(checkpoint.at).min(0);
        let now = self.now;
        self.resume_orders(checkpoint, now);
        for saved in &checkpoint.windows {
            let mut saved = saved.clone();
            saved.last_observed = saved.last_observed.plus_ms(shift).min(now);
            saved.duty_to = saved.duty_to.plus_ms(shift);
            let mut ctx = self.core.ctx(&mut self.out);
            // A window that has joined a group meanwhile is judged by it.
            match find_rule(&mut self.windows, &mut self.groups, &saved.subject)
                .filter(|rule| rule.company == Company::Alone)
            {
                Some(window) => window.resume(saved, now, &mut ctx),
                None => orphan(saved, now, &mut ctx),
            }
        }
        for saved in &checkpoint.queues {
            let last = saved
                .last_observed
                .unwrap_or(checkpoint.at)
                .plus_ms(shift)
                .min(now);
            let mut ctx = self.core.ctx(&mut self.out);
            if let Some(queue) = self.queues.iter_mut().find(|queue| queue.id == saved.queue) {
                queue.resume(saved, last, shift, now, &mut ctx);
            } else {
                let end = ctx.clock.stamp(last);
                for record in saved.records().cloned() {
                    let facts = Facts::default();
                    record.close(&mut ctx, now, end, EndReason::Reconfigured, facts);
                }
            }
        }
        for record in &checkpoint.sources {
            if record.code == EventCode::CalendarMissing {
                self.calendar.resume(record.clone());
                continue;
            }
            if record.subject == Subject::Device {
                let mut ctx = self.core.ctx(&mut self.out);
                self.device.resume(record.clone(), now, &mut ctx);
                continue;
            }
            let same = |watch: &&mut Watch| match (watch.what(), &record.subject) {
                (Watched::Camera(a), Subject::Camera(b)) => a == b,
                (Watched::Sensor(a), Subject::Sensor(b)) => {
                    a == b && record.code == EventCode::SensorFault
                }
                (Watched::Gateway(a), Subject::Gateway(b)) => a == b,
                _ => false,
            };
            if record.code == EventCode::StaticPresenceSuspect {
                self.resume_static(record, checkpoint.at.plus_ms(shift).min(now), now);
            } else if record.code == EventCode::SensorConflict {
                let Subject::Sensor(sensor) = &record.subject else {
                    continue;
                };
                let owner = self
                    .core
                    .cfg
                    .sensors
                    .iter()
                    .find(|s| &s.id == sensor)
                    .map(|s| &s.window);
                if let Some(ix) = owner.and_then(|owner| self.core.layout.window(owner)) {
                    let known = self.book.get(record.id);
                    self.windows[ix].conflict = Conflict::restore(record.clone(), known, now);
                }
            } else if let Some(watch) = (self.cameras.iter_mut())
                .chain(&mut self.sensors)
                .chain(&mut self.gateways)
                .find(same)
            {
                watch.resume(record.clone());
            }
        }
        self.resume_posts(&checkpoint.posts, shift);
        self.restore_credences(&checkpoint.credences, shift);
        self.rearm_all();
        self.spread(now);
        self.enter();
    }
}

impl WindowRule {
    fn checkpoint(&self, limits: &super::limits::Limits) -> Option<EpisodeCheckpoint> {
        let mut episode = self.episode.clone()?;
        let seen_at = self.seen_to();
        episode.add(self.settled_at, seen_at, self.piece(), limits);
        let so_far = || (seen_at, episode.account(limits));
        let (last_observed, account) = episode
            .resumed
            .or_else(|| episode.gap())
            .unwrap_or_else(so_far);
        Some(EpisodeCheckpoint {
            subject: self.subject.clone(),
            code: episode.code,
            onset: episode.onset,
            rule: episode.rule.clone(),
            account,
            customers_max: episode.customers_max,
            last_observed,
            duty_to: self.roster.stretch().map_or(seen_at, |stretch| stretch.to),
            record: episode.record.clone(),
        })
    }

    fn resume(&mut self, saved: EpisodeCheckpoint, now: HallTime, ctx: &mut Ctx<'_>) {
        let over = self.gate.is_off_duty() || (self.gate != Gate::Unsynced && saved.duty_to <= now);
        let mut episode = Episode::restore(saved.code, saved.onset, saved.rule, saved.account);
        episode.customers_max = saved.customers_max;
        episode.record = saved.record;
        episode.resumed = Some((saved.last_observed, saved.account));
        let leave = self.roster.leave().filter(|_| !over);
        let until = match leave {
            _ if over => saved.duty_to.min(now).max(saved.last_observed),
            Some(leave) => leave.min(now).max(saved.last_observed),
            None => now,
        };
        episode.add(
            saved.last_observed,
            until,
            super::episode::Piece::Unobserved,
            ctx.limits,
        );
        self.episode = Some(episode);
        self.post = Presence::absent_until(saved.last_observed);
        if over {
            let end = ctx.clock.stamp(until);
            self.close(now, end, EndReason::ScheduleEnd, None, ctx);
        } else if leave.is_some() {
            let end = ctx.clock.stamp(until);
            self.close(now, end, EndReason::Excused, None, ctx);
        }
    }
}

/// The window or group is no longer configured.
fn orphan(saved: EpisodeCheckpoint, now: HallTime, ctx: &mut Ctx<'_>) {
    let Some(record) = saved.record else { return };
    let mut episode = Episode::restore(saved.code, saved.onset, saved.rule, saved.account);
    episode.customers_max = saved.customers_max;
    let end = ctx.clock.stamp(saved.last_observed);
    let facts = episode.facts(saved.account);
    record.close(ctx, now, end, EndReason::Reconfigured, facts);
}
