//! Turns the raw form into the typed one and collects every mistake on the way. One module per noun.

mod camera;
pub(crate) mod dates;
mod duty;
mod gateway;
mod hall;
mod home_assistant;
mod polygon;
mod rating;
mod roster;
mod rules;
mod secret;
mod sensor;
mod sensor_broker;
mod signer;
mod silence;
mod ticket;
mod uplink;
mod web;
mod window;

pub(crate) use self::rules::rules;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hall_core::config::EngineConfig;

use crate::config::{ClockTrust, Config, DetectorConfig, ExecutionProvider, Name, StorageConfig};
use crate::mistake::{Finding, Mistake, quote};
use crate::raw::{
    RawClockTrust, RawConfig, RawDetector, RawExecutionProvider, RawName, RawStorage,
};

/// What validation may look at, and where it puts what it finds.
pub(crate) struct Check<'a> {
    dir: PathBuf,
    env: &'a dyn Fn(&str) -> Option<String>,
    /// Mistakes in `hall.toml`.
    pub mistakes: Vec<Finding>,
    /// Mistakes in files that `hall.toml` names.
    pub elsewhere: Vec<Mistake>,
    /// Allowed, but probably not meant.
    pub warnings: Vec<Finding>,
    /// Bytes of the calendars in order, for the configuration's hash.
    pub calendar_bytes: Vec<Vec<u8>>,
}

impl<'a> Check<'a> {
    /// A check of a file in `dir` with the environment `env`.
    pub fn new(dir: PathBuf, env: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Check {
            dir,
            env,
            mistakes: Vec::new(),
            elsewhere: Vec::new(),
            warnings: Vec::new(),
            calendar_bytes: Vec::new(),
        }
    }

    fn mistake(
        &mut self,
        path: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.mistakes.push(Finding::new(path, message, hint));
    }

    fn warn(
        &mut self,
        path: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.warnings.push(Finding::new(path, message, hint));
    }

    /// A path as written, made relative to the folder of `hall.toml`.
    fn resolve(&self, path: &str) -> PathBuf {
        self.dir.join(Path::new(path))
    }

    /// An id that can stand in a topic, a URL and a file name.
    fn id(&mut self, path: &str, id: &str) {
        if id.is_empty() {
            self.mistake(path, "the id is empty", "give it a short id such as W3");
        } else if !is_id(id) {
            self.mistake(
                path,
                format!("the id {} holds a character that is not allowed", quote(id)),
                "use A-Z, a-z, 0-9 and - _ . only: the id stands in MQTT topics",
            );
        } else if id.len() > 64 {
            self.mistake(
                path,
                "the id is longer than 64 characters",
                "shorten it; the name may be long",
            );
        }
    }

    /// Ids of one kind, each checked and used once.
    fn ids<'i>(&mut self, list: &str, ids: impl Iterator<Item = &'i str>) {
        let mut first = BTreeMap::new();
        for (n, id) in ids.enumerate() {
            let path = format!("{list}[{n}].id");
            self.id(&path, id);
            if id.is_empty() {
                continue;
            }
            match first.get(id) {
                Some(other) => self.mistake(
                    path,
                    format!("the id {} is already used by {list}[{other}]", quote(id)),
                    "give each its own id",
                ),
                None => {
                    first.insert(id, n);
                }
            }
        }
    }

    /// A reference to one of `known`; `list` is where they are defined.
    fn reference<'i>(
        &mut self,
        path: &str,
        id: &str,
        list: &str,
        known: impl Iterator<Item = &'i str>,
    ) {
        let known: Vec<&str> = known.collect();
        if known.contains(&id) {
            return;
        }
        let mut known: Vec<&str> = known.into_iter().filter(|id| is_id(id)).collect();
        known.dedup();
        let hint = if known.is_empty() {
            format!("add it under [[{list}]]")
        } else {
            format!("known {list}: {}", known.join(", "))
        };
        self.mistake(path, format!("{} is not in {list}", quote(id)), hint);
    }

    fn name(&mut self, path: &str, name: &RawName) -> Name {
        for (key, text) in [("zh", &name.zh), ("en", &name.en)] {
            if text.trim().is_empty() {
                self.mistake(
                    format!("{path}.{key}"),
                    "the name is empty",
                    "the page shows it; write both zh and en",
                );
            }
        }
        Name {
            zh: name.zh.trim().to_string(),
            en: name.en.trim().to_string(),
        }
    }
}

