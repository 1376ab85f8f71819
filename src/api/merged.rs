//! Lists over memory and the archive at once, newest first: pages of both sides merged by the order of creation, and what
//! has one order by id.
//!
//! Owns: the bound on rows that are looked at for one page. Never: reads a side itself.
//!
//! ```text
//!  memory   ●──●─────●──────●         each side: rows behind a place, which is the same on both
//!  archive     ●──●──────●──●──●      what ends between two reads is in both: an id counts once
//!  merged   ●──●──●──●───●──●──●      cursor = place of the last row
//! ```

use super::{
    page::{List, Which},
    problem::Refused,
};
use actors::views::{self, Count, Window};
use codec::Id;
use std::{cmp::Reverse, collections::HashSet};

pub use actors::archive::Cursor as Place;

/// Rows that are looked at for one page; past it the page ends early, with a cursor.
const LOOKED_AT: usize = 10_000;

/// A row of one side.
pub struct Row {
    /// Its place in the order of creation.
    pub order: u64,
    /// Its id.
    pub id: Id,
    /// The row as it leaves.
    pub json: String,
    /// Whether it passes what its side could not filter.
    pub passes: bool,
}

/// What one side gave.
pub struct Side {
    /// Newest first.
    pub rows: Vec<Row>,
    /// Whether there is more behind them.
    pub more: bool,
}

impl Row {
    fn place(&self) -> Place {
        Place {
            order: self.order,
            id: self.id,
        }
    }
}

/// Whether a row of this place comes behind the one where the page begins.
pub fn is_behind(place: Option<Place>, row: Place) -> bool {
    place.is_none_or(|place| row < place)
}

/// Rows of the views behind a place, at least so many if there are. The views do not order by id what has one order, so
/// it is read whole.
pub fn of_views(place: Option<Place>, limit: usize, read: impl Fn(&Window) -> Side) -> Side {
    let mut window = Window {
        after: place.map(|place| views::Cursor::before_order(place.order)),
        // The row at the place, and the first of an order that may go on behind the page.
        limit: limit + 2,
        count: Count::No,
        ..Window::default()
    };
    loop {
        let mut side = read(&window);
        let cut = side.rows.last().map(Row::place).filter(|_| side.more);
        side.rows.retain(|row| {
            let whole = cut.is_none_or(|cut| row.order != cut.order);
            whole && is_behind(place, row.place())
        });
        if !side.more || side.rows.len() >= limit {
            side.rows.sort_by_key(|row| Reverse(row.place()));
            return side;
        }
        window.limit *= 2;
    }
}

/// The sides as one, each id once; and whether there is more behind.
pub fn merge(sides: Vec<Side>, limit: usize) -> Side {
    let mut more = false;
    let mut rows = Vec::new();
    let mut known = HashSet::new();
    for side in sides {
        more |= side.more;
        rows.extend(side.rows.into_iter().filter(|row| known.insert(row.id)));
    }
    rows.sort_by_key(|row: &Row| Reverse(row.place()));
    more |= rows.len() > limit;
    rows.truncate(limit);
    Side { rows, more }
}

/// What a list over both sides needs.
pub struct Scan<'s> {
    /// Where it begins.
    pub after: Option<Place>,
    /// Rows of the page.
    pub limit: usize,
    /// The sides behind a place, at least so many rows of each that has them.
    pub sides: &'s dyn Fn(Option<Place>, usize) -> Result<Vec<Side>, Refused>,
    /// Whether a row passes what has to be read for it.
    pub passes: &'s dyn Fn(&Row) -> bool,
}

/// A page of the merged list.
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Place>,
}

