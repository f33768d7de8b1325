//! Claims about reading observation records.

use hall_core::detection::Detection;
use hall_core::geometry::BBox;
use hall_core::ids::TrackId;
use hall_core::observe::{FaultCause, Quality, SourceId};

use super::*;

const AT: &str = "2026-09-21T10:00:00.000+08:00";
const AT_MS: i64 = 1_789_956_000_000;

fn error(line: &str) -> String {
    parse_record(&line.replace("AT", AT))
        .unwrap_err()
        .to_string()
}

#[test]
fn every_kind_is_read() {
    fn check(line: &str, expected: Observation) {
        let (span, observation) = parse_record(&line.replace("AT", AT)).unwrap();
        assert_eq!(observation, expected, "{line}");
        assert_eq!(span.at_ms, AT_MS, "{line}");
    }
    let person = Detection {
        bbox: BBox {
            x1: 0.1,
            y1: 0.2,
            x2: 0.3,
            y2: 0.4,
        },
        score: 0.9,
    };
    check(
        r#"{"at":"AT","kind":"zones","camera":"cam1","zones":{"W3.staff":{"count":1,"still_since":"AT"},"Q1":{"count":2,"tracks":[7,8]}}}"#,
        Observation::Zones {
            camera: "cam1".into(),
            zones: vec![
                ZoneCount {
                    zone: "Q1".into(),
                    count: 2,
                    tracks: vec![TrackId(7), TrackId(8)],
                    still_since: None,
                },
                ZoneCount {
                    zone: "W3.staff".into(),
                    count: 1,
                    tracks: vec![],
                    still_since: Some(HallTime(AT_MS)),
                },
            ],
        },
    );
    check(
        r#"{"at":"AT","kind":"tracks","camera":"cam1","tracks":[{"id":3,"box":[0.1,0.2,0.3,0.4],"score":0.9}]}"#,
        Observation::Tracks {
            camera: "cam1".into(),
            tracks: vec![(TrackId(3), person)],
        },
    );
    check(
        r#"{"at":"AT","kind":"detections","camera":"cam1","detections":[{"box":[0.1,0.2,0.3,0.4],"score":0.9}]}"#,
        Observation::Detections {
            camera: "cam1".into(),
            detections: vec![person],
        },
    );
    check(
        r#"{"at":"AT","kind":"sensor","sensor":"W3-seat","value":true}"#,
        Observation::Sensor {
            sensor: "W3-seat".into(),
            value: true,
            quality: Quality::Good,
        },
    );
    check(
        r#"{"at":"AT","kind":"source","source":"camera:cam1","state":"down","cause":"dark"}"#,
        Observation::Source {
            source: SourceId::Camera("cam1".into()),
            down: Some(FaultCause::Dark),
        },
    );
    check(
        r#"{"at":"AT","kind":"source","source":"sensor:W3-seat","state":"up"}"#,
        Observation::Source {
            source: SourceId::Sensor("W3-seat".into()),
            down: None,
        },
    );
    check(
        r#"{"at":"AT","kind":"clock","offset_ms":-3600000,"synced":true}"#,
        Observation::Clock {
            offset_ms: -3_600_000,
            synced: true,
        },
    );
    check(r#"{"at":"AT","kind":"tick"}"#, Observation::Tick);
}

#[test]
fn repetition_and_fine_times_are_read() {
    let line = r#"{"at":"2026-09-21T10:00:00.1234567+08:00","until":"2026-09-21T02:01:00Z","every_ms":200,"kind":"sensor","sensor":"s","value":false}"#;
    let (span, _) = parse_record(line).unwrap();
    assert_eq!(
        span,
        Span {
            at_ms: AT_MS + 123,
            until_ms: Some(AT_MS + 60_000),
            every_ms: 200
        }
    );
}

#[test]
fn wrong_records_are_named_precisely() {
    fn check(line: &str, expected: &str) {
        let got = error(line);
        assert!(
            got.contains(expected),
            "{line}\n  got: {got}\n  for: {expected}"
        );
    }
    check("{", "EOF while parsing");
    check(r#"{"at":"AT"}"#, "missing field `kind`");
    check(
        r#"{"at":"AT","kind":"zone"}"#,
        "unknown variant `zone`, expected one of `zones`, `tracks`",
    );
    check(r#"{"at":"AT","kind":"tick","x":1}"#, "unknown field `x`");
    check(
        r#"{"at":"10:00","kind":"tick"}"#,
        "at: '10:00' is not an RFC 3339 time with offset",
    );
    check(
        r#"{"at":"AT","kind":"sensor","sensor":"s","value":1}"#,
        "invalid type: integer `1`, expected a boolean",
    );
    check(
        r#"{"at":"AT","kind":"sensor","sensor":"s","value":true,"until":"AT"}"#,
        "until: must be later than at",
    );
    check(
        r#"{"at":"AT","kind":"sensor","sensor":"s","value":true,"every_ms":5}"#,
        "every_ms: needs until",
    );
    check(
        r#"{"at":"AT","kind":"zones","camera":"c","zones":{"Q1":-1}}"#,
        "a zone's value is a count, or",
    );
    check(
        r#"{"at":"AT","kind":"zones","camera":"c","zones":{"Q1":{"count":3,"tracks":[1]}}}"#,
        "zones.Q1: 1 tracks for a count of 3",
    );
    check(
        r#"{"at":"AT","kind":"detections","camera":"c","detections":[{"box":[10,20,30,40]}]}"#,
        "detections[0].box: [10.0, 20.0, 30.0, 40.0] is not within 0 to 1",
    );
    check(
        r#"{"at":"AT","kind":"tracks","camera":"c","tracks":[{"id":1,"box":[0.3,0.2,0.1,0.4]}]}"#,
        "tracks[0].box: [0.3, 0.2, 0.1, 0.4] is not [left, top, right, bottom]",
    );
    check(
        r#"{"at":"AT","kind":"tracks","camera":"c","tracks":[{"id":1,"box":[0,0,1,1]},{"id":1,"box":[0,0,1,1]}]}"#,
        "tracks[1].id: 1 is there twice",
    );
    check(
        r#"{"at":"AT","kind":"source","source":"cam1","state":"up"}"#,
        "source: 'cam1' is none of",
    );
    check(
        r#"{"at":"AT","kind":"source","source":"camera:c","state":"down"}"#,
        "cause: say why",
    );
    check(
        r#"{"at":"AT","kind":"source","source":"camera:c","state":"up","cause":"dark"}"#,
        "cause: a source that is up",
    );
    check(
        r#"{"at":"AT","kind":"clock","offset_ms":9223372036854775807,"synced":true}"#,
        "offset_ms: 9223372036854775807 ms is more than any clock shows",
    );
}

#[test]
fn orders_name_who_and_exactly_one_thing() {
    use hall_core::order::{Directive, Role};
    let line = |what: &str| {
        format!(
            r#"{{"at":"2026-09-21T14:20:00+08:00","kind":"order","tx":"t1","by":{{"id":"m","role":"hall_manager"}}{what}}}"#
        )
    };
    let leave = r#","leave":{"id":"L1","windows":["W3"],"from":"2026-09-21T14:00","to":"2026-09-21T15:00","approved_by":"m"}"#;
    let (_, observation) = parse_record(&line(leave)).unwrap();
    let Observation::Order { by, what, .. } = observation else {
        panic!("an order")
    };
    assert_eq!(by.role, Role::HallManager);
    let Directive::GrantLeave(leave) = what else {
        panic!("leave")
    };
    assert_eq!(leave.to_local_ms - leave.from_local_ms, 3_600_000);
    assert_eq!(leave.from_local_ms.rem_euclid(86_400_000), 14 * 3_600_000);
    for (what, words) in [
        ("", "order: give exactly one of"),
        (
            r#","cancel_leave":"L1","leave":{"id":"L1","windows":[],"from":"2026-09-21T14:00","to":"2026-09-21T15:00","approved_by":"m"}"#,
            "order: give exactly one of",
        ),
        (
            r#","leave":{"id":"L1","windows":["W3"],"from":"2026-09-21T14:00+08:00","to":"2026-09-21T15:00","approved_by":"m"}"#,
            "leave.from: '2026-09-21T14:00+08:00' is not a local time",
        ),
    ] {
        let error = parse_record(&line(what)).unwrap_err().to_string();
        assert!(error.starts_with(words), "{error}");
    }
}

#[test]
fn a_case_names_its_event_by_id_or_as_the_newest() {
    use hall_core::event::{EventCode, EventId, Subject};
    use hall_core::order::{CaseAction, CaseReason, Directive, EventRef};
    let line = |event: &str, action: &str| {
        format!(
            r#"{{"at":"2026-09-21T14:20:00+08:00","kind":"order","tx":"t1","by":{{"id":"s","role":"supervisor"}},"case":{{"event":{event},"action":"{action}","reason":"verified"}}}}"#
        )
    };
    let newest = |subject: Subject, onset_unix_ms| EventRef::Newest {
        code: EventCode::Unstaffed,
        subject,
        onset_unix_ms,
    };
    let rows = [
        (r#""00000000000000000000000007""#, EventRef::Id(EventId(7))),
        (
            r#"{"code":"unstaffed","subject":"window:W3"}"#,
            newest(Subject::Window("W3".into()), None),
        ),
        (
            r#"{"code":"unstaffed","subject":"group:AB1","onset":"2026-09-21T10:00:00+08:00"}"#,
            newest(Subject::Group("AB1".into()), Some(1_789_956_000_000)),
        ),
        (
            r#"{"code":"unstaffed","subject":"hall"}"#,
            newest(Subject::Hall, None),
        ),
    ];
    for (event, expected) in rows {
        let (_, observation) = parse_record(&line(event, "confirm")).unwrap();
        let Observation::Order { what, .. } = observation else {
            panic!("an order")
        };
        let case = Directive::Case {
            event: expected,
            action: CaseAction::Confirm,
            reason: CaseReason::Verified,
        };
        assert_eq!(what, case);
    }
    for (event, action, words) in [
        (r#""W3""#, "confirm", "case.event: 'W3' is no ULID"),
        (
            r#"{"code":"asleep","subject":"window:W3"}"#,
            "confirm",
            "case.event.code: 'asleep' is no event code",
        ),
        (
            r#"{"code":"unstaffed","subject":"W3"}"#,
            "confirm",
            "case.event.subject: 'W3' is none of",
        ),
        (
            r#"{"code":"unstaffed","subject":"hall:W3"}"#,
            "confirm",
            "case.event.subject: 'hall:W3' is none of",
        ),
        (
            r#"{"code":"unstaffed","subject":"hall"}"#,
            "punish",
            "case.action: 'punish' is none of",
        ),
    ] {
        let error = parse_record(&line(event, action)).unwrap_err().to_string();
        assert!(error.starts_with(words), "{error}");
    }
}
