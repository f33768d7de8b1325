//! Listens wherever sensors can be heard, beside a running box: its own connection to broker and gateways, no line that is in use.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use edge_config::{Config, GatewayLine, RatingAdapter, SensorAdapter};
use edge_sensors::find::{Heard, UnitSearch, hear, recognise_line, search_units, serial_devices};
use edge_sensors::modbus::ModbusLine;
use edge_sensors::own_broker::LISTEN_LOGIN;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::cli::SearchArgs;
use crate::sensor_links::{broker_address, serial};

/// What is heard and not looked at yet. Full: broker and lines wait.
const HEARD_CAPACITY: usize = 1_024;
/// How often the running box is asked what came by HTTP.
const ASK_EVERY: Duration = Duration::from_millis(300);
const ASK_WITHIN: Duration = Duration::from_secs(2);

/// What the note about sensors of type `http` is called.
const BY_HTTP: &str = "sensors by HTTP";

/// Everything that listens. Ends when dropped.
pub(super) struct Ears {
    heard: mpsc::Receiver<Heard>,
    tasks: JoinSet<()>,
}

impl Ears {
    /// Begins to listen.
    pub fn open(config: &Arc<Config>, args: &SearchArgs) -> Ears {
        let (out, heard) = mpsc::channel(HEARD_CAPACITY);
        let mut tasks = JoinSet::new();
        if config.sensor_broker.is_some() {
            let client_id = format!("edge-agent-listen-{}", std::process::id());
            match broker_address(config, LISTEN_LOGIN, client_id) {
                Ok(address) => drop(tasks.spawn(hear(address, out.clone()))),
                Err(e) => {
                    let (about, text) = ("sensor broker".into(), e.to_string());
                    // There is room: nobody has said anything yet.
                    let _ = out.try_send(Heard::Note { about, text });
                }
            }
        }
        for gateway in &config.gateways {
            let search = UnitSearch {
                gateway: gateway.id.to_string(),
                line: match &gateway.line {
                    GatewayLine::Tcp { host, port } => ModbusLine::Tcp {
                        host: host.clone(),
                        port: *port,
                    },
                    GatewayLine::Serial(line) => ModbusLine::Serial(serial(line)),
                },
                units: args.units.0.clone(),
            };
            tasks.spawn(search_units(search, out.clone()));
        }
        for device in lines(config, args) {
            tasks.spawn(recognise_line(device, out.clone()));
        }
        let by_http =
            |s: &&edge_config::SensorSource| matches!(s.adapter, SensorAdapter::Http { .. });
        let pushed: BTreeSet<String> = config
            .sensors
            .iter()
            .filter(by_http)
            .map(|s| s.id.to_string())
            .collect();
        let is_closed = config.web.accounts || config.web.certificate.is_some();
        if is_closed && !pushed.is_empty() {
            let (about, text) = (
                BY_HTTP.into(),
                "the page has accounts or TLS; look there".into(),
            );
            // There is room: hardly anybody has said anything yet.
            let _ = out.try_send(Heard::Note { about, text });
        } else if !pushed.is_empty() {
            let url = format!("http://{}/api/snapshot", config.web.listen);
            tasks.spawn(ask(url, pushed, out));
        }
        Ears { heard, tasks }
    }

    /// What is heard next; `None` when nobody listens: nothing is configured to.
    pub async fn next(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }

    /// Ends every listener and waits for it, so that lines are free and the broker has seen a farewell.
    pub async fn close(mut self) {
        self.tasks.shutdown().await;
    }
}

/// Serial devices on which a radar may talk: each once, however it is named; none that is configured for something else.
fn lines(config: &Config, args: &SearchArgs) -> Vec<String> {
    let radars = config
        .sensors
        .iter()
        .filter_map(|sensor| match &sensor.adapter {
            SensorAdapter::Ld2410 { line, .. } | SensorAdapter::Ld2450 { line, .. } => {
                Some(line.device.clone())
            }
            _ => None,
        });
    let gateways = config
        .gateways
        .iter()
        .filter_map(|gateway| match &gateway.line {
            GatewayLine::Serial(line) => Some(&line.device),
            GatewayLine::Tcp { .. } => None,
        });
    let terminals = config
        .ratings
        .iter()
        .filter_map(|rating| match &rating.adapter {
            RatingAdapter::Serial { line, .. } => Some(&line.device),
            _ => None,
        });
    // One that is not plugged in has no other name.
    let real =
        |device: &str| std::fs::canonicalize(device).unwrap_or_else(|_| PathBuf::from(device));
    let mut known: BTreeSet<PathBuf> = gateways
        .chain(terminals)
        .map(|device| real(device))
        .collect();
    let mut lines: Vec<String> = radars
        .chain(args.device.iter().cloned())
        .chain(serial_devices())
        .collect();
    lines.retain(|device| known.insert(real(device)));
    lines
}

/// Asks the running box what sensors said that send to it by HTTP.
async fn ask(url: String, sensors: BTreeSet<String>, out: mpsc::Sender<Heard>) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(ASK_WITHIN))
        .build()
        .into();
    let about = BY_HTTP.to_owned();
    let mut tick = tokio::time::interval(ASK_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut noted = String::new();
    loop {
        tick.tick().await;
        let (agent, url) = (agent.clone(), url.clone());
        let asked = tokio::task::spawn_blocking(move || {
            let text = agent
                .get(&url)
                .call()
                .ok()?
                .body_mut()
                .read_to_string()
                .ok()?;
            serde_json::from_str::<Value>(&text).ok()
        })
        .await;
        let snapshot = asked.ok().flatten();
        let text = match &snapshot {
            Some(_) => "as the running box has them",
            None => "the box does not run: devices send to it, so nothing can be heard",
        };
        if noted != text {
            noted = text.to_owned();
            let note = Heard::Note {
                about: about.clone(),
                text: noted.clone(),
            };
            if out.send(note).await.is_err() {
                return;
            }
        }
        let list = snapshot.as_ref().and_then(|s| s["sensors"].as_array());
        for sensor in list.into_iter().flatten() {
            let (Some(id), Some(value)) = (sensor["sensor"].as_str(), sensor["value"].as_bool())
            else {
                continue;
            };
            if sensors.contains(id)
                && out
                    .send(Heard::Pushed {
                        sensor: id.into(),
                        value,
                    })
                    .await
                    .is_err()
            {
                return;
            }
        }
    }
}
