//! What a box keeps of a day gives the same events as the day itself.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::Path;

use edge_config::Config;
use hall_archive::{Archivist, Budget, Day, Head, Item, Tap, days};
use hall_core::HallTime;
use hall_core::config::EngineConfig;
use hall_core::ids::TrackId;
use hall_core::observe::{
    FaultCause, Input, Quality, SensorReading, SourceHealth, SourceId, SystemFact, ZoneCount,
    ZoneSnapshot,
};
use hall_core::time::WallClock;
use hall_replay::{ArchiveSteps, Asked, ReplayOptions, ReplayOutput, Run, Step, replay_steps};
use hall_wire::event::EventRecord;
use hall_wire::time::parse_rfc3339;
use tokio::sync::mpsc;

const BUDGET: Budget = Budget {
    days: 14,
    bytes: 64 << 20,
};

fn config() -> Config {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/hall.toml");
    edge_config::load(&path).unwrap()
}

fn t(text: &str) -> HallTime {
    HallTime(
        parse_rfc3339(&format!("2026-09-21T{text}+08:00"))
            .unwrap()
            .0,
    )
}

/// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// A hall of random people, cameras and clocks, five pictures a second.
struct World {
    dice: Dice,
    cfg: EngineConfig,
    /// People per zone, by zone index.
    people: Vec<Vec<u64>>,
    silent_until: HallTime,
    dark: bool,
    seat: bool,
    clock: WallClock,
}

impl World {
    fn new(cfg: &EngineConfig, seed: u64) -> Self {
        World {
            dice: Dice(seed),
            cfg: cfg.clone(),
            people: vec![Vec::new(); cfg.zones.len()],
            silent_until: HallTime(0),
            dark: false,
            seat: true,
            clock: WallClock::unix(28_800),
        }
    }

    /// What is told at about `at`, with the instant it is about.
    fn tell(&mut self, at: HallTime) -> Vec<(HallTime, Input)> {
        let mut told = Vec::new();
        for zone in 0..self.people.len() {
            // Somebody comes or goes every few minutes; sometimes one is not seen for a picture or two.
            if self.dice.one_in(900) {
                let next = self.dice.next() % 100_000;
                let queue = self.cfg.zones[zone].id.as_str().starts_with('Q');
                match self.dice.below(if queue { 3 } else { 2 }) {
                    0 => drop(self.people[zone].pop()),
                    _ if queue || self.people[zone].is_empty() => self.people[zone].push(next),
                    _ => {}
                }
            }
        }
        if at >= self.silent_until && self.dice.one_in(4_000) {
            self.silent_until = at.plus_ms(500 + self.dice.below(150_000) as i64);
        }
        if self.dice.one_in(9_000) {
            self.dark = !self.dark;
            let health = SourceHealth {
                source: SourceId::Camera("cam1".into()),
                at,
                down: self.dark.then_some(FaultCause::Dark),
            };
            told.push((at, Input::Source(health)));
        }
        if at.0 % 30_000 < 200 {
            self.seat ^= self.dice.one_in(10);
            let reading = SensorReading {
                sensor: "W3-seat".into(),
                at,
                value: self.seat,
                quality: Quality::Good,
            };
            told.push((at, Input::Sensor(reading)));
        }
        if at.0 % 1_000 < 200 {
            // Drift of a millisecond or none, seldom a step.
            let step = if self.dice.one_in(5_000) { 7_000 } else { 0 };
            self.clock.offset_ms += self.dice.below(2) as i64 + step;
            if step > 0 {
                told.push((at, Input::Clock(self.clock)));
            }
        }
        if self.dice.one_in(20_000) {
            let low = self.dice.one_in(2);
            told.push((at, Input::System(SystemFact::StorageLow(low))));
        }
        if at >= self.silent_until && !self.dark {
            let zones = self.cfg.zones.iter().zip(&self.people);
            let count = |people: &Vec<u64>, blink: bool| {
                let seen = people.len() - usize::from(blink && !people.is_empty());
                people[..seen]
                    .iter()
                    .copied()
                    .map(TrackId)
                    .collect::<Vec<_>>()
            };
            let blink = self.dice.one_in(40);
            let zones = zones.map(|(zone, people)| {
                let tracks = count(people, blink);
                ZoneCount {
                    zone: zone.id.clone(),
                    count: tracks.len() as u32,
                    tracks,
                    still_since: None,
                }
            });
            let captured = at.plus_ms(-(self.dice.below(200) as i64));
            let picture = ZoneSnapshot {
                camera: "cam1".into(),
                at: captured,
                zones: zones.collect(),
            };
            told.push((captured, Input::Zones(picture)));
        }
        told
    }
}

