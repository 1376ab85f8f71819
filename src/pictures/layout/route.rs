//! Ways: every link leaves and enters its nodes at their borders and turns only in the channels between layers.
//! Owns the widths of channels and the horizontal places. Must never lead a line through a node.
//!
//! ```text
//!   layer 0        channels        layer 1
//!   ┌──────┐    │    ┌────────┐
//!   │ node ├────┼────┘        │    a link that changes its height does so in a channel of its own,
//!   └──────┘    └─────────────┤    unless it can leave or enter a gateway at its tip
//! ```

use super::super::model::Point;
use super::graph::{Graph, Link};
use std::collections::BTreeMap;

/// Least distance between two layers, in pixels.
const LEAST: f64 = 50.0;
/// Most distance between two layers: past it channels move closer.
const MOST: f64 = 400.0;
/// Distance between two channels.
const CHANNEL: f64 = 12.0;
/// Room that a line wants beside it.
const CLEAR: f64 = 6.0;

/// What a link may do at a node.
#[derive(Debug, Clone, Copy)]
pub struct Port {
    /// Half the node's width.
    pub half_width: f64,
    /// Half its height.
    pub half_height: f64,
    /// True when lines may start and end at its top and bottom.
    pub has_tips: bool,
    /// True when nothing hangs at its bottom: no label, no event.
    pub is_bottom_free: bool,
}

/// Where a link starts that leaves a boundary event.
#[derive(Debug, Clone, Copy)]
pub struct Hook {
    /// The event's middle, from the middle of its host.
    pub across: f64,
    /// The event's bottom, from the middle of its host.
    pub bottom: f64,
    /// The height at which the line turns right, from the middle of the host.
    pub turn: f64,
}

/// What the router knows beside the graph.
pub struct Terms<'a> {
    /// For each node.
    pub ports: &'a [Port],
    /// For each link.
    pub hooks: &'a [Option<Hook>],
    /// For each link the width of its name.
    pub names: &'a [f64],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Trunk {
    /// Links that leave one item turn together.
    From(usize),
    /// Links that enter one item turn together.
    To(usize),
    /// A link turns alone.
    Alone(usize),
}

/// A vertical part of a way.
#[derive(Debug, Clone, Copy)]
enum Turn {
    /// In a channel.
    Channel {
        gap: usize,
        trunk: Trunk,
        from: f64,
        to: f64,
    },
    /// At a node's middle, from or to its top or bottom.
    Tip { item: usize, from: f64, to: f64 },
}

struct Router<'a> {
    graph: &'a Graph,
    terms: &'a Terms<'a>,
    place: Vec<usize>,
}

/// Sets the horizontal places of all items and returns the way of each link (empty: straight) and the whole width.
pub fn ways(graph: &mut Graph, terms: &Terms<'_>) -> (Vec<Vec<Point>>, f64) {
    let mut place = vec![0; graph.items.len()];
    for layer in &graph.layers {
        for (number, &item) in layer.iter().enumerate() {
            place[item] = number;
        }
    }
    let router = Router {
        graph,
        terms,
        place,
    };
    let turns: Vec<Vec<Turn>> = (0..graph.links.len())
        .map(|number| router.turns(number))
        .collect();
    let channels = channels(&turns);
    let gaps = gaps(graph, terms, &channels);
    let (lefts, width) = columns(graph, &gaps);
    let channel_x = |gap: usize, trunk: Trunk| {
        let (number, count) = channels[&(gap, trunk)];
        lefts[gap] + gaps[gap].turning * (number as f64 + 1.0) / (count as f64 + 1.0)
    };
    let ways = (turns.iter().enumerate())
        .map(|(number, turns)| {
            if graph.links[number].routed {
                way(graph, terms, number, turns, &channel_x)
            } else {
                Vec::new()
            }
        })
        .collect();
    (ways, width)
}