impl Scan<'_> {
    /// How many rows of the whole list pass, however many have to be looked at.
    pub fn count(&self) -> Result<u64, Refused> {
        let (mut place, mut count) = (None, 0);
        loop {
            let sides = (self.sides)(place, LOOKED_AT)?;
            let Side { rows, more } = merge(sides, LOOKED_AT);
            let passing = rows.iter().filter(|row| row.passes && (self.passes)(row));
            count += passing.count() as u64;
            place = rows.last().map(Row::place);
            if !more || place.is_none() {
                return Ok(count);
            }
        }
    }

    /// Looks at rows until the page is full, the list is at its end, or the bound is reached.
    pub fn page(&self) -> Result<Page, Refused> {
        let mut place = self.after;
        let mut rows = Vec::with_capacity(self.limit.min(64));
        let mut looked_at = 0;
        loop {
            let sides = (self.sides)(place, self.limit)?;
            let Side { rows: found, more } = merge(sides, self.limit);
            let count = found.len();
            for (n, row) in found.into_iter().enumerate() {
                looked_at += 1;
                place = Some(row.place());
                if row.passes && (self.passes)(&row) {
                    rows.push(row);
                }
                let behind = more || n + 1 < count;
                if rows.len() == self.limit || looked_at == LOOKED_AT {
                    return Ok(Page {
                        rows,
                        next: place.filter(|_| behind),
                    });
                }
            }
            if !more || count == 0 {
                return Ok(Page { rows, next: None });
            }
        }
    }
}

impl Page {
    /// The page as it leaves.
    pub fn render(&self, which: Which, total: Option<u64>) -> String {
        let mut list = List::new(which, self.rows.len());
        for row in &self.rows {
            list.row().push_str(&row.json);
        }
        list.end(self.next.map(|place| place.to_string()), total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::RootId;

    fn row(order: u64, id: u128) -> Row {
        Row {
            order,
            id: RootId(id).instance(),
            json: format!("{id}"),
            passes: true,
        }
    }

    /// A side of (order, id); the views have one order in the order of their slots.
    fn side(all: &[(u64, u128)], behind: impl Fn(Place) -> bool, limit: usize) -> Side {
        let rows = all.iter().map(|(order, id)| row(*order, *id));
        let rows: Vec<Row> = rows.filter(|row| behind(row.place())).collect();
        Side {
            more: rows.len() > limit,
            rows: rows.into_iter().take(limit).collect(),
        }
    }

    /// Ids of the pages; `moved` rows leave memory for the archive behind each page.
    fn pages(
        memory: &[(u64, u128)],
        archive: &[(u64, u128)],
        (limit, moved): (usize, usize),
    ) -> Vec<Vec<u128>> {
        let (mut memory, mut archive) = (memory.to_vec(), archive.to_vec());
        let mut all = Vec::new();
        let mut after = None;
        loop {
            archive.sort_by_key(|(order, id)| Reverse((*order, *id)));
            let sides = |place: Option<Place>, limit: usize| {
                let views = |window: &Window| {
                    let after = window.after;
                    let behind = |row: Place| after.is_none_or(|after| row.order <= after.order());
                    side(&memory, behind, window.limit)
                };
                Ok(vec![
                    of_views(place, limit, views),
                    side(&archive, |row| is_behind(place, row), limit),
                ])
            };
            let scan = Scan {
                after,
                limit,
                sides: &sides,
                passes: &|_| true,
            };
            let page = scan.page().expect("a page");
            all.push(page.rows.iter().map(|row| row.id.root.0).collect());
            after = page.next.map(|place| {
                let text = place.to_string();
                text.parse().expect("its own cursor")
            });
            if after.is_none() {
                return all;
            }
            let moving = memory.len().saturating_sub(moved);
            archive.extend(memory.drain(moving..));
        }
    }

    #[test]
    fn pages_of_any_size_give_every_row_once_and_newest_first_while_rows_move_into_the_archive() {
        let memory = [(9, 1), (7, 3), (7, 2), (7, 5), (7, 4), (2, 9)];
        let archive = [(8, 6), (7, 7), (7, 2), (3, 8), (2, 10), (2, 0), (1, 11)];
        let expected = vec![1, 6, 7, 5, 4, 3, 2, 8, 10, 9, 0, 11];
        for limit in 1..=12 {
            for moved in 0..=3 {
                let pages = pages(&memory, &archive, (limit, moved));
                assert_eq!(pages.concat(), expected, "pages of {limit}, {moved} move");
                assert!(pages.iter().all(|page| page.len() <= limit));
            }
        }
        assert_eq!(pages(&[], &[], (3, 0)), [Vec::<u128>::new()]);
    }
}