type Log = BTreeMap<String, EventRecord>;

fn keep(log: &mut Log, output: ReplayOutput) {
    if let ReplayOutput::Event(record) = output {
        log.insert(record.event_id.clone(), *record);
    }
}

/// A box that judges and keeps what it is told.
struct Live<'a> {
    run: Run<'a>,
    tap: Tap,
    now: HallTime,
    log: Log,
}

impl Live<'_> {
    fn told(&mut self, at: HallTime, input: Input) {
        // As the engine takes it: never earlier than what it has acted on.
        let at = at.max(self.now);
        self.now = at;
        self.tap.told(at, &input);
        let log = &mut self.log;
        self.run
            .step(at, 0, Step::Input(input), &mut |output| keep(log, output))
            .unwrap();
    }
}

fn thread(dir: &Path, items: mpsc::Receiver<Item>) -> std::thread::JoinHandle<()> {
    let archivist = Archivist::new(dir.to_path_buf(), BUDGET, items);
    std::thread::spawn(move || archivist.run())
}

/// Lets a random hall run, and writes down what it was told.
fn live(config: &Config, seed: u64, from: HallTime, to: HallTime, dir: &Path) -> Log {
    let options = ReplayOptions::default();
    let (sender, items) = mpsc::channel(1 << 20);
    let written = thread(dir, items);
    let mut world = World::new(&config.engine, seed);
    let mut live = Live {
        run: Run::new(&config.engine, &options, world.clock, from),
        tap: Tap::new(sender),
        now: from,
        log: Log::new(),
    };
    live.tap
        .begin(Head::new(&config.engine, "", from, world.clock, None));
    let mut at = from;
    while at < to {
        at = at.plus_ms(150 + world.dice.below(100) as i64);
        for (about, input) in world.tell(at) {
            live.told(about, input);
        }
        if at.0 % 1_000 < 200 {
            live.told(at, Input::Tick);
        }
        if at.0 % 10_000 < 200 {
            live.tap.beat(live.now, world.clock);
        }
    }
    live.tap.beat(live.now, world.clock);
    let Live {
        run,
        tap,
        mut log,
        now,
    } = live;
    run.end(Some(now), 0, &mut |output| keep(&mut log, output))
        .unwrap();
    drop(tap);
    written.join().unwrap();
    log
}

fn replayed(config: &Config, dir: &Path) -> (Log, u64) {
    let asked = Asked {
        from_unix_ms: t("00:00:00").0,
        to_unix_ms: t("00:00:00").0 + 86_400_000,
    };
    let mut steps = ArchiveSteps::open(dir, asked, config.utc_offset_s).unwrap();
    let mut log = Log::new();
    let options = ReplayOptions::default();
    replay_steps(
        &config.engine,
        config.utc_offset_s,
        &options,
        &mut steps,
        &mut |output| keep(&mut log, output),
    )
    .unwrap();
    (log, steps.lost())
}

/// What must be the same of an event; the figures may differ by [`TOLERANCE_S`].
type Told = (String, [f64; 3]);

/// A rule that acts with pictures acts with those that are given out in place of the real ones, a second apart.
const TOLERANCE_S: f64 = 1.0;

fn story(log: &Log) -> Vec<Told> {
    let told = |e: &EventRecord| {
        let same = format!(
            "{} {} {} {} {:?} returns {} peak {:?}",
            e.code, e.subject, e.level, e.state, e.end_reason, e.brief_returns, e.peak
        );
        (same, [e.duration_s, e.absent_s, e.unobserved_s])
    };
    let mut told: Vec<Told> = log.values().map(told).collect();
    told.sort_by(|a, b| a.0.cmp(&b.0).then(a.1[0].total_cmp(&b.1[0])));
    told
}

