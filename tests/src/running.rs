//! A command of the agent that runs beside the test: the reference subscriber, a fleet.

use std::fs::File;
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tempfile::TempDir;

use crate::agent::{binary, workspace};
use crate::child::owned;
use crate::signal::{self, Signal};
use crate::wait;

/// The process. Killed when dropped.
pub struct Running {
    child: Child,
    folder: TempDir,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Exit code; `None`: a signal.
    pub code: Option<i32>,
    /// Standard output as JSON; `Null` when it is none.
    pub json: Value,
    /// Standard error.
    pub log: String,
}

impl Running {
    /// Starts `edge-agent` with these arguments.
    ///
    /// # Errors
    /// When the binary is missing.
    pub fn start(arguments: &[&str]) -> Result<Running> {
        Running::start_with(arguments, &[])
    }

    /// The same with variables added to its environment.
    ///
    /// # Errors
    /// When the binary is missing.
    pub fn start_with(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Running> {
        let folder = tempfile::tempdir()?;
        let file = |name| File::create(folder.path().join(name));
        let child = owned(binary()?)
            .args(arguments)
            .envs(environment.iter().copied())
            .current_dir(workspace())
            .stdin(Stdio::null())
            .stdout(file("out")?)
            .stderr(file("log")?)
            .spawn()
            .context("starting edge-agent")?;
        Ok(Running { child, folder })
    }

    /// What it has said to people so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Asks it to end (SIGTERM) and waits for that.
    ///
    /// # Errors
    /// When it still runs after `within`.
    pub fn stop(self, within: Duration) -> Result<Ended> {
        signal::send(self.child.id(), Signal::Term)?;
        self.wait_end(within)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it still runs after `within`; what it said is in the message.
    pub fn wait_end(mut self, within: Duration) -> Result<Ended> {
        let child = &mut self.child;
        let status = wait::until("edge-agent to end", within, || {
            child.try_wait().ok().flatten()
        });
        let status = status.with_context(|| self.log())?;
        let out = std::fs::read(self.folder.path().join("out"))?;
        Ok(Ended {
            code: status.code(),
            json: serde_json::from_slice(&out).unwrap_or_default(),
            log: self.log(),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
