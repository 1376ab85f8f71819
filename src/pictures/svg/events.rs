//! Events and gateways: their outlines and what is in them. Owns which line means what: double waits or throws, thick
//! ends, dashed leaves its scope running.

use super::super::model::{Bounds, Definition, GatewayKind, Node, Point, Position};
use super::canvas::{Canvas, Pen};
use super::icons::{self, Ink};
use super::{BLACK, FINISHED, GREY, WHITE};

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
    let pen = if node.interrupting {
        pen
    } else {
        pen.dashed("4 3")
    };
    let ink = match position {
        Position::Start => {
            canvas.ellipse(bounds, 0.0, pen);
            Ink::Outlined
        }
        Position::Catch | Position::Boundary | Position::Throw => {
            canvas.ellipse(bounds, 0.0, pen);
            canvas.ellipse(bounds, 3.0, Pen { width: 1.0, ..pen }.unfilled());
            if position == Position::Throw {
                Ink::Filled
            } else {
                Ink::Outlined
            }
        }
        Position::End => {
            canvas.ellipse(
                bounds,
                1.0,
                Pen {
                    width: thick,
                    ..pen
                },
            );
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
    let (line, width) = if finished {
        (FINISHED, 2.0)
    } else {
        (BLACK, 1.0)
    };
    canvas.polygon(&corners, Pen::new(line, width, WHITE));
    let share = match kind {
        GatewayKind::Exclusive
        | GatewayKind::Parallel
        | GatewayKind::Inclusive
        | GatewayKind::Complex => 0.44,
        GatewayKind::EventBased => 0.52,
    };
    centred(
        canvas,
        icons::gateway(kind),
        Ink::Outlined,
        bounds,
        share,
        line,
    );
}

/// An icon in the middle, filling `share` of the bounds.
fn centred(canvas: &mut Canvas, icon: &str, ink: Ink, bounds: Bounds, share: f64, line: &str) {
    let size = bounds.width.min(bounds.height) * share;
    let middle = bounds.center();
    let corner = Point::new(middle.x - size / 2.0, middle.y - size / 2.0);
    canvas.icon(icon, ink, corner, size / 16.0, line);
}
