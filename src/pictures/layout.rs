//! Geometry for what has none: a diagram without interchange is laid out whole, one with gaps is completed. Owns the
//! decision which of the two. Must never move a node that has a place, unless what is missing cannot be shown
//! otherwise.
//!
//! ```text
//! graph: layers by longest path, order in each ──▶ place: heights ──▶ route: channels, widths, ways ──▶ scope: a block
//! innermost scopes first; a sub-process is as large as its block; then blocks are put down from the outside in
//! ```

mod block;
mod connect;
mod fringe;
mod graph;
mod lanes;
mod place;
mod route;
mod scope;
mod sizes;

use super::model::{Bounds, Diagram, Point};
use super::tree::Tree;
use block::Block;
use std::collections::BTreeMap;

/// Where a new picture begins, in pixels from the left and from the top.
const ORIGIN: f64 = 20.0;
/// Where the content of a sub-process begins within it: room for the border and the name.
const INSET: Point = Point { x: 30.0, y: 40.0 };
/// Distance between what was there and what is added, in pixels.
const APART: f64 = 40.0;

/// Completes the geometry of a diagram: places for nodes (and lanes, when all is laid out), ways for flows.
///
/// A diagram that is complete stays as it is. Coordinates must be finite.
pub fn layout(diagram: &mut Diagram) {
    let tree = Tree::of(diagram);
    let visible = |at: usize| !tree.is_hidden(at);
    let nodes = || (0..diagram.nodes.len()).filter(|&at| visible(at));
    let missing: Vec<bool> = (diagram.nodes.iter().enumerate())
        .map(|(at, node)| visible(at) && node.bounds.is_none())
        .collect();
    if missing.contains(&true) {
        let anchored = |at: usize| !missing[at] && !scope::is_artifact(diagram.nodes[at].kind);
        let whole = !nodes().any(anchored);
        if whole || !complete(diagram, &tree, missing) {
            arrange_all(diagram, &tree);
        }
    }
    connect::missing_ways(diagram, &tree);
}

/// The blocks of all scopes that have something to lay out.
struct Plan {
    blocks: BTreeMap<Option<usize>, Block>,
}

impl Plan {
    fn of(diagram: &Diagram, tree: &Tree, chosen: &[bool]) -> Self {
        let links = scope::links(diagram, tree);
        let mut blocks: BTreeMap<Option<usize>, Block> = BTreeMap::new();
        for scope in tree.scopes() {
            let members: Vec<usize> = tree.children(scope).to_vec();
            let members: Vec<usize> = members.into_iter().filter(|&at| chosen[at]).collect();
            if members.is_empty() && (scope.is_some() || diagram.lanes.is_empty()) {
                continue;
            }
            let inner = |at: usize| {
                let block = blocks.get(&Some(at))?;
                Some((
                    block.width + 2.0 * INSET.x,
                    block.height + INSET.x + INSET.y,
                ))
            };
            let flows = links.get(&scope).map_or(&[][..], Vec::as_slice);
            let block = scope::arrange(diagram, tree, scope, &members, flows, &inner);
            blocks.insert(scope, block);
        }
        Self { blocks }
    }

    /// Puts down a scope's block, and those within it.
    fn put(&mut self, diagram: &mut Diagram, scope: Option<usize>, origin: Point) {
        let mut open = vec![(scope, origin)];
        while let Some((scope, origin)) = open.pop() {
            let Some(block) = self.blocks.remove(&scope) else {
                continue;
            };
            for (at, bounds) in block.put(diagram, origin) {
                open.push((Some(at), Point::new(bounds.x + INSET.x, bounds.y + INSET.y)));
            }
        }
    }
}

fn arrange_all(diagram: &mut Diagram, tree: &Tree) {
    let chosen: Vec<bool> = (0..diagram.nodes.len())
        .map(|at| !tree.is_hidden(at))
        .collect();
    for (node, &chosen) in diagram.nodes.iter_mut().zip(&chosen) {
        if chosen {
            (node.bounds, node.label) = (None, None);
        }
    }
    for flow in &mut diagram.flows {
        flow.waypoints.clear();
        flow.label = None;
    }
    let mut plan = Plan::of(diagram, tree, &chosen);
    plan.put(diagram, None, Point::new(ORIGIN, ORIGIN));
}

/// Places what is missing beside what is there; false, with nothing changed, when it does not fit.
fn complete(diagram: &mut Diagram, tree: &Tree, mut missing: Vec<bool>) -> bool {
    let hosted = hosted(diagram, tree, &missing);
    for &(at, _) in &hosted {
        missing[at] = false;
    }
    let mut plan = Plan::of(diagram, tree, &missing);
    let mut origins = Vec::new();
    for (&scope, block) in &plan.blocks {
        // A block within a missing sub-process is put down with it.
        if scope.is_some_and(|at| missing[at]) {
            continue;
        }
        let present = tree
            .children(scope)
            .iter()
            .filter_map(|&at| diagram.nodes[at].bounds);
        let corner = present
            .map(|bounds| (bounds.x, bounds.bottom()))
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let origin = match scope.and_then(|at| diagram.nodes[at].bounds) {
            Some(around) => {
                let inside = Point::new(around.x + INSET.x, around.y + INSET.y);
                let origin =
                    corner.map_or(inside, |(x, bottom)| Point::new(x, bottom + APART / 2.0));
                let content = Bounds::new(origin.x, origin.y, block.width, block.height);
                if !around.contains(&content) {
                    return false;
                }
                origin
            }
            None => {
                let lanes = diagram.lanes.iter().filter_map(|lane| lane.bounds);
                let lowest = lanes.map(|bounds| bounds.bottom()).fold(f64::MIN, f64::max);
                corner.map_or(Point::new(ORIGIN, ORIGIN), |(x, bottom)| {
                    Point::new(x, bottom.max(lowest) + APART)
                })
            }
        };
        origins.push((scope, origin));
    }
    for (scope, origin) in origins {
        plan.put(diagram, scope, origin);
    }
    for (at, bounds) in hosted {
        diagram.nodes[at].bounds = Some(bounds);
    }
    true
}

/// Places on the lower border of hosts that have one.
fn hosted(diagram: &Diagram, tree: &Tree, missing: &[bool]) -> Vec<(usize, Bounds)> {
    let mut by_host: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in (0..diagram.nodes.len()).filter(|&at| missing[at]) {
        if let Some(host) = tree
            .host(at)
            .filter(|&host| diagram.nodes[host].bounds.is_some())
        {
            by_host.entry(host).or_default().push(at);
        }
    }
    let mut places = Vec::new();
    for (host, events) in by_host {
        let Some(border) = diagram.nodes[host].bounds else {
            continue;
        };
        let step = border.width / (events.len() as f64 + 1.0);
        for (number, at) in events.into_iter().enumerate() {
            let (width, height) = sizes::size(&diagram.nodes[at], None);
            let x = border.x + step * (number as f64 + 1.0) - width / 2.0;
            places.push((
                at,
                Bounds::new(x, border.bottom() - height / 2.0, width, height),
            ));
        }
    }
    places
}
