//! From inputs to records: writes what is new, and of what repeats only where it ends. Knows no file.

use std::collections::HashMap;

use hall_core::HallTime;
use hall_core::ids::{CameraId, SensorId, TrackId};
use hall_core::observe::{Input, Quality, SensorReading, SourceId, ZoneCount, ZoneSnapshot};
use hall_core::time::WallClock;

use crate::bytes::Out;
use crate::head::Head;
use crate::rare::{put_order, put_source, put_system, put_ticket};
use crate::tag;

/// Somebody who is not seen for longer than this is somebody else afterwards: well over what any rule bridges (profile P0: 60 s).
const REMEMBER_MS: i64 = 120_000;

/// What one zone showed: `None`, it was not in the picture's list.
type Shown = Option<(u32, Vec<u64>, Option<HallTime>)>;

#[derive(Debug, Default)]
struct Eye {
    followed: Vec<bool>,
    zones: HashMap<hall_core::ids::ZoneId, usize>,
    shown: Vec<Shown>,
    /// Last picture, and how long after its capture it was judged.
    last: Option<(HallTime, i64)>,
    /// It was reported up or down, and no picture captured since has been written.
    reported_at: Option<HallTime>,
    /// Pictures have come without a pause since the last record.
    live: bool,
    /// Numbers of the people seen lately, and when last.
    tracks: HashMap<TrackId, (u64, HallTime)>,
    next_track: u64,
}

/// One segment's records.
#[derive(Debug)]
pub(crate) struct Encoder {
    cameras: HashMap<CameraId, usize>,
    sensors: HashMap<SensorId, usize>,
    eyes: Vec<Eye>,
    clock: WallClock,
    from: HallTime,
    at: HallTime,
    out: Out,
}

impl Encoder {
    pub fn new(head: &Head) -> Self {
        let eye = |eye: &crate::head::Eye| Eye {
            followed: eye.zones.iter().map(|(_, followed)| *followed).collect(),
            zones: (0..)
                .zip(&eye.zones)
                .map(|(ix, (zone, _))| (zone.clone(), ix))
                .collect(),
            shown: vec![None; eye.zones.len()],
            ..Eye::default()
        };
        Encoder {
            cameras: (0..)
                .zip(&head.cameras)
                .map(|(ix, eye)| (eye.camera.clone(), ix))
                .collect(),
            sensors: (0..)
                .zip(&head.sensors)
                .map(|(ix, sensor)| (sensor.clone(), ix))
                .collect(),
            eyes: head.cameras.iter().map(eye).collect(),
            clock: head.clock,
            from: head.at,
            at: head.at,
            out: Out::default(),
        }
    }

    /// Takes what the engine was told at `at`.
    pub fn push(&mut self, at: HallTime, input: &Input) {
        match input {
            Input::Zones(picture) => self.picture(at, picture),
            Input::Sensor(reading) => self.reading(at, reading),
            Input::Source(health) => {
                // The last picture before a fault dates it: to the millisecond, not to the repetition.
                if let SourceId::Camera(camera) = &health.source
                    && let Some(&ix) = self.cameras.get(camera)
                {
                    self.silence(ix, at);
                    self.eyes[ix].reported_at = Some(at.max(health.at));
                }
                self.begin(tag::SOURCE, at);
                put_source(&mut self.out, at, health);
            }
            Input::Clock(clock) => self.set_clock(at, *clock),
            Input::Ticket(ticket) => {
                self.begin(tag::TICKET, at);
                put_ticket(&mut self.out, at, ticket);
            }
            Input::Order(order) => {
                self.begin(tag::ORDER, at);
                put_order(&mut self.out, at, order);
            }
            Input::System(fact) => {
                self.begin(tag::SYSTEM, at);
                put_system(&mut self.out, at, fact);
            }
            Input::Tick => {}
        }
    }

    /// So many inputs were lost before `at`. What repeats ended where it was last seen.
    pub fn gap(&mut self, at: HallTime, lost: u64) {
        for ix in 0..self.eyes.len() {
            self.silence(ix, at);
        }
        self.begin(tag::GAP, at);
        self.out.number(lost);
        for eye in &mut self.eyes {
            eye.shown.fill(None);
            eye.tracks.clear();
            eye.last = None;
        }
    }

    /// The records since the last time, as the bytes of a block that reaches to `to`.
    pub fn seal(&mut self, to: HallTime) -> Vec<u8> {
        for ix in 0..self.eyes.len() {
            let last = self.eyes[ix].last;
            if last.is_some_and(|(last, _)| to.since_ms(last) > tag::APART_MS) {
                self.silence(ix, to);
            }
        }
        let mut block = Out::default();
        block.signed(self.from.0);
        block.number(to.since_ms(self.from).max(0) as u64);
        block.0.append(&mut self.out.0);
        (self.from, self.at) = (to.max(self.from), to.max(self.from));
        block.0
    }

