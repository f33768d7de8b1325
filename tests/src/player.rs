//! Plays one feed into one running RTSP media, picture by picture at its time. Owns the thread that does it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

use crate::feed::{AccessUnit, Feed};
use crate::loop_clock::LoopClock;

/// Whether cameras send pictures at present.
#[derive(Debug, Default)]
pub struct Talk {
    silent: AtomicBool,
}

impl Talk {
    /// No pictures from now on.
    pub fn silence(&self) {
        self.silent.store(true, Ordering::SeqCst);
    }

    /// Pictures again.
    pub fn resume(&self) {
        self.silent.store(false, Ordering::SeqCst);
    }

    fn is_silent(&self) -> bool {
        self.silent.load(Ordering::SeqCst)
    }
}

/// Ends a player from wherever its media is taken down.
#[derive(Debug, Clone, Default)]
pub struct Ender(Arc<(Mutex<bool>, Condvar)>);

impl Ender {
    /// Asks the player to end; returns at once.
    pub fn end(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    /// Waits until `at` or the end; true at the end.
    fn ended_by(&self, at: Instant) -> bool {
        let mut ended = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let left = at.saturating_duration_since(Instant::now());
            if *ended || left.is_zero() {
                return *ended;
            }
            ended = self
                .0
                .1
                .wait_timeout(ended, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

/// A feed being played.
pub struct Player {
    ender: Ender,
    thread: Option<JoinHandle<()>>,
}

impl Player {
    /// Starts playing into `source` at the moment `clock` has reached.
    #[must_use]
    pub fn begin(
        feed: Arc<Feed>,
        source: gst_app::AppSrc,
        clock: Arc<LoopClock>,
        talk: Arc<Talk>,
    ) -> Player {
        let ender = Ender::default();
        let thread = std::thread::Builder::new()
            .name("camera-player".into())
            .spawn({
                let ender = ender.clone();
                move || play(&feed, &source, &clock, &talk, &ender)
            })
            .expect("invariant: a process can start a thread");
        Player {
            ender,
            thread: Some(thread),
        }
    }

    /// A handle that ends it without waiting.
    #[must_use]
    pub fn ender(&self) -> Ender {
        self.ender.clone()
    }

    /// Ends it and waits for its thread.
    pub fn end(mut self) {
        self.ender.end();
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed; nothing more to learn.
            let _ = thread.join();
        }
    }
}

fn play(feed: &Feed, source: &gst_app::AppSrc, clock: &LoopClock, talk: &Talk, ender: &Ender) {
    // The media's own time line is only right once it plays: before, it may have a clock but no base time yet.
    let to_running = loop {
        if source.current_state() == gst::State::Playing
            && let Some(running) = source.current_running_time()
        {
            break (Instant::now(), Duration::from(running));
        }
        if ender.ended_by(Instant::now() + Duration::from_millis(5)) {
            return;
        }
    };
    let began = clock.start();
    let mut round =
        u32::try_from(began.elapsed().as_millis() / feed.period.as_millis()).unwrap_or(u32::MAX);
    // A decoder can only begin with a key frame, and one that is already past would come too late.
    let mut synced = false;
    loop {
        let round_began = began + feed.period * round;
        for unit in &feed.units {
            let due = round_began + unit.sent_at;
            if !synced && (!unit.key_frame || due + Duration::from_millis(50) < Instant::now()) {
                continue;
            }
            if ender.ended_by(due) {
                return;
            }
            if talk.is_silent() {
                synced = false;
                continue;
            }
            synced = true;
            if source
                .push_buffer(stamped(unit, round_began, to_running))
                .is_err()
            {
                return; // the media is being taken down
            }
        }
        round += 1;
        if !synced && ender.ended_by(round_began + feed.period) {
            return;
        }
    }
}

/// The unit with its time on the media's running-time line.
fn stamped(
    unit: &AccessUnit,
    round_began: Instant,
    (now, running): (Instant, Duration),
) -> gst::Buffer {
    let on_line = |at: Instant| {
        let ahead = running + at.saturating_duration_since(now);
        gst::ClockTime::from_nseconds(
            ahead
                .saturating_sub(now.saturating_duration_since(at))
                .as_nanos() as u64,
        )
    };
    let mut buffer = unit.data.copy();
    let writable = buffer.make_mut();
    writable.set_pts(on_line(round_began + unit.shown_at));
    writable.set_dts(on_line(round_began + unit.sent_at));
    buffer
}
