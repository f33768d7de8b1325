//! A real mosquitto on a free port of 127.0.0.1, and a subscriber that stays through its restarts.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rumqttc::{AsyncClient, Event, Incoming, MqttOptions, Publish, QoS};
use tokio::task::JoinHandle;

/// What the broker remembers over a restart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Memory {
    Forgets,
    Remembers,
}

pub struct Broker {
    pub port: u16,
    dir: tempfile::TempDir,
    child: Option<Child>,
}

impl Broker {
    pub fn start(memory: Memory) -> Broker {
        Broker::start_with(memory, "")
    }

    pub fn start_with(memory: Memory, extra: &str) -> Broker {
        // A port probed free may be taken by another test before mosquitto has it.
        for _ in 0..10 {
            let port = TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .port();
            let dir = tempfile::tempdir().unwrap();
            let mut conf = format!(
                "listener {port} 127.0.0.1\nallow_anonymous true\nuser root\nmax_queued_messages 0\nmax_inflight_messages 100\n{}\n",
                extra.replace("{dir}", &dir.path().display().to_string())
            );
            if memory == Memory::Remembers {
                conf += &format!(
                    "persistence true\npersistence_location {}/\nautosave_on_changes true\nautosave_interval 1\n",
                    dir.path().display()
                );
            }
            fs::write(dir.path().join("mosquitto.conf"), conf).unwrap();
            let mut broker = Broker {
                port,
                dir,
                child: None,
            };
            if broker.try_restart() {
                return broker;
            }
        }
        panic!("mosquitto did not start; is it installed?");
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the broker runs").id()
    }

    /// Starts it on its port (again).
    pub fn restart(&mut self) {
        assert!(
            self.try_restart(),
            "mosquitto did not come back: {}",
            self.log()
        );
    }

    fn try_restart(&mut self) -> bool {
        self.kill();
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.dir.path().join("log"))
            .unwrap();
        let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"]
            .into_iter()
            .find(|p| Path::new(p).exists());
        let mut child = Command::new(program.unwrap_or("mosquitto"))
            .arg("-c")
            .arg(self.dir.path().join("mosquitto.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                self.child = Some(child);
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.child = Some(child);
        false
    }

    /// SIGKILL, as in a power cut.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Everything a subscriber to `#` saw, in order.
pub struct Subscriber {
    seen: Arc<Mutex<VecDeque<Publish>>>,
    subscriptions: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Subscriber {
    /// Subscribes and waits for the broker's word on it. `id` with a persistent session keeps what it missed.
    pub async fn start(port: u16, id: &str) -> Subscriber {
        let seen = Arc::new(Mutex::new(VecDeque::new()));
        let (ready_tx, ready) = tokio::sync::oneshot::channel();
        let subscriptions = Arc::new(AtomicU64::new(0));
        let (into, count, id) = (seen.clone(), subscriptions.clone(), id.to_owned());
        let task = tokio::spawn(async move {
            let mut ready_tx = Some(ready_tx);
            loop {
                let mut options = MqttOptions::new(&id, "127.0.0.1", port);
                options
                    .set_clean_session(false)
                    .set_max_packet_size(1 << 20, 1 << 20);
                let (client, mut events) = AsyncClient::new(options, 100);
                client.try_subscribe("#", QoS::AtLeastOnce).unwrap();
                loop {
                    match events.poll().await {
                        Ok(Event::Incoming(Incoming::Publish(publish))) => {
                            into.lock().unwrap().push_back(publish)
                        }
                        Ok(Event::Incoming(Incoming::SubAck(_))) => {
                            count.fetch_add(1, Ordering::SeqCst);
                            if let Some(tx) = ready_tx.take() {
                                let _ = tx.send(());
                            }
                        }
                        Ok(_) => {}
                        Err(_) => break,
                    }
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        tokio::time::timeout(Duration::from_secs(20), ready)
            .await
            .expect("subscribed within 20 s")
            .unwrap();
        Subscriber {
            seen,
            subscriptions,
            task,
        }
    }

    /// How often a broker has confirmed its subscription.
    pub fn subscriptions(&self) -> u64 {
        self.subscriptions.load(Ordering::SeqCst)
    }

    pub fn seen(&self) -> Vec<Publish> {
        self.seen.lock().unwrap().iter().cloned().collect()
    }

    /// Payloads on topics that end so.
    pub fn payloads(&self, leaf: &str) -> Vec<bytes::Bytes> {
        let seen = self.seen.lock().unwrap();
        (seen.iter().filter(|p| p.topic.ends_with(leaf)))
            .map(|p| p.payload.clone())
            .collect()
    }

    /// JSON payloads on topics that end so.
    pub fn json(&self, leaf: &str) -> Vec<serde_json::Value> {
        self.seen()
            .iter()
            .filter(|p| p.topic.ends_with(leaf) && !p.payload.is_empty())
            .map(|p| serde_json::from_slice(&p.payload).unwrap())
            .collect()
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A way to the broker that a test can shut: what comes while it is shut is turned away.
pub struct Gate {
    pub port: u16,
    is_open: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Gate {
    /// An open gate to `port` of 127.0.0.1.
    pub async fn start(port: u16) -> Gate {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let is_open = Arc::new(AtomicBool::new(true));
        let open = is_open.clone();
        let task = tokio::spawn(async move {
            // Ends with the gate, and everything that went through it.
            let mut passing = tokio::task::JoinSet::new();
            while let Ok((mut from, _)) = listener.accept().await {
                if open.load(Ordering::SeqCst) {
                    passing.spawn(async move {
                        if let Ok(mut to) =
                            tokio::net::TcpStream::connect(("127.0.0.1", port)).await
                        {
                            let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                        }
                    });
                }
            }
        });
        Gate {
            port: own_port,
            is_open,
            task,
        }
    }

    pub fn set_open(&self, is_open: bool) {
        self.is_open.store(is_open, Ordering::SeqCst);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits until the condition holds.
pub async fn until(what: &str, seconds: u64, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while !holds() {
        assert!(Instant::now() < deadline, "not within {seconds} s: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
