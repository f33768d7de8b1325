//! One place per camera for its newest frame, and the fair order in which workers take them. Frames are dropped only
//! here, and counted. Knows neither pipelines nor models.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hall_core::HallTime;
use hall_core::ids::CameraId;

use crate::frame::{Frame, Mask};

/// All cameras' newest frames.
#[derive(Debug, Default)]
pub struct FrameBoard {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct State {
    places: Vec<Place>,
    next: usize,
    closed: bool,
}

#[derive(Debug)]
struct Place {
    camera: CameraId,
    frame: Option<Frame>,
    /// A worker holds a frame of this camera: the next one waits, so that results keep their order.
    at_work: bool,
    open: bool,
    masks: Arc<[Mask]>,
    counts: SlotCounts,
}

/// What happened to a camera's frames since its slot was first opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SlotCounts {
    /// Frames put in.
    pub put: u64,
    /// Frames replaced by a newer one before any worker was free.
    pub replaced: u64,
    /// Frames taken by a worker.
    pub taken: u64,
    /// Frames skipped by a worker as too old.
    pub stale: u64,
    /// Frames let go unseen because the camera is off duty.
    pub off_duty: u64,
    /// Capture time of the newest frame that a worker took and that was not too old.
    pub newest_at: Option<HallTime>,
}

/// What a worker did with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// Analysed it, or tried to.
    Analysed,
    /// Let it go unseen: the camera is off duty.
    OffDuty,
    /// Skipped it as too old.
    Stale,
}

/// A camera's end of the board: latest wins. Dropping it changes nothing; [`LatestSlot::close`] does.
#[derive(Debug, Clone)]
pub struct LatestSlot {
    board: Arc<FrameBoard>,
    camera: CameraId,
}

/// What a worker got.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "moved once per frame; a box would allocate per frame"
)]
pub enum Taken {
    /// A frame with the camera's masks; [`FrameBoard::done`] must follow.
    Frame(Frame, Arc<[Mask]>),
    /// Nothing came in time.
    Idle,
    /// The board is closed and empty for this worker.
    Closed,
}

impl FrameBoard {
    /// An empty board.
    #[must_use]
    pub fn new() -> Arc<FrameBoard> {
        Arc::new(FrameBoard::default())
    }

    /// Opens, or re-opens with new masks, the slot of a camera; its counts go on.
    #[must_use]
    pub fn open(self: &Arc<Self>, camera: &CameraId, masks: Vec<Mask>) -> LatestSlot {
        let mut state = self.lock();
        let masks: Arc<[Mask]> = masks.into();
        match state.places.iter_mut().find(|p| p.camera == *camera) {
            Some(place) => (place.masks, place.open, place.frame) = (masks, true, None),
            None => state.places.push(Place {
                camera: camera.clone(),
                frame: None,
                at_work: false,
                open: true,
                masks,
                counts: SlotCounts::default(),
            }),
        }
        LatestSlot {
            board: Arc::clone(self),
            camera: camera.clone(),
        }
    }

    /// The next camera's frame in turn, waiting up to `patience` for one.
    pub fn take(&self, patience: Duration) -> Taken {
        let mut state = self.lock();
        loop {
            if state.closed {
                return Taken::Closed;
            }
            if let Some((frame, masks)) = state.next_frame() {
                return Taken::Frame(frame, masks);
            }
            let (guard, wait) = self
                .bell
                .wait_timeout(state, patience)
                .unwrap_or_else(PoisonError::into_inner);
            state = guard;
            if wait.timed_out() {
                return match state.next_frame() {
                    Some((frame, masks)) if !state.closed => Taken::Frame(frame, masks),
                    _ if state.closed => Taken::Closed,
                    _ => Taken::Idle,
                };
            }
        }
    }

    /// The worker is finished with its frame of `camera`, captured at `at`.
    pub fn done(&self, camera: &CameraId, at: HallTime, done: Done) {
        let mut state = self.lock();
        if let Some(place) = state.places.iter_mut().find(|p| p.camera == *camera) {
            place.at_work = false;
            match done {
                Done::Analysed => {}
                Done::OffDuty => place.counts.off_duty += 1,
                Done::Stale => place.counts.stale += 1,
            }
            if done != Done::Stale {
                place.counts.newest_at = place.counts.newest_at.max(Some(at));
            }
        }
        drop(state);
        self.bell.notify_one();
    }

    /// Counts per camera.
    #[must_use]
    pub fn counts(&self) -> Vec<(CameraId, SlotCounts)> {
        self.lock()
            .places
            .iter()
            .map(|p| (p.camera.clone(), p.counts))
            .collect()
    }

    /// The masks of a camera as last opened.
    #[must_use]
    pub fn masks(&self, camera: &CameraId) -> Arc<[Mask]> {
        self.lock()
            .places
            .iter()
            .find(|p| p.camera == *camera)
            .map_or_else(|| Arc::from([]), |p| Arc::clone(&p.masks))
    }

