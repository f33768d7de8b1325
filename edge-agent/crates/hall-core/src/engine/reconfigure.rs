//! A new configuration in a running engine: what keeps its id keeps its state, what vanished is closed.

use super::feelers::Feelers;
use super::group::new_groups;
use super::layout::Layout;
use super::limits::Limits;
use super::links::Links;
use super::look::Look;
use super::minute::Minute;
use super::queue::QueueRule;
use super::roster::Roster;
use super::sight::Sight;
use super::watch::{Watch, Watched};
use super::window::WindowRule;
use super::{Core, Engine, new_queue, new_window};
use crate::config::EngineConfig;
use crate::event::EndReason;
use crate::observe::FaultCause;
use crate::time::HallTime;

impl Engine {
    /// Takes a new configuration at `at`. Ids that stay keep their state; open events of vanished windows, queues, cameras
    /// and sensors close as `reconfigured`; a running absence keeps the thresholds and rule revision of its onset.
    pub fn reconfigure(&mut self, at: HallTime, cfg: EngineConfig) {
        let at = at.max(self.now);
        self.fire(at);
        self.now = at;
        if at > self.minute.from.at {
            self.sum_up(at);
        }
        let readings: Vec<_> = cfg
            .sensors
            .iter()
            .map(|s| {
                self.core
                    .layout
                    .sensor(&s.id)
                    .and_then(|ix| self.readings[ix])
            })
            .collect();
        self.core = Core {
            limits: Limits {
                thorough: self.core.limits.thorough,
                ..Limits::new(&cfg.rules)
            },
            layout: Layout::new(&cfg),
            cfg,
            clock: self.core.clock,
        };
        self.readings = readings;
        self.looks = vec![Look::default(); self.core.cfg.cameras.len()];
        self.merge_leave();
        (self.calendar).look(at, &mut self.core.ctx(&mut self.out));
        self.replace_watches(at);
        let gateways = std::mem::take(&mut self.gateways);
        let down: Vec<Option<FaultCause>> = self.cameras.iter().map(Watch::reported).collect();
        self.replace_windows(at, &down);
        self.replace_gateways(at, gateways);
        // Told anew below, when every window is settled.
        self.seats_seen = vec![false; self.core.cfg.windows.len()];
        let groups = std::mem::take(&mut self.groups);
        self.groups = new_groups(&self.core, groups, at, &mut self.out);
        self.join_groups(at);
        self.replace_queues(at, &down);
        self.minute = Minute::new(at, &self.core.clock, &self.windows);
        self.links = Links::new(&self.core.cfg);
        self.rearm_all();
        self.spread(at);
        self.enter();
    }

    fn replace_watches(&mut self, at: HallTime) {
        let mut old: Vec<Watch> = self
            .cameras
            .drain(..)
            .chain(self.sensors.drain(..))
            .collect();
        let mut keep = |what: Watched| match old.iter().position(|watch| watch.what() == &what) {
            Some(ix) => old.swap_remove(ix),
            None => Watch::new(what, at),
        };
        self.cameras = self
            .core
            .cfg
            .cameras
            .iter()
            .map(|id| keep(Watched::Camera(id.clone())))
            .collect();
        self.sensors = self
            .core
            .cfg
            .sensors
            .iter()
            .map(|s| keep(Watched::Sensor(s.id.clone())))
            .collect();
        for watch in old {
            watch.remove(at, &mut self.core.ctx(&mut self.out));
        }
    }

    fn replace_windows(&mut self, at: HallTime, down: &[Option<FaultCause>]) {
        let mut old = std::mem::take(&mut self.windows);
        for ix in 0..self.core.cfg.windows.len() {
            let cfg = &self.core.cfg.windows[ix];
            let window = match old.iter().position(|window| window.id == cfg.id) {
                None => new_window(&self.core, ix, down, at, &mut self.out),
                Some(was) => {
                    let mut window = old.swap_remove(was);
                    let sensors = self.core.cfg.sensors.iter().filter(|s| s.window == cfg.id);
                    window.min_staff = cfg.min_staff;
                    window.sight = Sight::new(
                        &self.core.layout.window_cameras[ix],
                        down,
                        Some(&window.sight),
                    );
                    window.feelers = Feelers::new(sensors, Some(&window.feelers));
                    let mut ctx = self.core.ctx(&mut self.out);
                    window.roster = Roster::new(Some(cfg.id.clone()), cfg.duty.clone(), at, &ctx);
                    window.reschedule(at, &mut ctx);
                    window
                }
            };
            self.windows.push(window);
        }
        for window in old {
            window.remove(at, &mut self.core.ctx(&mut self.out));
        }
    }

    fn replace_queues(&mut self, at: HallTime, down: &[Option<FaultCause>]) {
        let mut old: Vec<QueueRule> = std::mem::take(&mut self.queues);
        for ix in 0..self.core.cfg.queues.len() {
            let id = &self.core.cfg.queues[ix].id;
            let was = old
                .iter()
                .position(|queue| &queue.id == id)
                .map(|was| old.swap_remove(was));
            let mut queue = new_queue(&self.core, ix, down, at, was, &mut self.out);
            queue.reschedule(at, &mut self.core.ctx(&mut self.out));
            self.queues.push(queue);
        }
        for queue in old {
            queue.remove(at, &mut self.core.ctx(&mut self.out));
        }
    }
}

impl WindowRule {
    /// The configuration no longer holds this window.
    pub(super) fn remove(mut self, at: HallTime, ctx: &mut super::record::Ctx<'_>) {
        let at = self.account(at, ctx);
        self.conflict.resolve(ctx, at, at, EndReason::Reconfigured);
        self.statics.end(ctx, at, EndReason::Reconfigured);
        self.pauses.remove(at, ctx);
        self.unattended.remove(at, ctx);
        let end = ctx.clock.stamp(at);
        self.close(at, end, EndReason::Reconfigured, None, ctx);
    }
}
