//! How far sensors are believed: stuck, flapping, behind a gateway, found wrong; and what happens to that over a restart.

use hall_core::config::SensorKind;
use hall_core::engine::{Doubt, Engine};
use hall_core::observe::{FaultCause, Input, Quality, SourceHealth, SourceId};

use crate::hall::{Scene, check, clock, sensor, t};

/// W3 with a seat sensor; no pictures outside duty, so that only sensors speak there.
fn with_seat() -> Scene {
    Scene::new()
        .with(|cfg| cfg.sensors.push(sensor("W3-seat", "W3", SensorKind::Seat)))
        .with(|cfg| cfg.cameras.truncate(1))
}

fn gateway(at: &str, down: Option<FaultCause>) -> Input {
    Input::Source(SourceHealth {
        source: SourceId::Gateway("modbus-1".into()),
        at: t(at),
        down,
    })
}

fn seat_quality(engine: &Engine) -> Quality {
    engine.snapshot().sensors[0].quality
}

#[test]
fn a_sensor_on_for_two_hours_outside_duty_is_not_believed_until_it_goes_off() {
    check(
        "36 one second short, then off",
        &with_seat()
            .sensor("W3-seat", true, "16:00:00", "18:59:59")
            .sensor("W3-seat", false, "18:59:59", "21:00:00"),
        "16:00:00",
        "21:00:00",
        &[],
    );
    check(
        "36 two hours",
        &with_seat()
            .sensor("W3-seat", true, "16:00:00", "20:00:00")
            .sensor("W3-seat", false, "20:00:00", "20:30:00"),
        "16:00:00",
        "20:30:00",
        &[
            "19:00:00 SensorFault W3-seat Fault raised r1 onset 17:00:00 StuckOn",
            "20:00:00 SensorFault W3-seat Fault cleared r2 onset 17:00:00 end 20:00:00 Recovered dur 10800 StuckOn",
        ],
    );
    check(
        "on while it is silent does not count: 18:00 to 18:30 but for the last 90 s heard",
        &with_seat()
            .sensor("W3-seat", true, "17:00:00", "18:00:00")
            .sensor("W3-seat", true, "18:30:00", "20:00:00"),
        "16:59:00",
        "19:59:00",
        &["19:29:00 SensorFault W3-seat Fault raised r1 onset 17:00:00 StuckOn"],
    );
    check(
        "a pause switch may stay on",
        &Scene::new()
            .with(|cfg| {
                cfg.sensors
                    .push(sensor("W3-pause", "W3", SensorKind::Pause))
            })
            .sensor("W3-pause", true, "17:00:00", "22:00:00"),
        "17:00:00",
        "22:00:00",
        &[],
    );
    let played = with_seat()
        .sensor("W3-seat", true, "16:00:00", "19:30:00")
        .play("16:00:00", "19:29:00");
    assert_eq!(seat_quality(&played.engine), Quality::Suspect);
    assert_eq!(played.engine.doubt(&"W3-seat".into()), Some(Doubt::StuckOn));
}

#[test]
fn a_restart_does_not_launder_a_stuck_sensor() {
    let scene = with_seat()
        .sensor("W3-seat", true, "16:00:00", "21:00:00")
        .sensor("W3-seat", false, "21:00:00", "21:30:00");
    for (cut, back, raised) in [
        // Before it is due: what was heard so far counts on.
        ("18:00:00", "18:10:00", "19:10:00"),
        ("19:30:00", "19:40:00", "19:00:00"),
    ] {
        let before = scene.play("16:00:00", cut);
        let saved = before.engine.checkpoint();
        let mut engine = Engine::new(scene.cfg.clone(), clock(), t(back));
        engine.resume(&saved);
        assert_eq!(
            engine.doubt(&"W3-seat".into()).is_some(),
            raised < cut,
            "{cut}"
        );
        let mut lines = before.lines();
        lines.extend(scene.go_on(engine, back, "21:30:00").lines());
        let raised = format!("{raised} SensorFault W3-seat Fault raised r1 onset 17:00:00 StuckOn");
        assert_eq!(lines[0], raised, "{lines:?}");
        assert!(
            lines[1].starts_with("21:00:00 SensorFault W3-seat Fault cleared r2"),
            "{lines:?}"
        );
        assert_eq!(lines.len(), 2, "{lines:?}");
    }
}

