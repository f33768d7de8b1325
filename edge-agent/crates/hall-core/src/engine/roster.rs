//! When a post is on duty, as hall time: the calendar seen through the present wall clock. Owns no rule.

use super::record::Ctx;
use crate::config::WeeklyDuty;
use crate::duty::{self, Post};
use crate::ids::WindowId;
use crate::time::HallTime;

/// A stretch of duty in hall time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub from: HallTime,
    pub to: HallTime,
    /// No further stretch begins that day.
    pub last_of_day: bool,
}

/// Duty of one post now, and when to ask again.
#[derive(Debug, Clone)]
pub(crate) struct Roster {
    window: Option<WindowId>,
    weekly: Option<WeeklyDuty>,
    stretch: Option<Stretch>,
    until: HallTime,
}

impl Roster {
    /// Duty of a window (or of the hall as such) at `at`.
    pub fn new(
        window: Option<WindowId>,
        weekly: Option<WeeklyDuty>,
        at: HallTime,
        ctx: &Ctx<'_>,
    ) -> Self {
        let mut roster = Roster {
            window,
            weekly,
            stretch: None,
            until: at,
        };
        roster.refresh(at, ctx);
        roster
    }

    /// Asks the calendar again. With a clock nobody believes, there is no duty until it is set.
    pub fn refresh(&mut self, at: HallTime, ctx: &Ctx<'_>) {
        if !ctx.clock.synced {
            self.stretch = None;
            self.until = HallTime(i64::MAX);
            return;
        }
        let post = Post {
            window: self.window.as_ref(),
            weekly: self.weekly.as_ref(),
        };
        let now = duty::duty_at(ctx.duty, post, ctx.local_ms(at));
        self.until = ctx.hall_of_local(now.until_ms);
        self.stretch = now.span.map(|span| Stretch {
            from: ctx.hall_of_local(span.from_ms),
            to: ctx.hall_of_local(span.to_ms),
            last_of_day: span.last_of_day,
        });
    }

    pub fn stretch(&self) -> Option<Stretch> {
        self.stretch
    }

    /// When duty may change next.
    pub fn until(&self) -> HallTime {
        self.until
    }
}
