//! Windows and queues with their zones: references, polygons, coverage.

use std::collections::BTreeMap;

use hall_core::config::{EvaluationPoint, QueueConfig, WindowConfig, Zone, ZoneKind};
use hall_core::ids::{CameraId, QueueId, WindowId, ZoneId};

use crate::config::{QueueInfo, WindowInfo};
use crate::mistake::quote;
use crate::raw::{RawConfig, RawEvaluationPoint, RawSensorKind, RawWindowZone, RawZoneKind};
use crate::validate::{Check, duty, polygon};

/// What is shown of the windows.
pub(super) fn windows(raw: &RawConfig, check: &mut Check<'_>) -> Vec<WindowInfo> {
    check.ids(
        "windows",
        raw.windows.iter().map(|window| window.id.as_str()),
    );
    let mut windows = Vec::with_capacity(raw.windows.len());
    for (n, window) in raw.windows.iter().enumerate() {
        let name = check.name(&format!("windows[{n}].name"), &window.name);
        let department = window
            .department
            .as_ref()
            .map(|department| check.name(&format!("windows[{n}].department"), department));
        windows.push(WindowInfo {
            id: WindowId::from(window.id.as_str()),
            name,
            department,
        });
    }
    windows
}

/// What is shown of the queues.
pub(super) fn queues(raw: &RawConfig, check: &mut Check<'_>) -> Vec<QueueInfo> {
    check.ids("queues", raw.queues.iter().map(|queue| queue.id.as_str()));
    let mut queues = Vec::with_capacity(raw.queues.len());
    for (n, queue) in raw.queues.iter().enumerate() {
        let name = check.name(&format!("queues[{n}].name"), &queue.name);
        for (m, window) in queue.windows.iter().enumerate() {
            let path = format!("queues[{n}].windows[{m}]");
            check.reference(
                &path,
                window,
                "windows",
                raw.windows.iter().map(|window| window.id.as_str()),
            );
            if queue.windows[..m].contains(window) {
                check.mistake(
                    path,
                    format!("{} is named twice", quote(window)),
                    "take one out",
                );
            }
        }
        queues.push(QueueInfo {
            id: QueueId::from(queue.id.as_str()),
            name,
        });
    }
    queues
}

/// Windows as the engine sees them.
pub(super) fn configs(raw: &RawConfig, check: &mut Check<'_>) -> Vec<WindowConfig> {
    let mut configs = Vec::with_capacity(raw.windows.len());
    for (n, window) in raw.windows.iter().enumerate() {
        let duty = window
            .duty
            .as_ref()
            .map(|week| duty::window_week(&format!("windows[{n}].duty"), week, check));
        configs.push(WindowConfig {
            id: WindowId::from(window.id.as_str()),
            min_staff: window.min_staff,
            duty,
        });
    }
    configs
}

/// Queues as the engine sees them.
pub(super) fn queue_configs(raw: &RawConfig) -> Vec<QueueConfig> {
    raw.queues
        .iter()
        .map(|queue| QueueConfig {
            id: QueueId::from(queue.id.as_str()),
            windows: queue
                .windows
                .iter()
                .map(|window| WindowId::from(window.as_str()))
                .collect(),
            capacity: queue.capacity,
            tickets: queue.tickets,
        })
        .collect()
}