impl Router<'_> {
    /// True when the item's own column is free from its middle to that height.
    fn is_clear(&self, item: usize, to: f64) -> bool {
        let own = &self.graph.items[item];
        let column = &self.graph.layers[own.layer];
        let port = &self.terms.ports[item];
        if to > own.y {
            let below = column
                .get(self.place[item] + 1)
                .map(|&next| &self.graph.items[next]);
            port.is_bottom_free
                && to > own.y + port.half_height
                && below.is_none_or(|next| next.y - next.up > to + CLEAR)
        } else {
            let above = self.place[item]
                .checked_sub(1)
                .map(|at| &self.graph.items[column[at]]);
            to < own.y - port.half_height
                && above.is_none_or(|next| next.y + next.down < to - CLEAR)
        }
    }

    fn tip(&self, item: usize, is_start: bool, to: f64) -> Turn {
        let own = &self.graph.items[item];
        let half = self.terms.ports[item].half_height;
        let tip = if to > own.y {
            own.y + half
        } else {
            own.y - half
        };
        if is_start {
            Turn::Tip {
                item,
                from: tip,
                to,
            }
        } else {
            Turn::Tip {
                item,
                from: to,
                to: tip,
            }
        }
    }

    fn turns(&self, number: usize) -> Vec<Turn> {
        let link = &self.graph.links[number];
        if !link.routed {
            Vec::new()
        } else if link.backwards {
            self.turns_back(number, link)
        } else {
            self.turns_forth(number, link)
        }
    }

    fn turns_forth(&self, number: usize, link: &Link) -> Vec<Turn> {
        let hook = self.terms.hooks[number];
        let (source, target) = (link.source, link.target);
        let first_gap = self.graph.items[source].layer + 1;
        let last_gap = self.graph.items[target].layer;
        let mut turns = Vec::new();
        let mut y = self.graph.items[source].y + hook.map_or(0.0, |hook| hook.turn);
        for (step, item) in link.chain().skip(1).enumerate() {
            let next = self.graph.items[item].y;
            let gap = first_gap + step;
            if (next - y).abs() > 0.5 {
                let leaves = gap == first_gap && hook.is_none();
                let ports = self.terms.ports;
                turns.push(
                    if leaves && ports[source].has_tips && self.is_clear(source, next) {
                        self.tip(source, true, next)
                    } else if gap == last_gap && ports[target].has_tips && self.is_clear(target, y)
                    {
                        self.tip(target, false, y)
                    } else {
                        let branches = self.graph.after[source].len() > 1;
                        let trunk = if leaves && (branches || gap != last_gap) {
                            Trunk::From(source)
                        } else if gap == last_gap {
                            Trunk::To(target)
                        } else {
                            Trunk::Alone(number)
                        };
                        Turn::Channel {
                            gap,
                            trunk,
                            from: y,
                            to: next,
                        }
                    },
                );
            }
            y = next;
        }
        turns
    }

    fn turns_back(&self, number: usize, link: &Link) -> Vec<Turn> {
        let hook = self.terms.hooks[number];
        let (source, target) = (
            &self.graph.items[link.source],
            &self.graph.items[link.target],
        );
        let (level, trunk) = (link.level, Trunk::Alone(number));
        let from = source.y + hook.map_or(0.0, |hook| hook.turn);
        let leave = if hook.is_none() && self.is_clear(link.source, level) {
            self.tip(link.source, true, level)
        } else {
            Turn::Channel {
                gap: source.layer + 1,
                trunk,
                from,
                to: level,
            }
        };
        let is_loop = link.source == link.target;
        let enter = if !is_loop && self.is_clear(link.target, level) {
            self.tip(link.target, false, level)
        } else {
            Turn::Channel {
                gap: target.layer,
                trunk,
                from: level,
                to: target.y,
            }
        };
        vec![leave, enter]
    }
}

