//! What people do in a simulated hall: at every window somebody sits, and by turns somebody goes away for longer than the rules
//! allow. Pure: the same seed and hall give the same day.

use hall_core::HallTime;
use hall_core::ids::{CameraId, ZoneId};
use hall_core::observe::{ZoneCount, ZoneSnapshot};

/// The only camera.
pub const CAMERA: &str = "cam1";
/// Time between two pictures, simulated milliseconds.
pub const PICTURE_MS: i64 = 2_000;
/// An absence: longer than the 5 min that raise an event, shorter than the 10 min that make it worse. Two records.
const AWAY_MS: i64 = 400_000;
/// Records of one absence: raised, cleared.
const RECORDS_PER_ABSENCE: u32 = 2;
/// At one window absences do not begin more often than this: the next is one of its own.
const TURN_MS: i64 = AWAY_MS + 200_000;
const HOUR_MS: i64 = 3_600_000;

/// How a simulated hall works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Windows; enough for the absences.
    pub windows: usize,
    /// Simulated time between the beginnings of two absences; `None`: nobody ever goes away.
    every_ms: Option<i64>,
    /// Where in its turn the hall begins.
    phase_ms: i64,
    start: HallTime,
}

impl Day {
    /// A day from `start` on that gives about so many event records an hour.
    #[must_use]
    pub fn new(seed: u64, hall: usize, events_per_hour: u32, start: HallTime) -> Self {
        let every_ms = (events_per_hour > 0)
            .then(|| HOUR_MS * i64::from(RECORDS_PER_ABSENCE) / i64::from(events_per_hour));
        let windows = every_ms
            .map_or(1, |every| TURN_MS.div_euclid(every) + 1)
            .max(3) as usize;
        let phase_ms = every_ms.map_or(0, |every| {
            (mixed(seed, hall as u64) % every.unsigned_abs()) as i64
        });
        Day {
            windows,
            every_ms,
            phase_ms,
            start,
        }
    }

    /// Whether somebody sits at window `w`.
    #[must_use]
    pub fn is_staffed(&self, w: usize, at: HallTime) -> bool {
        let Some(every_ms) = self.every_ms else {
            return true;
        };
        let since_ms = at.since_ms(self.start) + self.phase_ms;
        let newest = since_ms.div_euclid(every_ms);
        let windows = self.windows as i64;
        // The newest absence that is this window's, in the order of turns.
        let own = newest - (newest - w as i64).rem_euclid(windows);
        own < 1 || since_ms - own * every_ms >= AWAY_MS
    }

    /// What the camera sees.
    #[must_use]
    pub fn picture(&self, at: HallTime) -> ZoneSnapshot {
        let zones = (0..self.windows).map(|w| ZoneCount {
            zone: ZoneId::from(format!("W{w}.staff").as_str()),
            count: u32::from(self.is_staffed(w, at)),
            tracks: Vec::new(),
            still_since: None,
        });
        ZoneSnapshot {
            camera: CameraId::from(CAMERA),
            at,
            zones: zones.collect(),
        }
    }

    /// The hall's configuration.
    #[must_use]
    pub fn hall_toml(&self) -> String {
        let mut text = format!(
            "[hall]\nid = \"511921-0001\"\nname = {{ zh = \"模拟大厅\", en = \"Simulated hall\" }}\narea = [\"51\", \"5119\", \"511921\"]\n\
             utc_offset = \"+08:00\"\n[box]\nid = \"b1\"\n[[cameras]]\nid = \"{CAMERA}\"\nname = {{ zh = \"一号\", en = \"One\" }}\n\
             url = \"rtsp://127.0.0.1:8554/{CAMERA}\"\n"
        );
        for w in 0..self.windows {
            text += &format!(
                "[[windows]]\nid = \"W{w}\"\nname = {{ zh = \"窗口{w}\", en = \"Window {w}\" }}\n[[windows.zones]]\nkind = \"staff\"\n\
                 camera = \"{CAMERA}\"\npolygon = [[0.1, 0.1], [0.3, 0.1], [0.3, 0.3], [0.1, 0.3]]\n"
            );
        }
        text += "[duty]\n";
        for day in ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] {
            text += &format!("{day} = [\"00:00-23:59\"]\n");
        }
        text
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): well spread and the same everywhere.
fn mixed(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add((n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Absences in ten hours, by how many windows at once.
    fn absences(day: &Day) -> (usize, usize) {
        let (mut begun, mut most) = (0, 0);
        let mut before = vec![true; day.windows];
        for second in 0..36_000 {
            let at = HallTime(day.start.0 + second * 1000);
            let now: Vec<bool> = (0..day.windows).map(|w| day.is_staffed(w, at)).collect();
            begun += (0..day.windows).filter(|&w| before[w] && !now[w]).count();
            most = most.max(now.iter().filter(|staffed| !**staffed).count());
            before = now;
        }
        (begun, most)
    }

    #[test]
    fn absences_come_as_often_as_asked_and_never_empty_the_hall() {
        for per_hour in [2, 5, 20, 100] {
            let day = Day::new(7, 3, per_hour, HallTime(1_789_956_000_000));
            let (begun, most) = absences(&day);
            let wanted = per_hour as usize * 10 / RECORDS_PER_ABSENCE as usize;
            assert!(
                begun.abs_diff(wanted) <= 2,
                "{per_hour}: {begun} of {wanted}"
            );
            assert!(most < day.windows, "{per_hour}");
        }
        assert_eq!(absences(&Day::new(7, 3, 0, HallTime(0))).0, 0);
    }

    #[test]
    fn the_seed_moves_the_day_and_the_same_seed_repeats_it() {
        let phases = |seed| {
            (0..50)
                .map(|hall| Day::new(seed, hall, 5, HallTime(0)).phase_ms)
                .collect::<Vec<_>>()
        };
        assert_eq!(phases(1), phases(1));
        assert_ne!(phases(1), phases(2));
        let mut spread = phases(1);
        spread.sort_unstable();
        assert!(spread[0] < 300_000 && spread[49] > 1_100_000, "{spread:?}");
    }
}