/// All zones. Ids: `W3.staff`, then `W3.staff.2`; `Q1@cam2`, then `Q1@cam2.2`. Adding a zone at the end keeps the others' ids.
pub(super) fn zones(raw: &RawConfig, check: &mut Check<'_>) -> Vec<Zone> {
    let mut used: BTreeMap<String, u32> = BTreeMap::new();
    let mut zone_id = |base: String| {
        let count = used.entry(base.clone()).or_insert(0);
        *count += 1;
        if *count == 1 {
            ZoneId::from(base)
        } else {
            ZoneId::from(format!("{base}.{count}"))
        }
    };
    let mut zones = Vec::new();
    for (n, window) in raw.windows.iter().enumerate() {
        for (m, zone) in window.zones.iter().enumerate() {
            let path = format!("windows[{n}].zones[{m}]");
            camera(&path, &zone.camera, raw, check);
            let id = WindowId::from(window.id.as_str());
            let (name, kind, default_point) = match zone.kind {
                RawZoneKind::Staff => ("staff", ZoneKind::Staff(id), EvaluationPoint::Center),
                RawZoneKind::StaffExtended => (
                    "staff_extended",
                    ZoneKind::StaffExtended(id),
                    EvaluationPoint::Center,
                ),
                RawZoneKind::Counter => (
                    "counter",
                    ZoneKind::Counter(id),
                    EvaluationPoint::BottomCenter,
                ),
            };
            zones.push(Zone {
                id: zone_id(format!("{}.{name}", window.id)),
                camera: CameraId::from(zone.camera.as_str()),
                kind,
                polygon: polygon::polygon(&format!("{path}.polygon"), &zone.polygon, check),
                evaluation_point: point(zone.evaluation_point, default_point),
                adult_height: adult_height(&path, zone, check),
            });
        }
    }
    for (n, queue) in raw.queues.iter().enumerate() {
        for (m, zone) in queue.zones.iter().enumerate() {
            let path = format!("queues[{n}].zones[{m}]");
            camera(&path, &zone.camera, raw, check);
            zones.push(Zone {
                id: zone_id(format!("{}@{}", queue.id, zone.camera)),
                camera: CameraId::from(zone.camera.as_str()),
                kind: ZoneKind::Queue(QueueId::from(queue.id.as_str())),
                polygon: polygon::polygon(&format!("{path}.polygon"), &zone.polygon, check),
                evaluation_point: point(zone.evaluation_point, EvaluationPoint::BottomCenter),
                adult_height: None,
            });
        }
    }
    zones
}

/// Only staff have a least height.
fn adult_height(path: &str, zone: &RawWindowZone, check: &mut Check<'_>) -> Option<f32> {
    let height = zone.adult_height?;
    if matches!(zone.kind, RawZoneKind::Counter) {
        check.mistake(
            format!("{path}.adult_height"),
            "customers of any height count",
            "write it at zones of kind staff and staff_extended only",
        );
    }
    Some(height as f32)
}

fn camera(path: &str, id: &str, raw: &RawConfig, check: &mut Check<'_>) {
    check.reference(
        &format!("{path}.camera"),
        id,
        "cameras",
        raw.cameras.iter().map(|camera| camera.id.as_str()),
    );
}

fn point(raw: Option<RawEvaluationPoint>, default: EvaluationPoint) -> EvaluationPoint {
    match raw {
        None => default,
        Some(RawEvaluationPoint::BottomCenter) => EvaluationPoint::BottomCenter,
        Some(RawEvaluationPoint::Center) => EvaluationPoint::Center,
    }
}

/// What nobody looks at: windows and queues without eyes, cameras without zones.
pub(super) fn coverage(raw: &RawConfig, check: &mut Check<'_>) {
    if raw.windows.is_empty() && raw.queues.is_empty() {
        check.mistake(
            "",
            "there is neither a window nor a queue",
            "add [[windows]] or [[queues]]",
        );
    }
    for (n, window) in raw.windows.iter().enumerate() {
        let seen = window
            .zones
            .iter()
            .any(|zone| matches!(zone.kind, RawZoneKind::Staff));
        let sensed = raw.sensors.iter().any(|sensor| {
            sensor.window == window.id
                && matches!(sensor.kind, RawSensorKind::Presence | RawSensorKind::Seat)
        });
        if !seen && !sensed {
            check.warn(format!("windows[{n}]"), format!("the window {} has neither a staff zone nor a presence or seat sensor, so it is always unknown", window.id), "add [[windows.zones]] with kind = \"staff\"");
        }
    }
    for (n, queue) in raw.queues.iter().enumerate() {
        if queue.zones.is_empty() && !queue.tickets {
            check.warn(
                format!("queues[{n}]"),
                format!(
                    "the queue {} has no zone, so it is always unknown",
                    queue.id
                ),
                "add [[queues.zones]]",
            );
        }
    }
    for (n, camera) in raw.cameras.iter().enumerate() {
        let by_window = raw
            .windows
            .iter()
            .flat_map(|window| &window.zones)
            .any(|zone| zone.camera == camera.id);
        let by_queue = raw
            .queues
            .iter()
            .flat_map(|queue| &queue.zones)
            .any(|zone| zone.camera == camera.id);
        if !by_window && !by_queue {
            check.warn(
                format!("cameras[{n}]"),
                format!("no zone is drawn on the camera {}", camera.id),
                "draw one, or take the camera out",
            );
        }
    }
}
