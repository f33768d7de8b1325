//! When each rule must be woken next. Data only: the driver sleeps, the engine looks up.

use crate::time::HallTime;

/// One slot per rule; the earliest is the engine's deadline.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timers {
    due: Vec<Option<HallTime>>,
    earliest: Option<HallTime>,
}

impl Timers {
    pub fn new(slots: usize) -> Self {
        Timers {
            due: vec![None; slots],
            earliest: None,
        }
    }

    pub fn set(&mut self, slot: usize, due: Option<HallTime>) {
        let before = std::mem::replace(&mut self.due[slot], due);
        if due.is_some_and(|due| self.earliest.is_none_or(|earliest| due <= earliest)) {
            self.earliest = due;
        } else if before.is_some() && before == self.earliest {
            self.earliest = self.due.iter().filter_map(|due| *due).min();
        }
    }

    pub fn earliest(&self) -> Option<HallTime> {
        self.earliest
    }

    pub fn is_due(&self, slot: usize, at: HallTime) -> bool {
        self.due[slot].is_some_and(|due| due <= at)
    }
}
