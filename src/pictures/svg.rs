//! A scene as SVG text, an element a line. Owns the colours, the order of painting and what a highlight looks like.
//! Must never measure or move anything: that is the scene's.
//!
//! ```text
//! pools, lanes │ expanded sub-processes, groups │ flows │ other nodes │ labels of flows │ highlights
//! ```

mod canvas;
mod events;
mod icons;
mod labels;
mod lanes;
mod lines;
mod shapes;

use super::fonts::FAMILY;
use super::model::{Bounds, Highlight, Mode, NodeKind, Point};
use super::scene::Scene;
use canvas::{Canvas, N, Pen};
use std::collections::BTreeSet;

pub(super) const WHITE: &str = "#fff";
pub(super) const BLACK: &str = "#000";
/// Borders of events, flows and icons.
pub(super) const GREY: &str = "#585858";
/// Borders of activities.
pub(super) const LIGHT: &str = "#bbb";
/// What fills activities.
pub(super) const PALE: &str = "#f9f9f9";
/// The path that was taken.
pub(super) const FINISHED: &str = "#2e8b57";
const ACTIVE: &str = "#f00";
const INCIDENT: &str = "#d92d20";

pub use canvas::{LABEL, NAME};

/// The SVG text of a scene.
pub fn render(scene: &Scene, highlight: &Highlight) -> String {
    let path = match highlight.mode {
        Mode::None | Mode::Active => false,
        Mode::Path => true,
    };
    let finished = visible(scene, &highlight.finished, path);
    let around = labels::Obstacles::of(scene);
    let mut canvas = Canvas::new(scene.dashes);
    let (width, height) = (N(scene.width), N(scene.height));
    // Half a pixel aside, so that thin lines at whole coordinates fill one row of pixels rather than half of two.
    canvas.put(format_args!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="-0.5 -0.5 {width} {height}" font-family="'{FAMILY}','Noto Sans SC','Microsoft YaHei','PingFang SC',sans-serif">
"#
    ));
    for (lane, bounds) in scene.lanes() {
        lanes::draw(&mut canvas, lane, bounds);
    }
    for (at, node, bounds) in scene.nodes().filter(|(_, node, _)| lies_below(node.kind)) {
        shapes::draw(
            &mut canvas,
            node,
            bounds,
            finished.contains(&at),
            scene,
            &around,
        );
    }
    for flow in scene.flows() {
        lines::draw(
            &mut canvas,
            scene,
            flow,
            path && highlight.taken_flows.contains(&flow.id),
        );
    }
    for (at, node, bounds) in scene.nodes().filter(|(_, node, _)| !lies_below(node.kind)) {
        shapes::draw(
            &mut canvas,
            node,
            bounds,
            finished.contains(&at),
            scene,
            &around,
        );
    }
    for flow in scene.flows() {
        lines::label(&mut canvas, flow);
    }
    emphasise(&mut canvas, scene, highlight);
    canvas.put(format_args!("</svg>\n"));
    canvas.finish()
}

/// The same picture as several, to be painted over one another in this order: `elements` of it each.
pub fn pieces(svg: &str, elements: usize) -> impl Iterator<Item = String> {
    const END: &str = "</svg>";
    let (head, body) = svg.split_once('\n').unwrap_or((svg, END));
    let lines: Vec<&str> = body.lines().filter(|&line| line != END).collect();
    let piece = |lines: &[&str]| format!("{head}\n{}\n{END}\n", lines.join("\n"));
    let pieces: Vec<String> = lines.chunks(elements).map(piece).collect();
    pieces.into_iter()
}

/// True for what others are drawn upon.
fn lies_below(kind: NodeKind) -> bool {
    matches!(
        kind,
        NodeKind::SubProcess { expanded: true, .. } | NodeKind::Group
    )
}

/// The nodes that show for these ids.
fn visible(scene: &Scene, ids: &BTreeSet<String>, wanted: bool) -> BTreeSet<usize> {
    let positions = ids
        .iter()
        .filter(|_| wanted)
        .filter_map(|id| scene.tree.position(id));
    positions.map(|at| scene.tree.visible(at)).collect()
}

fn emphasise(canvas: &mut Canvas, scene: &Scene, highlight: &Highlight) {
    let (active, path) = match highlight.mode {
        Mode::None => (false, false),
        Mode::Active => (true, false),
        Mode::Path => (true, true),
    };
    let bounds = |at: usize| scene.diagram.nodes[at].bounds;
    for bounds in visible(scene, &highlight.active, active)
        .into_iter()
        .filter_map(bounds)
    {
        canvas.rectangle(bounds, 10.0, Pen::new(ACTIVE, 3.0, "none"));
        canvas.end_line();
    }
    for bounds in visible(scene, &highlight.incidents, path)
        .into_iter()
        .filter_map(bounds)
    {
        incident(canvas, bounds, scene.width);
    }
}

/// An exclamation mark at the node's upper right corner.
fn incident(canvas: &mut Canvas, bounds: Bounds, width: f64) {
    let center = Point::new(bounds.right().min(width - 9.0), bounds.y.max(9.0));
    let around = Bounds::new(center.x - 8.0, center.y - 8.0, 16.0, 16.0);
    canvas.ellipse(around, 0.0, Pen::new(WHITE, 1.5, INCIDENT));
    let stroke = format!("M{} {}v5.5", N(center.x), N(center.y - 4.5));
    canvas.path(&stroke, Pen::new(WHITE, 2.0, "none"));
    let dot = Bounds::new(center.x - 1.2, center.y + 2.6, 2.4, 2.4);
    canvas.ellipse(dot, 0.0, Pen::new("none", 0.0, WHITE));
    canvas.end_line();
}
