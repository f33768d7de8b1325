//! `fleet`: runs simulated boxes against a broker and says what they published.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use edge_uplink::{AckBy, UplinkConfig};
use hall_fleet::{Deaths, Fleet, FleetConfig, Outage, Outcome};
use tokio_util::sync::CancellationToken;

use super::central::{login, say, tls};
use super::{Exit, complain};
use crate::cli::FleetArgs;
use crate::clock::unix_ms;
use crate::signals::StopSignals;

/// A line of progress this often.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Runs the boxes; prints their figures as JSON. Exit code 3: records did not arrive.
///
/// # Errors
/// When the boxes cannot be set up.
pub fn fleet(args: &FleetArgs) -> anyhow::Result<Exit> {
    if (args.outage.is_some() || args.deaths.is_some()) && args.broker.broker.tls {
        bail!(
            "--outage and --deaths cut lines of this program's own, where the broker's certificate does not fit; what to do: use mqtt:// for them"
        );
    }
    let (user, password) = login(&args.broker).unzip();
    let cfg = FleetConfig {
        halls: args.halls as usize,
        uplink: UplinkConfig {
            prefix: args.prefix.clone(),
            area: Vec::new(),
            hall: String::new(),
            box_id: String::new(),
            host: args.broker.broker.host.clone(),
            port: args.broker.broker.port,
            mqtt_version: args.mqtt_version,
            client_id: String::new(),
            user,
            password,
            tls: tls(&args.broker),
            keep_alive_s: args.keep_alive_s,
            backoff_min: args.backoff_max.min(Duration::from_secs(1)),
            backoff_max: args.backoff_max,
            backlog_rate_per_s: args.backlog_rate,
            ack: AckBy::Broker,
            // Not used where the broker acknowledges.
            resend_after: Duration::from_secs(60),
            state_interval_s: args.state_interval_s,
        },
        events_per_hour: args.events_per_hour,
        time_scale: args.time_scale,
        seed: args.seed,
        duration: args.duration,
        drain: args.drain,
        outage: args.outage.map(|(at, lasts)| Outage { at, lasts }),
        deaths: args.deaths.map(|(boxes, at)| Deaths { boxes, at }),
        logs: args.logs.clone(),
        broker_pids: args.broker_pid.clone(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(async {
        let mut signals = StopSignals::listen()?;
        let fleet = Fleet::new(cfg);
        let progress = fleet.progress();
        let cancel = CancellationToken::new();
        let running = fleet.run(unix_ms(), cancel.clone());
        tokio::pin!(running);
        let mut lines = tokio::time::interval(LINE_EVERY);
        loop {
            tokio::select! {
                outcome = &mut running => return anyhow::Ok(outcome?),
                _ = signals.next() => cancel.cancel(),
                _ = lines.tick() => {
                    let p = *progress.borrow();
                    complain(&format!(
                        "{:6.0} s  connected {}/{}  records {}  waiting {}  {:.0}/s{}",
                        p.elapsed_s, p.connected, args.halls, p.records, p.backlog, p.acked_per_s,
                        if p.cut { "  line cut" } else { "" }
                    ));
                }
            }
        }
    })?;
    if let Some(path) = &args.report {
        write(path, &outcome).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    say(&format!("{}\n", serde_json::to_string(&outcome)?));
    Ok(if outcome.unacked == 0 {
        Exit::Ok
    } else {
        Exit::Faults
    })
}

fn write(path: &Path, outcome: &Outcome) -> anyhow::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    for published in &outcome.boxes {
        serde_json::to_writer(&mut file, published)?;
        file.write_all(b"\n")?;
    }
    Ok(file.flush()?)
}
