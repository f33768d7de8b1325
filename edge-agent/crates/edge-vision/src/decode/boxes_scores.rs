//! Outputs decoded in the graph: boxes `[n, 4]` in input pixels and scores `[n]` or `[n, classes]`. Pure arithmetic.

use super::{Candidate, Tensor, rows_cols};

#[derive(Debug, Clone)]
pub(super) struct Layout {
    boxes: usize,
    scores: usize,
    pub(super) classes: usize,
}

impl Layout {
    pub(super) fn recognise(outputs: &[Tensor<'_>]) -> Option<Layout> {
        if outputs.len() != 2 {
            return None;
        }
        // With four classes both outputs are [n, 4]; then the name decides.
        let mut orders = [(0, 1), (1, 0)];
        if outputs[1].name.to_ascii_lowercase().contains("box") {
            orders.reverse();
        }
        orders.into_iter().find_map(|(boxes, scores)| {
            let (rows, columns) = outputs[boxes].rows_cols()?;
            let classes = classes(outputs[scores].shape, rows)?;
            (columns == 4).then_some(Layout {
                boxes,
                scores,
                classes,
            })
        })
    }

    pub(super) fn decode(
        &self,
        outputs: &[Tensor<'_>],
        class: usize,
        threshold: f32,
        into: &mut Vec<Candidate>,
    ) -> Option<()> {
        // The number of rows may differ from frame to frame where the graph itself selects boxes.
        let (boxes, scores) = (
            outputs.get(self.boxes)?.values,
            outputs.get(self.scores)?.values,
        );
        if boxes.len() % 4 != 0 || boxes.len() / 4 * self.classes != scores.len() {
            return None;
        }
        for (corners, scores) in boxes.chunks_exact(4).zip(scores.chunks_exact(self.classes)) {
            let score = scores[class];
            if score >= threshold {
                into.push(Candidate {
                    corners: [corners[0], corners[1], corners[2], corners[3]],
                    score,
                });
            }
        }
        Some(())
    }
}

fn classes(shape: &[i64], rows: usize) -> Option<usize> {
    let rows = i64::try_from(rows).ok()?;
    match shape {
        [n] | [1, n] if *n == rows => Some(1),
        _ => rows_cols(shape)
            .filter(|(n, c)| *n as i64 == rows && *c > 0)
            .map(|(_, c)| c),
    }
}
