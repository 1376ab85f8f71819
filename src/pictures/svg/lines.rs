//! Sequence flows, message flows and associations. Owns their arrow heads and marks. Must never move a line other
//! than to the border of the shapes that it joins.

use super::super::geometry::{Outline, leave, reach};
use super::super::model::{Bounds, Condition, Edge, EdgeKind, NodeKind, Point};
use super::super::scene::Scene;
use super::super::text::wrap;
use super::canvas::{Anchor, Canvas, N, Pen, TextStyle};
use super::{FINISHED, GREY, WHITE};

/// Radius of bends in pixels.
const BEND: f64 = 5.0;
/// Length and half the width of arrow heads in pixels.
const HEAD: (f64, f64) = (9.0, 3.6);

/// Draws a flow.
pub fn draw(canvas: &mut Canvas, scene: &Scene, flow: &Edge, taken: bool) {
    let line = joined(scene, flow);
    let (Some(&start), Some(&end)) = (line.first(), line.last()) else {
        return;
    };
    let (colour, width) = if taken { (FINISHED, 2.0) } else { (GREY, 1.0) };
    let pen = Pen::new(colour, width, "none");
    canvas.open("flow", &flow.id);
    let forth = start.direction(line[1]);
    let back = end.direction(line[line.len() - 2]);
    match flow.kind {
        EdgeKind::Sequence(condition) => {
            canvas.path(&path(&line, 0.0, HEAD.0 / 2.0), pen);
            head(canvas, end, back, Pen::new(colour, 1.0, colour));
            mark(canvas, scene, flow, condition, start, forth, pen);
        }
        EdgeKind::Message => {
            canvas.path(&path(&line, 3.5, HEAD.0), pen.dashed("6 4"));
            let around = Bounds::new(start.x - 3.5, start.y - 3.5, 7.0, 7.0);
            canvas.ellipse(around, 0.0, Pen::new(colour, 1.0, WHITE));
            head(canvas, end, back, Pen::new(colour, 1.0, WHITE));
        }
        EdgeKind::Association => canvas.path(&path(&line, 0.0, 0.0), pen.dashed("2 3")),
        EdgeKind::DirectedAssociation => {
            canvas.path(&path(&line, 0.0, 0.0), pen.dashed("2 3"));
            let (left, right) = (end.moved(back, 7.0, -3.5), end.moved(back, 7.0, 3.5));
            canvas.path(&path(&[left, end, right], 0.0, 0.0), pen);
        }
    }
    canvas.close();
}

/// Writes the name of a flow where its label is placed.
pub fn label(canvas: &mut Canvas, flow: &Edge) {
    let Some(bounds) = flow.label else { return };
    let style = TextStyle::Label;
    let lines = wrap(&flow.name, (bounds.width + 8.0).max(90.0), style.size(), 6);
    let half = lines.len() as f64 * style.line_height() / 2.0;
    let middle = Point::new(bounds.center().x, bounds.y + half);
    canvas.lines(&lines, middle, Anchor::Middle, style);
    canvas.end_line();
}

/// The line with its ends on the borders of its shapes.
fn joined(scene: &Scene, flow: &Edge) -> Vec<Point> {
    let shape = |id: &str| {
        if let Some(at) = scene.tree.position(id) {
            let node = &scene.diagram.nodes[at];
            return Some((Outline::of(node.kind), node.bounds?));
        }
        let lane = scene.diagram.lanes.iter().find(|lane| lane.id == id)?;
        Some((Outline::Rectangle, lane.bounds?))
    };
    let mut line = flow.waypoints.clone();
    line.dedup();
    if let Some((outline, bounds)) = shape(&flow.source) {
        line = leave(outline, &bounds, line);
    }
    if let Some((outline, bounds)) = shape(&flow.target) {
        line = reach(outline, &bounds, line);
    }
    line.dedup();
    if line.len() < 2 { Vec::new() } else { line }
}

/// Path data with rounded bends, shortened at both ends.
fn path(line: &[Point], from: f64, to: f64) -> String {
    let mut line = line.to_vec();
    let last = line.len() - 1;
    line[0] = shortened(line[0], line[1], from);
    line[last] = shortened(line[last], line[last - 1], to);
    let mut data = format!("M{} {}", N(line[0].x), N(line[0].y));
    for bend in line.windows(3) {
        let [before, at, after] = [bend[0], bend[1], bend[2]];
        let radius = BEND
            .min(before.distance(at) / 2.0)
            .min(at.distance(after) / 2.0);
        let from = at.moved(at.direction(before), radius, 0.0);
        let to = at.moved(at.direction(after), radius, 0.0);
        data += &format!(
            "L{} {}Q{} {} {} {}",
            N(from.x),
            N(from.y),
            N(at.x),
            N(at.y),
            N(to.x),
            N(to.y)
        );
    }
    data + &format!("L{} {}", N(line[last].x), N(line[last].y))
}

fn shortened(end: Point, next: Point, by: f64) -> Point {
    end.moved(end.direction(next), by.min(end.distance(next) / 2.0), 0.0)
}

fn head(canvas: &mut Canvas, end: Point, back: Point, pen: Pen) {
    let (length, half) = HEAD;
    let corners = [
        end,
        end.moved(back, length, half),
        end.moved(back, length, -half),
    ];
    canvas.polygon(&corners, pen);
}

/// The small rhombus of a condition, the slash of a default flow.
fn mark(
    canvas: &mut Canvas,
    scene: &Scene,
    flow: &Edge,
    condition: Condition,
    start: Point,
    forth: Point,
    pen: Pen,
) {
    match condition {
        Condition::None => {}
        Condition::Expression => {
            let source = scene
                .tree
                .position(&flow.source)
                .map(|at| scene.diagram.nodes[at].kind);
            if matches!(source, Some(NodeKind::Gateway(_))) {
                return; // Every flow out of a gateway has a condition: the mark would say nothing.
            }
            let corners = [
                start,
                start.moved(forth, 8.0, 4.5),
                start.moved(forth, 16.0, 0.0),
                start.moved(forth, 8.0, -4.5),
            ];
            canvas.polygon(&corners, Pen { fill: WHITE, ..pen });
        }
        Condition::Default => {
            let slash = [start.moved(forth, 6.0, -5.0), start.moved(forth, 11.0, 5.0)];
            canvas.path(&path(&slash, 0.0, 0.0), pen);
        }
    }
}
