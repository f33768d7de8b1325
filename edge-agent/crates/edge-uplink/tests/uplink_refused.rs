//! Brokers that say no, say nothing, or are not who they should be, and configuration that cannot work.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use edge_uplink::store::mem::MemStore;
use edge_uplink::{EventStore, MqttVersion};
use support::broker::{Broker, Memory, until};
use support::uplink::{Running, config, config_in};
use support::{clock, record};

in_both_versions![
    a_broker_that_never_acknowledges_is_left_and_nothing_counts_as_arrived,
    a_refused_login_is_told_in_words_and_tried_again,
];

fn mem() -> Arc<dyn EventStore> {
    Arc::new(MemStore::new(clock()))
}

/// Accepts every connection, answers CONNECT and pings, and never acknowledges a publish.
async fn silent_broker(version: MqttVersion) -> (u16, Arc<AtomicU64>) {
    // CONNACK, accepted, no session (MQTT 3.1.1, 3.2); in 5 with no properties.
    let accepted: &[u8] = match version {
        MqttVersion::V3 => &[0x20, 2, 0, 0],
        MqttVersion::V5 => &[0x20, 3, 0, 0, 0],
    };
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicU64::new(0));
    let counted = connections.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                socket.write_all(accepted).await.unwrap();
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

async fn a_broker_that_never_acknowledges_is_left_and_nothing_counts_as_arrived(
    version: MqttVersion,
) {
    let (port, connections) = silent_broker(version).await;
    let up = Running::start(config_in(version, port), mem());
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

async fn a_refused_login_is_told_in_words_and_tried_again(version: MqttVersion) {
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
    let up = Running::start(config_in(version, broker.port), mem());
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
            client: None,
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