    fn begin(&mut self, tag: u8, at: HallTime) {
        self.out.byte(tag);
        self.out.signed(at.since_ms(self.at));
        self.at = at;
    }

    fn silence(&mut self, ix: usize, at: HallTime) {
        let eye = &mut self.eyes[ix];
        let (true, Some((last, lag))) = (eye.live, eye.last) else {
            return;
        };
        eye.live = false;
        self.begin(tag::SILENT, at);
        self.out.number(ix as u64);
        self.out.signed(at.since_ms(last));
        self.out.signed(lag);
    }

    fn picture(&mut self, at: HallTime, picture: &ZoneSnapshot) {
        let Some(&ix) = self.cameras.get(&picture.camera) else {
            return;
        };
        let eye = &mut self.eyes[ix];
        let apart = !eye.live
            || eye
                .last
                .is_none_or(|(last, _)| at.since_ms(last) > tag::APART_MS);
        let mut changed = eye.take(at, picture);
        if apart {
            self.silence(ix, at);
        }
        let eye = &mut self.eyes[ix];
        // A picture on its way when the report came shows nothing of the time after it.
        let reported = eye.reported_at.is_some();
        eye.reported_at = eye.reported_at.filter(|since| picture.at <= *since);
        let lag = at.since_ms(picture.at);
        if apart || reported || !changed.is_empty() {
            self.begin(tag::PICTURE, at);
            self.out.number(ix as u64);
            self.out.signed(lag);
            self.out.number(changed.len() as u64);
            changed.sort_by_key(|(zone, _)| *zone);
            for (zone, shown) in changed {
                self.put_zone(zone, &shown, picture.at);
                self.eyes[ix].shown[zone] = shown;
            }
        }
        let eye = &mut self.eyes[ix];
        eye.last = Some((at, lag));
        eye.live = true;
    }

    fn put_zone(&mut self, zone: usize, shown: &Shown, taken: HallTime) {
        self.out.number(zone as u64);
        let Some((count, tracks, still)) = shown else {
            self.out.number(0);
            return;
        };
        self.out.number(u64::from(*count) + 1);
        self.out.number(tracks.len() as u64);
        for track in tracks {
            self.out.number(*track);
        }
        self.out.maybe(still.map(|since| taken.since_ms(since)));
    }

    fn reading(&mut self, at: HallTime, reading: &SensorReading) {
        let Some(&ix) = self.sensors.get(&reading.sensor) else {
            return;
        };
        self.begin(tag::SENSOR, at);
        self.out.number(ix as u64);
        self.out.signed(at.since_ms(reading.at));
        let quality = match reading.quality {
            Quality::Good => 0,
            Quality::Stale => 1,
            Quality::Suspect => 2,
            Quality::Fault => 3,
        };
        self.out.byte(quality << 1 | u8::from(reading.value));
    }

    /// A clock that drifts says so every second; stamps need not be that exact.
    fn set_clock(&mut self, at: HallTime, clock: WallClock) {
        let moved_ms = (clock.offset_ms - self.clock.offset_ms).abs();
        let other =
            clock.synced != self.clock.synced || clock.utc_offset_s != self.clock.utc_offset_s;
        if !other && moved_ms < tag::CLOCK_MS {
            return;
        }
        self.clock = clock;
        self.begin(tag::CLOCK, at);
        self.out.signed(clock.offset_ms);
        self.out.signed(i64::from(clock.utc_offset_s));
        self.out.flag(clock.synced);
    }
}

impl Eye {
    /// Zones that show something else than before.
    fn take(&mut self, at: HallTime, picture: &ZoneSnapshot) -> Vec<(usize, Shown)> {
        let mut seen: Vec<Shown> = vec![None; self.shown.len()];
        for count in &picture.zones {
            let Some(&ix) = self.zones.get(&count.zone) else {
                continue;
            };
            let followed = self.followed[ix];
            let mut kept = Vec::new();
            for track in &count.tracks {
                // Elsewhere a track says only that somebody is in two zones at once and yet one person.
                if followed || elsewhere(picture, count, *track) {
                    let known = self.tracks.entry(*track).or_insert_with(|| {
                        self.next_track += 1;
                        (self.next_track, at)
                    });
                    known.1 = at;
                    kept.push(known.0);
                }
            }
            kept.sort_unstable();
            seen[ix] = Some((count.count, kept, count.still_since));
        }
        self.tracks
            .retain(|_, (_, last)| at.since_ms(*last) <= REMEMBER_MS);
        let pairs = seen.into_iter().zip(&self.shown).enumerate();
        pairs
            .filter(|(_, (now, before))| now != *before)
            .map(|(ix, (now, _))| (ix, now))
            .collect()
    }
}

fn elsewhere(picture: &ZoneSnapshot, here: &ZoneCount, track: TrackId) -> bool {
    let others = picture.zones.iter().filter(|zone| zone.zone != here.zone);
    others.into_iter().any(|zone| zone.tracks.contains(&track))
}
