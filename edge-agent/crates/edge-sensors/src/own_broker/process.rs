//! The broker's process: started so that it cannot outlive the box, watched by what it logs, ended in order. Knows no MQTT.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use super::files::{CONFIG, PID};

/// mosquitto saves what it keeps and ends within this time, or is killed.
const END_WITHIN: Duration = Duration::from_secs(2);
/// The same for one that an earlier run has left behind.
const STALE_WITHIN: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What happens to the process.
pub(super) enum News {
    /// It takes connections.
    Running,
    /// It has ended; in words for a person.
    Ended(String),
}

/// A running mosquitto.
pub(super) struct Process {
    pid: Pid,
    news: mpsc::Receiver<News>,
}

/// Where mosquitto lies: Debian puts it where ordinary users have no search path.
///
/// # Errors
/// Says how to install it.
pub fn program() -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    (std::env::split_paths(&path).chain(["/usr/sbin".into()]))
        .map(|folder| folder.join("mosquitto"))
        .find(|program| program.is_file())
        .ok_or_else(|| {
            "mosquitto is not installed; what to do: apt-get install mosquitto && systemctl disable --now mosquitto (the box starts its own)".into()
        })
}

impl Process {
    /// Starts mosquitto on the folder's configuration.
    pub async fn start(folder: &Path) -> Result<Process, String> {
        let mut command = Command::new("setpriv");
        // setpriv (util-linux, part of every Debian) asks the kernel to end the process with the thread that started it, and then
        // becomes mosquitto: whatever ends the box, kill -9 included, the broker saves what it keeps and ends too.
        command
            .args(["--pdeathsig", "TERM", "--"])
            .arg(program()?)
            .arg("-c")
            .arg(folder.join(CONFIG))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let (started, start) = oneshot::channel();
        // Two pieces of news in the life of a process.
        let (tell, news) = mpsc::channel(2);
        // A thread of its own, since the kernel's promise is about the starting thread and those of the runtime come and go.
        std::thread::Builder::new()
            .name("sensor-broker".into())
            .spawn(move || match command.spawn() {
                Ok(child) => {
                    // The receiver is gone only when the box is ending; then the broker is ended below by its closed output.
                    let _ = started.send(Ok(child.id()));
                    watch(child, &tell);
                }
                Err(e) => {
                    let _ = started.send(Err(format!("setpriv does not start: {e}")));
                }
            })
            .map_err(|e| format!("no thread for the broker: {e}"))?;
        let id = start.await.map_err(|e| e.to_string())??;
        let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or("a process without a number")?;
        Ok(Process { pid, news })
    }

    /// What happens next.
    pub async fn news(&mut self) -> News {
        let lost = || News::Ended("the broker's watcher ended".into());
        self.news.recv().await.unwrap_or_else(lost)
    }

    /// Reads passwords and permissions again.
    pub fn reload(&self) {
        self.signal(Signal::HUP);
    }

    /// Ends it in order.
    pub async fn end(mut self) {
        self.signal(Signal::TERM);
        let ended = async { while !matches!(self.news().await, News::Ended(_)) {} };
        if timeout(END_WITHIN, ended).await.is_err() {
            tracing::warn!("The sensor broker did not end in time and is killed.");
            self.signal(Signal::KILL);
        }
    }

    fn signal(&self, signal: Signal) {
        // Fails only when it has ended, which `news` tells.
        let _ = kill_process(self.pid, signal);
    }
}

/// An attempt that is given up takes its broker with it.
impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
    }
}

/// Passes on what the broker logs, and waits for its end.
fn watch(mut child: Child, news: &mpsc::Sender<News>) {
    let mut last_error = String::new();
    let mut output = child.stderr.take().map(BufReader::new);
    let mut bytes = Vec::new();
    // Read to its end whatever it holds: a broker whose output nobody takes would stand still.
    while let Some(Ok(1..)) = output.as_mut().map(|o| o.read_until(b'\n', &mut bytes)) {
        let line = String::from_utf8_lossy(&std::mem::take(&mut bytes))
            .trim_end()
            .to_owned();
        let is_refusal = line.contains("not authorised") || line.contains("already connected");
        if line.starts_with("mosquitto version") && line.ends_with("running") {
            let _ = news.try_send(News::Running);
        } else if line.starts_with("Error") {
            tracing::warn!(%line, "Sensor broker.");
            last_error = line;
        } else if is_refusal {
            tracing::info!(%line, "Sensor broker.");
        } else {
            tracing::debug!(%line, "Sensor broker.");
        }
    }
    let status = child
        .wait()
        .map_or_else(|e| e.to_string(), |s| s.to_string());
    let why = match last_error.as_str() {
        "" => format!("the broker ended ({status})"),
        error => format!("the broker ended ({status}): {error}"),
    };
    // Full or closed: nobody waits any more.
    let _ = news.try_send(News::Ended(why));
}

/// Ends a broker that an earlier run left behind: known by its number and by this folder's configuration on its command line.
///
/// # Errors
/// When it cannot be ended.
pub(super) async fn end_stale(folder: &Path) -> Result<(), String> {
    let config = folder.join(CONFIG);
    let Some(pid) = left_behind(folder, &config) else {
        return Ok(());
    };
    tracing::warn!(
        pid = pid.as_raw_nonzero(),
        "A sensor broker of an earlier run is still there and is ended."
    );
    for signal in [Signal::TERM, Signal::KILL] {
        kill_process(pid, signal)
            .map_err(|e| format!("the broker of an earlier run ({pid:?}) cannot be ended: {e}"))?;
        let deadline = Instant::now() + STALE_WITHIN;
        // Not our child, so there is nothing to wait on but its entry in /proc.
        while left_behind(folder, &config).is_some() && Instant::now() < deadline {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        if left_behind(folder, &config).is_none() {
            return Ok(());
        }
    }
    Err(format!(
        "the broker of an earlier run ({pid:?}) does not end"
    ))
}

fn left_behind(folder: &Path, config: &Path) -> Option<Pid> {
    let text = std::fs::read_to_string(folder.join(PID)).ok()?;
    let number: i32 = text.trim().parse().ok()?;
    let line = std::fs::read(format!("/proc/{number}/cmdline")).ok()?;
    let mut arguments = line.split(|byte| *byte == 0);
    let ours = arguments.any(|argument| argument == config.as_os_str().as_encoded_bytes());
    Pid::from_raw(number).filter(|_| ours)
}
