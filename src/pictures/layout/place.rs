//! Heights: every item as near to what it is linked with as the order allows, lane under lane. Owns the distances
//! from top to bottom. Must never change the order within a layer.

use super::graph::Graph;
use std::collections::BTreeMap;

/// Distance between two items of a layer, in pixels.
const GAP: f64 = 22.0;
/// Distance of a backward link from what is above it.
const LEVEL: f64 = 14.0;
/// Passes over all layers; the last one runs with the flow, so that chains come out straight.
const PASSES: usize = 16;

/// Top and bottom of each band, relative to the scope, in pixels.
pub type Extents = Vec<(f64, f64)>;

/// What surrounds the bands.
pub struct Frame {
    /// Room above and below the content of each band.
    pub padding: f64,
    /// Least height of each band.
    pub least: f64,
    /// Room before each band: none within a pool.
    pub before: Vec<f64>,
}

/// Sets the heights of all items and backward links; `room` is what a backward link needs for its name.
pub fn heights(graph: &mut Graph, frame: &Frame, room: &[f64]) -> Extents {
    stack(graph);
    for pass in 0..PASSES {
        let forth = pass % 2 == 1;
        for step in 0..graph.layers.len() {
            let layer = if forth {
                step
            } else {
                graph.layers.len() - 1 - step
            };
            settle(graph, layer, forth);
        }
    }
    for item in &mut graph.items {
        item.y = item.y.round();
    }
    straighten(graph);
    let bottoms = levels(graph, room);
    bands(graph, frame, &bottoms)
}

/// The runs of items of a layer that are in the same band.
fn runs(graph: &Graph, layer: usize) -> Vec<Vec<usize>> {
    let same = |&a: &usize, &b: &usize| graph.items[a].band == graph.items[b].band;
    graph.layers[layer]
        .chunk_by(same)
        .map(<[usize]>::to_vec)
        .collect()
}

fn apart(graph: &Graph, above: usize, below: usize) -> f64 {
    let (above, below) = (&graph.items[above], &graph.items[below]);
    let gap = if above.is_hop && below.is_hop {
        0.0
    } else {
        GAP
    };
    above.down + gap + below.up
}

/// Puts the items of each layer below one another, around zero.
fn stack(graph: &mut Graph) {
    for layer in 0..graph.layers.len() {
        for run in runs(graph, layer) {
            let mut y = 0.0;
            for (place, &item) in run.iter().enumerate() {
                if place > 0 {
                    y += apart(graph, run[place - 1], item);
                }
                graph.items[item].y = y;
            }
            for item in run {
                graph.items[item].y -= y / 2.0;
            }
        }
    }
}

/// Moves a layer's items towards what they are linked with on one side: least squares under the given order.
fn settle(graph: &mut Graph, layer: usize, forth: bool) {
    for run in runs(graph, layer) {
        let mut offset = 0.0;
        // Blocks of items that touch: sum of weighted wishes, sum of weights, number of items.
        let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
        let mut offsets = Vec::with_capacity(run.len());
        for (place, &item) in run.iter().enumerate() {
            if place > 0 {
                offset += apart(graph, run[place - 1], item);
            }
            offsets.push(offset);
            // Hops pull harder: a long line should be straight.
            let weight = if graph.items[item].is_hop { 3.0 } else { 1.0 };
            blocks.push(((wish(graph, item, forth) - offset) * weight, weight, 1));
            while let [.., above, below] = blocks[..]
                && above.0 / above.1 > below.0 / below.1
            {
                blocks.truncate(blocks.len() - 2);
                blocks.push((above.0 + below.0, above.1 + below.1, above.2 + below.2));
            }
        }
        let mut place = 0;
        for (sum, weight, count) in blocks {
            for _ in 0..count {
                graph.items[run[place]].y = sum / weight + offsets[place];
                place += 1;
            }
        }
    }
}

/// The mean height of an item's neighbours in its band; its own without any. An item at the end of a long line follows
/// the line, so that it stays straight.
fn wish(graph: &Graph, item: usize, forth: bool) -> f64 {
    let own = &graph.items[item];
    let near = if forth {
        &graph.before[item]
    } else {
        &graph.after[item]
    };
    let near = near
        .iter()
        .map(|&other| &graph.items[other])
        .filter(|other| other.band == own.band);
    let mean = |heights: &mut dyn Iterator<Item = f64>| {
        let (sum, count) = heights.fold((0.0, 0), |(sum, count), y| (sum + y, count + 1));
        (count > 0).then(|| sum / f64::from(count))
    };
    let hops = mean(
        &mut near
            .clone()
            .filter(|other| forth && other.is_hop)
            .map(|other| other.y),
    );
    hops.or_else(|| mean(&mut near.map(|other| other.y)))
        .unwrap_or(own.y)
}

