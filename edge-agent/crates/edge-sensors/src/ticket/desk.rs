//! One ticket machine as the hall hears it: its words in order, whether it speaks, and the ways they come. Knows no queue rule.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hall_core::HallTime;
use hall_core::observe::{FaultCause, SourceHealth, SourceId};
use hall_core::time::WallClock;
use serde_json::Value;
use tokio::sync::{Mutex as AsyncMutex, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::reader::{Read, TicketReader};
use super::seen::Seen;
use crate::mailbox::SensorInput;
use crate::mqtt::{LinkStatus, Now, TopicHearer};
use crate::push::{Door, PushRefusal, Pushed, refuse};

/// Words on the way to the hall: a busy hall's quarter of an hour. Full: HTTP is told to come again, a file waits, a message on MQTT is
/// refused and counted.
const CAPACITY: usize = 4096;
const LOOK_EVERY: Duration = Duration::from_secs(1);
const DAY_MS: i64 = 86_400_000;

/// The wall clock as it is now.
pub type Wall = Arc<dyn Fn() -> WallClock + Send + Sync>;

/// Everything the ways of one machine share.
pub struct TicketDesk {
    id: String,
    pub(super) reader: TicketReader,
    pub(super) now: Now,
    wall: Wall,
    stale_ms: i64,
    words: mpsc::Sender<SensorInput>,
    /// Kept over the attempts of the component.
    waiting: AsyncMutex<mpsc::Receiver<SensorInput>>,
    heard: Mutex<Heard>,
    seen: Mutex<Seen>,
    pub(super) status: watch::Sender<LinkStatus>,
}

#[derive(Default)]
struct Heard {
    at: Option<HallTime>,
    up: bool,
}

/// There is no room for more words now.
#[derive(Debug, PartialEq, Eq)]
pub struct Full;

impl TicketDesk {
    /// Does no IO. `stale_s`: silence after which the machine counts as down.
    #[must_use]
    pub fn new(
        id: &str,
        reader: TicketReader,
        stale_s: u32,
        now: Now,
        wall: Wall,
        status: watch::Sender<LinkStatus>,
    ) -> Arc<Self> {
        let (words, waiting) = mpsc::channel(CAPACITY);
        status.send_modify(|s| s.trouble = "it has said nothing yet".into());
        let seen = Seen::of(local_day((now)().1, reader.utc_offset_s));
        Arc::new(TicketDesk {
            id: id.into(),
            reader,
            now,
            wall,
            stale_ms: i64::from(stale_s) * 1000,
            words,
            waiting: AsyncMutex::new(waiting),
            heard: Mutex::default(),
            seen: Mutex::new(seen),
            status,
        })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Remembers over restarts, in `file`, which tickets are over.
    pub(super) fn remember(&self, file: std::path::PathBuf) {
        *self.seen() = Seen::open(file, self.today());
    }

    pub(super) fn save(&self) -> std::io::Result<()> {
        self.seen().save()
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn today(&self) -> i64 {
        local_day((self.now)().1, self.reader.utc_offset_s)
    }

    /// The words that say something new, as the hall is told them.
    pub(super) fn news(&self, read: &[Read]) -> Vec<SensorInput> {
        let (day, at, wall) = (self.today(), (self.now)().0, (self.wall)());
        let mut seen = self.seen();
        (read.iter())
            .filter(|read| seen.news(day, read))
            .map(|read| SensorInput::Ticket(read.word.said(at, &wall)))
            .collect()
    }

    /// Takes all words of one message, or none. Returns how many were new.
    ///
    /// # Errors
    /// When there is no room.
    pub fn take(&self, read: &[Read]) -> Result<usize, Full> {
        // Room first: what was looked at counts as seen.
        let room = self.words.try_reserve_many(read.len()).map_err(|_| Full)?;
        self.alive();
        let news = self.news(read);
        let count = news.len();
        for (permit, word) in room.zip(news) {
            permit.send(word);
        }
        Ok(count)
    }

    /// Hands one word over, waiting for room.
    pub(super) async fn put(&self, word: SensorInput) {
        // The other end lives in this desk.
        let _ = self.words.send(word).await;
    }

    /// The machine spoke.
    pub(super) fn alive(&self) {
        let at = (self.now)().0;
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.at = Some(at);
        if !heard.up {
            heard.up = self.tell(at, None);
        }
        drop(heard);
        self.status.send_if_modified(|s| {
            let news = !s.connected || !s.trouble.is_empty();
            s.trouble.clear();
            s.connected = true;
            news
        });
    }

    /// The machine is gone, or silent.
    pub(super) fn lost(&self, trouble: String) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.up {
            heard.up = !self.tell((self.now)().0, Some(FaultCause::Offline));
        }
        drop(heard);
        self.status.send_if_modified(|s| {
            let news = s.connected || s.trouble != trouble;
            (s.connected, s.trouble) = (false, trouble);
            news
        });
    }

    /// Tells every queue; false when there is no room now, and it is told the next time.
    fn tell(&self, at: HallTime, down: Option<FaultCause>) -> bool {
        let queues = &self.reader.queues;
        let Ok(room) = self.words.try_reserve_many(queues.len()) else {
            return false;
        };
        for (permit, (_, queue)) in room.zip(queues) {
            let source = SourceId::Tickets(queue.clone());
            permit.send(SensorInput::Health(SourceHealth { source, at, down }));
        }
        true
    }

    /// Hands words on and watches for silence until cancelled or the hall is gone.
    pub async fn run(&self, out: mpsc::Sender<SensorInput>, cancel: CancellationToken) {
        tokio::select! {
            biased;
            () = cancel.cancelled() => {}
            () = self.forward(out) => {}
            () = self.watch() => {}
        }
    }

    async fn forward(&self, out: mpsc::Sender<SensorInput>) {
        let mut waiting = self.waiting.lock().await;
        // A word is taken only when the hall has room for it: one that was taken is never lost.
        while let Ok(room) = out.reserve().await {
            match waiting.recv().await {
                Some(word) => room.send(word),
                None => return,
            }
        }
    }

    async fn watch(&self) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let heard = (self.heard.lock().unwrap_or_else(PoisonError::into_inner)).at;
            let silent_ms = heard.map_or(0, |at| (self.now)().0.since_ms(at));
            if silent_ms > self.stale_ms {
                self.lost(format!("it has said nothing for {} s", silent_ms / 1000));
            }
        }
    }
}

