//! One scope laid out as a block: its flow, its boundary events, its pools, and what stands beside the flow. Owns the
//! way from a diagram's nodes to the items of a graph and back. Must never look into inner scopes: they are boxes.

use super::super::geometry::length;
use super::super::model::{Bounds, Diagram, NodeKind, Point};
use super::super::tree::Tree;
use super::block::Block;
use super::fringe::{EVENT, Fringe, fringes};
use super::graph::{Graph, Item, Link, components};
use super::lanes::Bands;
use super::place::{Frame, heights};
use super::route::{Hook, Port, Terms, ways};
use super::sizes::{self, LABEL_WIDTH};
use std::collections::{BTreeMap, BTreeSet};

/// Distance between the flow and what stands beside it, and between those, in pixels.
const BESIDE: f64 = 30.0;
/// Rows of what stands beside the flow break here, when the flow is not wider.
const ROW: f64 = 1200.0;
/// Height of each line that leaves a boundary event.
const STRIP: f64 = 14.0;

/// True for what is no part of the flow.
pub fn is_artifact(kind: NodeKind) -> bool {
    match kind {
        NodeKind::DataObject | NodeKind::DataStore | NodeKind::TextAnnotation | NodeKind::Group => {
            true
        }
        NodeKind::Event { .. }
        | NodeKind::Task(_)
        | NodeKind::Gateway(_)
        | NodeKind::SubProcess { .. }
        | NodeKind::CallActivity => false,
    }
}

/// The flows of each scope, with the positions of both ends. Those that cross a border are in none.
pub fn links(
    diagram: &Diagram,
    tree: &Tree,
) -> BTreeMap<Option<usize>, Vec<(usize, usize, usize)>> {
    let mut links: BTreeMap<Option<usize>, Vec<(usize, usize, usize)>> = BTreeMap::new();
    for (at, flow) in diagram.flows.iter().enumerate() {
        let ends = (tree.position(&flow.source), tree.position(&flow.target));
        if let (Some(source), Some(target)) = ends
            && tree.parent(source) == tree.parent(target)
        {
            links
                .entry(tree.parent(source))
                .or_default()
                .push((at, source, target));
        }
    }
    links
}

struct Arrangement<'a> {
    diagram: &'a Diagram,
    bands: Bands,
    fringes: BTreeMap<usize, Fringe>,
}

/// Nodes that hang together, with their flows.
#[derive(Default)]
struct Part {
    /// The nodes, in the order of the graph's items.
    nodes: Vec<usize>,
    sizes: Vec<(f64, f64)>,
    /// The flows, in the order of the graph's links.
    flows: Vec<usize>,
    links: Vec<Link>,
}

/// The groups of nodes with their flows; `ends` are the items between which each flow runs.
fn parts(
    groups: Vec<Vec<usize>>,
    flows: &[(usize, usize, usize)],
    ends: &[(usize, usize)],
    size: &dyn Fn(usize) -> (f64, f64),
) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut places: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for nodes in groups {
        places.extend(
            nodes
                .iter()
                .enumerate()
                .map(|(item, &at)| (at, (parts.len(), item))),
        );
        let sizes = nodes.iter().map(|&at| size(at)).collect();
        parts.push(Part {
            nodes,
            sizes,
            ..Part::default()
        });
    }
    for (&(flow, ..), (source, target)) in flows.iter().zip(ends) {
        let (part, source) = places[source];
        parts[part].flows.push(flow);
        parts[part].links.push(Link::new(source, places[target].1));
    }
    parts
}

