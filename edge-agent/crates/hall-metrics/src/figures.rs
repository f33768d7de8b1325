//! The figures of one stretch of time: sums that can be added to those of another stretch. Rates are worked out from the sums, never
//! averaged.

use std::collections::BTreeMap;

use hall_core::event::Subject;
use hall_core::ids::{QueueId, WindowId};

use crate::fact::EventFact;
use crate::layout::Layout;
use crate::queue::QueueFigures;
use crate::rating::RatingTotals;
use crate::tally::EventTally;
use crate::times::{ClassTimes, OPENED_MS, ratio};

/// Whose figures.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The hall.
    Hall,
    /// A department, by name.
    Department(String),
    /// A window.
    Window(WindowId),
}

/// One window over some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct WindowFigures {
    /// Time per class.
    pub times: ClassTimes,
    /// Slots in which it was scheduled.
    pub scheduled: u32,
    /// Of these, slots with at least one staffed minute.
    pub opened: u32,
}

/// Staffing of a window, a department or the hall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Staffing {
    /// Windows it adds up.
    pub windows: u32,
    /// Of these, windows scheduled at all.
    pub windows_scheduled: u32,
    /// The sums.
    pub sum: WindowFigures,
}

impl Staffing {
    /// 开窗率 over the slots.
    #[must_use]
    pub fn opening_rate(&self) -> Option<f64> {
        ratio(i64::from(self.sum.opened), i64::from(self.sum.scheduled))
    }
}

/// Sums over one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Figures {
    /// How long the hall was accounted for.
    pub elapsed_ms: i64,
    /// Windows.
    pub windows: BTreeMap<WindowId, WindowFigures>,
    /// Queues.
    pub queues: BTreeMap<QueueId, QueueFigures>,
    /// Queue length and waits by local hour, all queues together.
    pub queues_by_hour: BTreeMap<u8, QueueFigures>,
    /// Events whose onset lies in it.
    pub events: Vec<EventFact>,
    /// Totals of the evaluation terminals; only over whole days.
    pub ratings: BTreeMap<WindowId, RatingTotals>,
    /// Cameras and sensors times `elapsed_ms`.
    pub device_ms: i64,
    /// Of these, time a camera was offline or a sensor failed.
    pub offline_ms: i64,
}

impl WindowFigures {
    /// One slot's figures.
    #[must_use]
    pub fn slot(times: ClassTimes) -> Self {
        let scheduled = times.scheduled_ms() > 0;
        WindowFigures {
            times,
            scheduled: u32::from(scheduled),
            opened: u32::from(scheduled && times.staffed_ms >= OPENED_MS),
        }
    }

    fn merge(&mut self, other: &WindowFigures) {
        self.times.merge(&other.times);
        self.scheduled += other.scheduled;
        self.opened += other.opened;
    }
}

impl Figures {
    /// Adds another stretch's figures.
    pub fn merge(&mut self, other: &Figures) {
        self.elapsed_ms += other.elapsed_ms;
        self.device_ms += other.device_ms;
        self.offline_ms += other.offline_ms;
        for (id, window) in &other.windows {
            self.windows.entry(id.clone()).or_default().merge(window);
        }
        for (id, queue) in &other.queues {
            self.queues.entry(id.clone()).or_default().merge(queue);
        }
        for (hour, queue) in &other.queues_by_hour {
            self.queues_by_hour.entry(*hour).or_default().merge(queue);
        }
        for (id, rated) in &other.ratings {
            self.ratings.entry(id.clone()).or_default().merge(rated);
        }
        self.events.extend(other.events.iter().cloned());
    }

    /// Ratings at all windows.
    #[must_use]
    pub fn all_ratings(&self) -> RatingTotals {
        let mut all = RatingTotals::default();
        self.ratings.values().for_each(|rated| all.merge(rated));
        all
    }

    /// Staffing of a scope.
    #[must_use]
    pub fn staffing(&self, scope: &Scope, layout: &Layout) -> Staffing {
        let mut staffing = Staffing::default();
        for (id, window) in &self.windows {
            let belongs = match scope {
                Scope::Hall => true,
                Scope::Department(name) => layout.department(id) == Some(name),
                Scope::Window(of) => of == id,
            };
            if belongs {
                staffing.windows += 1;
                staffing.windows_scheduled += u32::from(window.scheduled > 0);
                staffing.sum.merge(window);
            }
        }
        staffing
    }

    /// Counts over a scope's events. An event of a group counts for the hall and for the department all its windows belong to.
    #[must_use]
    pub fn tally(&self, scope: &Scope, layout: &Layout, now_ms: i64) -> EventTally {
        let belongs = |fact: &&EventFact| match scope {
            Scope::Hall => true,
            Scope::Window(window) => fact.subject == Subject::Window(window.clone()),
            Scope::Department(name) => {
                let windows = layout.windows_of(&fact.subject);
                !windows.is_empty() && windows.iter().all(|w| layout.department(w) == Some(name))
            }
        };
        EventTally::of(self.events.iter().filter(belongs), now_ms)
    }

    /// Share of the devices' time in which they were online.
    #[must_use]
    pub fn device_online_rate(&self) -> Option<f64> {
        ratio(self.device_ms - self.offline_ms, self.device_ms)
    }

    /// All queues together.
    #[must_use]
    pub fn all_queues(&self) -> QueueFigures {
        let mut all = QueueFigures::default();
        for queue in self.queues.values() {
            all.merge(queue);
        }
        all
    }

    /// Nothing was scheduled and nothing happened.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.events.is_empty()
            && self.queues.values().all(QueueFigures::is_empty)
            && (self.windows.values())
                .all(|w| w.times.scheduled_ms() == 0 && w.times.extra_open_ms == 0)
    }
}
