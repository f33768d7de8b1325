//! NanoDet outputs: per level class scores and, for each side of the box, a distribution over distances. Pure
//! arithmetic. Formula: Li et al. 2020, "Generalized Focal Loss", as in the public NanoDet export.

use super::{Candidate, Level, Tensor, levels};
use crate::manifest::InputSize;

#[derive(Debug, Clone)]
struct LevelOutputs {
    level: Level,
    scores: usize,
    distances: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Layout {
    levels: Vec<LevelOutputs>,
    pub(super) classes: usize,
    bins: usize,
}

/// Distances are given over 8 bins per side in every public model.
const BINS: usize = 8;

impl Layout {
    /// Output names follow no order in the public models, so levels are matched by their number of rows.
    pub(super) fn recognise(outputs: &[Tensor<'_>], input: InputSize) -> Option<Layout> {
        let count = match outputs.len() {
            6 => 3,
            8 => 4,
            _ => return None,
        };
        let sizes: Vec<(usize, usize)> = outputs
            .iter()
            .map(Tensor::rows_cols)
            .collect::<Option<_>>()?;
        let classes = {
            let mut other: Vec<usize> = sizes
                .iter()
                .map(|s| s.1)
                .filter(|c| *c != 4 * BINS)
                .collect();
            other.dedup();
            match other.as_slice() {
                [classes] if *classes > 0 => *classes,
                _ => return None,
            }
        };
        let levels = levels(input, count)
            .into_iter()
            .map(|level| {
                let find =
                    |columns: usize| sizes.iter().position(|s| *s == (level.cells(), columns));
                Some(LevelOutputs {
                    level,
                    scores: find(classes)?,
                    distances: find(4 * BINS)?,
                })
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Layout {
            levels,
            classes,
            bins: BINS,
        })
    }

    pub(super) fn decode(
        &self,
        outputs: &[Tensor<'_>],
        class: usize,
        threshold: f32,
        into: &mut Vec<Candidate>,
    ) -> Option<()> {
        for LevelOutputs {
            level,
            scores,
            distances,
        } in &self.levels
        {
            let (scores, distances) = (
                outputs.get(*scores)?.values,
                outputs.get(*distances)?.values,
            );
            if scores.len() != level.cells() * self.classes
                || distances.len() != level.cells() * 4 * self.bins
            {
                return None;
            }
            let stride = level.stride as f32;
            for cell in 0..level.cells() {
                let score = scores[cell * self.classes + class];
                if score.is_nan() || score < threshold {
                    continue;
                }
                let cx = ((cell % level.columns) as f32 + 0.5) * stride;
                let cy = ((cell / level.columns) as f32 + 0.5) * stride;
                let sides = &distances[cell * 4 * self.bins..(cell + 1) * 4 * self.bins];
                let d = |side: usize| {
                    expectation(&sides[side * self.bins..(side + 1) * self.bins]) * stride
                };
                into.push(Candidate {
                    corners: [cx - d(0), cy - d(1), cx + d(2), cy + d(3)],
                    score,
                });
            }
        }
        Some(())
    }
}

/// Mean bin number under the softmax of the logits.
fn expectation(logits: &[f32]) -> f32 {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (mut sum, mut weighted) = (0.0, 0.0);
    for (bin, logit) in logits.iter().enumerate() {
        let weight = (logit - highest).exp();
        sum += weight;
        weighted += weight * bin as f32;
    }
    weighted / sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_in_any_order_decode_to_their_place() {
        let input = InputSize {
            width: 64,
            height: 32,
        };
        let (mut s8, s16, s32) = (vec![0.0; 32 * 2], vec![0.0; 8 * 2], vec![0.0; 2 * 2]);
        let (mut d8, d16, d32) = (vec![0.0; 32 * 32], vec![0.0; 8 * 32], vec![0.0; 2 * 32]);
        s8[9 * 2 + 1] = 0.7;
        // All weight on bin 1, 2, 3 and on bins 0 and 1 equally.
        for (side, bins) in [(0, &[1][..]), (1, &[2]), (2, &[3]), (3, &[0, 1])] {
            for bin in bins {
                d8[9 * 32 + side * 8 + bin] = 50.0;
            }
        }
        let outputs = [
            Tensor {
                name: "a",
                shape: &[1, 8, 32],
                values: &d16,
            },
            Tensor {
                name: "b",
                shape: &[1, 2, 2],
                values: &s32,
            },
            Tensor {
                name: "c",
                shape: &[1, 32, 2],
                values: &s8,
            },
            Tensor {
                name: "d",
                shape: &[1, 2, 32],
                values: &d32,
            },
            Tensor {
                name: "e",
                shape: &[1, 32, 32],
                values: &d8,
            },
            Tensor {
                name: "f",
                shape: &[1, 8, 2],
                values: &s16,
            },
        ];
        let layout = Layout::recognise(&outputs, input).unwrap();
        let mut found = Vec::new();
        layout.decode(&outputs, 1, 0.3, &mut found).unwrap();
        assert_eq!(found.len(), 1);
        // Centre of column 1, line 1 at stride 8: (12, 12).
        for (got, want) in found[0].corners.iter().zip([4.0, -4.0, 36.0, 16.0]) {
            assert!((got - want).abs() < 1e-3, "{:?}", found[0].corners);
        }
    }
}