fn local_day(unix_ms: i64, utc_offset_s: i32) -> i64 {
    (unix_ms + i64::from(utc_offset_s) * 1000).div_euclid(DAY_MS)
}

/// A machine that sends by HTTP.
pub struct TicketPush {
    door: Door,
    desk: Arc<TicketDesk>,
}

impl TicketPush {
    /// A machine that proves itself with `token`.
    #[must_use]
    pub fn new(token: String, desk: Arc<TicketDesk>) -> Self {
        let door = Door::new(token, (desk.now)().0);
        TicketPush { door, desk }
    }

    /// The machine's id.
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
        let desk = &self.desk;
        let read = desk.reader.json(body, (desk.now)().1).map_err(|reason| {
            refuse(&desk.status, &reason);
            PushRefusal::Payload(reason)
        })?;
        let new = desk.take(&read).map_err(|Full| PushRefusal::Busy)?;
        let words = read.len();
        Ok(Pushed::Tickets { words, new })
    }
}

/// A machine on the sensors' broker.
pub struct TicketTopic {
    /// The desk its words go to.
    pub desk: Arc<TicketDesk>,
    /// Where it speaks.
    pub topic: String,
    /// Where online and offline are said, if anywhere.
    pub availability_topic: Option<String>,
}

impl TopicHearer for TicketTopic {
    fn topics(&self) -> Vec<String> {
        let mut topics = vec![self.topic.clone()];
        topics.extend(self.availability_topic.clone());
        topics
    }

