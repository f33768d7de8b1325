//! A line on which packets vanish while both ends believe in the connection: noticed in time, and nothing is lost or doubled.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use edge_uplink::store::mem::MemStore;
use edge_uplink::{MqttVersion, UplinkStatus};
use serde_json::Value;
use support::broker::{Subscriber, until};
use support::network::{BROKER, Network};
use support::uplink::{Running, config_in};
use support::{clock, record};
use tokio::sync::mpsc;

const PORT: u16 = 1883;
/// Two keep-alives of 5 s, within which a box must notice.
const BOUND: Duration = Duration::from_secs(10);
/// What a loaded machine may take longer.
const SLACK: Duration = Duration::from_secs(10);

/// What the box is asked to do.
enum Ask {
    /// Find so many more events.
    Find(u64),
    Stop,
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn packets_that_vanish_are_noticed_within_two_keep_alives_and_nothing_is_lost_or_doubled() {
    let Some(net) = Network::new() else {
        say_skipped("half_open: this user may not make network namespaces (root may)");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let conf = dir.path().join("mosquitto.conf");
    std::fs::write(
        &conf,
        format!(
            "listener {PORT} 0.0.0.0\nallow_anonymous true\nuser root\nmax_queued_messages 0\n"
        ),
    )
    .unwrap();
    let log = std::fs::File::create(dir.path().join("log")).unwrap();
    let mut mosquitto = net
        .broker
        .command("/usr/sbin/mosquitto")
        .arg("-c")
        .arg(&conf)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();

    // The centre stands beside the broker.
    let (seen_tx, seen) = std::sync::mpsc::channel::<Vec<(String, Value)>>();
    let (subscribed_tx, subscribed) = std::sync::mpsc::channel();
    let (end_tx, end) = tokio::sync::oneshot::channel::<()>();
    let centre = net.broker.thread(move || {
        runtime().block_on(async move {
            let sub = Subscriber::start(PORT, "centre").await;
            subscribed_tx.send(()).unwrap();
            end.await.unwrap();
            let seen = sub.seen();
            let json = seen
                .iter()
                .filter(|p| !p.payload.is_empty())
                .map(|p| (p.topic.clone(), serde_json::from_slice(&p.payload).unwrap()));
            seen_tx.send(json.collect()).unwrap();
        });
    });
    subscribed.recv_timeout(Duration::from_secs(30)).unwrap();

    let (ask, mut asked) = mpsc::unbounded_channel();
    let (status_tx, status) = tokio::sync::watch::channel(UplinkStatus::default());
    let the_box = net.the_box.thread(move || {
        runtime().block_on(async move {
            let mut cfg = config_in(MqttVersion::V3, PORT);
            cfg.host = BROKER.into();
            let up = Running::start(cfg, Arc::new(MemStore::new(clock())));
            let mut changes = up.status.clone();
            let mut n = 0;
            loop {
                tokio::select! {
                    Ok(()) = changes.changed() => { status_tx.send_replace(up.status()); }
                    Some(asked) = asked.recv() => match asked {
                        Ask::Find(count) => for _ in 0..count {
                            n += 1;
                            up.append(&[record(n, 1)]);
                        },
                        Ask::Stop => break,
                    },
                }
            }
            up.stop().await;
        });
    });
    let now = || status.borrow().clone();
    runtime().block_on(async {
        until("connected", 30, || now().connected).await;
        assert!(ask.send(Ask::Find(20)).is_ok());
        until("acknowledged", 30, || now().acked == 20).await;
        for round in 1..=2_u64 {
            net.cut();
            let cut_at = Instant::now();
            assert!(ask.send(Ask::Find(20)).is_ok());
            until("noticed", (BOUND + SLACK).as_secs(), || !now().connected).await;
            println!(
                "round {round}: noticed after {:.1} s: {:?}",
                cut_at.elapsed().as_secs_f64(),
                now().last_error
            );
            assert_eq!(now().acked, 20 * round, "nothing sent into the void counts");
            net.mend();
            until("all acknowledged", 60, || now().acked == 20 + 20 * round).await;
        }
    });
    assert!(ask.send(Ask::Stop).is_ok());
    the_box.join().unwrap();
    end_tx.send(()).unwrap();
    let seen = seen.recv_timeout(Duration::from_secs(30)).unwrap();
    centre.join().unwrap();
    mosquitto.kill().unwrap();
    mosquitto.wait().unwrap();

    let mut events: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (_, event) in seen.iter().filter(|(topic, _)| topic.ends_with("/event")) {
        let seq = event["data"]["seq"].as_u64().unwrap();
        let id = event["id"].as_str().unwrap().to_owned();
        events.entry(id).or_default().push(seq);
    }
    let deliveries: usize = events.values().map(Vec::len).sum();
    println!("60 events, {deliveries} deliveries");
    assert!(
        events
            .values()
            .all(|seqs| seqs.iter().all(|s| *s == seqs[0])),
        "one id, one number"
    );
    let mut seqs: Vec<u64> = events.values().map(|seqs| seqs[0]).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=60).collect::<Vec<_>>(), "each once by its id");
    let wills = (seen.iter())
        .filter(|(topic, told)| topic.ends_with("/status") && told["reason"] == "connection_lost")
        .count();
    assert!(wills >= 1, "the centre was told that the box is gone");
}

/// Past the test harness, which would swallow what a passing test prints.
fn say_skipped(what: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "\nSKIPPED {what}");
}
