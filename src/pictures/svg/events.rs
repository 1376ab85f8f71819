//! Events and gateways, and the label that stands beside them. Must never let a label leave the canvas when there is
//! room for it.

use super::super::model::{Bounds, Definition, GatewayKind, Node, Point, Position};
use super::super::scene::Scene;
use super::super::text::{width, wrap};
use super::canvas::{Anchor, Canvas, Pen, TextStyle};
use super::icons::{self, Ink};
use super::{BLACK, FINISHED, GREY, WHITE};

/// Widest label that has no place of its own, in pixels.
const LABEL_WIDTH: f64 = 90.0;

/// Draws an event's circle and icon.
pub fn event(
    canvas: &mut Canvas,
    node: &Node,
    bounds: Bounds,
    position: Position,
    definition: Definition,
    finished: bool,
) {
    let line = if finished { FINISHED } else { GREY };
    let (thin, thick) = if finished { (2.0, 3.5) } else { (1.0, 3.0) };
    let pen = Pen::new(line, thin, WHITE);
    let pen = if node.interrupting { pen } else { pen.dashed("4 3") };
    let ink = match position {
        Position::Start => {
            canvas.ellipse(bounds, 0.0, pen);
            Ink::Outlined
        }
        Position::Catch | Position::Boundary | Position::Throw => {
            canvas.ellipse(bounds, 0.0, pen);
            canvas.ellipse(bounds, 3.0, Pen { width: 1.0, ..pen }.unfilled());
            if position == Position::Throw { Ink::Filled } else { Ink::Outlined }
        }
        Position::End => {
            canvas.ellipse(bounds, 1.0, Pen { width: thick, ..pen });
            Ink::Filled
        }
    };
    if let Some(icon) = icons::event(definition, ink) {
        centred(canvas, icon, ink, bounds, 0.52, line);
    }
}

/// Draws a gateway's rhombus and sign.
pub fn gateway(canvas: &mut Canvas, bounds: Bounds, kind: GatewayKind, finished: bool) {
    let middle = bounds.center();
    let corners = [
        Point::new(middle.x, bounds.y),
        Point::new(bounds.right(), middle.y),
        Point::new(middle.x, bounds.bottom()),
        Point::new(bounds.x, middle.y),
    ];
    let (line, width) = if finished { (FINISHED, 2.0) } else { (BLACK, 1.0) };
    canvas.polygon(&corners, Pen::new(line, width, WHITE));
    let share = match kind {
        GatewayKind::Exclusive
        | GatewayKind::Parallel
        | GatewayKind::Inclusive
        | GatewayKind::Complex => 0.44,
        GatewayKind::EventBased => 0.52,
    };
    centred(canvas, icons::gateway(kind), Ink::Outlined, bounds, share, line);
}

/// An icon in the middle, filling `share` of the bounds.
fn centred(canvas: &mut Canvas, icon: &str, ink: Ink, bounds: Bounds, share: f64, line: &str) {
    let size = bounds.width.min(bounds.height) * share;
    let middle = bounds.center();
    let corner = Point::new(middle.x - size / 2.0, middle.y - size / 2.0);
    canvas.icon(icon, ink, corner, size / 16.0, line);
}

/// Writes the name of an event, a gateway or data at its place, or below it, or above where the canvas ends.
pub fn label(canvas: &mut Canvas, node: &Node, bounds: Bounds, scene: &Scene) {
    let style = TextStyle::Label;
    let limit = node.label.map_or(LABEL_WIDTH, |label| (label.width + 8.0).max(LABEL_WIDTH));
    let lines = wrap(&node.name, limit, style.size(), 6);
    let half_height = lines.len() as f64 * style.line_height() / 2.0;
    let widest = lines.iter().map(|line| width(line, style.size())).fold(0.0, f64::max);
    let middle = match node.label {
        Some(label) => Point::new(label.center().x, label.y + half_height),
        None => {
            let below = bounds.bottom() + 3.0 + half_height;
            let above = bounds.y - 3.0 - half_height;
            let fits = below + half_height <= scene.height || above < half_height;
            let half = widest / 2.0;
            let x = bounds.center().x.min(scene.width - half).max(half);
            Point::new(x, if fits { below } else { above })
        }
    };
    canvas.lines(&lines, middle, Anchor::Middle, style);
}
