//! Health of one camera, sensor or gateway: silent or reported down for too long is an event, on duty or not; so is a sensor
//! that is not believed. Knows nothing of what the source observes.

use super::limits::Limits;
use super::record::{Ctx, Facts, OpenRecord, Opening};
use crate::event::{EndReason, EventCode, Level, Subject, Tag};
use crate::ids::{CameraId, GatewayId, SensorId};
use crate::observe::FaultCause;
use crate::time::HallTime;

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Watched {
    /// A camera: it must deliver; silence is a fault.
    Camera(CameraId),
    /// A sensor: silence makes it stale, but only a reported defect is a fault.
    Sensor(SensorId),
    /// A gateway of sensors: it is down only when that is reported.
    Gateway(GatewayId),
}

/// What a fault rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basis {
    /// Seen by this engine.
    Observed,
    /// Known from before a restart; it goes on until the source is heard of.
    Remembered,
}

#[derive(Debug, Clone)]
struct Fault {
    cause: FaultCause,
    since: HallTime,
    basis: Basis,
    record: Option<OpenRecord>,
}

impl Fault {
    /// The event and its onset, if it was published.
    fn published(&mut self) -> Option<(HallTime, &mut OpenRecord)> {
        let since = self.since;
        self.record.as_mut().map(|record| (since, record))
    }
}

/// One source.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    what: Watched,
    start: HallTime,
    last_seen: Option<HallTime>,
    reported: Option<(FaultCause, HallTime)>,
    /// It is not believed, and since when there was reason for that.
    doubt: Option<(Tag, HallTime)>,
    /// Its gateway is down: whatever is wrong with it is the gateway's fault.
    sheltered: bool,
    /// It delivered or was reported up since the engine started.
    heard: bool,
    fault: Option<Fault>,
    /// End of the last fault; the next one begins no earlier.
    sound_from: HallTime,
    settled_at: HallTime,
}

impl Watch {
    pub fn new(what: Watched, start: HallTime) -> Self {
        Watch {
            what,
            start,
            last_seen: None,
            reported: None,
            doubt: None,
            sheltered: false,
            heard: false,
            fault: None,
            sound_from: start,
            settled_at: start,
        }
    }

    /// Goes on with an open event after a restart. A moved view stays moved until a person says otherwise.
    pub fn resume(&mut self, record: OpenRecord) {
        let cause = cause(record.code);
        let since = record.onset.at.min(self.start);
        if cause == FaultCause::Moved {
            self.reported = Some((cause, since));
        }
        self.fault = Some(Fault {
            cause,
            since,
            basis: Basis::Remembered,
            record: Some(record),
        });
    }

    pub fn what(&self) -> &Watched {
        &self.what
    }

    pub fn last_seen(&self) -> Option<HallTime> {
        self.last_seen
    }

    pub fn record(&self) -> Option<&OpenRecord> {
        self.fault.as_ref().and_then(|fault| fault.record.as_ref())
    }

    /// Reported down and not up again.
    pub fn reported(&self) -> Option<FaultCause> {
        self.reported.map(|(cause, _)| cause)
    }

    /// Since when it has been reported down.
    pub fn reported_since(&self) -> Option<HallTime> {
        self.reported.map(|(_, since)| since)
    }

    /// Since when it has been watched.
    pub fn start(&self) -> HallTime {
        self.start
    }

    /// Its gateway is down.
    pub fn sheltered(&self) -> bool {
        self.sheltered
    }

    /// Why it is of no use now: reported down, or a camera silent for too long.
    pub fn down(&self, at: HallTime, stale_ms: i64) -> Option<FaultCause> {
        self.trouble(at, stale_ms).map(|(cause, _)| cause)
    }

    /// A sound source delivered, in time. False: something is or was wrong, and nothing was taken.
    pub fn again(&mut self, at: HallTime, taken: HallTime, limits: &Limits) -> bool {
        let sound = self.fault.is_none() && self.reported.is_none() && self.heard;
        if limits.thorough || !sound || at.since_ms(taken) > limits.camera_stale {
            return false;
        }
        self.settled_at = self.settled_at.max(at);
        self.last_seen = self.last_seen.max(Some(taken));
        true
    }

    /// It delivered something taken at `taken`. A picture later than a report of `Offline` or `Unanalysed` disproves it. Returns true when
    /// it does.
    pub fn observe(&mut self, at: HallTime, taken: HallTime, ctx: &mut Ctx<'_>) -> bool {
        self.advance(at, ctx);
        let taken = taken.min(at);
        self.heard = true;
        self.last_seen = Some(self.last_seen.map_or(taken, |last| last.max(taken)));
        let back = self.reported.is_some_and(|(cause, since)| {
            matches!(cause, FaultCause::Offline | FaultCause::Unanalysed) && taken > since
        });
        if back {
            self.reported = None;
        }
        self.evaluate(self.settled_at, ctx);
        back
    }

