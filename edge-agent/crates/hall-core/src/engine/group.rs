//! Windows judged as one post: those that cover for each other, and all windows of the hall together (`hall_unstaffed`). A group is
//! judged by the rule of a window whose cameras and sensors are its windows; here it hears of them, and they of it.

use super::crew::{Crew, Member, Need};
use super::record::Ctx;
use super::roster::{Roster, Who};
use super::window::{Company, WindowRule};
use super::{Core, Engine, Output};
use crate::config::{Cover, EngineConfig};
use crate::event::{EndReason, EventId, Level, Subject};
use crate::ids::WindowId;
use crate::time::HallTime;
use crate::tri::Tri;
use std::collections::VecDeque;

/// What a group tells its windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct News {
    company: Company,
    since: HallTime,
    event: Option<(EventId, Level)>,
}

/// One group, or the hall.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub rule: WindowRule,
    /// Indices of its windows.
    pub members: Vec<usize>,
    need: Need,
    /// What each member says now.
    now: Vec<Option<Member>>,
    /// What each member had said when the rule last heard of them.
    heard: Vec<Option<Member>>,
    /// The members say something else since this instant.
    news_at: Option<HallTime>,
    told: Option<News>,
}

impl Group {
    fn is_hall(&self) -> bool {
        self.rule.subject == Subject::Hall
    }

    fn news(&self) -> News {
        let post = &self.rule.post;
        let (company, since) = match post.confirmed() {
            Tri::Yes => (Company::Covered, post.since()),
            Tri::No => (Company::Short, post.since()),
            Tri::Unknown => (
                Company::Unsure,
                post.gap_since().unwrap_or_else(|| post.since()),
            ),
        };
        let event = self.rule.absence();
        News {
            company,
            since,
            event,
        }
    }
}

/// What is judged as one besides single windows: subject, windows and need.
fn groups_of(cfg: &EngineConfig) -> Vec<(Subject, Vec<WindowId>, Need)> {
    let either = |cover: Cover| cover == Cover::Either;
    let mut groups: Vec<_> = (cfg.groups.iter().filter(|group| either(group.cover)))
        .map(|group| {
            let need = Need {
                staffed: group.min_staffed,
                spare_may_cover: true,
            };
            (
                Subject::Group(group.id.clone()),
                group.windows.clone(),
                need,
            )
        })
        .collect();
    let covered: usize = groups.iter().map(|(_, windows, _)| windows.len()).sum();
    let posts = (cfg.windows.len() + groups.len()).saturating_sub(covered);
    // A roll-up of one post would say nothing that its own event does not.
    if posts > 1 {
        let need = Need {
            staffed: 1,
            spare_may_cover: false,
        };
        let all = cfg.windows.iter().map(|window| window.id.clone());
        groups.push((Subject::Hall, all.collect(), need));
    }
    groups
}

/// The groups as configured; what `old` knew of the same ones is kept.
pub(super) fn new_groups(
    core: &Core,
    mut old: Vec<Group>,
    at: HallTime,
    out: &mut VecDeque<Output>,
) -> Vec<Group> {
    let mut groups = Vec::new();
    for (subject, windows, need) in groups_of(&core.cfg) {
        let members: Vec<usize> = (windows.iter())
            .filter_map(|id| core.layout.window(id))
            .collect();
        let crew = members.iter().map(|ix| &core.cfg.windows[*ix]);
        let who: Vec<Who> = crew
            .map(|window| Who {
                window: Some(window.id.clone()),
                weekly: window.duty.clone(),
            })
            .collect();
        let mut ctx = core.ctx(out);
        let roster = Roster::of_crew(who, at, &ctx);
        let was = old.iter().position(|group| group.rule.subject == subject);
        let rule = match was.map(|was| old.swap_remove(was)) {
            Some(group) => {
                let mut rule = group.rule;
                rule.roster = roster;
                rule.reschedule(at, &mut ctx);
                rule
            }
            None => {
                let mut rule = WindowRule::blank(WindowId::from(""), subject, roster, at);
                rule.crew = Some(Crew::unheard(at));
                rule.begin_at(at, &mut ctx);
                rule
            }
        };
        groups.push(Group {
            now: vec![None; members.len()],
            heard: vec![None; members.len()],
            rule,
            members,
            need,
            news_at: Some(at),
            told: None,
        });
    }
    for group in old {
        group.rule.remove(at, &mut core.ctx(out));
    }
    groups
}

impl Engine {
    /// Takes down what a window says to its group and the hall, after it has been settled.
    pub(super) fn note_member(&mut self, ix: usize) {
        let window = &self.windows[ix];
        let mut said: Option<Member> = None;
        for group in &mut self.groups {
            let Some(place) = group.members.iter().position(|member| *member == ix) else {
                continue;
            };
            let said = said.get_or_insert_with(|| window.member(self.now, &self.core.limits));
            if group.now[place].as_ref() != Some(said) {
                group.now[place] = Some(said.clone());
                group.news_at = group.news_at.max(Some(window.settled_at));
            }
        }
    }

