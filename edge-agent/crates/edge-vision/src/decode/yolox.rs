//! YOLOX outputs: one row per cell of all levels, `[x, y, w, h, objectness, classes…]`. Pure arithmetic.
//! Formula: Ge et al. 2021, "YOLOX: Exceeding YOLO Series in 2021", and the public export.

use super::{Candidate, Level, Tensor, levels};
use crate::manifest::InputSize;

#[derive(Debug, Clone)]
pub(super) struct Layout {
    levels: Vec<Level>,
    pub(super) classes: usize,
}

impl Layout {
    pub(super) fn recognise(outputs: &[Tensor<'_>], input: InputSize) -> Option<Layout> {
        let [output] = outputs else { return None };
        let (rows, columns) = output.rows_cols()?;
        let classes = columns.checked_sub(5).filter(|c| *c > 0)?;
        [3, 4]
            .into_iter()
            .map(|count| levels(input, count))
            .find_map(|levels| {
                (levels.iter().map(|l| l.cells()).sum::<usize>() == rows)
                    .then_some(Layout { levels, classes })
            })
    }

    pub(super) fn decode(
        &self,
        outputs: &[Tensor<'_>],
        class: usize,
        threshold: f32,
        into: &mut Vec<Candidate>,
    ) -> Option<()> {
        let [output] = outputs else { return None };
        let width = 5 + self.classes;
        let cells: usize = self.levels.iter().map(|l| l.cells()).sum();
        if output.values.len() != cells * width {
            return None;
        }
        let mut rows = output.values.chunks_exact(width);
        for level in &self.levels {
            let stride = level.stride as f32;
            for (cell, row) in rows.by_ref().take(level.cells()).enumerate() {
                let score = row[4] * row[5 + class];
                if score.is_nan() || score < threshold {
                    continue;
                }
                let (column, line) = ((cell % level.columns) as f32, (cell / level.columns) as f32);
                let (cx, cy) = ((row[0] + column) * stride, (row[1] + line) * stride);
                let (w, h) = (row[2].exp() * stride, row[3].exp() * stride);
                into.push(Candidate {
                    corners: [cx - w / 2.0, cy - h / 2.0, cx + w / 2.0, cy + h / 2.0],
                    score,
                });
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_of_each_level_decodes_to_its_place() {
        // 64×32 has 8×4, 4×2 and 2×1 cells; one class.
        let input = InputSize {
            width: 64,
            height: 32,
        };
        let check = |cell: usize, expected: [f32; 4]| {
            let mut values = vec![0.0; 42 * 6];
            values[cell * 6..cell * 6 + 6].copy_from_slice(&[
                0.5,
                0.25,
                0.0,
                2.0_f32.ln(),
                0.8,
                0.5,
            ]);
            let outputs = [Tensor {
                name: "output",
                shape: &[1, 42, 6],
                values: &values,
            }];
            let layout = Layout::recognise(&outputs, input).unwrap();
            let mut found = Vec::new();
            layout.decode(&outputs, 0, 0.3, &mut found).unwrap();
            assert_eq!(found.len(), 1);
            assert!((found[0].score - 0.4).abs() < 1e-6);
            for (got, want) in found[0].corners.iter().zip(expected) {
                assert!(
                    (got - want).abs() < 1e-4,
                    "cell {cell}: {:?}, wanted {expected:?}",
                    found[0].corners
                );
            }
        };
        check(0, [0.0, -6.0, 8.0, 10.0]); // first cell of stride 8: centre (4, 2), size 8×16
        check(9, [8.0, 2.0, 16.0, 18.0]); // stride 8, column 1, line 1: centre (12, 10)
        check(32 + 7, [48.0, 4.0, 64.0, 36.0]); // stride 16, column 3, line 1: centre (56, 20), size 16×32
        check(41, [32.0, -24.0, 64.0, 40.0]); // stride 32, column 1: centre (48, 8), size 32×64
    }
}
