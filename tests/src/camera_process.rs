//! Cameras in a process of their own (`rtsp-camera`), which can be killed or frozen as a whole: sockets and all.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use anyhow::{Context, Result};

use crate::agent::beside_this_program;
use crate::child::owned;
use crate::signal::{self, Signal};
use crate::truth::clips;

/// A running `rtsp-camera`. Killed when dropped.
pub struct CameraProcess {
    child: Child,
    port: u16,
}

impl CameraProcess {
    /// Plays `CLIP.CAMERA.mp4` of the fixtures as camera `CAMERA`, on `port` or a free one, and waits until it listens.
    ///
    /// # Errors
    /// When the program is missing or ends.
    pub fn start(clip: &str, camera: &str, port: Option<u16>) -> Result<CameraProcess> {
        let file = clips().join(format!("{clip}.{camera}.mp4"));
        let program = beside_this_program(Path::new("rtsp-camera"))?;
        let mut command = owned(program);
        if let Some(port) = port {
            command.arg("--port").arg(port.to_string());
        }
        let mut child = command
            .arg(format!("{camera}={}", file.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting rtsp-camera")?;
        let said = child
            .stdout
            .take()
            .context("rtsp-camera without standard output")?;
        let mut camera = CameraProcess { child, port: 0 };
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        camera.port = line
            .trim()
            .parse()
            .with_context(|| format!("rtsp-camera says '{line}', not its port"))?;
        Ok(camera)
    }

    /// Address of its camera.
    #[must_use]
    pub fn url(&self, camera: &str) -> String {
        format!("rtsp://127.0.0.1:{}/{camera}", self.port)
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// When it has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        signal::send(self.child.id(), signal)
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for CameraProcess {
    fn drop(&mut self) {
        self.kill();
    }
}
