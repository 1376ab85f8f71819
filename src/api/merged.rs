//! Lists over memory and the archive at once, newest first: pages of both sides merged by the order of creation.
//!
//! Owns: the cursor that holds on both sides, and the bound on rows that are looked at for one page.
//! Never: reads a side itself.
//!
//! ```text
//!  memory   ●──●─────●──────●         each side: rows at or before the cursor's order, newest first
//!  archive     ●──●──────●──●──●      what ends between two reads is in both: an id counts once
//!  merged   ●──●──●──●───●──●──●      cursor = order of the last row, and how many rows of that order were shown
//! ```

use super::{
    page::{List, Which},
    problem::Refused,
};
use codec::Id;
use std::{collections::HashSet, fmt, str::FromStr};

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

/// Where a page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The last row's order.
    pub order: u64,
    /// How many rows of that order were before the place.
    shown: u32,
}

/// The text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoPlace;

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m{:x}.{:x}", self.order, self.shown)
    }
}

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let parts = text.strip_prefix('m').and_then(|rest| rest.split_once('.'));
        let (order, shown) = parts.ok_or(NoPlace)?;
        let order = u64::from_str_radix(order, 16).map_err(|_| NoPlace)?;
        let shown = u32::from_str_radix(shown, 16).map_err(|_| NoPlace)?;
        Ok(Place { order, shown })
    }
}

impl Place {
    /// The cursor of the views that stands before every row of this order.
    pub fn views_cursor(self) -> Option<actors::views::Cursor> {
        let Place { order, .. } = self;
        format!("v0.{order:x}.ffffffff.ffffffff").parse().ok()
    }

    /// The bound of the archive that lets every row of this order pass.
    pub fn before_order(self) -> u64 {
        self.order.saturating_add(1)
    }

    fn behind(place: Option<Place>, row: &Row) -> Place {
        match place {
            Some(place) if place.order == row.order => Place {
                shown: place.shown + 1,
                ..place
            },
            Some(_) | None => Place {
                order: row.order,
                shown: 1,
            },
        }
    }
}

/// The sides as one, from a place on, each id once; and whether there is more behind.
pub fn merge(sides: Vec<Side>, place: Option<Place>, limit: usize) -> Side {
    let mut more = false;
    let mut rows = Vec::new();
    let mut known = HashSet::new();
    for side in sides {
        more |= side.more;
        rows.extend(side.rows.into_iter().filter(|row| known.insert(row.id)));
    }
    // Stable: rows of one order stay in the order of their sides.
    rows.sort_by_key(|row: &Row| std::cmp::Reverse(row.order));
    if let Some(place) = place {
        let mut shown = place.shown;
        rows.retain(|row| {
            let skip = row.order == place.order && shown > 0;
            shown -= u32::from(skip);
            !skip
        });
    }
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
    /// The sides from a place on, so many rows of each.
    pub sides: &'s dyn Fn(Option<Place>, usize) -> Result<Vec<Side>, Refused>,
    /// Whether a row passes what has to be read for it.
    pub passes: &'s dyn Fn(&Row) -> bool,
}

/// A page: the rows, where the next begins, and whether every row that was looked at passed.
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Place>,
}

impl Scan<'_> {
    /// Looks at rows until the page is full, the list is at its end, or the bound is reached.
    pub fn page(&self) -> Result<Page, Refused> {
        let mut place = self.after;
        let mut rows = Vec::with_capacity(self.limit.min(64));
        let mut looked_at = 0;
        loop {
            // One more for each row of the same order that was shown before.
            let shown = place.map_or(0, |place| place.shown as usize);
            let sides = (self.sides)(place, self.limit + shown)?;
            let Side { rows: found, more } = merge(sides, place, self.limit);
            let count = found.len();
            for (n, row) in found.into_iter().enumerate() {
                looked_at += 1;
                place = Some(Place::behind(place, &row));
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

    /// Two sides of (order, id), as the views and the archive give them.
    fn pages(memory: &[(u64, u128)], archive: &[(u64, u128)], limit: usize) -> Vec<Vec<u128>> {
        let side = |all: &[(u64, u128)], place: Option<Place>, limit: usize| {
            let from = all
                .iter()
                .filter(|(order, _)| place.is_none_or(|p| *order <= p.order));
            let rows: Vec<Row> = from.map(|(order, id)| row(*order, *id)).collect();
            let more = rows.len() > limit;
            Side {
                rows: rows.into_iter().take(limit).collect(),
                more,
            }
        };
        let sides = |place: Option<Place>, limit: usize| {
            Ok(vec![
                side(memory, place, limit),
                side(archive, place, limit),
            ])
        };
        let mut all = Vec::new();
        let mut after = None;
        loop {
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
        }
    }

    #[test]
    fn pages_of_any_size_give_every_row_once_and_newest_first() {
        let memory = [(9, 1), (7, 2), (7, 3), (7, 4), (2, 5)];
        let archive = [(8, 6), (7, 7), (7, 2), (3, 8), (2, 9), (1, 10)];
        let expected = vec![1, 6, 2, 3, 4, 7, 8, 5, 9, 10];
        for limit in 1..=11 {
            let pages = pages(&memory, &archive, limit);
            assert_eq!(pages.concat(), expected, "pages of {limit}");
            assert!(pages.iter().all(|page| page.len() <= limit));
        }
        assert_eq!(pages(&[], &[], 3), [Vec::<u128>::new()]);
    }
}
