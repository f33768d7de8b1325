//! The benchmark's day as an observation file: repeated records of what stays the same, one line where a count changes.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::path::Path;

use crate::hall;
use crate::script::{Change, DAY, PICTURE_MS};

/// What a record says: its end, and zones with their counts and tracks.
type Record<'a> = (i64, Vec<(usize, u32, &'a [u64])>);

/// Writes `hall.toml` and `day.jsonl` into `dir`.
pub fn write(dir: &Path, changes: &[Change]) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(dir)?;
    std::fs::write(dir.join("hall.toml"), hall::toml()?)?;
    std::fs::write(dir.join("day.jsonl"), text(changes)?)?;
    Ok(())
}

/// One record for every camera and every stretch in which nothing changes before it.
pub fn text(changes: &[Change]) -> Result<String, fmt::Error> {
    let zones = hall::zones();
    // By start, then camera: end and the counts that are new.
    let mut records: BTreeMap<(i64, usize), Record<'_>> = BTreeMap::new();
    for camera in 0..hall::CAMERAS {
        let mut latest: BTreeMap<i64, BTreeMap<usize, &Change>> = BTreeMap::new();
        latest.entry(0).or_default();
        for change in changes.iter().filter(|c| zones[c.zone].camera == camera) {
            latest
                .entry(change.at_ms)
                .or_default()
                .insert(change.zone, change);
        }
        let starts: Vec<i64> = latest.keys().copied().skip(1).chain([DAY]).collect();
        for ((from, new), to) in latest.iter().zip(starts) {
            let mut counts: Vec<(usize, u32, &[u64])> = new
                .values()
                .map(|c| (c.zone, c.count, c.tracks.as_slice()))
                .collect();
            if *from == 0 {
                let all = zones.iter().enumerate().filter(|(_, z)| z.camera == camera);
                counts = all.map(|(zone, _)| (zone, 0, [].as_slice())).collect();
            }
            records.insert((*from, camera), (to, counts));
        }
    }
    let mut text = String::new();
    for (id, _, _) in hall::sensors() {
        writeln!(
            text,
            r#"{{"at":"{}","until":"{}","every_ms":30000,"kind":"sensor","sensor":"{id}","value":false}}"#,
            time(0),
            time(DAY)
        )?;
    }
    for ((from, camera), (to, counts)) in records {
        write!(
            text,
            r#"{{"at":"{}","until":"{}","every_ms":{PICTURE_MS},"kind":"zones","camera":"{}","zones":{{"#,
            time(from),
            time(to),
            hall::camera_name(camera)
        )?;
        for (n, (zone, count, tracks)) in counts.into_iter().enumerate() {
            let comma = if n > 0 { "," } else { "" };
            write!(text, r#"{comma}"{}":"#, zones[zone].id)?;
            if tracks.is_empty() {
                write!(text, "{count}")?;
            } else {
                write!(text, r#"{{"count":{count},"tracks":{tracks:?}}}"#)?;
            }
        }
        text.push_str("}}\n");
    }
    Ok(text)
}

/// An instant of Monday 2026-09-21, or of the midnight after it.
fn time(ms: i64) -> String {
    let (day, ms) = (21 + ms / DAY, ms % DAY);
    format!(
        "2026-09-{day:02}T{:02}:{:02}:{:02}.{:03}+08:00",
        ms / 3_600_000,
        ms / 60_000 % 60,
        ms / 1000 % 60,
        ms % 1000
    )
}
