//! What Home Assistant finds on a real mosquitto: the announcement and the states, removed when they are no more or the link is switched off.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use edge_uplink::LiveState;
use edge_uplink::home_assistant::{Announcement, HomeAssistant, HomeAssistantConfig, Labels, Told};
use edge_uplink::topics::Topics;
use serde_json::{Value, json};
use support::broker::{Broker, Memory, Subscriber, until};
use support::clock;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const CONFIG: &str = "homeassistant/device/511921-001_b1/config";
const ROOT: &str = "hall/local/51/511921-001/b1";

struct Running {
    live: watch::Sender<Arc<LiveState>>,
    trouble: Arc<Mutex<Option<String>>>,
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    fn start(port: u16, windows: &[&str], enabled: bool) -> Running {
        let topics = Topics::new("hall/local", &["51".into()], "511921-001", "b1").unwrap();
        let labels = Labels {
            hall: "通江大厅".into(),
            windows: windows
                .iter()
                .map(|id| ((*id).into(), format!("{id}号")))
                .collect(),
            queues: vec![("SB".into(), "社保".into())],
            version: "0.1.0".into(),
        };
        let announcement = Announcement::new("homeassistant", &topics, "511921-001", "b1", labels);
        let state = |id: &&str| {
            (
                (*id).to_owned(),
                json!({"id": id, "state": "staffed", "open_event": null}),
            )
        };
        let live = watch::Sender::new(Arc::new(LiveState {
            meta: json!({"not": "for Home Assistant"}),
            windows: windows.iter().map(state).collect(),
            queues: [(
                "SB".to_owned(),
                json!({"id": "SB", "length": 3, "wait_est_s": 240.0}),
            )]
            .into(),
            summary: Some(json!({"neither": "this"})),
        }));
        let cfg = HomeAssistantConfig {
            host: "127.0.0.1".into(),
            port,
            login: None,
            client_id: "ha-511921-001-b1".into(),
            enabled,
        };
        let trouble = Arc::new(Mutex::new(None));
        let told: Told = {
            let trouble = trouble.clone();
            Arc::new(move |reason| *trouble.lock().unwrap() = reason.map(str::to_owned))
        };
        let link = HomeAssistant::new(cfg, topics, announcement, live.subscribe(), clock(), told);
        let cancel = CancellationToken::new();
        let task = tokio::spawn(link.run(cancel.clone()));
        Running {
            live,
            trouble,
            cancel,
            task,
        }
    }

    async fn stop(self) {
        self.cancel.cancel();
        tokio::time::timeout(std::time::Duration::from_secs(20), self.task)
            .await
            .unwrap()
            .unwrap();
    }
}

/// The newest word on each topic that was not cleared: what the broker keeps, as long as everything is retained.
fn kept(subscriber: &Subscriber) -> BTreeMap<String, Value> {
    let mut kept = BTreeMap::new();
    for publish in subscriber.seen() {
        if publish.payload.is_empty() {
            kept.remove(&publish.topic);
        } else {
            kept.insert(
                publish.topic.clone(),
                serde_json::from_slice(&publish.payload).unwrap(),
            );
        }
    }
    kept
}

/// What a late subscriber is given, once there are so many topics.
async fn retained(broker: &Broker, id: &str, topics: usize) -> BTreeMap<String, Value> {
    let early = Subscriber::start(broker.port, &format!("{id}-early")).await;
    until("everything is published", 30, || {
        kept(&early).len() >= topics
    })
    .await;
    let late = Subscriber::start(broker.port, id).await;
    until("the retained topics", 30, || kept(&late).len() >= topics).await;
    assert!(late.seen().iter().all(|publish| publish.retain));
    kept(&late)
}

