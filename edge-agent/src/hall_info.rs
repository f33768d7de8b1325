//! What the page is told of the hall's set-up: names, zones, rules, versions. No address and no secret.

use std::sync::Arc;

use edge_config::{Config, Name};

use crate::web::inputs::{
    CameraInfo, HallInfo, Names, QueueInfo, SensorInfo, Versions, WindowInfo,
};

/// The page's view of a configuration; `model` is name and SHA-256, empty without one.
#[must_use]
pub fn hall_info(config: &Config, model: &(String, String)) -> HallInfo {
    let engine = &config.engine;
    HallInfo {
        hall: config.hall.id.clone(),
        box_id: config.box_id.clone(),
        name: names(&config.hall.name),
        windows: config
            .windows
            .iter()
            .map(|w| WindowInfo {
                id: w.id.clone(),
                name: names(&w.name),
                department: w.department.as_ref().map(names),
            })
            .collect(),
        queues: config
            .queues
            .iter()
            .zip(&engine.queues)
            .map(|(shown, judged)| QueueInfo {
                id: shown.id.clone(),
                name: names(&shown.name),
                windows: judged.windows.clone(),
                capacity: judged.capacity,
            })
            .collect(),
        cameras: config
            .cameras
            .iter()
            .map(|c| CameraInfo {
                id: c.id.clone(),
                name: names(&c.name),
            })
            .collect(),
        sensors: config
            .sensors
            .iter()
            .map(|s| SensorInfo {
                id: s.id.clone(),
                window: s.window.clone(),
                kind: s.kind,
            })
            .collect(),
        zones: engine.zones.clone(),
        rules: engine.rules.clone(),
        engine: Arc::new(engine.clone()),
        versions: Versions {
            agent: env!("CARGO_PKG_VERSION").into(),
            config_sha256: config.sha256.clone(),
            model: model.0.clone(),
            model_sha256: model.1.clone(),
        },
    }
}

fn names(name: &Name) -> Names {
    Names {
        zh: name.zh.clone(),
        en: name.en.clone(),
    }
}
