//! A broker as a site runs it: the very files of `edge-agent/docs/mqtt/broker`, with a port and folders of the test's, certificates of
//! an authority of its own, and passwords for everybody.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::agent::workspace;
use crate::broker::Broker;

/// Everybody's password, whatever the user.
pub const PASSWORD: &str = "correct-horse";

/// An authority, the broker's certificate, passwords and the access list: `/etc/mosquitto/hall`.
pub struct Site {
    folder: TempDir,
}

impl Site {
    /// With these users beside those of the access list.
    ///
    /// # Errors
    /// When openssl or mosquitto_passwd is missing (`make setup`).
    pub fn new(boxes: &[&str]) -> Result<Site> {
        let site = Site {
            folder: tempfile::tempdir()?,
        };
        let folder = site.folder.path();
        std::fs::write(
            folder.join("san"),
            "subjectAltName=IP:127.0.0.1,DNS:localhost\n",
        )?;
        for arguments in [
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-authority -keyout ca.key -out ca.crt",
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout broker.key -out broker.csr",
            "x509 -req -in broker.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile san -out broker.crt",
        ] {
            run("openssl", &arguments.split(' ').collect::<Vec<_>>(), folder)?;
        }
        let acl = std::fs::read_to_string(documented("acl.conf"))?;
        std::fs::write(folder.join("acl.conf"), &acl)?;
        std::fs::write(folder.join("passwords"), "")?;
        let named = acl.lines().filter_map(|l| l.strip_prefix("user "));
        for user in named.chain(boxes.iter().copied()) {
            run(
                "mosquitto_passwd",
                &["-b", "passwords", user, PASSWORD],
                folder,
            )?;
        }
        Ok(site)
    }

    /// The authority's certificate.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// A file with the password, as `password_file` of a box wants it.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn password_file(&self) -> Result<PathBuf> {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.folder.path().join("password");
        std::fs::write(&path, PASSWORD)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(path)
    }

    /// A broker as documented; with `up`, also a bridge: its file and the port it goes to.
    ///
    /// # Errors
    /// When mosquitto does not take the files.
    pub fn broker(&self, up: Option<(&str, u16)>) -> Result<Broker> {
        let mut text = std::fs::read_to_string(documented("mosquitto.conf"))?;
        if let Some((file, port)) = up {
            let bridge = std::fs::read_to_string(documented(file))?;
            let address = bridge
                .lines()
                .find(|l| l.starts_with("address "))
                .context("a bridge has an address")?;
            text += &bridge
                .replace(address, &format!("address 127.0.0.1:{port}"))
                .replace("change-me", PASSWORD)
                // Impatient, so that a test need not wait.
                .replace("restart_timeout 2 60", "restart_timeout 1 2");
        }
        let files = format!("{}/", self.folder.path().display());
        Broker::start_as(|port, folder| {
            text.replace("listener 8883", &format!("listener {port} 127.0.0.1"))
                .replace("/etc/mosquitto/hall/", &files)
                .replace("/var/lib/mosquitto/", &format!("{}/", folder.display()))
        })
    }
}

/// A file of the operations page.
fn documented(name: &str) -> PathBuf {
    workspace().join("edge-agent/docs/mqtt/broker").join(name)
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> Result<()> {
    let done = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .with_context(|| format!("{program}; what to do: make setup"))?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{program} {arguments:?}: {said}");
    Ok(())
}
