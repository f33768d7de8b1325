//! Points, boxes and polygons in normalised picture coordinates (0–1 from the top left). Pure arithmetic.

/// A point; `x` to the right, `y` down, both 0–1 inside the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Share of the picture's width.
    pub x: f32,
    /// Share of the picture's height.
    pub y: f32,
}

/// An axis-aligned box, top-left to bottom-right corner, normalised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BBox {
    /// Left.
    pub x1: f32,
    /// Top.
    pub y1: f32,
    /// Right.
    pub x2: f32,
    /// Bottom.
    pub y2: f32,
}

impl BBox {
    /// Width, never negative.
    #[must_use]
    pub fn width(&self) -> f32 {
        (self.x2 - self.x1).max(0.0)
    }

    /// Height, never negative.
    #[must_use]
    pub fn height(&self) -> f32 {
        (self.y2 - self.y1).max(0.0)
    }

    /// Area in shares of the picture.
    #[must_use]
    pub fn area(&self) -> f32 {
        self.width() * self.height()
    }

    /// Middle of the box.
    #[must_use]
    pub fn center(&self) -> Point {
        Point {
            x: (self.x1 + self.x2) / 2.0,
            y: (self.y1 + self.y2) / 2.0,
        }
    }

    /// Middle of the lower edge: where a standing person meets the floor.
    #[must_use]
    pub fn bottom_center(&self) -> Point {
        Point {
            x: (self.x1 + self.x2) / 2.0,
            y: self.y2,
        }
    }

    /// Area shared with `other`.
    #[must_use]
    pub fn intersection(&self, other: &BBox) -> f32 {
        let w = self.x2.min(other.x2) - self.x1.max(other.x1);
        let h = self.y2.min(other.y2) - self.y1.max(other.y1);
        if w <= 0.0 || h <= 0.0 { 0.0 } else { w * h }
    }

    /// Intersection over union, 0–1.
    #[must_use]
    pub fn iou(&self, other: &BBox) -> f32 {
        let inter = self.intersection(other);
        let union = self.area() + other.area() - inter;
        if union <= 0.0 { 0.0 } else { inter / union }
    }
}

/// Why a list of points is no polygon that zones can be judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolygonFault {
    /// Fewer than three points.
    TooFewPoints,
    /// A coordinate is not a number, or infinite.
    NotFinite,
    /// The edges starting at these two points (0-based) cross or touch.
    SelfIntersects {
        /// Start of the one edge.
        first: usize,
        /// Start of the other edge.
        second: usize,
    },
    /// All points on one line, or nearly: less than a millionth of the picture.
    NoArea,
}

/// What is wrong with `polygon`; `None` when it is simple (closed implicitly, no edge meeting another).
#[must_use]
pub fn polygon_fault(polygon: &[Point]) -> Option<PolygonFault> {
    if polygon.len() < 3 {
        return Some(PolygonFault::TooFewPoints);
    }
    if polygon.iter().any(|p| !p.x.is_finite() || !p.y.is_finite()) {
        return Some(PolygonFault::NotFinite);
    }
    if let Some((first, second)) = self_intersection(polygon) {
        return Some(PolygonFault::SelfIntersects { first, second });
    }
    (polygon_area(polygon) < 1e-6).then_some(PolygonFault::NoArea)
}

/// First pair of edges, by the index of their start points, that meet other than as neighbours at their shared corner.
#[must_use]
pub fn self_intersection(polygon: &[Point]) -> Option<(usize, usize)> {
    let n = polygon.len();
    let edge = |i: usize| (polygon[i], polygon[(i + 1) % n]);
    for i in 0..n {
        for j in i + 1..n {
            let ((a, b), (c, d)) = (edge(i), edge(j));
            let meets = if j == i + 1 {
                folds_back(a, b, d)
            } else if i == 0 && j == n - 1 {
                folds_back(c, d, b)
            } else {
                segments_meet(a, b, c, d)
            };
            if meets {
                return Some((i, j));
            }
        }
    }
    None
}

/// Whether going on from `corner` to `to` runs back over the edge that came from `from`.
fn folds_back(from: Point, corner: Point, to: Point) -> bool {
    turn(from, corner, to) == 0.0
        && (from.x - corner.x) * (to.x - corner.x) + (from.y - corner.y) * (to.y - corner.y) >= 0.0
}

/// Twice the signed area of the triangle `a b c`; in f64 so that nearly straight corners keep their sign.
fn turn(a: Point, b: Point, c: Point) -> f64 {
    let (ax, ay) = (f64::from(a.x), f64::from(a.y));
    (f64::from(b.x) - ax) * (f64::from(c.y) - ay) - (f64::from(b.y) - ay) * (f64::from(c.x) - ax)
}

