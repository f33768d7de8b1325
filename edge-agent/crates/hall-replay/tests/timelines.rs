//! The timeline drawings of `docs/rules.md` are drawn from the scenario replays, so that a drawing never says anything the
//! engine does not do. A drawing follows a marker `<!-- timeline SCENARIO FROM TO SUBJECT... -->` (times `HH:MM` of the scenario's
//! day); `UPDATE_EXPECT=1 cargo test -p hall-replay --test timelines` draws them anew.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use hall_core::config::{Zone, ZoneKind};
use hall_core::geometry::{Point, polygon_contains};
use hall_replay::{ReplayOptions, ReplayOutput, replay_with};
use hall_wire::event::EventRecord;
use hall_wire::interval::IntervalRecord;
use hall_wire::time::parse_rfc3339;
use serde_json::Value;

/// Characters of the time axis.
const WIDTH: usize = 60;
/// Characters before it, more if a label is longer.
const LABEL: usize = 22;
const MINUTE_MS: i64 = 60_000;

fn manifest() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn unix_ms(text: &str) -> i64 {
    parse_rfc3339(text).unwrap().0
}

/// `10:05`, or `10:05:30` when it is not a full minute.
fn clock(text: &str) -> &str {
    if &text[17..19] == "00" {
        &text[11..16]
    } else {
        &text[11..19]
    }
}

/// What the marker asks for.
struct Frame {
    from_ms: i64,
    to_ms: i64,
    subjects: Vec<String>,
}

impl Frame {
    /// Column of an instant, clamped to the drawing.
    fn column(&self, at_ms: i64) -> usize {
        let share = (at_ms - self.from_ms) as f64 / (self.to_ms - self.from_ms) as f64;
        ((share * WIDTH as f64).floor().max(0.0) as usize).min(WIDTH - 1)
    }

    /// The middle of a column.
    fn middle_ms(&self, column: usize) -> i64 {
        self.from_ms + (self.to_ms - self.from_ms) * (2 * column as i64 + 1) / (2 * WIDTH as i64)
    }

    fn about(&self, subject: &str) -> bool {
        self.subjects.iter().any(|s| s == subject)
    }

    fn axis(&self) -> String {
        let span_min = (self.to_ms - self.from_ms) / MINUTE_MS;
        let step_min = [1, 2, 5, 10, 15, 30, 60, 120, 240]
            .into_iter()
            .find(|step| span_min / step <= 7)
            .unwrap_or(480);
        let mut line: Vec<char> = vec![' '; WIDTH + 6];
        let mut tick = self.from_ms;
        while tick < self.to_ms {
            let minutes = (tick + 8 * 60 * MINUTE_MS).rem_euclid(24 * 60 * MINUTE_MS) / MINUTE_MS;
            let text = format!("{:02}:{:02}", minutes / 60, minutes % 60);
            let column = self.column(tick);
            line[column..column + text.len()].copy_from_slice(&text.chars().collect::<Vec<_>>());
            tick += step_min * MINUTE_MS;
        }
        row("", &line.into_iter().collect::<String>(), "")
    }
}

fn row(label: &str, line: &str, note: &str) -> String {
    let text = format!(
        "{label}\t{line}{}{note}",
        if note.is_empty() { "" } else { "  " }
    );
    text.trim_end_matches(' ').to_owned() + "\n"
}

/// Rows with their lines one below the other.
fn aligned(rows: &str) -> String {
    let parts: Vec<_> = rows
        .lines()
        .filter_map(|row| row.split_once('\t'))
        .collect();
    let longest = parts.iter().map(|(label, _)| label.len() + 1).max();
    let width = longest.unwrap_or(0).max(LABEL);
    let rows = parts
        .iter()
        .map(|(label, line)| format!("{label:<width$}{line}").trim_end().to_owned() + "\n");
    rows.collect()
}

fn middle(bbox: &Value) -> Point {
    let side = |ix: usize| bbox[ix].as_f64().unwrap() as f32;
    Point {
        x: (side(0) + side(2)) / 2.0,
        y: (side(1) + side(3)) / 2.0,
    }
}

