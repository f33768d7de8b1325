//! From records back to inputs: what repeated is given out again, once a second, until it ended. Knows no file.

use hall_core::HallTime;
use hall_core::ids::{CameraId, SensorId, TrackId, ZoneId};
use hall_core::observe::{Input, Quality, SensorReading, ZoneCount, ZoneSnapshot};
use hall_core::time::WallClock;

use crate::bytes::{FAR_MS, In};
use crate::head::Head;
use crate::rare::{get_order, get_source, get_system, get_ticket};
use crate::tag;

/// A segment is a local day; a picture is not repeated for longer.
const REPEATED_MAX_MS: i64 = 2 * 86_400_000;

/// An input and when the engine was told it.
pub(crate) type Told = (HallTime, Input);

#[derive(Debug)]
struct Eye {
    camera: CameraId,
    zones: Vec<ZoneId>,
    shown: Vec<Option<ZoneCount>>,
    lag: i64,
    /// Given out up to here.
    at: HallTime,
    live: bool,
}

/// One segment's inputs.
#[derive(Debug)]
pub(crate) struct Decoder {
    eyes: Vec<Eye>,
    sensors: Vec<SensorId>,
    /// Inputs that were lost, as far as is known.
    pub lost: u64,
}

impl Decoder {
    pub fn new(head: &Head) -> Self {
        let eye = |eye: &crate::head::Eye| Eye {
            camera: eye.camera.clone(),
            zones: eye.zones.iter().map(|(zone, _)| zone.clone()).collect(),
            shown: vec![None; eye.zones.len()],
            lag: 0,
            at: head.at,
            live: false,
        };
        Decoder {
            eyes: head.cameras.iter().map(eye).collect(),
            sensors: head.sensors.clone(),
            lost: 0,
        }
    }

    /// The inputs of a block, and the instant it reaches to; `None`: it makes no sense.
    pub fn block(&mut self, bytes: &[u8]) -> Option<(Vec<Told>, HallTime)> {
        let mut read = In(bytes);
        let from = HallTime(read.ms()?);
        let to = from.plus_ms(
            i64::try_from(read.number()?)
                .ok()
                .filter(|ms| *ms <= FAR_MS)?,
        );
        // No more than what every camera repeats in the longest segment, and whatever else is told in a few bytes.
        let most = bytes.len() + self.eyes.len() * (REPEATED_MAX_MS / tag::REPEAT_MS) as usize;
        let mut told = Vec::new();
        let mut at = from;
        while !read.0.is_empty() {
            let tag = read.byte()?;
            at = at.plus_ms(read.ms()?);
            if at.since_ms(from).abs() > FAR_MS || told.len() > most {
                return None;
            }
            self.record(tag, at, &mut read, &mut told)?;
        }
        for eye in &mut self.eyes {
            eye.repeat(to.plus_ms(1 - tag::APART_MS), &mut told)?;
        }
        Some((told, to))
    }

    fn record(
        &mut self,
        tag: u8,
        at: HallTime,
        read: &mut In<'_>,
        told: &mut Vec<Told>,
    ) -> Option<()> {
        let input = match tag {
            tag::PICTURE => {
                let eye = self.eyes.get_mut(usize::try_from(read.number()?).ok()?)?;
                eye.repeat(at, told)?;
                eye.lag = read.ms()?;
                for _ in 0..read.count()? {
                    let zone = usize::try_from(read.number()?).ok()?;
                    let shown = zone_count(read, eye.zones.get(zone)?, at.plus_ms(-eye.lag))?;
                    *eye.shown.get_mut(zone)? = shown;
                }
                (eye.at, eye.live) = (at, true);
                eye.picture(at)
            }
            tag::SILENT => {
                let eye = self.eyes.get_mut(usize::try_from(read.number()?).ok()?)?;
                let last = at.plus_ms(-read.ms()?);
                let lag = read.ms()?;
                eye.repeat(last, told)?;
                eye.live = false;
                if last <= eye.at {
                    return Some(());
                }
                (eye.at, eye.lag) = (last, lag);
                told.push((last, eye.picture(last)));
                return Some(());
            }
            tag::SENSOR => {
                let sensor = self.sensors.get(usize::try_from(read.number()?).ok()?)?;
                let taken = at.plus_ms(-read.ms()?);
                let bits = read.byte()?;
                Input::Sensor(SensorReading {
                    sensor: sensor.clone(),
                    at: taken,
                    value: bits & 1 != 0,
                    quality: match bits >> 1 {
                        0 => Quality::Good,
                        1 => Quality::Stale,
                        2 => Quality::Suspect,
                        _ => Quality::Fault,
                    },
                })
            }
            tag::SOURCE => Input::Source(get_source(read, at)?),
            tag::CLOCK => Input::Clock(WallClock {
                offset_ms: read.ms()?,
                utc_offset_s: i32::try_from(read.signed()?).ok()?,
                synced: read.flag()?,
            }),
            tag::TICKET => Input::Ticket(get_ticket(read, at)?),
            tag::ORDER => Input::Order(get_order(read, at)?),
            tag::SYSTEM => Input::System(get_system(read, at)?),
            tag::GAP => {
                self.lost = self.lost.saturating_add(read.number()?);
                for eye in &mut self.eyes {
                    eye.shown.fill(None);
                    eye.live = false;
                }
                return Some(());
            }
            _ => return None,
        };
        told.push((at, input));
        Some(())
    }
}

impl Eye {
    /// Gives out what said nothing new, before `until`; `None`: for longer than a segment lasts, which makes no sense.
    fn repeat(&mut self, until: HallTime, told: &mut Vec<Told>) -> Option<()> {
        if !self.live {
            return Some(());
        }
        if until.since_ms(self.at) > REPEATED_MAX_MS {
            return None;
        }
        loop {
            let at = self.at.plus_ms(tag::REPEAT_MS);
            if at >= until {
                return Some(());
            }
            self.at = at;
            told.push((at, self.picture(at)));
        }
    }

    fn picture(&self, at: HallTime) -> Input {
        Input::Zones(ZoneSnapshot {
            camera: self.camera.clone(),
            at: at.plus_ms(-self.lag),
            zones: self.shown.iter().flatten().cloned().collect(),
        })
    }
}

fn zone_count(read: &mut In<'_>, zone: &ZoneId, taken: HallTime) -> Option<Option<ZoneCount>> {
    let Some(count) = read.number()?.checked_sub(1) else {
        return Some(None);
    };
    let tracks = (0..read.count()?)
        .map(|_| Some(TrackId(read.number()?)))
        .collect::<Option<_>>()?;
    let still = read.maybe_ms()?;
    Some(Some(ZoneCount {
        zone: zone.clone(),
        count: u32::try_from(count).ok()?,
        tracks,
        still_since: still.map(|ms| taken.plus_ms(-ms)),
    }))
}
