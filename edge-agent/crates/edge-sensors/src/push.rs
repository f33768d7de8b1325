//! A device that sends its state itself, by HTTP: who may send, how often, and what it means. Knows no HTTP.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hall_core::HallTime;
use hall_core::ids::SensorId;
use hall_core::observe::SensorReading;
use subtle::ConstantTimeEq;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::error::SensorError;
use crate::json::JsonSensor;
use crate::mailbox::{Mailbox, SensorInput};
use crate::meaning::{Meaning, reading_time};
use crate::mqtt::{LinkStatus, Now};

/// Messages a second that one device may keep up: a radar says ten.
const RATE_PER_S: i64 = 20;
/// Messages it may send at once, for example after its network was gone.
const BURST: i64 = 40;
/// How often its silence is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Why a message is not taken in.
#[derive(Debug, thiserror::Error)]
pub enum PushRefusal {
    /// Nothing with that id is configured to send by HTTP.
    #[error("nothing with that id sends by HTTP")]
    Unknown,
    /// The token is missing or wrong.
    #[error("the token is missing or not the right one")]
    Token,
    /// It sends more often than it may.
    #[error("more than {RATE_PER_S} messages a second")]
    TooFast,
    /// There is no room for more now.
    #[error("the box is busy")]
    Busy,
    /// Not understood; in words for the person who sets the device up.
    #[error("{0}")]
    Payload(String),
}

/// Lets a device in with its token, and not too often. A wrong token costs the right one nothing: only admitted messages count.
pub struct Door {
    token: String,
    bucket: Mutex<Bucket>,
}

/// Thousandths of messages that may still come, and as of when.
struct Bucket {
    left_milli: i64,
    at: HallTime,
}

impl Door {
    /// A door that opens to `token`.
    #[must_use]
    pub fn new(token: String, now: HallTime) -> Self {
        let bucket = Bucket {
            left_milli: BURST * 1000,
            at: now,
        };
        Door {
            token,
            bucket: Mutex::new(bucket),
        }
    }

    /// Counts one message.
    ///
    /// # Errors
    /// When the token is not its own, compared in constant time, or it sends too often.
    pub fn admit(&self, token: &str, now: HallTime) -> Result<(), PushRefusal> {
        if !bool::from(self.token.as_bytes().ct_eq(token.as_bytes())) {
            return Err(PushRefusal::Token);
        }
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let passed_ms = now.since_ms(bucket.at).max(0);
        bucket.at = now;
        // One message a second is one thousandth a millisecond.
        let filled = passed_ms.saturating_mul(RATE_PER_S);
        bucket.left_milli = (bucket.left_milli.saturating_add(filled)).min(BURST * 1000);
        if bucket.left_milli < 1000 {
            return Err(PushRefusal::TooFast);
        }
        bucket.left_milli -= 1000;
        Ok(())
    }
}

/// What was made of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// A reading: on or off, after `invert`.
    Reading(bool),
    /// A message without a state.
    Nothing,
    /// Words of a ticket machine: how many, and how many of them were new.
    Tickets {
        /// In the message.
        words: usize,
        /// Of these, not said before.
        new: usize,
    },
    /// Ratings: how many.
    Ratings {
        /// In the message.
        words: usize,
    },
}

/// Counts a message that was not understood, and says so in /health until one is.
pub(crate) fn refuse(status: &watch::Sender<LinkStatus>, reason: &str) {
    status.send_modify(|s| {
        s.refused += 1;
        s.trouble = format!("{} messages not understood, the last: {reason}", s.refused);
    });
}

/// One sensor that sends by HTTP.
pub struct PushSensor {
    door: Door,
    /// The payload as configured; its topic is the sensor's id.
    plain: JsonSensor,
    /// The payload as an object with `value` and `at`, where nothing is configured.
    object: Option<JsonSensor>,
    stale_ms: i64,
    now: Now,
    mailbox: Mailbox,
    heard: Mutex<Option<HallTime>>,
    status: watch::Sender<LinkStatus>,
}

