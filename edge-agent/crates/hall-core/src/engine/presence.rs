//! Is somebody there? Turns a stream of yes/no observations of one thing into a confirmed, back-dated answer, weighted by
//! time and never by the number of frames. Knows neither windows nor cameras nor duty.

use std::collections::VecDeque;

use super::limits::Limits;
use crate::time::HallTime;
use crate::tri::Tri;

/// Most spans remembered: at 30 changes a second still longer than the confirmation windows in use.
const MAX_SPANS: usize = 2048;

/// A stretch with one answer; lasts until the next span's start, or until now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub from: HallTime,
    pub yes: bool,
}

/// May a gap be filled in when the answers before and after agree?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bridge {
    Allowed,
    Forbidden,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Gap {
    since: HallTime,
    before: Option<bool>,
    prior: Tri,
    bridge: Bridge,
}

/// What an observation did to a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// There was no gap.
    Continued,
    /// The gap counts as observed.
    Bridged,
    /// The gap stays unobserved; confirmation starts anew.
    Anew,
}

/// The confirmed answer and what it rests on.
#[derive(Debug, Clone)]
pub(crate) struct Presence {
    spans: VecDeque<Span>,
    filled_from: HallTime,
    gap: Option<Gap>,
    confirmed: Tri,
    since: HallTime,
}

impl Presence {
    /// Nothing observed yet.
    pub fn new(start: HallTime) -> Self {
        let gap = Gap {
            since: start,
            before: None,
            prior: Tri::Unknown,
            bridge: Bridge::Forbidden,
        };
        Presence {
            spans: VecDeque::new(),
            filled_from: start,
            gap: Some(gap),
            confirmed: Tri::Unknown,
            since: start,
        }
    }

    /// Nothing observed since `since`, but absence had been confirmed then (resuming after a crash).
    pub fn absent_until(since: HallTime) -> Self {
        let gap = Gap {
            since,
            before: Some(false),
            prior: Tri::No,
            bridge: Bridge::Forbidden,
        };
        Presence {
            gap: Some(gap),
            since,
            ..Presence::new(since)
        }
    }

    /// The raw answer now; `Unknown` in a gap.
    pub fn raw(&self) -> Tri {
        match (&self.gap, self.spans.back()) {
            (None, Some(span)) => span.yes.into(),
            _ => Tri::Unknown,
        }
    }

    /// The confirmed answer.
    pub fn confirmed(&self) -> Tri {
        self.confirmed
    }

    /// Since when the confirmed answer holds, back-dated.
    pub fn since(&self) -> HallTime {
        self.since
    }

    /// Start of the uninterrupted observation.
    pub fn filled_from(&self) -> HallTime {
        self.filled_from
    }

