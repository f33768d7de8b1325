//! The book of figures: takes what the engine gives out, keeps the last weeks, and tells which roll-ups are new or changed.
//!
//! The order in which things arrive does not matter for the figures but where it must: a later interval replaces what an earlier one
//! said about the same time. Memory is bounded: what is older than [`KEEP_DAYS`] days is forgotten here (whoever wants it longer stores
//! the days before).

use std::collections::{BTreeMap, BTreeSet};

use hall_core::account::{Excuse, Interval, TimeClass, WaitSample};
use hall_core::engine::Output;
use hall_core::event::{Event, EventCode, EventId};
use hall_core::ids::{QueueId, WindowId};
use hall_core::summary::Summary;
use hall_core::time::Stamp;

use crate::calendar::{DAY_MS, LocalDay, MINUTE_MS, Period, PeriodKind, hour_of};
use crate::fact::{EventFact, local_ms};
use crate::figures::{Figures, WindowFigures};
use crate::layout::Layout;
use crate::queue::{QueueFigures, QueueMinute, Wait, counted};
use crate::rating::RatingTotals;
use crate::rollup::Published;
use crate::spans::Spans;
use crate::times::ClassTimes;

/// Days kept in memory: as long as a person may still decide on an event.
pub const KEEP_DAYS: i64 = 62;
/// A period is rolled up so long after its end: by then states have been confirmed and dated back.
pub const SETTLE_MS: i64 = 3 * MINUTE_MS;
/// Wall times before 2020 come from a clock that was never set; they belong to no day.
const EPOCH_MS: i64 = 1_577_836_800_000;
/// Waits kept of a queue and a day; more are not believed.
const WAITS_PER_DAY: usize = 5_000;

/// One window's line of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct WindowLine {
    /// As the engine judged it then.
    pub(crate) times: Spans<TimeClass>,
    /// Leave entered (true) or cancelled (false) afterwards.
    pub(crate) excuses: Spans<bool>,
}

/// One queue.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct QueueLine {
    /// By start, local milliseconds.
    pub(crate) minutes: BTreeMap<i64, QueueMinute>,
    /// By day, in order.
    pub(crate) waits: BTreeMap<LocalDay, Vec<Wait>>,
}

/// Figures of one hall.
#[derive(Debug, Clone, PartialEq)]
pub struct Book {
    pub(crate) layout: Layout,
    pub(crate) kinds: Vec<PeriodKind>,
    /// Everything before has been told, local milliseconds.
    pub(crate) until_ms: i64,
    pub(crate) windows: BTreeMap<WindowId, WindowLine>,
    pub(crate) queues: BTreeMap<QueueId, QueueLine>,
    pub(crate) events: BTreeMap<EventId, EventFact>,
    /// Of these, times without a camera or sensor.
    pub(crate) offline: BTreeSet<EventId>,
    pub(crate) ratings: BTreeMap<LocalDay, BTreeMap<WindowId, RatingTotals>>,
    pub(crate) published: BTreeMap<Period, Published>,
    /// Periods about which something new is known.
    pub(crate) pending: BTreeSet<Period>,
    pub(crate) touched: (i64, i64),
    /// Days that differ from what was stored last.
    pub(crate) changed: BTreeSet<LocalDay>,
}

