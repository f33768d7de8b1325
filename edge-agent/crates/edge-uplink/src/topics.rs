//! The topic tree of contract v1: `{prefix}/{province}/{city}/{county}/{hall}/{box}/…`. Pure.

use crate::error::UplinkError;

macro_rules! topics {
    ($($(#[$doc:meta])* $name:ident = $pattern:literal),+ $(,)?) => {
        /// Every topic of the contract, below the box's own root.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Topic { $($(#[$doc])* $name),+ }

        impl Topic {
            /// All of them.
            pub const ALL: &'static [Topic] = &[$(Topic::$name),+];

            /// Below the root; the last level may stand for an id.
            #[must_use]
            pub const fn pattern(self) -> &'static str {
                match self { $(Topic::$name => $pattern),+ }
            }
        }
    };
}

topics! {
    /// Online or not; also the last will.
    Status = "status",
    /// What the box is and has.
    Meta = "meta",
    /// Present state of a window.
    WindowState = "state/window/{id}",
    /// Present state of a queue.
    QueueState = "state/queue/{id}",
    /// Events and gaps.
    Event = "event",
    /// Summary of the last minute.
    SummaryLive = "summary/live",
    /// Figures of a quarter of an hour, an hour, a day, a month.
    Rollup = "summary/{period}",
    /// The centre's commands.
    Command = "cmd/{verb}",
    /// The answer to a command.
    Reply = "reply/{tx}",
    /// The centre's own acknowledgement.
    Ack = "ack",
}

/// Topics of one box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    root: String,
    source: String,
}

impl Topics {
    /// The tree of a box. `prefix` may have several levels (`hall/v1`); `area` holds the division codes from province
    /// down, of any depth.
    ///
    /// # Errors
    /// When a level is empty, too long, or holds a character that means something else in a topic.
    pub fn new(
        prefix: &str,
        area: &[String],
        hall: &str,
        box_id: &str,
    ) -> Result<Self, UplinkError> {
        let below: Vec<&str> = area
            .iter()
            .map(String::as_str)
            .chain([hall, box_id])
            .collect();
        for level in prefix.split('/').chain(
            below
                .iter()
                .flat_map(|l| if l.is_empty() { vec![""] } else { vec![*l] }),
        ) {
            check_level(level)?;
        }
        let path = below.join("/");
        Ok(Topics {
            root: format!("{prefix}/{path}"),
            source: format!("/{path}"),
        })
    }

    /// CloudEvents `source`: the tree without its prefix.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What all topics of the box begin with.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Online or not; also the last will.
    #[must_use]
    pub fn status(&self) -> String {
        self.of(Topic::Status, "")
    }

    /// What the box is and has.
    #[must_use]
    pub fn meta(&self) -> String {
        self.of(Topic::Meta, "")
    }

    /// Present state of a window.
    #[must_use]
    pub fn window_state(&self, id: &str) -> String {
        self.of(Topic::WindowState, id)
    }

    /// Present state of a queue.
    #[must_use]
    pub fn queue_state(&self, id: &str) -> String {
        self.of(Topic::QueueState, id)
    }

    /// Filter for the present states of all windows and queues.
    #[must_use]
    pub fn states(&self) -> String {
        format!("{}/state/+/+", self.root)
    }

    /// Events and gaps.
    #[must_use]
    pub fn event(&self) -> String {
        self.of(Topic::Event, "")
    }

    /// Summary of the last minute.
    #[must_use]
    pub fn summary_live(&self) -> String {
        self.of(Topic::SummaryLive, "")
    }

    /// Figures of a period: `15min`, `hour`, `day` or `month`.
    #[must_use]
    pub fn rollup(&self, period: &str) -> String {
        self.of(Topic::Rollup, period)
    }

    /// Filter for the centre's commands.
    #[must_use]
    pub fn commands(&self) -> String {
        format!("{}+", self.of(Topic::Command, ""))
    }

    /// The verb of a command's topic; `None`: it is none of this box.
    #[must_use]
    pub fn verb<'t>(&self, topic: &'t str) -> Option<&'t str> {
        let verb = topic.strip_prefix(self.of(Topic::Command, "").as_str())?;
        (!verb.contains('/')).then_some(verb)
    }

    /// The answer to a command.
    #[must_use]
    pub fn reply(&self, tx: &str) -> String {
        self.of(Topic::Reply, tx)
    }

    /// The centre's own acknowledgement.
    #[must_use]
    pub fn ack(&self) -> String {
        self.of(Topic::Ack, "")
    }

    /// A topic with `id` for its last level, where that stands for one.
    fn of(&self, topic: Topic, id: &str) -> String {
        let pattern = topic.pattern();
        match pattern.split_once('{') {
            Some((fixed, _)) => format!("{}/{fixed}{}", self.root, escape(id)),
            None => format!("{}/{pattern}", self.root),
        }
    }
}

fn check_level(level: &str) -> Result<(), UplinkError> {
    let bad = level.is_empty()
        || level.len() > 128
        || level.starts_with('$')
        || level
            .chars()
            .any(|c| matches!(c, '+' | '#' | '/') || c.is_control());
    if bad {
        Err(UplinkError::Topic {
            level: level.into(),
        })
    } else {
        Ok(())
    }
}

/// An id as one topic level: the characters that mean something else there are written as in URLs.
fn escape(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for c in id.chars() {
        match c {
            '%' | '/' | '+' | '#' => out.push_str(&format!("%{:02X}", u32::from(c))),
            c if c.is_control() => out.push_str(&format!("%{:02X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(levels: &[&str]) -> Vec<String> {
        levels.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn a_level_of_government_is_one_wildcard() {
        let topics = Topics::new(
            "hall/v1",
            &area(&["51", "5119", "511921"]),
            "511921-001",
            "b1",
        )
        .unwrap();
        let root = "hall/v1/51/5119/511921/511921-001/b1";
        for (topic, leaf) in [
            (topics.status(), "status"),
            (topics.meta(), "meta"),
            (topics.window_state("W3"), "state/window/W3"),
            (topics.queue_state("Q1"), "state/queue/Q1"),
            (
                topics.window_state("a/b+c#d%"),
                "state/window/a%2Fb%2Bc%23d%25",
            ),
            (topics.event(), "event"),
            (topics.summary_live(), "summary/live"),
            (topics.commands(), "cmd/+"),
            (topics.ack(), "ack"),
        ] {
            assert_eq!(topic, format!("{root}/{leaf}"));
        }
        assert_eq!(topics.source(), "/51/5119/511921/511921-001/b1");
    }

    #[test]
    fn a_level_that_would_change_the_tree_is_refused() {
        let good = area(&["51"]);
        for (prefix, area, hall, box_id) in [
            ("", good.clone(), "h", "b"),
            ("hall//v1", good.clone(), "h", "b"),
            ("$SYS", good.clone(), "h", "b"),
            ("hall/v1", area(&["5+"]), "h", "b"),
            ("hall/v1", area(&[""]), "h", "b"),
            ("hall/v1", good.clone(), "h/x", "b"),
            ("hall/v1", good.clone(), "h", "#"),
            ("hall/v1", good, "h\n", "b"),
        ] {
            assert!(
                Topics::new(prefix, &area, hall, box_id).is_err(),
                "{prefix} {area:?} {hall} {box_id}"
            );
        }
    }
}
