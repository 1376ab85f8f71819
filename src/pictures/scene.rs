//! From a diagram to what can be drawn: checked, laid out where geometry is missing, shifted so that nothing is left
//! of or above zero, and measured. Owns the size of the canvas and the limits. Must never draw.

use super::PictureError;
use super::geometry::length;
use super::layout;
use super::model::{Bounds, Diagram, Edge, Lane, Node, Point};
use super::tree::Tree;

/// Above this many nodes, flows, lanes and waypoints together no picture is made: nobody could read it.
const ELEMENTS: usize = 20_000;
/// Coordinates beyond this, in pixels, are drawn at this; so no sum overflows.
const FARTHEST: f64 = 1e12;
/// A picture wider or higher than this, in pixels, is drawn smaller: a renderer's 32-bit numbers end to be exact.
const LARGEST: f64 = 1e6;
/// Room right of and below the outermost element, in pixels.
const MARGIN: f64 = 10.0;
/// Above this sum of line lengths, in pixels, dashes are drawn solid: each dash costs as much as a line.
const DASHED: f64 = 1_000_000.0;

/// A diagram ready to be drawn, with all coordinates from zero on.
pub struct Scene {
    /// The diagram, complete.
    pub diagram: Diagram,
    /// Its nesting.
    pub tree: Tree,
    /// Width of the canvas in whole pixels.
    pub width: f64,
    /// Height of the canvas in whole pixels.
    pub height: f64,
    /// False when there is so much line that dashes would cost too much.
    pub dashes: bool,
    /// How many pixels are painted in all, about: shapes lie over one another.
    pub painted: f64,
}

impl Scene {
    /// Prepares a diagram.
    pub fn of(diagram: &Diagram) -> Result<Self, PictureError> {
        check(diagram)?;
        let mut diagram = diagram.clone();
        // Before the layout, so that its sums stay finite whatever the bounds given say.
        move_all(&mut diagram, bounded);
        layout::layout(&mut diagram);
        let tree = Tree::of(&diagram);
        let (least, most) = extent(&diagram, &tree);
        let shift = Point::new((-least.x).max(0.0), (-least.y).max(0.0));
        let far = (most.x + shift.x).max(most.y + shift.y);
        let shrink = if far > LARGEST { LARGEST / far } else { 1.0 };
        if shift != Point::default() || shrink < 1.0 {
            move_all(&mut diagram, |value, axis| match axis {
                Axis::X => (value + shift.x) * shrink,
                Axis::Y => (value + shift.y) * shrink,
                Axis::Extent => value * shrink,
            });
        }
        let lines: f64 = diagram
            .flows
            .iter()
            .map(|flow| length(&flow.waypoints))
            .sum();
        let boxes = || diagram.nodes.iter().filter_map(|node| node.bounds);
        let borders: f64 = boxes()
            .map(|bounds| 2.0 * (bounds.width + bounds.height))
            .sum();
        let areas: f64 = boxes().map(|bounds| bounds.width * bounds.height).sum();
        Ok(Self {
            width: ((most.x + shift.x) * shrink).floor() + MARGIN,
            height: ((most.y + shift.y) * shrink).floor() + MARGIN,
            dashes: lines + borders <= DASHED,
            painted: areas + 3.0 * (lines + borders),
            diagram,
            tree,
        })
    }

    /// The nodes that show, each after the sub-process that it is in.
    pub fn nodes(&self) -> impl Iterator<Item = (usize, &Node, Bounds)> {
        let mut order: Vec<usize> = (0..self.diagram.nodes.len()).collect();
        order.sort_by_key(|&at| (self.tree.depth(at), self.tree.host(at).is_some()));
        order.into_iter().filter_map(|at| {
            let node = &self.diagram.nodes[at];
            let bounds = node.bounds.filter(|_| !self.tree.is_hidden(at))?;
            Some((at, node, bounds))
        })
    }

    /// The flows that show.
    pub fn flows(&self) -> impl Iterator<Item = &Edge> {
        self.diagram
            .flows
            .iter()
            .filter(|flow| shows(flow, &self.tree))
    }

    /// The pools and lanes that show.
    pub fn lanes(&self) -> impl Iterator<Item = (&Lane, Bounds)> {
        self.diagram
            .lanes
            .iter()
            .filter_map(|lane| Some((lane, lane.bounds?)))
    }
}

