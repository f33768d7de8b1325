//! Decisions of people on events: looks the event up, asks the tables of [`case`] and writes a further revision. Knows no rule; a
//! decision changes what is recorded, never what is observed; only which of two sources was wrong has to be acted on (`ruling`).

use super::Engine;
use crate::case::{self, Concern};
use crate::event::{Event, EventCode, EventId, Revision};
use crate::order::{CaseAction, CaseReason, EventRef, Order, Refusal};
use crate::time::HallTime;

impl Engine {
    pub(super) fn decide_case(
        &mut self,
        at: HallTime,
        given: HallTime,
        order: &Order,
        event: &EventRef,
        action: CaseAction,
        reason: CaseReason,
    ) -> Result<Vec<EventId>, Refusal> {
        // What fell due before the order is in the book before it.
        self.enter();
        let by = &order.by;
        let event = self.known(event).ok_or(Refusal::Unknown)?;
        let (id, code) = (event.id, event.code);
        let review = case::decide(
            event,
            &Concern::of(&event.subject, &self.core.cfg),
            by,
            action,
            reason,
        )?;
        let decided = self.core.clock.stamp(given);
        let over = event.end.is_some_and(|end| end.unix_ms <= decided.unix_ms);
        let revision = Revision {
            action,
            by: by.id.clone(),
            role: by.role,
            reason,
            at: decided,
            retroactive: action == CaseAction::Excuse && over,
            tx: order.tx.clone(),
        };
        let now = self.core.clock.stamp(at);
        let decided = revision.clone();
        let revised = self.revise(id, now, review, revision, |event| {
            if action == CaseAction::Downgrade
                && let Some(level) = case::downgraded(event.level)
            {
                event.level = level;
            }
        });
        let mut revised: Vec<EventId> = revised.into_iter().collect();
        if (code, action) == (EventCode::SensorConflict, CaseAction::Resolve) {
            revised.extend(self.rule_between(at, id, &decided));
        }
        Ok(revised)
    }

    fn known(&self, event: &EventRef) -> Option<&Event> {
        match event {
            EventRef::Id(id) => self.book.get(*id),
            EventRef::Newest {
                code,
                subject,
                onset_unix_ms,
            } => self
                .book
                .iter()
                .filter(|event| event.code == *code && event.subject == *subject)
                .filter(|event| onset_unix_ms.is_none_or(|onset| event.onset.unix_ms == onset))
                .max_by_key(|event| event.onset.unix_ms),
        }
    }
}
