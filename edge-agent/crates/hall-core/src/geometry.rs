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
        Point { x: (self.x1 + self.x2) / 2.0, y: (self.y1 + self.y2) / 2.0 }
    }

    /// Middle of the lower edge: where a standing person meets the floor.
    #[must_use]
    pub fn bottom_center(&self) -> Point {
        Point { x: (self.x1 + self.x2) / 2.0, y: self.y2 }
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
