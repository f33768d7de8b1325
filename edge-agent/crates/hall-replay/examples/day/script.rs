//! What the cameras and sensors of the benchmark's hall say on one day, drawn by a fixed generator: clerks who come late, leave,
//! walk to the printer and are missed by the detector now and then, customers, lines of followed people. Knows no engine.

use crate::hall::{Role, WINDOWS, Zone};

/// Milliseconds between two pictures of a camera.
pub const PICTURE_MS: i64 = 500;
const S: i64 = 1000;
const MIN: i64 = 60 * S;
const HOUR: i64 = 60 * MIN;
pub const DAY: i64 = 24 * HOUR;

/// From `at_ms` of the day on, a zone holds so many people, followed as `tracks` (none: only counted).
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub at_ms: i64,
    pub zone: usize,
    pub count: u32,
    pub tracks: Vec<u64>,
}

/// Knuth's generator: the same days on every machine.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// From `from` to below `to`.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        from + ((self.0 >> 33) as i64).rem_euclid((to - from).max(1))
    }
}

/// Present from `.0` to `.1`.
type Stay = (i64, i64);

/// The changes of one day in order of time; the hall is empty at midnight.
pub fn day(zones: &[Zone], number: u64) -> Vec<Change> {
    let mut changes = Vec::new();
    for w in 0..WINDOWS {
        let mut dice = Dice::new(number * 1000 + w as u64);
        let stays = clerk(&mut dice);
        let customers = customers(&mut dice);
        for (zone, z) in zones.iter().enumerate() {
            match z.role {
                Role::Staff(of) if of == w => seen(&mut changes, zone, &stays, &mut dice),
                Role::Extended(of) if of == w => {
                    seen(&mut changes, zone, &printer(&stays, &mut dice), &mut dice);
                }
                Role::Counter(of) if of == w => seen(&mut changes, zone, &customers, &mut dice),
                _ => {}
            }
        }
    }
    for (zone, z) in zones.iter().enumerate() {
        if let Role::Queue(q) = z.role {
            let mut dice = Dice::new(number * 1000 + 500 + q as u64);
            line(&mut changes, zone, q as u64, &mut dice);
        }
    }
    for change in &mut changes {
        change.at_ms = change.at_ms.div_euclid(PICTURE_MS) * PICTURE_MS;
    }
    changes.sort_by_key(|change| (change.at_ms, change.zone));
    changes
}

/// On post but for some absences, most of them short.
fn clerk(dice: &mut Dice) -> Vec<Stay> {
    let mut stays = Vec::new();
    for (open, close) in [(9 * HOUR, 12 * HOUR), (13 * HOUR, 17 * HOUR)] {
        let mut at = open + dice.between(-10 * MIN, 2 * MIN);
        let end = close + dice.between(-MIN, 10 * MIN);
        while at < end {
            let gone = (at + dice.between(10 * MIN, 90 * MIN)).min(end);
            stays.push((at, gone));
            at = gone
                + match dice.between(0, 20) {
                    0..12 => dice.between(20 * S, 3 * MIN),
                    12..17 => dice.between(3 * MIN, 8 * MIN),
                    _ => dice.between(8 * MIN, 20 * MIN),
                };
        }
    }
    stays
}

fn customers(dice: &mut Dice) -> Vec<Stay> {
    let mut stays = Vec::new();
    for (open, close) in [(9 * HOUR, 12 * HOUR), (13 * HOUR, 17 * HOUR)] {
        let mut at = open + dice.between(0, 10 * MIN);
        while at < close {
            let gone = at + dice.between(30 * S, 12 * MIN);
            stays.push((at, gone));
            at = gone + dice.between(10 * S, 6 * MIN);
        }
    }
    stays
}

/// Short walks to the printer while on post.
fn printer(stays: &[Stay], dice: &mut Dice) -> Vec<Stay> {
    let mut walks = Vec::new();
    for (from, to) in stays {
        let mut at = from + dice.between(5 * MIN, 20 * MIN);
        while at < *to {
            let back = (at + dice.between(15 * S, MIN)).min(*to);
            walks.push((at, back));
            at = back + dice.between(5 * MIN, 20 * MIN);
        }
    }
    walks
}

/// One person in the zone, missed by the detector for up to a second and a half about every minute.
fn seen(changes: &mut Vec<Change>, zone: usize, stays: &[Stay], dice: &mut Dice) {
    let mut set = |at_ms, count| {
        changes.push(Change {
            at_ms,
            zone,
            count,
            tracks: Vec::new(),
        });
    };
    for (from, to) in stays {
        set(*from, 1);
        let mut at = from + dice.between(2 * S, 2 * MIN);
        while at + 3 * S < *to {
            set(at, 0);
            at += dice.between(S / 2, 2 * S);
            set(at, 1);
            at += dice.between(2 * S, 2 * MIN);
        }
        set(*to, 0);
    }
}

/// People who join, stay for minutes and go; longest before noon. Now and then the tracker takes somebody for another.
fn line(changes: &mut Vec<Change>, zone: usize, queue: u64, dice: &mut Dice) {
    let mut next_track = 1 + queue * 100_000;
    let mut there: Vec<(u64, i64)> = Vec::new();
    let mut at = 9 * HOUR;
    while at < 17 * HOUR + 20 * MIN {
        at += dice.between(4 * S, 80 * S);
        there.retain(|(_, leaves)| *leaves > at);
        let rush = (10 * HOUR..12 * HOUR).contains(&at);
        if at < 17 * HOUR {
            let stay = if rush { 14 * MIN } else { 6 * MIN };
            there.push((next_track, at + dice.between(MIN, stay)));
            next_track += 1;
        }
        if dice.between(0, 12) == 0
            && let Some(first) = there.first_mut()
        {
            first.0 = next_track;
            next_track += 1;
        }
        changes.push(Change {
            at_ms: at,
            zone,
            count: there.len() as u32,
            tracks: there.iter().map(|(track, _)| *track).collect(),
        });
    }
    changes.push(Change {
        at_ms: 18 * HOUR,
        zone,
        count: 0,
        tracks: Vec::new(),
    });
}
