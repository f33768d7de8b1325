//! Polygons as drawn by an installer: at least three points, inside the picture, a real area, edges that do not cross.

use hall_core::geometry::Point;

use crate::validate::Check;

/// Smaller shares of the picture are a slip of the mouse: 23 pixels of a 640x360 picture.
const MIN_AREA: f64 = 1e-4;

/// A simple polygon, or mistakes at `path`.
pub(super) fn polygon(path: &str, points: &[[f64; 2]], check: &mut Check<'_>) -> Vec<Point> {
    if points.len() < 3 {
        check.mistake(
            path,
            format!("a polygon needs at least 3 points, found {}", points.len()),
            "draw it again",
        );
        return Vec::new();
    }
    let mut sound = true;
    for (n, [x, y]) in points.iter().enumerate() {
        if !(0.0..=1.0).contains(x) || !(0.0..=1.0).contains(y) {
            check.mistake(
                format!("{path}[{n}]"),
                format!("the point [{x}, {y}] lies outside the picture"),
                "coordinates are shares of the picture from 0 to 1, not pixels",
            );
            sound = false;
        }
    }
    if !sound {
        return Vec::new();
    }
    if let Some((a, b)) = repeated(points) {
        check.mistake(
            path,
            format!("points {} and {} are the same", a + 1, b + 1),
            "take one out; the polygon closes itself",
        );
    } else if let Some((a, b)) = crossing(points) {
        check.mistake(
            path,
            format!(
                "the polygon crosses itself between points {} and {}",
                a + 1,
                b + 1
            ),
            "redraw it in order",
        );
    } else if area(points) < MIN_AREA {
        check.mistake(
            path,
            "the polygon has next to no area",
            "draw it around the whole place",
        );
    }
    points
        .iter()
        .map(|[x, y]| Point {
            x: *x as f32,
            y: *y as f32,
        })
        .collect()
}

/// The first two points at the same place.
fn repeated(points: &[[f64; 2]]) -> Option<(usize, usize)> {
    (0..points.len())
        .flat_map(|a| (a + 1..points.len()).map(move |b| (a, b)))
        .find(|(a, b)| points[*a] == points[*b])
}

/// The starts of the first two edges that touch although they are not neighbours.
fn crossing(points: &[[f64; 2]]) -> Option<(usize, usize)> {
    let count = points.len();
    let edge = |n: usize| (points[n], points[(n + 1) % count]);
    (0..count)
        .flat_map(|a| (a + 1..count).map(move |b| (a, b)))
        .filter(|(a, b)| b - a > 1 && !(*a == 0 && *b == count - 1))
        .find(|(a, b)| touch(edge(*a), edge(*b)))
        // Neighbours share a point; they still overlap when the second folds back onto the first.
        .or_else(|| {
            (0..count)
                .map(|a| (a, (a + 1) % count))
                .find(|(a, b)| folds_back(points[*a], points[*b], points[(b + 1) % count]))
        })
}

type Edge = ([f64; 2], [f64; 2]);

fn touch((a, b): Edge, (c, d): Edge) -> bool {
    let (o1, o2, o3, o4) = (turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b));
    if o1 * o2 < 0.0 && o3 * o4 < 0.0 {
        return true;
    }
    (o1 == 0.0 && within(a, b, c))
        || (o2 == 0.0 && within(a, b, d))
        || (o3 == 0.0 && within(c, d, a))
        || (o4 == 0.0 && within(c, d, b))
}

fn folds_back(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> bool {
    turn(a, b, c) == 0.0 && (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1]) < 0.0
}

/// Positive when a, b, c turn left, negative when right, 0 when in line.
fn turn(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// For `p` in line with `a` and `b`: true when it lies between them.
fn within(a: [f64; 2], b: [f64; 2], p: [f64; 2]) -> bool {
    (0..2).all(|i| p[i] >= a[i].min(b[i]) && p[i] <= a[i].max(b[i]))
}

/// Shoelace formula.
fn area(points: &[[f64; 2]]) -> f64 {
    let twice: f64 = (0..points.len())
        .map(|n| (points[n], points[(n + 1) % points.len()]))
        .map(|(a, b)| a[0] * b[1] - b[0] * a[1])
        .sum();
    (twice / 2.0).abs()
}