/// The number of each trunk among the channels of its gap, from the left, and how many there are.
fn channels(turns: &[Vec<Turn>]) -> BTreeMap<(usize, Trunk), (usize, usize)> {
    let mut wishes: BTreeMap<(usize, Trunk), (f64, f64)> = BTreeMap::new();
    for turn in turns.iter().flatten() {
        if let Turn::Channel {
            gap,
            trunk,
            from,
            to,
        } = *turn
        {
            let wish = wishes.entry((gap, trunk)).or_insert((0.0, 0.0));
            *wish = (from, wish.1 + (to - from).signum());
        }
    }
    let mut by_gap: BTreeMap<usize, Vec<(Trunk, f64, f64)>> = BTreeMap::new();
    for ((gap, trunk), (from, down)) in wishes {
        by_gap.entry(gap).or_default().push((trunk, from, down));
    }
    let mut numbers = BTreeMap::new();
    for (gap, mut trunks) in by_gap {
        // Of those that go down the upper ones turn last, of those that go up the lower ones: so they do not cross.
        let key = |from: f64, down: f64| if down > 0.0 { (0, -from) } else { (1, from) };
        trunks.sort_by(|a, b| {
            let (a, b) = (key(a.1, a.2), key(b.1, b.2));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        let count = trunks.len();
        for (number, (trunk, ..)) in trunks.into_iter().enumerate() {
            numbers.insert((gap, trunk), (number, count));
        }
    }
    numbers
}

/// The room between two layers.
#[derive(Debug, Clone, Copy, Default)]
struct Gap {
    /// Width of its left part, in which lines turn.
    turning: f64,
    /// Width of the rest, in which names stand.
    naming: f64,
}

/// The gaps; the first one is left of all layers, the last one right of them.
fn gaps(
    graph: &Graph,
    terms: &Terms<'_>,
    channels: &BTreeMap<(usize, Trunk), (usize, usize)>,
) -> Vec<Gap> {
    let count = graph.layers.len();
    let mut gaps = vec![Gap::default(); count + 1];
    for (&(gap, _), &(_, trunks)) in channels {
        let outer = if gap == 0 || gap == count { 0.0 } else { 26.0 };
        gaps[gap].turning = (outer + CHANNEL * (trunks as f64 + 1.0)).min(MOST);
    }
    for (link, name) in graph.links.iter().zip(terms.names) {
        if !link.backwards && *name > 0.0 {
            let gap = &mut gaps[graph.items[link.source].layer + 1];
            let margin = if gap.turning > 0.0 { 20.0 } else { 34.0 };
            gap.naming = gap.naming.max(name + margin);
        }
    }
    for gap in gaps.iter_mut().take(count).skip(1) {
        if gap.naming == 0.0 {
            gap.turning = gap.turning.max(LEAST);
        } else {
            gap.naming = gap.naming.max(LEAST - gap.turning);
        }
    }
    gaps
}

/// Places the layers side by side; returns the left edge of each gap and the whole width.
fn columns(graph: &mut Graph, gaps: &[Gap]) -> (Vec<f64>, f64) {
    let mut lefts = vec![0.0];
    let mut x = gaps[0].turning;
    for (layer, items) in graph.layers.iter().enumerate() {
        let width = items
            .iter()
            .map(|&item| graph.items[item].width)
            .fold(0.0, f64::max);
        for &item in items {
            graph.items[item].x = x + width / 2.0;
        }
        lefts.push(x + width);
        x += width + gaps[layer + 1].turning + gaps[layer + 1].naming;
    }
    (lefts, x)
}

fn way(
    graph: &Graph,
    terms: &Terms<'_>,
    number: usize,
    turns: &[Turn],
    channel_x: &impl Fn(usize, Trunk) -> f64,
) -> Vec<Point> {
    let link = &graph.links[number];
    let (source, target) = (&graph.items[link.source], &graph.items[link.target]);
    let mut way = Vec::new();
    match terms.hooks[number] {
        Some(hook) => {
            let x = source.x + hook.across;
            way.push(Point::new(x, source.y + hook.bottom));
            way.push(Point::new(x, source.y + hook.turn));
        }
        None => {
            let starts_at_tip =
                matches!(turns.first(), Some(Turn::Tip { item, .. }) if *item == link.source);
            if !starts_at_tip {
                way.push(Point::new(
                    source.x + terms.ports[link.source].half_width,
                    source.y,
                ));
            }
        }
    }
    for turn in turns {
        let (x, from, to) = match *turn {
            Turn::Channel {
                gap,
                trunk,
                from,
                to,
            } => (channel_x(gap, trunk).round(), from, to),
            Turn::Tip { item, from, to } => (graph.items[item].x, from, to),
        };
        way.extend([Point::new(x, from), Point::new(x, to)]);
    }
    let ends_at_tip = matches!(turns.last(), Some(Turn::Tip { item, .. }) if *item == link.target);
    if !ends_at_tip {
        way.push(Point::new(
            target.x - terms.ports[link.target].half_width,
            target.y,
        ));
    }
    way
}
