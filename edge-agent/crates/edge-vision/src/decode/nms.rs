//! Greedy non-maximum suppression. Pure arithmetic.

use super::Candidate;

/// More boxes than this before suppression only cost time: no picture shows as many people.
const MOST_CANDIDATES: usize = 1000;

/// Orders `candidates` by falling score and keeps those that overlap no better one by more than `iou`. The work is
/// bounded: only the best 1000 are looked at. Ties keep the order of the model's rows, so results do not vary.
pub fn suppress(candidates: &mut Vec<Candidate>, iou: f32) {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    candidates.truncate(MOST_CANDIDATES);
    let mut kept = 0;
    for i in 0..candidates.len() {
        let candidate = candidates[i];
        if candidates[..kept]
            .iter()
            .all(|better| overlap(&better.corners, &candidate.corners) <= iou)
        {
            candidates[kept] = candidate;
            kept += 1;
        }
    }
    candidates.truncate(kept);
}

fn overlap(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let w = a[2].min(b[2]) - a[0].max(b[0]);
    let h = a[3].min(b[3]) - a[1].max(b[1]);
    let inter = w.max(0.0) * h.max(0.0);
    let union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inter;
    if union > 0.0 { inter / union } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_overlapping_boxes_survives() {
        let check = |rows: &[([f32; 4], f32)], iou: f32, expected: &[f32]| {
            let mut candidates: Vec<Candidate> = rows
                .iter()
                .map(|(corners, score)| Candidate {
                    corners: *corners,
                    score: *score,
                })
                .collect();
            suppress(&mut candidates, iou);
            assert_eq!(
                candidates.iter().map(|c| c.score).collect::<Vec<_>>(),
                expected,
                "{rows:?} at {iou}"
            );
        };
        let a = [0.0, 0.0, 10.0, 10.0];
        let half = [0.0, 0.0, 10.0, 5.0]; // IoU with a: exactly 0.5
        let far = [100.0, 0.0, 110.0, 10.0];
        check(&[], 0.5, &[]);
        check(&[(half, 0.8), (a, 0.9)], 0.5, &[0.9, 0.8]);
        check(&[(half, 0.8), (a, 0.9)], 0.49, &[0.9]);
        check(&[(far, 0.5), (a, 0.9), (a, 0.7)], 0.5, &[0.9, 0.5]);
        // A suppressed box suppresses nothing itself.
        check(
            &[
                (a, 0.9),
                ([0.0, 0.0, 10.0, 6.0], 0.8),
                ([0.0, 2.0, 10.0, 5.0], 0.7),
            ],
            0.45,
            &[0.9, 0.7],
        );
    }

    #[test]
    fn work_is_bounded_when_every_cell_fires() {
        let mut candidates: Vec<Candidate> = (0..100_000)
            .map(|i| Candidate {
                corners: [i as f32 * 2.0, 0.0, i as f32 * 2.0 + 1.0, 1.0],
                score: 1.0,
            })
            .collect();
        suppress(&mut candidates, 0.5);
        assert_eq!(candidates.len(), MOST_CANDIDATES);
        assert_eq!(candidates[0].corners[0], 0.0);
    }
}
