//! The way from an adapter to the hall task: latest reading per sensor wins, ups and downs are all kept. Knows no transport.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use hall_core::ids::SensorId;
use hall_core::observe::{SensorReading, SourceHealth, Ticket};
use tokio::sync::{Notify, mpsc};

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

/// At most this many ups and downs wait; beyond it the oldest is dropped and counted (a device that flaps this fast is broken).
const HEALTH_CAPACITY: usize = 256;

#[derive(Default)]
struct Waiting {
    health: VecDeque<SourceHealth>,
    readings: BTreeMap<SensorId, VecDeque<SensorReading>>,
    coalesced: u64,
}

/// Between a chatty device and a busy hall: readings of one sensor that have the same value as the one before replace it, so a
/// flood from one sensor costs one entry and starves nobody; an edge (on to off) is never merged away until two edges wait,
/// when only the first and the last remain.
#[derive(Default)]
pub struct Mailbox {
    waiting: Mutex<Waiting>,
    filled: Notify,
}

impl Mailbox {
    /// Puts a reading in, merging it with what waits for the same sensor.
    pub fn reading(&self, reading: SensorReading) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = waiting.readings.entry(reading.sensor.clone()).or_default();
        let merged = match queue.back() {
            Some(last) if last.value == reading.value && last.quality == reading.quality => {
                queue.pop_back();
                true
            }
            Some(_) if queue.len() >= 2 => {
                queue.pop_back();
                true
            }
            _ => false,
        };
        queue.push_back(reading);
        waiting.coalesced += u64::from(merged);
        drop(waiting);
        self.filled.notify_one();
    }

    /// Puts an up or down in.
    pub fn health(&self, health: SourceHealth) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.health.len() >= HEALTH_CAPACITY {
            waiting.health.pop_front();
            waiting.coalesced += 1;
        }
        waiting.health.push_back(health);
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

    fn take(&self) -> Vec<SensorInput> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out: Vec<_> = waiting.health.drain(..).map(SensorInput::Health).collect();
        for (_, queue) in std::mem::take(&mut waiting.readings) {
            out.extend(queue.into_iter().map(SensorInput::Reading));
        }
        out
    }

    /// Moves what waits to `out` for ever; ends when the receiver is gone.
    pub async fn forward(&self, out: mpsc::Sender<SensorInput>) {
        loop {
            for input in self.take() {
                if out.send(input).await.is_err() {
                    return;
                }
            }
            self.filled.notified().await;
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
            mailbox.take(),
            vec![SensorInput::Reading(reading(4999, true))]
        );
        assert_eq!(mailbox.coalesced(), 4999);
    }

    #[test]
    fn an_edge_is_kept_and_a_flapping_sensor_keeps_its_first_and_last_word() {
        let mailbox = Mailbox::default();
        mailbox.reading(reading(1, true));
        mailbox.reading(reading(2, false));
        assert_eq!(mailbox.take().len(), 2);
        for at in 0..1001 {
            mailbox.reading(reading(at, at % 2 == 0));
        }
        let left = mailbox.take();
        assert_eq!(left.len(), 2);
        assert_eq!(left[1], SensorInput::Reading(reading(1000, true)));
    }
}
