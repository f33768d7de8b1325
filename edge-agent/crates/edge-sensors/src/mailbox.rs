//! The way from an adapter to the hall task: latest reading per sensor wins, ups and downs are all kept. Knows no transport.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hall_core::observe::{SensorReading, SourceHealth, SourceId, Ticket};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

/// What a sensor adapter delivers.
#[derive(Debug, Clone, PartialEq)]
pub enum SensorInput {
    /// A reading.
    Reading(SensorReading),
    /// The sensor, or what it hangs on, came or went.
    Health(SourceHealth),
    /// A word of a ticket machine.
    Ticket(Ticket),
}

/// At most this many ups and downs of one source wait; beyond it the oldest is dropped and counted (what flaps this fast is broken).
const HEALTH_CAPACITY: usize = 16;
/// What one source says is handed on this far apart in the long run; a radar says ten readings a second.
const PACE: Duration = Duration::from_millis(50);
/// Before it is paced, a source may be ahead of that by so much: twenty inputs at once.
const AHEAD: Duration = Duration::from_secs(1);

/// What waits of one sensor or gateway.
#[derive(Default)]
struct Line {
    health: VecDeque<SourceHealth>,
    readings: VecDeque<SensorReading>,
    /// When all that was handed on would have been, at one input per [`PACE`].
    paid_until: Option<Instant>,
}

impl Line {
    /// When what waits may go on; `None`: at once.
    fn due(&self) -> Option<Instant> {
        self.paid_until.and_then(|until| until.checked_sub(AHEAD))
    }

    fn waiting(&self) -> usize {
        self.health.len() + self.readings.len()
    }
}

#[derive(Default)]
struct Waiting {
    /// By source; grows to the sensors and gateways there are.
    lines: BTreeMap<SourceId, Line>,
    coalesced: u64,
}

/// Between a chatty device and a busy hall: readings of one sensor that have the same value as the one before replace it, so a
/// flood from one sensor costs one entry and starves nobody; an edge (on to off) is never merged away until two edges wait,
/// when only the first and the last remain. What the hall gets of one source is bounded too: twenty inputs a second.
#[derive(Default)]
pub struct Mailbox {
    waiting: Mutex<Waiting>,
    filled: Notify,
}

impl Mailbox {
    /// Puts a reading in, merging it with what waits for the same sensor.
    pub fn reading(&self, reading: SensorReading) {
        let source = SourceId::Sensor(reading.sensor.clone());
        self.put(source, |line| {
            let queue = &mut line.readings;
            let merged = queue.back().is_some_and(|last| {
                last.value == reading.value && last.quality == reading.quality || queue.len() >= 2
            });
            if merged {
                queue.pop_back();
            }
            queue.push_back(reading);
            merged
        });
    }

    /// Puts an up or down in.
    pub fn health(&self, health: SourceHealth) {
        self.put(health.source.clone(), |line| {
            let queue = &mut line.health;
            let dropped = queue.len() >= HEALTH_CAPACITY;
            if dropped {
                queue.pop_front();
            }
            queue.push_back(health);
            dropped
        });
    }

    /// Changes what waits of a source; `change` says whether something was merged or dropped.
    fn put(&self, source: SourceId, change: impl FnOnce(&mut Line) -> bool) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let merged = change(waiting.lines.entry(source).or_default());
        waiting.coalesced += u64::from(merged);
        drop(waiting);
        self.filled.notify_one();
    }

    /// Readings merged or dropped so far.
    #[must_use]
    pub fn coalesced(&self) -> u64 {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .coalesced
    }

    /// What may go on at `now`, ups and downs first, and when to look again at what may not yet.
    fn take(&self, now: Instant) -> (Vec<SensorInput>, Option<Instant>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut out, mut readings) = (Vec::new(), Vec::new());
        let mut again: Option<Instant> = None;
        for line in waiting.lines.values_mut().filter(|line| line.waiting() > 0) {
            if let Some(due) = line.due().filter(|due| *due > now) {
                again = Some(again.map_or(due, |earlier| earlier.min(due)));
                continue;
            }
            let begin = line.paid_until.map_or(now, |until| until.max(now));
            line.paid_until = Some(begin + PACE * line.waiting() as u32);
            out.extend(line.health.drain(..).map(SensorInput::Health));
            readings.extend(line.readings.drain(..).map(SensorInput::Reading));
        }
        out.append(&mut readings);
        (out, again)
    }

    /// Moves what waits to `out` for ever; ends when the receiver is gone.
    pub async fn forward(&self, out: mpsc::Sender<SensorInput>) {
        loop {
            let (inputs, again) = self.take(Instant::now());
            for input in inputs {
                if out.send(input).await.is_err() {
                    return;
                }
            }
            let due = async {
                match again {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.filled.notified() => {}
                () = due => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hall_core::HallTime;
    use hall_core::observe::Quality;

    fn reading(at: i64, value: bool) -> SensorReading {
        SensorReading {
            sensor: "s".into(),
            at: HallTime(at),
            value,
            quality: Quality::Good,
        }
    }

    #[test]
    fn a_flood_of_equal_readings_waits_as_one_and_the_latest_wins() {
        let mailbox = Mailbox::default();
        for at in 0..5000 {
            mailbox.reading(reading(at, true));
        }
        assert_eq!(
            mailbox.take(Instant::now()).0,
            vec![SensorInput::Reading(reading(4999, true))]
        );
        assert_eq!(mailbox.coalesced(), 4999);
    }

    #[test]
    fn an_edge_is_kept_and_a_flapping_sensor_keeps_its_first_and_last_word() {
        let mailbox = Mailbox::default();
        mailbox.reading(reading(1, true));
        mailbox.reading(reading(2, false));
        assert_eq!(mailbox.take(Instant::now()).0.len(), 2);
        for at in 0..1001 {
            mailbox.reading(reading(at, at % 2 == 0));
        }
        let (left, _) = mailbox.take(Instant::now());
        assert_eq!(left.len(), 2);
        assert_eq!(left[1], SensorInput::Reading(reading(1000, true)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_flapping_flood_is_paced_and_no_other_sensor_waits_for_it() {
        let mailbox = std::sync::Arc::new(Mailbox::default());
        let (out, mut inputs) = mpsc::channel(256);
        let forward = mailbox.clone();
        let task = tokio::spawn(async move { forward.forward(out).await });
        let (mut flood, mut calm, mut last) = (0, 0, None);
        // Ten seconds of 5,000 messages a second, and another sensor that says something every 100 ms.
        for at in 0..10_000 {
            for n in 0..5 {
                mailbox.reading(reading(at, (at + n) % 2 == 0));
            }
            if at % 100 == 0 {
                mailbox.reading(SensorReading {
                    sensor: "calm".into(),
                    ..reading(at, at % 200 == 0)
                });
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            while let Ok(SensorInput::Reading(reading)) = inputs.try_recv() {
                if reading.sensor.as_str() == "calm" {
                    calm += 1;
                    assert!(at - reading.at.0 <= 2, "{} came at {at}", reading.at.0);
                } else {
                    flood += 1;
                    last = Some(reading);
                }
            }
        }
        assert_eq!(calm, 100);
        assert!((200..=225).contains(&flood), "{flood} readings went on");
        // The newest word is not lost when the flood ends.
        tokio::time::sleep(PACE * 2).await;
        while let Ok(SensorInput::Reading(reading)) = inputs.try_recv() {
            last = Some(reading);
        }
        assert_eq!(
            last.map(|r| (r.at.0, r.value)),
            Some((9_999, (9_999 + 4) % 2 == 0))
        );
        task.abort();
    }
}