    /// It was reported down or up at `when`.
    pub fn health(
        &mut self,
        at: HallTime,
        when: HallTime,
        down: Option<FaultCause>,
        ctx: &mut Ctx<'_>,
    ) {
        self.advance(at, ctx);
        let when = when.min(at);
        // A camera proves itself by a picture, a sensor by being reported up.
        self.heard |= down.is_none() && !matches!(self.what, Watched::Camera(_));
        // Only a picture shows that it is dark, covered or moved no more: the report stands for one, so that no silence is
        // counted from before it.
        if down.is_none()
            && self
                .reported
                .is_some_and(|(cause, _)| cause != FaultCause::Offline)
        {
            self.last_seen = self.last_seen.map(|last| last.max(when));
        }
        // Until now it delivered, only nobody looked: that silence is not held against it.
        if self
            .reported
            .is_some_and(|(cause, _)| cause == FaultCause::Unanalysed)
        {
            self.last_seen = Some(self.last_seen.map_or(when, |last| last.max(when)));
        }
        self.reported = match (down, self.reported) {
            (Some(cause), Some((before, since))) if cause == before => Some((cause, since)),
            (Some(cause), _) => Some((cause, when)),
            (None, _) => None,
        };
        self.evaluate(self.settled_at, ctx);
    }

    /// It is not believed any more, or again.
    pub fn doubt(&mut self, at: HallTime, doubt: Option<(Tag, HallTime)>, ctx: &mut Ctx<'_>) {
        if self.doubt == doubt {
            return;
        }
        self.advance(at, ctx);
        self.doubt = doubt;
        self.evaluate(self.settled_at, ctx);
        let now = self.settled_at;
        if let Some((tag, _)) = doubt
            && let Some((since, record)) = self.fault.as_mut().and_then(Fault::published)
            && !record.tags.contains(&tag)
        {
            record.add_tag(tag);
            record.escalate(ctx, now, Level::Fault, length(since, now));
        }
    }

    /// Its gateway is down or up again. What was wrong meanwhile counts from then.
    pub fn shelter(&mut self, at: HallTime, sheltered: bool, ctx: &mut Ctx<'_>) {
        if self.sheltered == sheltered {
            return;
        }
        self.advance(at, ctx);
        self.sheltered = sheltered;
        if !sheltered {
            let now = self.settled_at;
            self.reported = self.reported.map(|(cause, since)| (cause, since.max(now)));
            if self.fault.is_none() {
                self.sound_from = now;
            }
        }
        self.evaluate(self.settled_at, ctx);
    }

    /// Acts on every deadline up to `now`.
    pub fn settle(&mut self, now: HallTime, ctx: &mut Ctx<'_>) {
        while let Some(due) = self.next(ctx).filter(|due| *due <= now) {
            self.advance(due, ctx);
        }
    }

    /// The configuration no longer holds it.
    pub fn remove(mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        self.close(at, EndReason::Reconfigured, ctx);
    }

    fn advance(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        self.settled_at = self.settled_at.max(at);
        self.evaluate(self.settled_at, ctx);
    }

    /// What is wrong now and since when; silence counts from the last picture, or from the start.
    fn trouble(&self, at: HallTime, stale_ms: i64) -> Option<(FaultCause, HallTime)> {
        let silent_from = self.last_seen.unwrap_or(self.start);
        match self.reported {
            // A gateway says nothing itself: there is no last word to count from.
            Some((FaultCause::Offline, since)) if !matches!(self.what, Watched::Gateway(_)) => {
                Some((FaultCause::Offline, since.min(silent_from)))
            }
            Some(reported) => Some(reported),
            None if self.doubt.is_some() => {
                self.doubt.map(|(_, since)| (FaultCause::Defect, since))
            }
            None => {
                let silent =
                    matches!(self.what, Watched::Camera(_)) && at.since_ms(silent_from) > stale_ms;
                silent.then_some((FaultCause::Offline, silent_from))
            }
        }
    }

