//! The broker's folder: mosquitto's configuration, passwords and permissions, and the box's own password. All for the service's user only.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Login, password};

/// User name of the box; its sensor link reads all topics.
pub const BOX_LOGIN: &str = "edge-agent";
/// User name of `sensors listen` and `identify`: a name of its own, since at this broker a name is one connection.
pub const LISTEN_LOGIN: &str = "edge-agent-listen";

pub(super) const CONFIG: &str = "mosquitto.conf";
pub(super) const PID: &str = "mosquitto.pid";
const PASSWORDS: &str = "passwd";
const PERMISSIONS: &str = "acl";
const BOX_PASSWORD: &str = "box.password";
/// Hashes of made passwords, one file per login.
const MADE: &str = "logins";
/// Read and write for the owner, nothing for others.
const PRIVATE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;

/// The broker's files as they were last written.
pub(super) struct Files {
    folder: PathBuf,
    logins: Vec<Login>,
    /// Hashes of passwords that the configuration names.
    named: BTreeMap<String, String>,
    /// Hashes of passwords that the box made, as they lie in the folder.
    made: BTreeMap<String, String>,
    /// The box's own hash.
    own: String,
}

impl Files {
    /// Writes what mosquitto needs.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(folder: &Path, listen: SocketAddr, logins: Vec<Login>) -> Result<Files, String> {
        let own = password::hash(&box_password(folder)?)?;
        let mut named = BTreeMap::new();
        for login in &logins {
            if let Some(password) = &login.password {
                named.insert(login.id.clone(), password::hash(password)?);
            }
        }
        let files = Files {
            folder: folder.to_owned(),
            made: made(folder, &logins)?,
            logins,
            named,
            own,
        };
        put(&folder.join(CONFIG), &configuration(folder, listen)?)?;
        put(&folder.join(PERMISSIONS), &permissions(&files.logins))?;
        files.put_passwords()?;
        Ok(files)
    }

    /// Takes passwords that were made meanwhile; true when there are any.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn refresh(&mut self) -> Result<bool, String> {
        let made = made(&self.folder, &self.logins)?;
        if made == self.made {
            return Ok(false);
        }
        self.made = made;
        self.put_passwords()?;
        Ok(true)
    }

    /// Logins that nobody can use yet, in words; empty when there are none.
    pub fn without_password(&self) -> String {
        let known = |id: &str| self.named.contains_key(id) || self.made.contains_key(id);
        let logins = self.logins.iter().map(|login| login.id.as_str());
        let missing: Vec<&str> = logins.filter(|id| !known(id)).collect();
        match missing.as_slice() {
            [] => String::new(),
            missing => format!(
                "no password yet: {}; make it with `edge-agent sensors login`",
                missing.join(", ")
            ),
        }
    }

    fn put_passwords(&self) -> Result<(), String> {
        let mut text = format!("{BOX_LOGIN}:{}\n{LISTEN_LOGIN}:{}\n", self.own, self.own);
        for (id, hash) in self.made.iter().chain(&self.named) {
            text.push_str(&format!("{id}:{hash}\n"));
        }
        put(&self.folder.join(PASSWORDS), &text)
    }
}

/// The box's password at its own broker, made when there is none yet. Whoever asks at the same time gets the same.
///
/// # Errors
/// When the folder cannot be read or written.
pub fn box_password(folder: &Path) -> Result<String, String> {
    make_folder(folder)?;
    let path = folder.join(BOX_PASSWORD);
    let trouble = |e| format!("cannot make {}: {e}", path.display());
    if !path.exists() {
        let part = part_of(&path);
        write(&part, &password::make()?).map_err(trouble)?;
        // A link is made only where nothing is: the first one counts, whole.
        let first = fs::hard_link(&part, &path);
        fs::remove_file(&part).map_err(trouble)?;
        match first {
            Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(trouble(e)),
            _ => {}
        }
    }
    let text = fs::read_to_string(&path);
    let text = text.map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    Ok(text.trim().to_owned())
}

/// Makes a new password for a login and returns it; only its hash is kept. A running broker takes it within a second, and the one before
/// is no longer good.
///
/// # Errors
/// When the folder cannot be written.
pub fn make_password(folder: &Path, login: &str) -> Result<String, String> {
    make_folder(folder)?;
    make_folder(&folder.join(MADE))?;
    let password = password::make()?;
    put(&folder.join(MADE).join(login), &password::hash(&password)?)?;
    Ok(password)
}

