//! Where the ratings of one kind of terminal come in, by HTTP or MQTT, and go to the totals.

use std::sync::Arc;

use hall_core::HallTime;
use hall_core::ids::WindowId;
use hall_core::rating::RatingOption;
use regex::Regex;
use tokio::sync::{mpsc, watch};

use super::reader::RatingReader;
use crate::mqtt::{LinkStatus, Now, TopicHearer};
use crate::push::{Door, PushRefusal, Pushed, refuse};

/// One rating on its way to the totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// At which window.
    pub window: WindowId,
    /// What was pressed.
    pub option: RatingOption,
    /// When; only its day is kept.
    pub at: HallTime,
}

/// What the ways of one kind of terminal share.
pub struct RatingDesk {
    id: String,
    reader: RatingReader,
    now: Now,
    out: mpsc::Sender<Rating>,
    status: watch::Sender<LinkStatus>,
}

impl RatingDesk {
    /// Does no IO. `out` full: HTTP is told to come again, others are refused and counted.
    #[must_use]
    pub fn new(
        id: &str,
        reader: RatingReader,
        now: Now,
        out: mpsc::Sender<Rating>,
        status: watch::Sender<LinkStatus>,
    ) -> Arc<Self> {
        status.send_modify(|s| s.connected = true);
        Arc::new(RatingDesk {
            id: id.into(),
            reader,
            now,
            out,
            status,
        })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn status(&self) -> &watch::Sender<LinkStatus> {
        &self.status
    }

    /// Takes one line of text.
    pub(super) fn line(&self, pattern: &Regex, line: &[u8]) -> Result<(), String> {
        self.take(vec![self.reader.line(pattern, line)?])
            .map_err(|_| "the box is busy".into())
    }

    /// All of them or none.
    fn take(&self, read: Vec<(WindowId, RatingOption)>) -> Result<(), PushRefusal> {
        let at = (self.now)().0;
        let room = (self.out.try_reserve_many(read.len())).map_err(|_| PushRefusal::Busy)?;
        for (permit, (window, option)) in room.zip(read) {
            permit.send(Rating { window, option, at });
        }
        self.status
            .send_if_modified(|s| !std::mem::take(&mut s.trouble).is_empty());
        Ok(())
    }

    fn payload(&self, payload: &[u8]) -> Result<usize, PushRefusal> {
        let read = self.reader.json(payload).map_err(PushRefusal::Payload)?;
        let count = read.len();
        self.take(read).map(|()| count)
    }

    pub(super) fn refuse(&self, reason: &str) {
        refuse(&self.status, reason);
    }
}

/// Terminals that send by HTTP.
pub struct RatingPush {
    door: Door,
    desk: Arc<RatingDesk>,
}

impl RatingPush {
    /// Terminals that prove themselves with `token`.
    #[must_use]
    pub fn new(token: String, desk: Arc<RatingDesk>) -> Self {
        let door = Door::new(token, (desk.now)().0);
        RatingPush { door, desk }
    }

    /// Their id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.desk.id()
    }

    /// Whether a message with this token may come in now.
    ///
    /// # Errors
    /// As [`Door::admit`].
    pub fn admit(&self, token: &str) -> Result<(), PushRefusal> {
        self.door.admit(token, (self.desk.now)().0)
    }

    /// Takes an admitted message in: all of it or nothing.
    ///
    /// # Errors
    /// When it is not understood, or there is no room.
    pub fn take(&self, body: &[u8]) -> Result<Pushed, PushRefusal> {
        let words = self
            .desk
            .payload(body)
            .inspect_err(|e| self.desk.refuse(&e.to_string()))?;
        Ok(Pushed::Ratings { words })
    }
}

/// Terminals on the sensors' broker.
pub struct RatingTopic {
    /// The desk their ratings go to.
    pub desk: Arc<RatingDesk>,
    /// Where they speak.
    pub topic: String,
}

impl TopicHearer for RatingTopic {
    fn topics(&self) -> Vec<String> {
        vec![self.topic.clone()]
    }

    fn hear(&self, topic: &str, payload: &[u8], retained: bool) -> Result<(), String> {
        // What the broker kept was counted when it came.
        if topic != self.topic || retained {
            return Ok(());
        }
        let taken = self.desk.payload(payload);
        taken
            .map(drop)
            .map_err(|refusal| refusal.to_string())
            .inspect_err(|reason| self.desk.refuse(reason))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::rating::reader::tests::reader;

    pub fn desk(room: usize) -> (Arc<RatingDesk>, mpsc::Receiver<Rating>) {
        let (out, ratings) = mpsc::channel(room);
        let status = watch::Sender::new(LinkStatus::default());
        let now: Now = Arc::new(|| (HallTime(7), 7));
        (
            RatingDesk::new("ratings", reader(), now, out, status),
            ratings,
        )
    }

    #[test]
    fn a_message_is_taken_whole_or_not_at_all() {
        let (desk, mut ratings) = desk(2);
        let push = RatingPush::new("0123456789abcdef".into(), desk.clone());
        assert!(push.admit("0123456789abcdef").is_ok() && push.admit("wrong").is_err());
        let three = r#"[{"win":"03","score":1},{"win":"03","score":1},{"win":"03","score":6}]"#;
        assert!(matches!(
            push.take(three.as_bytes()),
            Err(PushRefusal::Busy)
        ));
        let wrong = r#"[{"win":"03","score":1},{"win":"03","score":9}]"#;
        assert!(matches!(
            push.take(wrong.as_bytes()),
            Err(PushRefusal::Payload(_))
        ));
        assert!(ratings.try_recv().is_err(), "nothing was taken");
        let taken = push.take(r#"{"win":"03","score":6}"#.as_bytes()).unwrap();
        assert_eq!(taken, Pushed::Ratings { words: 1 });
        assert_eq!(ratings.try_recv().unwrap().option, RatingOption::Other);
        assert_eq!(desk.status().borrow().refused, 2);
    }

    #[test]
    fn what_the_broker_kept_is_not_counted_again() {
        let (desk, mut ratings) = desk(2);
        let topic = RatingTopic {
            desk,
            topic: "ratings".into(),
        };
        let payload = r#"{"win":"03","score":1}"#.as_bytes();
        topic.hear("ratings", payload, true).unwrap();
        assert!(ratings.try_recv().is_err());
        topic.hear("ratings", payload, false).unwrap();
        assert!(ratings.try_recv().is_ok());
        assert!(topic.hear("ratings", b"x", false).is_err());
    }
}