    fn evaluate(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        // An event that is open already goes on: it was not the gateway then.
        let hidden = self.sheltered && self.record().is_none() && self.doubt.is_none();
        let trouble = self
            .trouble(at, ctx.limits.camera_stale)
            .filter(|_| !hidden);
        let what = self.what.clone();
        let code = |cause| match &what {
            Watched::Camera(_) => camera_code(cause),
            Watched::Sensor(_) => Some(EventCode::SensorFault),
            Watched::Gateway(_) => Some(EventCode::GatewayOffline),
        };
        match (trouble, &mut self.fault) {
            (None, None) => {}
            (None, Some(fault)) if fault.basis == Basis::Remembered && !self.heard => {}
            (None, Some(_)) => self.close(at, EndReason::Recovered, ctx),
            (Some((cause, _)), Some(fault)) if code(fault.cause) == code(cause) => {
                fault.cause = cause
            }
            (Some((FaultCause::Offline, _)), Some(fault))
                if fault.basis == Basis::Remembered && !self.heard => {}
            (Some((cause, since)), fault) => {
                // Another fault hides the one before: whether that goes on cannot be seen.
                let after = match fault {
                    Some(fault) => fault.since.plus_ms(1),
                    // What gave reason for a doubt may lie before a restart.
                    None if self.doubt.is_some() => since,
                    None => self.sound_from,
                };
                let since = since.max(after);
                self.close(at, EndReason::Unobservable, ctx);
                self.fault = Some(Fault {
                    cause,
                    since,
                    basis: Basis::Observed,
                    record: None,
                });
            }
        }
        let Some(fault) = self.fault.as_mut().filter(|fault| fault.record.is_none()) else {
            return;
        };
        if self.doubt.is_none() && at.since_ms(fault.since) < ctx.limits.camera_fault {
            return;
        }
        let Some(code) = code(fault.cause) else {
            return;
        };
        let (subject, source) = match &what {
            Watched::Camera(id) => (Subject::Camera(id.clone()), format!("video:{id}")),
            Watched::Sensor(id) => (Subject::Sensor(id.clone()), format!("sensor:{id}")),
            Watched::Gateway(id) => (Subject::Gateway(id.clone()), format!("gateway:{id}")),
        };
        let opening = Opening {
            code,
            subject,
            level: Level::Fault,
            onset: ctx.clock.stamp(fault.since),
            rule: ctx.limits.rule.clone(),
            evidence: vec![source],
            tags: self.doubt.map(|(tag, _)| tag).into_iter().collect(),
        };
        let facts = length(fault.since, at);
        fault.record = Some(OpenRecord::raise(ctx, at, opening, facts));
    }

    fn close(&mut self, at: HallTime, reason: EndReason, ctx: &mut Ctx<'_>) {
        let Some(fault) = self.fault.take() else {
            return;
        };
        self.sound_from = at;
        let Some(record) = fault.record else { return };
        let end = ctx.clock.stamp(at);
        record.close(ctx, at, end, reason, length(fault.since, at));
    }

    pub fn next(&self, ctx: &Ctx<'_>) -> Option<HallTime> {
        let due = match &self.fault {
            Some(fault) if fault.record.is_none() => {
                Some(fault.since.plus_ms(ctx.limits.camera_fault))
            }
            Some(_) => None,
            None => matches!(self.what, Watched::Camera(_)).then(|| {
                let silent_from = self.last_seen.unwrap_or(self.start);
                silent_from.plus_ms(ctx.limits.camera_stale + 1)
            }),
        };
        due.filter(|due| *due > self.settled_at)
    }
}

fn length(since: HallTime, at: HallTime) -> Facts {
    Facts {
        duration_ms: at.since_ms(since).max(0),
        ..Facts::default()
    }
}

/// The event a camera's fault becomes; `None` when it is not the camera's fault.
fn camera_code(cause: FaultCause) -> Option<EventCode> {
    Some(match cause {
        FaultCause::Unanalysed => return None,
        FaultCause::Offline | FaultCause::Defect => EventCode::CameraOffline,
        FaultCause::Dark => EventCode::CameraDark,
        FaultCause::Blocked => EventCode::CameraBlocked,
        FaultCause::Blurry => EventCode::CameraBlurry,
        FaultCause::Frozen => EventCode::CameraFrozen,
        FaultCause::Moved => EventCode::CameraMoved,
    })
}

fn cause(code: EventCode) -> FaultCause {
    match code {
        EventCode::CameraDark => FaultCause::Dark,
        EventCode::CameraBlocked => FaultCause::Blocked,
        EventCode::CameraBlurry => FaultCause::Blurry,
        EventCode::CameraFrozen => FaultCause::Frozen,
        EventCode::CameraMoved => FaultCause::Moved,
        EventCode::SensorFault => FaultCause::Defect,
        _ => FaultCause::Offline,
    }
}
