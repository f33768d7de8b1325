//! The engine: observations in, events and summaries out, time as an input. It opens nothing, reads no clock and cannot
//! fail. See `docs/rules.md` for every rule as implemented.

mod absence;
mod attention;
mod book;
mod calendar;
mod cases;
mod checkpoint;
mod conflict;
mod credence;
mod crew;
mod curves;
mod device;
mod episode;
mod feelers;
mod flow;
pub mod fusion;
mod group;
mod intake;
mod layout;
mod leave;
mod limits;
mod line;
mod links;
mod long_wait;
mod look;
mod lookout;
mod minute;
mod mismatch;
mod new_window;
mod orders;
mod pause;
mod pause_quota;
mod post_checkpoint;
mod presence;
mod queue;
mod queue_view;
mod queue_wait;
mod reconfigure;
mod record;
mod roster;
mod ruling;
mod sensors;
mod sight;
mod standing;
mod static_presence;
mod stopwatch;
mod tally;
mod tickets;
mod timers;
mod unattended;
mod watch;
mod window;
mod window_view;

use std::collections::VecDeque;

pub use checkpoint::{Checkpoint, EpisodeCheckpoint};
pub use credence::{CredenceCheckpoint, Doubt};
pub use episode::{Account, EpisodeRule};
pub use long_wait::WaitCheckpoint;
pub use pause::RunningPause;
pub use pause_quota::PauseDay;
pub use post_checkpoint::PostCheckpoint;
pub use queue_view::QueueCheckpoint;
pub use record::OpenRecord;
pub use tally::Tally;
pub use unattended::UnattendedCheckpoint;

use crate::account::{Excuse, Interval, WaitSample};
use crate::config::{EngineConfig, Leave};
use crate::event::{Event, EventId};
use crate::ids::WindowId;
use crate::observe::{FaultCause, Input, Quality, ZoneSnapshot};
use crate::order::Answer;
use crate::snapshot::{CameraSnapshot, HallSnapshot};
use crate::summary::Summary;
use crate::time::{HallTime, WallClock};
use book::Book;
use calendar::CalendarWatch;
use credence::Credence;
use device::Device;
use feelers::Feelers;
use group::Group;
use layout::Layout;
use limits::Limits;
use links::Links;
use look::Look;
use minute::Minute;
use orders::Desk;
use queue::QueueRule;
use record::Ctx;
use roster::Roster;
use sight::Sight;
use timers::Timers;
use watch::{Watch, Watched};
use window::WindowRule;

/// What the engine says.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "an output is moved once or twice, and events are what it is for"
)]
pub enum Output {
    /// A revision of an event.
    Event(Event),
    /// A minute is over.
    Summary(Summary),
    /// How a window's time counts; for figures.
    Interval(Interval),
    /// Somebody's wait is over; for figures.
    Wait(WaitSample),
    /// Time already counted is excused, or no longer; for figures.
    Excuse(Excuse),
    /// The answer to an order.
    Answer(Answer),
}

/// Everything the rules read and none of them changes.
#[derive(Debug, Clone)]
struct Core {
    cfg: EngineConfig,
    limits: Limits,
    layout: Layout,
    clock: WallClock,
}

impl Core {
    fn ctx<'a>(&'a self, out: &'a mut VecDeque<Output>) -> Ctx<'a> {
        Ctx {
            hall: &self.cfg.hall,
            box_id: &self.cfg.box_id,
            limits: &self.limits,
            clock: &self.clock,
            duty: &self.cfg.duty,
            out,
        }
    }
}

/// Last reading of a sensor, whatever it is bound to.
#[derive(Debug, Clone, Copy, PartialEq)]
struct LastReading {
    at: HallTime,
    value: bool,
    quality: Quality,
    /// Since when its readings have had this quality.
    since: HallTime,
    /// When the sensor, or its gateway, came back after it: it is no reading of the present.
    outdated: Option<HallTime>,
}

/// Judges one hall.
#[derive(Debug, Clone)]
pub struct Engine {
    core: Core,
    now: HallTime,
    cameras: Vec<Watch>,
    sensors: Vec<Watch>,
    /// Parallel to `sensors`.
    credences: Vec<Credence>,
    gateways: Vec<Watch>,
    readings: Vec<Option<LastReading>>,
    windows: Vec<WindowRule>,
    /// By window: video surely sees somebody at the seat.
    seats_seen: Vec<bool>,
    queues: Vec<QueueRule>,
    /// Windows judged as one post; the hall as a whole is the last.
    groups: Vec<Group>,
    links: Links,
    minute: Minute,
    device: Device,
    calendar: CalendarWatch,
    timers: Timers,
    /// By camera.
    looks: Vec<Look>,
    book: Book,
    desk: Desk,
    /// Leave granted and cancelled by orders.
    ordered_leave: Vec<Leave>,
    /// Outputs at the front of `out` that are written in the book.
    entered: usize,
    out: VecDeque<Output>,
}

