//! Video sees nobody, a sensor insists: after `conflict_s` neither is believed and somebody is asked to look. Owns the
//! `sensor_conflict` event of one window; says nothing about staffing itself.

use super::fusion::Trust;
use super::record::{Ctx, Facts, OpenRecord, Opening};
use crate::event::{EndReason, EventCode, Level, Subject};
use crate::ids::SensorId;
use crate::time::HallTime;

/// The disagreement of one window, if there is one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conflict {
    since: Option<HallTime>,
    record: Option<OpenRecord>,
}

impl Conflict {
    /// Goes on with an open event after a restart.
    pub fn restore(record: OpenRecord) -> Self {
        Conflict {
            since: Some(record.onset.at),
            record: Some(record),
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

    /// The sources disagree since `since`. Returns true when that has just become too long.
    pub fn disagree(
        &mut self,
        ctx: &mut Ctx<'_>,
        at: HallTime,
        since: HallTime,
        sensor: SensorId,
        evidence: Vec<String>,
    ) -> bool {
        self.since = Some(since);
        if self.record.is_some() || at.since_ms(since) < ctx.limits.conflict {
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
        self.record = Some(OpenRecord::raise(ctx, at, opening, length(since, at)));
        true
    }

    /// Nothing can be said: a disagreement not yet reported is forgotten, a reported one stays.
    pub fn suspend(&mut self) {
        if self.record.is_none() {
            self.since = None;
        }
    }

    /// The sources agree again, or the sensor fell silent. Returns true when an event was closed.
    pub fn resolve(&mut self, ctx: &mut Ctx<'_>, at: HallTime, reason: EndReason) -> bool {
        let since = self.since.take();
        let Some(record) = self.record.take() else {
            return false;
        };
        let end = ctx.clock.stamp(at);
        record.close(ctx, at, end, reason, length(since.unwrap_or(at), at));
        true
    }

    /// When the present disagreement becomes too long.
    pub fn due(&self, conflict_ms: i64) -> Option<HallTime> {
        self.since
            .filter(|_| self.record.is_none())
            .map(|since| since.plus_ms(conflict_ms))
    }
}

fn length(since: HallTime, at: HallTime) -> Facts {
    Facts {
        duration_ms: at.since_ms(since).max(0),
        ..Facts::default()
    }
}