/// Gives all hops of a link one height, where the order leaves room for one.
fn straighten(graph: &mut Graph) {
    let mut place = vec![0; graph.items.len()];
    for layer in &graph.layers {
        for (number, &item) in layer.iter().enumerate() {
            place[item] = number;
        }
    }
    let fits = |graph: &Graph, item: usize, y: f64| {
        let own = &graph.items[item];
        let layer = &graph.layers[own.layer];
        let above = place[item].checked_sub(1).map(|at| layer[at]);
        let below = layer.get(place[item] + 1).copied();
        let is_near = |other: &usize| graph.items[*other].band == own.band;
        above
            .filter(is_near)
            .is_none_or(|other| graph.items[other].y + apart(graph, other, item) <= y)
            && below
                .filter(is_near)
                .is_none_or(|other| y + apart(graph, item, other) <= graph.items[other].y)
    };
    for number in 0..graph.links.len() {
        let link = &graph.links[number];
        let heights = || link.hops.iter().map(|&hop| graph.items[hop].y);
        let end = |item: usize| Some(graph.items[item].y);
        let wishes = [
            end(link.target),
            end(link.source),
            heights().reduce(f64::max),
            heights().reduce(f64::min),
        ];
        let fitting = |y: &f64| link.hops.iter().all(|&hop| fits(graph, hop, *y));
        let Some(y) = wishes.into_iter().flatten().find(fitting) else {
            continue;
        };
        for hop in graph.links[number].hops.clone() {
            graph.items[hop].y = y;
        }
    }
}

/// Gives each backward link a height below all that it passes, shorter ones further up; returns the lowest height by
/// band and layer.
fn levels(graph: &mut Graph, room: &[f64]) -> BTreeMap<(usize, usize), f64> {
    let mut bottoms = BTreeMap::new();
    for item in &graph.items {
        let bottom = bottoms.entry((item.band, item.layer)).or_insert(f64::MIN);
        *bottom = f64::max(*bottom, item.y + item.down);
    }
    let layers = |graph: &Graph, number: usize| {
        let link = &graph.links[number];
        graph.items[link.target].layer..=graph.items[link.source].layer
    };
    let mut backwards: Vec<usize> = (0..graph.links.len())
        .filter(|&number| graph.links[number].backwards && graph.links[number].routed)
        .collect();
    backwards.sort_by_key(|&number| layers(graph, number).count());
    for number in backwards {
        let link = &graph.links[number];
        let band = graph.items[link.source]
            .band
            .max(graph.items[link.target].band);
        let lowest = layers(graph, number)
            .filter_map(|layer| bottoms.get(&(band, layer)).copied())
            .fold(f64::MIN, f64::max);
        // A band without items in these layers begins at its middle.
        let level = if lowest == f64::MIN {
            0.0
        } else {
            lowest + LEVEL + room[number]
        };
        for layer in layers(graph, number) {
            bottoms.insert((band, layer), level);
        }
        graph.links[number].level = level;
    }
    bottoms
}

/// Moves the bands below one another.
fn bands(graph: &mut Graph, frame: &Frame, bottoms: &BTreeMap<(usize, usize), f64>) -> Extents {
    let count = frame.before.len();
    let mut content = vec![(f64::MAX, f64::MIN); count];
    for item in &graph.items {
        content[item.band].0 = content[item.band].0.min(item.y - item.up);
    }
    for (&(band, _), &bottom) in bottoms {
        content[band].0 = content[band].0.min(bottom);
        content[band].1 = content[band].1.max(bottom);
    }
    let mut extents = Vec::with_capacity(count);
    let mut shifts = Vec::with_capacity(count);
    let mut y = 0.0;
    for (&(top, bottom), before) in content.iter().zip(&frame.before) {
        y += before;
        let inner = if bottom >= top { bottom - top } else { 0.0 };
        let height = (inner + 2.0 * frame.padding).max(frame.least);
        shifts.push(y + (height - inner) / 2.0 - if bottom >= top { top } else { 0.0 });
        extents.push((y, y + height));
        y += height;
    }
    for item in &mut graph.items {
        item.y += shifts[item.band];
    }
    for link in graph.links.iter_mut().filter(|link| link.backwards) {
        link.level += shifts[graph.items[link.source]
            .band
            .max(graph.items[link.target].band)];
    }
    extents
}
