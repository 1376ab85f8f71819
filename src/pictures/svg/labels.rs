//! The names that stand beside nodes. Owns where a name goes that has no place of its own: where it covers least. Must
//! never let such a name leave the canvas, and must not compare everything with everything in large diagrams.

use super::super::model::{Bounds, Node, NodeKind, Point};
use super::super::scene::Scene;
use super::super::text::{width, wrap};
use super::canvas::{Anchor, Canvas, TextStyle};

/// Widest name that has no place of its own, in pixels.
const WIDTH: f64 = 90.0;
/// Distance between a node and its name, in pixels.
const APART: f64 = 3.0;
/// With more nodes and flows than this, names stand below without looking for room: looking is quadratic.
const SEARCHED: usize = 1_000;

/// Everything that a name should not cover.
pub struct Obstacles {
    boxes: Vec<Bounds>,
    lines: Vec<(Point, Point)>,
}

impl Obstacles {
    /// What there is in a scene; nothing when it is too large to look for room.
    pub fn of(scene: &Scene) -> Self {
        let mut obstacles = Self {
            boxes: Vec::new(),
            lines: Vec::new(),
        };
        let points: usize = scene.flows().map(|flow| flow.waypoints.len()).sum();
        if scene.diagram.nodes.len() + points > SEARCHED {
            return obstacles;
        }
        for (_, node, bounds) in scene.nodes() {
            if !matches!(
                node.kind,
                NodeKind::SubProcess { expanded: true, .. } | NodeKind::Group
            ) {
                obstacles.boxes.push(bounds);
            }
            obstacles
                .boxes
                .extend(node.label.filter(|_| !node.name.is_empty()));
        }
        for flow in scene.flows() {
            obstacles
                .boxes
                .extend(flow.label.filter(|_| !flow.name.is_empty()));
            obstacles
                .lines
                .extend(flow.waypoints.windows(2).map(|part| (part[0], part[1])));
        }
        obstacles
    }

    /// How many of them a name would cover.
    fn covered(&self, name: &Bounds) -> usize {
        let boxes = self
            .boxes
            .iter()
            .filter(|bounds| bounds.overlaps(name))
            .count();
        let lines = self
            .lines
            .iter()
            .filter(|(from, to)| meets(name, *from, *to))
            .count();
        boxes + lines
    }
}

/// True when the line runs through the box (Liang and Barsky's clipping).
fn meets(bounds: &Bounds, from: Point, to: Point) -> bool {
    let (mut enters, mut leaves) = (0.0_f64, 1.0_f64);
    let sides = [
        (from.x - to.x, from.x - bounds.x),
        (to.x - from.x, bounds.right() - from.x),
        (from.y - to.y, from.y - bounds.y),
        (to.y - from.y, bounds.bottom() - from.y),
    ];
    for (step, room) in sides {
        if step.abs() < f64::EPSILON {
            if room < 0.0 {
                return false;
            }
        } else if step < 0.0 {
            enters = enters.max(room / step);
        } else {
            leaves = leaves.min(room / step);
        }
    }
    enters <= leaves
}

/// Writes the name of an event, a gateway or data.
pub fn draw(canvas: &mut Canvas, node: &Node, bounds: Bounds, scene: &Scene, around: &Obstacles) {
    let style = TextStyle::Label;
    let limit = node
        .label
        .map_or(WIDTH, |label| (label.width + 8.0).max(WIDTH));
    let lines = wrap(&node.name, limit, style.size(), 6);
    let height = lines.len() as f64 * style.line_height();
    let widest = lines
        .iter()
        .map(|line| width(line, style.size()))
        .fold(0.0, f64::max);
    let middle = match node.label {
        Some(label) => Point::new(label.center().x, label.y + height / 2.0),
        None => free_place(bounds, (widest, height), scene, around),
    };
    canvas.lines(&lines, middle, Anchor::Middle, style);
}

/// The middle of the place that covers least: below, above, or beside the corners, in this order.
fn free_place(node: Bounds, size: (f64, f64), scene: &Scene, around: &Obstacles) -> Point {
    let (width, height) = size;
    let center = node.center();
    let (below, above) = (node.bottom() + APART, node.y - APART - height);
    let (left, right) = (center.x - width - 8.0, center.x + 8.0);
    let places = [
        (center.x - width / 2.0, below),
        (center.x - width / 2.0, above),
        (left, above + APART + 6.0),
        (right, above + APART + 6.0),
        (left, below - APART - 4.0),
        (right, below - APART - 4.0),
        (node.x - width - APART, center.y - height / 2.0),
        (node.right() + APART, center.y - height / 2.0),
    ];
    let boxes = places.map(|(x, y)| {
        let x = x.min(scene.width - width).max(0.0);
        let y = y.min(scene.height - height).max(0.0);
        Bounds::new(x, y, width, height)
    });
    let best = boxes.iter().min_by_key(|name| around.covered(name));
    best.unwrap_or(&boxes[0]).center()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_meets_a_box_only_when_it_runs_through() {
        let bounds = Bounds::new(10.0, 10.0, 20.0, 10.0);
        let rows = [
            ((0.0, 15.0), (50.0, 15.0), true),
            ((0.0, 25.0), (50.0, 25.0), false),
            ((15.0, 0.0), (15.0, 12.0), true),
            ((0.0, 15.0), (5.0, 15.0), false),
            ((0.0, 30.0), (12.0, 0.0), false),
            ((12.0, 12.0), (12.0, 12.0), true),
        ];
        for (from, to, expected) in rows {
            let (from, to) = (Point::new(from.0, from.1), Point::new(to.0, to.1));
            assert_eq!(meets(&bounds, from, to), expected, "{from:?} {to:?}");
        }
    }
}
