//! A hall of forty windows and eight queues before twelve cameras, each analysed twice a second around the clock: how long the
//! engine takes for a day, what it allocates, what it holds after 1, 10 and 30 days, and how long the same day takes as a file
//! through `replay`. Rewrites the table in `edge-agent/docs/performance.md`; part of `make bench`.
//!
//! `cargo run --release -p hall-replay --example day -- --write DIR` writes that day as `hall.toml` and `day.jsonl` instead, for
//! `edge-agent replay`.
#![allow(unsafe_code)] // The counting allocator.

mod file;
mod hall;
mod heap;
mod script;

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use hall_core::config::EngineConfig;
use hall_core::engine::{Engine, Output};
use hall_core::ids::TrackId;
use hall_core::observe::{Input, Quality, SensorReading, ZoneCount, ZoneSnapshot};
use hall_core::{HallTime, WallClock};
use hall_replay::{ReplayOptions, replay_with};
use script::{Change, DAY, PICTURE_MS};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[global_allocator]
static HEAP: heap::Counting = heap::Counting;

/// The goal: a day in less than this on one core.
const GOAL: Duration = Duration::from_secs(2);
const DAYS: u64 = 30;
/// What an event of the last 62 days may cost in the engine's book.
const BYTES_PER_EVENT: u64 = 2048;
/// What the heap may differ by between two days of the same hall, besides events.
const SLACK_BYTES: u64 = 512 * 1024;
const UTC_OFFSET_S: i32 = 28_800;
const BEGIN: &str = "<!-- day begin -->";
const END: &str = "<!-- day end -->";
/// Every sensor speaks this often.
const SENSOR_MS: i64 = 30_000;

fn main() -> Outcome<()> {
    let dir = std::env::temp_dir().join(format!("hall-day-{}", std::process::id()));
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() == Some("--write") {
        let dir = args.next().ok_or("--write needs a folder")?;
        return file::write(Path::new(&dir), &script::day(&hall::zones(), 0));
    }
    std::fs::create_dir_all(&dir)?;
    let config = dir.join("hall.toml");
    std::fs::write(&config, hall::toml()?)?;
    let config = edge_config::load(&config);
    std::fs::remove_dir_all(&dir)?;
    let (table, complaint) = measure(&config?.engine)?;
    std::io::stdout().write_all(table.as_bytes())?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(3)
        .ok_or("no workspace")?;
    rewrite(&root.join("edge-agent/docs/performance.md"), &table)?;
    complaint.map_or(Ok(()), |complaint| Err(complaint.into()))
}

/// What driving the engine over some time came to.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    took: Duration,
    allocations: u64,
    pictures: u64,
    events: u64,
}

/// The hall's cameras, before an engine.
struct Hall {
    engine: Engine,
    /// By camera, changed in place as people move.
    pictures: Vec<ZoneSnapshot>,
    /// Camera and place in its picture, by zone.
    places: Vec<(usize, usize)>,
    readings: Vec<SensorReading>,
    events: u64,
}

impl Hall {
    fn new(cfg: &EngineConfig, start: HallTime) -> Outcome<Self> {
        let zones = hall::zones();
        let mut pictures: Vec<ZoneSnapshot> = cfg
            .cameras
            .iter()
            .map(|camera| ZoneSnapshot {
                camera: camera.clone(),
                at: start,
                zones: Vec::new(),
            })
            .collect();
        let mut places = Vec::new();
        for zone in &zones {
            let id = cfg
                .zones
                .iter()
                .map(|z| &z.id)
                .find(|id| id.as_str() == zone.id)
                .ok_or_else(|| format!("zone {} is not configured", zone.id))?;
            let picture = &mut pictures[zone.camera];
            places.push((zone.camera, picture.zones.len()));
            picture.zones.push(ZoneCount {
                zone: id.clone(),
                count: 0,
                tracks: Vec::new(),
                still_since: None,
            });
        }
        let readings = cfg
            .sensors
            .iter()
            .map(|sensor| SensorReading {
                sensor: sensor.id.clone(),
                at: start,
                value: false,
                quality: Quality::Good,
            })
            .collect();
        Ok(Hall {
            engine: Engine::new(cfg.clone(), WallClock::unix(UTC_OFFSET_S), start),
            pictures,
            places,
            readings,
            events: 0,
        })
    }

