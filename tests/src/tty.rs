//! Serial lines without wires: pairs of pseudo-terminals held by socat. Cut when dropped.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::child::owned;
use crate::wait;

/// Two ends of one line.
pub struct LinePair {
    child: Child,
    near: PathBuf,
    far: PathBuf,
}

impl LinePair {
    /// A line whose ends are the devices `near` and `far` in `folder`.
    ///
    /// # Errors
    /// When socat is not installed (`make setup-test`).
    pub fn lay(folder: &Path) -> Result<LinePair> {
        let (near, far) = (folder.join("tty-near"), folder.join("tty-far"));
        let child = owned("socat")
            .args([&near, &far].map(|end| terminal(end)))
            .stdin(Stdio::null())
            .spawn()
            .context("socat does not start; what to do: make setup-test")?;
        wait::until_true("the line", Duration::from_secs(10), || {
            near.exists() && far.exists()
        })?;
        Ok(LinePair { child, near, far })
    }

    /// The end for the box.
    #[must_use]
    pub fn near(&self) -> &Path {
        &self.near
    }

    /// The end for the device.
    #[must_use]
    pub fn far(&self) -> &Path {
        &self.far
    }
}

impl Drop for LinePair {
    fn drop(&mut self) {
        pull(&mut self.child, &[&self.near, &self.far]);
    }
}

/// A device that only speaks: what is written here comes out of a terminal.
pub struct Talker {
    child: Child,
    device: PathBuf,
    mouth: ChildStdin,
}

impl Talker {
    /// Plugs it in at `device`.
    ///
    /// # Errors
    /// When socat is not installed (`make setup-test`).
    pub fn plug_in(device: &Path) -> Result<Talker> {
        let mut child = owned("socat")
            .args(["-u", "-", &terminal(device)])
            .stdin(Stdio::piped())
            .spawn()
            .context("socat does not start; what to do: make setup-test")?;
        let mouth = child.stdin.take().context("stdin")?;
        wait::until_true("the line", Duration::from_secs(10), || device.exists())?;
        Ok(Talker {
            child,
            device: device.to_owned(),
            mouth,
        })
    }

    /// Says these bytes.
    ///
    /// # Errors
    /// When it is unplugged.
    pub fn say(&mut self, bytes: &[u8]) -> Result<()> {
        self.mouth.write_all(bytes)?;
        self.mouth.flush()?;
        Ok(())
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        pull(&mut self.child, &[&self.device]);
    }
}

fn terminal(device: &Path) -> String {
    format!("pty,raw,echo=0,link={}", device.display())
}

fn pull(child: &mut Child, devices: &[&Path]) {
    for device in devices {
        // A device that is unplugged has no name any more; a killed socat would leave it, to become another's.
        let _ = std::fs::remove_file(device);
    }
    // Both fail only when it has ended already.
    let _ = child.kill();
    let _ = child.wait();
}
