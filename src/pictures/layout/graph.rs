//! The flow of one scope as layers from left to right: what is where in the order, not yet at which pixel. Owns cycle
//! breaking, layering and the order within layers. Must never recurse: models are as deep as their authors like.
//!
//! A link that spans several layers gets a hop in each layer between, so that no node is put in its way. Links that
//! run backwards get no hops: `place` gives each a height below the flow.

use std::collections::BTreeMap;

/// Hops of all links together; links past that are drawn straight.
const HOPS: usize = 100_000;
/// Passes over all layers that order them; more change little.
const PASSES: usize = 8;
/// Half the room of a hop from top to bottom, in pixels.
const HOP_ROOM: f64 = 8.0;

/// A node of the scope, or a hop.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// Width in pixels, label included.
    pub width: f64,
    /// Room above its middle.
    pub up: f64,
    /// Room below its middle.
    pub down: f64,
    /// Which lane, from the top.
    pub band: usize,
    /// Which column, from the left.
    pub layer: usize,
    /// Its middle, across.
    pub x: f64,
    /// Its middle, down.
    pub y: f64,
    /// True for the place where a link passes.
    pub is_hop: bool,
}

impl Item {
    /// A node that takes this much room.
    pub fn node(width: f64, up: f64, down: f64, band: usize) -> Self {
        Self {
            width,
            up,
            down,
            band,
            layer: 0,
            x: 0.0,
            y: 0.0,
            is_hop: false,
        }
    }
}

/// A flow between two items.
#[derive(Debug, Clone)]
pub struct Link {
    /// The item that it leaves.
    pub source: usize,
    /// The item that it reaches.
    pub target: usize,
    /// True when it closes a cycle.
    pub backwards: bool,
    /// Its hops from source to target.
    pub hops: Vec<usize>,
    /// False when it is to be drawn straight.
    pub routed: bool,
    /// Of a backward link: the height at which it runs.
    pub level: f64,
}

impl Link {
    /// A link between two items.
    pub fn new(source: usize, target: usize) -> Self {
        Self {
            source,
            target,
            backwards: false,
            hops: Vec::new(),
            routed: true,
            level: 0.0,
        }
    }

    /// The items that it passes, from source to target.
    pub fn chain(&self) -> impl Iterator<Item = usize> {
        let hops = self.hops.iter().copied();
        std::iter::once(self.source)
            .chain(hops)
            .chain(std::iter::once(self.target))
    }
}

/// Items, links and the order of both.
#[derive(Debug)]
pub struct Graph {
    /// Nodes first, as given; then hops.
    pub items: Vec<Item>,
    /// As given.
    pub links: Vec<Link>,
    /// The items of each layer, from the top.
    pub layers: Vec<Vec<usize>>,
    /// For each item those to its left that it is linked with.
    pub before: Vec<Vec<usize>>,
    /// For each item those to its right that it is linked with.
    pub after: Vec<Vec<usize>>,
}

impl Graph {
    /// Layers and orders the items.
    pub fn of(items: Vec<Item>, links: Vec<Link>) -> Self {
        let mut graph = Self {
            items,
            links,
            layers: vec![],
            before: vec![],
            after: vec![],
        };
        let discovered = graph.break_cycles();
        graph.layer();
        graph.add_hops();
        graph.connect();
        graph.order(discovered);
        graph
    }

    /// Marks the links that close cycles; returns the items in the order of a walk along the flow.
    fn break_cycles(&mut self) -> Vec<usize> {
        let count = self.items.len();
        let mut out: Vec<Vec<usize>> = vec![Vec::new(); count];
        let mut is_target = vec![false; count];
        for (number, link) in self.links.iter().enumerate() {
            out[link.source].push(number);
            is_target[link.target] |= link.source != link.target;
        }
        let (mut seen, mut on_path) = (vec![false; count], vec![false; count]);
        let mut discovered = Vec::with_capacity(count);
        let sources = (0..count).filter(|&item| !is_target[item]);
        for root in sources.chain(0..count) {
            if seen[root] {
                continue;
            }
            let mut path = vec![(root, 0)];
            (seen[root], on_path[root]) = (true, true);
            discovered.push(root);
            while let Some((item, next)) = path.last_mut() {
                let Some(&number) = out[*item].get(*next) else {
                    on_path[*item] = false;
                    path.pop();
                    continue;
                };
                *next += 1;
                let target = self.links[number].target;
                self.links[number].backwards = on_path[target];
                if !seen[target] {
                    (seen[target], on_path[target]) = (true, true);
                    discovered.push(target);
                    path.push((target, 0));
                }
            }
        }
        discovered
    }

    /// Each item as far right as its longest way from a source.
    fn layer(&mut self) {
        let mut open_links = vec![0; self.items.len()];
        let mut out: Vec<Vec<usize>> = vec![Vec::new(); self.items.len()];
        for link in self.links.iter().filter(|link| !link.backwards) {
            open_links[link.target] += 1;
            out[link.source].push(link.target);
        }
        let mut ready: Vec<usize> = (0..self.items.len())
            .filter(|&item| open_links[item] == 0)
            .collect();
        while let Some(item) = ready.pop() {
            for &target in &out[item] {
                self.items[target].layer = self.items[target].layer.max(self.items[item].layer + 1);
                open_links[target] -= 1;
                if open_links[target] == 0 {
                    ready.push(target);
                }
            }
        }
    }

