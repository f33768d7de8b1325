//! The rule of one window: from what cameras and sensors say to a confirmed state, and from absence on duty to an event.
//! Every instant it acts on is a deadline it announced or an input; it knows no other window.

use super::conflict::Conflict;
use super::crew::Crew;
use super::episode::{Episode, Piece};
use super::feelers::{Feelers, Health};
use super::fusion::{Gate, Trust, VideoSays, judge};
use super::layout::WindowView;
use super::limits::Limits;
use super::pause::{Pauses, Signal};
use super::presence::{Bridge, Presence, Seen};
use super::record::Ctx;
use super::roster::Roster;
use super::sight::Sight;
use super::static_presence::StaticPresence;
use super::tally::Tally;
use super::unattended::Unattended;
use crate::account::TimeClass;
use crate::config::WindowConfig;
use crate::event::{EndReason, EventId, Level, Subject};
use crate::ids::{SensorId, WindowId};
use crate::observe::{FaultCause, SensorReading};
use crate::snapshot::{Reason, WindowState};
use crate::time::HallTime;
use crate::tri::Tri;

/// What a window's group makes of its absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Company {
    /// It is in no group, or in one whose windows all need their own clerk.
    Alone,
    /// Enough of the group is staffed.
    Covered,
    /// Too little of it is: the group is absent.
    Short,
    /// Nobody can see which.
    Unsure,
}

/// One window.
#[derive(Debug, Clone)]
pub(crate) struct WindowRule {
    pub(super) id: WindowId,
    /// What its events are about: the window, or the windows it stands for.
    pub(super) subject: Subject,
    /// It stands for several windows: what they say together, in place of cameras and sensors of its own.
    pub(super) crew: Option<Crew>,
    pub(super) min_staff: u32,
    pub(super) sight: Sight,
    pub(super) feelers: Feelers,
    pub(super) video: Presence,
    pub(super) post: Presence,
    pub(super) roster: Roster,
    pub(super) gate: Gate,
    /// Since when absence may count: start of duty, end of a pause, first trusted clock, start of the engine.
    pub(super) opened_at: HallTime,
    pub(super) conflict: Conflict,
    pub(super) statics: StaticPresence,
    pub(super) pauses: Pauses,
    pub(super) unattended: Unattended,
    pub(super) episode: Option<Episode>,
    /// Open events of the queues that feed it.
    pub(super) waiting: Vec<EventId>,
    pub(super) shown: (WindowState, Reason),
    pub(super) shown_since: HallTime,
    pub(super) company: Company,
    /// Since when, dated back.
    pub(super) company_since: HallTime,
    /// The published absence of its group.
    pub(super) company_event: Option<(EventId, Level)>,
    /// The open event about the whole hall.
    pub(super) roll_up: Option<EventId>,
    /// How the time shown counts.
    pub(super) class: TimeClass,
    pub(super) class_since: HallTime,
    /// Up to where intervals have been given out.
    pub(super) counted_to: HallTime,
    pub(super) tally: Tally,
    pub(super) settled_at: HallTime,
    /// Up to where pictures have said nothing new; what has added up since `settled_at` is added when something happens.
    pub(super) seen_at: HallTime,
}

impl WindowRule {
    pub fn new(
        cfg: &WindowConfig,
        sight: Sight,
        feelers: Feelers,
        start: HallTime,
        ctx: &mut Ctx<'_>,
    ) -> Self {
        let roster = Roster::new(Some(cfg.id.clone()), cfg.duty.clone(), start, ctx);
        let subject = Subject::Window(cfg.id.clone());
        let mut window = WindowRule::blank(cfg.id.clone(), subject, roster, start);
        (window.min_staff, window.sight, window.feelers) = (cfg.min_staff, sight, feelers);
        window.begin_at(start, ctx);
        window
    }

    /// Nothing seen, heard or judged yet.
    pub(super) fn blank(id: WindowId, subject: Subject, roster: Roster, start: HallTime) -> Self {
        WindowRule {
            subject,
            crew: None,
            id,
            min_staff: 1,
            sight: Sight::default(),
            feelers: Feelers::default(),
            video: Presence::new(start),
            post: Presence::new(start),
            roster,
            gate: Gate::Unsynced,
            opened_at: start,
            conflict: Conflict::default(),
            statics: StaticPresence::default(),
            pauses: Pauses::default(),
            unattended: Unattended::default(),
            episode: None,
            waiting: Vec::new(),
            shown: (WindowState::Unknown, Reason::NoObservation),
            shown_since: start,
            company: Company::Alone,
            company_since: start,
            company_event: None,
            roll_up: None,
            class: TimeClass::Unknown,
            class_since: start,
            counted_to: start,
            tally: Tally::default(),
            settled_at: start,
            seen_at: start,
        }
    }

