//! A running uplink over a store, with its inputs in the test's hands.

use std::sync::Arc;
use std::time::Duration;

use edge_uplink::{
    AckBy, Commands, EventStore, LiveState, MqttVersion, Uplink, UplinkConfig, UplinkStatus,
};
use hall_wire::event::EventRecord;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::clock;

pub const ROOT: &str = "hall/v1/51/5119/511921/511921-001/b1";

pub fn config(port: u16) -> UplinkConfig {
    UplinkConfig {
        prefix: "hall/v1".into(),
        area: ["51", "5119", "511921"].map(String::from).to_vec(),
        hall: "511921-001".into(),
        box_id: "b1".into(),
        host: "127.0.0.1".into(),
        port,
        mqtt_version: MqttVersion::V3,
        client_id: "hall-511921-001-b1".into(),
        user: None,
        password: None,
        tls: None,
        keep_alive_s: 5,
        backoff_min: Duration::from_millis(20),
        backoff_max: Duration::from_millis(200),
        backlog_rate_per_s: 2000,
        ack: AckBy::Broker,
        resend_after: Duration::from_secs(60),
        state_interval_s: 60,
    }
}

/// The same in a version of MQTT.
pub fn config_in(mqtt_version: MqttVersion, port: u16) -> UplinkConfig {
    UplinkConfig {
        mqtt_version,
        ..config(port)
    }
}

/// Makes a test of each claim in each version of MQTT. A claim is an `async fn(MqttVersion)`.
#[macro_export]
macro_rules! in_both_versions {
    ($($claim:ident),+ $(,)?) => {
        mod mqtt_3 {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $claim() {
                super::$claim(edge_uplink::MqttVersion::V3).await;
            })+
        }
        mod mqtt_5 {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $claim() {
                super::$claim(edge_uplink::MqttVersion::V5).await;
            })+
        }
    };
}

pub fn live() -> LiveState {
    LiveState {
        meta: json!({"v": 1, "box": "b1", "windows": ["W1", "W2"]}),
        windows: [("W1", "staffed"), ("W2", "unknown")]
            .into_iter()
            .map(|(id, state)| (id.to_owned(), json!({"v": 1, "window": id, "state": state})))
            .collect(),
        queues: [("Q1".to_owned(), json!({"v": 1, "queue": "Q1", "len": 3}))].into(),
        summary: Some(json!({"v": 1, "kind": "summary"})),
    }
}

/// A running uplink.
pub struct Running {
    pub store: Arc<dyn EventStore>,
    pub seqs: watch::Sender<u64>,
    pub live: watch::Sender<Arc<LiveState>>,
    pub status: watch::Receiver<UplinkStatus>,
    pub cancel: CancellationToken,
    pub task: JoinHandle<()>,
}

impl Running {
    pub fn start(cfg: UplinkConfig, store: Arc<dyn EventStore>) -> Running {
        Running::start_with(cfg, store, None)
    }

    /// The same, taking commands.
    pub fn start_with(
        cfg: UplinkConfig,
        store: Arc<dyn EventStore>,
        commands: Option<Commands>,
    ) -> Running {
        let (seqs, seqs_rx) = watch::channel(store.last_seq());
        let (live, live_rx) = watch::channel(Arc::new(live()));
        let uplink = Uplink::new(cfg, store.clone(), seqs_rx, live_rx, clock())
            .unwrap()
            .with_commands(commands);
        let status = uplink.status();
        let cancel = CancellationToken::new();
        let token = cancel.clone();
        let task = tokio::spawn(async move { uplink.run(token).await.unwrap() });
        Running {
            store,
            seqs,
            live,
            status,
            cancel,
            task,
        }
    }

    /// Stores and tells, as the store's writer does.
    pub fn append(&self, records: &[EventRecord]) {
        self.store.append(records).unwrap();
        self.seqs.send_replace(self.store.last_seq());
    }

    pub fn status(&self) -> UplinkStatus {
        self.status.borrow().clone()
    }

    pub async fn stop(self) {
        self.cancel.cancel();
        tokio::time::timeout(Duration::from_secs(5), self.task)
            .await
            .expect("stops within 5 s")
            .unwrap();
    }
}