    fn add_hops(&mut self) {
        let mut left = HOPS;
        for link in &mut self.links {
            let (from, to) = (self.items[link.source].layer, self.items[link.target].layer);
            let span = from.abs_diff(to);
            if span > left {
                link.routed = false;
                continue;
            }
            left -= span;
            if link.backwards {
                continue;
            }
            for layer in from + 1..to {
                link.hops.push(self.items.len());
                let band = self.items[link.target].band;
                let hop = Item::node(0.0, HOP_ROOM, HOP_ROOM, band);
                self.items.push(Item {
                    layer,
                    is_hop: true,
                    ..hop
                });
            }
        }
    }

    fn connect(&mut self) {
        self.before = vec![Vec::new(); self.items.len()];
        self.after = vec![Vec::new(); self.items.len()];
        for link in self
            .links
            .iter()
            .filter(|link| !link.backwards && link.routed)
        {
            let chain: Vec<usize> = link.chain().collect();
            for pair in chain.windows(2) {
                self.after[pair[0]].push(pair[1]);
                self.before[pair[1]].push(pair[0]);
            }
        }
    }

    /// Orders each layer by lane, then by the mean place of what its items are linked with.
    fn order(&mut self, discovered: Vec<usize>) {
        let layers = self
            .items
            .iter()
            .map(|item| item.layer + 1)
            .max()
            .unwrap_or(0);
        self.layers = vec![Vec::new(); layers];
        for item in discovered {
            self.layers[self.items[item].layer].push(item);
        }
        for (number, item) in self
            .items
            .iter()
            .enumerate()
            .filter(|(_, item)| item.is_hop)
        {
            self.layers[item.layer].push(number);
        }
        let mut places = vec![0.0; self.items.len()];
        for pass in 0..PASSES {
            let forth = pass % 2 == 1;
            for step in 0..layers {
                let layer = if forth { step } else { layers - 1 - step };
                let linked = if forth { &self.before } else { &self.after };
                // The first pass has only the order of discovery to keep.
                if pass > 0 {
                    for &item in &self.layers[layer] {
                        let near = &linked[item];
                        if !near.is_empty() {
                            let sum: f64 = near.iter().map(|&other| places[other]).sum();
                            places[item] = sum / near.len() as f64;
                        }
                    }
                    let items = &self.items;
                    self.layers[layer].sort_by(|&a, &b| places[a].total_cmp(&places[b]));
                    self.layers[layer].sort_by_key(|&item| items[item].band);
                }
                let count = self.layers[layer].len() as f64;
                for (place, &item) in self.layers[layer].iter().enumerate() {
                    places[item] = (place as f64 + 0.5) / count;
                }
            }
        }
    }
}

/// The nodes by what hangs together, in the order given.
pub fn components(nodes: &[usize], links: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut near: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &(one, other) in links {
        near.entry(one).or_default().push(other);
        near.entry(other).or_default().push(one);
    }
    let mut numbers: BTreeMap<usize, usize> = BTreeMap::new();
    let mut count = 0;
    for &root in nodes {
        if numbers.contains_key(&root) {
            continue;
        }
        let mut open = vec![root];
        while let Some(at) = open.pop() {
            if numbers.insert(at, count).is_none() {
                open.extend(near.get(&at).into_iter().flatten());
            }
        }
        count += 1;
    }
    let mut components = vec![Vec::new(); count];
    for at in nodes {
        components[numbers[at]].push(*at);
    }
    components
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(count: usize, links: &[(usize, usize)]) -> Graph {
        let items = vec![Item::node(10.0, 5.0, 5.0, 0); count];
        Graph::of(
            items,
            links
                .iter()
                .map(|&(from, to)| Link::new(from, to))
                .collect(),
        )
    }

    #[test]
    fn items_stand_as_far_right_as_their_longest_way() {
        let graph = graph(5, &[(0, 1), (1, 2), (0, 2), (2, 3), (3, 1)]);
        let layers: Vec<usize> = graph.items.iter().map(|item| item.layer).collect();
        assert_eq!(layers[..5], [0, 1, 2, 3, 0]);
        assert_eq!(graph.links[2].hops.len(), 1);
        let backwards: Vec<bool> = graph.links.iter().map(|link| link.backwards).collect();
        assert_eq!(backwards, [false, false, false, false, true]);
    }

    #[test]
    fn branches_do_not_cross() {
        let graph = graph(7, &[(0, 1), (0, 2), (0, 3), (3, 6), (2, 5), (1, 4)]);
        assert_eq!(graph.layers, [vec![0], vec![1, 2, 3], vec![4, 5, 6]]);
    }

    #[test]
    fn long_chains_and_large_fans_are_ordered_without_recursion() {
        let chain: Vec<_> = (0..20_000).map(|item| (item, item + 1)).collect();
        assert_eq!(graph(20_001, &chain).layers.len(), 20_001);
        let fan: Vec<_> = (1..20_000).map(|item| (0, item)).collect();
        assert_eq!(graph(20_000, &fan).layers[1].len(), 19_999);
    }
}
