//! Claims about who counts where, on one invented counter: two adjacent staff polygons above, counters below, a queue.

use super::*;

const STAFF_3: [f32; 4] = [0.30, 0.30, 0.50, 0.50];
const STAFF_4: [f32; 4] = [0.50, 0.30, 0.70, 0.50];
const PRINTER_3: [f32; 4] = [0.05, 0.10, 0.30, 0.50];
const COUNTER_3: [f32; 4] = [0.30, 0.70, 0.50, 0.80];
const COUNTER_4: [f32; 4] = [0.50, 0.70, 0.70, 0.80];
const QUEUE: [f32; 4] = [0.10, 0.80, 0.90, 1.00];

fn zone(id: &str, kind: ZoneKind, r: [f32; 4], evaluation_point: EvaluationPoint) -> Zone {
    let polygon = vec![
        Point { x: r[0], y: r[1] },
        Point { x: r[2], y: r[1] },
        Point { x: r[2], y: r[3] },
        Point { x: r[0], y: r[3] },
    ];
    Zone {
        id: id.into(),
        camera: "cam1".into(),
        kind,
        polygon,
        evaluation_point,
        adult_height: None,
    }
}

fn evaluator() -> ZoneEvaluator {
    use EvaluationPoint::{BottomCenter, Center};
    let mut elsewhere = zone("other", ZoneKind::Queue("Q9".into()), QUEUE, BottomCenter);
    elsewhere.camera = "cam2".into();
    ZoneEvaluator::new(
        "cam1".into(),
        vec![
            zone("W3.staff", ZoneKind::Staff("W3".into()), STAFF_3, Center),
            zone("W4.staff", ZoneKind::Staff("W4".into()), STAFF_4, Center),
            zone(
                "W3.printer",
                ZoneKind::StaffExtended("W3".into()),
                PRINTER_3,
                Center,
            ),
            zone(
                "W4.printer",
                ZoneKind::StaffExtended("W4".into()),
                PRINTER_3,
                Center,
            ),
            zone(
                "W3.counter",
                ZoneKind::Counter("W3".into()),
                COUNTER_3,
                BottomCenter,
            ),
            zone(
                "W4.counter",
                ZoneKind::Counter("W4".into()),
                COUNTER_4,
                BottomCenter,
            ),
            zone("Q1", ZoneKind::Queue("Q1".into()), QUEUE, BottomCenter),
            elsewhere,
        ],
    )
}

fn track(id: u64, b: [f32; 4], state: TrackState) -> Track {
    Track {
        id: TrackId(id),
        bbox: BBox {
            x1: b[0],
            y1: b[1],
            x2: b[2],
            y2: b[3],
        },
        state,
        score: 0.9,
        age_ms: 0,
        first_seen: HallTime(0),
        last_seen: HallTime(0),
    }
}

const SEATED_3: [f32; 4] = [0.36, 0.33, 0.44, 0.50];
const SEATED_4: [f32; 4] = [0.56, 0.33, 0.64, 0.50];
const STANDING_3: [f32; 4] = [0.36, 0.20, 0.44, 0.50];
const PRINTING: [f32; 4] = [0.15, 0.20, 0.23, 0.50];
const AT_COUNTER_3: [f32; 4] = [0.34, 0.42, 0.44, 0.75];
/// Bent far over: the box is small, its centre in the staff polygon, the feet still at the counter's floor or hidden.
const LEANING_3: [f32; 4] = [0.35, 0.36, 0.45, 0.58];
const QUEUING: [f32; 4] = [0.60, 0.60, 0.68, 0.90];
const IN_THE_PUBLIC: [f32; 4] = [0.80, 0.40, 0.88, 0.70];
const STRADDLING_LEFT: [f32; 4] = [0.458, 0.33, 0.538, 0.50];
const STRADDLING_RIGHT: [f32; 4] = [0.462, 0.33, 0.542, 0.50];

/// Plays one track through places of `(seconds, box)` at two pictures a second; the zones that counted it at the end of
/// each place, joined.
fn play(places: &[(u32, [f32; 4])]) -> Vec<String> {
    let mut evaluator = evaluator();
    let mut now = HallTime(1_000_000);
    places
        .iter()
        .map(|&(seconds, bbox)| {
            let mut zones = String::new();
            for _ in 0..seconds * 2 {
                now = now.plus_ms(500);
                let mut t = track(1, bbox, TrackState::Confirmed);
                t.last_seen = now;
                let snapshot = evaluator.evaluate(now, &[t]);
                let hit: Vec<_> = snapshot
                    .zones
                    .iter()
                    .filter(|z| z.count > 0)
                    .map(|z| z.zone.as_str())
                    .collect();
                zones = hit.join("+");
            }
            zones
        })
        .collect()
}

