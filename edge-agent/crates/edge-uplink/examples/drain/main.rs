//! Drains 100,000 stored events to a real mosquitto, against a plain rumqttc QoS 1 loop of the same payloads: alternately, several
//! times, in one run. Rewrites the table in `edge-agent/docs/performance.md`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod cpu;
mod plain;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use edge_uplink::store::{SledStore, StoreConfig};
use edge_uplink::{EventStore, MqttVersion, Uplink};
use support::broker::{Broker, Memory, Subscriber};
use support::uplink::{ROOT, config_in};
use support::{clock, record};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const RECORDS: u64 = 100_000;
const ROUNDS: usize = 5;
/// Records of one durable batch while the log is filled, which is not measured.
const FILL: u64 = 2_000;
/// Given up: something is broken.
const PATIENCE: Duration = Duration::from_secs(300);

/// What one drain took.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    seconds: f64,
    cpu_s: f64,
    broker_cpu_s: f64,
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let dir = tempfile::tempdir().unwrap();
    let full = dir.path().join("full");
    fill(&full);
    // Unlimited on both sides, so that neither run waits for the broker's own queue.
    let broker = Broker::start_with(Memory::Forgets, "max_inflight_messages 100");
    let payloads = payloads(&broker, &full, dir.path()).await;
    let mut rows = String::new();
    for version in [MqttVersion::V3, MqttVersion::V5] {
        let (mut plain, mut ours) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            plain.push(plain::publish(version, &broker, &format!("{ROOT}/event"), &payloads).await);
            ours.push(drain(version, &broker, &full, dir.path()).await);
            println!(
                "MQTT {} round {}: plain {:.0}/s, uplink {:.0}/s",
                version.name(),
                round + 1,
                rate(&plain[round]),
                rate(&ours[round])
            );
        }
        rows += &row(version, &plain, &ours);
    }
    let bytes: usize = payloads.iter().map(Bytes::len).sum();
    let text = format!(
        "{RECORDS} events of {} bytes on average from a sled log; mosquitto on the same machine, no subscriber; {ROUNDS} rounds of each, alternating; medians. Machine: {}, load {} at the end.\n\n\
         | MQTT | plain loop, events/s | uplink, events/s | ratio (target ≥ 0.8), each round | CPU µs an event: plain, uplink | broker |\n|---|---|---|---|---|---|\n{rows}",
        bytes / payloads.len(),
        cpu::model(),
        cpu::load(),
    );
    println!("\n{text}");
    rewrite(&text);
}

fn rate(taken: &Taken) -> f64 {
    RECORDS as f64 / taken.seconds
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn row(version: MqttVersion, plain: &[Taken], ours: &[Taken]) -> String {
    let ratios: Vec<f64> = plain
        .iter()
        .zip(ours)
        .map(|(plain, ours)| rate(ours) / rate(plain))
        .collect();
    let each: Vec<String> = ratios.iter().map(|r| format!("{r:.2}")).collect();
    let us = |of: &dyn Fn(&Taken) -> f64, taken: &[Taken]| {
        median(taken.iter().map(|t| of(t) * 1e6 / RECORDS as f64).collect())
    };
    format!(
        "| {} | {:.0} | {:.0} | **{:.2}** ({}) | {:.1}, {:.1} | {:.1}, {:.1} |\n",
        version.name(),
        median(plain.iter().map(rate).collect()),
        median(ours.iter().map(rate).collect()),
        median(ratios.clone()),
        each.join(", "),
        us(&|t| t.cpu_s, plain),
        us(&|t| t.cpu_s, ours),
        us(&|t| t.broker_cpu_s, plain),
        us(&|t| t.broker_cpu_s, ours),
    )
}

/// A log with all records, none acknowledged.
fn fill(dir: &Path) {
    let store = open(dir);
    for first in (1..=RECORDS).step_by(FILL as usize) {
        let batch: Vec<_> = (first..first + FILL).map(|n| record(n, 1)).collect();
        store.append(&batch).unwrap();
    }
    store.close().unwrap();
}

fn open(dir: &Path) -> Arc<dyn EventStore> {
    std::fs::create_dir_all(dir).unwrap();
    Arc::new(
        SledStore::open(StoreConfig::new(dir, clock()))
            .unwrap()
            .store,
    )
}

/// One drain of a fresh copy of the log, from connecting to the last acknowledgement in the store's cursor.
async fn drain(version: MqttVersion, broker: &Broker, full: &Path, dir: &Path) -> Taken {
    let copy = dir.join("copy");
    let _ = std::fs::remove_dir_all(&copy);
    let copied = Command::new("cp").arg("-r").args([full, &copy]).status();
    assert!(copied.unwrap().success());
    let store = open(&copy);
    assert_eq!((store.acked(), store.last_seq()), (0, RECORDS));
    let mut cfg = config_in(version, broker.port);
    cfg.backlog_rate_per_s = 0;
    let (_seqs, seqs) = watch::channel(RECORDS);
    let (_live, live) = watch::channel(Arc::default());
    let uplink = Uplink::new(cfg, store.clone(), seqs, live, clock()).unwrap();
    let mut status = uplink.status();
    let cancel = CancellationToken::new();
    let meter = cpu::Meter::start(broker);
    let running = tokio::spawn(uplink.run(cancel.clone()));
    let done = status.wait_for(|status| status.acked == RECORDS);
    tokio::time::timeout(PATIENCE, done).await.unwrap().unwrap();
    let taken = meter.read();
    cancel.cancel();
    running.await.unwrap().unwrap();
    assert_eq!(store.acked(), RECORDS);
    store.close().unwrap();
    taken
}

/// What the uplink publishes, as a subscriber receives it: each event once.
async fn payloads(broker: &Broker, full: &Path, dir: &Path) -> Vec<Bytes> {
    let subscriber = Subscriber::start(broker.port, "payloads").await;
    drain(MqttVersion::V3, broker, full, dir).await;
    let began = Instant::now();
    loop {
        let events = subscriber.payloads("/event");
        if events.len() as u64 >= RECORDS {
            assert_eq!(events.len() as u64, RECORDS, "each once");
            return events;
        }
        assert!(began.elapsed() < PATIENCE, "{} of {RECORDS}", events.len());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn rewrite(table: &str) {
    const BEGIN: &str = "<!-- drain begin -->\n";
    const END: &str = "<!-- drain end -->";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/performance.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the begin mark");
    let (_, after) = rest.split_once(END).expect("the end mark");
    std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
}