/// Lays out the `members` of a scope. `inner` tells how large expanded sub-processes have to be.
pub fn arrange(
    diagram: &Diagram,
    tree: &Tree,
    scope: Option<usize>,
    members: &[usize],
    flows: &[(usize, usize, usize)],
    inner: &dyn Fn(usize) -> Option<(f64, f64)>,
) -> Block {
    let chosen: BTreeSet<usize> = members.iter().copied().collect();
    let host = |at: usize| {
        tree.host(at)
            .filter(|host| chosen.contains(host))
            .unwrap_or(at)
    };
    let in_flow = |at: usize| chosen.contains(&at) && !is_artifact(diagram.nodes[at].kind);
    let in_flow_both =
        |&(_, source, target): &(usize, usize, usize)| in_flow(source) && in_flow(target);
    let flows: Vec<(usize, usize, usize)> = flows.iter().copied().filter(in_flow_both).collect();
    let bands = if scope.is_none() && !diagram.lanes.is_empty() {
        Bands::of(diagram, tree, members)
    } else {
        Bands::single()
    };
    let ends: Vec<(usize, usize)> = flows
        .iter()
        .map(|&(_, source, target)| (host(source), host(target)))
        .collect();
    let linked: BTreeSet<usize> = ends
        .iter()
        .flat_map(|&(source, target)| [source, target])
        .collect();
    let (nodes, beside): (Vec<usize>, Vec<usize>) = (members.iter().copied())
        .filter(|&at| host(at) == at)
        .partition(|&at| in_flow(at) && (bands.are_framed() || linked.contains(&at)));
    let fringes = fringes(diagram, members, &host, &flows);
    let whole = Arrangement {
        diagram,
        bands,
        fringes,
    };
    let size = |at: usize| {
        let (width, height) = sizes::size(&diagram.nodes[at], inner(at));
        (
            width.max(whole.fringes.get(&at).map_or(0.0, |fringe| fringe.width)),
            height,
        )
    };
    // Lanes share their columns; elsewhere what does not hang together is laid out one below the other.
    let groups = if whole.bands.are_framed() {
        vec![nodes]
    } else {
        components(&nodes, &ends)
    };
    let parts = parts(groups, &flows, &ends, &size);
    let mut block = Block::default();
    for part in parts {
        block.append(whole.flow(part));
    }
    let sizes: Vec<(f64, f64)> = beside.iter().map(|&at| size(at)).collect();
    whole.beside(&mut block, &beside, &sizes, tree);
    block
}

