//! `central`: follows boxes, shows the fleet, and says at the end what was wrong.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use edge_uplink::clock::{WallFn, WallTime};
use edge_uplink::{ClientFiles, Tls};
use hall_central::report::Expected;
use hall_central::{Follow, FollowConfig, Progress, Report, board};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Exit, complain};
use crate::cli::{BrokerArgs, CentralArgs, LogFormat};
use crate::clock::unix_ms;
use crate::signals::StopSignals;
use crate::telemetry;

/// Boxes on the board.
const ROWS: usize = 20;
/// A line is printed this often where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// How often the board is drawn and the end is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Follows until stopped, `--for` or `--until-idle`; prints the report. Exit code 3: something was wrong.
///
/// # Errors
/// When a file or the database cannot be used.
pub fn central(args: &CentralArgs) -> anyhow::Result<Exit> {
    telemetry::start(LogFormat::Text)?;
    let expected = args.expect.as_deref().map(expected).transpose()?;
    let cfg = FollowConfig {
        host: args.broker.broker.host.clone(),
        port: args.broker.broker.port,
        tls: tls(&args.broker),
        login: login(&args.broker),
        client_id: args.client_id.clone(),
        filters: args.follow.clone(),
        prefix: args.prefix.clone(),
        clock_tolerance: args.clock_tolerance.0,
        state: args.state.clone(),
        ndjson: args.ndjson.clone(),
        postgres: args.postgres.clone(),
        ack: args.ack,
        board_rows: ROWS,
    };
    warn_of_certificates(cfg.tls.as_ref());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let fleet = runtime.block_on(async {
        let mut signals = StopSignals::listen()?;
        let follow = Follow::open(cfg, wall()).await?;
        let progress = follow.progress();
        let cancel = CancellationToken::new();
        let following = follow.run(cancel.clone());
        let watching = async {
            tokio::select! {
                signal = signals.next() => tracing::info!(signal, "Stopping."),
                () = show(progress, args) => {}
            }
            cancel.cancel();
        };
        let (fleet, ()) = tokio::join!(following, watching);
        anyhow::Ok(fleet?)
    })?;
    let report = Report::of(&fleet, &expected.unwrap_or_default());
    let text = if args.json {
        format!("{}\n", serde_json::to_string(&report)?)
    } else {
        report.text()
    };
    say(&text);
    Ok(if report.is_clean() {
        Exit::Ok
    } else {
        Exit::Faults
    })
}

/// Shows the fleet until it is time to end.
async fn show(progress: watch::Receiver<Progress>, args: &CentralArgs) {
    let began = Instant::now();
    let mut look = tokio::time::interval(LOOK_EVERY);
    let is_terminal = std::io::stdout().is_terminal() && !args.json;
    let (mut said, mut said_at) = (String::new(), None::<Instant>);
    loop {
        look.tick().await;
        let now = progress.borrow().clone();
        if is_terminal {
            let trouble = now
                .trouble
                .as_deref()
                .filter(|_| !now.connected)
                .unwrap_or("");
            // Home, the board, and what was below it wiped.
            say(&format!("\x1b[H\x1b[2J{}{trouble}\n", now.board));
        } else if said_at.is_none_or(|at| at.elapsed() >= LINE_EVERY) {
            let line = board::line(&now.report);
            if line != said {
                complain(&line);
                (said, said_at) = (line, Some(Instant::now()));
            }
        }
        let idle_ms = (now.last_unix_ms > 0).then(|| unix_ms() - now.last_unix_ms);
        let idle = args.until_idle.zip(idle_ms);
        if args.duration.is_some_and(|d| began.elapsed() >= d)
            || idle.is_some_and(|(limit, ms)| ms >= limit.as_millis() as i64)
        {
            return;
        }
    }
}

fn expected(path: &Path) -> anyhow::Result<Vec<Expected>> {
    let text = std::fs::read_to_string(path).with_context(|| {
        format!(
            "{} cannot be read; it is written by fleet --report",
            path.display()
        )
    })?;
    text.lines()
        .map(|line| {
            serde_json::from_str(line).with_context(|| format!("{}: {line}", path.display()))
        })
        .collect()
}

/// TLS as the address asks for it.
pub(super) fn tls(args: &BrokerArgs) -> Option<Tls> {
    args.broker.tls.then(|| Tls {
        ca_file: args.ca_file.clone(),
        client: (args.cert_file.clone().zip(args.key_file.clone())).map(|(cert_file, key_file)| {
            ClientFiles {
                cert_file,
                key_file,
            }
        }),
    })
}

/// Says which of our certificates will soon not work; what cannot be read is said when connecting.
fn warn_of_certificates(tls: Option<&Tls>) {
    let found = tls.map(edge_uplink::certificates).and_then(Result::ok);
    for trouble in found.iter().flatten().filter_map(|c| c.trouble(unix_ms())) {
        tracing::warn!(reason = %trouble, "A certificate needs attention.");
    }
}

/// User, and the password from the environment, where no list of processes shows it.
pub(super) fn login(args: &BrokerArgs) -> Option<(String, String)> {
    let password = std::env::var("EDGE_BROKER_PASSWORD").unwrap_or_default();
    args.user.clone().map(|user| (user, password))
}

/// The machine's clock.
pub(super) fn wall() -> WallFn {
    Arc::new(|| WallTime {
        unix_ms: unix_ms(),
        utc_offset_s: 28_800,
    })
}

/// Writes to standard output. A closed one is nobody to tell.
pub(super) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