fn is_id(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// Builds the configuration. It is valid only when `check.mistakes` and `check.elsewhere` stay empty; hash and warnings
/// are the caller's.
pub(crate) fn build(raw: &RawConfig, check: &mut Check<'_>) -> Config {
    let hall = hall::hall(&raw.hall, check);
    check.id("box.id", &raw.edge_box.id);
    let cameras = camera::cameras(raw, check);
    let windows = window::windows(raw, check);
    let queues = window::queues(raw, check);
    let zones = window::zones(raw, check);
    let sensors = sensor::sensors(raw, check);
    let gateways = gateway::gateways(raw, check);
    let tickets = ticket::tickets(raw, check);
    let ratings = rating::ratings(raw, check);
    let sensor_broker = sensor_broker::broker(raw, check);
    let duty = duty::calendar(raw, check);
    let window_configs = window::configs(raw, check);
    let rules = rules::rules(&raw.rules, check);
    window::coverage(raw, check);
    rules::against_cameras(raw, check);
    let engine = EngineConfig {
        hall: hall.id.clone(),
        box_id: raw.edge_box.id.clone(),
        cameras: cameras.iter().map(|camera| camera.id.clone()).collect(),
        windows: window_configs,
        queues: window::queue_configs(raw),
        zones,
        sensors: sensor::configs(&sensors),
        groups: roster::groups(raw, check),
        duty,
        rules,
    };
    Config {
        path: PathBuf::new(),
        box_id: raw.edge_box.id.clone(),
        clock_trust: match raw.edge_box.clock_trust {
            RawClockTrust::Rtc => ClockTrust::Rtc,
            RawClockTrust::Ntp => ClockTrust::Ntp,
        },
        utc_offset_s: hall.utc_offset_s,
        cameras,
        windows,
        queues,
        sensors,
        gateways,
        tickets,
        ratings,
        sensor_broker,
        home_assistant: home_assistant::home_assistant(raw, check),
        detector: detector(&raw.detector, check),
        uplink: uplink::uplink(raw, check),
        web: web::web(&raw.web, check),
        storage: storage(&raw.storage, check),
        rules_revision: engine.rules.revision,
        engine,
        hall,
        calendars: BTreeMap::new(),
        files_sha256: String::new(),
        sha256: String::new(),
        warnings: Vec::new(),
    }
}

fn detector(raw: &RawDetector, check: &mut Check<'_>) -> DetectorConfig {
    for (key, value) in [
        ("manifest", &raw.manifest),
        ("model", &raw.model),
        ("runtime_library", &raw.runtime_library),
    ] {
        if value.as_deref().is_some_and(str::is_empty) {
            check.mistake(
                format!("detector.{key}"),
                "the value is empty",
                "leave the key out to use the default",
            );
        }
    }
    DetectorConfig {
        manifest: raw.manifest.as_deref().map_or_else(
            || PathBuf::from("models/models.toml"),
            |path| check.resolve(path),
        ),
        model: raw.model.clone(),
        threads: raw.threads,
        execution_provider: match raw.execution_provider {
            RawExecutionProvider::Cpu => ExecutionProvider::Cpu,
            RawExecutionProvider::Cuda => ExecutionProvider::Cuda,
            RawExecutionProvider::Openvino => ExecutionProvider::OpenVino,
            RawExecutionProvider::Xnnpack => ExecutionProvider::Xnnpack,
        },
        runtime_library: raw
            .runtime_library
            .as_deref()
            .map(|path| check.resolve(path)),
        score_threshold: raw.score_threshold.map(|score| score as f32),
    }
}

fn storage(raw: &RawStorage, check: &mut Check<'_>) -> StorageConfig {
    const MIB: u64 = 1 << 20;
    if raw.dir.is_empty() {
        check.mistake(
            "storage.dir",
            "the folder is empty",
            "leave the key out to use /var/lib/edge-agent/store",
        );
    }
    if raw.reserve_mib >= raw.max_mib {
        check.mistake(
            "storage.reserve_mib",
            "the reserve is not below max_mib",
            format!("max_mib is {}; take a small part of it", raw.max_mib),
        );
    }
    StorageConfig {
        dir: check.resolve(&raw.dir),
        retention_days: raw.retention_days,
        max_bytes: u64::from(raw.max_mib) * MIB,
        reserve_bytes: u64::from(raw.reserve_mib) * MIB,
        observations_days: raw.observations_days,
        observations_bytes: u64::from(raw.observations_mib) * MIB,
    }
}