#[test]
fn who_counts_where() {
    fn check(claim: &str, places: &[(u32, [f32; 4])], expected: &[&str]) {
        assert_eq!(play(places), expected, "{claim}");
    }
    check(
        "a clerk seen from the chest up counts at once",
        &[(1, SEATED_3)],
        &["W3.staff"],
    );
    check(
        "a customer at the counter is a customer",
        &[(5, AT_COUNTER_3)],
        &["W3.counter"],
    );
    check(
        "somebody from the customer side leaning over is never staff, but the customer all along",
        &[(5, AT_COUNTER_3), (180, LEANING_3), (5, AT_COUNTER_3)],
        &["W3.counter", "W3.counter", "W3.counter"],
    );
    check(
        "coming from the queue makes a customer too",
        &[(3, QUEUING), (60, LEANING_3)],
        &["Q1", ""],
    );
    check(
        "a clerk arriving through the public side counts once seated",
        &[(3, AT_COUNTER_3), (2, IN_THE_PUBLIC), (1, SEATED_3)],
        &["W3.counter", "", "W3.staff"],
    );
    check(
        "a clerk who stands up goes on counting",
        &[(10, SEATED_3), (360, STANDING_3)],
        &["W3.staff", "W3.staff"],
    );
    check(
        "a colleague walking past behind does not count",
        &[(4, STANDING_3)],
        &[""],
    );
    check(
        "a clerk who works standing counts after a while",
        &[(4, STANDING_3), (3, STANDING_3)],
        &["", "W3.staff"],
    );
    check(
        "at a shared printer the clerk counts for the window left",
        &[(10, SEATED_4), (360, PRINTING), (2, SEATED_4)],
        &["W4.staff", "W4.printer", "W4.staff"],
    );
    check(
        "who changes the seat changes the window at once",
        &[(10, SEATED_3), (1, SEATED_4)],
        &["W3.staff", "W4.staff"],
    );
    check(
        "a box over the border stays with its window for ten seconds, then goes where it fits better",
        &[
            (2, STRADDLING_LEFT),
            (9, STRADDLING_RIGHT),
            (2, STRADDLING_RIGHT),
        ],
        &["W3.staff", "W3.staff", "W4.staff"],
    );
}

#[test]
fn a_box_jittering_over_the_border_counts_for_one_window_only() {
    let mut evaluator = evaluator();
    for i in 0..600 {
        let now = HallTime(i * 200);
        let bbox = if i % 2 == 0 {
            STRADDLING_LEFT
        } else {
            STRADDLING_RIGHT
        };
        let snapshot = evaluator.evaluate(now, &[track(1, bbox, TrackState::Confirmed)]);
        let hit: Vec<_> = snapshot
            .zones
            .iter()
            .filter(|z| z.count > 0)
            .map(|z| z.zone.as_str())
            .collect();
        assert_eq!(hit, ["W3.staff"], "picture {i}");
    }
}

#[test]
fn every_zone_of_the_camera_is_listed_also_when_nobody_is_there() {
    let snapshot = evaluator().evaluate(HallTime(0), &[]);
    let ids: Vec<_> = snapshot
        .zones
        .iter()
        .map(|z| (z.zone.as_str(), z.count))
        .collect();
    let expected = [
        "W3.staff",
        "W4.staff",
        "W3.printer",
        "W4.printer",
        "W3.counter",
        "W4.counter",
        "Q1",
    ]
    .map(|id| (id, 0));
    assert_eq!(ids, expected);
}

#[test]
fn only_people_seen_in_the_picture_and_before_count() {
    let mut evaluator = evaluator();
    for (state, expected) in [
        (TrackState::Confirmed, 1),
        (TrackState::Lost, 0),
        (TrackState::Tentative, 0),
    ] {
        let both = [track(1, QUEUING, state), track(2, SEATED_3, state)];
        let snapshot = evaluator.evaluate(HallTime(0), &both);
        let count = |id: &str| {
            snapshot
                .zones
                .iter()
                .find(|z| z.zone.as_str() == id)
                .unwrap()
                .count
        };
        assert_eq!(
            (count("Q1"), count("W3.staff")),
            (expected, expected),
            "{state:?}"
        );
    }
}

/// A box shaken by up to `share` of its size, the same way for the same `n`.
fn shaken(b: [f32; 4], share: f32, n: u64) -> [f32; 4] {
    let (w, h) = (b[2] - b[0], b[3] - b[1]);
    let noise = |side: u64| {
        let mut x = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ side.wrapping_mul(0xbf58_476d);
        x ^= x >> 29;
        x = x.wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^= x >> 32;
        ((x % 2_001) as f32 / 1_000.0 - 1.0) * share
    };
    [
        b[0] + noise(0) * w,
        b[1] + noise(1) * h,
        b[2] + noise(2) * w,
        b[3] + noise(3) * h,
    ]
}