fn shows(flow: &Edge, tree: &Tree) -> bool {
    let hidden = |id: &str| tree.position(id).is_some_and(|at| tree.is_hidden(at));
    flow.waypoints.len() >= 2 && !hidden(&flow.source) && !hidden(&flow.target)
}

enum Axis {
    X,
    Y,
    Extent,
}

fn bounded(value: f64, axis: Axis) -> f64 {
    match axis {
        Axis::X | Axis::Y => value.clamp(-FARTHEST, FARTHEST),
        Axis::Extent => value.clamp(0.0, FARTHEST),
    }
}

fn move_all(diagram: &mut Diagram, change: impl Fn(f64, Axis) -> f64) {
    let nodes = (diagram.nodes.iter_mut()).flat_map(|node| [&mut node.bounds, &mut node.label]);
    let lanes = diagram.lanes.iter_mut().map(|lane| &mut lane.bounds);
    for bounds in nodes.chain(lanes).flatten() {
        move_bounds(bounds, &change);
    }
    for flow in &mut diagram.flows {
        if let Some(label) = &mut flow.label {
            move_bounds(label, &change);
        }
        for point in &mut flow.waypoints {
            *point = Point::new(change(point.x, Axis::X), change(point.y, Axis::Y));
        }
    }
}

fn move_bounds(bounds: &mut Bounds, change: &impl Fn(f64, Axis) -> f64) {
    *bounds = Bounds {
        x: change(bounds.x, Axis::X),
        y: change(bounds.y, Axis::Y),
        width: change(bounds.width, Axis::Extent),
        height: change(bounds.height, Axis::Extent),
    };
}

fn check(diagram: &Diagram) -> Result<(), PictureError> {
    let waypoints: usize = diagram.flows.iter().map(|flow| flow.waypoints.len()).sum();
    let count = diagram.nodes.len() + diagram.flows.len() + diagram.lanes.len() + waypoints;
    if count > ELEMENTS {
        return Err(PictureError::TooManyElements {
            count,
            limit: ELEMENTS,
        });
    }
    let finite = |bounds: &Option<Bounds>| {
        bounds.is_none_or(|b| {
            [b.x, b.y, b.width, b.height]
                .iter()
                .all(|value| value.is_finite())
        })
    };
    let nodes =
        (diagram.nodes.iter()).map(|node| (&node.id, finite(&node.bounds) && finite(&node.label)));
    let lanes = diagram
        .lanes
        .iter()
        .map(|lane| (&lane.id, finite(&lane.bounds)));
    let flows = diagram.flows.iter().map(|flow| {
        let mut points = flow.waypoints.iter();
        let points = points.all(|point| point.x.is_finite() && point.y.is_finite());
        (&flow.id, points && finite(&flow.label))
    });
    match nodes.chain(lanes).chain(flows).find(|(_, finite)| !finite) {
        Some((id, _)) => Err(PictureError::NotFinite {
            element: id.clone(),
        }),
        None => Ok(()),
    }
}

/// The least and the greatest coordinates of what shows, labels included.
fn extent(diagram: &Diagram, tree: &Tree) -> (Point, Point) {
    let nodes = diagram
        .nodes
        .iter()
        .enumerate()
        .filter(|&(at, _)| !tree.is_hidden(at));
    let boxes = nodes.flat_map(|(_, node)| {
        // A label without a name is a left-over of the modeller.
        [node.bounds, node.label.filter(|_| !node.name.is_empty())]
    });
    let lanes = diagram.lanes.iter().map(|lane| lane.bounds);
    let flows = || diagram.flows.iter().filter(|flow| shows(flow, tree));
    let labels = flows().map(|flow| flow.label.filter(|_| !flow.name.is_empty()));
    let corners = boxes
        .chain(lanes)
        .chain(labels)
        .flatten()
        .flat_map(|bounds| {
            [
                Point::new(bounds.x, bounds.y),
                Point::new(bounds.right(), bounds.bottom()),
            ]
        });
    let points = corners.chain(flows().flat_map(|flow| flow.waypoints.iter().copied()));
    let extent = points
        .map(|point| (point, point))
        .reduce(|(least, most), (point, _)| {
            (
                Point::new(least.x.min(point.x), least.y.min(point.y)),
                Point::new(most.x.max(point.x), most.y.max(point.y)),
            )
        });
    extent.unwrap_or_default()
}
