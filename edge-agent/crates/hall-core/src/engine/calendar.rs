//! The calendars of holidays and make-up workdays end with their year: `calendar_missing` from 1 December on when none speaks for the
//! next one. Knows no window.

use super::record::{Ctx, Facts, OpenRecord, Opening};
use crate::duty;
use crate::event::{EndReason, EventCode, Level, Subject};
use crate::time::HallTime;

/// What is said about the calendars.
#[derive(Debug, Clone, Default)]
pub(crate) struct CalendarWatch {
    record: Option<OpenRecord>,
}

impl CalendarWatch {
    pub fn record(&self) -> Option<&OpenRecord> {
        self.record.as_ref()
    }

    /// Goes on with an open event after a restart.
    pub fn resume(&mut self, record: OpenRecord) {
        self.record = Some(record);
    }

    /// Looks the calendars up at `at`; once a minute is often enough, for local midnight is a full minute.
    pub fn look(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        if !ctx.clock.synced {
            return;
        }
        let missing = duty::missing_year(ctx.duty, ctx.local_ms(at));
        let onset = missing.map(|missing| ctx.clock.stamp(ctx.hall_of_local(missing.since_ms)));
        if let Some(record) = self
            .record
            .take_if(|record| onset.is_none_or(|onset| onset.unix_ms != record.onset.unix_ms))
        {
            let (begun, end) = (record.onset, ctx.clock.stamp(at));
            let facts = length(end.unix_ms - begun.unix_ms);
            record.close(ctx, at, end, EndReason::Recovered, facts);
        }
        if let (Some(missing), Some(onset), None) = (missing, onset, &self.record) {
            let opening = Opening {
                code: EventCode::CalendarMissing,
                subject: Subject::Hall,
                level: Level::Info,
                onset,
                rule: ctx.limits.rule.clone(),
                evidence: vec![format!("calendar:{}", missing.year)],
                tags: Vec::new(),
            };
            let facts = length(at.since_ms(onset.at));
            self.record = Some(OpenRecord::raise(ctx, at, opening, facts));
        }
    }
}

fn length(ms: i64) -> Facts {
    Facts {
        duration_ms: ms.max(0),
        ..Facts::default()
    }
}
