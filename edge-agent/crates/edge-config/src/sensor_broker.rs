//! The broker on which sensors speak: one that is there, or the box's own with its logins. Knows no process and no file.

use std::net::SocketAddr;

use crate::config::Broker;
use crate::secret::Secret;
use crate::topic_filter;

/// The sensors' broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SensorBroker {
    /// One that is there already.
    Existing(Broker),
    /// One that the box runs itself.
    Own(OwnBroker),
}

/// A broker of the box's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnBroker {
    /// Where devices reach it.
    pub listen: SocketAddr,
    /// Who may log in. No two of them can write the same topic.
    pub logins: Vec<BrokerLogin>,
}

/// A device that may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerLogin {
    /// User name.
    pub id: String,
    /// Topics it writes and reads, with wildcards; never empty.
    pub topics: Vec<String>,
    /// Password named in the configuration; `None`: made by the box.
    pub password: Option<Secret>,
}

impl BrokerLogin {
    /// Whether it may write this concrete topic.
    #[must_use]
    pub fn may_write(&self, topic: &str) -> bool {
        self.topics
            .iter()
            .any(|filter| topic_filter::overlap(filter, topic))
    }
}