    fn change(&mut self, change: &Change) {
        let (camera, place) = self.places[change.zone];
        let count = &mut self.pictures[camera].zones[place];
        count.count = change.count;
        count.tracks.clear();
        count
            .tracks
            .extend(change.tracks.iter().map(|t| TrackId(*t)));
    }

    /// One day of pictures and readings.
    fn day(&mut self, midnight: HallTime, changes: &[Change]) -> Cost {
        let (mut next, mut pictures, events) = (0, 0, self.events);
        let (allocations, begun) = (heap::times(), cpu());
        for step in 0..DAY / PICTURE_MS {
            let ms = step * PICTURE_MS;
            let at = midnight.plus_ms(ms);
            while changes.get(next).is_some_and(|change| change.at_ms <= ms) {
                self.change(&changes[next]);
                next += 1;
            }
            for picture in &mut self.pictures {
                picture.at = at;
                self.engine.look(at, picture);
                pictures += 1;
            }
            if ms % SENSOR_MS == 0 {
                for reading in &mut self.readings {
                    reading.at = at;
                    self.engine.handle(at, Input::Sensor(reading.clone()));
                }
            }
            while let Some(output) = self.engine.poll_output() {
                self.events += u64::from(matches!(output, Output::Event(_)));
            }
        }
        Cost {
            took: cpu().saturating_sub(begun),
            allocations: heap::times() - allocations,
            pictures,
            events: self.events - events,
        }
    }
}

/// The table, and what is not as it should be.
fn measure(cfg: &EngineConfig) -> Outcome<(String, Option<String>)> {
    let zones = hall::zones();
    let views = window_views(&zones);
    // Monday 2026-09-21, 00:00 in the hall.
    let start = HallTime(1_789_920_000_000);
    let before = heap::live_bytes();
    let mut hall = Hall::new(cfg, start)?;
    let mut days = Vec::new();
    let mut held = Vec::new();
    for number in 0..DAYS {
        let changes = script::day(&zones, number);
        days.push(hall.day(start.plus_ms(number as i64 * DAY), &changes));
        drop(changes);
        held.push((heap::live_bytes() - before, hall.events));
        say(&format!("day {}: {:?}", number + 1, days[number as usize]))?;
    }
    flat(&held)?;
    drop(hall);
    let restless = restless(cfg, start)?;
    say(&format!("restless: {restless:?}"))?;
    let changes = script::day(&zones, 0);
    let text = file::text(&changes)?;
    let replayed = as_file(cfg, &text)?;

    let median = {
        let mut sorted = days.clone();
        sorted.sort_by_key(|cost| cost.took);
        sorted[sorted.len() / 2]
    };
    let mut table = String::new();
    writeln!(
        table,
        "Hall: {} windows, {} queues, {} cameras at 2 pictures a second, {} sensors, 24 h; {} changes of a count in {} pictures. \
         Machine: {}.\n",
        hall::WINDOWS,
        hall::QUEUES,
        hall::CAMERAS,
        cfg.sensors.len(),
        changes.len(),
        median.pictures,
        machine()
    )?;
    writeln!(
        table,
        "| | CPU seconds | ns a picture | ns a window in a picture | allocations a picture | event revisions |\n|---|---|---|---|---|---|"
    )?;
    let mut row = |name: &str, cost: &Cost| {
        let pictures = cost.pictures as f64;
        let ns = cost.took.as_nanos() as f64 / pictures;
        writeln!(
            table,
            "| {name} | {:.2} | {ns:.0} | {:.0} | {:.3} | {} |",
            cost.took.as_secs_f64(),
            ns * hall::CAMERAS as f64 / views as f64,
            cost.allocations as f64 / pictures,
            cost.events
        )
    };
    row("a day (median of 30)", &median)?;
    row("the same day as a file through replay", &replayed)?;
    row(
        "a day on which every picture differs from the one before",
        &restless,
    )?;
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let at = |day: usize| {
        let (bytes, events) = held[day - 1];
        format!("{:.2} MiB ({events} revisions given out)", mib(bytes))
    };
    writeln!(
        table,
        "\nHeap after 1 day {}, 10 days {}, 30 days {}: what grows is the book of the last 62 days' events, 20,000 at most; \
         peak of the whole process {:.0} MiB.",
        at(1),
        at(10),
        at(30),
        peak_mib()?
    )?;
    let slow = [("the engine", median.took), ("replay", replayed.took)]
        .into_iter()
        .filter(|(_, took)| *took > GOAL)
        .map(|(name, took)| format!("{name} took {:.2} s for a day", took.as_secs_f64()))
        .collect::<Vec<_>>();
    let complaint =
        (!slow.is_empty()).then(|| format!("{}; the goal is {GOAL:?}", slow.join(", ")));
    Ok((table, complaint))
}

