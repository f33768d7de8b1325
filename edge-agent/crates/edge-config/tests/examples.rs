//! The files in `hall-config` mean what their comments say.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

use edge_config::{CameraSource, Config, Transport, load_with_env};
use hall_core::config::{Date, DaySegment, EvaluationPoint, ZoneKind};
use hall_core::ids::WindowId;

fn load(hall: &str) -> Config {
    let file: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../hall-config")
        .join(hall)
        .join("hall.toml");
    let env = |name: &str| name.starts_with("HALL_").then(|| "s3cret".to_string());
    load_with_env(&file, &env).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn the_demo_hall_is_the_simulators_morning() {
    let config = load("demo");
    assert_eq!(config.warnings, []);
    assert_eq!(config.utc_offset_s, 28_800);
    assert_eq!(
        config
            .cameras
            .iter()
            .map(|camera| camera.id.as_str())
            .collect::<Vec<_>>(),
        ["windows", "corner"]
    );
    assert!(
        matches!(&config.cameras[0].source, CameraSource::Rtsp { url, user: None, password: None } if url == "rtsp://127.0.0.1:8554/windows")
    );
    let zones: Vec<(&str, &str)> = config
        .engine
        .zones
        .iter()
        .map(|zone| (zone.id.as_str(), zone.camera.as_str()))
        .collect();
    assert_eq!(
        zones,
        [
            ("W1.staff", "windows"),
            ("W1.counter", "windows"),
            ("W2.staff", "windows"),
            ("W2.counter", "windows"),
            ("W3.staff", "windows"),
            ("W3.counter", "windows"),
            ("W4.staff", "windows"),
            ("W4.counter", "windows"),
            ("Q1@corner", "corner"),
        ]
    );
    assert_eq!(
        config.engine.zones[0].evaluation_point,
        EvaluationPoint::Center
    );
    assert_eq!(
        config.engine.zones[1].evaluation_point,
        EvaluationPoint::BottomCenter
    );
    assert_eq!(
        config.engine.zones[0].kind,
        ZoneKind::Staff(WindowId::from("W1"))
    );
    assert_eq!(
        config.engine.duty.weekly.days,
        std::array::from_fn(|_| vec![DaySegment {
            from_s: 0,
            to_s: 86_400
        }])
    );
    let broker = &config.uplink.as_ref().expect("an uplink").broker;
    assert_eq!(
        (broker.transport, broker.host.as_str(), broker.port),
        (Transport::Tcp, "127.0.0.1", 1883)
    );
    assert_eq!(
        config
            .uplink
            .as_ref()
            .map(|uplink| uplink.client_id.as_str()),
        Some("510000-001-demo")
    );
    assert_eq!(config.sensors.len(), 1);
}

#[test]
fn the_demo_file_has_the_lines_the_demo_program_replaces() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../hall-config/demo/hall.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let count = |line: &str| text.lines().filter(|other| *other == line).count();
    assert_eq!(count("url = \"rtsp://127.0.0.1:8554/windows\""), 1);
    assert_eq!(count("url = \"rtsp://127.0.0.1:8554/corner\""), 1);
    assert_eq!(count("url = \"mqtt://127.0.0.1:1883\""), 2);
    assert_eq!(count("listen = \"127.0.0.1:8080\""), 1);
}

#[test]
fn the_township_hall_loads_without_warning() {
    let config = load("township");
    assert_eq!(config.warnings, []);
    assert_eq!((config.engine.windows.len(), config.cameras.len()), (3, 2));
    assert_eq!(config.hall.area, ["51", "5119", "511921"]);
    assert_eq!(config.engine.rules.name, "P0");
    assert_eq!(
        config.engine.duty.weekly.days[0],
        [segment(8, 30, 11, 30), segment(14, 30, 17, 30)]
    );
    assert_eq!(config.engine.duty.weekly.days[6], []);
}

#[test]
fn the_calendar_of_2026_holds_33_days_off_and_six_make_up_workdays() {
    let duty = load("township").engine.duty;
    let date = |month, day| Date {
        year: 2026,
        month,
        day,
    };
    assert_eq!(duty.holidays.len(), 3 + 9 + 3 + 5 + 3 + 3 + 7);
    for (month, day) in [
        (1, 1),
        (1, 3),
        (2, 15),
        (2, 23),
        (4, 4),
        (5, 5),
        (6, 20),
        (9, 27),
        (10, 1),
        (10, 7),
    ] {
        assert!(duty.holidays.contains(&date(month, day)), "{month}-{day}");
    }
    assert_eq!(
        duty.workdays,
        [
            date(1, 4),
            date(2, 14),
            date(2, 28),
            date(5, 9),
            date(9, 20),
            date(10, 10)
        ]
    );
}

fn segment(from_h: u32, from_m: u32, to_h: u32, to_m: u32) -> DaySegment {
    DaySegment {
        from_s: from_h * 3600 + from_m * 60,
        to_s: to_h * 3600 + to_m * 60,
    }
}

#[test]
fn a_year_without_calendar_is_warned_of_from_the_first_of_december() {
    let warning = |hall: &str, unix_s: i64| {
        load(hall)
            .calendar_warning(unix_s * 1000)
            .map(|w| w.to_string())
    };
    // 2026-12-01T00:00:00+08:00
    let december_s = 1_796_054_400;
    assert_eq!(warning("township", december_s - 1), None);
    assert_eq!(
        warning("township", december_s).as_deref(),
        Some(
            "hall.toml: duty.calendars: no calendar speaks for 2027 (holidays and make-up workdays of that year are unknown; add its calendar as \
             soon as it is announced)"
        )
    );
}

#[test]
fn the_calendar_of_2026_is_the_announced_one() {
    let duty = load("township").engine.duty;
    assert_eq!(duty.calendar_years, [2026]);
    let announced = [
        ((1, 1), (1, 3)),
        ((2, 15), (2, 23)),
        ((4, 4), (4, 6)),
        ((5, 1), (5, 5)),
        ((6, 19), (6, 21)),
        ((9, 25), (9, 27)),
        ((10, 1), (10, 7)),
    ];
    for month in 1..=12 {
        for day in 1..=31 {
            let date = Date {
                year: 2026,
                month,
                day,
            };
            let off = announced
                .iter()
                .any(|(from, to)| (*from..=*to).contains(&(month, day)));
            assert_eq!(duty.holidays.contains(&date), off, "{month}-{day}");
        }
    }
}
