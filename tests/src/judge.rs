//! The judge of what arrives: the reference subscriber (`edge-agent central`) with a session of its own at a broker.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;
use tempfile::TempDir;

use crate::broker::Broker;
use crate::running::{Ended, Running};
use crate::site::{PASSWORD, Site};
use crate::wait;

/// The subscriber's name at the broker.
const CLIENT_ID: &str = "hall-central";
/// A report takes this long at most, however loaded the machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// Where it listens and what it knows so far.
pub struct Judge {
    url: String,
    login: Vec<String>,
    state: TempDir,
}

/// A judge that listens all the time.
pub struct Listening {
    running: Running,
}

impl Judge {
    /// Knows nothing yet.
    ///
    /// # Errors
    /// When no folder is to be had.
    pub fn new(broker: &Broker) -> Result<Judge> {
        Ok(Judge {
            url: broker.url(),
            login: Vec::new(),
            state: tempfile::tempdir()?,
        })
    }

    /// The same at a broker with TLS and users.
    ///
    /// # Errors
    /// As [`Judge::new`].
    pub fn at_site(site: &Site, broker: &Broker, user: &str, follow: &str) -> Result<Judge> {
        let ca = site.ca_file().display().to_string();
        let login = ["--user", user, "--ca-file", &ca, "--follow", follow];
        Ok(Judge {
            url: format!("mqtts://127.0.0.1:{}", broker.port()),
            login: login.map(Into::into).into(),
            ..Judge::new(broker)?
        })
    }

    fn run(&self, more: &[&str]) -> Result<Running> {
        let state = self.state.path().display().to_string();
        let arguments = ["central", "--broker", &self.url, "--state", &state];
        // Time is simulated, or the clock is what is tried.
        let rest = ["--clock-tolerance", "off", "--json"];
        let login: Vec<&str> = self.login.iter().map(String::as_str).collect();
        Running::start_with(
            &[&arguments[..], &rest, &login, more].concat(),
            &[("EDGE_BROKER_PASSWORD", PASSWORD)],
        )
    }

    /// Listens beside the test, from when the broker has granted the subscription.
    ///
    /// # Errors
    /// When that does not happen.
    pub fn listen(&self, broker: &Broker) -> Result<Listening> {
        let before = self.granted(broker);
        let running = self.run(&[])?;
        wait::until_true("the judge to subscribe", Duration::from_secs(30), || {
            self.granted(broker) > before
        })?;
        Ok(Listening { running })
    }

    /// How often the broker has granted it its subscription.
    #[must_use]
    pub fn granted(&self, broker: &Broker) -> usize {
        broker.subscriptions(CLIENT_ID)
    }

    /// Has the broker keep a session from now on.
    ///
    /// # Errors
    /// When there is no broker.
    pub fn begin(&self, broker: &Broker) -> Result<()> {
        self.listen(broker)?.end().map(|_| ())
    }

    /// Hears what there still is until nothing comes for two seconds, compares with what was published, and judges.
    ///
    /// # Errors
    /// When it does not come to an end.
    pub fn hear(&self, published: Option<&Path>) -> Result<Ended> {
        let path = published.map(|p| p.display().to_string());
        let mut more = vec!["--until-idle", "2s"];
        if let Some(path) = &path {
            more.extend(["--expect", path]);
        }
        self.run(&more)?.wait_end(PATIENCE)
    }
}

impl Listening {
    /// Ends it in order and gives its report.
    ///
    /// # Errors
    /// When it does not end.
    pub fn end(self) -> Result<Ended> {
        self.running.stop(PATIENCE)
    }
}

impl Ended {
    /// A number of the report.
    #[must_use]
    pub fn count(&self, what: &str) -> Option<u64> {
        self.json[what].as_u64()
    }

    /// Panics unless no record is missing or doubled, every chain holds and every message is valid.
    #[track_caller]
    pub fn assert_clean(&self) {
        for what in [
            "missing",
            "announced_gone",
            "lasting_duplicates",
            "chain_faults",
            "wrong_heads",
            "invalid",
        ] {
            assert_eq!(
                self.json[what],
                Value::from(0),
                "{what}: {:#}\n{}",
                self.json,
                self.log
            );
        }
        assert_eq!(self.code, Some(0), "{:#}\n{}", self.json, self.log);
    }
}