#[test]
fn a_new_configuration_keeps_what_is_believed_and_what_is_down() {
    let mut scene = with_seat().sensor("W3-seat", true, "16:00:00", "21:00:00");
    scene.cfg.sensors[0].gateways = vec!["modbus-1".into()];
    let played = scene.play("16:00:00", "19:30:00");
    let mut engine = played.engine;
    engine.handle(
        t("19:30:00"),
        gateway("19:30:00", Some(FaultCause::Offline)),
    );
    let mut cfg = scene.cfg.clone();
    cfg.rules.revision += 1;
    engine.reconfigure(t("19:30:10"), cfg);
    assert_eq!(engine.doubt(&"W3-seat".into()), Some(Doubt::StuckOn));
    engine.handle(t("19:31:00"), Input::Tick);
    let mut lines = crate::hall::Played::drain(engine).lines();
    lines.retain(|l| !l.contains("CameraOffline"));
    assert_eq!(
        lines,
        ["19:31:00 GatewayOffline modbus-1 Fault raised r1 onset 19:30:00"]
    );
}

#[test]
fn going_on_too_often_is_flapping_and_twenty_times_an_hour_is_not() {
    let flaps = |times: i64| {
        let mut scene = with_seat();
        for k in 0..times {
            let at = t("09:30:00").plus_ms(k * 120_000);
            let text = |at: hall_core::HallTime| crate::hall::hms(at.0);
            let (on, off) = (text(at), text(at.plus_ms(30_000)));
            let next = text(at.plus_ms(120_000));
            scene = scene
                .sensor("W3-seat", true, &on, &off)
                .sensor("W3-seat", false, &off, &next);
        }
        scene.sensor("W3-seat", false, "09:29:00", "09:30:00")
    };
    check("20 times", &flaps(20), "09:20:00", "11:00:00", &[]);
    check(
        "21 times: the 21st on at 10:10, believed again when an hour holds only ten",
        &flaps(21).sensor("W3-seat", false, "10:12:00", "12:00:00"),
        "09:20:00",
        "11:59:00",
        &[
            "10:10:00 SensorFault W3-seat Fault raised r1 onset 09:30:00 Flapping",
            "10:50:00 SensorFault W3-seat Fault cleared r2 onset 09:30:00 end 10:50:00 Recovered dur 4800 Flapping",
        ],
    );
    check(
        "silence is no calm: believed again an hour after it is heard again",
        &flaps(21).sensor("W3-seat", false, "10:30:00", "12:00:00"),
        "09:20:00",
        "11:59:00",
        &[
            "10:10:00 SensorFault W3-seat Fault raised r1 onset 09:30:00 Flapping",
            "11:30:00 SensorFault W3-seat Fault cleared r2 onset 09:30:00 end 11:30:00 Recovered dur 7200 Flapping",
        ],
    );
}

#[test]
fn behind_a_gateway_that_is_down_no_sensor_is_blamed_or_believed() {
    let scene = |back: &str| {
        let mut scene = with_seat();
        scene.cfg.sensors[0].gateways = vec!["modbus-1".into()];
        let down = Input::Source(SourceHealth {
            source: SourceId::Sensor("W3-seat".into()),
            at: t("10:00:00"),
            down: Some(FaultCause::Offline),
        });
        scene
            .sensor("W3-seat", true, "09:50:00", "10:00:00")
            .input("10:00:00", down)
            .input("10:00:20", gateway("10:00:20", Some(FaultCause::Offline)))
            .input(back, gateway(back, None))
            .away("W3", "10:00:00", "10:04:00")
    };
    check(
        "reported 20 s before the gateway, and still when that is back",
        &scene("10:20:00"),
        "09:50:00",
        "10:25:00",
        &[
            "10:01:20 GatewayOffline modbus-1 Fault raised r1 onset 10:00:20",
            "10:20:00 GatewayOffline modbus-1 Fault cleared r2 onset 10:00:20 end 10:20:00 Recovered dur 1180",
            "10:21:00 SensorFault W3-seat Fault raised r1 onset 10:20:00",
        ],
    );
    check(
        "a reading through it disproves that it is gone",
        &scene("10:30:00").sensor("W3-seat", false, "10:10:00", "10:29:00"),
        "09:50:00",
        "10:25:00",
        &[
            "10:01:20 GatewayOffline modbus-1 Fault raised r1 onset 10:00:20",
            "10:10:00 GatewayOffline modbus-1 Fault cleared r2 onset 10:00:20 end 10:10:00 Recovered dur 580",
        ],
    );
    let played = scene("10:20:00").play("09:50:00", "10:10:00");
    assert_eq!(seat_quality(&played.engine), Quality::Stale);
}
