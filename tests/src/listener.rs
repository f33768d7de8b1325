//! What one user hears: `mosquitto_sub` with a login, as an operator would listen.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use tempfile::NamedTempFile;

use crate::broker::Broker;
use crate::child::owned;
use crate::site::PASSWORD;

/// Listens until dropped.
pub struct Listener {
    child: Child,
    heard: NamedTempFile,
}

impl Listener {
    /// `user` listens to `filter`.
    ///
    /// # Errors
    /// When mosquitto_sub is missing (`make setup`).
    pub fn start(broker: &Broker, ca: &Path, user: &str, filter: &str) -> Result<Listener> {
        let heard = NamedTempFile::new()?;
        let child = owned("mosquitto_sub")
            .args(login(broker, ca, user))
            .args(["-q", "1", "-v", "-t", filter])
            .stdin(Stdio::null())
            .stdout(File::create(heard.path())?)
            .stderr(Stdio::null())
            .spawn()
            .context("mosquitto_sub; what to do: make setup")?;
        Ok(Listener { child, heard })
    }

    /// Topics and payloads, in order.
    #[must_use]
    pub fn heard(&self) -> Vec<(String, String)> {
        let text = std::fs::read_to_string(self.heard.path()).unwrap_or_default();
        text.lines()
            .filter_map(|l| l.split_once(' '))
            .map(|(topic, payload)| (topic.to_owned(), payload.to_owned()))
            .collect()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `user` publishes; whether the broker took it is not known in MQTT 3.1.1, nor is it here.
///
/// # Errors
/// When the broker cannot be reached.
pub fn publish(broker: &Broker, ca: &Path, user: &str, topic: &str, payload: &str) -> Result<()> {
    let done = Command::new("mosquitto_pub")
        .args(login(broker, ca, user))
        .args(["-q", "1", "-t", topic, "-m", payload])
        .output()
        .context("mosquitto_pub; what to do: make setup")?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{said}");
    Ok(())
}

fn login(broker: &Broker, ca: &Path, user: &str) -> Vec<String> {
    let port = broker.port().to_string();
    let ca = ca.display().to_string();
    let all = [
        "-h",
        "127.0.0.1",
        "-p",
        &port,
        "--cafile",
        &ca,
        "-u",
        user,
        "-P",
        PASSWORD,
    ];
    all.map(Into::into).into()
}
