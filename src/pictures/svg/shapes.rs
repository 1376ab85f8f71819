//! Activities, data and remarks, and the choice of painter for every kind of node. Owns the place of names, icons and
//! markers within a box.

use super::super::model::{Bounds, Node, NodeKind, Point, Repetition, SubProcessKind};
use super::super::scene::Scene;
use super::super::text::{width, wrap};
use super::canvas::{Anchor, Canvas, N, Pen, TextStyle};
use super::icons;
use super::labels::{self, Obstacles};
use super::{BLACK, FINISHED, GREY, LIGHT, PALE, WHITE, events};

/// Edge of a marker at the bottom of an activity, in pixels.
const MARKER: f64 = 12.0;
/// Room around a task's icon, in pixels.
const ICON_MARGIN: f64 = 5.0;
/// Edge of a task's icon, in pixels.
const ICON: f64 = 16.0;

/// Draws a node.
pub fn draw(
    canvas: &mut Canvas,
    node: &Node,
    bounds: Bounds,
    finished: bool,
    scene: &Scene,
    around: &Obstacles,
) {
    canvas.open("node", &node.id);
    match node.kind {
        NodeKind::Event {
            position,
            definition,
        } => {
            events::event(canvas, node, bounds, position, definition, finished);
            labels::draw(canvas, node, bounds, scene, around);
        }
        NodeKind::Gateway(kind) => {
            events::gateway(canvas, bounds, kind, finished);
            labels::draw(canvas, node, bounds, scene, around);
        }
        NodeKind::Task(kind) => {
            activity(canvas, node, bounds, pen(finished, LIGHT, 1.0, PALE));
            if let Some((icon, ink)) = icons::task(kind) {
                let corner = Point::new(bounds.x + ICON_MARGIN, bounds.y + ICON_MARGIN);
                canvas.icon(&icon, ink, corner, 1.0, GREY);
                name(canvas, node, bounds, ICON_MARGIN + ICON);
            } else {
                name(canvas, node, bounds, 0.0);
            }
        }
        NodeKind::CallActivity => {
            activity(canvas, node, bounds, pen(finished, LIGHT, 3.0, PALE));
            name(canvas, node, bounds, 0.0);
        }
        NodeKind::SubProcess { variant, expanded } => {
            sub_process(canvas, node, bounds, variant, expanded, finished);
        }
        NodeKind::DataObject => {
            data_object(canvas, bounds);
            labels::draw(canvas, node, bounds, scene, around);
        }
        NodeKind::DataStore => {
            data_store(canvas, bounds);
            labels::draw(canvas, node, bounds, scene, around);
        }
        NodeKind::TextAnnotation => annotation(canvas, node, bounds),
        NodeKind::Group => {
            canvas.rectangle(bounds, 8.0, Pen::new(GREY, 1.0, "none").dashed("8 4 2 4"));
            let top = Bounds {
                height: bounds.height.min(24.0),
                ..bounds
            };
            let lines = wrap(&node.name, top.width - 12.0, TextStyle::Label.size(), 1);
            canvas.lines(&lines, top.center(), Anchor::Middle, TextStyle::Label);
        }
    }
    canvas.close();
}

fn pen(finished: bool, line: &'static str, width: f64, fill: &'static str) -> Pen {
    if finished {
        Pen::new(FINISHED, width + 1.0, fill)
    } else {
        Pen::new(line, width, fill)
    }
}

fn activity(canvas: &mut Canvas, node: &Node, bounds: Bounds, pen: Pen) {
    canvas.rectangle(bounds, 3.0, pen);
    markers(canvas, node, bounds);
}

fn sub_process(
    canvas: &mut Canvas,
    node: &Node,
    bounds: Bounds,
    variant: SubProcessKind,
    expanded: bool,
    finished: bool,
) {
    let border = pen(finished, BLACK, 1.0, WHITE);
    match variant {
        SubProcessKind::Embedded | SubProcessKind::AdHoc => canvas.rectangle(bounds, 5.0, border),
        SubProcessKind::Event => canvas.rectangle(bounds, 5.0, border.dashed("2 3")),
        SubProcessKind::Transaction => {
            canvas.rectangle(bounds, 6.0, border);
            let inner = inset(bounds, 3.0);
            canvas.rectangle(inner, 4.0, border.unfilled());
        }
    }
    markers(canvas, node, bounds);
    if expanded {
        let lines = wrap(&node.name, bounds.width - 20.0, TextStyle::Name.size(), 1);
        let start = Point::new(bounds.x + 10.0, bounds.y + 14.0);
        canvas.lines(&lines, start, Anchor::Start, TextStyle::Name);
    } else {
        name(canvas, node, bounds, 0.0);
    }
}

fn inset(bounds: Bounds, by: f64) -> Bounds {
    let (width, height) = (bounds.width - 2.0 * by, bounds.height - 2.0 * by);
    Bounds::new(
        bounds.x + by,
        bounds.y + by,
        width.max(0.0),
        height.max(0.0),
    )
}

/// The lines of each marker at the bottom of an activity, in a box of 12 by 12.
fn marker_lines(node: &Node) -> Vec<&'static str> {
    let mut lines = Vec::new();
    match node.repetition {
        Repetition::None => {}
        Repetition::Parallel => lines.push("M3 1v10M6 1v10M9 1v10"),
        Repetition::Sequential => lines.push("M1 3h10M1 6h10M1 9h10"),
        Repetition::Loop => lines.push("M4 10.6a4.6 4.6 0 1 1 3.4.2M1.6 10.8 4.2 10.6 3.7 8"),
    }
    if node.for_compensation {
        lines.push("M6 2.5v7L1.5 6zM10.5 2.5v7L6 6z");
    }
    if let NodeKind::SubProcess { variant, expanded } = node.kind {
        if variant == SubProcessKind::AdHoc {
            lines.push("M1.5 7.5c1.5-3 3-3 4.5-1.5s3 1.5 4.5-1.5");
        }
        if !expanded {
            lines.push("M.5.5h11v11H.5zM6 3v6M3 6h6");
        }
    }
    lines
}