impl Engine {
    /// An engine that begins to observe at `start`.
    #[must_use]
    pub fn new(cfg: EngineConfig, clock: WallClock, start: HallTime) -> Self {
        let core = Core {
            limits: Limits::new(&cfg.rules),
            layout: Layout::new(&cfg),
            cfg,
            clock,
        };
        let cameras: Vec<Watch> = core
            .cfg
            .cameras
            .iter()
            .map(|id| Watch::new(Watched::Camera(id.clone()), start))
            .collect();
        let sensors: Vec<Watch> = core
            .cfg
            .sensors
            .iter()
            .map(|s| Watch::new(Watched::Sensor(s.id.clone()), start))
            .collect();
        let gateways: Vec<Watch> = (core.layout.gateways.iter())
            .map(|id| Watch::new(Watched::Gateway(id.clone()), start))
            .collect();
        let mut out = VecDeque::new();
        let credences = sensors::credences(&core, Vec::new(), start, &mut out);
        let windows = (0..core.cfg.windows.len())
            .map(|ix| new_window(&core, ix, &[], start, &mut out))
            .collect();
        let queues = (0..core.cfg.queues.len())
            .map(|ix| new_queue(&core, ix, &[], start, None, &mut out))
            .collect();
        let groups = group::new_groups(&core, Vec::new(), start, &mut out);
        let mut engine = Engine {
            readings: vec![None; sensors.len()],
            seats_seen: vec![false; core.cfg.windows.len()],
            minute: Minute::new(start, &core.clock, &[]),
            device: Device::new(start, &core.clock),
            calendar: CalendarWatch::default(),
            timers: Timers::default(),
            looks: vec![Look::default(); cameras.len()],
            book: Book::default(),
            desk: Desk::default(),
            ordered_leave: Vec::new(),
            entered: 0,
            links: Links::new(&core.cfg),
            core,
            now: start,
            cameras,
            sensors,
            credences,
            gateways,
            windows,
            queues,
            groups,
            out,
        };
        engine.minute = Minute::new(start, &engine.core.clock, &engine.windows);
        engine.join_groups(start);
        engine.rearm_all();
        engine.spread(start);
        engine.enter();
        engine
    }

    /// Takes an input that arrives at `at` (never earlier than the last one). Timers due up to and including `at` fire
    /// first, with the state before the input: an absence of exactly the threshold is over it.
    pub fn handle(&mut self, at: HallTime, input: Input) {
        let at = self.go_to(at);
        match input {
            Input::Zones(picture) => self.see(at, &picture),
            Input::Sensor(reading) => self.sense(at, &reading),
            Input::Source(health) => self.health(at, &health),
            Input::Clock(clock) => self.set_clock(at, clock),
            Input::Order(order) => self.order(at, &order),
            Input::System(fact) => self
                .device
                .note(at, &fact, &mut self.core.ctx(&mut self.out)),
            Input::Ticket(ticket) => self.hear_ticket(at, &ticket),
            Input::Tick => {}
        }
        self.spread(at);
        self.enter();
    }

    /// [`Engine::handle`] for a picture that its giver goes on using: nothing is copied of one that says what the last one said.
    pub fn look(&mut self, at: HallTime, picture: &ZoneSnapshot) {
        let at = self.go_to(at);
        self.see(at, picture);
        self.spread(at);
        self.enter();
    }

    /// Acts on what falls due up to `at`, which never lies before the last input.
    fn go_to(&mut self, at: HallTime) -> HallTime {
        let at = at.max(self.now);
        self.fire(at);
        self.now = at;
        at
    }

    /// From now on judges every picture anew, also one that says what its camera's last one said. It only takes longer: tests
    /// hold the two ways against each other.
    #[doc(hidden)]
    pub fn judge_every_picture(&mut self) {
        self.core.limits.thorough = true;
    }

