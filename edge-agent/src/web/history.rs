//! The last half hour of window states and queue lengths, sampled from the snapshot, for strips and sparklines. Lives in
//! memory and starts empty; it is a convenience of the page, never a record.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hall_core::ids::{QueueId, WindowId};
use hall_core::snapshot::{HallSnapshot, WindowState};
use hall_core::time::HallTime;
use tokio::time::MissedTickBehavior;

use super::dto::{HistoryDto, QueueHistoryDto, StateRunDto, WindowHistoryDto, WindowStateDto};
use super::state::AppState;

/// Half an hour at ten seconds.
const MAX_SAMPLES: usize = 180;

#[derive(Debug)]
struct Sample {
    at: HallTime,
    windows: HashMap<WindowId, WindowState>,
    queues: HashMap<QueueId, Option<u32>>,
}

/// The ring of samples.
pub(super) struct History {
    step: Duration,
    samples: Mutex<VecDeque<Sample>>,
}

impl History {
    pub fn new(step: Duration) -> Self {
        History {
            step,
            samples: Mutex::default(),
        }
    }

    pub fn push(&self, at: HallTime, snapshot: &HallSnapshot) {
        let sample = Sample {
            at,
            windows: snapshot
                .windows
                .iter()
                .map(|w| (w.window.clone(), w.state))
                .collect(),
            queues: snapshot
                .queues
                .iter()
                .map(|q| (q.queue.clone(), q.length))
                .collect(),
        };
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        if samples.len() == MAX_SAMPLES {
            samples.pop_front();
        }
        samples.push_back(sample);
    }

    /// The samples as shown, for the windows and queues of `snapshot` in its order.
    pub fn view(&self, state: &AppState, snapshot: &HallSnapshot) -> HistoryDto {
        let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let windows = snapshot.windows.iter().map(|w| WindowHistoryDto {
            window: w.window.to_string(),
            runs: runs(
                samples
                    .iter()
                    .map(|s| s.windows.get(&w.window).map(|s| (*s).into())),
            ),
        });
        let queues = snapshot.queues.iter().map(|q| QueueHistoryDto {
            queue: q.queue.to_string(),
            lengths: samples
                .iter()
                .map(|s| s.queues.get(&q.queue).copied().flatten())
                .collect(),
        });
        HistoryDto {
            v: 1,
            step_ms: self.step.as_millis() as u64,
            samples: samples.len(),
            max_samples: MAX_SAMPLES,
            to: samples.back().map(|s| state.wall(s.at)),
            windows: windows.collect(),
            queues: queues.collect(),
        }
    }
}

fn runs(states: impl Iterator<Item = Option<WindowStateDto>>) -> Vec<StateRunDto> {
    let mut runs: Vec<StateRunDto> = Vec::new();
    for state in states {
        match runs.last_mut() {
            Some(run) if run.state == state => run.samples += 1,
            _ => runs.push(StateRunDto { state, samples: 1 }),
        }
    }
    runs
}

/// Takes samples until the server is cancelled.
pub(super) async fn sample(state: &AppState) {
    let mut ticks = tokio::time::interval(state.limits().history_step);
    // After a stall one sample is enough: the missed ones would all say the same.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            biased;
            () = state.cancel().cancelled() => return,
            _ = ticks.tick() => {
                let snapshot = state.inputs().snapshot.borrow().clone();
                state.history().push(state.now(), &snapshot);
            }
        }
    }
}
