//! The boundary events of an activity: where each sits on the lower border, and in which order their flows leave. Owns
//! the room that they need. Must never let the lines of two events cross: the rightmost one turns first.

use super::super::model::Diagram;
use super::sizes::{self, LABEL_WIDTH};
use std::collections::BTreeMap;

/// Half the edge of a boundary event, in pixels.
pub const EVENT: f64 = 18.0;

/// The boundary events of one activity, along its lower border.
#[derive(Default)]
pub struct Fringe {
    /// Each event with its middle, from the host's left edge.
    pub events: Vec<(usize, f64)>,
    /// Width that they need.
    pub width: f64,
    /// Height of the tallest of their labels.
    pub labels: f64,
    /// The events' flows in the order of their lines, the rightmost first.
    pub flows: Vec<usize>,
}

impl Fringe {
    /// Where the fringe begins on a host of this width: in the middle when the host is wider.
    pub fn start(&self, width: f64) -> f64 {
        ((width - self.width) / 2.0).max(0.0)
    }
}

/// The fringes of all hosts among the members.
pub fn fringes(
    diagram: &Diagram,
    members: &[usize],
    host: &impl Fn(usize) -> usize,
    flows: &[(usize, usize, usize)],
) -> BTreeMap<usize, Fringe> {
    let mut leaving: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &(flow, source, _) in flows
        .iter()
        .filter(|&&(_, source, _)| host(source) != source)
    {
        leaving.entry(source).or_default().push(flow);
    }
    let mut fringes: BTreeMap<usize, Fringe> = BTreeMap::new();
    for &at in members.iter().filter(|&&at| host(at) != at) {
        let fringe = fringes.entry(host(at)).or_default();
        let (width, height) = sizes::label(&diagram.nodes[at].name, LABEL_WIDTH);
        let x = fringe.width + width.max(EVENT) + 8.0;
        fringe.events.push((at, x));
        fringe.width = x + EVENT + 4.0;
        fringe.labels = fringe.labels.max(height);
        let flows = leaving.remove(&at).unwrap_or_default();
        fringe.flows.splice(..0, flows);
    }
    fringes
}