impl PushSensor {
    /// A sensor that proves itself with `token` and is reported once it was silent for `stale_s`. `payload` says how its messages are
    /// read; its topic is not used.
    #[must_use]
    pub fn new(
        token: String,
        payload: JsonSensor,
        stale_s: u32,
        now: Now,
        status: watch::Sender<LinkStatus>,
    ) -> Arc<Self> {
        let plain = JsonSensor {
            topic: payload.id.to_string(),
            availability_topic: None,
            ..payload
        };
        let object = plain.pointer.is_none().then(|| JsonSensor {
            pointer: Some("/value".into()),
            time_pointer: Some(plain.time_pointer.clone().unwrap_or("/at".into())),
            ..plain.clone()
        });
        status.send_modify(|s| s.trouble = "it has sent nothing yet".into());
        Arc::new(PushSensor {
            door: Door::new(token, now().0),
            plain,
            object,
            stale_ms: i64::from(stale_s) * 1000,
            now,
            mailbox: Mailbox::default(),
            heard: Mutex::new(None),
            status,
        })
    }

    /// The sensor.
    #[must_use]
    pub fn id(&self) -> &SensorId {
        &self.plain.id
    }

    /// Whether a message with this token may come in now.
    ///
    /// # Errors
    /// As [`Door::admit`].
    pub fn admit(&self, token: &str) -> Result<(), PushRefusal> {
        self.door.admit(token, (self.now)().0)
    }

    /// What a message means.
    ///
    /// # Errors
    /// When it is not what was configured.
    pub fn interpret(&self, body: &[u8]) -> Result<Meaning, SensorError> {
        let is_object = body.trim_ascii_start().first() == Some(&b'{');
        let reader = self.object.as_ref().filter(|_| is_object);
        reader.unwrap_or(&self.plain).state(body, false)
    }

    /// Takes an admitted message in.
    ///
    /// # Errors
    /// When it is not what was configured; counted.
    pub fn take(&self, body: &[u8]) -> Result<Pushed, PushRefusal> {
        let (at, unix_ms) = (self.now)();
        let meaning = self.interpret(body).map_err(|e| {
            let SensorError::Payload { reason, .. } = e;
            refuse(&self.status, &reason);
            PushRefusal::Payload(reason)
        })?;
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
        self.status.send_if_modified(|s| {
            s.coalesced = self.mailbox.coalesced();
            s.trouble.clear();
            !std::mem::replace(&mut s.connected, true)
        });
        let Meaning::Reading {
            value,
            quality,
            measured_unix_ms,
        } = meaning
        else {
            return Ok(Pushed::Nothing);
        };
        self.mailbox.reading(SensorReading {
            sensor: self.plain.id.clone(),
            at: reading_time(measured_unix_ms, at, unix_ms),
            value,
            quality,
        });
        Ok(Pushed::Reading(value))
    }

    /// Hands readings on and watches for silence until cancelled or the hall is gone. `out` full: readings merge in the mailbox.
    pub async fn run(&self, out: mpsc::Sender<SensorInput>, cancel: CancellationToken) {
        tokio::select! {
            biased;
            () = cancel.cancelled() => {}
            () = self.mailbox.forward(out) => {}
            () = self.watch() => {}
        }
    }