/// What stands before the camera in picture `n`, with its track number.
type Sight = Box<dyn Fn(u64) -> Vec<(u64, [f32; 4])>>;

/// How many seconds W3's staff zone has been still after `pictures` pictures, two a second; `None`: nobody is there.
fn still_s(pictures: u64, sight: &Sight) -> Option<i64> {
    let mut evaluator = evaluator();
    let mut last = None;
    for n in 0..pictures {
        let now = HallTime(1_000_000 + n as i64 * 500);
        let tracks: Vec<Track> = sight(n)
            .into_iter()
            .map(|(id, b)| track(id, b, TrackState::Confirmed))
            .collect();
        let snapshot = evaluator.evaluate(now, &tracks);
        last = snapshot.zones[0]
            .still_since
            .map(|t| now.since_ms(t) / 1000);
    }
    last
}

#[test]
fn a_coat_never_moves_and_whoever_reads_does() {
    fn check(claim: &str, sight: impl Fn(u64) -> Vec<(u64, [f32; 4])> + 'static, expected: i64) {
        assert_eq!(
            still_s(3000, &(Box::new(sight) as Sight)),
            Some(expected),
            "{claim}"
        );
    }
    let leans = [0.40, 0.345, 0.48, 0.50];
    check(
        "a coat whose box jitters by two percent, for 25 minutes",
        |n| vec![(1, shaken(SEATED_3, 0.02, n))],
        1499,
    );
    check(
        "its track changes every minute, and now and then it is not found for four seconds",
        |n| match n % 240 {
            200..208 => vec![],
            _ => vec![(n / 120, shaken(SEATED_3, 0.02, n))],
        },
        1499,
    );
    check(
        "once a minute its box jumps out for one picture, when somebody passes behind",
        |n| match n % 120 {
            60 => vec![(1, [0.30, 0.30, 0.46, 0.52])],
            _ => vec![(1, shaken(SEATED_3, 0.02, n))],
        },
        1499,
    );
    check(
        "a reader who leans over for three seconds every four minutes",
        move |n| match n % 480 {
            400..406 => vec![(1, shaken(leans, 0.02, n))],
            _ => vec![(1, shaken(SEATED_3, 0.02, n))],
        },
        96,
    );
    check(
        "somebody sits down beside the coat: the last of them to move counts",
        |n| {
            let coat = (1, shaken([0.31, 0.35, 0.36, 0.48], 0.02, n));
            if n < 2800 {
                vec![coat]
            } else {
                vec![coat, (2, shaken([0.40, 0.33, 0.48, 0.50], 0.02, n))]
            }
        },
        99,
    );
    check(
        "and leaves again: the coat has been there all the time",
        |n| {
            let coat = (1, shaken([0.31, 0.35, 0.36, 0.48], 0.02, n));
            if !(2000..2800).contains(&n) {
                vec![coat]
            } else {
                vec![coat, (2, shaken([0.40, 0.33, 0.48, 0.50], 0.02, n))]
            }
        },
        1499,
    );
}

#[test]
fn time_without_pictures_is_no_time_of_standing_still() {
    let mut evaluator = evaluator();
    let mut at = |ms: i64| {
        let tracks = [track(1, SEATED_3, TrackState::Confirmed)];
        let now = HallTime(ms);
        let since = evaluator.evaluate(now, &tracks).zones[0].still_since;
        now.since_ms(since.unwrap()) / 1000
    };
    assert_eq!([0, 10_000, 20_000].map(&mut at), [0, 10, 20]);
    assert_eq!([3_620_000, 3_630_000].map(&mut at), [20, 30]);
}

#[test]
fn who_is_much_smaller_than_staff_is_not_staff() {
    let mut zones = vec![zone(
        "W3.staff",
        ZoneKind::Staff("W3".into()),
        STAFF_3,
        EvaluationPoint::Center,
    )];
    zones[0].adult_height = Some(0.17);
    let staff = |ratio: f32, heights: &[f32]| {
        let mut evaluator =
            ZoneEvaluator::new("cam1".into(), zones.clone()).with_min_height_ratio(ratio);
        let mut last = 0;
        for (n, height) in heights.iter().enumerate() {
            let b = [0.36, 0.50 - height, 0.44, 0.50];
            let t = track(1, b, TrackState::Confirmed);
            last = evaluator.evaluate(HallTime(n as i64 * 500), &[t]).zones[0].count;
        }
        last
    };
    assert_eq!(staff(0.6, &[0.101]), 0, "a child: less than 60 % of 0.17");
    assert_eq!(staff(0.6, &[0.103]), 1, "just tall enough");
    assert_eq!(staff(0.5, &[0.101]), 1, "the profile decides");
    assert_eq!(
        staff(0.6, &[0.17, 0.09]),
        1,
        "a grown-up who bends down stays one"
    );
}