    pub(super) fn begin_at(&mut self, start: HallTime, ctx: &mut Ctx<'_>) {
        self.regate(start, ctx);
        self.evaluate(start, ctx);
        self.shown_since = start;
        self.class_since = start;
    }

    /// Acts on every deadline up to `now`.
    pub fn settle(&mut self, now: HallTime, ctx: &mut Ctx<'_>) {
        while let Some(due) = self.next(ctx.limits).filter(|due| *due <= now) {
            self.account(due, ctx);
            self.evaluate(due, ctx);
        }
    }

    /// Takes what one picture shows of this window. False: nothing new, and no deadline comes sooner for it.
    pub fn observe(
        &mut self,
        camera: usize,
        at: HallTime,
        view: &WindowView,
        ctx: &mut Ctx<'_>,
    ) -> bool {
        if self.steady(ctx.limits) {
            let at = at.max(self.settled_at).max(self.seen_at);
            if self.sight.again(camera, at, view, ctx.limits) {
                self.seen_at = at;
                return false;
            }
        }
        let at = self.account(at, ctx);
        self.sight.observe(camera, at, view, self.min_staff);
        self.evaluate(at, ctx);
        true
    }

    /// Nothing can happen here but by a change or an announced deadline: a picture that shows no change need not be judged.
    fn steady(&self, limits: &Limits) -> bool {
        !limits.thorough
            && self.post.raw() != Tri::Unknown
            && self.video.raw() != Tri::Unknown
            && (self.episode.as_ref())
                .is_none_or(|episode| self.post.raw().is_no() && episode.steady())
    }

    /// Takes a sensor reading.
    pub fn sense(&mut self, at: HallTime, reading: &SensorReading, ctx: &mut Ctx<'_>) {
        let at = self.account(at, ctx);
        self.feelers.observe(at, reading, ctx.limits);
        self.evaluate(at, ctx);
    }

    /// A camera was reported down or up.
    pub fn camera_health(
        &mut self,
        camera: usize,
        when: HallTime,
        down: Option<FaultCause>,
        ctx: &mut Ctx<'_>,
    ) {
        let at = self.account(when, ctx);
        self.sight.health(camera, when, down);
        self.evaluate(at, ctx);
    }

    /// A sensor was reported down or up.
    pub fn sensor_health(
        &mut self,
        sensor: &SensorId,
        at: HallTime,
        health: Health,
        ctx: &mut Ctx<'_>,
    ) {
        let at = self.account(at, ctx);
        self.feelers.health(sensor, health);
        self.evaluate(at, ctx);
    }

    /// The gateway of a sensor went down or up.
    pub fn sensor_gateway(
        &mut self,
        sensor: &SensorId,
        at: HallTime,
        health: Health,
        ctx: &mut Ctx<'_>,
    ) {
        let at = self.account(at, ctx);
        self.feelers.gateway(sensor, health);
        self.evaluate(at, ctx);
    }

    /// A sensor is not believed any more, or again.
    pub fn sensor_credible(
        &mut self,
        sensor: &SensorId,
        at: HallTime,
        credible: bool,
        ctx: &mut Ctx<'_>,
    ) {
        let at = self.account(at, ctx);
        self.feelers.believe(sensor, at, credible);
        self.evaluate(at, ctx);
    }

    /// The wall clock or the calendar changed.
    pub fn reschedule(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        let at = self.account(at, ctx);
        self.roster.refresh(at, ctx);
        self.begin_leave(at, ctx);
        self.regate(at, ctx);
        self.end_foreign(at, ctx);
        if self.gate.is_off_duty() {
            self.end_duty(at, false, ctx);
        }
        self.evaluate(at, ctx);
    }

    /// The open events of the queues that feed this window have changed.
    pub fn hear(&mut self, at: HallTime, waiting: Vec<EventId>, ctx: &mut Ctx<'_>) {
        if self.waiting != waiting {
            let at = self.account(at, ctx);
            self.waiting = waiting;
            self.evaluate(at, ctx);
        }
    }