impl Book {
    /// An empty book that rolls up over periods of 15 minutes and more.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        use PeriodKind::{Day, Hour, Month, Quarter};
        Book::over(layout, vec![Quarter, Hour, Day, Month])
    }

    /// An empty book that rolls up over these periods.
    #[must_use]
    pub fn over(layout: Layout, kinds: Vec<PeriodKind>) -> Self {
        Book {
            layout,
            kinds,
            until_ms: i64::MIN,
            windows: BTreeMap::new(),
            queues: BTreeMap::new(),
            events: BTreeMap::new(),
            offline: BTreeSet::new(),
            ratings: BTreeMap::new(),
            published: BTreeMap::new(),
            pending: BTreeSet::new(),
            touched: (i64::MAX, i64::MIN),
            changed: BTreeSet::new(),
        }
    }

    /// The hall.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The hall was configured anew.
    pub fn set_layout(&mut self, layout: Layout) {
        self.layout = layout;
    }

    /// Figures are known up to here, local milliseconds; `i64::MIN` in an empty book.
    #[must_use]
    pub fn until_ms(&self) -> i64 {
        self.until_ms
    }

    pub(crate) fn reached(&mut self, local_ms: i64) {
        self.until_ms = self.until_ms.max(local_ms);
    }

    /// The days that changed since this was asked last, oldest first.
    pub fn take_changed(&mut self) -> Vec<LocalDay> {
        std::mem::take(&mut self.changed).into_iter().collect()
    }

    /// The days that are told of in full; what is older was forgotten and may be stored elsewhere.
    #[must_use]
    pub fn oldest_day(&self) -> LocalDay {
        LocalDay(LocalDay::of(self.until_ms).0.saturating_sub(KEEP_DAYS))
    }

    /// A day is still to be stored.
    pub fn mark_changed(&mut self, day: LocalDay) {
        self.changed.insert(day);
    }

    /// Takes whatever the engine gives out.
    pub fn take(&mut self, output: &Output) {
        match output {
            Output::Interval(interval) => self.interval(interval),
            Output::Event(event) => self.event(event),
            Output::Summary(summary) => self.summary(summary),
            Output::Wait(wait) => self.wait(wait),
            Output::Excuse(excuse) => self.excuse(excuse),
            Output::Answer(_) => {}
        }
    }

    /// The local instant of a stamp; `None` from a clock that was never set.
    pub(crate) fn local(&self, stamp: Stamp) -> Option<i64> {
        (stamp.unix_ms >= EPOCH_MS).then(|| local_ms(stamp, self.layout.utc_offset_s))
    }

    fn interval(&mut self, interval: &Interval) {
        let (Some(from), Some(to)) = (self.local(interval.from), self.local(interval.to)) else {
            return;
        };
        let line = self.windows.entry(interval.window.clone()).or_default();
        // Off duty the end moves every minute of the night; what is not stored of it counts as off duty all the same.
        let idle = |class| class == TimeClass::OffDuty;
        let night = idle(interval.class) && line.times.within(from, to).all(|s| idle(s.value));
        if line.times.set(from, to, interval.class) {
            self.pend(from, to);
            if !night {
                self.store_again(from, to);
            }
        }
        self.until_ms = self.until_ms.max(to);
    }

    fn excuse(&mut self, excuse: &Excuse) {
        let (Some(from), Some(to)) = (self.local(excuse.from), self.local(excuse.to)) else {
            return;
        };
        let line = self.windows.entry(excuse.window.clone()).or_default();
        if line.excuses.set(from, to, excuse.excused) {
            self.touch(from, to.min(self.until_ms));
        }
    }

    fn event(&mut self, event: &Event) {
        if self.local(event.onset).is_none() {
            return;
        }
        self.enter(EventFact::new(event, self.layout.utc_offset_s));
    }

    pub(crate) fn enter(&mut self, fact: EventFact) {
        let (id, onset_ms) = (fact.id, fact.onset_ms);
        let offline = matches!(fact.code, EventCode::CameraOffline | EventCode::SensorFault);
        let changed = match self.events.get_mut(&id) {
            Some(known) => known.merge(fact),
            None => {
                self.events.insert(id, fact);
                true
            }
        };
        if !changed {
            return;
        }
        self.touch(onset_ms, onset_ms + 1);
        if offline {
            self.offline.insert(id);
            let end_ms = self.events.get(&id).and_then(|fact| fact.end_ms);
            let from_ms = onset_ms.max(self.oldest_ms());
            self.touch(from_ms, end_ms.unwrap_or(self.until_ms).min(self.until_ms));
        }
    }

    fn summary(&mut self, summary: &Summary) {
        let (Some(from), Some(to)) = (self.local(summary.from), self.local(summary.to)) else {
            return;
        };
        for queue in &summary.queues {
            let (Some(mean), Some(max)) = (queue.len_avg, queue.len_max) else {
                continue;
            };
            let minute = QueueMinute {
                ms: u32::try_from(to - from).unwrap_or(0),
                mean_tenths: (mean * 10.0).round() as u32,
                max,
                saturated: queue.saturated,
            };
            let line = self.queues.entry(queue.queue.clone()).or_default();
            if line.minutes.insert(from, minute) != Some(minute) {
                self.touch(from, to);
            }
        }
        self.until_ms = self.until_ms.max(to);
    }

    fn wait(&mut self, sample: &WaitSample) {
        let Some(at_ms) = self.local(sample.at) else {
            return;
        };
        let ms = |ms: i64| u32::try_from(ms.max(0)).unwrap_or(u32::MAX);
        let wait = Wait {
            at_ms,
            wait_ms: ms(sample.wait_ms),
            service_ms: sample.service_ms.map(ms),
            abandoned: sample.abandoned,
            source: sample.source,
        };
        let line = self.queues.entry(sample.queue.clone()).or_default();
        let day = line.waits.entry(LocalDay::of(at_ms)).or_default();
        if day.len() < WAITS_PER_DAY {
            let ix = day.partition_point(|known| *known <= wait);
            day.insert(ix, wait);
            self.touch(at_ms, at_ms + 1);
        }
    }

    /// The figures from `from_ms` to `to_ms`, local milliseconds. A slot of the opening rate is all of it, or each of its days.
    #[must_use]
    pub fn figures(&self, from_ms: i64, to_ms: i64) -> Figures {
        let to_ms = to_ms.min(self.until_ms);
        let mut figures = Figures::default();
        let mut at = from_ms;
        while at < to_ms {
            let next = (LocalDay::of(at).0 + 1) * DAY_MS;
            let end = next.min(to_ms);
            figures.merge(&self.slot(at, end));
            at = end;
        }
        figures
    }

    /// Something was told about a day.
    #[must_use]
    pub fn knows(&self, day: LocalDay) -> bool {
        let (from_ms, to_ms) = (day.from_ms(), day.from_ms() + DAY_MS);
        let mut lines = self.windows.values();
        lines.any(|line| line.times.within(from_ms, to_ms).next().is_some())
    }

    /// The figures of one slot within a day.
    fn slot(&self, from_ms: i64, to_ms: i64) -> Figures {
        let mut figures = Figures::default();
        for (id, line) in &self.windows {
            let times = self.times(id, line, from_ms, to_ms);
            if times.total_ms() > 0 {
                figures.elapsed_ms = figures.elapsed_ms.max(times.total_ms());
                let window = WindowFigures::slot(times);
                figures.windows.insert(id.clone(), window);
            }
        }
        for (id, line) in &self.queues {
            let queue = self.queue(id, line, from_ms, to_ms, &mut figures.queues_by_hour);
            if !queue.is_empty() {
                figures.queues.insert(id.clone(), queue);
            }
        }
        let facts = self.events.range(self.id_at(from_ms)..self.id_at(to_ms));
        figures.events = facts.map(|(_, fact)| fact.clone()).collect();
        figures.device_ms = figures.elapsed_ms * i64::from(self.layout.devices);
        figures.offline_ms = (self.offline.iter())
            .filter_map(|id| self.events.get(id).filter(|fact| fact.counts()))
            .map(|fact| fact.overlap_ms(from_ms, to_ms))
            .sum::<i64>()
            .min(figures.device_ms);
        figures
    }

    /// Event ids begin with the Unix milliseconds of the onset.
    pub(crate) fn id_at(&self, local_ms: i64) -> EventId {
        let unix_ms = local_ms - i64::from(self.layout.utc_offset_s) * 1000;
        EventId(u128::from(unix_ms.max(0) as u64) << 80)
    }

    fn times(&self, id: &WindowId, line: &WindowLine, from_ms: i64, to_ms: i64) -> ClassTimes {
        let mut times = ClassTimes::default();
        for span in self.pieces(id, line, from_ms, to_ms) {
            times.add(span.value, span.to_ms - span.from_ms);
        }
        times
    }

    /// How a window's time counts, in order, without gaps since its first interval: where nothing was told, by the roster.
    pub(crate) fn line(
        &self,
        id: &WindowId,
        line: &WindowLine,
        from_ms: i64,
        to_ms: i64,
    ) -> Vec<(i64, i64, TimeClass)> {
        let mut pieces = Vec::new();
        let Some((first_ms, _)) = line.times.bounds() else {
            return pieces;
        };
        let known = self.layout.windows.contains_key(id);
        let mut at = from_ms.max(first_ms);
        let gap = |from: i64, to: i64, pieces: &mut Vec<(i64, i64, TimeClass)>| {
            if known && from < to {
                let unseen = self.layout.unseen(id, from, to);
                pieces.extend(unseen.iter().map(|s| (s.from_ms, s.to_ms, s.value)));
            }
        };
        for span in line.times.within(from_ms, to_ms) {
            gap(at, span.from_ms, &mut pieces);
            pieces.push((span.from_ms, span.to_ms, span.value));
            at = span.to_ms;
        }
        gap(at, to_ms.min(self.until_ms), &mut pieces);
        pieces
    }

    /// One queue: minutes in which a window it feeds was on duty, and waits.
    fn queue(
        &self,
        id: &QueueId,
        line: &QueueLine,
        from_ms: i64,
        to_ms: i64,
        by_hour: &mut BTreeMap<u8, QueueFigures>,
    ) -> QueueFigures {
        let mut figures = QueueFigures::default();
        if line.minutes.range(from_ms..to_ms).next().is_some() {
            let duty = self.duty(id, from_ms, to_ms);
            for (at, minute) in line.minutes.range(from_ms..to_ms) {
                if duty.within(*at, at + i64::from(minute.ms)).next().is_some() {
                    figures.add_minute(minute);
                    by_hour.entry(hour_of(*at)).or_default().add_minute(minute);
                }
            }
        }
        for day in line.waits.get(&LocalDay::of(from_ms)).into_iter() {
            for wait in counted(day) {
                if (from_ms..to_ms).contains(&wait.at_ms) {
                    figures.waits.push(wait);
                    let hour = by_hour.entry(hour_of(wait.at_ms)).or_default();
                    hour.waits.push(wait);
                }
            }
        }
        figures
    }

    /// When a window that a queue feeds was on duty.
    pub(crate) fn duty(&self, queue: &QueueId, from_ms: i64, to_ms: i64) -> Spans<()> {
        let fed = self.layout.queues.get(queue);
        let mut duty = Spans::new();
        for (id, line) in &self.windows {
            if fed.is_some_and(|fed| !fed.is_empty() && !fed.contains(id)) {
                continue;
            }
            for (from, to, class) in self.line(id, line, from_ms, to_ms) {
                if !matches!(class, TimeClass::OffDuty | TimeClass::ExtraOpen) {
                    duty.set(from, to, ());
                }
            }
        }
        duty
    }
}
