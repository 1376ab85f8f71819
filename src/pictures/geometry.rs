//! Plane geometry of shapes and lines. Owns what "inside" means for each outline and where a line meets a border.
//! Must never divide by a length that can be zero.

use super::model::{Bounds, NodeKind, Point};

/// The outline of a node, as far as lines that end at it care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outline {
    /// Boxes of all sorts.
    Rectangle,
    /// Events.
    Ellipse,
    /// Gateways.
    Rhombus,
}

impl Outline {
    /// The outline of a kind of node.
    pub fn of(kind: NodeKind) -> Self {
        match kind {
            NodeKind::Event { .. } => Self::Ellipse,
            NodeKind::Gateway(_) => Self::Rhombus,
            NodeKind::Task(_)
            | NodeKind::SubProcess { .. }
            | NodeKind::CallActivity
            | NodeKind::DataObject
            | NodeKind::DataStore
            | NodeKind::TextAnnotation
            | NodeKind::Group => Self::Rectangle,
        }
    }
}

impl Point {
    /// A point at `x`, `y`.
    pub fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// The distance to another point in pixels.
    pub fn distance(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// The point `share` of the way to another one.
    pub fn towards(self, other: Self, share: f64) -> Self {
        Self::new(
            self.x + (other.x - self.x) * share,
            self.y + (other.y - self.y) * share,
        )
    }

    /// The unit vector to another point; to the right when they are the same.
    pub fn direction(self, other: Self) -> Self {
        let distance = self.distance(other);
        if distance > f64::EPSILON {
            Self::new((other.x - self.x) / distance, (other.y - self.y) / distance)
        } else {
            Self::new(1.0, 0.0)
        }
    }

    /// The point moved along a unit vector, and by `side` to its right.
    pub fn moved(self, direction: Self, along: f64, side: f64) -> Self {
        Self::new(
            self.x + direction.x * along - direction.y * side,
            self.y + direction.y * along + direction.x * side,
        )
    }
}

impl Bounds {
    /// A rectangle.
    pub fn new(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    /// The right edge.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// The bottom edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// The middle.
    pub fn center(&self) -> Point {
        Point::new(self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// True when the other rectangle lies within this one.
    pub fn contains(&self, other: &Self) -> bool {
        other.x >= self.x
            && other.y >= self.y
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }

    /// True when the two share more than an edge.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.x < other.right()
            && other.x < self.right()
            && self.y < other.bottom()
            && other.y < self.bottom()
    }
}

/// True when the point lies in the outline that fills `bounds`.
fn inside(outline: Outline, bounds: &Bounds, point: Point) -> bool {
    let (half_width, half_height) = (bounds.width / 2.0, bounds.height / 2.0);
    if half_width <= 0.0 || half_height <= 0.0 {
        return false;
    }
    let center = bounds.center();
    let across = (point.x - center.x).abs() / half_width;
    let down = (point.y - center.y).abs() / half_height;
    match outline {
        Outline::Rectangle => across < 1.0 && down < 1.0,
        Outline::Ellipse => across.hypot(down) < 1.0,
        Outline::Rhombus => across + down < 1.0,
    }
}

/// Where the way from an inner point to an outer one crosses the border.
fn border(outline: Outline, bounds: &Bounds, inner: Point, outer: Point) -> Point {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if inside(outline, bounds, inner.towards(outer, middle)) {
            low = middle;
        } else {
            high = middle;
        }
    }
    inner.towards(outer, high)
}

/// The line with its first point moved to the border of the shape that it leaves.
pub fn leave(outline: Outline, bounds: &Bounds, mut line: Vec<Point>) -> Vec<Point> {
    let (Some(&first), Some(&second)) = (line.first(), line.get(1)) else {
        return line;
    };
    if inside(outline, bounds, first) {
        let out = line
            .iter()
            .position(|&point| !inside(outline, bounds, point));
        if let Some(out) = out {
            let start = border(outline, bounds, line[out - 1], line[out]);
            line.splice(..out, [start]);
        }
        return line;
    }
    // Interchange often ends a line at the bounding box: prolong it straight to the outline, or turn to the middle.
    let center = bounds.center();
    let direction = second.direction(first);
    let along = (center.x - first.x) * direction.x + (center.y - first.y) * direction.y;
    let nearest = first.moved(direction, along, 0.0);
    let reach = bounds.width.max(bounds.height);
    if along > 0.0 && along <= reach && inside(outline, bounds, nearest) {
        line[0] = border(outline, bounds, nearest, first);
    } else if first.distance(center) <= reach && inside(outline, bounds, center) {
        let start = border(outline, bounds, center, first);
        if start.distance(first) > 1.0 {
            line.insert(0, start);
        }
    }
    line
}

/// The line with its last point moved to the border of the shape that it reaches.
pub fn reach(outline: Outline, bounds: &Bounds, mut line: Vec<Point>) -> Vec<Point> {
    line.reverse();
    let mut line = leave(outline, bounds, line);
    line.reverse();
    line
}

/// The length of a line in pixels.
pub fn length(line: &[Point]) -> f64 {
    line.windows(2).map(|pair| pair[0].distance(pair[1])).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_start_and_end_at_the_outline() {
        let bounds = Bounds::new(100.0, 100.0, 40.0, 40.0);
        let far = Point::new(300.0, 120.0);
        let rows = [
            (
                Outline::Rectangle,
                Point::new(120.0, 120.0),
                Point::new(140.0, 120.0),
            ),
            (
                Outline::Ellipse,
                Point::new(130.0, 120.0),
                Point::new(140.0, 120.0),
            ),
            (
                Outline::Rhombus,
                Point::new(120.0, 120.0),
                Point::new(140.0, 120.0),
            ),
            // Outside, but the prolonged line meets the shape.
            (
                Outline::Ellipse,
                Point::new(150.0, 120.0),
                Point::new(140.0, 120.0),
            ),
        ];
        for (outline, from, expected) in rows {
            let left = leave(outline, &bounds, vec![from, far]);
            assert!(left[0].distance(expected) < 0.001, "{outline:?} {left:?}");
            let reached = reach(outline, &bounds, vec![far, from]);
            assert!(
                reached[1].distance(expected) < 0.001,
                "{outline:?} {reached:?}"
            );
        }
    }

    #[test]
    fn degenerate_lines_and_shapes_stay_as_they_are() {
        let nothing = Bounds::new(5.0, 5.0, 0.0, 0.0);
        let line = vec![Point::new(5.0, 5.0), Point::new(5.0, 5.0)];
        assert_eq!(leave(Outline::Rectangle, &nothing, line.clone()), line);
        let inner = vec![Point::new(6.0, 6.0), Point::new(7.0, 7.0)];
        let around = Bounds::new(0.0, 0.0, 50.0, 50.0);
        assert_eq!(leave(Outline::Rectangle, &around, inner.clone()), inner);
        assert_eq!(leave(Outline::Rectangle, &around, vec![]), vec![]);
    }
}
