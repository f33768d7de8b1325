//! Quantiles by the nearest-rank method: the smallest value such that at least the share `p` of all is not greater. Always a value that
//! occurred, exact for any number of samples, the same whatever their order.

/// Quantile of sorted samples; `None` without any. `p` is above 0 and at most 1.
#[must_use]
pub fn of_sorted<T: Copy>(sorted: &[T], p: f64) -> Option<T> {
    let rank = (p * sorted.len() as f64 - 1e-9).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

/// Quantile of values with weights, in ascending order of value; `None` without weight.
#[must_use]
pub fn of_weighted<T: Copy>(weighted: &[(T, i64)], p: f64) -> Option<T> {
    let total: i64 = weighted.iter().map(|(_, weight)| weight).sum();
    let need = p * total as f64 - 1e-9;
    let mut sum = 0;
    for (value, weight) in weighted {
        sum += weight;
        if sum > 0 && sum as f64 >= need {
            return Some(*value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_rank_gives_a_value_that_occurred() {
        let ten: Vec<u32> = (1..=10).collect();
        for (p, expected) in [(0.5, 5), (0.9, 9), (0.95, 10), (1.0, 10), (0.01, 1)] {
            assert_eq!(of_sorted(&ten, p), Some(expected), "{p}");
            let weighted: Vec<(u32, i64)> = ten.iter().map(|v| (*v, 7)).collect();
            assert_eq!(of_weighted(&weighted, p), Some(expected), "{p} weighted");
        }
        assert_eq!(of_sorted(&[42], 0.5), Some(42));
        assert_eq!(of_sorted::<u32>(&[], 0.5), None);
        assert_eq!(of_weighted::<u32>(&[(3, 0)], 0.5), None);
    }
}