impl Arrangement<'_> {
    fn item(&self, at: usize, (width, height): (f64, f64)) -> Item {
        let node = &self.diagram.nodes[at];
        let mut item = Item::node(width, height / 2.0, height / 2.0, self.bands.band(at));
        if sizes::is_labelled(node.kind) && !node.name.is_empty() {
            let (label_width, label_height) = sizes::label(&node.name, LABEL_WIDTH);
            if matches!(node.kind, NodeKind::Gateway(_)) {
                // Beside the upper tip, since lines leave at all four.
                item.up += label_height - 4.0;
                item.width = width.max(2.0 * (label_width + 8.0));
            } else {
                item.down += label_height + 4.0;
                item.width = width.max(label_width);
            }
        }
        if let Some(fringe) = self.fringes.get(&at) {
            item.down += EVENT + fringe.labels + fringe.flows.len() as f64 * STRIP + 4.0;
        }
        item
    }

    fn port(&self, at: usize, (width, height): (f64, f64)) -> Port {
        let node = &self.diagram.nodes[at];
        let is_gateway = matches!(node.kind, NodeKind::Gateway(_));
        let is_labelled = sizes::is_labelled(node.kind) && !node.name.is_empty();
        Port {
            half_width: width / 2.0,
            half_height: height / 2.0,
            has_tips: is_gateway,
            is_bottom_free: (is_gateway || !is_labelled) && !self.fringes.contains_key(&at),
        }
    }

    /// Where each flow of boundary events starts.
    fn hooks(&self, part: &Part) -> BTreeMap<usize, Hook> {
        let mut hooks = BTreeMap::new();
        for (at, &(width, height)) in part.nodes.iter().zip(&part.sizes) {
            let Some(fringe) = self.fringes.get(at) else {
                continue;
            };
            let middles: BTreeMap<&str, f64> = (fringe.events.iter())
                .map(|&(event, x)| (self.diagram.nodes[event].id.as_str(), x))
                .collect();
            let bottom = height / 2.0 + EVENT;
            for (place, &flow) in fringe.flows.iter().enumerate() {
                let source = self.diagram.flows[flow].source.as_str();
                let Some(x) = middles.get(source) else {
                    continue;
                };
                let across = x + fringe.start(width) - width / 2.0;
                let turn = bottom + fringe.labels + (place as f64 + 1.0) * STRIP - 4.0;
                hooks.insert(
                    flow,
                    Hook {
                        across,
                        bottom,
                        turn,
                    },
                );
            }
        }
        hooks
    }

    /// Lays out nodes that hang together, or all of a process with lanes.
    fn flow(&self, part: Part) -> Block {
        let nodes = || part.nodes.iter().copied().zip(part.sizes.iter().copied());
        let items = nodes().map(|(at, size)| self.item(at, size)).collect();
        let ports: Vec<Port> = nodes().map(|(at, size)| self.port(at, size)).collect();
        let hooks = self.hooks(&part);
        let hooks: Vec<Option<Hook>> = part
            .flows
            .iter()
            .map(|flow| hooks.get(flow).copied())
            .collect();
        let names: Vec<(f64, f64)> = (part.flows.iter())
            .map(|&flow| sizes::label(&self.diagram.flows[flow].name, LABEL_WIDTH))
            .collect();
        let mut graph = Graph::of(items, part.links.clone());
        let framed = self.bands.are_framed();
        let frame = Frame {
            padding: if framed { 20.0 } else { 0.0 },
            least: if framed { 80.0 } else { 0.0 },
            before: self.bands.before(),
        };
        let room: Vec<f64> = names.iter().map(|name| name.1).collect();
        let extents = heights(&mut graph, &frame, &room);
        let widths: Vec<f64> = names.iter().map(|name| name.0).collect();
        let terms = Terms {
            ports: &ports,
            hooks: &hooks,
            names: &widths,
        };
        let (ways, width) = ways(&mut graph, &terms);
        let left = if framed {
            self.bands.heads() + 20.0
        } else {
            0.0
        };
        let mut block = Block {
            width: width + left + if framed { 20.0 } else { 0.0 },
            height: extents.last().map_or(0.0, |last| last.1),
            ..Block::default()
        };
        block.lanes = self.bands.frames(block.width, &extents);
        for ((at, (node_width, height)), item) in nodes().zip(&graph.items) {
            let corner = Point::new(item.x - node_width / 2.0 + left, item.y - height / 2.0);
            let bounds = Bounds::new(corner.x.round(), corner.y.round(), node_width, height);
            self.place(&mut block, at, bounds);
        }
        for (number, mut way) in ways
            .into_iter()
            .enumerate()
            .filter(|(_, way)| way.len() > 1)
        {
            way.iter_mut().for_each(|point| point.x += left);
            way.dedup();
            if names[number].0 > 0.0 {
                block
                    .names
                    .push((part.flows[number], beside_line(&way, names[number])));
            }
            block.ways.push((part.flows[number], way));
        }
        block
    }

    /// Places a node, its boundary events and their labels.
    fn place(&self, block: &mut Block, at: usize, bounds: Bounds) {
        block.nodes.push((at, bounds));
        let node = &self.diagram.nodes[at];
        if matches!(node.kind, NodeKind::Gateway(_)) && !node.name.is_empty() {
            let (width, height) = sizes::label(&node.name, LABEL_WIDTH);
            let x = bounds.center().x - 8.0 - width;
            block
                .labels
                .push((at, Bounds::new(x, bounds.y + 4.0 - height, width, height)));
        }
        let Some(fringe) = self.fringes.get(&at) else {
            return;
        };
        for &(event, x) in &fringe.events {
            let x = bounds.x + fringe.start(bounds.width) + x - EVENT;
            let place = Bounds::new(x, bounds.bottom() - EVENT, 2.0 * EVENT, 2.0 * EVENT);
            block.nodes.push((event, place));
            let (width, height) = sizes::label(&self.diagram.nodes[event].name, LABEL_WIDTH);
            if width > 0.0 {
                let left = place.center().x - 4.0 - width;
                block
                    .labels
                    .push((event, Bounds::new(left, place.bottom(), width, height)));
            }
        }
    }

    /// Places what is not in the flow in rows below it, near what it belongs to.
    fn beside(&self, block: &mut Block, beside: &[usize], sizes: &[(f64, f64)], tree: &Tree) {
        let middles: BTreeMap<usize, f64> = block
            .nodes
            .iter()
            .map(|(at, bounds)| (*at, bounds.center().x))
            .collect();
        let mut wishes: BTreeMap<usize, f64> = BTreeMap::new();
        for flow in &self.diagram.flows {
            let ends = (tree.position(&flow.source), tree.position(&flow.target));
            let (Some(source), Some(target)) = ends else {
                continue;
            };
            for (one, other) in [(source, target), (target, source)] {
                if let Some(&x) = middles.get(&other) {
                    wishes.entry(one).or_insert(x);
                }
            }
        }
        let mut order: Vec<usize> = (0..beside.len()).collect();
        let wish = |number: &usize| wishes.get(&beside[*number]).copied().unwrap_or(f64::MAX);
        order.sort_by(|a, b| wish(a).total_cmp(&wish(b)));
        let limit = block.width.max(ROW);
        let start = if block.height > 0.0 {
            block.height + BESIDE
        } else {
            0.0
        };
        let (mut x, mut y, mut bottom): (f64, f64, f64) = (0.0, start, start);
        for number in order {
            let at = beside[number];
            let (width, height) = sizes[number];
            let node = &self.diagram.nodes[at];
            let outside = sizes::is_labelled(node.kind);
            let label = if outside {
                sizes::label(&node.name, LABEL_WIDTH)
            } else {
                (0.0, 0.0)
            };
            let fringe = self
                .fringes
                .get(&at)
                .map_or(0.0, |fringe| EVENT + fringe.labels + 4.0);
            let room = width.max(label.0);
            let wanted = wishes
                .get(&at)
                .map_or(x, |middle| (middle - room / 2.0).max(x));
            if wanted + room > limit && x > 0.0 {
                (x, y) = (0.0, bottom + BESIDE);
            } else {
                x = wanted;
            }
            let left = (x + (room - width) / 2.0).round();
            self.place(block, at, Bounds::new(left, y, width, height));
            bottom = bottom.max(y + height + fringe + if outside { label.1 + 4.0 } else { 0.0 });
            x += room + BESIDE;
            block.width = block.width.max(x - BESIDE);
        }
        block.height = block.height.max(bottom);
    }
}

/// A place for a name above the first level part of a line that is long enough for it, else above the longest. What
/// leaves a side may be the way of several lines: then the name stands further on.
fn beside_line(way: &[Point], (width, height): (f64, f64)) -> Bounds {
    let level = way
        .windows(2)
        .filter(|part| (part[0].y - part[1].y).abs() < 0.5);
    let mut parts: Vec<&[Point]> = level.collect();
    if parts.len() > 1 && (way[0].y - way[1].y).abs() < 0.5 {
        parts.remove(0);
    }
    let fitting = parts.iter().find(|part| length(part) >= width + 12.0);
    let longest = || parts.iter().max_by(|a, b| length(a).total_cmp(&length(b)));
    let part = fitting.or_else(longest).copied().unwrap_or(way);
    let middle = part[0].towards(part[1], 0.5);
    Bounds::new(
        middle.x - width / 2.0,
        middle.y - height - 2.0,
        width,
        height,
    )
}
