//! A Zigbee2MQTT presence radar as the box sees it: retained availability, and its state every few seconds.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;
use rumqttc::{Client, MqttOptions, QoS};

/// Publishes until dropped.
pub struct Radar {
    present: Arc<AtomicBool>,
    wake: Option<mpsc::SyncSender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Radar {
    /// A radar on `topic` that sees somebody and says so every 5 s, and at once after each change.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(port: u16, topic: &str) -> Result<Radar> {
        let mut options = MqttOptions::new(
            format!("radar-{}", topic.replace('/', "-")),
            "127.0.0.1",
            port,
        );
        options.set_keep_alive(Duration::from_secs(5));
        // Capacity 10 requests; one every 5 s, and when the broker is away the newest may be lost, as with a real radar.
        let (client, mut connection) = Client::new(options, 10);
        let present = Arc::new(AtomicBool::new(true));
        // Capacity 1: one pending wake-up is as good as many.
        let (wake, woken) = mpsc::sync_channel(1);
        let ended = Arc::new(AtomicBool::new(false));
        let talker = std::thread::Builder::new().name("radar".into()).spawn({
            let (present, ended, topic) = (present.clone(), ended.clone(), topic.to_owned());
            move || {
                loop {
                    let payload = format!(
                        r#"{{"presence":{},"illuminance":210}}"#,
                        present.load(Ordering::SeqCst)
                    );
                    // Full only while the broker is away: then this report is lost.
                    let _ = client.try_publish(&topic, QoS::AtLeastOnce, false, payload);
                    if woken.recv_timeout(Duration::from_secs(5))
                        == Err(mpsc::RecvTimeoutError::Disconnected)
                    {
                        ended.store(true, Ordering::SeqCst);
                        let _ = client.try_disconnect();
                        return;
                    }
                }
            }
        })?;
        let link = std::thread::Builder::new()
            .name("radar-link".into())
            .spawn(move || {
                for event in connection.iter() {
                    if ended.load(Ordering::SeqCst) {
                        return;
                    }
                    if event.is_err() {
                        std::thread::park_timeout(Duration::from_millis(50));
                    }
                }
            })?;
        Ok(Radar {
            present,
            wake: Some(wake),
            threads: vec![talker, link],
        })
    }

    /// Somebody is there, or not, from now on.
    pub fn set(&self, present: bool) {
        self.present.store(present, Ordering::SeqCst);
        if let Some(wake) = &self.wake {
            // Full: a wake-up is pending already.
            let _ = wake.try_send(());
        }
    }
}

impl Drop for Radar {
    fn drop(&mut self) {
        self.wake = None;
        for thread in self.threads.drain(..) {
            // A panic there has been printed.
            let _ = thread.join();
        }
    }
}
