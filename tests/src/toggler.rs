//! People who come and go: switches radars on and off by turns, so that events flow.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;

use crate::radar::Radar;

/// Long enough for the sensor hall's rules to confirm an absence, raise it (1 s) and let it rise to the next level (2 s), and
/// to confirm and hold a return.
const HALF_PERIOD: Duration = Duration::from_secs(3);

/// Switches its radars until dropped; each is on for a while and off for a while, all out of step.
pub struct Toggler {
    end: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Toggler {
    /// Radars `zigbee2mqtt/W1`…`Wn` at the broker on `port`, each on for 3 s and off for as long, evenly out of step.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(port: u16, windows: usize) -> Result<Toggler> {
        let radars: Vec<_> = (1..=windows)
            .map(|n| Radar::start(port, &format!("zigbee2mqtt/W{n}")))
            .collect::<Result<_>>()?;
        let step = HALF_PERIOD / u32::try_from(windows.max(1))?;
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
