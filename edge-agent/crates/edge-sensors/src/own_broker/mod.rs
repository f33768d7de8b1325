//! The broker of a hall that has none: a mosquitto that the box sets up, runs and ends. It lets in the box and the configured logins,
//! each to its own topics. Owns the process and its folder; knows no sensor.

mod files;
mod password;
mod process;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use files::{BOX_LOGIN, LISTEN_LOGIN, box_password, make_password};
pub use process::program;

use crate::mqtt::LinkStatus;
use files::Files;
use process::{News, Process};

/// A device that may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// User name; at the broker also the client id, so that no device can take another's connection.
    pub id: String,
    /// Topics it writes and reads, with wildcards.
    pub topics: Vec<String>,
    /// Its password; `None`: what [`make_password`] made, if it did.
    pub password: Option<String>,
}

/// How often new passwords are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The box's own broker.
#[derive(Debug)]
pub struct OwnBroker {
    listen: SocketAddr,
    folder: PathBuf,
    logins: Vec<Login>,
    /// How often it ended by itself, and how the last time: for /health, since it is mostly back before anybody looks.
    falls: Mutex<(u64, String)>,
}

impl OwnBroker {
    /// A broker that devices reach at `listen`, with its files in `folder` (made if missing). Does no IO.
    #[must_use]
    pub fn new(listen: SocketAddr, folder: PathBuf, logins: Vec<Login>) -> Self {
        OwnBroker {
            listen,
            folder,
            logins,
            falls: Mutex::default(),
        }
    }

    /// Folder of its files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the box itself reaches it.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        let ip = match self.listen.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, self.listen.port())
    }

    /// Runs the broker until cancelled. One that an earlier run left behind is ended first.
    ///
    /// # Errors
    /// When it cannot start or has ended; in words for a person.
    pub async fn run(
        &self,
        status: watch::Sender<LinkStatus>,
        cancel: CancellationToken,
    ) -> Result<(), String> {
        let ended = self.attempt(&status, &cancel).await;
        if let Err(why) = &ended {
            let mut falls = self.falls.lock().unwrap_or_else(PoisonError::into_inner);
            *falls = (falls.0 + 1, why.clone());
            status.send_modify(|s| {
                s.connected = false;
                s.trouble.clone_from(why);
            });
        }
        ended
    }

    async fn attempt(
        &self,
        status: &watch::Sender<LinkStatus>,
        cancel: &CancellationToken,
    ) -> Result<(), String> {
        process::end_stale(&self.folder).await?;
        let mut files = self.files().await?;
        let mut process = Process::start(&self.folder).await?;
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => {
                    process.end().await;
                    return Ok(());
                }
                news = process.news() => match news {
                    News::Running => {
                        tracing::info!(listen = %self.listen, logins = self.logins.len(), "The box's own sensor broker runs.");
                        status.send_modify(|s| {
                            s.connected = true;
                            s.trouble = self.remarks(&files);
                        });
                    }
                    News::Ended(how) => return Err(how),
                },
                _ = look.tick() => {
                    let (fresh, changed) = tokio::task::spawn_blocking(move || {
                        let changed = files.refresh()?;
                        Ok::<_, String>((files, changed))
                    })
                    .await
                    .map_err(|e| e.to_string())??;
                    files = fresh;
                    if changed {
                        process.reload();
                        tracing::info!("The sensor broker takes new passwords.");
                        status.send_modify(|s| s.trouble = files.without_password());
                    }
                }
            }
        }
    }

    /// What is to be known of a broker that runs; empty when there is nothing.
    fn remarks(&self, files: &Files) -> String {
        let falls = self.falls.lock().unwrap_or_else(PoisonError::into_inner);
        let fallen = match &*falls {
            (0, _) => String::new(),
            (times, why) => format!("started again {times} times, the last because {why}"),
        };
        let remarks = [fallen, files.without_password()];
        remarks
            .into_iter()
            .filter(|r| !r.is_empty())
            .collect::<Vec<_>>()
            .join("; ")
    }

    async fn files(&self) -> Result<Files, String> {
        let (folder, listen, logins) = (self.folder.clone(), self.listen, self.logins.clone());
        tokio::task::spawn_blocking(move || Files::write(&folder, listen, logins))
            .await
            .map_err(|e| e.to_string())?
    }
}
