//! The demo: two RTSP cameras playing our clips, a broker, a radar and the agent, all on 127.0.0.1, until Ctrl-C.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program speaks to a person"
)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Parser;
use edge_tests::agent::Agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::feed::Feed;
use edge_tests::hall::Hall;
use edge_tests::port::free_port;
use edge_tests::radar::Radar;
use edge_tests::rtsp::{Camera, RtspServer};
use edge_tests::script::Script;
use edge_tests::signal::Signal;
use edge_tests::subscriber::{Subscriber, sequence};
use edge_tests::truth::{Truth, clips};
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

/// The promise for an orderly end, and a little for this program itself.
const STOP_WITHIN: Duration = Duration::from_secs(16);

/// Plays the demo hall on this machine.
#[derive(Debug, Parser)]
struct Arguments {
    /// The agent's binary; default: beside this one.
    #[arg(long)]
    agent: Option<PathBuf>,
    /// Port of the page; default: 8080 if free, else a free one.
    #[arg(long)]
    port: Option<u16>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // One thread: children are bound to the thread that starts them.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(play(&arguments)))
    {
        Ok(code) => code,
        Err(e) => {
            eprintln!("The demo cannot go on: {e:#}");
            ExitCode::FAILURE
        }
    }
}

/// All parts of the demo; dropping it ends them.
struct Parts {
    agent: Agent,
    centre: Subscriber,
    _radar: Radar,
    cameras: RtspServer,
    broker: Broker,
    hall: Hall,
}

async fn play(arguments: &Arguments) -> Result<ExitCode> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;

    let mut parts = start(arguments)?;
    say_where_to_look(&parts)?;

    let mut shown = 0;
    let mut look = tokio::time::interval(Duration::from_millis(200));
    loop {
        tokio::select! {
            biased;
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            _ = look.tick() => {
                shown = show_new_events(&parts, shown);
                if let Some(status) = parts.agent.ended() {
                    let log = parts.agent.log();
                    let tail: Vec<_> = log.lines().rev().take(20).collect();
                    eprintln!("The agent ended by itself with {status}. Its last words:");
                    tail.iter().rev().for_each(|line| eprintln!("  {line}"));
                    return Ok(ExitCode::FAILURE);
                }
            }
        }
    }

    println!("\nEnding (Ctrl-C again ends at once) ...");
    parts.agent.signal(Signal::Term)?;
    let began = Instant::now();
    loop {
        tokio::select! {
            biased;
            _ = interrupt.recv() => {
                parts.agent.kill();
                println!("Ended at once.");
                return Ok(ExitCode::from(130));
            }
            _ = look.tick() => {
                shown = show_new_events(&parts, shown);
                if let Some(status) = parts.agent.ended() {
                    println!("The agent ended with {status} after {:.1} s.", began.elapsed().as_secs_f64());
                    return Ok(ExitCode::SUCCESS);
                }
                if began.elapsed() > STOP_WITHIN {
                    eprintln!("The agent did not end within {} s; ended by force.", STOP_WITHIN.as_secs());
                    return Ok(ExitCode::FAILURE);
                }
            }
        }
    }
}

fn start(arguments: &Arguments) -> Result<Parts> {
    gstreamer::init()?;
    println!("Starting the cameras, the broker and the agent ...");
    let cameras = ["windows", "corner"]
        .into_iter()
        .map(|name| {
            let feed = Feed::from_mp4(&clips().join(format!("morning.{name}.mp4")))?;
            Ok(Camera {
                name: name.into(),
                feed: Arc::new(feed),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let cameras = RtspServer::start(cameras, None)?;
    let broker = Broker::start(Memory::None)?;
    let centre = Subscriber::start(broker.port(), "hall/v1/#", None)?;
    let radar = Radar::start(broker.port(), "zigbee2mqtt/W4-radar")?;

    let mut hall = Hall::demo()?;
    hall.camera("windows", &cameras.url("windows"));
    hall.camera("corner", &cameras.url("corner"));
    hall.broker(&broker.url());
    hall.listen(page_port(arguments)?);
    let agent = Agent::start_from(&hall, arguments.agent.as_deref())?;
    Ok(Parts {
        agent,
        centre,
        _radar: radar,
        cameras,
        broker,
        hall,
    })
}

fn page_port(arguments: &Arguments) -> Result<u16> {
    if let Some(port) = arguments.port {
        return Ok(port);
    }
    let usual = 8080;
    if std::net::TcpListener::bind(("127.0.0.1", usual)).is_ok() {
        Ok(usual)
    } else {
        free_port()
    }
}

fn say_where_to_look(parts: &Parts) -> Result<()> {
    let script = Script::read(&parts.hall)?;
    let period = Truth::read("morning", "windows")?.period().as_secs();
    println!("\nThe demo hall is being judged.");
    println!("  Page      http://127.0.0.1:{}/", parts.hall.port());
    println!(
        "  MQTT      mosquitto_sub -h 127.0.0.1 -p {} -t 'hall/v1/#' -v",
        parts.broker.port()
    );
    println!(
        "  Log       {}",
        parts.hall.folder().join("agent.log").display()
    );
    println!("  Ctrl-C    ends everything\n");
    println!("The clips repeat every {period} s. In each round expect about:");
    for line in script.expectations() {
        println!("  {line}");
    }
    println!("\nEvents as the centre receives them (time in the round, then what):");
    Ok(())
}

fn show_new_events(parts: &Parts, shown: usize) -> usize {
    let events = parts.centre.events();
    for event in &events[shown.min(events.len())..] {
        println!("  {}  {}", round_time(parts), for_a_person(event));
    }
    events.len()
}

/// Minutes and seconds since the clips' present round began.
fn round_time(parts: &Parts) -> String {
    let period = 90;
    parts.cameras.began().map_or("-:--".into(), |(began, _)| {
        let s = began.elapsed().as_secs() % period;
        format!("{}:{:02}", s / 60, s % 60)
    })
}

fn for_a_person(event: &Value) -> String {
    let data = &event["data"];
    let text = |key: &str| data[key].as_str().unwrap_or("?").to_owned();
    let what = match text("code").as_str() {
        "unstaffed" => "nobody at the window (suspected)".into(),
        "late_open" => "not opened in time (suspected)".into(),
        "queue_long" => {
            format!(
                "long queue (suspected), at most {} people",
                data["peak"].as_u64().unwrap_or_default()
            )
        }
        other => other.replace('_', " "),
    };
    let number = sequence(event).unwrap_or_default();
    let mut line = format!(
        "#{number:<3} {:<3} {what}: {} at level {}",
        text("subject"),
        text("phase"),
        text("level"),
    );
    if let Some(reason) = data["end_reason"].as_str() {
        line.push_str(&format!(
            ", {reason} after {:.0} s",
            data["duration_s"].as_f64().unwrap_or_default()
        ));
    }
    line
}
