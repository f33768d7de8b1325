//! What the centre sees as "now": the retained topics' payloads, made from the hall's view. Decides when a change is worth a
//! message; knows no broker.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use edge_config::Config;
use edge_uplink::LiveState;
use hall_core::HallTime;
use hall_core::observe::Quality;
use hall_core::snapshot::{HallSnapshot, SensorReason, WindowState};
use hall_wire::state::{QueueStateRecord, StateContext, WindowStateRecord};
use hall_wire::summary::SummaryRecord;
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::hall::HallView;
use crate::meta::with_sensors;
use crate::supervise::{Criticality, Stage, Supervisor};

/// Views come up to five times a second; the centre needs no more looks than this.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Looks that make up the minute over which `coverage` is reported.
const COVERAGE_LOOKS: usize = 240;
/// Changes of mere numbers are sent at most this often; changes of state at once.
const NUMBERS_EVERY_MS: i64 = 10_000;
/// `meta` is the largest payload: a sensor that changes all the time sends it at most this often.
const META_EVERY_MS: i64 = 1_000;
/// Fields that run by themselves and are never a reason to send.
const RUNNING: [&str; 5] = ["at", "absent_s", "coverage", "wait_est_s", "wait_error_s"];
/// Fields that are numbers rather than states.
const NUMBERS: [&str; 6] = [
    "customers",
    "length",
    "in_zone",
    "wait_src",
    "open_windows",
    "advised_windows",
];

/// Keeps the retained payloads up to date.
#[derive(Clone)]
pub struct Retained {
    /// Configuration.
    pub config: Arc<Config>,
    /// The box's clock.
    pub clock: Arc<Clock>,
    /// Present view.
    pub view: watch::Receiver<HallView>,
    /// The `meta` payload, made by whoever knows the box.
    pub meta: watch::Receiver<Value>,
    /// To the uplink.
    pub out: watch::Sender<Arc<LiveState>>,
}

/// One retained topic's payload and when it was made.
#[derive(Debug, Clone)]
struct Kept {
    value: Value,
    at: HallTime,
}

/// Starts it.
pub fn start(supervisor: &mut Supervisor, retained: Retained) {
    supervisor.start(
        "retained",
        Stage::Uplink,
        Criticality::Degradable,
        Box::new(move |cancel| Box::pin(retained.clone().run(cancel))),
    );
}

impl Retained {
    /// Runs until cancelled or the hall is gone.
    ///
    /// # Errors
    /// Never at present; the form is that of every component.
    pub async fn run(mut self, cancel: CancellationToken) -> anyhow::Result<()> {
        let refresh_ms = i64::from(
            self.config
                .uplink
                .as_ref()
                .map_or(60, |u| u.state_interval_s),
        ) * 1000;
        let mut windows = BTreeMap::new();
        let mut queues = BTreeMap::new();
        let mut known: BTreeMap<String, VecDeque<bool>> = BTreeMap::new();
        let mut told: Option<(Vec<Standing>, HallTime)> = None;
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                _ = look.tick() => {}
            }
            let view = self.view.borrow_and_update().clone();
            let ctx = StateContext {
                hall: self.config.engine.hall.clone(),
                box_id: self.config.engine.box_id.clone(),
                at: view.snapshot.at,
                clock: self.clock.wall(),
            };
            let mut changed = false;
            for window in &view.snapshot.windows {
                let coverage = coverage(
                    known.entry(window.window.to_string()).or_default(),
                    window.state,
                );
                let record = serde_json::to_value(WindowStateRecord::new(window, &ctx, coverage))?;
                changed |= keep(
                    &mut windows,
                    window.window.as_str(),
                    record,
                    ctx.at,
                    refresh_ms,
                );
            }
            for queue in &view.snapshot.queues {
                let record = serde_json::to_value(QueueStateRecord::new(queue, &ctx))?;
                changed |= keep(
                    &mut queues,
                    queue.queue.as_str(),
                    record,
                    ctx.at,
                    refresh_ms,
                );
            }
            let summary = match &view.summary {
                Some(summary) => Some(serde_json::to_value(SummaryRecord::new(
                    summary,
                    &ctx.hall,
                    &ctx.box_id,
                ))?),
                None => None,
            };
            let live = self.out.borrow().clone();
            let mut meta = live.meta.clone();
            let standings = standings(&view.snapshot);
            let told_already = told.as_ref().is_some_and(|(before, at)| {
                let age_ms = ctx.at.since_ms(*at);
                age_ms < META_EVERY_MS || (*before == standings && age_ms < refresh_ms)
            });
            if !told_already || self.meta.has_changed().unwrap_or(false) {
                let base = self.meta.borrow_and_update().clone();
                meta = with_sensors(&base, &view.snapshot, ctx.clock);
                told = Some((standings, ctx.at));
                changed = true;
            }
            changed |= summary != live.summary;
            if changed {
                self.out.send_replace(Arc::new(LiveState {
                    meta,
                    windows: values(&windows),
                    queues: values(&queues),
                    summary,
                }));
            }
        }
    }
}

