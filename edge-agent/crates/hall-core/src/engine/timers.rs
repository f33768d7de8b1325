//! When each rule must be woken next. Data only: the driver sleeps, the engine looks up.

use crate::time::HallTime;

/// One slot per rule; the earliest is the engine's deadline.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timers {
    due: Vec<Option<HallTime>>,
}

impl Timers {
    pub fn new(slots: usize) -> Self {
        Timers {
            due: vec![None; slots],
        }
    }

    pub fn set(&mut self, slot: usize, due: Option<HallTime>) {
        self.due[slot] = due;
    }

    pub fn earliest(&self) -> Option<HallTime> {
        self.due.iter().filter_map(|due| *due).min()
    }

    pub fn is_due(&self, slot: usize, at: HallTime) -> bool {
        self.due[slot].is_some_and(|due| due <= at)
    }
}
