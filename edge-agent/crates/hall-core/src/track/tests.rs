//! Claims about following people at any frame rate.

use super::*;
use crate::detection::Detection;
use crate::geometry::BBox;
use crate::ids::TrackId;
use crate::time::HallTime;
use proptest::prelude::*;

fn person(x: f32, score: f32) -> Detection {
    Detection {
        bbox: BBox {
            x1: x,
            y1: 0.4,
            x2: x + 0.06,
            y2: 0.7,
        },
        score,
    }
}

fn ids(tracks: &[Track], state: TrackState) -> Vec<u64> {
    tracks
        .iter()
        .filter(|t| t.state == state)
        .map(|t| t.id.0)
        .collect()
}

/// Two people who walk towards and past each other with 0.2 picture heights between their lines, and one who sits.
fn scene(t_s: f32) -> [Detection; 3] {
    let walk = |x: f32, y: f32| Detection {
        bbox: BBox {
            x1: x,
            y1: y,
            x2: x + 0.06,
            y2: y + 0.3,
        },
        score: 0.8,
    };
    [
        walk(0.1 + 0.08 * t_s, 0.2),
        walk(0.8 - 0.08 * t_s, 0.4),
        walk(0.45, 0.65),
    ]
}

#[test]
fn people_keep_their_number_from_half_to_25_pictures_a_second() {
    for step_ms in [40, 67, 200, 500, 1000, 2000] {
        let mut tracker = Tracker::new(TrackerConfig::default());
        let mut t_ms = 0;
        while t_ms <= 8_000 {
            // Irregular by up to a third of the step.
            let at = HallTime(t_ms + (t_ms / step_ms % 3) * step_ms / 9);
            tracker.update(at, &scene(at.0 as f32 / 1000.0));
            t_ms += step_ms;
        }
        assert_eq!(
            ids(tracker.tracks(), TrackState::Confirmed),
            [1, 2, 3],
            "{step_ms} ms"
        );
    }
}

#[test]
fn a_short_drop_out_of_a_still_person_keeps_the_number() {
    fn check(gap_ms: i64, kept: bool) {
        let mut tracker = Tracker::new(TrackerConfig::default());
        for t in 0..10 {
            tracker.update(HallTime(t * 200), &[person(0.4, 0.8)]);
        }
        let mut at = 1_800;
        while at + 200 < 1_800 + gap_ms {
            at += 200;
            let tracks = tracker.update(HallTime(at), &[]);
            assert!(tracks.iter().all(|t| t.state == TrackState::Lost));
        }
        tracker.update(HallTime(1_800 + gap_ms), &[person(0.4, 0.8)]);
        let same = tracker
            .tracks()
            .iter()
            .any(|t| t.id == TrackId(1) && t.state == TrackState::Confirmed);
        assert_eq!(same, kept, "{gap_ms} ms");
    }
    check(400, true);
    check(2_000, true);
    check(5_000, true);
    check(6_000, false);
}

#[test]
fn weak_detections_continue_tracks_but_start_none() {
    let mut tracker = Tracker::new(TrackerConfig::default());
    tracker.update(HallTime(0), &[person(0.4, 0.8)]);
    tracker.update(HallTime(200), &[person(0.4, 0.8)]);
    tracker.update(
        HallTime(400),
        &[person(0.4, 0.15), person(0.8, 0.3), person(0.1, 0.05)],
    );
    assert_eq!(ids(tracker.tracks(), TrackState::Confirmed), [1]);
    assert_eq!(tracker.tracks().len(), 1);
}

#[test]
fn a_single_flicker_is_never_confirmed_at_normal_frame_rates() {
    let mut tracker = Tracker::new(TrackerConfig::default());
    tracker.update(HallTime(0), &[]);
    assert_eq!(
        ids(
            tracker.update(HallTime(200), &[person(0.4, 0.8)]),
            TrackState::Tentative
        ),
        [1]
    );
    assert!(tracker.update(HallTime(400), &[]).is_empty());
}

#[test]
fn two_boxes_on_one_person_are_one_track() {
    let mut tracker = Tracker::new(TrackerConfig::default());
    for t in 0..5 {
        tracker.update(HallTime(t * 200), &[person(0.4, 0.8), person(0.405, 0.6)]);
    }
    assert_eq!(tracker.tracks().len(), 1);
}

#[test]
fn the_first_of_a_line_leaving_renumbers_nobody() {
    let line = |from: usize| {
        (from..6)
            .map(|i| person(0.9 - 0.1 * i as f32, 0.8))
            .collect::<Vec<_>>()
    };
    let mut tracker = Tracker::new(TrackerConfig::default());
    tracker.update(HallTime(0), &line(0));
    tracker.update(HallTime(1_000), &line(0));
    // The head of the line is gone, somebody joins at its end.
    let mut next = line(1);
    next.push(person(0.3, 0.8));
    tracker.update(HallTime(2_000), &next);
    assert_eq!(
        ids(tracker.tracks(), TrackState::Confirmed),
        [2, 3, 4, 5, 6, 7]
    );
}

proptest! {
    #[test]
    fn any_order_of_pictures_keeps_tracks_sane(
        frames in proptest::collection::vec(
            (-500_i64..3_000, proptest::collection::vec((0.0f32..1.0, 0.0f32..1.0, -0.1f32..0.5, -0.1f32..0.5, 0.0f32..1.0), 0..12)),
            1..40,
        ),
    ) {
        let mut tracker = Tracker::new(TrackerConfig { max_tracks: 8, ..TrackerConfig::default() });
        let mut at = HallTime(0);
        for (dt_ms, boxes) in frames {
            at = at.plus_ms(dt_ms);
            let detections: Vec<Detection> = boxes.iter()
                .map(|&(x, y, w, h, score)| Detection { bbox: BBox { x1: x, y1: y, x2: x + w, y2: y + h }, score })
                .collect();
            let tracks = tracker.update(at, &detections);
            prop_assert!(tracks.len() <= 8);
            for (i, t) in tracks.iter().enumerate() {
                prop_assert!(t.bbox.area().is_finite());
                prop_assert!(t.first_seen <= t.last_seen);
                prop_assert!(tracks[i + 1..].iter().all(|u| u.id != t.id));
            }
        }
    }
}