/// One row for what a zone or sensor of the subjects reports: a filled bar for "somebody" or "on", a dot for nobody, blank for
/// nothing heard; numbers for queues and counters; boxes before it is known who they are.
fn seen(frame: &Frame, records: &[Value], config: &edge_config::Config) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut spans: Vec<(String, i64, i64, u64)> = Vec::new();
    for record in records {
        let from = unix_ms(record["at"].as_str().unwrap());
        let to = record["until"].as_str().map_or(from + 1_000, unix_ms);
        let mut add = |name: &str, value: u64| {
            if !names.iter().any(|n| n == name) {
                names.push(name.to_owned());
            }
            spans.push((name.to_owned(), from, to, value));
        };
        if let Some(zones) = record["zones"].as_object() {
            for (zone, value) in zones {
                let subject = zone.split(['.', '@']).next().unwrap();
                if frame.about(subject) {
                    add(zone, value.as_u64().or(value["count"].as_u64()).unwrap());
                }
            }
        }
        if let Some(tracks) = record["tracks"].as_array() {
            let staff =
                |z: &&Zone| matches!(&z.kind, ZoneKind::Staff(w) if frame.about(w.as_str()));
            for zone in config.engine.zones.iter().filter(staff) {
                let inside =
                    |track: &&Value| polygon_contains(&zone.polygon, middle(&track["box"]));
                let boxes = tracks.iter().filter(inside).count() as u64;
                add(&format!("{} boxes", zone.id), boxes);
            }
        }
        if let Some(sensor) = record["sensor"].as_str() {
            let bound = config
                .engine
                .sensors
                .iter()
                .find(|s| s.id.as_str() == sensor);
            if bound.is_some_and(|s| frame.about(s.window.as_str())) {
                add(sensor, u64::from(record["value"].as_bool().unwrap()));
            }
        }
    }
    names
        .iter()
        .map(|name| {
            let numbers = name.contains('@') || name.contains("counter");
            let mut line = String::new();
            let mut last = None;
            for column in 0..WIDTH {
                let at = frame.middle_ms(column);
                let value = spans
                    .iter()
                    .rev()
                    .find(|(n, from, to, _)| n == name && (*from..*to).contains(&at))
                    .map(|(_, _, _, value)| *value);
                if line.chars().count() > column {
                    last = value;
                    continue;
                }
                match value {
                    None => line.push(' '),
                    Some(n) if numbers && last != Some(n) => line += &n.to_string(),
                    Some(_) if numbers => line.push('─'),
                    Some(0) => line.push('·'),
                    Some(_) => line.push('█'),
                }
                last = value;
            }
            let line: String = line.chars().take(WIDTH).collect();
            row(&format!("{name} seen"), &line, "")
        })
        .collect()
}

/// How a window's time counts.
fn counted(frame: &Frame, window: &str, intervals: &[IntervalRecord]) -> Option<String> {
    let mine: Vec<&IntervalRecord> = intervals.iter().filter(|i| i.window == window).collect();
    if mine.is_empty() {
        return None;
    }
    let line: String = (0..WIDTH)
        .map(|column| {
            let at = frame.middle_ms(column);
            let class = mine
                .iter()
                .rev()
                .find(|i| (unix_ms(&i.from)..unix_ms(&i.to)).contains(&at))
                .map(|i| i.class.as_str());
            match class {
                Some("staffed") => '█',
                Some("unstaffed") => '░',
                Some("excused") => 'e',
                Some("paused") => 'p',
                Some("paused_over") => 'P',
                Some("unknown") => '?',
                Some("extra_open") => '+',
                _ => ' ',
            }
        })
        .collect();
    Some(row(&format!("{window} counts as"), &line, ""))
}

/// One row per event: `├` onset, letters for published levels, `┤` end or `→` still open, `R` a revision by a person.
fn event_row(frame: &Frame, revisions: &[&EventRecord]) -> String {
    let last = revisions[revisions.len() - 1];
    let onset = frame.column(unix_ms(&last.onset));
    let end = last.end.as_deref().map(|end| frame.column(unix_ms(end)));
    let mut line: Vec<char> = vec![' '; WIDTH];
    line[onset..=end.unwrap_or(WIDTH - 1)].fill('─');
    line[onset] = '├';
    line[end.unwrap_or(WIDTH - 1)] = if end.is_some() { '┤' } else { '→' };
    let mut notes = Vec::new();
    for revision in revisions {
        let mark = match revision.phase.as_str() {
            "revised" => 'R',
            "cleared" => continue,
            _ => revision.level.chars().next().unwrap(),
        };
        line[frame.column(unix_ms(&revision.updated))] = mark;
        let what = if mark == 'R' {
            &revision.review
        } else {
            &revision.level
        };
        notes.push(format!("{mark} {} {what}", clock(&revision.updated)));
    }
    if let (Some(end), Some(reason)) = (&last.end, &last.end_reason) {
        notes.push(format!("end {} {reason}", clock(end)));
    }
    let label = match last.subject_kind.as_str() {
        "hall" | "box" => last.code.clone(),
        _ => format!("{} {}", last.code, last.subject),
    };
    let line: String = line.into_iter().collect();
    row(&label, &line, &notes.join(", "))
}

