//! Pools and lanes: a frame with the name along its head. Must never fill the frame: pictures are transparent.

use super::super::model::{Bounds, Lane, Point};
use super::super::text::wrap;
use super::GREY;
use super::canvas::{Anchor, Canvas, N, Pen, TextStyle};

/// Depth of the head of a pool in pixels.
pub const HEAD: f64 = 30.0;

/// Draws a pool or a lane.
pub fn draw(canvas: &mut Canvas, lane: &Lane, bounds: Bounds) {
    canvas.open("lane", &lane.id);
    canvas.rectangle(bounds, 0.0, Pen::new(GREY, 1.0, "none"));
    let head = HEAD.min(bounds.width).min(bounds.height);
    if lane.parent.is_none() {
        let line = if lane.vertical {
            format!(
                "M{} {}h{}",
                N(bounds.x),
                N(bounds.y + head),
                N(bounds.width)
            )
        } else {
            format!(
                "M{} {}v{}",
                N(bounds.x + head),
                N(bounds.y),
                N(bounds.height)
            )
        };
        canvas.path(&line, Pen::new(GREY, 1.0, "none"));
    }
    let style = TextStyle::Name;
    let along = if lane.vertical {
        bounds.width
    } else {
        bounds.height
    };
    let lines = wrap(&lane.name, along - 2.0, style.size(), 2);
    if lane.vertical {
        let middle = Point::new(bounds.center().x, bounds.y + head / 2.0);
        canvas.lines(&lines, middle, Anchor::Middle, style);
    } else {
        let (x, y) = (N(bounds.x + head / 2.0), N(bounds.center().y));
        canvas.put(format_args!(
            r#"<g transform="translate({x} {y}) rotate(-90)">"#
        ));
        canvas.lines(&lines, Point::default(), Anchor::Middle, style);
        canvas.put(format_args!("</g>"));
    }
    canvas.close();
}
