//! Other rules beside a hall's own on the same observations: what each would have raised, counted and side by side. Judges nothing
//! itself.

use std::collections::BTreeMap;

use hall_core::config::{EngineConfig, Rules};
use hall_wire::event::EventRecord;
use serde::Serialize;

use crate::driver::{ReplayOptions, ReplayOutput, ReplayStats, replay_steps};
use crate::error::ReplayError;
use crate::run::{Run, Step};
use crate::source::Told;

/// One event as one side saw it last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Seen {
    /// ULID.
    pub event_id: String,
    /// Highest level.
    pub level: String,
    /// RFC 3339.
    pub onset: String,
    /// RFC 3339; null while open.
    pub end: Option<String>,
    /// Seconds.
    pub duration_s: f64,
}

/// How many events of a kind each side raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Event code.
    pub code: String,
    /// Highest level reached.
    pub level: String,
    /// Kind of the subject.
    pub subject_kind: String,
    /// The subject.
    pub subject: String,
    /// By the hall's rules.
    pub rules: u32,
    /// By the shadow rules.
    pub shadow: u32,
}

/// An event that the two sides do not tell alike.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Event code.
    pub code: String,
    /// Kind of the subject.
    pub subject_kind: String,
    /// The subject.
    pub subject: String,
    /// By the hall's rules; null: not raised.
    pub rules: Option<Seen>,
    /// By the shadow rules; null: not raised.
    pub shadow: Option<Seen>,
}

/// What the two sides raised. Events on the box itself are left out: they do not depend on rules.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Comparison {
    /// Names of the rules, for example `P0@1` and `P0@2`.
    pub names: (String, String),
    /// Events raised in all.
    pub events: (u32, u32),
    /// By code, level and subject.
    pub counts: Vec<Count>,
    /// Events that differ, by onset.
    pub differences: Vec<Difference>,
    /// What the replay went through.
    pub stats: ReplayStats,
}

type Log = BTreeMap<String, EventRecord>;

/// Replays the same steps under the rules of `cfg` and under `shadow`.
///
/// # Errors
/// As [`replay_steps`].
pub fn compare(
    cfg: &EngineConfig,
    shadow: &Rules,
    utc_offset_s: i32,
    options: &ReplayOptions,
    steps: impl Iterator<Item = Result<Told, ReplayError>>,
) -> Result<Comparison, ReplayError> {
    let other_cfg = EngineConfig {
        rules: shadow.clone(),
        ..cfg.clone()
    };
    let (mut own, mut other) = (Log::new(), Log::new());
    let mut beside: Option<Run<'_>> = None;
    let mut last_line = 0;
    let steps = steps.map(|told| {
        let told = told?;
        last_line = told.line;
        let keep = &mut |output| keep(&mut other, output);
        let run =
            beside.get_or_insert_with(|| Run::begin(&other_cfg, options, utc_offset_s, &told));
        // The shadow rules stand for the whole time, whatever the hall changed.
        if !matches!(told.step, Step::Rules(_)) {
            run.step(told.at, told.line, told.step.clone(), keep)?;
        }
        Ok(told)
    });
    let stats = replay_steps(cfg, utc_offset_s, options, steps, &mut |output| {
        keep(&mut own, output);
    })?;
    if let Some(run) = beside {
        let until = options.until_ms.map(hall_core::HallTime);
        run.end(until, last_line, &mut |output| keep(&mut other, output))?;
    }
    let name = |rules: &Rules| format!("{}@{}", rules.name, rules.revision);
    let number = |log: &Log| u32::try_from(log.len()).unwrap_or(u32::MAX);
    Ok(Comparison {
        names: (name(&cfg.rules), name(shadow)),
        events: (number(&own), number(&other)),
        counts: counts(&own, &other),
        differences: differences(&own, &other),
        stats,
    })
}

fn keep(log: &mut Log, output: ReplayOutput) {
    if let ReplayOutput::Event(record) = output
        && record.subject_kind != "box"
    {
        log.insert(record.event_id.clone(), *record);
    }
}

fn counts(own: &Log, other: &Log) -> Vec<Count> {
    let mut all: BTreeMap<[&str; 4], (u32, u32)> = BTreeMap::new();
    fn kind(e: &EventRecord) -> [&str; 4] {
        [&e.code, &e.subject_kind, &e.subject, &e.level]
    }
    for event in own.values() {
        all.entry(kind(event)).or_default().0 += 1;
    }
    for event in other.values() {
        all.entry(kind(event)).or_default().1 += 1;
    }
    let count = |([code, subject_kind, subject, level], (rules, shadow)): ([&str; 4], _)| Count {
        code: code.into(),
        level: level.into(),
        subject_kind: subject_kind.into(),
        subject: subject.into(),
        rules,
        shadow,
    };
    all.into_iter().map(count).collect()
}

/// Pairs events of the same code and subject whose times overlap, the same event first, and leaves out what both tell alike.
fn differences(own: &Log, other: &Log) -> Vec<Difference> {
    let mut left: Vec<&EventRecord> = other.values().collect();
    let mut found = Vec::new();
    let mut take = |event: &EventRecord, same: &dyn Fn(&EventRecord) -> bool| {
        let ix = left
            .iter()
            .position(|e| e.code == event.code && e.subject == event.subject && same(e))?;
        Some(left.remove(ix))
    };
    for event in own.values() {
        let pair = take(event, &|e| e.event_id == event.event_id)
            .or_else(|| take(event, &|e| overlap(e, event)));
        let alike = pair.is_some_and(|p| seen(p) == seen(event));
        if !alike {
            found.push(difference(event, Some(event), pair));
        }
    }
    let rest = left.into_iter().map(|e| difference(e, None, Some(e)));
    found.extend(rest);
    // All stamps of a hall have the same offset: their texts sort as their times.
    found.sort_by_cached_key(|d| {
        let first = d.rules.as_ref().or(d.shadow.as_ref());
        first.map(|s| (s.onset.clone(), d.code.clone(), d.subject.clone()))
    });
    found
}

fn overlap(a: &EventRecord, b: &EventRecord) -> bool {
    let before = |end: &Option<String>, onset: &String| end.as_ref().is_some_and(|e| e <= onset);
    !before(&a.end, &b.onset) && !before(&b.end, &a.onset)
}

fn seen(event: &EventRecord) -> Seen {
    Seen {
        event_id: event.event_id.clone(),
        level: event.level.clone(),
        onset: event.onset.clone(),
        end: event.end.clone(),
        // An open event is as long as its last revision is old: no difference.
        duration_s: event.end.as_ref().map_or(0.0, |_| event.duration_s),
    }
}

fn difference(
    of: &EventRecord,
    rules: Option<&EventRecord>,
    shadow: Option<&EventRecord>,
) -> Difference {
    Difference {
        code: of.code.clone(),
        subject_kind: of.subject_kind.clone(),
        subject: of.subject.clone(),
        rules: rules.map(seen),
        shadow: shadow.map(seen),
    }
}
