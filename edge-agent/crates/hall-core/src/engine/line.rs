//! How many people stand in line in one camera's view, who joins and who leaves: those who have dwelt long enough, by their
//! tracks where they have any, the others by counts alone. Drop-outs within the tolerance are bridged. Knows no threshold
//! and no event.

use std::collections::VecDeque;

use super::layout::QueueView;
use super::limits::Limits;
use crate::ids::TrackId;
use crate::time::HallTime;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Level {
    from: HallTime,
    /// People in the zone.
    count: u32,
    /// Of these, without a track.
    anonymous: u32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Stay {
    track: TrackId,
    since: HallTime,
    /// First picture without it.
    missing: Option<HallTime>,
    /// It has dwelt long enough; its joining has been told.
    counted: bool,
}

/// Somebody who dwelt joined the line or left it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Move {
    /// Joined, and when; `None`: that was before the line was watched.
    Joined(Option<HallTime>),
    /// Left, and when.
    Left(HallTime),
    /// Left while nobody watched.
    Vanished,
}

/// More moves than this between two looks at them are no people.
const MAX_MOVES: usize = 4096;

/// One camera's view of a queue, on a time line from which long gaps have been cut out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    levels: VecDeque<Level>,
    stays: Vec<Stay>,
    begun: Option<HallTime>,
    last: Option<HallTime>,
    dropped_at: Option<HallTime>,
    /// The last picture.
    view: QueueView,
    /// First picture ever, or after the last gap that could not be bridged: who is there then came at a time nobody knows.
    cut_at: Option<HallTime>,
    /// People without tracks whose joining has been told.
    anonymous_counted: u32,
    moves: Vec<Move>,
}

impl Line {
    /// Takes a picture that shows what the last one showed, in time for it to have stayed so all along. False: it is not one, and
    /// nothing was taken.
    pub fn again(&mut self, at: HallTime, view: &QueueView, limits: &Limits) -> bool {
        let in_time = self
            .last
            .is_some_and(|last| at.since_ms(last) <= limits.camera_stale);
        let same = in_time && self.view == *view;
        if same {
            self.last = Some(at);
        }
        same
    }

    /// Takes a picture. After a silence the people now there are taken for those who were there before: who they are is not
    /// known across a gap, how many is. A gap longer than can be bridged is cut out.
    pub fn observe(&mut self, at: HallTime, view: &QueueView, limits: &Limits) {
        let silence = self.last.map_or(0, |last| at.since_ms(last));
        let gap = silence > limits.camera_stale;
        let cut = silence > limits.bridge.max(limits.camera_stale);
        if cut {
            self.shift(silence);
        }
        if cut || self.last.is_none() {
            self.cut_at = Some(at);
        }
        self.begun.get_or_insert(at);
        self.last = Some(at);
        let tracked = u32::try_from(view.tracks.len()).unwrap_or(u32::MAX);
        let count = view.count.max(tracked);
        let level = Level {
            from: at,
            count,
            anonymous: count - tracked,
        };
        let same = |last: &Level| last.count == count && last.anonymous == level.anonymous;
        if !self.levels.back().is_some_and(same) {
            self.levels.push_back(level);
        }
        self.view.count = view.count;
        self.view.tracks.clone_from(&view.tracks);
        self.follow(at, &view.tracks, gap);
        self.settle(at, limits);
    }

    fn follow(&mut self, at: HallTime, tracks: &[TrackId], gap: bool) {
        let mut orphans: Vec<Stay> = Vec::new();
        for stay in &mut self.stays {
            if tracks.contains(&stay.track) {
                stay.missing = None;
            } else {
                stay.missing.get_or_insert(at);
            }
        }
        if gap {
            orphans.extend(self.stays.iter().filter(|s| s.missing.is_some()));
            orphans.sort_unstable_by_key(|stay| std::cmp::Reverse(stay.since));
            self.stays.retain(|s| s.missing.is_none());
        }
        for &track in tracks {
            if !self.stays.iter().any(|stay| stay.track == track) {
                let heir = orphans.pop();
                self.stays.push(Stay {
                    track,
                    since: heir.map_or(at, |stay| stay.since),
                    missing: None,
                    counted: heir.is_some_and(|stay| stay.counted),
                });
            }
        }
        for _ in orphans.iter().filter(|stay| stay.counted) {
            self.tell(self.left(at));
        }
    }