    /// Ends all workers once they finish the frame in hand; what waits is dropped.
    pub fn close(&self) {
        self.lock().closed = true;
        self.bell.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next_frame(&mut self) -> Option<(Frame, Arc<[Mask]>)> {
        let count = self.places.len();
        for step in 0..count {
            let index = (self.next + step) % count;
            let place = &mut self.places[index];
            if place.at_work {
                continue;
            }
            if let Some(frame) = place.frame.take() {
                place.at_work = true;
                place.counts.taken += 1;
                let masks = Arc::clone(&place.masks);
                self.next = (index + 1) % count;
                return Some((frame, masks));
            }
        }
        None
    }
}

impl LatestSlot {
    /// Puts a frame in place of an older one that no worker has taken yet. Never blocks on a worker.
    pub fn put(&self, frame: Frame) {
        let mut state = self.board.lock();
        if state.closed {
            return;
        }
        let Some(place) = state.places.iter_mut().find(|p| p.camera == self.camera) else {
            return;
        };
        if !place.open {
            return;
        }
        place.counts.put += 1;
        // The old frame's memory goes back to its pipeline outside the lock.
        let old = place.frame.replace(frame);
        place.counts.replaced += u64::from(old.is_some());
        drop(state);
        self.board.bell.notify_one();
    }

    /// The camera is gone: the waiting frame is dropped and later ones are refused until the slot is opened again.
    pub fn close(&self) {
        let mut state = self.board.lock();
        if let Some(place) = state.places.iter_mut().find(|p| p.camera == self.camera) {
            place.open = false;
            place.frame = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Picture;

    fn frame(camera: &str, seq: u64) -> Frame {
        let picture = Picture::bgr(1, 1, vec![0; 3]).unwrap();
        Frame {
            camera: camera.into(),
            seq,
            at: HallTime(seq as i64),
            picture,
        }
    }

    fn take(board: &FrameBoard) -> Option<(String, u64)> {
        match board.take(Duration::ZERO) {
            Taken::Frame(frame, _) => Some((frame.camera.to_string(), frame.seq)),
            _ => None,
        }
    }

    #[test]
    fn the_latest_frame_wins_and_the_dropped_one_is_counted() {
        let board = FrameBoard::new();
        let slot = board.open(&"a".into(), vec![]);
        slot.put(frame("a", 1));
        slot.put(frame("a", 2));
        assert_eq!(take(&board), Some(("a".into(), 2)));
        assert_eq!(take(&board), None);
        assert_eq!(
            board.counts()[0].1,
            SlotCounts {
                put: 2,
                replaced: 1,
                taken: 1,
                ..SlotCounts::default()
            }
        );
    }

    #[test]
    fn a_camera_is_with_one_worker_at_a_time() {
        let board = FrameBoard::new();
        let slot = board.open(&"a".into(), vec![]);
        slot.put(frame("a", 1));
        assert_eq!(take(&board), Some(("a".into(), 1)));
        slot.put(frame("a", 2));
        assert_eq!(take(&board), None, "the first frame is still at work");
        board.done(&"a".into(), HallTime(1), Done::Analysed);
        assert_eq!(take(&board), Some(("a".into(), 2)));
    }

    #[test]
    fn cameras_take_turns_however_fast_one_of_them_is() {
        let board = FrameBoard::new();
        let slots: Vec<LatestSlot> = ["a", "b", "c"]
            .iter()
            .map(|c| board.open(&(*c).into(), vec![]))
            .collect();
        let mut order = String::new();
        for seq in 0..6 {
            slots[0].put(frame("a", seq));
            if seq % 2 == 0 {
                slots[1].put(frame("b", seq));
                slots[2].put(frame("c", seq));
            }
            let (camera, _) = take(&board).unwrap();
            board.done(&camera.as_str().into(), HallTime(0), Done::Analysed);
            order.push_str(&camera);
        }
        assert_eq!(order, "abcabc");
    }

    #[test]
    fn a_closed_slot_refuses_frames_until_it_is_opened_again() {
        let board = FrameBoard::new();
        let slot = board.open(&"a".into(), vec![]);
        slot.put(frame("a", 1));
        slot.close();
        slot.put(frame("a", 2));
        assert_eq!(take(&board), None);
        let slot = board.open(&"a".into(), vec![]);
        slot.put(frame("a", 3));
        assert_eq!(take(&board), Some(("a".into(), 3)));
    }

    #[test]
    fn closing_the_board_releases_waiting_workers() {
        let board = FrameBoard::new();
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| matches!(board.take(Duration::from_secs(60)), Taken::Closed))
                })
                .collect();
            board.close();
            assert!(workers.into_iter().all(|w| w.join().unwrap()));
        });
    }
}
