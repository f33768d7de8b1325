//! The retained `meta` payload: gathered from configuration, log and clock, and how the sensors stand.

use edge_config::{Config, Name};
use edge_uplink::store::StoreStats;
use edge_uplink::wire::PAYLOAD_MAX_BYTES;
use edge_uplink::{Certificate, CertificateRole};
use hall_core::snapshot::HallSnapshot;
use hall_core::time::WallClock;
use hall_wire::meta::{
    CONTRACT, MetaCalendar, MetaCamera, MetaCertificate, MetaClock, MetaQueue, MetaRecord,
    MetaSensor, MetaStore, MetaWindow, NameRecord, Ntp, ntp_name, sensor_kind_name,
};
use hall_wire::name::sensor_reason_name;
use hall_wire::observation::quality_name;
use hall_wire::time::{rfc3339, rfc3339_ms};
use serde_json::{Map, Value, json};

use crate::clock::Discipline;

/// Everything `meta` is made from.
pub struct MetaInputs<'a> {
    /// Configuration.
    pub config: &'a Config,
    /// Model name and SHA-256; empty without one.
    pub model: &'a (String, String),
    /// The event log.
    pub store: &'a StoreStats,
    /// Free bytes where the log lies; `None` when it cannot be told.
    pub disk_free_bytes: Option<u64>,
    /// Certificates of the uplink, those that expire first in front.
    pub certificates: &'a [Certificate],
    /// Clock.
    pub clock: WallClock,
    /// Whether a time daemon keeps it, and how far off it can be in milliseconds.
    pub discipline: (Discipline, Option<i64>),
    /// When this was made, RFC 3339.
    pub at: String,
}

/// What is told of a sensor's health goes in this order where a box has so many devices that all of it would be too much.
const HEALTH_FIELDS: [&str; 3] = ["age_s", "since", "reason"];

/// The payload, before it is known how the sensors stand.
#[must_use]
pub fn meta(inputs: &MetaInputs<'_>) -> MetaRecord {
    let config = inputs.config;
    let windows = config.windows.iter().map(|w| MetaWindow {
        id: w.id.to_string(),
        name: name(&w.name),
        department: w.department.as_ref().map(name),
    });
    let queues = config.queues.iter().map(|q| MetaQueue {
        id: q.id.to_string(),
        name: name(&q.name),
    });
    let cameras = config.cameras.iter().map(|c| MetaCamera {
        id: c.id.to_string(),
        name: name(&c.name),
        gb_channel_id: c.gb_channel_id.clone(),
    });
    let sensors = config.sensors.iter().map(|s| MetaSensor {
        id: s.id.to_string(),
        window: s.window.to_string(),
        kind: sensor_kind_name(s.kind).into(),
        quality: None,
        reason: None,
        since: None,
        age_s: None,
    });
    let calendars = config.engine.duty.calendar_years.iter();
    MetaRecord {
        v: 1,
        kind: "meta".into(),
        hall: config.hall.id.clone(),
        box_id: config.box_id.clone(),
        at: inputs.at.clone(),
        simulated: false,
        name: name(&config.hall.name),
        area: config.hall.area.clone(),
        agent: env!("CARGO_PKG_VERSION").into(),
        contract: CONTRACT.into(),
        rule: format!(
            "{}@{}",
            config.engine.rules.name, config.engine.rules.revision
        ),
        windows: windows.collect(),
        queues: queues.collect(),
        cameras: cameras.collect(),
        sensors: sensors.collect(),
        model: inputs.model.0.clone(),
        model_sha256: inputs.model.1.clone(),
        config_sha256: config.sha256.clone(),
        calendars: calendars
            .map(|year| MetaCalendar {
                year: *year,
                tx: config.calendars.get(year).map(|c| c.tx.clone()),
            })
            .collect(),
        clock: clock(inputs),
        certificate: certificate(inputs),
        disk_free_bytes: inputs.disk_free_bytes,
        store: MetaStore {
            first_seq: inputs.store.first_seq,
            last_seq: inputs.store.last_seq,
            last_hash: inputs.store.last_hash.clone(),
            acked_seq: inputs.store.acked,
        },
    }
}

