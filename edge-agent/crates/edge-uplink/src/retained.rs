//! The retained topics this box has at the broker, remembered over restarts: what leaves the configuration while the box is off is cleared
//! by the next connection. Knows no payload.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// More topics than a box of the largest hall ever has; what vanished first is forgotten first only by name.
const TOPICS_MAX: usize = 4_096;

/// Topics published by any connection of this box, and where they are written down.
#[derive(Debug, Default)]
pub(crate) struct RetainedTopics {
    pub(crate) topics: BTreeSet<String>,
    file: Option<PathBuf>,
}

impl RetainedTopics {
    /// The topics in `file`, as far as they are below `root`: a box that was moved to another area may not write to its old place. A file that
    /// cannot be read is begun anew.
    pub(crate) fn open(file: PathBuf, root: &str) -> Self {
        let read = match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice::<BTreeSet<String>>(&bytes).map_err(Into::into),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
            Err(error) => Err(error),
        };
        let topics = read.unwrap_or_else(|error| {
            tracing::warn!(file = %file.display(), %error,
                "The list of retained topics cannot be read; what has left the configuration since is not cleared at the broker.");
            BTreeSet::new()
        });
        let below = |topic: &String| {
            let rest = topic.strip_prefix(root);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        RetainedTopics {
            topics: topics.into_iter().filter(below).take(TOPICS_MAX).collect(),
            file: Some(file),
        }
    }

    /// Writes the list down, before anything on it that is new is published. A disk that refuses is no reason not to publish.
    pub(crate) async fn save(&self) {
        let Some(file) = self.file.clone() else {
            return;
        };
        let topics = self.topics.clone();
        let saved = tokio::task::spawn_blocking(move || replace(&file, &topics)).await;
        if let Ok(Err(error)) = saved {
            tracing::warn!(%error, "The list of retained topics cannot be written; after a restart windows that are gone may stay at the broker.");
        }
    }
}

fn replace(file: &Path, topics: &BTreeSet<String>) -> io::Result<()> {
    let tmp = file.with_extension("tmp");
    let mut out = File::create(&tmp)?;
    out.write_all(&serde_json::to_vec(topics)?)?;
    out.sync_data()?;
    fs::rename(&tmp, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn topics_below_the_own_root_come_back_and_a_damaged_list_is_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("retained.json");
        let mut topics = RetainedTopics::open(file.clone(), "p/51/h/b");
        assert!(topics.topics.is_empty());
        for topic in ["p/51/h/b/meta", "p/52/h/b/meta", "p/51/h/b1/meta"] {
            topics.topics.insert(topic.into());
        }
        topics.save().await;
        let again = RetainedTopics::open(file.clone(), "p/51/h/b");
        assert!(again.topics.iter().eq(["p/51/h/b/meta"]));
        fs::write(&file, "no list").unwrap();
        let damaged = RetainedTopics::open(file, "p/51/h/b");
        assert!(damaged.topics.is_empty());
    }
}
