//! Where inputs enter: each is handed to the rules it concerns, and only those are settled again.

use super::Engine;
use crate::observe::{FaultCause, SourceHealth, SourceId, Ticket, ZoneSnapshot};
use crate::time::{HallTime, WallClock};

impl Engine {
    pub(super) fn see(&mut self, at: HallTime, picture: &ZoneSnapshot) {
        let Some(camera) = self.core.layout.camera(&picture.camera) else {
            return;
        };
        let taken = picture.at.min(at);
        if self.cameras[camera]
            .last_seen()
            .is_some_and(|last| taken < last)
        {
            // Overtaken by a later picture of the same camera.
            return;
        }
        if !self.cameras[camera].again(at, taken, &self.core.limits) {
            let back = self.cameras[camera].observe(at, taken, &mut self.core.ctx(&mut self.out));
            if back {
                self.tell_camera_health(camera, at, None);
            }
            self.settle(camera, at);
        }
        let mut look = std::mem::take(&mut self.looks[camera]);
        look.take(picture, camera, &self.core.layout);
        for (ix, view) in &look.views.windows {
            let mut ctx = self.core.ctx(&mut self.out);
            if self.windows[*ix].observe(camera, taken, view, &mut ctx) {
                self.rearm_window(*ix);
            }
        }
        for (ix, view) in &look.views.queues {
            let mut ctx = self.core.ctx(&mut self.out);
            if self.queues[*ix].observe(camera, taken, view, &mut ctx) {
                self.rearm_queue(*ix);
            }
        }
        self.looks[camera] = look;
    }

    pub(super) fn health(&mut self, at: HallTime, health: &SourceHealth) {
        let when = health.at.min(at);
        let mut ctx = self.core.ctx(&mut self.out);
        match &health.source {
            SourceId::Camera(id) => {
                let Some(camera) = self.core.layout.camera(id) else {
                    return;
                };
                self.cameras[camera].health(at, when, health.down, &mut ctx);
                self.settle(camera, at);
                self.tell_camera_health(camera, when, health.down);
            }
            SourceId::Sensor(_) | SourceId::Gateway(_) => self.sensor_health(at, health),
            SourceId::Tickets(id) => {
                if let Some(ix) = self.queues.iter().position(|queue| &queue.id == id) {
                    let down = health.down.is_some();
                    self.queues[ix].tickets_health(when, down, &mut self.core.ctx(&mut self.out));
                    self.rearm_queue(ix);
                }
            }
        }
    }

    pub(super) fn hear_ticket(&mut self, at: HallTime, ticket: &Ticket) {
        let when = ticket.at.min(at);
        if let Some(ix) = self
            .queues
            .iter()
            .position(|queue| queue.id == ticket.queue)
        {
            self.queues[ix].hear_ticket(when, ticket, &mut self.core.ctx(&mut self.out));
            self.rearm_queue(ix);
        }
    }

    fn tell_camera_health(&mut self, camera: usize, when: HallTime, down: Option<FaultCause>) {
        for ix in 0..self.windows.len() {
            if self.core.layout.window_cameras[ix]
                .iter()
                .any(|c| c.camera == camera)
            {
                self.windows[ix].camera_health(
                    camera,
                    when,
                    down,
                    &mut self.core.ctx(&mut self.out),
                );
                self.rearm_window(ix);
            }
        }
        for ix in 0..self.queues.len() {
            if self.core.layout.queue_cameras[ix]
                .iter()
                .any(|(c, _)| *c == camera)
            {
                self.queues[ix].camera_health(
                    camera,
                    when,
                    down,
                    &mut self.core.ctx(&mut self.out),
                );
                self.rearm_queue(ix);
            }
        }
    }

    pub(super) fn set_clock(&mut self, at: HallTime, clock: WallClock) {
        // What was given out so far was stamped by the clock before.
        self.enter();
        let before = std::mem::replace(&mut self.core.clock, clock);
        self.device
            .set_clock(at, before, &mut self.core.ctx(&mut self.out));
        if clock.synced && !before.synced {
            self.enter();
            self.restamp(at);
        }
        for window in &mut self.windows {
            window.reschedule(at, &mut self.core.ctx(&mut self.out));
        }
        for group in &mut self.groups {
            (group.rule).reschedule(at, &mut self.core.ctx(&mut self.out));
        }
        for queue in &mut self.queues {
            queue.reschedule(at, &mut self.core.ctx(&mut self.out));
        }
        self.reschedule_sensors(at);
        (self.calendar).look(at, &mut self.core.ctx(&mut self.out));
        self.minute.reschedule(at, &self.core.clock);
        self.rearm_all();
    }
}
