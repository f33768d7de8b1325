//! A whole day of a large hall, one picture a second from every camera.

use std::time::Instant;

use hall_core::HallTime;
use hall_core::config::{EngineConfig, WindowConfig, ZoneKind};
use hall_core::engine::{Engine, Output};
use hall_core::observe::{Input, ZoneCount, ZoneSnapshot};

use crate::hall::{clock, hall, t, zone};

/// Forty windows on ten cameras, each with staff, extended and counter zones.
fn county_hall() -> EngineConfig {
    let mut cfg = hall();
    (cfg.windows, cfg.zones) = (Vec::new(), Vec::new());
    cfg.cameras = (0..10).map(|n| format!("cam{n}").into()).collect();
    for n in 0..40 {
        let (id, camera) = (format!("W{n}"), format!("cam{}", n / 4));
        cfg.windows.push(WindowConfig {
            id: id.as_str().into(),
            min_staff: 1,
            duty: None,
        });
        cfg.zones.push(zone(
            &format!("{id}.staff"),
            &camera,
            ZoneKind::Staff(id.as_str().into()),
        ));
        cfg.zones.push(zone(
            &format!("{id}.ext"),
            &camera,
            ZoneKind::StaffExtended(id.as_str().into()),
        ));
        cfg.zones.push(zone(
            &format!("{id}.counter"),
            &camera,
            ZoneKind::Counter(id.as_str().into()),
        ));
    }
    cfg.zones
        .push(zone("Q1", "cam0", ZoneKind::Queue("Q1".into())));
    cfg
}

#[test]
fn a_day_of_a_county_hall_replays_in_seconds() {
    // Without optimisation two hours stand for the day; the budget per picture is the same.
    let hours = if cfg!(debug_assertions) { 2 } else { 24 };
    let cfg = county_hall();
    let start = t("09:00:00");
    let mut engine = Engine::new(cfg.clone(), clock(), start);
    let mut pictures: Vec<ZoneSnapshot> = cfg
        .cameras
        .iter()
        .map(|camera| ZoneSnapshot {
            camera: camera.clone(),
            at: start,
            zones: (cfg.zones.iter().filter(|z| &z.camera == camera))
                .map(|z| ZoneCount {
                    zone: z.id.clone(),
                    count: 0,
                    tracks: Vec::new(),
                    still_since: None,
                })
                .collect(),
        })
        .collect();
    let (mut events, mut summaries, mut seed) = (0, 0, 7_u64);
    let begun = Instant::now();
    for second in 0..hours * 3600_i64 {
        let at: HallTime = start.plus_ms(second * 1000);
        for picture in &mut pictures {
            picture.at = at;
            for (n, count) in picture.zones.iter_mut().enumerate() {
                // Away 8 min in every 40, and missed in one picture of 16 otherwise.
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let away = (second / 60 + n as i64 * 7) % 40 < 8;
                let staff = count.zone.as_str().ends_with("staff");
                count.count = u32::from(staff && !away && seed >> 60 != 0);
            }
            engine.handle(at, Input::Zones(picture.clone()));
        }
        while let Some(output) = engine.poll_output() {
            match output {
                Output::Event(_) => events += 1,
                Output::Summary(_) => summaries += 1,
                Output::Interval(_) | Output::Wait(_) | Output::Excuse(_) | Output::Answer(_) => {}
            }
        }
    }
    let (took, pictures) = (begun.elapsed(), hours * 36_000);
    let per_picture_us = took.as_micros() as f64 / pictures as f64;
    println!(
        "{hours} h, {pictures} pictures: {took:?}, {per_picture_us:.1} us each, {events} revisions, {summaries} summaries"
    );
    assert!(
        events > 50 && summaries == hours * 60 - 1,
        "{events} revisions, {summaries} summaries"
    );
    let budget_us = if cfg!(debug_assertions) { 400.0 } else { 20.0 };
    assert!(
        per_picture_us < budget_us,
        "{per_picture_us} us for a picture of four windows"
    );
}
