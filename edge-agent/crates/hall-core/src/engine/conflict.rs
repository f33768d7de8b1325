//! Video sees nobody, a sensor insists: after `conflict_s` neither is believed and somebody is asked to look. Owns the
//! `sensor_conflict` event of one window and what video alone saw meanwhile; says nothing about staffing itself.

use super::fusion::Trust;
use super::record::{Ctx, Facts, OpenRecord, Opening};
use crate::event::{EndReason, Event, EventCode, EventId, Level, Subject};
use crate::ids::SensorId;
use crate::time::HallTime;
use crate::tri::Tri;

/// Pieces of absence remembered of one disagreement; what is beyond them is not known to have been observed.
const MAX_SPANS: usize = 64;

/// What video alone saw while it was contradicted.
#[derive(Debug, Clone, Default)]
struct Sighting {
    /// Observed absence, in order.
    absent: Vec<(HallTime, HallTime)>,
    unobserved_ms: i64,
    /// Where the silence of video going on began.
    gap: Option<HallTime>,
}

impl Sighting {
    fn add_absence(&mut self, from: HallTime, to: HallTime) {
        let room = self.absent.len() < MAX_SPANS && from < to;
        match self.absent.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            _ if room => self.absent.push((from, to)),
            _ => {}
        }
    }

    /// Nothing from `to` on was absence after all; returns how much that takes away.
    fn cut(&mut self, to: HallTime) -> i64 {
        let before = self.absent_ms();
        self.absent.retain(|span| span.0 < to);
        if let Some(last) = self.absent.last_mut() {
            last.1 = last.1.min(to);
        }
        before - self.absent_ms()
    }

    fn absent_ms(&self) -> i64 {
        self.absent
            .iter()
            .map(|(from, to)| to.since_ms(*from))
            .sum()
    }
}

/// The disagreement of one window, if there is one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conflict {
    since: Option<HallTime>,
    record: Option<OpenRecord>,
    sighting: Sighting,
    /// The last one that is over, and when video saw nobody during it.
    last: Option<(EventId, Vec<(HallTime, HallTime)>)>,
    /// A person decided that video is wrong, until the sources agree again.
    video_wrong: bool,
}

impl Conflict {
    /// Goes on with an open event after a restart; what was observed after its last revision nobody knows.
    pub fn restore(record: OpenRecord, known: Option<&Event>, now: HallTime) -> Self {
        let since = record.onset.at;
        let absent_ms = known.map_or(0, |event| event.absent_ms);
        let to = since.plus_ms(absent_ms);
        Conflict {
            since: Some(since),
            record: Some(record),
            sighting: Sighting {
                absent: vec![(since, to)],
                unobserved_ms: now.since_ms(to).max(0),
                gap: None,
            },
            ..Conflict::default()
        }
    }

    pub fn trust(&self) -> Trust {
        if self.record.is_some() {
            Trust::Conflict
        } else {
            Trust::Sound
        }
    }

    /// Since when the sources differ.
    pub fn since(&self) -> Option<HallTime> {
        self.since
    }

    pub fn record(&self) -> Option<&OpenRecord> {
        self.record.as_ref()
    }

    /// Time passes while the sources disagree: what video says, and whether it would be judged.
    pub fn pass(&mut self, from: HallTime, to: HallTime, video: Tri, confirmed: Tri, judged: bool) {
        if self.record.is_none() || from >= to {
            return;
        }
        match video {
            Tri::Unknown => self.sighting.unobserved_ms += to.since_ms(from),
            // After a silence what is seen counts before it is confirmed anew.
            Tri::No if judged && !confirmed.is_yes() => self.sighting.add_absence(from, to),
            Tri::Yes if judged && confirmed.is_no() => self.sighting.add_absence(from, to),
            _ => {}
        }
    }

    /// Video turns out to have been silent since `since`.
    pub fn lose_video(&mut self, since: HallTime) {
        if self.record.is_some() {
            self.sighting.unobserved_ms += self.sighting.cut(since);
            self.sighting.gap = Some(since);
        }
    }

    /// Video is back; with `bridged` it saw the same all the time.
    pub fn regain_video(&mut self, at: HallTime, bridged: bool) {
        if let Some(since) = self.sighting.gap.take().filter(|_| bridged) {
            self.sighting.unobserved_ms -= at.since_ms(since);
            self.sighting.add_absence(since, at);
        }
    }

    /// The sources disagree since `since`. Returns true when that has just become too long.
    pub fn disagree(
        &mut self,
        ctx: &mut Ctx<'_>,
        at: HallTime,
        since: HallTime,
        sensor: SensorId,
        evidence: Vec<String>,
    ) -> bool {
        if self.record.is_some() || self.video_wrong {
            return false;
        }
        self.since = Some(since);
        if at.since_ms(since) < ctx.limits.conflict {
            return false;
        }
        let opening = Opening {
            code: EventCode::SensorConflict,
            subject: Subject::Sensor(sensor),
            level: Level::Fault,
            onset: ctx.clock.stamp(since),
            rule: ctx.limits.rule.clone(),
            evidence,
            tags: Vec::new(),
        };
        self.sighting = Sighting::default();
        self.sighting.add_absence(since, at);
        let facts = self.facts(since, at);
        self.record = Some(OpenRecord::raise(ctx, at, opening, facts));
        true
    }

    /// Nothing can be said: a disagreement not yet reported is forgotten, a reported one stays.
    pub fn suspend(&mut self) {
        if self.record.is_none() {
            self.since = None;
        }
    }

    /// The sources have agreed again since `end`, the sensor fell silent, its duty is over, or a person decided it. Returns true when
    /// an event was closed.
    pub fn resolve(
        &mut self,
        ctx: &mut Ctx<'_>,
        at: HallTime,
        end: HallTime,
        reason: EndReason,
    ) -> bool {
        self.video_wrong = false;
        let since = self.since.take().unwrap_or(at);
        let Some(record) = self.record.take() else {
            return false;
        };
        let end = end.max(since).min(at);
        self.sighting.cut(end);
        self.last = Some((record.id, self.sighting.absent.clone()));
        let facts = self.facts(since, end);
        let end = ctx.clock.stamp(end);
        record.close(ctx, at, end, reason, facts);
        true
    }

    /// A person decided that video is wrong: the sensor counts until the sources agree again.
    pub fn distrust_video(&mut self) {
        self.video_wrong = true;
    }

    /// When video saw nobody in that disagreement, the last one; `None`: it was an earlier one, or of before a restart.
    pub fn absences(&self, id: EventId) -> Option<&[(HallTime, HallTime)]> {
        let last = self.last.as_ref().filter(|(last, _)| *last == id)?;
        Some(&last.1)
    }

    /// When the present disagreement becomes too long.
    pub fn due(&self, conflict_ms: i64) -> Option<HallTime> {
        self.since
            .filter(|_| self.record.is_none() && !self.video_wrong)
            .map(|since| since.plus_ms(conflict_ms))
    }

    fn facts(&self, since: HallTime, to: HallTime) -> Facts {
        let duration_ms = to.since_ms(since).max(0);
        let absent_ms = self.sighting.absent_ms();
        Facts {
            duration_ms,
            absent_ms,
            unobserved_ms: (self.sighting.unobserved_ms)
                .min(duration_ms - absent_ms)
                .max(0),
            ..Facts::default()
        }
    }
}