    fn hear(&self, topic: &str, payload: &[u8], retained: bool) -> Result<(), String> {
        if self.availability_topic.as_deref() == Some(topic) {
            let text = String::from_utf8_lossy(payload);
            let json = serde_json::from_str::<Value>(&text).unwrap_or_default();
            let word = json["state"].as_str().unwrap_or(text.trim());
            if word.eq_ignore_ascii_case("offline") {
                self.desk.lost("it says that it is offline".into());
            } else if word.eq_ignore_ascii_case("online") {
                self.desk.alive();
            }
            return Ok(());
        }
        // What the broker kept is of any age: a ticket that was called long ago must not be called again.
        if topic != self.topic || retained {
            return Ok(());
        }
        let desk = &self.desk;
        let taken = (desk.reader.json(payload, (desk.now)().1))
            .and_then(|read| desk.take(&read).map_err(|Full| "the hall is busy".into()));
        taken
            .map(drop)
            .inspect_err(|reason| refuse(&desk.status, reason))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ticket::reader::tests::{NOW_MS, reader};
    use std::sync::atomic::{AtomicI64, Ordering};

    pub fn desk() -> (Arc<TicketDesk>, Arc<AtomicI64>) {
        let clock = Arc::new(AtomicI64::new(NOW_MS));
        let now: Now = {
            let clock = clock.clone();
            Arc::new(move || {
                let ms = clock.load(Ordering::SeqCst);
                (HallTime(ms), ms)
            })
        };
        let wall = Arc::new(|| WallClock::unix(28_800));
        let status = watch::Sender::new(LinkStatus::default());
        let desk = TicketDesk::new("tickets", reader(), 600, now, wall, status);
        (desk, clock)
    }

    pub fn said(inputs: &[SensorInput]) -> Vec<String> {
        let name = |input: &SensorInput| match input {
            SensorInput::Ticket(t) => format!("{}:{:?}", t.queue, t.state),
            SensorInput::Health(h) => format!("{:?}:{}", h.source, h.down.is_none()),
            SensorInput::Reading(_) => "reading".into(),
        };
        inputs.iter().map(name).collect()
    }

    const WAITING: &[u8] = r#"{"queue":"SB","号码":"A1","taken_at":"10:00"}"#.as_bytes();
    const UP: [&str; 2] = [
        r#"Tickets(QueueId("SB")):true"#,
        r#"Tickets(QueueId("HJ")):true"#,
    ];
    const DOWN: [&str; 2] = [
        r#"Tickets(QueueId("SB")):false"#,
        r#"Tickets(QueueId("HJ")):false"#,
    ];

    #[tokio::test(start_paused = true)]
    async fn a_machine_is_up_with_its_first_word_and_down_after_its_silence() {
        let (desk, clock) = desk();
        let push = TicketPush::new("0123456789abcdef".into(), desk.clone());
        let mut status = desk.status.subscribe();
        let (tx, mut rx) = mpsc::channel(1);
        let cancel = CancellationToken::new();
        let told = async {
            let one = Pushed::Tickets { words: 1, new: 1 };
            assert_eq!(push.take(WAITING).unwrap(), one);
            let mut got = Vec::new();
            for _ in 0..3 {
                got.push(rx.recv().await.unwrap());
            }
            assert_eq!(said(&got), [UP[0], UP[1], "SB:Waiting"]);
            status.borrow_and_update();
            clock.fetch_add(601_000, Ordering::SeqCst);
            status.changed().await.unwrap();
            assert_eq!(status.borrow().trouble, "it has said nothing for 601 s");
            assert_eq!(said(&[rx.recv().await.unwrap()]), [DOWN[0]]);
            assert_eq!(said(&[rx.recv().await.unwrap()]), [DOWN[1]]);
            // An empty list is a sign of life.
            let none = Pushed::Tickets { words: 0, new: 0 };
            assert_eq!(push.take(b"[]").unwrap(), none);
            assert_eq!(said(&[rx.recv().await.unwrap()]), [UP[0]]);
            cancel.cancel();
        };
        tokio::join!(desk.run(tx, cancel.clone()), told);
    }

    #[test]
    fn a_message_is_taken_whole_or_not_at_all() {
        let (desk, _) = desk();
        let push = TicketPush::new("0123456789abcdef".into(), desk.clone());
        let many = |n: usize| {
            let row = |n| format!(r#"{{"queue":"SB","号码":"A{n}"}}"#);
            format!("[{}]", (0..n).map(row).collect::<Vec<_>>().join(","))
        };
        assert!(push.take(many(CAPACITY - 100).as_bytes()).is_ok());
        let refused = push.take(many(101).as_bytes());
        assert!(matches!(refused, Err(PushRefusal::Busy)));
        assert!(push.take(many(50).as_bytes()).is_ok());
    }

    #[test]
    fn on_mqtt_what_the_broker_kept_is_not_a_word_and_the_will_is_heard() {
        let (desk, _) = desk();
        let topic = TicketTopic {
            desk: desk.clone(),
            topic: "hall/tickets".into(),
            availability_topic: Some("hall/tickets/alive".into()),
        };
        assert_eq!(topic.hear("hall/tickets", WAITING, true), Ok(()));
        assert!(!desk.status.borrow().connected);
        assert_eq!(topic.hear("hall/tickets", WAITING, false), Ok(()));
        assert!(desk.status.borrow().connected);
        for (word, connected) in [("offline", false), (r#"{"state":"online"}"#, true)] {
            topic
                .hear("hall/tickets/alive", word.as_bytes(), true)
                .unwrap();
            assert_eq!(desk.status.borrow().connected, connected, "{word}");
        }
        assert!(topic.hear("hall/tickets", b"hello", false).is_err());
        assert_eq!(desk.status.borrow().refused, 1);
    }
}