fn markers(canvas: &mut Canvas, node: &Node, bounds: Bounds) {
    let lines = marker_lines(node);
    let step = MARKER + 4.0;
    let mut x = bounds.center().x - (lines.len() as f64 * step - 4.0) / 2.0;
    for line in lines {
        let y = bounds.bottom() - MARKER - 4.0;
        canvas.put(format_args!(
            r#"<g transform="translate({} {})">"#,
            N(x),
            N(y)
        ));
        canvas.path(line, Pen::new(GREY, 1.3, "none"));
        canvas.put(format_args!("</g>"));
        x += step;
    }
}

/// Writes an activity's name in its middle, beside or below an icon that takes `icon` pixels at its upper left.
fn name(canvas: &mut Canvas, node: &Node, bounds: Bounds, icon: f64) {
    let style = TextStyle::Name;
    let foot = if marker_lines(node).is_empty() {
        0.0
    } else {
        MARKER + 4.0
    };
    let fitting = |height: f64| ((height / style.line_height()).floor() as usize).max(1);
    let set = |limit: f64, height: f64| wrap(&node.name, limit, style.size(), fitting(height));
    let room = bounds.height - foot - 6.0;
    let lines = set(bounds.width - 10.0, room);
    let mut middle = Point::new(bounds.center().x, bounds.y + (bounds.height - foot) / 2.0);
    let half_height = lines.len() as f64 * style.line_height() / 2.0;
    let half_width = lines
        .iter()
        .map(|line| width(line, style.size()))
        .fold(0.0, f64::max)
        / 2.0;
    let meets = middle.y - half_height < bounds.y + icon && middle.x - half_width < bounds.x + icon;
    let mut chosen = lines;
    if icon > 0.0 && meets {
        let height = bounds.height - foot - icon;
        let below = set(bounds.width - 10.0, height - 2.0);
        let beside = set(bounds.width - 2.0 * icon - 6.0, room);
        let shown = |lines: &[String]| lines.iter().map(|line| line.chars().count()).sum::<usize>();
        if shown(&below) >= shown(&beside) {
            middle.y = bounds.y + icon + height / 2.0 - 1.0;
            chosen = below;
        } else {
            chosen = beside;
        }
    }
    if chosen.last().is_some_and(|line| line.ends_with('…')) {
        canvas.title(&node.name);
    }
    canvas.lines(&chosen, middle, Anchor::Middle, style);
}

fn data_object(canvas: &mut Canvas, bounds: Bounds) {
    let fold = 12.0_f64.min(bounds.width / 2.0).min(bounds.height / 2.0);
    let (x, y, right, bottom) = (
        N(bounds.x),
        N(bounds.y),
        N(bounds.right()),
        N(bounds.bottom()),
    );
    let (edge, below) = (N(bounds.right() - fold), N(bounds.y + fold));
    let sheet = format!("M{x} {y}L{edge} {y}L{right} {below}L{right} {bottom}L{x} {bottom}z");
    canvas.path(&sheet, Pen::new(GREY, 1.0, WHITE));
    let corner = format!("M{edge} {y}L{edge} {below}L{right} {below}");
    canvas.path(&corner, Pen::new(GREY, 1.0, "none"));
}

fn data_store(canvas: &mut Canvas, bounds: Bounds) {
    let (rx, ry) = (bounds.width / 2.0, (bounds.height * 0.12).min(8.0));
    let (x, right) = (N(bounds.x), N(bounds.right()));
    let (top, bottom) = (bounds.y + ry, bounds.bottom() - ry);
    let (rx, ry_text) = (N(rx), N(ry));
    let drum = format!(
        "M{x} {top}A{rx} {ry_text} 0 0 1 {right} {top}L{right} {bottom}A{rx} {ry_text} 0 0 1 {x} {bottom}z",
        top = N(top),
        bottom = N(bottom)
    );
    canvas.path(&drum, Pen::new(GREY, 1.0, WHITE));
    for ring in [0.0, 1.0, 2.0] {
        let y = N(top + ring * ry * 0.8);
        let arc = format!("M{x} {y}A{rx} {ry_text} 0 0 0 {right} {y}");
        canvas.path(&arc, Pen::new(GREY, 1.0, "none"));
    }
}

fn annotation(canvas: &mut Canvas, node: &Node, bounds: Bounds) {
    let style = TextStyle::Remark;
    let arm = N(12.0_f64.min(bounds.width));
    let bracket = format!(
        "M{} {}h-{arm}v{}h{arm}",
        N(bounds.x + arm.0),
        N(bounds.y),
        N(bounds.height)
    );
    canvas.path(&bracket, Pen::new(GREY, 1.0, "none"));
    let fitting = ((bounds.height / style.line_height()).floor() as usize).max(1);
    let lines = wrap(&node.name, bounds.width - 8.0, style.size(), fitting);
    if lines.last().is_some_and(|line| line.ends_with('…')) {
        canvas.title(&node.name);
    }
    let half = lines.len() as f64 * style.line_height() / 2.0;
    let middle = Point::new(
        bounds.x + 6.0,
        (bounds.y + 3.0 + half).min(bounds.center().y.max(bounds.y + half)),
    );
    canvas.lines(&lines, middle, Anchor::Start, style);
}
