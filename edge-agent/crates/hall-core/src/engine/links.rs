//! What windows and queues know of each other. The engine asks every rule it has settled for its public facts; whoever they
//! concern is told at the same instant and judges again. Judges nothing itself.

use super::Engine;
use super::record::OpenRecord;
use crate::config::EngineConfig;
use crate::event::{EventId, Tag};
use crate::ids::WindowId;
use crate::time::HallTime;

/// What others may know of a window.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PostFacts {
    /// Somebody should be there.
    pub on_duty: bool,
    /// Somebody is there, on duty or not, and since when (dated back).
    pub staffed_since: Option<HallTime>,
    /// Its published and open `unstaffed` or `late_open`.
    pub absence: Option<EventId>,
    /// On duty, and nobody can say whether it is staffed.
    pub unknown: bool,
    /// Somebody is there, which is not confirmed yet.
    pub coming: bool,
    /// Staffed, with a customer at the counter.
    pub busy: bool,
}

/// A window that serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenWindow {
    pub window: WindowId,
    /// Dated back.
    pub since: HallTime,
}

/// What a queue knows of the windows it feeds, in configured order; kept up to date by the engine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Fed {
    /// Windows on duty.
    pub on_duty: u32,
    /// Windows that serve.
    pub open: Vec<OpenWindow>,
    /// Published and open `unstaffed` and `late_open` events of them.
    pub absences: Vec<EventId>,
    /// All of them, on duty or not.
    pub total: u32,
    /// Windows on duty of which nobody can say whether they are staffed.
    pub unknown: u32,
    /// Windows where somebody is there who is not confirmed yet.
    pub coming: u32,
    /// Windows that serve, with a customer at the counter.
    pub busy: u32,
}

/// The facts as last told, and who has not heard of them yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links {
    /// Windows each queue feeds.
    feeds: Vec<Vec<usize>>,
    posts: Vec<PostFacts>,
    /// Open `queue_long` and `long_wait` events per queue.
    lines: Vec<Vec<EventId>>,
    queues_to_tell: Vec<bool>,
    windows_to_tell: Vec<bool>,
    pending: bool,
}

impl Links {
    pub fn new(cfg: &EngineConfig) -> Self {
        let feeds = cfg.queues.iter().map(|queue| {
            let fed = |(ix, window): (usize, &crate::config::WindowConfig)| {
                (queue.windows.is_empty() || queue.windows.contains(&window.id)).then_some(ix)
            };
            cfg.windows.iter().enumerate().filter_map(fed).collect()
        });
        Links {
            feeds: feeds.collect(),
            posts: vec![PostFacts::default(); cfg.windows.len()],
            lines: vec![Vec::new(); cfg.queues.len()],
            queues_to_tell: vec![true; cfg.queues.len()],
            windows_to_tell: vec![true; cfg.windows.len()],
            pending: true,
        }
    }

    /// A window has been settled.
    fn post(&mut self, window: usize, facts: PostFacts) {
        if self.posts[window] == facts {
            return;
        }
        self.posts[window] = facts;
        for (feeds, tell) in self.feeds.iter().zip(&mut self.queues_to_tell) {
            *tell |= feeds.contains(&window);
        }
        self.pending = true;
    }

    /// A queue has been settled.
    fn line(&mut self, queue: usize, events: &[EventId]) {
        if self.lines[queue] == events {
            return;
        }
        self.lines[queue] = events.to_vec();
        for window in &self.feeds[queue] {
            self.windows_to_tell[*window] = true;
        }
        self.pending = true;
    }

    fn fed(&self, queue: usize, cfg: &EngineConfig) -> Fed {
        let mut fed = Fed::default();
        for (window, post) in self.feeds[queue].iter().map(|ix| (*ix, &self.posts[*ix])) {
            fed.on_duty += u32::from(post.on_duty);
            fed.total += 1;
            fed.unknown += u32::from(post.unknown);
            fed.coming += u32::from(post.coming);
            fed.busy += u32::from(post.busy);
            fed.open.extend(post.staffed_since.map(|since| OpenWindow {
                window: cfg.windows[window].id.clone(),
                since,
            }));
            if let Some(id) = post.absence.filter(|id| !fed.absences.contains(id)) {
                fed.absences.push(id);
            }
        }
        fed
    }

    /// Open events of the queues that feed a window.
    fn waiting(&self, window: usize) -> Vec<EventId> {
        let feeding = self.feeds.iter().zip(&self.lines);
        feeding
            .filter(|(feeds, _)| feeds.contains(&window))
            .flat_map(|(_, events)| events.iter().copied())
            .collect()
    }
}

impl OpenRecord {
    /// An absence while people wait, and a long queue while windows are empty, are one step more severe from the first moment on at
    /// which both are known, for as long as they last. Returns true at that moment.
    pub(super) fn aggravate(&mut self, others: &[EventId]) -> bool {
        self.relate(others);
        let news = !others.is_empty() && !self.tags.contains(&Tag::WhilePeopleWait);
        if news {
            self.add_tag(Tag::WhilePeopleWait);
        }
        news
    }
}

impl Engine {
    /// Takes down what a window's rule tells others, after it has been settled.
    pub(super) fn note_window(&mut self, ix: usize) {
        let facts = self.windows[ix].facts(self.now, &self.core.limits);
        self.links.post(ix, facts);
        self.note_member(ix);
    }

    /// Takes down what a queue's rule tells others, after it has been settled.
    pub(super) fn note_queue(&mut self, ix: usize) {
        self.links.line(ix, &self.queues[ix].events());
    }

    /// Tells everybody whom news concerns, until nobody has any. It ends: being told may only raise levels, and levels are no news.
    pub(super) fn spread(&mut self, at: HallTime) {
        while self.hear_groups(at) | std::mem::take(&mut self.links.pending) {
            for ix in 0..self.queues.len() {
                if std::mem::take(&mut self.links.queues_to_tell[ix]) {
                    let fed = self.links.fed(ix, &self.core.cfg);
                    self.queues[ix].hear(at, fed, &mut self.core.ctx(&mut self.out));
                    self.rearm_queue(ix);
                }
            }
            for ix in 0..self.windows.len() {
                if std::mem::take(&mut self.links.windows_to_tell[ix]) {
                    let waiting = self.links.waiting(ix);
                    self.windows[ix].hear(at, waiting, &mut self.core.ctx(&mut self.out));
                    self.rearm_window(ix);
                }
            }
        }
    }
}
