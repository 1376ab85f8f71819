//! One scope laid out as a block: its flow, its boundary events, its pools, and what stands beside the flow. Owns the
//! way from a diagram's nodes to the items of a graph and back. Must never look into inner scopes: they are boxes.

use super::super::geometry::length;
use super::super::model::{Bounds, Diagram, NodeKind, Point};
use super::super::tree::Tree;
use super::graph::{Graph, Item, Link};
use super::lanes::Bands;
use super::place::{Frame, heights};
use super::route::{Hook, Port, Terms, ways};
use super::sizes::{self, LABEL_WIDTH};
use std::collections::{BTreeMap, BTreeSet};

/// Distance between the flow and what stands beside it, and between those, in pixels.
const BESIDE: f64 = 30.0;
/// Rows of what stands beside the flow break here, when the flow is not wider.
const ROW: f64 = 1200.0;
/// Half the edge of a boundary event.
const EVENT: f64 = 18.0;
/// Height of each line that leaves a boundary event.
const STRIP: f64 = 14.0;

/// A scope's geometry, relative to its own upper left corner.
#[derive(Default)]
pub struct Block {
    nodes: Vec<(usize, Bounds)>,
    labels: Vec<(usize, Bounds)>,
    ways: Vec<(usize, Vec<Point>)>,
    names: Vec<(usize, Bounds)>,
    lanes: Vec<(usize, Bounds)>,
    /// Width in pixels.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
}

impl Block {
    /// Writes the geometry into the diagram; returns the nodes with their places. Ways that are there stay.
    pub fn put(self, diagram: &mut Diagram, origin: Point) -> Vec<(usize, Bounds)> {
        let moved = |bounds: Bounds| Bounds {
            x: bounds.x + origin.x,
            y: bounds.y + origin.y,
            ..bounds
        };
        for (at, bounds) in self.labels {
            diagram.nodes[at].label = Some(moved(bounds));
        }
        for (at, bounds) in self.lanes {
            diagram.lanes[at].bounds = Some(moved(bounds));
            diagram.lanes[at].vertical = false;
        }
        let names: BTreeMap<usize, Bounds> = self.names.into_iter().collect();
        for (at, way) in self.ways {
            let flow = &mut diagram.flows[at];
            if flow.waypoints.len() < 2 {
                let point = |point: &Point| Point::new(point.x + origin.x, point.y + origin.y);
                flow.waypoints = way.iter().map(point).collect();
                flow.label = names.get(&at).map(|&bounds| moved(bounds));
            }
        }
        let nodes = self.nodes.into_iter().map(|(at, bounds)| (at, moved(bounds)));
        nodes.inspect(|&(at, bounds)| diagram.nodes[at].bounds = Some(bounds)).collect()
    }
}

/// True for what is no part of the flow.
pub fn is_artifact(kind: NodeKind) -> bool {
    match kind {
        NodeKind::DataObject
        | NodeKind::DataStore
        | NodeKind::TextAnnotation
        | NodeKind::Group => true,
        NodeKind::Event { .. }
        | NodeKind::Task(_)
        | NodeKind::Gateway(_)
        | NodeKind::SubProcess { .. }
        | NodeKind::CallActivity => false,
    }
}

/// The flows of each scope, with the positions of both ends. Those that cross a border are in none.
pub fn links(diagram: &Diagram, tree: &Tree) -> BTreeMap<Option<usize>, Vec<(usize, usize, usize)>> {
    let mut links: BTreeMap<Option<usize>, Vec<(usize, usize, usize)>> = BTreeMap::new();
    for (at, flow) in diagram.flows.iter().enumerate() {
        let ends = (tree.position(&flow.source), tree.position(&flow.target));
        if let (Some(source), Some(target)) = ends
            && tree.parent(source) == tree.parent(target)
        {
            links.entry(tree.parent(source)).or_default().push((at, source, target));
        }
    }
    links
}

/// The boundary events of one activity, along its lower border.
#[derive(Default)]
struct Fringe {
    /// Each event with its middle, from the host's left edge.
    events: Vec<(usize, f64)>,
    /// Width that they need.
    width: f64,
    /// Height of the tallest of their labels.
    labels: f64,
    /// The events' flows in the order of their lines, the rightmost first.
    flows: Vec<usize>,
}

