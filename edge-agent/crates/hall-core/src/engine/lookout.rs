//! Who tells how long one line is: its ticket machine while it is heard, else the first configured healthy camera. Every camera's
//! line is followed all the time, so that the next one can step in. Judges nothing.

use super::curves::{Curves, Exit};
use super::layout::QueueView;
use super::limits::Limits;
use super::line::{Line, Move};
use super::tickets::Tickets;
use crate::config::QueueConfig;
use crate::ids::QueueId;
use crate::observe::FaultCause;
use crate::time::HallTime;

/// One camera's view of the queue.
#[derive(Debug, Clone)]
struct Eye {
    camera: usize,
    name: String,
    line: Line,
    curves: Curves,
    down: Option<FaultCause>,
    valid: bool,
}

impl Eye {
    fn fresh(&self, at: HallTime, limits: &Limits) -> bool {
        self.valid
            && self.down.is_none()
            && self
                .line
                .last()
                .is_some_and(|last| at.since_ms(last) <= limits.camera_stale)
    }
}

/// Who tells; a smaller one is preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Teller {
    Tickets,
    /// Index among the queue's cameras.
    Camera(usize),
}

/// What is told of the line at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    pub by: Teller,
    /// People (or tickets) that queue.
    pub length: u32,
    /// Those of them nobody can doubt: in the last picture.
    pub firm: u32,
    /// People there, whether they have dwelt or not.
    pub in_zone: u32,
    /// How long somebody has been there before he counts.
    pub dwell_ms: i64,
}

/// Somebody joined or left the line that is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Joined(Option<HallTime>),
    Left(Exit),
}

/// All sources of one queue.
#[derive(Debug, Clone)]
pub(crate) struct Lookout {
    queue: QueueId,
    eyes: Vec<Eye>,
    /// `None`: no ticket machine feeds this queue.
    pub tickets: Option<Tickets>,
}

impl Lookout {
    /// The cameras of a queue, in order of preference; what `old` knew of the same ones is kept.
    pub fn new(
        cfg: &QueueConfig,
        cameras: &[(usize, String)],
        down: &[Option<FaultCause>],
        old: Option<Lookout>,
    ) -> Self {
        let (known, tickets) = old.map_or((Vec::new(), None), |old| (old.eyes, old.tickets));
        let eye = |(camera, name): &(usize, String)| match known.iter().find(|e| &e.name == name) {
            Some(eye) => Eye {
                camera: *camera,
                ..eye.clone()
            },
            None => Eye {
                camera: *camera,
                name: name.clone(),
                line: Line::default(),
                curves: Curves::default(),
                down: down.get(*camera).copied().flatten(),
                valid: false,
            },
        };
        Lookout {
            queue: cfg.id.clone(),
            eyes: cameras.iter().map(eye).collect(),
            tickets: cfg.tickets.then(|| tickets.unwrap_or_default()),
        }
    }

    /// Takes a picture that shows what the last one of its camera showed. False: it is not one, and nothing was taken.
    pub fn again(
        &mut self,
        camera: usize,
        at: HallTime,
        view: &QueueView,
        limits: &Limits,
    ) -> bool {
        let mut eyes = self.eyes.iter_mut().filter(|eye| eye.camera == camera);
        eyes.any(|eye| eye.valid && eye.down.is_none() && eye.line.again(at, view, limits))
    }

    /// Takes what one picture shows. A picture of a camera that is reported down says nothing.
    pub fn observe(&mut self, camera: usize, at: HallTime, view: &QueueView, limits: &Limits) {
        let mine = |eye: &&mut Eye| eye.camera == camera && eye.down.is_none();
        if let Some(eye) = self.eyes.iter_mut().find(mine) {
            eye.valid = true;
            eye.line.observe(at, view, limits);
        }
    }

    /// A camera was reported down or up at `when`; pictures since a fault began were no observations. Returns true when that takes
    /// back what `told` said.
    pub fn health(
        &mut self,
        camera: usize,
        when: HallTime,
        down: Option<FaultCause>,
        told: Option<Teller>,
    ) -> bool {
        let mut taken_back = false;
        for (ix, eye) in self.eyes.iter_mut().enumerate() {
            if eye.camera != camera {
                continue;
            }
            if down.is_some() && eye.line.last().is_some_and(|last| last > when) {
                eye.line.revoke(when);
                taken_back |= told == Some(Teller::Camera(ix));
            }
            eye.down = down;
            eye.valid &= down.is_none();
        }
        taken_back
    }

