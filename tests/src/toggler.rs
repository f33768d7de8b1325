//! People who come and go: switches radars on and off by turns, so that events flow.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;

use crate::radar::Radar;

/// Switches its radars until dropped; each is on for a while and off for a while, all out of step.
pub struct Toggler {
    end: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Toggler {
    /// Radars `zigbee2mqtt/W1`…`Wn` at the broker on `port`; one of them changes every `step`.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(port: u16, windows: usize, step: Duration) -> Result<Toggler> {
        let radars: Vec<_> = (1..=windows)
            .map(|n| Radar::start(port, &format!("zigbee2mqtt/W{n}")))
            .collect::<Result<_>>()?;
        // Capacity 1; nothing is ever sent: its closing is the end.
        let (end, ended) = sync_channel::<()>(1);
        let thread = std::thread::Builder::new()
            .name("toggler".into())
            .spawn(move || {
                let mut present = vec![true; radars.len()];
                for turn in (0..radars.len()).cycle() {
                    if ended.recv_timeout(step) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                    present[turn] = !present[turn];
                    radars[turn].set(present[turn]);
                }
            })?;
        Ok(Toggler {
            end: Some(end),
            thread: Some(thread),
        })
    }
}

impl Drop for Toggler {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed.
            let _ = thread.join();
        }
    }
}