fn entities(config: &Value) -> Vec<&str> {
    config["components"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[tokio::test]
async fn home_assistant_finds_windows_queues_and_the_box_and_nothing_else() {
    let broker = Broker::start(Memory::Forgets);
    let running = Running::start(broker.port, &["W1", "W2"], true);
    let found = retained(&broker, "late", 5).await;
    let topics: Vec<&str> = found.keys().map(String::as_str).collect();
    let state = |leaf: &str| format!("{ROOT}/{leaf}");
    assert_eq!(
        topics,
        [
            &state("state/queue/SB"),
            &state("state/window/W1"),
            &state("state/window/W2"),
            &state("status"),
            CONFIG
        ]
    );
    assert_eq!(found[&state("status")]["online"], true);
    let config = &found[CONFIG];
    // Every topic that an entity reads is there, and its template's key with it.
    for (key, entity) in config["components"].as_object().unwrap() {
        let read = &found[entity["state_topic"].as_str().unwrap()];
        let template = entity["value_template"].as_str().unwrap();
        let wanted = template.split("value_json.").nth(1).unwrap();
        let wanted: String = wanted
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        assert!(
            read.get(&wanted).is_some(),
            "{key} reads {wanted} of {read}"
        );
    }

    let watcher = Subscriber::start(broker.port, "watcher").await;
    running.live.send_modify(|live| {
        Arc::make_mut(live).windows.insert(
            "W1".into(),
            json!({"id": "W1", "state": "unstaffed", "open_event": "01J"}),
        );
    });
    let w1 = state("state/window/W1");
    until("the new state", 30, || {
        kept(&watcher)
            .get(&w1)
            .is_some_and(|s| s["state"] == "unstaffed")
    })
    .await;
    running.stop().await;
    let status = state("status");
    until("the farewell", 30, || {
        kept(&watcher)[&status]["online"] == false
    })
    .await;
    assert_eq!(kept(&watcher)[&status]["reason"], "stopping");
}

#[tokio::test]
async fn a_window_that_left_the_configuration_leaves_home_assistant_too() {
    let broker = Broker::start(Memory::Forgets);
    let running = Running::start(broker.port, &["W1", "W2"], true);
    retained(&broker, "before", 5).await;
    running.stop().await;

    let watcher = Subscriber::start(broker.port, "watcher").await;
    let running = Running::start(broker.port, &["W1"], true);
    let gone = format!("{ROOT}/state/window/W2");
    until("the removal", 30, || {
        let kept = kept(&watcher);
        kept.get(CONFIG)
            .is_some_and(|config| entities(config).len() == 5)
            && !kept.contains_key(&gone)
    })
    .await;
    let removals: Vec<Value> = watcher.json("/config");
    let platform_only =
        |config: &Value| config["components"]["window_W2_state"] == json!({"platform": "sensor"});
    assert!(
        removals.iter().any(platform_only),
        "Home Assistant is told, not only left without"
    );
    assert!(!entities(removals.last().unwrap()).contains(&"window_W2_state"));
    running.stop().await;
}

#[tokio::test]
async fn switched_off_it_takes_everything_back() {
    let broker = Broker::start(Memory::Forgets);
    let running = Running::start(broker.port, &["W1"], true);
    retained(&broker, "before", 4).await;
    running.stop().await;
    let watcher = Subscriber::start(broker.port, "watcher").await;
    until("what is kept", 30, || kept(&watcher).len() == 4).await;
    let off = Running::start(broker.port, &["W1"], false);
    until("nothing is kept", 30, || kept(&watcher).is_empty()).await;
    off.stop().await;
    assert_eq!(kept(&watcher), BTreeMap::new());
}

#[tokio::test]
async fn a_broker_that_comes_back_without_memory_is_told_all_again_and_a_lost_box_is_seen() {
    let mut broker = Broker::start(Memory::Forgets);
    let running = Running::start(broker.port, &["W1"], true);
    retained(&broker, "before", 4).await;
    broker.kill();
    until("the trouble is told", 30, || {
        running.trouble.lock().unwrap().is_some()
    })
    .await;
    broker.restart();
    retained(&broker, "after", 4).await;
    until("it is over", 30, || {
        running.trouble.lock().unwrap().is_none()
    })
    .await;

    let watcher = Subscriber::start(broker.port, "watcher").await;
    running.task.abort();
    let status = format!("{ROOT}/status");
    until("the will", 60, || {
        kept(&watcher)
            .get(&status)
            .is_some_and(|s| s["reason"] == "connection_lost")
    })
    .await;
}
