//! A radar on a serial line of its own: reads frames, tells presence, and opens the line again when it is gone. Knows no rules.

use std::time::Duration;

use hall_core::HallTime;
use hall_core::backoff::Backoff;
use hall_core::ids::SensorId;
use hall_core::observe::{FaultCause, Quality, SensorReading, SourceHealth, SourceId};
use tokio::io::AsyncReadExt;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::ld2410::Ld2410Decoder;
use crate::ld2450::{Ld2450Decoder, Place};
use crate::mailbox::{Mailbox, SensorInput};
use crate::mqtt::{LinkStatus, Now};
use crate::serial::SerialLine;

/// Which radar, and where somebody counts as at the post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RadarKind {
    /// LD2410 or LD2412; targets beyond `max_cm` are somebody else's.
    Ld2410 {
        /// Farthest target that counts, in centimetres; `None`: any.
        max_cm: Option<u16>,
    },
    /// LD2450; only targets inside count.
    Ld2450 {
        /// Left, near, right and far bound in millimetres from the radar; `None`: anywhere.
        region_mm: Option<[i32; 4]>,
    },
}

/// One radar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Radar {
    /// The sensor it is.
    pub sensor: SensorId,
    /// Which.
    pub kind: RadarKind,
    /// Its line.
    pub line: SerialLine,
    /// True when "on" means nobody is there.
    pub invert: bool,
}

/// A radar sends about ten frames a second; one that is silent for this long is reported.
const SILENT_AFTER: Duration = Duration::from_secs(5);
const FIRST_RETRY: Duration = Duration::from_millis(500);
const LONGEST_RETRY: Duration = Duration::from_secs(15);
/// An unchanged state is repeated this often.
const REPEAT_MS: i64 = 1_000;

/// Bytes in, presence out.
enum Decoder {
    Ld2410(Ld2410Decoder, Option<u16>),
    Ld2450(Ld2450Decoder, Option<[i32; 4]>),
}

impl Decoder {
    fn new(kind: &RadarKind) -> Self {
        match kind {
            RadarKind::Ld2410 { max_cm } => Decoder::Ld2410(Ld2410Decoder::default(), *max_cm),
            RadarKind::Ld2450 { region_mm } => {
                Decoder::Ld2450(Ld2450Decoder::default(), *region_mm)
            }
        }
    }

    /// Presence of every frame completed by `bytes`.
    fn push(&mut self, bytes: &[u8]) -> Vec<bool> {
        match self {
            Decoder::Ld2410(decoder, max_cm) => {
                let mut reports = Vec::new();
                decoder.push(bytes, &mut reports);
                let max_cm = max_cm.unwrap_or(u16::MAX);
                reports.iter().map(|r| r.present_within(max_cm)).collect()
            }
            Decoder::Ld2450(decoder, region) => {
                let mut frames = Vec::new();
                decoder.push(bytes, &mut frames);
                let inside = |p: &Place| {
                    region.is_none_or(|[left, near, right, far]| {
                        (left..=right).contains(&p.x_mm) && (near..=far).contains(&p.y_mm)
                    })
                };
                frames.iter().map(|f| f.iter().any(inside)).collect()
            }
        }
    }

    fn skipped_bytes(&self) -> u64 {
        match self {
            Decoder::Ld2410(decoder, _) => decoder.skipped_bytes,
            Decoder::Ld2450(decoder, _) => decoder.skipped_bytes,
        }
    }
}

/// Reads one radar.
pub struct RadarReader {
    radar: Radar,
    now: Now,
    out: mpsc::Sender<SensorInput>,
    status: watch::Sender<LinkStatus>,
}

impl RadarReader {
    /// Does no IO. `out` is the hall's bounded channel; when it is full readings merge in a [`Mailbox`].
    #[must_use]
    pub fn new(
        radar: Radar,
        now: Now,
        out: mpsc::Sender<SensorInput>,
        status: watch::Sender<LinkStatus>,
    ) -> Self {
        RadarReader {
            radar,
            now,
            out,
            status,
        }
    }

    /// Runs until cancelled or the hall is gone.
    pub async fn run(self, cancel: CancellationToken) {
        let mailbox = Mailbox::default();
        tokio::select! {
            biased;
            () = cancel.cancelled() => {}
            () = self.connections(&mailbox) => {}
            () = mailbox.forward(self.out.clone()) => {}
        }
    }

    async fn connections(&self, mailbox: &Mailbox) {
        let mut backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY);
        let mut told_down = false;
        loop {
            let mut heard = false;
            let trouble = self.listen(mailbox, &mut heard, &mut told_down).await;
            if heard {
                backoff.reset();
            }
            if !told_down {
                self.tell(mailbox, true);
                told_down = true;
            }
            self.status.send_modify(|s| {
                s.connected = false;
                s.trouble.clone_from(&trouble);
                s.coalesced = mailbox.coalesced();
            });
            let pause = backoff.next(rand::random());
            tracing::warn!(sensor = %self.radar.sensor, %trouble, retry_ms = pause.as_millis() as u64, "Radar not heard; it is ignored.");
            tokio::time::sleep(pause).await;
        }
    }

    /// Reads until the line is gone or silent; returns why it ended.
    async fn listen(&self, mailbox: &Mailbox, heard: &mut bool, told_down: &mut bool) -> String {
        let mut line = match self.radar.line.open() {
            Ok(line) => line,
            Err(trouble) => return trouble,
        };
        let mut decoder = Decoder::new(&self.radar.kind);
        let mut buffer = [0; 512];
        let mut told: Option<(bool, HallTime)> = None;
        let mut silent_from = tokio::time::Instant::now();
        loop {
            let left = SILENT_AFTER.saturating_sub(silent_from.elapsed());
            let count = match timeout(left, line.read(&mut buffer)).await {
                Ok(Ok(0)) => return "the line was closed".into(),
                Ok(Ok(count)) => count,
                Ok(Err(error)) => return format!("cannot read: {error}"),
                Err(_) => {
                    return format!(
                        "no frame for {} s ({} bytes were none); compare type and baud rate with the radar's",
                        SILENT_AFTER.as_secs(),
                        decoder.skipped_bytes()
                    );
                }
            };
            for present in decoder.push(&buffer[..count]) {
                silent_from = tokio::time::Instant::now();
                if !*heard {
                    *heard = true;
                    self.status.send_modify(|s| {
                        s.connected = true;
                        s.trouble.clear();
                    });
                }
                if std::mem::take(told_down) {
                    self.tell(mailbox, false);
                }
                let (at, value) = ((self.now)().0, present != self.radar.invert);
                let news = told.is_none_or(|(last, last_at)| {
                    last != value || at.since_ms(last_at) >= REPEAT_MS
                });
                if news {
                    told = Some((value, at));
                    mailbox.reading(SensorReading {
                        sensor: self.radar.sensor.clone(),
                        at,
                        value,
                        quality: Quality::Good,
                    });
                }
            }
            self.status.send_if_modified(|s| {
                std::mem::replace(&mut s.refused, decoder.skipped_bytes())
                    != decoder.skipped_bytes()
            });
        }
    }

    fn tell(&self, mailbox: &Mailbox, down: bool) {
        mailbox.health(SourceHealth {
            source: SourceId::Sensor(self.radar.sensor.clone()),
            at: (self.now)().0,
            down: down.then_some(FaultCause::Offline),
        });
    }
}
