//! The ground truth says what the clips' README says.

use edge_tests::truth::{Stretch, Truth};

#[test]
fn ground_truth_holds_what_the_clips_were_scripted_to_show() {
    let stretch = |from_s, to_s| Stretch { from_s, to_s };
    for (clip, camera, window, absences) in [
        ("morning", "windows", "w1", vec![]),
        ("morning", "windows", "w2", vec![stretch(20.0, 57.8)]),
        ("morning", "windows", "w3", vec![]),
        ("morning", "corner", "w2", vec![stretch(20.0, 57.8)]),
        ("tricky", "windows", "w3", vec![stretch(22.0, 32.8)]),
        ("tricky", "windows", "w4", vec![stretch(0.0, 60.0)]),
    ] {
        let truth = Truth::read(clip, camera).unwrap();
        assert_eq!(
            truth.seat_empty(window),
            absences,
            "{clip} {camera} {window}"
        );
        assert_eq!(truth.windows(), ["w1", "w2", "w3", "w4"]);
    }
    // She gets up at 20.0 s, steps out of her zone at 21.8 s, is back in it at 55.6 s and sits at 57.8 s.
    let truth = Truth::read("morning", "windows").unwrap();
    assert_eq!(truth.off_post("w2"), [stretch(21.8, 55.6)]);
    for always_there in ["w1", "w3", "w4"] {
        assert_eq!(truth.off_post(always_there), [], "{always_there}");
    }
    let truth = Truth::read("morning", "corner").unwrap();
    assert_eq!(truth.period().as_millis(), 90_000);
    assert_eq!(truth.queue_peak("q1"), 9);
    assert_eq!(truth.queue_at_least("q1", 9), [stretch(39.4, 55.0)]);
}
