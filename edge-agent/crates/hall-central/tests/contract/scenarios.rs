//! Everything the engine says over all scenarios, as the box would publish it, satisfies the schemas to the letter.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::PathBuf;

use edge_uplink::cloudevent;
use edge_uplink::store::codec::{GENESIS, seal};
use edge_uplink::store::{LineKind, LogLine};
use hall_central::message;
use hall_central::schemas::Schemas;
use hall_metrics::PeriodKind;
use hall_replay::{FileSteps, ReplayOptions, ReplayOutput, Run};
use hall_wire::state::{QueueStateRecord, StateContext, WindowStateRecord};
use hall_wire::time::parse_rfc3339;
use serde::Serialize;
use serde_json::Value;

use crate::crates;

fn folder() -> PathBuf {
    crates().join("hall-replay/tests/scenarios")
}

/// What was published, counted.
#[derive(Default)]
struct Published {
    scenario: String,
    source: String,
    events: u64,
    states: u64,
    summaries: u64,
    rollups: u64,
    codes: BTreeSet<String>,
    /// What was wrong, and where first.
    wrong: BTreeMap<String, String>,
}

impl Published {
    fn take(&mut self, leaf: &str, payload: &str) {
        let checked = Schemas::strict().check_leaf(leaf, payload);
        let read = message::read(&self.source, leaf, payload);
        if let Err(why) = checked.and(read.map(|_| ())) {
            let first = || format!("{}: {leaf}: {payload}", self.scenario);
            self.wrong.entry(why).or_insert_with(first);
        }
    }

    fn record(&mut self, leaf: &str, record: &impl Serialize) {
        self.take(leaf, &serde_json::to_string(record).unwrap());
    }

    fn output(&mut self, output: &ReplayOutput) {
        match output {
            ReplayOutput::Event(record) => {
                self.events += 1;
                let (sealed, json) = seal(self.events, record, GENESIS).unwrap();
                let line = LogLine {
                    from: sealed.seq,
                    seq: sealed.seq,
                    kind: LineKind::Event,
                    json,
                };
                let facts = cloudevent::facts(&line).unwrap();
                let event = cloudevent::event(&line, &facts, &self.source, false).unwrap();
                let event = event.json().unwrap();
                self.take("event", &event);
                self.codes.insert(record.code.clone());
            }
            ReplayOutput::Summary(summary) => {
                self.summaries += 1;
                self.record("summary/live", summary);
            }
            ReplayOutput::Rollup(rollup) => {
                self.rollups += 1;
                self.record(&format!("summary/{}", rollup.period), rollup);
            }
            // Not published.
            ReplayOutput::Interval(_) | ReplayOutput::Excuse(_) | ReplayOutput::Answer(_) => {}
        }
    }

    fn states(&mut self, run: &Run<'_>) {
        let snapshot = run.snapshot();
        let ctx = StateContext {
            hall: run.config().hall.clone(),
            box_id: run.config().box_id.clone(),
            at: snapshot.at,
            clock: run.clock(),
        };
        for window in &snapshot.windows {
            let record = WindowStateRecord::new(window, &ctx, Some(1.0));
            self.record("state/window/W", &record);
        }
        for queue in &snapshot.queues {
            self.record("state/queue/Q", &QueueStateRecord::new(queue, &ctx));
        }
        self.states += 1;
    }

    fn scenario(&mut self, name: &str) {
        let expect = fs::read_to_string(folder().join(format!("{name}.expect.jsonl"))).unwrap();
        let head: Value = serde_json::from_str(expect.lines().next().unwrap()).unwrap();
        let hall = head["hall"].as_str().unwrap_or("hall.toml");
        let config = edge_config::load(&folder().join(hall)).unwrap();
        let options = ReplayOptions {
            until_ms: head["until"]
                .as_str()
                .map(|text| parse_rfc3339(text).unwrap().0),
            summaries: true,
            rollups: vec![
                PeriodKind::Quarter,
                PeriodKind::Hour,
                PeriodKind::Day,
                PeriodKind::Month,
            ],
            config_sha256: config.sha256.clone(),
            ..ReplayOptions::default()
        };
        self.scenario = name.into();
        self.source = format!("/51/{}/{}", config.engine.hall, config.engine.box_id);
        let file = File::open(folder().join(format!("{name}.jsonl"))).unwrap();
        let cfg = &config.engine;
        let steps = FileSteps::new(
            cfg,
            config.utc_offset_s,
            options.tracker,
            BufReader::new(file),
        );
        let mut run: Option<Run<'_>> = None;
        let (mut line, mut shown) = (0, None);
        for told in steps {
            let told = told.unwrap();
            line = told.line;
            let run =
                run.get_or_insert_with(|| Run::begin(cfg, &options, config.utc_offset_s, &told));
            let before = self.events;
            run.step(told.at, told.line, told.step, &mut |output| {
                self.output(&output)
            })
            .unwrap();
            // As the box: whenever something happened, and every minute.
            let minute = told.at.0 / 60_000;
            if self.events != before || shown != Some(minute) {
                shown = Some(minute);
                self.states(run);
            }
        }
        let until = options.until_ms.map(hall_core::HallTime);
        let run = run.unwrap();
        run.end(until, line, &mut |output| self.output(&output))
            .unwrap();
    }
}

#[test]
fn what_the_engine_says_over_all_scenarios_satisfies_the_schemas() {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".expect.jsonl").map(str::to_owned)
        })
        .collect();
    names.sort();
    assert!(names.len() >= 95, "{}", names.len());
    let mut published = Published::default();
    for name in &names {
        published.scenario(name);
    }
    let Published {
        events,
        states,
        summaries,
        rollups,
        codes,
        wrong,
        ..
    } = published;
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!(
        "{events} events of {} codes, {states} looks at the states, {summaries} summaries, {rollups} roll-ups",
        codes.len()
    );
    assert!(events > 200 && summaries > 1_000 && rollups > 100 && states > 1_000);
    assert!(codes.len() >= 20, "{codes:?}");
}