    /// Takes back in the newest revisions of events given out before this engine began, so that their revisions and cases go on;
    /// call it right after [`Engine::new`].
    pub fn recall(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.book.recall(event);
        }
        self.desk.recall(self.book.iter());
    }

    /// Ends open events of before that no rule goes on with, where they were last seen; call it after [`Engine::recall`] and
    /// [`Engine::resume`].
    pub fn lose(&mut self, events: impl IntoIterator<Item = EventId>) {
        let now = self.core.clock.stamp(self.now);
        for id in events {
            if let Some(lost) = self.book.lost(id, now) {
                self.out.push_back(Output::Event(lost));
            }
        }
        self.enter();
    }

    /// The newest revision of an event of the last weeks.
    #[must_use]
    pub fn event(&self, id: EventId) -> Option<&Event> {
        self.book.get(id)
    }

    /// Writes new events into the book; everything that gives out events ends with this.
    fn enter(&mut self) {
        while let Some(output) = self.out.get_mut(self.entered) {
            let told = match output {
                Output::Event(event) => {
                    self.device.given_out(event, &self.core.clock);
                    self.book.enter(event)
                }
                _ => true,
            };
            if told {
                self.entered += 1;
            } else {
                self.out.remove(self.entered);
            }
        }
    }

    /// The next thing the engine has to say.
    pub fn poll_output(&mut self) -> Option<Output> {
        let output = self.out.pop_front();
        self.entered = self.entered.saturating_sub(1);
        output
    }

    /// When to call [`Engine::handle`] at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<HallTime> {
        self.timers.earliest()
    }

    /// The hall as it is now.
    #[must_use]
    pub fn snapshot(&self) -> HallSnapshot {
        let (at, limits) = (self.now, &self.core.limits);
        let cameras = self
            .core
            .cfg
            .cameras
            .iter()
            .zip(&self.cameras)
            .map(|(id, watch)| CameraSnapshot {
                camera: id.clone(),
                down: watch.down(at, limits.camera_stale),
                last_seen: watch.last_seen(),
            });
        HallSnapshot {
            at,
            windows: self
                .windows
                .iter()
                .map(|window| window.snapshot(at, limits))
                .collect(),
            queues: self
                .queues
                .iter()
                .map(|queue| queue.snapshot(at, limits))
                .collect(),
            cameras: cameras.collect(),
            sensors: self.sensor_snapshots(at),
        }
    }

    /// How long a window has been in each state since the engine started; `None` for an unknown window.
    #[must_use]
    pub fn tally(&self, window: &WindowId) -> Option<Tally> {
        let ix = self.core.layout.window(window)?;
        self.windows.get(ix).map(|window| window.tally_at(self.now))
    }

    /// The agent stops at `at`. Open events stay open, they go on after a restart; the running minute is summed up.
    pub fn finish(&mut self, at: HallTime) {
        let at = at.max(self.now);
        self.fire(at);
        self.now = at;
        if at > self.minute.from.at {
            self.sum_up(at);
        }
        self.enter();
    }

    /// Acts on every deadline up to `at`, in order of time.
    fn fire(&mut self, at: HallTime) {
        while let Some(due) = self.timers.earliest().filter(|due| *due <= at) {
            self.now = self.now.max(due);
            let queues_from = self.queue_slot(0);
            for slot in 0..self.slots() {
                if slot == queues_from {
                    // Groups judge with their windows, and queues with all of them, as they are at this instant.
                    self.spread(due);
                    self.fire_groups(due);
                    self.spread(due);
                }
                if self.timers.is_due(slot, due) {
                    self.settle(slot, due);
                }
            }
            self.spread(due);
        }
    }

    fn queue_slot(&self, ix: usize) -> usize {
        self.cameras.len() + self.sensors.len() + self.windows.len() + ix
    }

    fn fire_groups(&mut self, due: HallTime) {
        for slot in self.group_slot(0)..self.slots() {
            if self.timers.is_due(slot, due) {
                self.settle(slot, due);
            }
        }
    }

    fn group_slot(&self, ix: usize) -> usize {
        self.queue_slot(self.queues.len()) + 2 + self.gateways.len() + ix
    }

    fn slots(&self) -> usize {
        self.group_slot(self.groups.len())
    }

    /// Settles one rule at `at` and sets its timer anew. Slots: cameras, sensors, windows, queues, the
    /// minute, the box itself, gateways, groups.
    fn settle(&mut self, slot: usize, at: HallTime) {
        let (c, s, w, q) = (
            self.cameras.len(),
            self.sensors.len(),
            self.windows.len(),
            self.queues.len(),
        );
        let groups_from = self.group_slot(0);
        let mut ctx = self.core.ctx(&mut self.out);
        let mut watch = |watch: &mut Watch| {
            watch.settle(at, &mut ctx);
            watch.next(&ctx)
        };
        let due = if slot < c {
            watch(&mut self.cameras[slot])
        } else if slot >= groups_from {
            let rule = &mut self.groups[slot - groups_from].rule;
            rule.settle(at, &mut ctx);
            rule.next(ctx.limits)
        } else if slot > c + s + w + q + 1 {
            watch(&mut self.gateways[slot - (c + s + w + q + 2)])
        } else if slot < c + s {
            self.settle_sensor(slot - c, at)
        } else if slot < c + s + w {
            let window = &mut self.windows[slot - c - s];
            window.settle(at, &mut ctx);
            let due = window.next(ctx.limits);
            self.note_window(slot - c - s);
            self.note_seat(slot - c - s, at);
            due
        } else if slot < c + s + w + q {
            let queue = &mut self.queues[slot - c - s - w];
            queue.settle(at, &mut ctx);
            let due = queue.next(ctx.limits);
            self.note_queue(slot - c - s - w);
            due
        } else if slot < c + s + w + q + 1 {
            if self.minute.due <= at {
                self.sum_up(at);
            }
            Some(self.minute.due)
        } else {
            self.device.settle(at, &mut ctx);
            self.device.next()
        };
        self.timers.set(slot, due);
    }

    fn rearm_all(&mut self) {
        self.timers = Timers::new(self.slots());
        for slot in 0..self.slots() {
            self.settle(slot, self.now);
        }
    }

    fn rearm_window(&mut self, ix: usize) {
        self.settle(self.cameras.len() + self.sensors.len() + ix, self.now);
    }

    fn rearm_group(&mut self, ix: usize) {
        self.settle(self.group_slot(ix), self.now);
    }

    fn rearm_queue(&mut self, ix: usize) {
        self.settle(self.queue_slot(ix), self.now);
    }

    fn sum_up(&mut self, at: HallTime) {
        (self.calendar).look(at, &mut self.core.ctx(&mut self.out));
        for window in &mut self.windows {
            window.count_up(at, &mut self.core.ctx(&mut self.out));
        }
        let mut ctx = self.core.ctx(&mut self.out);
        let queues = self
            .queues
            .iter_mut()
            .map(|queue| queue.summary(at, &mut ctx))
            .collect();
        let watches = self
            .cameras
            .iter()
            .chain(&self.sensors)
            .chain(&self.gateways)
            .filter(|watch| watch.record().is_some())
            .count();
        let windows: usize = self.windows.iter().map(WindowRule::open_events).sum();
        let groups: usize = self.groups.iter().map(|g| g.rule.open_events()).sum();
        let open = watches
            + windows
            + groups
            + self.device.records().count()
            + usize::from(self.calendar.record().is_some())
            + self
                .queues
                .iter()
                .map(QueueRule::open_events)
                .sum::<usize>();
        let summary = Summary {
            from: self.minute.from,
            to: self.core.clock.stamp(at),
            windows: minute::counts(&self.windows),
            queues,
            open_events: u32::try_from(open).unwrap_or(u32::MAX),
            coverage: self.minute.coverage(at, &self.windows),
        };
        self.minute = Minute::new(at, &self.core.clock, &self.windows);
        self.out.push_back(Output::Summary(summary));
    }
}

