//! Optimal assignment of rows to columns (Hungarian method). Pure numbers; knows no tracks.

/// Pairs `(row, column)` that maximise the summed gain, each row and each column used at most once; pairs without a
/// positive gain are never made. `gain` is row-major, `rows` × `columns`.
///
/// Shortest augmenting paths with potentials, O(n³) for n = max(rows, columns) (Kuhn 1955, Munkres 1957, in the form of
/// Jonker and Volgenant 1987). Leaving a row alone costs nothing, so one bad pair is never made to enable others.
pub(super) fn assign(gain: &[f32], rows: usize, columns: usize) -> Vec<(usize, usize)> {
    debug_assert_eq!(gain.len(), rows * columns);
    let n = rows.max(columns);
    if rows == 0 || columns == 0 {
        return Vec::new();
    }
    let cost = |row: usize, column: usize| -> f64 {
        if row < rows && column < columns {
            -f64::from(gain[row * columns + column].max(0.0))
        } else {
            0.0
        }
    };
    // 1-based with column 0 as the root of every augmenting path.
    let mut row_potential = vec![0.0_f64; n + 1];
    let mut column_potential = vec![0.0_f64; n + 1];
    let mut row_of = vec![0_usize; n + 1];
    let mut came_from = vec![0_usize; n + 1];
    let mut slack = vec![f64::INFINITY; n + 1];
    let mut done = vec![false; n + 1];
    for row in 1..=n {
        row_of[0] = row;
        slack.fill(f64::INFINITY);
        done.fill(false);
        let mut column = 0;
        while row_of[column] != 0 {
            done[column] = true;
            let current = row_of[column];
            let (mut delta, mut next) = (f64::INFINITY, 0);
            for j in 1..=n {
                if done[j] {
                    continue;
                }
                let reduced =
                    cost(current - 1, j - 1) - row_potential[current] - column_potential[j];
                if reduced < slack[j] {
                    slack[j] = reduced;
                    came_from[j] = column;
                }
                if slack[j] < delta {
                    delta = slack[j];
                    next = j;
                }
            }
            for j in 0..=n {
                if done[j] {
                    row_potential[row_of[j]] += delta;
                    column_potential[j] -= delta;
                } else {
                    slack[j] -= delta;
                }
            }
            column = next;
        }
        while column != 0 {
            let previous = came_from[column];
            row_of[column] = row_of[previous];
            column = previous;
        }
    }
    (1..=columns)
        .filter(|&j| row_of[j] <= rows && gain[(row_of[j] - 1) * columns + j - 1] > 0.0)
        .map(|j| (row_of[j] - 1, j - 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn best_by_trying_all(gain: &[f32], rows: usize, columns: usize, row: usize, used: u32) -> f32 {
        if row == rows {
            return 0.0;
        }
        let mut best = best_by_trying_all(gain, rows, columns, row + 1, used);
        for column in 0..columns {
            let g = gain[row * columns + column];
            if g > 0.0 && used & (1 << column) == 0 {
                best = best
                    .max(g + best_by_trying_all(gain, rows, columns, row + 1, used | 1 << column));
            }
        }
        best
    }

    proptest! {
        #[test]
        fn no_other_assignment_gains_more(
            rows in 0_usize..6, columns in 0_usize..6,
            values in proptest::collection::vec(-1.0_f32..1.0, 36),
        ) {
            let gain = &values[..rows * columns];
            let pairs = assign(gain, rows, columns);
            let sum: f32 = pairs.iter().map(|&(r, c)| gain[r * columns + c]).sum();
            prop_assert!((sum - best_by_trying_all(gain, rows, columns, 0, 0)).abs() < 1e-4);
            for (i, a) in pairs.iter().enumerate() {
                prop_assert!(gain[a.0 * columns + a.1] > 0.0);
                prop_assert!(pairs[i + 1..].iter().all(|b| a.0 != b.0 && a.1 != b.1));
            }
        }
    }
}