    async fn watch(&self) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let heard = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(silent_ms) = heard.map(|at| (self.now)().0.since_ms(at)) else {
                continue;
            };
            if silent_ms > self.stale_ms {
                self.status.send_if_modified(|s| {
                    s.trouble = format!("it has sent nothing for {} s", silent_ms / 1000);
                    std::mem::take(&mut s.connected)
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};

    const TOKEN: &str = "0123456789abcdef";

    fn sensor(pointer: Option<&str>, invert: bool) -> (Arc<PushSensor>, Arc<AtomicI64>) {
        let clock = Arc::new(AtomicI64::new(1_789_956_000_000));
        let now: Now = {
            let clock = clock.clone();
            Arc::new(move || {
                let ms = clock.load(Ordering::SeqCst);
                (HallTime(ms), ms)
            })
        };
        let payload = JsonSensor {
            id: "W1-mat".into(),
            topic: String::new(),
            pointer: pointer.map(Into::into),
            time_pointer: None,
            on: vec!["sat".into()],
            off: Vec::new(),
            availability_topic: None,
            invert,
        };
        let status = watch::Sender::new(LinkStatus::default());
        let sensor = PushSensor::new(TOKEN.into(), payload, 60, now, status);
        (sensor, clock)
    }

    #[test]
    fn only_the_sensor_s_own_token_opens() {
        let (sensor, _) = sensor(None, false);
        for wrong in [
            "",
            "0123456789abcdeF",
            "0123456789abcde",
            "0123456789abcdef0",
        ] {
            let refused = sensor.admit(wrong);
            assert!(matches!(refused, Err(PushRefusal::Token)), "{wrong:?}");
        }
        assert!(sensor.admit(TOKEN).is_ok());
    }

    #[test]
    fn a_flood_is_refused_and_a_wrong_token_costs_the_right_one_nothing() {
        let (sensor, clock) = sensor(None, false);
        for _ in 0..1000 {
            assert!(sensor.admit("wrong").is_err());
        }
        let admitted = (0..1000).filter(|_| sensor.admit(TOKEN).is_ok()).count();
        assert_eq!(admitted as i64, BURST);
        assert!(matches!(sensor.admit(TOKEN), Err(PushRefusal::TooFast)));
        clock.fetch_add(1000, Ordering::SeqCst);
        let admitted = (0..1000).filter(|_| sensor.admit(TOKEN).is_ok()).count();
        assert_eq!(admitted as i64, RATE_PER_S);
    }

    #[test]
    fn a_message_is_the_state_or_holds_it_where_it_was_configured() {
        for (pointer, invert, body, expected) in [
            (None, false, "on", Some(Pushed::Reading(true))),
            (None, false, "0", Some(Pushed::Reading(false))),
            (None, true, " Sat\n", Some(Pushed::Reading(false))),
            (
                None,
                false,
                r#" {"value":true}"#,
                Some(Pushed::Reading(true)),
            ),
            (None, false, r#"{"v":1}"#, Some(Pushed::Nothing)),
            (None, false, "", Some(Pushed::Nothing)),
            (None, false, r#"{"value":"perhaps"}"#, None),
            (None, false, "{", None),
            (
                Some("/s/0"),
                false,
                r#"{"s":["sat"]}"#,
                Some(Pushed::Reading(true)),
            ),
            (Some("/s/0"), false, "on", None),
        ] {
            let (sensor, _) = sensor(pointer, invert);
            assert_eq!(sensor.take(body.as_bytes()).ok(), expected, "{body}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn readings_reach_the_hall_with_their_own_time_and_silence_is_told() {
        let (sensor, clock) = sensor(None, false);
        let mut status = sensor.status.subscribe();
        assert!(!status.borrow().connected);
        let (tx, mut rx) = mpsc::channel(4);
        let cancel = CancellationToken::new();
        let watched = async {
            sensor
                .take(br#"{"value":1,"at":"2026-09-21T09:59:50+08:00"}"#)
                .unwrap();
            let input = rx.recv().await.unwrap();
            let SensorInput::Reading(reading) = input else {
                panic!("{input:?}")
            };
            assert_eq!((reading.at.0, reading.value), (1_789_955_990_000, true));
            assert!(status.borrow_and_update().connected);
            clock.fetch_add(61_000, Ordering::SeqCst);
            status.changed().await.unwrap();
            assert!(!status.borrow().connected);
            assert_eq!(status.borrow().trouble, "it has sent nothing for 61 s");
            cancel.cancel();
        };
        tokio::join!(sensor.run(tx, cancel.clone()), watched);
    }
}