/// Made passwords of these logins. A login that is no longer configured keeps its file, and does not get in.
fn made(folder: &Path, logins: &[Login]) -> Result<BTreeMap<String, String>, String> {
    let mut made = BTreeMap::new();
    for login in logins.iter().filter(|login| login.password.is_none()) {
        let path = folder.join(MADE).join(&login.id);
        match fs::read_to_string(&path) {
            Ok(hash) if password::is_hash(&hash) => {
                made.insert(login.id.clone(), hash);
            }
            Ok(_) => {
                return Err(format!(
                    "{} is damaged; what to do: edge-agent sensors login {}",
                    path.display(),
                    login.id
                ));
            }
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => return Err(format!("cannot read {}: {e}", path.display())),
        }
    }
    Ok(made)
}

fn configuration(folder: &Path, listen: SocketAddr) -> Result<String, String> {
    let at = |name: &str| folder.join(name).display().to_string();
    let (config, passwords, permissions, pid) = (at(""), at(PASSWORDS), at(PERMISSIONS), at(PID));
    if config.contains(char::is_control) {
        return Err(format!(
            "{config} cannot stand in mosquitto's configuration"
        ));
    }
    let (port, ip) = (listen.port(), listen.ip());
    // "user" counts only for a mosquitto that root starts: else it would become a user who may not read its own files.
    // A packet is at most 1 MiB: the longest in use is Zigbee2MQTT's list of devices. What a slow reader does not take is held up to
    // 1,000 messages each. Kept messages are saved every 30 s and at the end.
    Ok(format!(
        "# Written by edge-agent at every start.
listener {port} {ip}
allow_anonymous false
password_file {passwords}
acl_file {permissions}
use_username_as_clientid true
user root
pid_file {pid}
persistence true
persistence_location {config}
autosave_interval 30
message_size_limit 1048576
max_connections 500
max_queued_messages 1000
max_inflight_messages 100
set_tcp_nodelay true
sys_interval 0
log_dest stderr
log_timestamp false
log_type error
log_type warning
log_type notice
log_type information
"
    ))
}

fn permissions(logins: &[Login]) -> String {
    let mut text = format!("user {BOX_LOGIN}\ntopic read #\n\nuser {LISTEN_LOGIN}\ntopic read #\n");
    for login in logins {
        text.push_str(&format!("\nuser {}\n", login.id));
        for topic in &login.topics {
            text.push_str(&format!("topic readwrite {topic}\n"));
        }
    }
    text
}

fn make_folder(folder: &Path) -> Result<(), String> {
    let trouble = |e| format!("cannot make {}: {e}", folder.display());
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.mode(PRIVATE_FOLDER).recursive(true);
    builder.create(folder).map_err(trouble)?;
    as_parent(folder).map_err(trouble)
}

/// Writes a file whole or not at all, for nobody else to read.
fn put(path: &Path, text: &str) -> Result<(), String> {
    let part = part_of(path);
    let put = write(&part, text).and_then(|()| fs::rename(&part, path));
    put.map_err(|e| format!("cannot write {}: {e}", path.display()))
}

/// A name beside the file that nobody else writes to.
fn part_of(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    path.with_file_name(format!(".{name}.{process}-{count}"))
}

fn write(part: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut out = options
        .write(true)
        .create_new(true)
        .mode(PRIVATE)
        .open(part)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    as_parent(part)
}

/// Gives what root has made to whom its folder belongs: the service's user has to read it.
fn as_parent(path: &Path) -> std::io::Result<()> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    let (own, theirs) = (fs::metadata(path)?, fs::metadata(parent)?);
    if own.uid() != theirs.uid() && own.uid() == 0 {
        chown(path, Some(theirs.uid()), Some(theirs.gid()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_for_the_boxs_password_at_the_same_time_gets_the_same() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let folder = folder.path().join("sensor-broker");
            let passwords: Vec<String> = std::thread::scope(|scope| {
                let asked: Vec<_> = (0..8)
                    .map(|_| scope.spawn(|| box_password(&folder).unwrap()))
                    .collect();
                asked.into_iter().map(|a| a.join().unwrap()).collect()
            });
            assert!(
                passwords.iter().all(|p| *p == passwords[0]),
                "{passwords:?}"
            );
            assert!(!passwords[0].is_empty());
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        }
    }
}