struct Arrangement<'a> {
    diagram: &'a Diagram,
    bands: Bands,
    /// The nodes in the flow, in the order of the graph's items.
    nodes: Vec<usize>,
    sizes: Vec<(f64, f64)>,
    fringes: BTreeMap<usize, Fringe>,
    /// The flow of each link.
    flows: Vec<usize>,
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
    let host = |at: usize| tree.host(at).filter(|host| chosen.contains(host)).unwrap_or(at);
    let in_flow = |at: usize| chosen.contains(&at) && !is_artifact(diagram.nodes[at].kind);
    let flows: Vec<(usize, usize, usize)> = flows.iter().copied()
        .filter(|&(_, source, target)| in_flow(source) && in_flow(target))
        .collect();
    let bands = if scope.is_none() && !diagram.lanes.is_empty() {
        Bands::of(diagram, tree, members)
    } else {
        Bands::single()
    };
    let linked: BTreeSet<usize> =
        flows.iter().flat_map(|&(_, source, target)| [host(source), host(target)]).collect();
    let (nodes, beside): (Vec<usize>, Vec<usize>) = (members.iter().copied())
        .filter(|&at| host(at) == at)
        .partition(|&at| in_flow(at) && (bands.are_framed() || linked.contains(&at)));
    let mut fringes = fringes(diagram, members, &host, &flows);
    let mut whole = Arrangement {
        diagram,
        bands,
        sizes: Vec::new(),
        nodes: Vec::new(),
        fringes: BTreeMap::new(),
        flows: flows.iter().map(|&(flow, ..)| flow).collect(),
    };
    let size = |at: usize| {
        let (width, height) = sizes::size(&diagram.nodes[at], inner(at));
        (width.max(fringes.get(&at).map_or(0.0, |fringe| fringe.width)), height)
    };
    whole.sizes = nodes.iter().map(|&at| size(at)).collect();
    let beside_sizes: Vec<(f64, f64)> = beside.iter().map(|&at| size(at)).collect();
    whole.fringes.append(&mut fringes);
    let items: BTreeMap<usize, usize> =
        nodes.iter().enumerate().map(|(item, &at)| (at, item)).collect();
    whole.nodes = nodes;
    let ends = flows.iter().map(|&(_, source, target)| (items[&host(source)], items[&host(target)]));
    let links = ends.map(|(source, target)| Link::new(source, target)).collect();
    let mut block = whole.flow(links, &flows);
    whole.beside(&mut block, &beside, &beside_sizes, tree);
    block
}

fn fringes(
    diagram: &Diagram,
    members: &[usize],
    host: &impl Fn(usize) -> usize,
    flows: &[(usize, usize, usize)],
) -> BTreeMap<usize, Fringe> {
    let mut leaving: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &(flow, source, _) in flows.iter().filter(|&&(_, source, _)| host(source) != source) {
        leaving.entry(source).or_default().push(flow);
    }
    let mut fringes: BTreeMap<usize, Fringe> = BTreeMap::new();
    for &at in members.iter().filter(|&&at| host(at) != at) {
        let fringe = fringes.entry(host(at)).or_default();
        let (width, height) = sizes::label(&diagram.nodes[at].name, 70.0);
        let x = fringe.width + width.max(EVENT) + 8.0;
        fringe.events.push((at, x));
        fringe.width = x + EVENT + 4.0;
        fringe.labels = fringe.labels.max(height);
        let flows = leaving.remove(&at).unwrap_or_default();
        fringe.flows.splice(..0, flows);
    }
    fringes
}

