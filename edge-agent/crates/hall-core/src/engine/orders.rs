//! Orders of people and the centre: each is checked for who may give it, done once, and answered. What an order does is the
//! business of the modules it is handed to (`leave`, `cases`).

use std::collections::VecDeque;

use super::{Checkpoint, Engine, Output};
use crate::event::{Event, EventId, Review, Revision};
use crate::order::{Answer, Directive, Order, Refusal};
use crate::time::{HallTime, Stamp};

/// Answers remembered, so that an order delivered again is not done again. A centre repeats within minutes; a hall gives a few
/// dozen orders a day.
const KEEP_ANSWERS: usize = 512;
/// Longest transaction and account id, in bytes: both are stored with every revision.
const WORD_MAX: usize = 128;

/// Answers given.
#[derive(Debug, Clone, Default)]
pub(crate) struct Desk {
    answers: VecDeque<Answer>,
}

impl Desk {
    /// What was answered to `tx`.
    fn given(&self, tx: &str) -> Option<&Answer> {
        self.answers.iter().rev().find(|answer| answer.tx == tx)
    }

    pub fn remember(&mut self, answer: Answer) {
        while self.answers.len() >= KEEP_ANSWERS {
            self.answers.pop_front();
        }
        self.answers.push_back(answer);
    }

    /// Oldest first, for the checkpoint.
    pub fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.answers.iter()
    }

    /// Remembers the orders that made these newest revisions: the sender may not have heard that they were carried out.
    pub fn recall<'a>(&mut self, events: impl Iterator<Item = &'a Event>) {
        let mut made: Vec<(i64, &str, EventId)> = events
            .filter_map(|e| Some((e.updated.unix_ms, e.revision.as_ref()?.tx.as_str(), e.id)))
            .collect();
        made.sort_unstable();
        for (_, tx, id) in made {
            let known = self.answers.iter_mut().rev().find(|answer| answer.tx == tx);
            match known.map(|answer| &mut answer.result) {
                Some(Ok(events)) if !events.contains(&id) => events.push(id),
                Some(_) => {}
                None => self.remember(Answer {
                    tx: tx.into(),
                    result: Ok(vec![id]),
                }),
            }
        }
    }
}

impl Engine {
    /// Takes back in what orders did before a crash.
    pub(super) fn resume_orders(&mut self, checkpoint: &Checkpoint, now: HallTime) {
        for answer in &checkpoint.answers {
            self.desk.remember(answer.clone());
        }
        if checkpoint.leave.is_empty() {
            return;
        }
        self.ordered_leave.clone_from(&checkpoint.leave);
        self.merge_leave();
        for window in &mut self.windows {
            window.reschedule(now, &mut self.core.ctx(&mut self.out));
        }
    }

    /// Carries out an order and answers it; one that was answered before gets the same answer and nothing else.
    pub(super) fn order(&mut self, at: HallTime, order: &Order) {
        let answer = match self.desk.given(&order.tx) {
            Some(answer) => answer.clone(),
            None => {
                let answer = Answer {
                    tx: order.tx.clone(),
                    result: self.carry_out(at, order),
                };
                self.desk.remember(answer.clone());
                answer
            }
        };
        self.enter();
        self.out.push_back(Output::Answer(answer));
    }

    fn carry_out(&mut self, at: HallTime, order: &Order) -> Result<Vec<EventId>, Refusal> {
        let word = |text: &str| !text.is_empty() && text.len() <= WORD_MAX;
        if !word(&order.tx) || !word(&order.by.id) {
            return Err(Refusal::Invalid);
        }
        let given = order.at.min(at);
        match &order.what {
            Directive::GrantLeave(leave) => {
                self.grant_leave(&order.tx, at, given, &order.by, leave)
            }
            Directive::CancelLeave(id) => self.cancel_leave(&order.tx, at, &order.by, id),
            Directive::Case {
                event,
                action,
                reason,
            } => self.decide_case(at, given, order, event, *action, *reason),
        }
    }

    /// A further revision of a known event, made by a person or by facts entered later, and given out at once. What the rules
    /// have given out before comes before it. `None`: no such event.
    pub(super) fn revise(
        &mut self,
        id: EventId,
        at: Stamp,
        review: Review,
        revision: Revision,
        change: impl FnOnce(&mut Event),
    ) -> Option<EventId> {
        self.enter();
        let event = self.book.revise(id, at, review, revision, change)?;
        self.out.push_back(Output::Event(event));
        self.entered = self.out.len();
        Some(id)
    }
}
