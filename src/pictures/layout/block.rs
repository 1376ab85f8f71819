//! The geometry of a scope before it has its place in the diagram. Owns the move from a scope's coordinates to the
//! diagram's. Must never overwrite a way that is there. All numbers are positions in the diagram's lists.

use super::super::model::{Bounds, Diagram, Point};
use std::collections::BTreeMap;

/// Distance between two blocks, in pixels.
const BELOW: f64 = 30.0;

/// A scope's geometry, relative to its own upper left corner.
#[derive(Debug, Default)]
pub struct Block {
    /// Places of nodes.
    pub nodes: Vec<(usize, Bounds)>,
    /// Places of their labels.
    pub labels: Vec<(usize, Bounds)>,
    /// Ways of flows.
    pub ways: Vec<(usize, Vec<Point>)>,
    /// Places of their names.
    pub names: Vec<(usize, Bounds)>,
    /// Frames of pools and lanes.
    pub lanes: Vec<(usize, Bounds)>,
    /// Width in pixels.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
}

impl Block {
    /// Puts another block below.
    pub fn append(&mut self, mut other: Self) {
        let down = if self.height > 0.0 {
            self.height + BELOW
        } else {
            0.0
        };
        let bounds = (other.nodes.iter_mut())
            .chain(&mut other.labels)
            .chain(&mut other.names)
            .chain(&mut other.lanes);
        bounds.for_each(|(_, bounds)| bounds.y += down);
        other
            .ways
            .iter_mut()
            .flat_map(|(_, way)| way)
            .for_each(|point| point.y += down);
        self.nodes.append(&mut other.nodes);
        self.labels.append(&mut other.labels);
        self.names.append(&mut other.names);
        self.lanes.append(&mut other.lanes);
        self.ways.append(&mut other.ways);
        self.width = self.width.max(other.width);
        self.height = down + other.height;
    }

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
        let nodes = self
            .nodes
            .into_iter()
            .map(|(at, bounds)| (at, moved(bounds)));
        nodes
            .inspect(|&(at, bounds)| diagram.nodes[at].bounds = Some(bounds))
            .collect()
    }
}