/// Whether the closed segments `ab` and `cd` share a point.
fn segments_meet(a: Point, b: Point, c: Point, d: Point) -> bool {
    let (abc, abd, cda, cdb) = (turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b));
    if abc * abd < 0.0 && cda * cdb < 0.0 {
        return true;
    }
    let within = |p: Point, q: Point, r: Point| {
        r.x >= p.x.min(q.x) && r.x <= p.x.max(q.x) && r.y >= p.y.min(q.y) && r.y <= p.y.max(q.y)
    };
    (abc == 0.0 && within(a, b, c))
        || (abd == 0.0 && within(a, b, d))
        || (cda == 0.0 && within(c, d, a))
        || (cdb == 0.0 && within(c, d, b))
}

/// Whether `point` lies in `polygon` (even-odd rule; a point on an edge belongs to one of the two sides, so that of two
/// polygons sharing an edge exactly one contains it).
#[must_use]
pub fn polygon_contains(polygon: &[Point], point: Point) -> bool {
    let mut inside = false;
    let Some(mut a) = polygon.last().copied() else {
        return false;
    };
    for &b in polygon {
        if (a.y > point.y) != (b.y > point.y)
            && point.x < a.x + (b.x - a.x) * (point.y - a.y) / (b.y - a.y)
        {
            inside = !inside;
        }
        a = b;
    }
    inside
}

/// Area of a simple polygon in shares of the picture (shoelace formula).
#[must_use]
pub fn polygon_area(polygon: &[Point]) -> f32 {
    (signed_area(polygon) as f32).abs()
}

fn signed_area(points: &[Point]) -> f64 {
    let Some(mut a) = points.last() else {
        return 0.0;
    };
    let mut twice = 0.0;
    for b in points {
        twice += f64::from(a.x) * f64::from(b.y) - f64::from(b.x) * f64::from(a.y);
        a = b;
    }
    twice / 2.0
}

/// Smallest box around `polygon`; an empty box at the origin for no points.
#[must_use]
pub fn polygon_bounds(polygon: &[Point]) -> BBox {
    let Some(first) = polygon.first() else {
        return BBox {
            x1: 0.0,
            y1: 0.0,
            x2: 0.0,
            y2: 0.0,
        };
    };
    polygon.iter().fold(
        BBox {
            x1: first.x,
            y1: first.y,
            x2: first.x,
            y2: first.y,
        },
        |b, p| BBox {
            x1: b.x1.min(p.x),
            y1: b.y1.min(p.y),
            x2: b.x2.max(p.x),
            y2: b.y2.max(p.y),
        },
    )
}

/// Area that `bbox` shares with a simple polygon, also a concave one.
///
/// The polygon is summed from signed triangles (box corner, edge start, edge end), each clipped by the box with
/// Sutherland–Hodgman ("Reentrant polygon clipping", 1974). A clipped triangle has at most seven corners, so nothing is
/// allocated.
#[must_use]
pub fn overlap_area(bbox: &BBox, polygon: &[Point]) -> f32 {
    let Some(mut a) = polygon.last().copied() else {
        return 0.0;
    };
    if bbox.area() <= 0.0 {
        return 0.0;
    }
    let origin = Point {
        x: bbox.x1,
        y: bbox.y1,
    };
    let mut sum = 0.0;
    for &b in polygon {
        sum += clipped_triangle_area([origin, a, b], bbox);
        a = b;
    }
    (sum as f32).abs()
}