fn alike(a: &Told, b: &Told) -> bool {
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= TOLERANCE_S;
    a.0 == b.0 && a.1.iter().zip(&b.1).all(near)
}

#[test]
fn a_day_from_the_archive_gives_the_events_of_the_day() {
    let config = config();
    let (mut events, mut exact, mut bytes) = (0, 0, 0);
    for seed in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (t("08:40:00"), t("13:30:00"));
        let lived = live(&config, seed, from, to, dir.path());
        let (read, lost) = replayed(&config, dir.path());
        assert_eq!(lost, 0);
        let (a, b) = (story(&lived), story(&read));
        assert_eq!(a.len(), b.len(), "seed {seed}: {a:#?}\n{b:#?}");
        for (lived, read) in a.iter().zip(&b) {
            assert!(alike(lived, read), "seed {seed}: {lived:?}\n{read:?}");
            exact += usize::from(lived == read);
        }
        events += a.len();
        bytes += days(dir.path()).unwrap()[0].1;
    }
    println!("{events} events, {exact} to the millisecond, {bytes} bytes");
    assert!(
        exact * 10 >= events * 9,
        "{exact} of {events} to the millisecond"
    );
    assert!(events > 100, "{events} events");
}

#[test]
fn a_cut_file_is_read_up_to_the_cut_and_written_on_behind_it() {
    let config = config();
    let dir = tempfile::tempdir().unwrap();
    live(&config, 1, t("09:50:00"), t("10:20:00"), dir.path());
    let file = dir.path().join("2026-09-21.obs");
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() - 7]).unwrap();
    let (before, _) = replayed(&config, dir.path());
    assert!(!before.is_empty());
    live(&config, 2, t("10:30:00"), t("11:00:00"), dir.path());
    let (both, _) = replayed(&config, dir.path());
    assert!(both.len() > before.len());
    let open: Vec<&EventRecord> = both
        .values()
        .filter(|e| e.state == "open" && *e.updated < *"2026-09-21T10:29")
        .collect();
    assert!(open.iter().all(|e| e.subject_kind != "window"), "{open:?}");
}

#[test]
fn what_the_disk_was_too_slow_for_is_missing_and_said_to_be() {
    let config = config();
    let dir = tempfile::tempdir().unwrap();
    let (sender, items) = mpsc::channel(4);
    let (mut tap, room) = (Tap::new(sender.clone()), sender);
    let (from, clock) = (t("10:00:00"), WallClock::unix(28_800));
    tap.begin(Head::new(&config.engine, "", from, clock, None));
    for s in 0..600 {
        let at = from.plus_ms(s * 1000);
        let zones = config.engine.zones.iter().map(|zone| ZoneCount {
            zone: zone.id.clone(),
            count: 0,
            tracks: Vec::new(),
            still_since: None,
        });
        let picture = ZoneSnapshot {
            camera: "cam1".into(),
            at,
            zones: zones.collect(),
        };
        tap.told(at, &Input::Zones(picture));
    }
    let written = thread(dir.path(), items);
    while room.capacity() < 4 {
        std::thread::yield_now();
    }
    tap.beat(from.plus_ms(600_000), clock);
    drop(room);
    drop(tap);
    written.join().unwrap();
    let (log, lost) = replayed(&config, dir.path());
    assert_eq!(lost, 597, "three had room beside the head");
    assert!(
        log.values().all(|e| e.code != "unstaffed"),
        "nothing that was not seen accuses: {log:?}"
    );
}

#[test]
fn an_archive_without_the_day_says_what_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let open = |day: &str| {
        let asked = Asked::day(Day::parse(day).unwrap(), 28_800);
        ArchiveSteps::open(dir.path(), asked, 28_800)
            .unwrap_err()
            .to_string()
    };
    assert!(open("2026-09-21").ends_with("has no observations of 2026-09-21; it has: none"));
    live(&config(), 1, t("10:00:00"), t("10:01:00"), dir.path());
    assert!(open("2026-09-22").ends_with("has no observations of 2026-09-22; it has: 2026-09-21"));
}