    /// Goes to `at` with the state as it is; what fell due before has been acted on. Returns the instant reached, never
    /// earlier than the one before.
    pub(super) fn account(&mut self, at: HallTime, ctx: &Ctx<'_>) -> HallTime {
        let from = self.settled_at;
        let at = at.max(from).max(self.seen_at);
        self.settled_at = at;
        self.tally.add(self.class, at.since_ms(from));
        let (video, judged) = (&self.video, self.gate == Gate::Open);
        (self.conflict).pass(from, at, video.raw(), video.confirmed(), judged);
        let piece = self.piece();
        if let Some(episode) = &mut self.episode {
            episode.add(from, at, piece, ctx.limits);
            if self.post.stirring(at, ctx.limits) {
                episode.stirring(at.since_ms(from));
            } else if self.post.raw().is_no() {
                episode.still();
            }
        }
        at
    }

    /// Up to where the window's state is known to have lasted.
    pub(super) fn seen_to(&self) -> HallTime {
        self.settled_at.max(self.seen_at)
    }

    /// How the time going on counts in an absence.
    pub(super) fn piece(&self) -> Piece {
        match self.post.raw() {
            _ if self.gate == Gate::Unsynced => Piece::Unjudged,
            Tri::Yes => Piece::Present,
            _ if self.gate == Gate::Paused => Piece::Paused,
            Tri::No => Piece::Absent,
            Tri::Unknown => Piece::Unobserved,
        }
    }

    /// Everything that can happen at one instant, in this order: what is observed; pause; conflict; the ladder and returns;
    /// the end of duty (so that an absence of exactly `notice_s` before closing time is still one); the state shown.
    pub(super) fn evaluate(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        self.look(at, ctx);
        self.regate(at, ctx);
        if self.disagree(at, ctx) {
            self.look(at, ctx);
        }
        self.follow(at, ctx);
        self.doubt_stillness(at, ctx);
        self.follow_pauses(at, ctx);
        self.follow_customers(at, ctx);
        if self.roster.until() <= at {
            self.turn(at, ctx);
            self.follow(at, ctx);
            self.doubt_stillness(at, ctx);
            self.follow_pauses(at, ctx);
            self.follow_customers(at, ctx);
        }
        self.show(at, ctx);
    }

    fn follow_pauses(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        if self.crew.is_some() {
            return;
        }
        let signal = Signal {
            window: &self.id,
            feelers: &self.feelers,
            gate: self.gate,
            stretch: self.roster.stretch(),
        };
        self.pauses.follow(at, &signal, ctx);
    }

    /// Brings the presence filters up to date.
    fn look(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        let moved = match self.crew {
            Some(_) => self.look_at_crew(at, ctx),
            None => {
                self.look_at_post(at, ctx);
                self.sight.moved()
            }
        };
        self.post.check(at, ctx.limits);
        if self.post.raw() == Tri::Unknown && moved {
            self.unobservable(at, ctx);
        }
    }

    fn look_at_post(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        let limits = ctx.limits;
        let says = self.sight.says(at, limits);
        match says {
            VideoSays::Present | VideoSays::Absent => {
                let contradicted = self.conflict.record().is_some();
                let present = says == VideoSays::Present;
                let seen = self.video.observe(at, present, contradicted, limits);
                if seen != Seen::Continued {
                    self.conflict.regain_video(at, seen == Seen::Bridged);
                }
            }
            VideoSays::Still => {
                let since = self.sight.still_from(at, limits).unwrap_or(at);
                if let Some(since) = self.video.lose(since, Bridge::Forbidden) {
                    self.conflict.lose_video(since);
                }
            }
            VideoSays::Silent | VideoSays::Never | VideoSays::NotFitted => {
                let last = self.sight.last_seen().unwrap_or(at);
                if let Some(since) = self.video.lose(last, self.sight.bridge()) {
                    self.conflict.lose_video(since);
                }
            }
        }
        self.video.check(at, limits);

        let trust = self.conflict.trust();
        let (state, _) = judge(Gate::Open, says, self.feelers.say(at, limits), trust);
        match state {
            WindowState::Staffed | WindowState::Unstaffed => {
                self.take(at, state == WindowState::Staffed, limits);
            }
            _ => self.lose(at, says, trust, ctx),
        }
    }

    /// Somebody is there, or nobody.
    pub(super) fn take(&mut self, at: HallTime, present: bool, limits: &Limits) {
        let seen = self
            .post
            .observe(at, present, self.episode.is_some(), limits);
        if let Some(episode) = &mut self.episode {
            match seen {
                Seen::Continued => {}
                Seen::Bridged => episode.bridge(present, limits),
                Seen::Anew => episode.end_gap(),
            }
        }
    }