/// The payload with how the sensors stand in this view.
#[must_use]
pub fn with_sensors(meta: &Value, snapshot: &HallSnapshot, clock: WallClock) -> Value {
    let mut meta = meta.clone();
    let Some(fields) = meta.as_object_mut() else {
        return meta;
    };
    let at = snapshot.at;
    fields.insert("at".into(), json!(rfc3339(clock.stamp(at))));
    for sensor in &snapshot.sensors {
        let Some(told) = told_of(fields, sensor.sensor.as_str()) else {
            continue;
        };
        let (reason, since) = sensor.trouble.unzip();
        told.insert("quality".into(), json!(quality_name(sensor.quality)));
        told.insert("reason".into(), json!(reason.map(sensor_reason_name)));
        told.insert(
            "since".into(),
            json!(since.map(|since| rfc3339(clock.stamp(since)))),
        );
        let age_s = sensor.last_seen.map(|seen| at.since_ms(seen).max(0) / 1000);
        told.insert("age_s".into(), json!(age_s));
    }
    for field in HEALTH_FIELDS {
        if meta.to_string().len() <= PAYLOAD_MAX_BYTES {
            break;
        }
        let sensors = meta["sensors"].as_array_mut().into_iter().flatten();
        for sensor in sensors.filter_map(Value::as_object_mut) {
            sensor.remove(field);
        }
    }
    meta
}

/// What `meta` tells of one sensor.
fn told_of<'a>(
    meta: &'a mut Map<String, Value>,
    sensor: &str,
) -> Option<&'a mut Map<String, Value>> {
    let sensors = meta.get_mut("sensors")?.as_array_mut()?;
    sensors
        .iter_mut()
        .filter_map(Value::as_object_mut)
        .find(|told| told.get("id").and_then(Value::as_str) == Some(sensor))
}

/// What the box proves itself with to the broker, and until when.
fn certificate(inputs: &MetaInputs<'_>) -> Option<MetaCertificate> {
    let mut own = inputs.certificates.iter();
    let own = own.find(|c| c.role == CertificateRole::Client)?;
    Some(MetaCertificate {
        not_after: rfc3339_ms(own.not_after_unix_s * 1000, inputs.config.utc_offset_s),
    })
}

fn clock(inputs: &MetaInputs<'_>) -> MetaClock {
    let (discipline, error_ms) = inputs.discipline;
    let ntp = match discipline {
        Discipline::Synced { .. } => Ntp::Synced,
        Discipline::Unsynced => Ntp::Unsynced,
        Discipline::Unknown => Ntp::Unknown,
    };
    MetaClock {
        synced: inputs.clock.synced,
        offset_ms: inputs.clock.offset_ms,
        ntp: ntp_name(ntp).into(),
        error_ms,
    }
}

fn name(name: &Name) -> NameRecord {
    NameRecord {
        zh: name.zh.clone(),
        en: name.en.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hall_core::HallTime;
    use hall_core::observe::Quality;
    use hall_core::snapshot::{SensorReason, SensorSnapshot};

    fn snapshot(sensors: usize) -> HallSnapshot {
        let at = HallTime(1_789_956_000_000);
        let sensor = |n: usize| SensorSnapshot {
            sensor: format!("W{n}-radar").as_str().into(),
            value: Some(true),
            quality: Quality::Stale,
            trouble: Some((SensorReason::Silent, at.plus_ms(-30_000))),
            last_seen: Some(at.plus_ms(-120_500)),
            ons_last_hour: 3,
        };
        HallSnapshot {
            at,
            windows: Vec::new(),
            queues: Vec::new(),
            cameras: Vec::new(),
            sensors: (0..sensors).map(sensor).collect(),
        }
    }

    fn base(sensors: usize) -> Value {
        let sensor =
            |n| json!({"id": format!("W{n}-radar"), "window": format!("W{n}"), "kind": "presence"});
        json!({"v": 1, "at": "before", "sensors": (0..sensors).map(sensor).collect::<Vec<_>>()})
    }

    #[test]
    fn a_sensor_is_told_with_quality_reason_since_and_age() {
        let mut snapshot = snapshot(2);
        (snapshot.sensors[1].quality, snapshot.sensors[1].trouble) = (Quality::Good, None);
        let told = with_sensors(&base(2), &snapshot, WallClock::unix(28_800));
        let expected = json!({
            "v": 1, "at": "2026-09-21T10:00:00.000+08:00",
            "sensors": [
                {"id": "W0-radar", "window": "W0", "kind": "presence", "quality": "stale", "reason": "silent",
                 "since": "2026-09-21T09:59:30.000+08:00", "age_s": 120},
                {"id": "W1-radar", "window": "W1", "kind": "presence", "quality": "good", "reason": null, "since": null,
                 "age_s": 120},
            ],
        });
        assert_eq!(told, expected);
    }

    #[test]
    fn a_box_of_very_many_sensors_tells_less_of_each_and_never_more_than_fits() {
        for (sensors, kept) in [(80, 4), (122, 3), (150, 2), (200, 1)] {
            let told = with_sensors(&base(sensors), &snapshot(sensors), WallClock::unix(28_800));
            let bytes = told.to_string().len();
            assert!(bytes <= PAYLOAD_MAX_BYTES, "{sensors}: {bytes}");
            let first = told["sensors"][0].as_object().unwrap();
            assert_eq!(first.len(), 3 + kept, "{sensors}: {first:?}");
        }
    }
}
