//! How sensors stand: quality, why and since when, as people are told; a sensor that never goes on; gateways behind gateways.

use hall_core::config::SensorKind;
use hall_core::engine::{Doubt, Engine};
use hall_core::observe::{FaultCause, Input, Quality, SensorReading, SourceHealth, SourceId};
use hall_core::snapshot::SensorReason;

use crate::hall::{Scene, check, clock, hms, sensor, t};

fn with_seat() -> Scene {
    Scene::new().with(|cfg| cfg.sensors.push(sensor("W3-seat", "W3", SensorKind::Seat)))
}

/// `suspect stuck_off since 09:00:10`, or `good`.
fn stands(engine: &Engine, ix: usize) -> String {
    let sensor = &engine.snapshot().sensors[ix];
    match sensor.trouble {
        None => format!("{:?}", sensor.quality),
        Some((reason, since)) => format!("{:?} {reason:?} since {}", sensor.quality, hms(since.0)),
    }
}

fn source(source: SourceId, at: &str, down: Option<FaultCause>) -> Input {
    Input::Source(SourceHealth {
        source,
        at: t(at),
        down,
    })
}

fn reading(at: &str, value: bool, quality: Quality) -> Input {
    Input::Sensor(SensorReading {
        sensor: "W3-seat".into(),
        at: t(at),
        value,
        quality,
    })
}

#[test]
fn a_seat_sensor_that_never_goes_on_before_a_staffed_seat_is_found_out_and_nobody_is_accused() {
    // Four hours of duty are full at 14:00, the break not counted.
    let stuck = with_seat().sensor("W3-seat", false, "08:59:00", "16:30:00");
    check(
        "four hours seen, without one on",
        &stuck
            .clone()
            .sensor("W3-seat", true, "16:30:00", "16:40:00"),
        "08:58:00",
        "16:40:00",
        &[
            "14:00:00 SensorFault W3-seat Fault raised r1 onset 09:00:00 StuckOff",
            "16:30:00 SensorFault W3-seat Fault cleared r2 onset 09:00:00 end 16:30:00 Recovered dur 27000 StuckOff",
        ],
    );
    check(
        "one on begins it anew",
        &with_seat()
            .sensor("W3-seat", false, "08:59:00", "13:59:00")
            .sensor("W3-seat", true, "13:59:00", "13:59:30")
            .sensor("W3-seat", false, "13:59:30", "17:00:00"),
        "08:58:00",
        "16:59:00",
        &[],
    );
    check(
        "nobody was there, or only at the printer, or it was not heard: no proof",
        &with_seat()
            .from("00:00:00", "W3.staff", 0)
            .from("00:00:00", "W3.ext", 1)
            .sensor("W3-seat", false, "08:59:00", "16:59:00"),
        "08:58:00",
        "16:59:00",
        &[],
    );
    check(
        "silent for half of the time",
        &with_seat()
            .sensor("W3-seat", false, "08:59:00", "11:00:00")
            .sensor("W3-seat", false, "15:05:00", "16:59:00"),
        "08:58:00",
        "16:59:00",
        &[],
    );
    let played = stuck.play("08:58:00", "14:30:00");
    assert_eq!(
        played.engine.doubt(&"W3-seat".into()),
        Some(Doubt::StuckOff)
    );
    assert_eq!(stands(&played.engine, 0), "Suspect StuckOff since 09:00:00");

    // A restart does not begin it anew.
    let before = stuck.play("08:58:00", "11:00:00");
    let mut engine = Engine::new(stuck.cfg.clone(), clock(), t("11:10:00"));
    engine.resume(&before.engine.checkpoint());
    let lines = stuck.go_on(engine, "11:10:00", "15:00:00").lines();
    assert_eq!(
        lines,
        ["14:10:10 SensorFault W3-seat Fault raised r1 onset 09:00:00 StuckOff"]
    );
}

#[test]
fn every_quality_comes_with_its_reason_and_since_when() {
    let scene = with_seat().with(|cfg| {
        cfg.sensors[0].gateways = vec!["modbus-1".into()];
    });
    let mut engine = Engine::new(scene.cfg.clone(), clock(), t("10:00:00"));
    let seat = || SourceId::Sensor("W3-seat".into());
    let gateway = || SourceId::Gateway("modbus-1".into());
    let rows = [
        ("10:00:05", Input::Tick, "Stale NotHeard since 10:00:00"),
        (
            "10:00:10",
            reading("10:00:10", true, Quality::Stale),
            "Stale Retained since 10:00:10",
        ),
        ("10:00:20", reading("10:00:20", true, Quality::Good), "Good"),
        ("10:01:50", Input::Tick, "Good"),
        ("10:01:51", Input::Tick, "Stale Silent since 10:01:50"),
        (
            "10:02:00",
            reading("10:02:00", true, Quality::Suspect),
            "Suspect Contradictory since 10:02:00",
        ),
        (
            "10:02:10",
            reading("10:02:10", true, Quality::Suspect),
            "Suspect Contradictory since 10:02:00",
        ),
        (
            "10:02:20",
            reading("10:02:20", true, Quality::Fault),
            "Fault Defect since 10:02:20",
        ),
        ("10:02:30", reading("10:02:30", true, Quality::Good), "Good"),
        (
            "10:02:40",
            source(seat(), "10:02:40", Some(FaultCause::Offline)),
            "Fault Offline since 10:02:40",
        ),
        (
            "10:02:50",
            source(gateway(), "10:02:50", Some(FaultCause::Offline)),
            "Stale Gateway since 10:02:50",
        ),
        (
            "10:03:00",
            source(gateway(), "10:03:00", None),
            "Fault Offline since 10:03:00",
        ),
        (
            "10:03:10",
            source(seat(), "10:03:10", None),
            "Stale NotHeard since 10:03:10",
        ),
        (
            "10:03:20",
            reading("10:03:20", false, Quality::Good),
            "Good",
        ),
        (
            "10:03:30",
            source(gateway(), "10:03:30", Some(FaultCause::Offline)),
            "Stale Gateway since 10:03:30",
        ),
        (
            "10:03:40",
            source(gateway(), "10:03:40", None),
            "Stale NotHeard since 10:03:40",
        ),
    ];
    for (at, input, expected) in rows {
        engine.handle(t(at), input);
        assert_eq!(stands(&engine, 0), expected, "{at}");
    }
    let sensor = &engine.snapshot().sensors[0];
    assert_eq!(
        (sensor.value, sensor.last_seen),
        (Some(false), Some(t("10:03:20")))
    );

    let played = with_seat()
        .away("W3", "10:00:00", "10:30:00")
        .sensor("W3-seat", true, "09:50:00", "10:31:00")
        .play("09:50:00", "10:15:00");
    assert_eq!(stands(&played.engine, 0), "Suspect Conflict since 10:00:00");
    assert_eq!(
        played.engine.snapshot().sensors[0].trouble.unwrap().0,
        SensorReason::Conflict
    );
}

