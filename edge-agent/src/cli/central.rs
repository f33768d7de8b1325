//! Arguments of the commands for the receiving side: `central` and `fleet`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// A broker and how to log in to it.
#[derive(Debug, Clone, Args)]
pub struct BrokerArgs {
    /// The broker: mqtt://host:port, or mqtts://host:port for TLS.
    #[arg(long, value_name = "URL", value_parser = broker)]
    pub broker: BrokerUrl,
    /// Certificates (PEM) of the authority that signed the broker's; those of the system if left out.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Certificate (PEM) to prove oneself with, where the broker wants one; with --key-file.
    #[arg(long, value_name = "FILE", requires = "key_file")]
    pub cert_file: Option<PathBuf>,
    /// Key (PEM, without passphrase) of --cert-file.
    #[arg(long, value_name = "FILE", requires = "cert_file")]
    pub key_file: Option<PathBuf>,
    /// User at the broker; the password is taken from EDGE_BROKER_PASSWORD.
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
}

/// A parsed address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerUrl {
    /// `mqtts://`.
    pub tls: bool,
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// Arguments of `central`.
#[derive(Debug, Args)]
pub struct CentralArgs {
    /// Broker.
    #[command(flatten)]
    pub broker: BrokerArgs,
    /// Topics to follow; may be given more than once.
    #[arg(long, value_name = "FILTER", default_value = "hall/v1/#")]
    pub follow: Vec<String>,
    /// Begin of every topic.
    #[arg(long, value_name = "PREFIX", default_value = "hall/v1")]
    pub prefix: String,
    /// Client id, unique at the broker.
    #[arg(long, value_name = "ID", default_value = "hall-central")]
    pub client_id: String,
    /// Folder that keeps what is known over restarts; with it the broker keeps a session too, and nothing is missed.
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Append every new valid message to this file as a line of JSON.
    #[arg(long, value_name = "FILE")]
    pub ndjson: Option<PathBuf>,
    /// Write into PostgreSQL, for example "host=/run/postgresql dbname=halls"; makes its tables.
    #[arg(
        long,
        value_name = "URL",
        env = "EDGE_CENTRAL_POSTGRES",
        hide_env_values = true
    )]
    pub postgres: Option<String>,
    /// Acknowledge to each box what is kept here for good (topic ack), for boxes with [uplink] ack = "centre"; needs --state, and
    /// --postgres or --ndjson.
    #[arg(long, requires = "state")]
    pub ack: bool,
    /// How far a box's clock may differ, for example 120s; off: clocks are not compared.
    #[arg(long, value_name = "DURATION", default_value = "120s", value_parser = tolerance)]
    pub clock_tolerance: Tolerance,
    /// End after this time, for example 10m.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub duration: Option<Duration>,
    /// End when nothing has come for this long, after the first message.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub until_idle: Option<Duration>,
    /// What `fleet --report` wrote: every number from 1 to the last one must have come.
    #[arg(long, value_name = "FILE")]
    pub expect: Option<PathBuf>,
    /// Print the final report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// How far clocks may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance(pub Option<Duration>);

/// A number of seconds, minutes or hours: `90s`, `10m`, `2h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let words = || "it is a number and s, m or h, for example 90s".to_owned();
    let (number, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or_else(words)?;
    let unit_s = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(words()),
    };
    let number: f64 = number.parse().map_err(|_| words())?;
    Duration::try_from_secs_f64(number * unit_s).map_err(|_| words())
}

fn tolerance(text: &str) -> Result<Tolerance, String> {
    if text == "off" {
        return Ok(Tolerance(None));
    }
    duration(text).map(|d| Tolerance(Some(d)))
}

fn broker(text: &str) -> Result<BrokerUrl, String> {
    let words =
        || "it is mqtt://host:port or mqtts://host:port, without user and password".to_owned();
    let (scheme, address) = text.split_once("://").ok_or_else(words)?;
    let tls = match scheme {
        "mqtt" => false,
        "mqtts" => true,
        _ => return Err(words()),
    };
    let address = address.strip_suffix('/').unwrap_or(address);
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().map_err(|_| words())?),
        None => (address, if tls { 8883 } else { 1883 }),
    };
    if host.is_empty() || host.contains(['@', '/']) {
        return Err(words());
    }
    Ok(BrokerUrl {
        tls,
        host: host.into(),
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_durations_are_read_or_refused() {
        let url = broker("mqtts://broker.example.gov.cn").unwrap();
        assert_eq!((url.tls, url.port), (true, 8883));
        assert_eq!(broker("mqtt://127.0.0.1:1884/").unwrap().port, 1884);
        for bad in [
            "127.0.0.1",
            "http://h",
            "mqtt://u:p@h:1",
            "mqtt://:1",
            "mqtt://h:x",
        ] {
            assert!(broker(bad).is_err(), "{bad}");
        }
        assert_eq!(duration("1.5m").unwrap(), Duration::from_secs(90));
        for bad in ["", "5", "m", "-1s", "1d", "秒"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert_eq!(tolerance("off").unwrap(), Tolerance(None));
    }
}
