//! Arguments of `fleet`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use edge_uplink::MqttVersion;

use super::central::{BrokerArgs, duration};

/// Arguments of `fleet`.
#[derive(Debug, Args)]
pub struct FleetArgs {
    /// Broker.
    #[command(flatten)]
    pub broker: BrokerArgs,
    /// Simulated boxes.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub halls: u32,
    /// Begin of every topic.
    #[arg(long, value_name = "PREFIX", default_value = "hall/v1")]
    pub prefix: String,
    /// Event records per box and simulated hour, about.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=400))]
    pub events_per_hour: u32,
    /// Simulated seconds per second; beyond 1, times run ahead and the centre must not compare clocks.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = scale)]
    pub time_scale: f64,
    /// Seed of the scripted days.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How long the boxes work, for example 10m.
    #[arg(long = "for", value_name = "DURATION", default_value = "10m", value_parser = duration)]
    pub duration: Duration,
    /// How long the last records may take to arrive.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    pub drain: Duration,
    /// Cut all boxes off: start and length, for example 2m+10m.
    #[arg(long, value_name = "START+LENGTH", value_parser = outage)]
    pub outage: Option<(Duration, Duration)>,
    /// Version of MQTT.
    #[arg(long, value_name = "VERSION", default_value = "3.1.1", value_parser = mqtt_version)]
    pub mqtt_version: MqttVersion,
    /// Keep-alive of the connections, seconds.
    #[arg(long, value_name = "S", default_value_t = 30)]
    pub keep_alive_s: u32,
    /// Longest wait before a box tries again.
    #[arg(long, value_name = "DURATION", default_value = "120s", value_parser = duration)]
    pub backoff_max: Duration,
    /// Backlog records per second and box; 0: as fast as the broker takes them.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub backlog_rate: u32,
    /// Unchanged states are repeated after this many seconds; long, so that a summary a minute is one message a minute.
    #[arg(long, value_name = "S", default_value_t = 3600)]
    pub state_interval_s: u32,
    /// Let boxes die one after the other over one keep-alive, and measure how long their wills take: how many and when, for example
    /// 40@2m.
    #[arg(long, value_name = "BOXES@START", value_parser = deaths)]
    pub deaths: Option<(usize, Duration)>,
    /// Keep every box's log in a folder of its own in this one, as a box does, instead of in memory; for few boxes.
    #[arg(long, value_name = "DIR")]
    pub logs: Option<PathBuf>,
    /// The broker's process on this machine, for its CPU time; one for each node of a cluster.
    #[arg(long, value_name = "PID")]
    pub broker_pid: Vec<u32>,
    /// Write what each box published, for `central --expect`.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

fn scale(text: &str) -> Result<f64, String> {
    let scale: f64 = text.parse().map_err(|_| "it is a number")?;
    let fits = (0.01..=36_000.0).contains(&scale);
    fits.then_some(scale)
        .ok_or_else(|| "it is between 0.01 and 36000".into())
}

fn mqtt_version(text: &str) -> Result<MqttVersion, String> {
    [MqttVersion::V3, MqttVersion::V5]
        .into_iter()
        .find(|version| version.name() == text)
        .ok_or_else(|| "it is 3.1.1 or 5".into())
}

fn outage(text: &str) -> Result<(Duration, Duration), String> {
    let (at, lasts) = text
        .split_once('+')
        .ok_or("it is START+LENGTH, for example 2m+10m")?;
    Ok((duration(at)?, duration(lasts)?))
}

fn deaths(text: &str) -> Result<(usize, Duration), String> {
    let (boxes, at) = text
        .split_once('@')
        .ok_or("it is BOXES@START, for example 40@2m")?;
    let boxes = boxes.parse().map_err(|_| "it begins with a number")?;
    Ok((boxes, duration(at)?))
}
