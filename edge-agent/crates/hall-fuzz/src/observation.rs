//! Lines of a replay file.

use hall_wire::observation::{Observation, ObservationRecord, parse_record};

use crate::fixture::beside;

pub(crate) fn observation(bytes: &[u8]) {
    let Ok(line) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok((span, observation)) = parse_record(line) else {
        return;
    };
    assert!(span.until_ms.is_none_or(|until_ms| until_ms > span.at_ms));
    if let Observation::Clock { offset_ms, .. } = observation {
        // The engine reckons with the sum.
        assert!(span.at_ms.checked_add(offset_ms).is_some());
    }
    // Written and read again it is the same.
    let record: ObservationRecord = serde_json::from_str(line).unwrap();
    let again = parse_record(&serde_json::to_string(&record).unwrap()).unwrap();
    assert_eq!(format!("{again:?}"), format!("{:?}", (span, observation)));
}

/// Days of the demo hall, and one line of every kind.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let day = std::fs::read(beside("../../tests/fixtures/absence.jsonl")).unwrap();
    let mut seeds: Vec<Vec<u8>> = day
        .split(|byte| *byte == b'\n')
        .take(40)
        .map(Into::into)
        .collect();
    let at = r#""at":"2026-09-21T10:00:00.000+08:00""#;
    for rest in [
        r#""kind":"zones","camera":"cam1","zones":{"W3.staff":{"count":1,"still_since":"2026-09-21T10:00:00Z"},"Q1":{"count":2,"tracks":[7,8]}}"#,
        r#""until":"2026-09-21T10:01:00.000+08:00","every_ms":500,"kind":"zones","camera":"cam1","zones":{"W3.staff":1}"#,
        r#""kind":"tracks","camera":"cam1","tracks":[{"id":3,"box":[0.1,0.2,0.3,0.4],"score":0.9}]"#,
        r#""kind":"detections","camera":"cam1","detections":[{"box":[0.1,0.2,0.3,0.4],"score":0.9}]"#,
        r#""kind":"sensor","sensor":"W3-seat","value":true,"quality":"stale""#,
        r#""kind":"source","source":"camera:cam1","state":"down","cause":"offline""#,
        r#""kind":"clock","offset_ms":-1200,"synced":true"#,
        r#""kind":"order","tx":"t1","by":{"id":"li","role":"supervisor"},"cancel_leave":"L1""#,
        r#""kind":"system","fact":"config_changed","sha256":"00""#,
        r#""kind":"rules","rules":{"absent_confirm_s":30}"#,
        r#""kind":"restart","last":"2026-09-21T09:00:00Z""#,
        r#""kind":"ticket","queue":"SB","ticket":"A1","state":"called","called_at":"2026-09-21T10:00:00Z""#,
        r#""kind":"tick""#,
    ] {
        seeds.push(format!("{{{at},{rest}}}").into_bytes());
    }
    seeds
}