/// Windows seen in one picture of every camera.
fn window_views(zones: &[hall::Zone]) -> usize {
    zones
        .iter()
        .filter(|zone| matches!(zone.role, hall::Role::Staff(_)))
        .count()
}

/// Memory stays flat but for the events of the last weeks.
fn flat(held: &[(u64, u64)]) -> Outcome<()> {
    let ((first, events_first), (last, events_last)) = (held[0], held[held.len() - 1]);
    let most = first + (events_last - events_first) * BYTES_PER_EVENT + SLACK_BYTES;
    if last > most {
        return Err(format!(
            "memory grows: {first} bytes after a day, {last} after {}, at most {most} were expected",
            held.len()
        )
        .into());
    }
    Ok(())
}

/// A day on which one count of every picture differs from the picture before.
fn restless(cfg: &EngineConfig, start: HallTime) -> Outcome<Cost> {
    let mut hall = Hall::new(cfg, start)?;
    let zones = hall::zones();
    let mut first = [None; hall::CAMERAS];
    for (n, zone) in zones.iter().enumerate() {
        if first[zone.camera].is_none() && !matches!(zone.role, hall::Role::Extended(_)) {
            first[zone.camera] = Some(n);
        }
    }
    let mut changes = Vec::new();
    for step in 0..DAY / PICTURE_MS {
        for zone in first.iter().flatten() {
            changes.push(Change {
                at_ms: step * PICTURE_MS,
                zone: *zone,
                count: 1 + (step % 2) as u32,
                tracks: Vec::new(),
            });
        }
    }
    Ok(hall.day(start, &changes))
}

/// The day as the text of an observation file, through the driver of `edge-agent replay`.
fn as_file(cfg: &EngineConfig, text: &str) -> Outcome<Cost> {
    let mut events = 0;
    let (allocations, begun) = (heap::times(), cpu());
    let stats = replay_with(
        cfg,
        UTC_OFFSET_S,
        &ReplayOptions::default(),
        text.as_bytes(),
        &mut |_| events += 1,
    )?;
    Ok(Cost {
        took: cpu().saturating_sub(begun),
        allocations: heap::times() - allocations,
        pictures: stats.inputs,
        events,
    })
}

/// Time this process has spent on a core: what other programs on the machine take does not count.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let ns = text
        .split_whitespace()
        .next()
        .and_then(|ns| ns.parse().ok());
    Duration::from_nanos(ns.unwrap_or_default())
}

fn peak_mib() -> Outcome<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .ok_or("VmHWM")?;
    let kib: f64 = line.split_whitespace().nth(1).ok_or("VmHWM")?.parse()?;
    Ok(kib / 1024.0)
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .and_then(|line| line.split(": ").nth(1))
        .unwrap_or("unknown processor");
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    format!("{model}, one core used, load {load} at the end")
}

fn say(what: &str) -> Outcome<()> {
    writeln!(std::io::stderr(), "bench: {what}")?;
    Ok(())
}

fn rewrite(file: &Path, table: &str) -> Outcome<()> {
    let text = std::fs::read_to_string(file)?;
    let lost = "performance.md has lost its day markers";
    let (head, rest) = text.split_once(BEGIN).ok_or(lost)?;
    let (_, tail) = rest.split_once(END).ok_or(lost)?;
    std::fs::write(file, format!("{head}{BEGIN}\n{table}{END}{tail}"))?;
    Ok(())
}