    /// Somebody left at `at`, unless that fell into time nobody watched.
    fn left(&self, at: HallTime) -> Move {
        match self.cut_at {
            Some(cut) if at <= cut => Move::Vanished,
            _ => Move::Left(at),
        }
    }

    fn joined(&self, at: HallTime) -> Move {
        Move::Joined(Some(at).filter(|at| self.cut_at.is_none_or(|cut| *at > cut)))
    }

    fn tell(&mut self, what: Move) {
        if self.moves.len() < MAX_MOVES {
            self.moves.push(what);
        }
    }

    /// Who joined and who left since this was last asked, in the order in which it became known.
    pub fn moves(&mut self) -> impl Iterator<Item = Move> + '_ {
        self.moves.drain(..)
    }

    /// Forgets what has been gone for longer than the tolerance and what no dwell time can reach.
    pub fn settle(&mut self, at: HallTime, limits: &Limits) {
        let tolerance = limits.gap_tolerance;
        let gone = |stay: &Stay| {
            stay.missing
                .is_some_and(|missing| at.since_ms(missing) > tolerance)
        };
        if let Some(dropped) = self
            .stays
            .iter()
            .filter(|s| gone(s))
            .filter_map(|s| s.missing)
            .max()
        {
            self.dropped_at = Some(dropped);
        }
        self.reckon(at, limits);
        self.stays.retain(|stay| !gone(stay));
        // Counted from the last picture: a silence after it may yet be cut out.
        let reached = self.last.map_or(at, |last| last.min(at));
        let horizon = reached.plus_ms(-(limits.queue_dwell + tolerance + 1));
        while self.levels.get(1).is_some_and(|next| next.from < horizon) {
            self.levels.pop_front();
        }
    }

    /// Tells of everybody who has now dwelt long enough, and of everybody counted who is gone.
    fn reckon(&mut self, at: HallTime, limits: &Limits) {
        let dwelt = at.plus_ms(-limits.queue_dwell);
        for ix in 0..self.stays.len() {
            let stay = self.stays[ix];
            // Who left before the dwell was over has not queued, even if that was bridged.
            let long_enough = |missing| missing >= stay.since.plus_ms(limits.queue_dwell);
            if !stay.counted && stay.since <= dwelt && stay.missing.is_none_or(long_enough) {
                self.stays[ix].counted = true;
                self.tell(self.joined(stay.since));
            }
            let gone = |missing: &HallTime| at.since_ms(*missing) > limits.gap_tolerance;
            if let Some(missing) = stay.missing.filter(gone)
                && self.stays[ix].counted
            {
                self.tell(self.left(missing));
            }
        }
        let anonymous = self.anonymous(at, limits);
        for _ in self.anonymous_counted..anonymous {
            self.tell(self.joined(dwelt));
        }
        for _ in anonymous..self.anonymous_counted {
            self.tell(self.left(at.plus_ms(-(limits.gap_tolerance + 1))));
        }
        self.anonymous_counted = anonymous;
    }

    /// What was shown from `from` on was no observation (a frozen picture).
    pub fn revoke(&mut self, from: HallTime) {
        self.last = self.last.map(|last| last.min(from));
        while self.levels.len() > 1 && self.levels.back().is_some_and(|level| level.from > from) {
            self.levels.pop_back();
        }
        for stay in &mut self.stays {
            stay.missing = stay.missing.filter(|missing| *missing <= from);
        }
        let late = |stay: &Stay| stay.since > from;
        for _ in 0..self.stays.iter().filter(|s| late(s) && s.counted).count() {
            self.tell(Move::Vanished);
        }
        self.stays.retain(|stay| !late(stay));
    }

    /// People in the zone in the last picture.
    pub fn in_zone(&self) -> Option<u32> {
        self.levels.back().map(|level| level.count)
    }

    /// Last picture.
    pub fn last(&self) -> Option<HallTime> {
        self.last
    }

    /// People who have dwelt long enough, drop-outs bridged.
    pub fn length(&self, at: HallTime, limits: &Limits) -> u32 {
        let since = at.plus_ms(-limits.queue_dwell);
        let stayed = self.stays.iter().filter(|stay| stay.since <= since).count() as u32;
        stayed.saturating_add(self.anonymous(at, limits))
    }

    /// People who have dwelt long enough and are in the last picture.
    pub fn firm_length(&self, at: HallTime, limits: &Limits) -> u32 {
        let since = at.plus_ms(-limits.queue_dwell);
        let there = |stay: &&Stay| stay.since <= since && stay.missing.is_none();
        let stayed = self.stays.iter().filter(there).count() as u32;
        let anonymous = self.levels.back().map_or(0, |level| level.anonymous);
        stayed.saturating_add(self.anonymous(at, limits).min(anonymous))
    }

    /// Without tracks: as many as were there all the time for as long as it takes.
    fn anonymous(&self, at: HallTime, limits: &Limits) -> u32 {
        let since = at.plus_ms(-limits.queue_dwell);
        if self.begun.is_none_or(|begun| begun > since) {
            return 0;
        }
        let mut least = u32::MAX;
        let mut end = at;
        for (i, level) in self.levels.iter().enumerate().rev() {
            if end <= since && i + 1 < self.levels.len() {
                break;
            }
            least = least.min(self.held(i, end, limits));
            end = level.from;
        }
        if least == u32::MAX { 0 } else { least }
    }

    /// Since when no more than `most` people queue, looking back from the instant at which that is noticed.
    pub fn at_most_since(&self, most: u32, at: HallTime, limits: &Limits) -> HallTime {
        let low = self
            .levels
            .iter()
            .rev()
            .take_while(|level| level.count <= most)
            .last();
        let just = |dropped: &HallTime| at.since_ms(*dropped) <= limits.gap_tolerance + 1;
        low.map(|level| level.from)
            .or(self.dropped_at.filter(just))
            .unwrap_or(at)
    }

    /// The next instant, later than `after`, at which the length may change without a picture.
    pub fn next(&self, after: HallTime, limits: &Limits) -> Option<HallTime> {
        let mut due: Option<HallTime> = None;
        let mut offer = |t: HallTime| {
            if t > after {
                due = Some(due.map_or(t, |d| d.min(t)));
            }
        };
        for stay in &self.stays {
            offer(stay.since.plus_ms(limits.queue_dwell));
            if let Some(missing) = stay.missing {
                offer(missing.plus_ms(limits.gap_tolerance + 1));
            }
        }
        if let Some(begun) = self.begun {
            offer(begun.plus_ms(limits.queue_dwell));
        }
        for level in self.levels.iter().skip(1) {
            offer(level.from.plus_ms(limits.gap_tolerance + 1));
            offer(level.from.plus_ms(limits.queue_dwell));
        }
        due
    }

    /// People without tracks at level `index` near its end, with a drop-out within the tolerance bridged.
    fn held(&self, index: usize, end: HallTime, limits: &Limits) -> u32 {
        let reach = end.plus_ms(-limits.gap_tolerance);
        let mut most = self.levels[index].anonymous;
        let mut i = index;
        while i > 0 && self.levels[i].from >= reach {
            i -= 1;
            most = most.max(self.levels[i].anonymous);
        }
        most
    }

    fn shift(&mut self, ms: i64) {
        let moved = |t: &mut HallTime| *t = t.plus_ms(ms);
        self.levels
            .iter_mut()
            .for_each(|level| moved(&mut level.from));
        for stay in &mut self.stays {
            moved(&mut stay.since);
            stay.missing.iter_mut().for_each(moved);
        }
        self.begun.iter_mut().for_each(moved);
        self.dropped_at.iter_mut().for_each(moved);
    }
}
