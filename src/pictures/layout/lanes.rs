//! Pools and lanes of a process that is laid out: one band for each innermost lane, one under the other. Owns which
//! node goes into which band. Must never trust that lanes form a tree.

use super::super::model::{Bounds, Diagram};
use super::super::tree::{Tree, without_rings};
use std::collections::BTreeMap;

/// Width of the head of each pool and lane, in pixels.
const HEAD: f64 = 30.0;
/// Distance between two pools.
const BETWEEN: f64 = 30.0;

/// The bands of a scope, from the top.
pub struct Bands {
    /// The band of each node of the process.
    of: BTreeMap<usize, usize>,
    /// The lane of each band; `None`: for nodes in no lane.
    lanes: Vec<Option<usize>>,
    /// The pools and lanes around each band, outermost first, the lane itself included.
    around: Vec<Vec<usize>>,
}

impl Bands {
    /// One band for everything.
    pub fn single() -> Self {
        Self {
            of: BTreeMap::new(),
            lanes: vec![None],
            around: vec![Vec::new()],
        }
    }

    /// The bands of a process with pools or lanes; `members` are the nodes to place.
    pub fn of(diagram: &Diagram, tree: &Tree, members: &[usize]) -> Self {
        let lanes = &diagram.lanes;
        let mut positions = BTreeMap::new();
        for (at, lane) in lanes.iter().enumerate() {
            positions.entry(lane.id.as_str()).or_insert(at);
        }
        let parents = lanes
            .iter()
            .map(|lane| positions.get(lane.parent.as_deref()?).copied());
        let parents = without_rings(parents.collect());
        let mut children: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
        for (at, &parent) in parents.iter().enumerate() {
            children.entry(parent).or_default().push(at);
        }
        let mut bands = Self {
            of: BTreeMap::new(),
            lanes: Vec::new(),
            around: Vec::new(),
        };
        let mut first_band = vec![0; lanes.len()];
        let mut open: Vec<usize> = children
            .get(&None)
            .into_iter()
            .flatten()
            .rev()
            .copied()
            .collect();
        while let Some(at) = open.pop() {
            first_band[at] = bands.lanes.len();
            match children.get(&Some(at)) {
                Some(inner) => open.extend(inner.iter().rev()),
                None => {
                    let chain = std::iter::successors(Some(at), |&lane| parents[lane]);
                    let mut around: Vec<usize> = chain.collect();
                    around.reverse();
                    bands.lanes.push(Some(at));
                    bands.around.push(around);
                }
            }
        }
        // Innermost lanes first: what they do not name falls to the first lane of its pool.
        let mut order: Vec<usize> = (0..lanes.len()).collect();
        order.sort_by_key(|at| children.contains_key(&Some(*at)));
        for at in order {
            let named = lanes[at].members.iter().filter_map(|id| tree.position(id));
            for node in named {
                bands.of.entry(node).or_insert(first_band[at]);
            }
        }
        if members.iter().any(|node| !bands.of.contains_key(node)) {
            bands.lanes.push(None);
            bands.around.push(Vec::new());
        }
        bands
    }

    /// The band of a node.
    pub fn band(&self, node: usize) -> usize {
        self.of.get(&node).copied().unwrap_or(self.lanes.len() - 1)
    }

    /// True when there are frames to draw.
    pub fn are_framed(&self) -> bool {
        self.lanes.iter().any(Option::is_some)
    }

    /// The room before each band.
    pub fn before(&self) -> Vec<f64> {
        let pool = |band: usize| self.around[band].first();
        let apart = |band: usize| band > 0 && pool(band) != pool(band - 1);
        (0..self.lanes.len())
            .map(|band| if apart(band) { BETWEEN } else { 0.0 })
            .collect()
    }

    /// Width of all heads together, in pixels.
    pub fn heads(&self) -> f64 {
        self.around.iter().map(Vec::len).max().unwrap_or(0) as f64 * HEAD
    }

    /// The frames of all pools and lanes: `width` is the whole width, `extents` top and bottom of each band.
    pub fn frames(&self, width: f64, extents: &[(f64, f64)]) -> Vec<(usize, Bounds)> {
        let mut frames: BTreeMap<usize, Bounds> = BTreeMap::new();
        for (around, &(top, bottom)) in self.around.iter().zip(extents) {
            for (depth, &lane) in around.iter().enumerate() {
                let x = depth as f64 * HEAD;
                let frame = frames
                    .entry(lane)
                    .or_insert(Bounds::new(x, top, width - x, 0.0));
                frame.height = bottom - frame.y;
            }
        }
        frames.into_iter().collect()
    }
}
