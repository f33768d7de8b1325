//! Records in a real PostgreSQL: once each, whatever is given again, and the server's own restart.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

#[path = "../../edge-uplink/tests/support/mod.rs"]
mod support;

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use edge_uplink::store::mem::MemStore;
use hall_central::{Follow, FollowConfig, Report};
use support::broker::{Broker, Memory, until};
use support::uplink::{Running, config};
use support::{clock, closed, record};
use tokio_postgres::NoTls;
use tokio_util::sync::CancellationToken;

/// Debian's `nobody`: PostgreSQL does not run as root.
const NOBODY: u32 = 65_534;

/// A server on a socket in its own folder, stopped with the test.
struct Server {
    dir: tempfile::TempDir,
    bin: PathBuf,
}

impl Server {
    /// `None`: not installed.
    fn start() -> Option<Server> {
        let mut bins: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
            .ok()?
            .map(|version| version.unwrap().path().join("bin"))
            .filter(|bin| bin.join("initdb").exists())
            .collect();
        bins.sort();
        let server = Server {
            dir: tempfile::tempdir().unwrap(),
            bin: bins.pop()?,
        };
        if is_root() {
            chown(server.dir.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        server.run(
            "initdb",
            &[
                "-D",
                &server.data(),
                "-A",
                "trust",
                "-U",
                "hall",
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
            ],
        );
        server.ctl("start");
        Some(server)
    }

    fn data(&self) -> String {
        self.dir.path().join("data").display().to_string()
    }

    fn ctl(&self, what: &str) {
        let options = format!(
            "-c listen_addresses='' -k {} -c fsync=off",
            self.dir.path().display()
        );
        let log = self.dir.path().join("log").display().to_string();
        self.run(
            "pg_ctl",
            &[
                "-D",
                &self.data(),
                "-w",
                "-m",
                "immediate",
                "-o",
                &options,
                "-l",
                &log,
                what,
            ],
        );
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.bin.join(program));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        assert!(
            command.status().unwrap().success(),
            "{program} {arguments:?}"
        );
    }

    fn url(&self) -> String {
        format!(
            "host={} user=hall dbname=postgres",
            self.dir.path().display()
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut command = Command::new(self.bin.join("pg_ctl"));
        command
            .args(["-D", &self.data(), "-w", "-m", "immediate", "stop"])
            .stdout(Stdio::null());
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let _ = command.status();
    }
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_record_is_one_row_after_repetitions_and_a_restart_of_the_server() {
    let Some(server) = Server::start() else {
        println!("SKIPPED postgres: not installed; what to do: make setup-test");
        return;
    };
    let broker = Broker::start(Memory::Forgets);
    let up = Running::start(config(broker.port), Arc::new(MemStore::new(clock())));
    let follow = |client_id: &str| FollowConfig {
        host: "127.0.0.1".into(),
        port: broker.port,
        tls: None,
        login: None,
        client_id: client_id.into(),
        filters: vec![
            "hall/v1/+/+/+/+/+/status".into(),
            "hall/v1/+/+/+/+/+/event".into(),
            "hall/v1/+/+/+/+/+/summary/15min".into(),
        ],
        prefix: "hall/v1".into(),
        clock_tolerance: None,
        state: None,
        ndjson: None,
        postgres: Some(server.url()),
        ack: false,
        board_rows: 0,
    };
    // Two subscribers at once: every record is given twice.
    let cancel = CancellationToken::new();
    let mut tasks = Vec::new();
    let mut progresses = Vec::new();
    for id in ["one", "two"] {
        let follow = Follow::open(follow(id), clock()).await.unwrap();
        progresses.push(follow.progress());
        let token = cancel.clone();
        tasks.push(tokio::spawn(
            async move { follow.run(token).await.unwrap() },
        ));
    }
    until("following", 10, || {
        progresses.iter().all(|p| p.borrow().report.online == 1)
    })
    .await;
    let records = |n: u64| progresses.iter().all(|p| p.borrow().report.records == n);
    up.append(&(1..=40).map(|n| record(n, 1)).collect::<Vec<_>>());
    up.store
        .note_loss(5, edge_uplink::GapReason::RingOverflow)
        .unwrap();
    up.append(&[closed(1, 2)]);
    until("first part", 20, || records(41)).await;
    server.ctl("stop");
    up.append(&(41..=60).map(|n| record(n, 1)).collect::<Vec<_>>());
    until("acknowledged by the broker", 20, || {
        up.status().acked == up.store.last_seq()
    })
    .await;
    server.ctl("start");
    until("second part", 30, || records(61)).await;

    // A revision with fewer parts replaces the whole, and a part of the old one that comes late is nothing.
    publish(
        broker.port,
        &[
            (1, 1, 3),
            (1, 2, 3),
            (2, 1, 2),
            (1, 3, 3),
            (2, 2, 2),
            (2, 1, 2),
        ],
    )
    .await;
    let (client, connection) = tokio_postgres::connect(&server.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let count = async |sql: &str| client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0);
    assert_eq!(count("SELECT count(*) FROM hall_event").await, 61);
    assert_eq!(
        count("SELECT count(DISTINCT seq) FROM hall_event").await,
        61
    );
    assert_eq!(count("SELECT count(*) FROM hall_event_now").await, 60);
    assert_eq!(
        count("SELECT rev FROM hall_event_now WHERE state = 'closed'").await,
        2
    );
    assert_eq!(
        count("SELECT count(*) FROM hall_gap WHERE seq_to - seq_from = 4").await,
        1
    );
    assert_eq!(
        count("SELECT count(*) FROM hall_state WHERE data->>'online' = 'true'").await,
        1
    );
    let row = client
        .query_one(
            "SELECT data->>'hash' = hash, data->>'prev' FROM hall_event WHERE seq = 2",
            &[],
        )
        .await
        .unwrap();
    assert!(row.get::<_, bool>(0), "the record is kept as a whole");

    let rollup = async || {
        let sql = "SELECT part, rev FROM hall_rollup ORDER BY part";
        let rows = client.query(sql, &[]).await.unwrap();
        let pair = |row: &tokio_postgres::Row| (row.get::<_, i64>(0), row.get::<_, i64>(1));
        rows.iter().map(pair).collect::<Vec<_>>()
    };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while rollup().await != [(1, 2), (2, 2)] {
        assert!(
            tokio::time::Instant::now() < deadline,
            "{:?}",
            rollup().await
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    cancel.cancel();
    for task in tasks {
        let report = Report::of(&task.await.unwrap(), &[]);
        assert!(report.is_clean(), "{}", report.text());
    }
    up.stop().await;
}

/// Publishes parts of one roll-up: revision, part, parts.
async fn publish(port: u16, parts: &[(u64, u64, u64)]) {
    let golden = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../hall-wire/tests/golden/rollup.json"
    );
    let golden: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(golden).unwrap()).unwrap();
    let mut options = rumqttc::MqttOptions::new("rollups", "127.0.0.1", port);
    options.set_max_packet_size(1 << 20, 1 << 20);
    let (client, mut connection) = rumqttc::AsyncClient::new(options, parts.len());
    let topic = format!(
        "hall/v1/51/5119/511921/{}/{}/summary/{}",
        golden["hall"].as_str().unwrap(),
        golden["box"].as_str().unwrap(),
        golden["period"].as_str().unwrap()
    );
    for (rev, part, parts) in parts {
        let mut payload = golden.clone();
        for (key, value) in [("rev", rev), ("part", part), ("parts", parts)] {
            payload[key] = (*value).into();
        }
        client
            .publish(
                &topic,
                rumqttc::QoS::AtLeastOnce,
                false,
                payload.to_string(),
            )
            .await
            .unwrap();
    }
    let mut left = parts.len();
    while left > 0 {
        if let rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_)) =
            connection.poll().await.unwrap()
        {
            left -= 1;
        }
    }
}
