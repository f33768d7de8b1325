//! A real mosquitto on 127.0.0.1, owned by the test: killed, restarted on its port, with or without memory.

use std::fs::File;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::child::owned;
use crate::port::free_port;
use crate::wait;

/// What the broker remembers over a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// Nothing: every restart forgets sessions, retained messages and messages in flight.
    None,
    /// All, in its database, as a site's broker is usually set up.
    Persistent,
}

/// What is worth a line of its log.
const LOG: &str =
    "log_type error\nlog_type warning\nlog_type notice\nlog_type information\nlog_type subscribe\n";

/// A broker. Killed when dropped; its folder goes with it.
pub struct Broker {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Broker {
    /// Starts mosquitto on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When mosquitto is not installed (`make setup`) or does not start; its log is in the message.
    pub fn start(memory: Memory) -> Result<Broker> {
        Broker::start_with(memory, "")
    }

    /// The same with more lines in its configuration.
    ///
    /// # Errors
    /// As [`Broker::start`].
    pub fn start_with(memory: Memory, more: &str) -> Result<Broker> {
        Broker::start_as(|port, folder| format!("{}{more}\n", simple(port, folder, memory)))
    }

    /// The same with a configuration of the caller's, made for a port and a folder.
    ///
    /// # Errors
    /// As [`Broker::start`].
    pub fn start_as(config: impl Fn(u16, &Path) -> String) -> Result<Broker> {
        // mosquitto cannot report port 0, so a port is probed first; when somebody is quicker, another try.
        let mut last = None;
        for _ in 0..5 {
            let mut broker = Broker {
                folder: tempfile::tempdir()?,
                port: free_port()?,
                child: None,
            };
            let folder = broker.folder.path();
            // As root mosquitto would become its own user, who may not write to our folder.
            let user = current_user().map_or_else(String::new, |u| format!("user {u}\n"));
            let text = format!("{}{user}log_dest stderr\n", config(broker.port, folder));
            std::fs::write(folder.join("mosquitto.conf"), text)?;
            match broker.restart() {
                Ok(()) => return Ok(broker),
                Err(e) => last = Some(e),
            }
        }
        Err(last.context("no try was made")?)
    }

    /// Port of 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address as the agent's configuration wants it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Ends it at once (SIGKILL), as a power cut.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Both fail only when it has ended by itself already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Ends it in order (SIGTERM), so that it saves its database if it has one.
    ///
    /// # Errors
    /// When it does not end within 5 s.
    pub fn stop(&mut self) -> Result<()> {
        let Some(child) = &mut self.child else {
            return Ok(());
        };
        crate::signal::send(child.id(), crate::signal::Signal::Term)?;
        wait::until_true("mosquitto to end", Duration::from_secs(5), || {
            matches!(child.try_wait(), Ok(Some(_)))
        })?;
        self.child = None;
        Ok(())
    }

    /// Freezes it: connections stay open, nothing is answered any more.
    ///
    /// # Errors
    /// When it does not run.
    pub fn freeze(&self) -> Result<()> {
        let child = self.child.as_ref().context("mosquitto does not run")?;
        crate::signal::send(child.id(), crate::signal::Signal::Stop)
    }

    /// Starts it (again) on its port.
    ///
    /// # Errors
    /// When it does not listen within 5 s.
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("mosquitto.log"))?;
        let mut child = owned(mosquitto())
            .arg("-c")
            .arg(self.folder.path().join("mosquitto.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("mosquitto does not start; what to do: make setup")?;
        let mut ended = None;
        let listening = wait::until_true("mosquitto to listen", Duration::from_secs(5), || {
            ended = child.try_wait().ok().flatten();
            ended.is_some() || TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
        });
        self.child = Some(child);
        if let Some(status) = ended {
            self.child = None;
            bail!("mosquitto ended with {status}: {}", self.log());
        }
        listening.with_context(|| self.log())
    }

    /// Everything it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("mosquitto.log")).unwrap_or_default()
    }

    /// How often a client has been granted a subscription since the first start.
    #[must_use]
    pub fn subscriptions(&self, client_id: &str) -> usize {
        let line = format!(": {client_id} 1 ");
        self.log().lines().filter(|l| l.contains(&line)).count()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A broker that lets everybody in.
fn simple(port: u16, folder: &Path, memory: Memory) -> String {
    let memory = match memory {
        Memory::None => "persistence false".to_owned(),
        // Saved after every change, so that SIGKILL finds it on disk.
        Memory::Persistent => format!(
            "persistence true\npersistence_location {}/\nautosave_on_changes true\nautosave_interval 1",
            folder.display()
        ),
    };
    format!(
        "listener {port} 127.0.0.1\nallow_anonymous true\n{LOG}set_tcp_nodelay true\nmax_queued_messages 0\n{memory}\n"
    )
}

/// Debian puts mosquitto where ordinary users have no search path.
fn mosquitto() -> PathBuf {
    let debian = PathBuf::from("/usr/sbin/mosquitto");
    if debian.exists() {
        debian
    } else {
        PathBuf::from("mosquitto")
    }
}

fn current_user() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let uid = status
        .lines()
        .find_map(|l| l.strip_prefix("Uid:"))?
        .split_whitespace()
        .next()?
        .to_owned();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users
        .lines()
        .map(|l| l.split(':').collect::<Vec<_>>())
        .find(|f| f.get(2) == Some(&uid.as_str()))
        .map(|f| f[0].into())
}
