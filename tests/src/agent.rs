//! The agent as a child process: the real binary, driven by its command line and signals, watched by its log and HTTP.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::child::owned;
use crate::hall::Hall;
use crate::http::Http;
use crate::signal::{self, Signal};
use crate::wait;

/// A running agent. Killed when dropped; its log stays with the hall's folder.
pub struct Agent {
    child: Child,
    log: PathBuf,
    http: Http,
}

impl Agent {
    /// Starts `edge-agent run` on a hall and waits until it answers at `/health`.
    ///
    /// # Errors
    /// When it ends or does not answer within 30 s; its log is in the message.
    pub fn start(hall: &Hall) -> Result<Agent> {
        Agent::start_from(hall, None)
    }

    /// The same with a binary named by the caller.
    ///
    /// # Errors
    /// As [`Agent::start`].
    pub fn start_from(hall: &Hall, program: Option<&Path>) -> Result<Agent> {
        let mut agent = Agent::spawn(hall, program)?;
        agent.wait_ready()?;
        Ok(agent)
    }

    /// Starts it without waiting; the binary is the caller's or [`binary`].
    ///
    /// # Errors
    /// When the binary is missing.
    pub fn spawn(hall: &Hall, program: Option<&Path>) -> Result<Agent> {
        let log = hall.folder().join("agent.log");
        let file = File::options().create(true).append(true).open(&log)?;
        let mut command = owned(program.map_or_else(binary, |p| Ok(p.to_owned()))?);
        command
            .args(["run", "--log", "json", "--config"])
            .arg(hall.write()?);
        for (name, value) in hall.environment() {
            command.env(name, value);
        }
        let child = command
            .current_dir(workspace())
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .context("starting edge-agent")?;
        Ok(Agent {
            child,
            log,
            http: Http::new(hall.port()),
        })
    }

    /// Waits until it answers at `/health`, healthy or not.
    ///
    /// # Errors
    /// As [`Agent::start`].
    pub fn wait_ready(&mut self) -> Result<()> {
        let mut ended = None;
        let (child, http) = (&mut self.child, &self.http);
        let answer = wait::until_true(
            "edge-agent to answer at /health",
            Duration::from_secs(30),
            || {
                ended = child.try_wait().ok().flatten();
                ended.is_some() || http.get("/health").is_ok()
            },
        );
        if let Some(status) = ended {
            bail!("edge-agent ended with {status}: {}", self.log());
        }
        answer.with_context(|| self.log())
    }

    /// Its HTTP interface.
    #[must_use]
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// `/health` as JSON, whatever its verdict (a critical box answers with status 503); `Null` when it does not answer.
    #[must_use]
    pub fn health(&self) -> Value {
        self.http
            .get("/health")
            .and_then(|answer| answer.json())
            .unwrap_or_default()
    }

    /// Newest sequence number of its log; `None` when it does not answer.
    #[must_use]
    pub fn stored(&self) -> Option<u64> {
        self.health()["store"]["seq"].as_u64()
    }

    /// Process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything this and earlier agents of the same hall have logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// When it has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        signal::send(self.pid(), signal)
    }

    /// Waits for its end, with the time that took.
    ///
    /// # Errors
    /// When it still runs after `within`; its log is in the message.
    pub fn wait_end(&mut self, within: Duration) -> Result<(ExitStatus, Duration)> {
        let began = Instant::now();
        let child = &mut self.child;
        let status = wait::until("edge-agent to end", within, || {
            child.try_wait().ok().flatten()
        })
        .with_context(|| std::fs::read_to_string(&self.log).unwrap_or_default())?;
        Ok((status, began.elapsed()))
    }

    /// Ends it in order (SIGTERM), within the promised 15 s.
    ///
    /// # Errors
    /// When it takes longer.
    pub fn stop(&mut self) -> Result<(ExitStatus, Duration)> {
        self.signal(Signal::Term)?;
        self.wait_end(Duration::from_secs(15))
    }

    /// Ends it at once (SIGKILL).
    pub fn kill(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Memory in use, in bytes (resident set).
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident_bytes(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let line = status
            .lines()
            .find_map(|l| l.strip_prefix("VmRSS:"))
            .context("no VmRSS")?;
        let kib: u64 = line
            .split_whitespace()
            .next()
            .context("no number")?
            .parse()?;
        Ok(kib * 1024)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs the binary to its end with `arguments`.
///
/// # Errors
/// When it is missing.
pub fn run(arguments: &[&str]) -> Result<Output> {
    run_with(arguments, &[])
}

/// The same with variables added to its environment.
///
/// # Errors
/// When it is missing.
pub fn run_with(arguments: &[&str], environment: &[(String, String)]) -> Result<Output> {
    owned(binary()?)
        .args(arguments)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir(workspace())
        .stdin(Stdio::null())
        .output()
        .context("edge-agent")
}

/// Root of the workspace.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("invariant: this crate lies in the workspace")
}

/// The agent's binary: `EDGE_AGENT`, else the one built into the same target folder as the running program.
///
/// # Errors
/// Says how to build it when it is not there.
pub fn binary() -> Result<PathBuf> {
    match std::env::var_os("EDGE_AGENT") {
        Some(path) => Ok(path.into()),
        None => beside_this_program(Path::new("edge-agent")),
    }
}

/// A program of the workspace, built into the same target folder as the running one (tests lie one folder deeper).
///
/// # Errors
/// Says how to build it when it is not there.
pub fn beside_this_program(name: &Path) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    own.ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .with_context(|| {
            let (name, own) = (name.display(), own.display());
            format!(
                "no {name} beside {own}; what to do: cargo build -p edge-agent -p edge-tests --bins"
            )
        })
}
