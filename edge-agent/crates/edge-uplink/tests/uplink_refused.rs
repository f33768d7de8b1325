//! Brokers that say no, say nothing, or are not who they should be, and configuration that cannot work.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use edge_uplink::EventStore;
use edge_uplink::store::mem::MemStore;
use support::broker::{Broker, Memory, until};
use support::uplink::{Running, config};
use support::{clock, record};

fn mem() -> Arc<dyn EventStore> {
    Arc::new(MemStore::new(clock()))
}

/// Accepts every connection, answers CONNECT and pings, and never acknowledges a publish.
async fn silent_broker() -> (u16, Arc<AtomicU64>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicU64::new(0));
    let counted = connections.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                // CONNACK, accepted, no session (MQTT 3.1.1, 3.2).
                socket.write_all(&[0x20, 2, 0, 0]).await.unwrap();
                let mut bytes = [0; 4096];
                while let Ok(n @ 1..) = socket.read(&mut bytes).await {
                    // PINGREQ comes alone: nothing else is sent by then.
                    if bytes[..n].ends_with(&[0xC0, 0])
                        && socket.write_all(&[0xD0, 0]).await.is_err()
                    {
                        break;
                    }
                }
            });
        }
    });
    (port, connections)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_never_acknowledges_is_left_and_nothing_counts_as_arrived() {
    let (port, connections) = silent_broker().await;
    let up = Running::start(config(port), mem());
    up.append(&[record(1, 1), record(2, 1)]);
    until("left", 25, || {
        up.status()
            .last_error
            .is_some_and(|e| e.contains("no acknowledgement"))
    })
    .await;
    until("tried again", 10, || {
        connections.load(Ordering::SeqCst) >= 2
    })
    .await;
    assert_eq!(
        (up.status().acked, up.store.acked(), up.status().backlog),
        (0, 0, 2)
    );
    let began = Instant::now();
    up.stop().await;
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "the farewell does not wait for ever"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_login_is_told_in_words_and_tried_again() {
    let mut broker = Broker::start_with(Memory::Forgets, "");
    broker.kill();
    let conf = broker.dir().join("mosquitto.conf");
    let text = std::fs::read_to_string(&conf).unwrap();
    std::fs::write(
        &conf,
        text.replace("allow_anonymous true", "allow_anonymous false"),
    )
    .unwrap();
    broker.restart();
    let up = Running::start(config(broker.port), mem());
    until("refused", 10, || {
        up.status()
            .last_error
            .is_some_and(|e| e.contains("uplink.user"))
    })
    .await;
    assert!(!up.status().connected);
    std::fs::write(&conf, text).unwrap();
    broker.restart();
    until("accepted", 20, || up.status().connected).await;
    up.stop().await;
}

/// A CA of our own and a server certificate for 127.0.0.1 in `dir`; false without openssl.
fn certificates(dir: &std::path::Path) -> bool {
    let script = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 \
                  -subj /CN=hall-test-ca -addext basicConstraints=critical,CA:TRUE && \
                  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj /CN=broker && \
                  printf 'subjectAltName=IP:127.0.0.1\\nbasicConstraints=CA:FALSE\\n' > ext && \
                  openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out server.pem -extfile ext && \
                  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.pem -days 2 -subj /CN=other";
    std::process::Command::new("sh")
        .args(["-c", script])
        .current_dir(dir)
        .output()
        .is_ok_and(|output| output.status.success())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_trusts_the_configured_authority_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    if !certificates(dir.path()) {
        say_skipped("tls_trusts_the_configured_authority_and_no_other: openssl is not installed");
        return;
    }
    let at = |file: &str| dir.path().join(file);
    let tls = format!(
        "certfile {}\nkeyfile {}\n",
        at("server.pem").display(),
        at("server.key").display()
    );
    let broker = Broker::start_with(Memory::Forgets, &tls);
    let start = |ca: &str| {
        let mut cfg = config(broker.port);
        cfg.tls = Some(edge_uplink::Tls {
            ca_file: Some(at(ca)),
        });
        Running::start(cfg, mem())
    };
    let stranger = start("other.pem");
    until("refused", 10, || {
        stranger
            .status()
            .last_error
            .is_some_and(|e| e.contains("TLS"))
    })
    .await;
    assert!(!stranger.status().connected);
    stranger.stop().await;
    let up = start("ca.pem");
    up.append(&[record(1, 1)]);
    until("acknowledged over TLS", 10, || up.status().acked == 1).await;
    up.stop().await;
}

#[test]
fn configuration_that_cannot_work_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let refusal = |change: &dyn Fn(&mut edge_uplink::UplinkConfig)| {
        let mut cfg = config(1883);
        change(&mut cfg);
        let (_, seqs) = tokio::sync::watch::channel(0);
        let (_, live) = tokio::sync::watch::channel(Arc::new(edge_uplink::LiveState::default()));
        edge_uplink::Uplink::new(cfg, mem(), seqs, live, clock())
            .err()
            .expect("refused")
            .to_string()
    };
    let ca = |path: &std::path::Path| {
        Some(edge_uplink::Tls {
            ca_file: Some(path.into()),
        })
    };
    assert!(refusal(&|c| c.keep_alive_s = 4).contains("uplink.keep_alive_s is 4"));
    assert!(refusal(&|c| c.hall = "a/b".into()).contains("'a/b'"));
    assert!(refusal(&|c| c.tls = ca(&empty)).contains("empty.pem"));
    assert!(refusal(&|c| c.tls = ca(&dir.path().join("absent.pem"))).contains("absent.pem"));
    let mut cfg = config(1883);
    cfg.password = Some("s3cret".into());
    assert!(!format!("{cfg:?}").contains("s3cret"));
}

/// Past the test harness, which would swallow what a passing test prints.
fn say_skipped(what: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "\nSKIPPED {what}");
}