#[test]
fn ons_are_counted_within_the_hour_and_beyond_the_limit() {
    let mut scene = with_seat().sensor("W3-seat", false, "09:29:00", "09:30:00");
    for minute in 0..40 {
        let (on, off) = (
            format!("09:{:02}:00", 20 + minute),
            format!("09:{:02}:30", 20 + minute),
        );
        scene = scene.sensor("W3-seat", true, &on, &off);
        scene = scene.sensor("W3-seat", false, &off, &format!("09:{:02}:59", 20 + minute));
    }
    let ons = |to: &str| scene.play("09:00:00", to).engine.snapshot().sensors[0].ons_last_hour;
    // The first on was the first word at all: nobody knows whether it went on then.
    assert_eq!(
        (ons("09:59:59"), ons("10:00:40"), ons("10:25:00")),
        (39, 39, 34)
    );
}

#[test]
fn what_a_broker_kept_does_not_prove_that_a_sensor_lives() {
    let offline = source(
        SourceId::Sensor("W3-seat".into()),
        "10:00:00",
        Some(FaultCause::Offline),
    );
    let scene = with_seat()
        .sensor("W3-seat", true, "09:50:00", "10:00:00")
        .input("10:00:00", offline)
        .input("10:00:01", reading("10:00:01", true, Quality::Stale));
    let played = scene.play("09:50:00", "10:00:30");
    assert_eq!(stands(&played.engine, 0), "Fault Offline since 10:00:00");
}

#[test]
fn a_bridge_behind_a_lost_broker_is_not_blamed_and_a_lost_bridge_is_one_event() {
    let scene = || {
        let mut scene = Scene::new().with(|cfg| {
            cfg.sensors.push(sensor("W3-seat", "W3", SensorKind::Seat));
            cfg.sensors
                .push(sensor("W4-radar", "W4", SensorKind::Presence));
            for sensor in &mut cfg.sensors {
                sensor.gateways = vec!["zigbee2mqtt".into(), "sensor-broker".into()];
            }
            cfg.sensors
                .push(sensor("W1-node", "W1", SensorKind::Presence));
            cfg.sensors[2].gateways = vec!["sensor-broker".into()];
        });
        for id in ["W3-seat", "W4-radar", "W1-node"] {
            scene = scene.sensor(id, true, "09:50:00", "10:00:00");
        }
        scene
    };
    let bridge = |at: &str, down| source(SourceId::Gateway("zigbee2mqtt".into()), at, down);
    let broker = |at: &str, down| source(SourceId::Gateway("sensor-broker".into()), at, down);
    let gone = Some(FaultCause::Offline);
    check(
        "the bridge alone",
        &scene().input("10:00:00", bridge("10:00:00", gone)),
        "09:50:00",
        "10:05:00",
        &["10:01:00 GatewayOffline zigbee2mqtt Fault raised r1 onset 10:00:00"],
    );
    check(
        "the broker, and with it whatever becomes of the bridge, until it is back",
        &scene()
            .input("10:00:00", broker("10:00:00", gone))
            .input("10:00:30", bridge("10:00:30", gone))
            .input("10:10:00", broker("10:10:00", None)),
        "09:50:00",
        "10:12:00",
        &[
            "10:01:00 GatewayOffline sensor-broker Fault raised r1 onset 10:00:00",
            "10:10:00 GatewayOffline sensor-broker Fault cleared r2 onset 10:00:00 end 10:10:00 Recovered dur 600",
            "10:11:00 GatewayOffline zigbee2mqtt Fault raised r1 onset 10:10:00",
        ],
    );
    let played = scene()
        .input("10:00:00", bridge("10:00:00", gone))
        .play("09:50:00", "10:00:30");
    assert_eq!(stands(&played.engine, 0), "Stale Gateway since 10:00:00");
    assert_eq!(stands(&played.engine, 2), "Good");
    // A word of a device through both disproves both.
    let played = scene()
        .input("10:00:00", broker("10:00:00", gone))
        .input("10:00:00", bridge("10:00:00", gone))
        .sensor("W3-seat", true, "10:00:10", "10:01:00")
        .play("09:50:00", "10:00:30");
    assert_eq!(stands(&played.engine, 0), "Good");
}