    fn lose(&mut self, at: HallTime, says: VideoSays, trust: Trust, ctx: &Ctx<'_>) {
        let video = self.sight.last_seen();
        let since = match trust {
            // Neither source is believed from where they began to differ.
            Trust::Conflict => self.conflict.since().unwrap_or(at),
            // What never moves was no proof all that time, unless a sensor vouched for it.
            Trust::Sound if says == VideoSays::Still => {
                let since = self.sight.still_from(at, ctx.limits);
                since.max(self.feelers.vouched_until()).unwrap_or(at)
            }
            // Absence rests on video alone, presence on whatever said so last.
            Trust::Sound if self.post.raw().is_no() && says != VideoSays::NotFitted => {
                video.unwrap_or(at)
            }
            Trust::Sound => video.max(self.feelers.last_seen()).unwrap_or(at),
        };
        let bridge = if trust == Trust::Conflict || says == VideoSays::Still {
            Bridge::Forbidden
        } else {
            self.sight.bridge()
        };
        self.lose_sight(at, since, bridge, ctx);
    }

    /// Nobody can say from `since` on.
    pub(super) fn lose_sight(
        &mut self,
        at: HallTime,
        since: HallTime,
        bridge: Bridge,
        ctx: &Ctx<'_>,
    ) {
        if let Some(since) = self.post.lose(since.min(at), bridge)
            && let Some(episode) = &mut self.episode
        {
            // Paused time stays paused.
            let ms = if self.gate == Gate::Open {
                at.since_ms(since)
            } else {
                0
            };
            episode.begin_gap(at, ms, ctx.limits);
        }
    }

    /// Sets the gate; a pause that begins before an absence was published excuses it, and absence counts anew after it.
    pub(super) fn regate(&mut self, at: HallTime, ctx: &Ctx<'_>) {
        let gate = if !ctx.clock.synced {
            Gate::Unsynced
        } else if self.roster.stretch().is_none() {
            if self.roster.spare() {
                Gate::Spare
            } else {
                Gate::OffDuty
            }
        } else if self.roster.leave().is_some() {
            Gate::OnLeave
        } else if self.paused(at, ctx.limits) {
            Gate::Paused
        } else {
            Gate::Open
        };
        if gate == self.gate {
            return;
        }
        if gate != Gate::Open
            && self.episode.as_ref().is_some_and(|e| e.record.is_none())
            && !gate.is_off_duty()
        {
            self.episode = None;
        }
        self.opened_at = match (self.roster.leave(), self.roster.stretch()) {
            // Leave may be entered afterwards.
            (Some(leave), Some(stretch)) if gate == Gate::OnLeave => {
                leave.max(stretch.from).min(at)
            }
            _ => at,
        };
        self.gate = gate;
    }

    /// Reports what never moves, on duty and where no sensor vouches for it, until something moves there or nobody is there.
    fn doubt_stillness(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        if self.gate.is_off_duty() {
            self.statics.end(ctx, at, EndReason::ScheduleEnd);
            return;
        }
        let vouched = self.feelers.presence(at, ctx.limits).is_yes();
        match self.sight.says(at, ctx.limits) {
            VideoSays::Still if !vouched => {
                let Some(stretch) = self.roster.stretch().filter(|_| self.gate == Gate::Open)
                else {
                    return;
                };
                let since = self.sight.still_from(at, ctx.limits).unwrap_or(at);
                let evidence = self.sight.still_names(at, ctx.limits);
                let since = since.max(stretch.from);
                self.statics.suspect(ctx, at, since, &self.id, evidence);
            }
            VideoSays::Still | VideoSays::Present | VideoSays::Absent => {
                self.statics.end(ctx, at, EndReason::Recovered);
            }
            VideoSays::Silent | VideoSays::Never | VideoSays::NotFitted => {}
        }
    }

    /// Returns true when the conflict began or ended.
    fn disagree(&mut self, at: HallTime, ctx: &mut Ctx<'_>) -> bool {
        let contradiction = self.feelers.contradicting(at, ctx.limits);
        let Some((sensor, on_since)) = contradiction.filter(|_| !self.video.confirmed().is_yes())
        else {
            // Somebody is seen: they have agreed since that began.
            let agreed = self.video.confirmed().is_yes().then(|| self.video.since());
            let end = agreed.unwrap_or(at);
            return (self.conflict).resolve(ctx, at, end, EndReason::Recovered);
        };
        if self.gate != Gate::Open || !self.video.confirmed().is_no() {
            self.conflict.suspend();
            return false;
        }
        let since = self.video.since().max(on_since).max(self.opened_at);
        let mut evidence = Vec::new();
        self.sight.evidence(at, false, ctx.limits, &mut evidence);
        self.feelers.evidence(at, true, ctx.limits, &mut evidence);
        self.conflict.disagree(ctx, at, since, sensor, evidence)
    }
}