fn draw(scenario: &str, from: &str, to: &str, subjects: &[&str]) -> String {
    let folder = manifest().join("tests/scenarios");
    let input = fs::read_to_string(folder.join(format!("{scenario}.jsonl"))).unwrap();
    let expect = fs::read_to_string(folder.join(format!("{scenario}.expect.jsonl"))).unwrap();
    let head: Value = serde_json::from_str(expect.lines().next().unwrap()).unwrap();
    let hall = head["hall"].as_str().unwrap_or("hall.toml");
    let config = edge_config::load(&folder.join(hall)).unwrap();
    let until = head["until"].as_str().unwrap();
    let records: Vec<Value> = input
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let day = until[..10].to_owned();
    let at = |time: &str| unix_ms(&format!("{day}T{time}:00{}", &until[until.len() - 6..]));
    let frame = Frame {
        from_ms: at(from),
        to_ms: at(to),
        subjects: subjects.iter().map(|s| (*s).to_owned()).collect(),
    };
    let options = ReplayOptions {
        until_ms: Some(unix_ms(until)),
        intervals: true,
        ..ReplayOptions::default()
    };
    let (mut events, mut intervals): (Vec<EventRecord>, Vec<IntervalRecord>) = Default::default();
    replay_with(
        &config.engine,
        config.utc_offset_s,
        &options,
        input.as_bytes(),
        &mut |out| match out {
            ReplayOutput::Event(event) => events.push(*event),
            ReplayOutput::Interval(interval) => intervals.push(interval),
            _ => {}
        },
    )
    .unwrap();

    let mut text = frame.axis();
    text.extend(seen(&frame, &records, &config));
    text.extend(
        subjects
            .iter()
            .filter_map(|s| counted(&frame, s, &intervals)),
    );
    let mut ids: Vec<&str> = Vec::new();
    for event in events
        .iter()
        .filter(|e| frame.about(&e.subject) || frame.about(&e.subject_kind))
    {
        if !ids.contains(&event.event_id.as_str()) {
            ids.push(&event.event_id);
        }
    }
    for id in ids {
        let revisions: Vec<&EventRecord> = events.iter().filter(|e| e.event_id == id).collect();
        text += &event_row(&frame, &revisions);
    }
    aligned(&text)
}

#[test]
fn every_timeline_of_the_rules_page_is_what_its_scenario_gives() {
    let page: PathBuf = manifest().join("../../docs/rules.md");
    let old = fs::read_to_string(&page).unwrap();
    let mut new = String::new();
    let mut drawn = 0;
    let mut lines = old.lines().peekable();
    while let Some(line) = lines.next() {
        writeln!(new, "{line}").unwrap();
        let Some(marker) = line
            .strip_prefix("<!-- timeline ")
            .and_then(|m| m.strip_suffix(" -->"))
        else {
            continue;
        };
        if lines.peek() == Some(&"```text") {
            for skipped in lines.by_ref() {
                if skipped == "```" {
                    break;
                }
            }
        }
        let words: Vec<&str> = marker.split_whitespace().collect();
        let [scenario, from, to, ref subjects @ ..] = words[..] else {
            panic!("a marker is <!-- timeline SCENARIO FROM TO SUBJECT... -->, found {line}");
        };
        write!(new, "```text\n{}```\n", draw(scenario, from, to, subjects)).unwrap();
        drawn += 1;
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&page, &new).unwrap();
    }
    println!("{drawn} timelines");
    assert!(
        std::env::var_os("UPDATE_EXPECT").is_some() || new == old,
        "docs/rules.md is old: UPDATE_EXPECT=1 cargo test -p hall-replay --test timelines"
    );
}