/// How one sensor stands; its age and counts run by themselves and are no reason to send.
type Standing = (Quality, Option<(SensorReason, HallTime)>);

fn standings(snapshot: &HallSnapshot) -> Vec<Standing> {
    let sensors = snapshot.sensors.iter();
    sensors.map(|s| (s.quality, s.trouble)).collect()
}

/// Share of the last minute's looks at which a window on duty was observable; `None` while it was never on duty.
fn coverage(looks: &mut VecDeque<bool>, state: WindowState) -> Option<f32> {
    if state != WindowState::OffDuty {
        looks.push_back(state != WindowState::Unknown);
    }
    if looks.len() > COVERAGE_LOOKS || state == WindowState::OffDuty {
        looks.pop_front();
    }
    let seen = looks.iter().filter(|known| **known).count();
    (!looks.is_empty()).then(|| seen as f32 / looks.len() as f32)
}

fn values(kept: &BTreeMap<String, Kept>) -> BTreeMap<String, Value> {
    kept.iter()
        .map(|(id, k)| (id.clone(), k.value.clone()))
        .collect()
}

/// Takes the new payload over when it says something worth a message; tells whether it did.
fn keep(
    kept: &mut BTreeMap<String, Kept>,
    id: &str,
    value: Value,
    at: HallTime,
    refresh_ms: i64,
) -> bool {
    let worth = match kept.get(id) {
        None => true,
        Some(old) => {
            let age_ms = at.since_ms(old.at);
            let state_changed = without(&old.value, &[&RUNNING[..], &NUMBERS[..]].concat())
                != without(&value, &[&RUNNING[..], &NUMBERS[..]].concat());
            let numbers_changed = without(&old.value, &RUNNING) != without(&value, &RUNNING);
            state_changed || (numbers_changed && age_ms >= NUMBERS_EVERY_MS) || age_ms >= refresh_ms
        }
    };
    if worth {
        kept.insert(id.to_owned(), Kept { value, at });
    }
    worth
}

fn without(value: &Value, fields: &[&str]) -> Value {
    let mut value = value.clone();
    if let Value::Object(map) = &mut value {
        for field in fields {
            map.remove(*field);
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_of_state_is_sent_at_once_numbers_seldom_and_running_figures_never() {
        let mut kept = BTreeMap::new();
        let rows = [
            (
                0,
                json!({"at": 0, "state": "staffed", "customers": 0, "absent_s": 0}),
                true,
            ),
            (
                500,
                json!({"at": 500, "state": "staffed", "customers": 0, "absent_s": 1}),
                false,
            ),
            (
                600,
                json!({"at": 600, "state": "staffed", "customers": 1, "absent_s": 1}),
                false,
            ),
            (
                700,
                json!({"at": 700, "state": "unstaffed", "customers": 1, "absent_s": 1}),
                true,
            ),
            (
                10_800,
                json!({"at": 10_800, "state": "unstaffed", "customers": 2, "absent_s": 9}),
                true,
            ),
            (
                60_000,
                json!({"at": 60_000, "state": "unstaffed", "customers": 2, "absent_s": 50}),
                false,
            ),
            (
                70_800,
                json!({"at": 70_800, "state": "unstaffed", "customers": 2, "absent_s": 60}),
                true,
            ),
        ];
        for (at, value, worth) in rows {
            assert_eq!(
                keep(&mut kept, "W1", value.clone(), HallTime(at), 60_000),
                worth,
                "{value}"
            );
        }
    }
}