    /// Lets the groups judge what their windows say, and the windows hear of it. True: there was something to tell.
    pub(super) fn hear_groups(&mut self, at: HallTime) -> bool {
        let mut any = false;
        for ix in 0..self.groups.len() {
            if let Some(when) = self.groups[ix].news_at.take() {
                any = true;
                self.hear_members(ix, when.min(at));
            }
            any |= self.tell_members(ix);
        }
        any
    }

    /// The rule of a group as it would be with everything seen so far added up.
    pub(super) fn caught_up(&self, group: &Group) -> WindowRule {
        let mut rule = group.rule.clone();
        let known = (group.members.iter().zip(&group.now)).filter_map(|(ix, said)| {
            let known = said.as_ref().is_some_and(|said| said.says != Tri::Unknown);
            known.then(|| self.windows[*ix].seen_to())
        });
        if let Some(seen_to) = known.min() {
            rule.seen_at = rule.seen_at.max(seen_to);
        }
        rule
    }

    fn hear_members(&mut self, ix: usize, at: HallTime) {
        let group = &mut self.groups[ix];
        let mut crew = Crew::of(&group.now, &group.heard, group.need, at);
        let is_hall = group.is_hall();
        let others = group.now.iter().flatten().filter_map(|member| {
            if is_hall {
                member.absence
            } else {
                member.unattended
            }
        });
        for id in others {
            if !crew.related.contains(&id) {
                crew.related.push(id);
            }
        }
        if crew.says.is_no() {
            for member in &group.members {
                let (window, limits) = (&self.windows[*member], &self.core.limits);
                window.sight.evidence(at, false, limits, &mut crew.evidence);
                (window.feelers).evidence(at, false, limits, &mut crew.evidence);
            }
            crew.evidence.sort();
            crew.evidence.dedup();
        }
        group.heard.clone_from(&group.now);
        (group.rule).hear_crew(at, crew, &mut self.core.ctx(&mut self.out));
        self.rearm_group(ix);
    }

    fn tell_members(&mut self, ix: usize) -> bool {
        let group = &mut self.groups[ix];
        let news = group.news();
        if group.told == Some(news) {
            return false;
        }
        let before = group.told.replace(news).and_then(|told| told.event);
        let (is_hall, at) = (group.is_hall(), group.rule.settled_at);
        if is_hall && before.map(|e| e.0) == news.event.map(|e| e.0) {
            return false;
        }
        for n in 0..group.members.len() {
            let window = self.groups[ix].members[n];
            let mut ctx = self.core.ctx(&mut self.out);
            if is_hall {
                let event = news.event.map(|(id, _)| id);
                self.windows[window].roll_up(at, event, &mut ctx);
            } else {
                self.windows[window].keep_company(at, news, &mut ctx);
            }
            self.rearm_window(window);
        }
        if is_hall {
            for group in self.groups.iter_mut().filter(|group| !group.is_hall()) {
                let event = news.event.map(|(id, _)| id);
                let mut ctx = self.core.ctx(&mut self.out);
                group.rule.roll_up(at, event, &mut ctx);
            }
        }
        true
    }

    /// Windows that belong to a group are judged by it from now on; those that no longer do, by themselves.
    pub(super) fn join_groups(&mut self, at: HallTime) {
        for ix in 0..self.windows.len() {
            let grouped =
                (self.groups.iter()).any(|group| !group.is_hall() && group.members.contains(&ix));
            let mut ctx = self.core.ctx(&mut self.out);
            self.windows[ix].join(grouped, at, &mut ctx);
        }
    }
}

impl WindowRule {
    fn keep_company(&mut self, at: HallTime, news: News, ctx: &mut Ctx<'_>) {
        let at = self.account(at, ctx);
        self.company = news.company;
        self.company_since = news.since;
        self.company_event = news.event;
        self.evaluate(at, ctx);
    }

    fn roll_up(&mut self, at: HallTime, event: Option<EventId>, ctx: &mut Ctx<'_>) {
        let at = self.account(at, ctx);
        self.roll_up = event;
        self.evaluate(at, ctx);
    }

    fn join(&mut self, grouped: bool, at: HallTime, ctx: &mut Ctx<'_>) {
        if grouped == (self.company != Company::Alone) {
            return;
        }
        let at = self.account(at, ctx);
        self.company_event = None;
        self.company_since = at;
        if grouped {
            self.company = Company::Unsure;
            let end = ctx.clock.stamp(at);
            self.close(at, end, EndReason::Reconfigured, None, ctx);
        } else {
            self.company = Company::Alone;
            self.count_from(at);
        }
    }
}

/// The rule that judges a window, a group or the hall.
pub(super) fn find_rule<'a>(
    windows: &'a mut [WindowRule],
    groups: &'a mut [Group],
    subject: &Subject,
) -> Option<&'a mut WindowRule> {
    (windows.iter_mut())
        .chain(groups.iter_mut().map(|group| &mut group.rule))
        .find(|rule| rule.subject == *subject)
}