    /// Brings every camera's line up to date. Gives who joined and left the line `told` tells of.
    pub fn settle(&mut self, at: HallTime, told: Option<Teller>, limits: &Limits) -> Vec<Step> {
        let mut steps = Vec::new();
        for (ix, eye) in self.eyes.iter_mut().enumerate() {
            eye.line.settle(at, limits);
            let mine = told == Some(Teller::Camera(ix));
            for what in eye.line.moves() {
                let exit = eye.curves.step(what);
                match (mine, exit, what) {
                    (true, Some(exit), _) => steps.push(Step::Left(exit)),
                    (true, None, Move::Joined(came)) => steps.push(Step::Joined(came)),
                    _ => {}
                }
            }
            eye.curves.settle(at, eye.line.in_zone() == Some(0));
        }
        steps
    }

    /// What the source to be believed now says; `None`: nobody knows.
    pub fn told(&self, at: HallTime, limits: &Limits) -> Option<Told> {
        if let Some(tickets) = self.tickets.as_ref().filter(|tickets| tickets.official()) {
            let length = tickets.length();
            return Some(Told {
                by: Teller::Tickets,
                length,
                firm: length,
                in_zone: length,
                dwell_ms: 0,
            });
        }
        let (ix, eye) = self.eye(at, limits)?;
        Some(Told {
            by: Teller::Camera(ix),
            length: eye.line.length(at, limits),
            firm: eye.line.firm_length(at, limits),
            in_zone: eye.line.in_zone().unwrap_or(0),
            dwell_ms: limits.queue_dwell,
        })
    }

    /// Only the length; `None`: nobody knows.
    pub fn length(&self, at: HallTime, limits: &Limits) -> Option<u32> {
        match self.tickets.as_ref().filter(|tickets| tickets.official()) {
            Some(tickets) => Some(tickets.length()),
            None => self.seen_length(at, limits),
        }
    }

    /// The length by video alone.
    pub fn seen_length(&self, at: HallTime, limits: &Limits) -> Option<u32> {
        self.eye(at, limits)
            .map(|(_, eye)| eye.line.length(at, limits))
    }

    /// People in the zone, by video.
    pub fn in_zone(&self, at: HallTime, limits: &Limits) -> Option<u32> {
        self.eye(at, limits).and_then(|(_, eye)| eye.line.in_zone())
    }

    /// The first configured healthy camera.
    fn eye(&self, at: HallTime, limits: &Limits) -> Option<(usize, &Eye)> {
        let mut eyes = self.eyes.iter().enumerate();
        eyes.find(|(_, eye)| eye.fresh(at, limits))
    }

    /// Since when no more than `most` queue, as `by` says.
    pub fn at_most_since(&self, by: Teller, most: u32, at: HallTime, limits: &Limits) -> HallTime {
        match (by, &self.tickets) {
            (Teller::Tickets, Some(tickets)) => tickets.at_most_since(most, at),
            (Teller::Camera(ix), _) => self.eyes[ix].line.at_most_since(most, at, limits),
            (Teller::Tickets, None) => at,
        }
    }

    /// When a camera last saw the line; `None`: never, or no camera.
    pub fn last(&self, by: Teller) -> Option<HallTime> {
        match by {
            Teller::Camera(ix) => self.eyes.get(ix).and_then(|eye| eye.line.last()),
            Teller::Tickets => None,
        }
    }

    /// When any camera last saw the line; `None`: never.
    pub fn last_seen(&self) -> Option<HallTime> {
        self.eyes.iter().filter_map(|eye| eye.line.last()).max()
    }

    /// A source as it stands in events.
    pub fn name(&self, by: Teller) -> String {
        match by {
            Teller::Tickets => format!("tickets:{}", self.queue),
            Teller::Camera(ix) => format!("video:{}", self.eyes[ix].name),
        }
    }

    /// The camera believed now, as it stands in events.
    pub fn seen_by(&self, at: HallTime, limits: &Limits) -> Option<String> {
        self.eye(at, limits)
            .map(|(ix, _)| self.name(Teller::Camera(ix)))
    }

    /// The next instant, later than `after`, at which something may change without an input.
    pub fn next(&self, after: HallTime, limits: &Limits) -> Option<HallTime> {
        let healthy = self
            .eyes
            .iter()
            .filter(|eye| eye.valid && eye.down.is_none());
        let stale = |eye: &Eye| {
            let last = eye.line.last()?;
            Some(last.plus_ms(limits.camera_stale + 1)).filter(|t| *t > after)
        };
        healthy
            .flat_map(|eye| [stale(eye), eye.line.next(after, limits)])
            .flatten()
            .min()
    }
}
