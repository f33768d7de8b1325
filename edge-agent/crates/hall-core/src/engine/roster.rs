//! When a post (or a crew of several) is on duty, and when it is on leave, as hall time: the calendar seen through the present wall
//! clock. Owns no rule.

use super::record::Ctx;
use crate::config::WeeklyDuty;
use crate::duty::{self, Post};
use crate::ids::WindowId;
use crate::leave;
use crate::time::HallTime;

/// A stretch of duty in hall time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub from: HallTime,
    pub to: HallTime,
    /// No further stretch begins that day.
    pub last_of_day: bool,
}

/// Who is asked about: a window, or the hall as such.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub window: Option<WindowId>,
    /// Own weekly times.
    pub weekly: Option<WeeklyDuty>,
}

impl Who {
    fn post(&self) -> Post<'_> {
        Post {
            window: self.window.as_ref(),
            weekly: self.weekly.as_ref(),
        }
    }
}

/// Duty of one post, or of a crew of several, now, and when to ask again.
#[derive(Debug, Clone)]
pub(crate) struct Roster {
    who: Vec<Who>,
    stretch: Option<Stretch>,
    /// Start of the leave that everybody of `who` on duty is on.
    leave: Option<HallTime>,
    /// Off duty although the hall as such is open.
    spare: bool,
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
        Roster::of_crew(vec![Who { window, weekly }], at, ctx)
    }

    /// Duty of a crew at `at`: whenever one of its windows is on duty.
    pub fn of_crew(who: Vec<Who>, at: HallTime, ctx: &Ctx<'_>) -> Self {
        let mut roster = Roster {
            who,
            stretch: None,
            leave: None,
            spare: false,
            until: at,
        };
        roster.refresh(at, ctx);
        roster
    }

    /// Asks the calendar again. With a clock nobody believes, there is no duty until it is set.
    pub fn refresh(&mut self, at: HallTime, ctx: &Ctx<'_>) {
        (self.stretch, self.leave, self.spare) = (None, None, false);
        if !ctx.clock.synced {
            self.until = HallTime(i64::MAX);
            return;
        }
        let local_ms = ctx.local_ms(at);
        let posts: Vec<Post<'_>> = self.who.iter().map(Who::post).collect();
        let now = duty::duty_of_any(ctx.duty, &posts, local_ms);
        self.stretch = now.span.map(|span| Stretch {
            from: ctx.hall_of_local(span.from_ms),
            to: ctx.hall_of_local(span.to_ms),
            last_of_day: span.last_of_day,
        });
        let mut until_ms = now.until_ms;
        if now.span.is_none() {
            let hall = Post {
                window: None,
                weekly: None,
            };
            let hall = duty::duty_at(ctx.duty, hall, local_ms);
            self.spare = hall.span.is_some();
            until_ms = until_ms.min(hall.until_ms);
        } else if !ctx.duty.leave.is_empty() {
            let (leave, change_ms) = leave_now(ctx, &posts, local_ms);
            self.leave = leave;
            until_ms = until_ms.min(change_ms);
        }
        self.until = ctx.hall_of_local(until_ms);
    }

    pub fn stretch(&self) -> Option<Stretch> {
        self.stretch
    }

    /// Since when approved leave excuses absence; `None`: it does not now.
    pub fn leave(&self) -> Option<HallTime> {
        self.leave
    }

    /// Off duty although the hall as such is open.
    pub fn spare(&self) -> bool {
        self.spare
    }

    /// When duty or leave may change next.
    pub fn until(&self) -> HallTime {
        self.until
    }
}

/// Since when everybody of `posts` who is on duty is on leave, and when that may change.
fn leave_now(ctx: &Ctx<'_>, posts: &[Post<'_>], local_ms: i64) -> (Option<HallTime>, i64) {
    let mut until_ms = i64::MAX;
    let mut on_duty = Vec::with_capacity(posts.len());
    for post in posts {
        let now = duty::duty_at(ctx.duty, *post, local_ms);
        until_ms = until_ms.min(now.until_ms);
        if now.span.is_some() {
            on_duty.extend(post.window);
        }
    }
    let spans = leave::common_leave(&ctx.duty.leave, on_duty.iter().copied());
    for (from, to) in spans {
        if local_ms < from {
            return (None, until_ms.min(from));
        }
        if local_ms < to {
            return (Some(ctx.hall_of_local(from)), until_ms.min(to));
        }
    }
    (None, until_ms)
}