impl Arrangement<'_> {
    fn item(&self, number: usize) -> Item {
        let at = self.nodes[number];
        let node = &self.diagram.nodes[at];
        let (width, height) = self.sizes[number];
        let mut item = Item::node(width, height / 2.0, height / 2.0, self.bands.band(at));
        if sizes::is_labelled(node.kind) && !node.name.is_empty() {
            let (label_width, label_height) = sizes::label(&node.name, LABEL_WIDTH);
            if matches!(node.kind, NodeKind::Gateway(_)) {
                // Beside the upper tip, since lines leave at all four.
                item.up = item.up.max(label_height + 12.0);
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

    fn port(&self, number: usize) -> Port {
        let at = self.nodes[number];
        let node = &self.diagram.nodes[at];
        let is_gateway = matches!(node.kind, NodeKind::Gateway(_));
        let is_labelled = sizes::is_labelled(node.kind) && !node.name.is_empty();
        let (width, height) = self.sizes[number];
        Port {
            half_width: width / 2.0,
            half_height: height / 2.0,
            has_tips: is_gateway,
            is_bottom_free: (is_gateway || !is_labelled) && !self.fringes.contains_key(&at),
        }
    }

    /// Where each flow of boundary events starts.
    fn hooks(&self) -> BTreeMap<usize, Hook> {
        let mut hooks = BTreeMap::new();
        for (number, &at) in self.nodes.iter().enumerate() {
            let Some(fringe) = self.fringes.get(&at) else { continue };
            let (width, height) = self.sizes[number];
            let middles: BTreeMap<&str, f64> = (fringe.events.iter())
                .map(|&(event, x)| (self.diagram.nodes[event].id.as_str(), x))
                .collect();
            let bottom = height / 2.0 + EVENT;
            for (place, &flow) in fringe.flows.iter().enumerate() {
                let Some(x) = middles.get(self.diagram.flows[flow].source.as_str()) else { continue };
                let across = x + fringe_start(width, fringe) - width / 2.0;
                let turn = bottom + fringe.labels + (place as f64 + 1.0) * STRIP - 4.0;
                hooks.insert(flow, Hook { across, bottom, turn });
            }
        }
        hooks
    }

    fn flow(&self, links: Vec<Link>, flows: &[(usize, usize, usize)]) -> Block {
        let items = (0..self.nodes.len()).map(|number| self.item(number)).collect();
        let mut graph = Graph::of(items, links);
        let names: Vec<(f64, f64)> = (flows.iter())
            .map(|&(flow, ..)| sizes::label(&self.diagram.flows[flow].name, LABEL_WIDTH))
            .collect();
        let room: Vec<f64> = names.iter().map(|name| name.1).collect();
        let framed = self.bands.are_framed();
        let frame = Frame {
            padding: if framed { 20.0 } else { 0.0 },
            least: if framed { 80.0 } else { 0.0 },
            before: self.bands.before(),
        };
        let extents = heights(&mut graph, &frame, &room);
        let ports: Vec<Port> = (0..self.nodes.len()).map(|number| self.port(number)).collect();
        let hooks = self.hooks();
        let hooks: Vec<Option<Hook>> =
            self.flows.iter().map(|flow| hooks.get(flow).copied()).collect();
        let widths: Vec<f64> = names.iter().map(|name| name.0).collect();
        let terms = Terms { ports: &ports, hooks: &hooks, names: &widths };
        let (ways, width) = ways(&mut graph, &terms);
        let left = if framed { self.bands.heads() + 20.0 } else { 0.0 };
        let mut block = Block {
            width: width + left + if framed { 20.0 } else { 0.0 },
            height: extents.last().map_or(0.0, |last| last.1),
            ..Block::default()
        };
        block.lanes = self.bands.frames(block.width, &extents);
        for (number, &(node_width, height)) in self.sizes.iter().enumerate() {
            let item = &graph.items[number];
            let corner = Point::new(item.x - node_width / 2.0 + left, item.y - height / 2.0);
            let bounds = Bounds::new(corner.x.round(), corner.y.round(), node_width, height);
            self.place(&mut block, self.nodes[number], bounds);
        }
        for (number, mut way) in ways.into_iter().enumerate().filter(|(_, way)| way.len() > 1) {
            way.iter_mut().for_each(|point| point.x += left);
            way.dedup();
            let flow = self.flows[number];
            if names[number].0 > 0.0 {
                block.names.push((flow, beside_line(&way, names[number])));
            }
            block.ways.push((flow, way));
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
            block.labels.push((at, Bounds::new(x, bounds.y + 12.0 - height, width, height)));
        }
        let Some(fringe) = self.fringes.get(&at) else { return };
        for &(event, x) in &fringe.events {
            let x = bounds.x + fringe_start(bounds.width, fringe) + x - EVENT;
            let place = Bounds::new(x, bounds.bottom() - EVENT, 2.0 * EVENT, 2.0 * EVENT);
            block.nodes.push((event, place));
            let (width, height) = sizes::label(&self.diagram.nodes[event].name, 70.0);
            if width > 0.0 {
                let left = place.center().x - 4.0 - width;
                block.labels.push((event, Bounds::new(left, place.bottom(), width, height)));
            }
        }
    }

    /// Places what is not in the flow in rows below it, near what it belongs to.
    fn beside(&self, block: &mut Block, beside: &[usize], sizes: &[(f64, f64)], tree: &Tree) {
        let middles: BTreeMap<usize, f64> =
            block.nodes.iter().map(|(at, bounds)| (*at, bounds.center().x)).collect();
        let mut wishes: BTreeMap<usize, f64> = BTreeMap::new();
        for flow in &self.diagram.flows {
            let ends = (tree.position(&flow.source), tree.position(&flow.target));
            let (Some(source), Some(target)) = ends else { continue };
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
        let start = if block.height > 0.0 { block.height + BESIDE } else { 0.0 };
        let (mut x, mut y, mut bottom): (f64, f64, f64) = (0.0, start, start);
        for number in order {
            let at = beside[number];
            let (width, height) = sizes[number];
            let node = &self.diagram.nodes[at];
            let outside = sizes::is_labelled(node.kind);
            let label = if outside { sizes::label(&node.name, LABEL_WIDTH) } else { (0.0, 0.0) };
            let fringe = self.fringes.get(&at).map_or(0.0, |fringe| EVENT + fringe.labels + 4.0);
            let room = width.max(label.0);
            let wanted = wishes.get(&at).map_or(x, |middle| (middle - room / 2.0).max(x));
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

/// Where the fringe begins when its host is wider: in the middle.
fn fringe_start(width: f64, fringe: &Fringe) -> f64 {
    ((width - fringe.width) / 2.0).max(0.0)
}

/// A place for a name above the first level part of a line that is long enough for it, else above the longest.
fn beside_line(way: &[Point], (width, height): (f64, f64)) -> Bounds {
    let level = way.windows(2).filter(|part| (part[0].y - part[1].y).abs() < 0.5);
    let parts: Vec<&[Point]> = level.collect();
    let fitting = parts.iter().find(|part| length(part) >= width + 12.0);
    let longest = || parts.iter().max_by(|a, b| length(a).total_cmp(&length(b)));
    let part = fitting.or_else(longest).copied().unwrap_or(way);
    let middle = part[0].towards(part[1], 0.5);
    Bounds::new(middle.x - width / 2.0, middle.y - height - 2.0, width, height)
}
