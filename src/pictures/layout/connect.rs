//! Ways for flows that have none although their ends have places. Must never leave a flow between two visible nodes
//! without a way.

use super::super::model::{Bounds, Diagram, EdgeKind, Point};
use super::super::tree::Tree;
use std::collections::BTreeMap;

/// Least room for a line that turns between two shapes, in pixels.
const ROOM: f64 = 16.0;

/// Draws the flows that have fewer than two waypoints.
pub fn missing_ways(diagram: &mut Diagram, tree: &Tree) {
    let mut lanes = BTreeMap::new();
    for lane in &diagram.lanes {
        lanes.entry(lane.id.clone()).or_insert(lane.bounds);
    }
    let nodes = &diagram.nodes;
    let place = |id: &str| match tree.position(id) {
        Some(at) if tree.is_hidden(at) => None,
        Some(at) if tree.host(at).is_some() => Some((nodes[at].bounds?, End::OnBorder)),
        Some(at) => Some((nodes[at].bounds?, End::Node)),
        None => Some(((*lanes.get(id)?)?, End::Lane)),
    };
    for flow in diagram
        .flows
        .iter_mut()
        .filter(|flow| flow.waypoints.len() < 2)
    {
        if let (Some((from, source)), Some((to, target))) =
            (place(&flow.source), place(&flow.target))
        {
            flow.waypoints = match (flow.kind, source, target) {
                (_, End::Lane, _) => upright(to, from).into_iter().rev().collect(),
                (_, _, End::Lane) => upright(from, to),
                (EdgeKind::Sequence(_) | EdgeKind::Message, ..) => {
                    turning(from, to, source == End::OnBorder)
                }
                (EdgeKind::Association | EdgeKind::DirectedAssociation, ..) => {
                    vec![from.center(), to.center()]
                }
            };
        }
    }
}

/// What stands at the end of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Node,
    /// An event on an activity's border.
    OnBorder,
    Lane,
}

/// From a shape straight up or down to the nearer border of a lane.
fn upright(from: Bounds, lane: Bounds) -> Vec<Point> {
    let x = from.center().x.min(lane.right()).max(lane.x);
    if from.center().y <= lane.center().y {
        vec![Point::new(x, from.bottom()), Point::new(x, lane.y)]
    } else {
        vec![Point::new(x, from.y), Point::new(x, lane.bottom())]
    }
}

/// A way with right angles where there is room for one.
fn turning(from: Bounds, to: Bounds, hosted: bool) -> Vec<Point> {
    let (start, end) = (from.center(), to.center());
    if from == to {
        // A loop from the right edge round to the bottom.
        let (x, y) = (from.right() + 2.0 * ROOM, from.bottom() + 2.0 * ROOM);
        let right = Point::new(from.right(), start.y);
        let bottom = Point::new(start.x, from.bottom());
        return vec![
            right,
            Point::new(x, start.y),
            Point::new(x, y),
            Point::new(start.x, y),
            bottom,
        ];
    }
    if hosted && to.y >= from.bottom() + ROOM {
        return if (start.x - end.x).abs() < 1.0 {
            vec![start, end]
        } else {
            vec![start, Point::new(start.x, end.y), end]
        };
    }
    let forth = to.x - from.right();
    let back = from.x - to.right();
    let down = to.y - from.bottom();
    let up = from.y - to.bottom();
    if forth.max(back) >= ROOM && forth.max(back) >= down.max(up) {
        let x = if forth >= back {
            from.right() + forth / 2.0
        } else {
            to.right() + back / 2.0
        };
        corners([start, Point::new(x, start.y), Point::new(x, end.y), end])
    } else if down.max(up) >= ROOM {
        let y = if down >= up {
            from.bottom() + down / 2.0
        } else {
            to.bottom() + up / 2.0
        };
        corners([start, Point::new(start.x, y), Point::new(end.x, y), end])
    } else {
        vec![start, end]
    }
}

/// The same way without corners that are none.
fn corners(way: [Point; 4]) -> Vec<Point> {
    if way[1].distance(way[2]) < 1.0 {
        vec![way[0], way[3]]
    } else {
        way.to_vec()
    }
}
