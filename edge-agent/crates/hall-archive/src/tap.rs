//! The hall task's end: hands over what the engine is told without ever waiting. Owns the counting of what was lost.

use hall_core::HallTime;
use hall_core::observe::Input;
use hall_core::time::WallClock;
use tokio::sync::mpsc::{self, error::TrySendError};

use crate::archivist::Item;
use crate::head::Head;

/// Room between hall task and archivist: several seconds of a large hall. Full: what comes is counted and lost, and the files say how
/// much.
pub const CAPACITY: usize = 4_096;

/// Hands over without waiting.
#[derive(Debug)]
pub struct Tap {
    out: mpsc::Sender<Item>,
    /// A segment that could not begin yet.
    head: Option<Box<Head>>,
    lost: u64,
}

impl Tap {
    /// Hands over to `out`.
    #[must_use]
    pub fn new(out: mpsc::Sender<Item>) -> Self {
        Tap {
            out,
            head: None,
            lost: 0,
        }
    }

    /// A segment begins.
    pub fn begin(&mut self, head: Head) {
        let at = head.at;
        self.head = Some(Box::new(head));
        self.caught_up(at);
    }

    /// The engine was told something at `at`.
    pub fn told(&mut self, at: HallTime, input: &Input) {
        if matches!(input, Input::Tick) {
            return;
        }
        if !self.caught_up(at) || !self.send(Item::Told(at, input.clone())) {
            self.lost += 1;
        }
    }

    /// Time passes; about every ten seconds.
    pub fn beat(&mut self, at: HallTime, clock: WallClock) {
        if self.caught_up(at) {
            // A beat that finds no room is made good by the next.
            let _ = self.send(Item::Beat(at, clock));
        }
    }

    /// Hands over what had no room before; false: there still is none.
    fn caught_up(&mut self, at: HallTime) -> bool {
        if let Some(head) = self.head.take()
            && let Err(TrySendError::Full(Item::Begin(head))) = self.out.try_send(Item::Begin(head))
        {
            self.head = Some(head);
            return false;
        }
        if self.lost > 0 {
            if !self.send(Item::Lost(at, self.lost)) {
                return false;
            }
            self.lost = 0;
        }
        true
    }

    /// An archivist that is gone is nobody to wait for.
    fn send(&self, item: Item) -> bool {
        !matches!(self.out.try_send(item), Err(TrySendError::Full(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hall_core::observe::SystemFact;

    #[test]
    fn what_has_no_room_is_counted_and_never_waited_for() {
        let (sender, mut items) = mpsc::channel(2);
        let mut tap = Tap::new(sender);
        let fact = Input::System(SystemFact::StorageLow(true));
        for ms in 0..5 {
            tap.told(HallTime(ms), &fact);
        }
        assert!(matches!(items.try_recv(), Ok(Item::Told(HallTime(0), _))));
        assert!(matches!(items.try_recv(), Ok(Item::Told(HallTime(1), _))));
        tap.told(HallTime(5), &fact);
        assert_eq!(items.try_recv(), Ok(Item::Lost(HallTime(5), 3)));
        assert!(matches!(items.try_recv(), Ok(Item::Told(HallTime(5), _))));
        assert!(items.try_recv().is_err());
        drop(items);
        tap.told(HallTime(6), &fact);
        assert_eq!(tap.lost, 0, "nobody is there to miss it");
    }
}
