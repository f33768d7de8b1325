//! The uplink watches its certificates: what the files say now goes into its status, and what will soon not work is said in time.

use std::time::Duration;

use crate::clock::tick;
use crate::mqtt::Uplink;
use crate::tls;

/// The same warning is repeated this often.
const WARN_EVERY: Duration = Duration::from_secs(86_400);

impl Uplink {
    /// Reads the configured files. What cannot be read is the next connection's trouble, which says so.
    pub(crate) async fn look_at_certificates(&mut self) {
        let Some(tls) = self.cfg.tls.clone() else {
            return;
        };
        let read = tokio::task::spawn_blocking(move || tls::certificates(&tls)).await;
        let Ok(Ok(certificates)) = read else {
            return;
        };
        let now = (self.wall)().unix_ms;
        let trouble = certificates.iter().find_map(|c| c.trouble(now));
        self.tell(|status| status.certificates = certificates);
        let Some(words) = trouble else {
            self.warned = None;
            return;
        };
        let is_new = self
            .warned
            .as_ref()
            .is_none_or(|(said, at)| *said != words || at.elapsed() >= WARN_EVERY);
        if is_new {
            tracing::warn!(reason = %words, "A certificate of the uplink needs attention.");
            self.warned = Some((words, tick()));
        }
    }
}