    /// Remembered spans that reach beyond `from`, as `(from, to, yes)` up to `to`.
    pub fn spans_between(
        &self,
        from: HallTime,
        to: HallTime,
    ) -> impl Iterator<Item = (HallTime, HallTime, bool)> + '_ {
        self.spans.iter().enumerate().filter_map(move |(i, span)| {
            let start = span.from.max(from);
            let end = self.end(i, to).min(to);
            (start < end).then_some((start, end, span.yes))
        })
    }

    /// Start of the gap going on.
    pub fn gap_since(&self) -> Option<HallTime> {
        self.gap
            .filter(|gap| gap.before.is_some())
            .map(|gap| gap.since)
    }

    /// More presence within the absence window than absence allows: somebody is, or keeps coming, there.
    pub fn stirring(&self, at: HallTime, limits: &Limits) -> bool {
        let from = at.plus_ms(-limits.absent_confirm);
        let present: i64 = self
            .spans_between(from, at)
            .filter(|(_, _, yes)| *yes)
            .map(|(from, to, _)| to.since_ms(from))
            .sum();
        present > limits.absent_budget
    }

    /// When repeated short presences no longer make absence doubtful, if nobody comes any more. A single one never does.
    pub fn calm_at(&self, at: HallTime, limits: &Limits) -> HallTime {
        let from = at.plus_ms(-limits.absent_confirm);
        let mut runs = 0;
        let mut gone: Option<HallTime> = None;
        for (start, end, yes) in self.spans_between(from, at) {
            if yes {
                runs += i32::from(gone.is_none_or(|g| start.since_ms(g) > limits.gap_tolerance));
                gone = Some(end);
            }
        }
        if runs < 2 {
            at
        } else {
            self.falls_to(limits.absent_confirm, limits.absent_budget, false)
        }
    }

    /// Takes an observation at `at`. With `keep_absence`, a confirmed absence outlives an unobserved gap if the first
    /// observation after it agrees.
    pub fn observe(
        &mut self,
        at: HallTime,
        yes: bool,
        keep_absence: bool,
        limits: &Limits,
    ) -> Seen {
        let seen = match self.gap.take() {
            None => Seen::Continued,
            Some(gap)
                if gap.bridge == Bridge::Allowed
                    && gap.before == Some(yes)
                    && at.since_ms(gap.since) <= limits.bridge =>
            {
                self.confirmed = gap.prior;
                Seen::Bridged
            }
            Some(gap) => {
                self.spans.clear();
                self.filled_from = at;
                // What nobody observed is not counted as what came before and after it.
                self.since = at;
                self.confirmed = if keep_absence && !yes && gap.prior.is_no() {
                    Tri::No
                } else {
                    Tri::Unknown
                };
                Seen::Anew
            }
        };
        if self.spans.back().is_none_or(|span| span.yes != yes) {
            self.spans.push_back(Span { from: at, yes });
        }
        self.prune(at, limits);
        seen
    }

    /// From now on nothing is observed; the last observation was at `since`. Returns the true start of the gap, or `None`
    /// if there was one already.
    pub fn lose(&mut self, since: HallTime, bridge: Bridge) -> Option<HallTime> {
        if let Some(gap) = &mut self.gap {
            if bridge == Bridge::Forbidden {
                gap.bridge = Bridge::Forbidden;
            }
            return None;
        }
        let last = self.spans.back()?;
        let since = since.max(last.from);
        self.gap = Some(Gap {
            since,
            before: Some(last.yes),
            prior: self.confirmed,
            bridge,
        });
        self.confirmed = Tri::Unknown;
        Some(since)
    }

    /// Start of the absence observed now, and whether presence was observed before it.
    pub fn absent_from(&self) -> Option<(HallTime, bool)> {
        let span = self
            .spans
            .back()
            .filter(|span| self.gap.is_none() && !span.yes)?;
        Some((span.from, self.spans.len() > 1))
    }

    /// Somebody has been there since `since`, as other evidence than the window of confirmation shows.
    pub fn declare_present(&mut self, since: HallTime) {
        self.confirmed = Tri::Yes;
        self.since = since;
    }

    /// As far as is known now it has been so without a break since `since`, whatever was observed.
    pub fn declare(&mut self, since: HallTime, yes: bool) {
        self.spans.clear();
        self.spans.push_back(Span { from: since, yes });
        self.filled_from = since;
        self.gap = None;
        self.confirmed = yes.into();
        self.since = since;
    }

    /// Confirms what can be confirmed at `at`. Returns whether the confirmed answer changed.
    pub fn check(&mut self, at: HallTime, limits: &Limits) -> bool {
        let target = self.raw();
        if target == Tri::Unknown
            || target == self.confirmed
            || self.confirm_at(limits).is_none_or(|t| t > at)
        {
            return false;
        }
        self.since = if target.is_yes() {
            self.run_start(limits)
        } else {
            self.absence_onset(at, limits)
        };
        self.confirmed = target;
        true
    }

    /// When the present raw answer will be confirmed if it lasts; `None` if it is already, or nothing is observed.
    pub fn confirm_at(&self, limits: &Limits) -> Option<HallTime> {
        let target = self.raw();
        if target == Tri::Unknown || target == self.confirmed {
            return None;
        }
        let (window, budget) = if target.is_yes() {
            (limits.present_confirm, limits.present_budget)
        } else {
            (limits.absent_confirm, limits.absent_budget)
        };
        let full = self.filled_from.plus_ms(window);
        Some(self.falls_to(window, budget, target.is_yes()).max(full))
    }

    /// When the last `window` will hold no more than `budget` of the opposite of `target`, if `target` lasts from now on.
    fn falls_to(&self, window: i64, budget: i64, target: bool) -> HallTime {
        let mut other = 0;
        let mut end: Option<HallTime> = None;
        for span in self.spans.iter().rev() {
            if let Some(end) = end
                && span.yes != target
            {
                let length = end.since_ms(span.from);
                if other + length > budget {
                    // The window may reach back into this span by what is left of the budget.
                    return end.plus_ms(window - (budget - other));
                }
                other += length;
            }
            end = Some(span.from);
        }
        self.filled_from
    }

    /// Start of the presence run going on now, drop-outs within the tolerance bridged.
    fn run_start(&self, limits: &Limits) -> HallTime {
        let mut start = self.since;
        let mut end: Option<HallTime> = None;
        for span in self.spans.iter().rev() {
            if span.yes {
                start = span.from;
            } else if end.is_some_and(|end| end.since_ms(span.from) > limits.gap_tolerance) {
                break;
            }
            end = Some(span.from);
        }
        start
    }

    /// Where the absence going on at `at` began: after the last presence long enough to matter. Shorter blips are crossed
    /// as long as presence stays within the share that counts as absent. Where it does not, they were no blips but
    /// somebody badly seen, and absence begins after the last of them: flicker is never turned into absence.
    fn absence_onset(&self, at: HallTime, limits: &Limits) -> HallTime {
        let Some(mut i) = self.spans.len().checked_sub(1) else {
            return at;
        };
        let mut onset = self.spans[i].from;
        let after_last = onset;
        let mut present = 0;
        while i > 0 {
            let run_end = self.spans[i].from;
            let mut first = i - 1;
            present += run_end.since_ms(self.spans[first].from);
            while first >= 2
                && self.spans[first].from.since_ms(self.spans[first - 1].from)
                    <= limits.gap_tolerance
            {
                present += self.spans[first - 1]
                    .from
                    .since_ms(self.spans[first - 2].from);
                first -= 2;
            }
            if first == 0 || run_end.since_ms(self.spans[first].from) >= limits.real_presence {
                break;
            }
            let candidate = self.spans[first - 1].from;
            if present as f64 > limits.ratio_off * at.since_ms(candidate) as f64 {
                return after_last;
            }
            onset = candidate;
            i = first - 1;
        }
        onset
    }

    fn end(&self, index: usize, now: HallTime) -> HallTime {
        self.spans.get(index + 1).map_or(now, |next| next.from)
    }

    /// Forgets spans that no confirmation window can reach; a span that reaches into it is kept whole.
    fn prune(&mut self, at: HallTime, limits: &Limits) {
        let horizon = at.plus_ms(-4 * limits.absent_confirm.max(limits.present_confirm));
        while self.spans.len() > MAX_SPANS
            || self.spans.get(1).is_some_and(|next| next.from < horizon)
        {
            self.spans.pop_front();
        }
    }
}