/// A window as configured, with nothing observed.
fn new_window(
    core: &Core,
    ix: usize,
    down: &[Option<FaultCause>],
    start: HallTime,
    out: &mut VecDeque<Output>,
) -> WindowRule {
    let cfg = &core.cfg.windows[ix];
    let sight = Sight::new(&core.layout.window_cameras[ix], down, None);
    let feelers = Feelers::new(core.cfg.sensors.iter().filter(|s| s.window == cfg.id), None);
    WindowRule::new(cfg, sight, feelers, start, &mut core.ctx(out))
}

/// A queue as configured, with what `old` knew.
fn new_queue(
    core: &Core,
    ix: usize,
    down: &[Option<FaultCause>],
    at: HallTime,
    old: Option<QueueRule>,
    out: &mut VecDeque<Output>,
) -> QueueRule {
    let cfg = &core.cfg.queues[ix];
    let ctx = core.ctx(out);
    let fed = core
        .cfg
        .windows
        .iter()
        .filter(|w| cfg.windows.is_empty() || cfg.windows.contains(&w.id));
    let mut rosters: Vec<Roster> = fed
        .map(|w| Roster::new(Some(w.id.clone()), w.duty.clone(), at, &ctx))
        .collect();
    if rosters.is_empty() {
        rosters.push(Roster::new(None, None, at, &ctx));
    }
    QueueRule::new(cfg, &core.layout.queue_cameras[ix], down, rosters, at, old)
}
