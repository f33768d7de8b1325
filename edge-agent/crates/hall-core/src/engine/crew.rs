//! What the windows that one post is made of say together, and how that post's rule takes it: as a window's rule takes its cameras and
//! sensors. Knows no window by name.

use super::fusion::Gate;
use super::limits::Limits;
use super::presence::Bridge;
use super::record::Ctx;
use super::window::WindowRule;
use crate::event::{EventId, Level};
use crate::time::HallTime;
use crate::tri::Tri;

/// What a window tells those it stands together with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// Somebody is there, by the truth table.
    pub says: Tri,
    /// Since when nobody can say.
    pub lost_at: Option<HallTime>,
    pub bridge: Bridge,
    /// A camera of it was moved.
    pub moved: bool,
    pub on_duty: bool,
    /// On duty and on leave or paused.
    pub excused: bool,
    pub paused: bool,
    /// The hall is closed: nobody looks at it, and nobody has to be there.
    pub closed: bool,
    pub customers: u32,
    /// Open events of the queues that feed it.
    pub waiting: Vec<EventId>,
    /// Its customers with nobody to serve them.
    pub unattended: Option<EventId>,
    /// Its published absence, or that of its group.
    pub absence: Option<EventId>,
}

/// How many of the members must be staffed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Need {
    /// At most; fewer when fewer are on duty and not excused.
    pub staffed: u32,
    /// A window that is not scheduled may be where the clerk sits, while the hall is open.
    pub spare_may_cover: bool,
}

/// What the members say together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crew {
    pub says: Tri,
    /// If nobody can say: since when.
    pub lost_at: HallTime,
    pub bridge: Bridge,
    pub moved: bool,
    /// Everybody on duty is paused, or on leave.
    pub paused: bool,
    pub customers: u32,
    pub waiting: Vec<EventId>,
    /// Sources that say nobody is there.
    pub evidence: Vec<String>,
    /// Events its own belongs with.
    pub related: Vec<EventId>,
}

impl Crew {
    /// Nothing heard yet.
    pub fn unheard(at: HallTime) -> Self {
        Crew {
            says: Tri::Unknown,
            lost_at: at,
            bridge: Bridge::Forbidden,
            moved: false,
            paused: false,
            customers: 0,
            waiting: Vec::new(),
            evidence: Vec::new(),
            related: Vec::new(),
        }
    }

    /// What `now` says at `at`, with `before` as the members last said.
    pub fn of(now: &[Option<Member>], before: &[Option<Member>], need: Need, at: HallTime) -> Self {
        let mut crew = Crew::unheard(at);
        crew.bridge = Bridge::Allowed;
        let (mut staffed, mut unsure, mut free, mut paused) = (0, 0, 0, false);
        let mut lost_at: Option<HallTime> = None;
        let any_on_duty = now.iter().flatten().any(|member| member.on_duty);
        for (n, member) in now.iter().enumerate() {
            let Some(member) = member else {
                unsure += 1;
                continue;
            };
            free += u32::from(member.on_duty && !member.excused);
            paused |= member.paused;
            let may_cover = need.spare_may_cover && !member.closed;
            // At the end of everybody's duty nothing is seen any better than before it.
            let counts = member.on_duty || may_cover || !any_on_duty;
            match member.says {
                Tri::Yes => staffed += 1,
                Tri::Unknown if counts => {
                    unsure += 1;
                    crew.moved |= member.moved;
                    if member.bridge == Bridge::Forbidden {
                        crew.bridge = Bridge::Forbidden;
                    }
                    let known_before = before
                        .get(n)
                        .and_then(Option::as_ref)
                        .is_some_and(|was| was.says != Tri::Unknown);
                    if known_before && let Some(at) = member.lost_at {
                        lost_at = Some(lost_at.map_or(at, |lost| lost.min(at)));
                    }
                }
                _ => {}
            }
            crew.customers += member.customers;
            for id in &member.waiting {
                if !crew.waiting.contains(id) {
                    crew.waiting.push(*id);
                }
            }
        }
        let needed = need.staffed.min(free).max(1);
        crew.says = if staffed >= needed {
            Tri::Yes
        } else if staffed + unsure >= needed {
            Tri::Unknown
        } else {
            Tri::No
        };
        crew.lost_at = lost_at.unwrap_or(at).min(at);
        crew.paused = paused && free == 0;
        crew
    }
}

impl WindowRule {
    /// What others it stands together with may know.
    pub(super) fn member(&self, at: HallTime, limits: &Limits) -> Member {
        let says = self.post.raw();
        Member {
            says,
            lost_at: self.post.gap_since(),
            bridge: self.sight.bridge(),
            moved: self.sight.moved(),
            on_duty: !self.gate.is_off_duty() && self.gate != Gate::Unsynced,
            excused: matches!(self.gate, Gate::Paused | Gate::OnLeave),
            paused: self.gate == Gate::Paused,
            closed: self.gate == Gate::OffDuty,
            customers: self.sight.customers(at, limits),
            waiting: self.waiting.clone(),
            unattended: self.unattended.record().map(|record| record.id),
            absence: self.absence().map(|(id, _)| id),
        }
    }

    /// The windows this post is made of say something else.
    pub(super) fn hear_crew(&mut self, at: HallTime, crew: Crew, ctx: &mut Ctx<'_>) {
        let at = self.account(at, ctx);
        self.waiting.clone_from(&crew.waiting);
        self.crew = Some(crew);
        self.evaluate(at, ctx);
    }

    /// Takes what the crew says; returns whether a camera was moved.
    pub(super) fn look_at_crew(&mut self, at: HallTime, ctx: &mut Ctx<'_>) -> bool {
        let Some(crew) = &self.crew else { return false };
        let (says, lost_at, bridge, moved) = (crew.says, crew.lost_at, crew.bridge, crew.moved);
        match says {
            Tri::Unknown => self.lose_sight(at, lost_at, bridge, ctx),
            says => self.take(at, says.is_yes(), ctx.limits),
        }
        moved
    }

    /// Customers at the counter, or at all counters of the post.
    pub(super) fn customers(&self, at: HallTime, limits: &Limits) -> u32 {
        match &self.crew {
            Some(crew) => crew.customers,
            None => self.sight.customers(at, limits),
        }
    }

    /// Service is declared paused, at every window of the post.
    pub(super) fn paused(&self, at: HallTime, limits: &Limits) -> bool {
        match &self.crew {
            Some(crew) => crew.paused,
            None => self.feelers.paused(at, limits),
        }
    }

    /// The published absence, its own or its group's.
    pub(super) fn absence(&self) -> Option<(EventId, Level)> {
        let own = self.episode.as_ref().and_then(|e| e.record.as_ref());
        own.map(|record| (record.id, record.level))
            .or(self.company_event)
    }
}