fn clipped_triangle_area(triangle: [Point; 3], bbox: &BBox) -> f64 {
    const SPACE: usize = 8;
    let mut points = [triangle[0]; SPACE];
    points[..3].copy_from_slice(&triangle);
    let mut len = 3;
    for side in 0..4 {
        // Distance into the half-plane of this side of the box.
        let depth = |p: Point| match side {
            0 => p.x - bbox.x1,
            1 => bbox.x2 - p.x,
            2 => p.y - bbox.y1,
            _ => bbox.y2 - p.y,
        };
        let mut kept = [triangle[0]; SPACE];
        let mut kept_len = 0;
        for i in 0..len {
            let (p, q) = (points[(i + len - 1) % len], points[i]);
            let (dp, dq) = (depth(p), depth(q));
            if (dp >= 0.0) != (dq >= 0.0) && kept_len < SPACE {
                let t = dp / (dp - dq);
                kept[kept_len] = Point {
                    x: p.x + (q.x - p.x) * t,
                    y: p.y + (q.y - p.y) * t,
                };
                kept_len += 1;
            }
            if dq >= 0.0 && kept_len < SPACE {
                kept[kept_len] = q;
                kept_len += 1;
            }
        }
        if kept_len == 0 {
            return 0.0;
        }
        (points, len) = (kept, kept_len);
    }
    signed_area(&points[..len])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn poly(points: &[(f32, f32)]) -> Vec<Point> {
        points.iter().map(|&(x, y)| Point { x, y }).collect()
    }

    const U_SHAPE: [(f32, f32); 8] = [
        (0.1, 0.1),
        (0.3, 0.1),
        (0.3, 0.7),
        (0.7, 0.7),
        (0.7, 0.1),
        (0.9, 0.1),
        (0.9, 0.9),
        (0.1, 0.9),
    ];

    #[test]
    fn faulty_polygons_are_named() {
        fn check(points: &[(f32, f32)], expected: Option<PolygonFault>) {
            assert_eq!(polygon_fault(&poly(points)), expected, "{points:?}");
        }
        check(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)], None);
        check(&U_SHAPE, None);
        check(&[(0.0, 0.0), (1.0, 0.0)], Some(PolygonFault::TooFewPoints));
        check(
            &[(0.0, 0.0), (f32::NAN, 0.0), (1.0, 1.0)],
            Some(PolygonFault::NotFinite),
        );
        // A bow tie, a spike that runs back over its own edge, a corner that touches a far edge, a doubled point.
        check(
            &[(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)],
            Some(PolygonFault::SelfIntersects {
                first: 0,
                second: 2,
            }),
        );
        check(
            &[(0.0, 0.0), (1.0, 0.0), (0.5, 0.0), (0.5, 1.0)],
            Some(PolygonFault::SelfIntersects {
                first: 0,
                second: 1,
            }),
        );
        check(
            &[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.0), (0.0, 1.0)],
            Some(PolygonFault::SelfIntersects {
                first: 0,
                second: 2,
            }),
        );
        check(
            &[(0.0, 0.0), (0.0, 0.0), (1.0, 1.0)],
            Some(PolygonFault::SelfIntersects {
                first: 0,
                second: 1,
            }),
        );
        check(
            &[(0.0, 0.0), (1.0, 0.000_000_5), (1.0, 0.000_001)],
            Some(PolygonFault::NoArea),
        );
    }

    #[test]
    fn a_concave_polygon_contains_its_arms_but_not_its_gap() {
        let u = poly(&U_SHAPE);
        for (x, y, inside) in [
            (0.2, 0.2, true),
            (0.8, 0.2, true),
            (0.5, 0.2, false),
            (0.5, 0.8, true),
            (0.05, 0.5, false),
        ] {
            assert_eq!(polygon_contains(&u, Point { x, y }), inside, "{x} {y}");
        }
        assert!((polygon_area(&u) - (0.64 - 0.24)).abs() < 1e-6);
    }

    #[test]
    fn overlap_counts_only_the_shared_part() {
        fn check(polygon: &[(f32, f32)], b: [f32; 4], expected: f32) {
            let got = overlap_area(
                &BBox {
                    x1: b[0],
                    y1: b[1],
                    x2: b[2],
                    y2: b[3],
                },
                &poly(polygon),
            );
            assert!(
                (got - expected).abs() < 1e-5,
                "{polygon:?} {b:?}: {got} for {expected}"
            );
        }
        check(&U_SHAPE, [0.0, 0.0, 1.0, 1.0], 0.4);
        check(&U_SHAPE, [0.2, 0.2, 0.8, 0.5], 0.06);
        check(&U_SHAPE, [0.35, 0.2, 0.65, 0.5], 0.0);
        check(&U_SHAPE, [0.12, 0.12, 0.2, 0.2], 0.0064);
        check(
            &[(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)],
            [0.0, 0.0, 0.5, 1.0],
            0.375,
        );
        check(
            &[(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)],
            [0.5, 0.5, 0.4, 0.4],
            0.0,
        );
    }

    proptest! {
        #[test]
        fn overlap_agrees_with_counting_points(
            angles in proptest::collection::vec((0.05f32..0.5, 0.0f32..0.1), 5..9),
            x in 0.0f32..0.8, y in 0.0f32..0.8, w in 0.05f32..0.5, h in 0.05f32..0.5,
        ) {
            // A star-shaped polygon is simple whatever its radii.
            let n = angles.len() as f32;
            let star: Vec<Point> = angles.iter().enumerate().map(|(i, (radius, jitter))| {
                let angle = (i as f32 + jitter) / n * std::f32::consts::TAU;
                Point { x: 0.5 + radius * angle.cos(), y: 0.5 + radius * angle.sin() }
            }).collect();
            let bbox = BBox { x1: x, y1: y, x2: x + w, y2: y + h };
            let grid = 120;
            let hits = (0..grid * grid).filter(|i| polygon_contains(&star, Point {
                x: x + w * ((i % grid) as f32 + 0.5) / grid as f32,
                y: y + h * ((i / grid) as f32 + 0.5) / grid as f32,
            })).count();
            let counted = hits as f32 / (grid * grid) as f32;
            let share = overlap_area(&bbox, &star) / bbox.area();
            prop_assert!((share - counted).abs() < 0.02, "{share} {counted}");
        }
    }
}
