//! How large a node is, and how much room it takes with its label. Owns all sizes that a layout chooses.

use super::super::model::{Node, NodeKind};
use super::super::svg::{LABEL, NAME};
use super::super::text::{width, wrap};

/// Widest label of a node that is laid out, in pixels.
pub const LABEL_WIDTH: f64 = 90.0;
/// Height of a line of a label in pixels.
pub const LINE: f64 = LABEL * 1.28;

/// Width and height in pixels; `inner` is what an expanded sub-process needs for its content.
pub fn size(node: &Node, inner: Option<(f64, f64)>) -> (f64, f64) {
    match node.kind {
        NodeKind::Event { .. } => (36.0, 36.0),
        NodeKind::Gateway(_) => (50.0, 50.0),
        NodeKind::Task(_) | NodeKind::CallActivity => (100.0, 80.0),
        NodeKind::SubProcess {
            expanded: false, ..
        } => (100.0, 80.0),
        NodeKind::SubProcess { expanded: true, .. } => {
            let (least, low) = (width(&node.name, NAME).min(300.0) + 24.0, 90.0);
            inner.map_or((least.max(120.0), low), |(w, h)| (w.max(least), h.max(low)))
        }
        NodeKind::DataObject => (36.0, 50.0),
        NodeKind::DataStore => (50.0, 50.0),
        NodeKind::TextAnnotation => {
            let lines = wrap(&node.name, 142.0, NAME, 8);
            let widest = lines
                .iter()
                .map(|line| width(line, NAME))
                .fold(0.0, f64::max);
            (widest + 14.0, lines.len().max(1) as f64 * NAME * 1.28 + 8.0)
        }
        NodeKind::Group => (200.0, 100.0),
    }
}

/// Width and height of a label in pixels; zero without a name.
pub fn label(name: &str, limit: f64) -> (f64, f64) {
    let lines = wrap(name, limit, LABEL, 6);
    let widest = lines
        .iter()
        .map(|line| width(line, LABEL))
        .fold(0.0, f64::max);
    (widest, lines.len() as f64 * LINE)
}

/// True when the node's name stands outside of it.
pub fn is_labelled(kind: NodeKind) -> bool {
    match kind {
        NodeKind::Event { .. }
        | NodeKind::Gateway(_)
        | NodeKind::DataObject
        | NodeKind::DataStore => true,
        NodeKind::Task(_)
        | NodeKind::SubProcess { .. }
        | NodeKind::CallActivity
        | NodeKind::TextAnnotation
        | NodeKind::Group => false,
    }
}
