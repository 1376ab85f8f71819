//! Plans and walks: from the sets that may answer a list to one page of it.
//! Never: looks at more rows than a page needs when the sets are already in the order asked for.
//!
//! ```text
//!  plan: the fewest candidates ─▶ walk from the cursor ─▶ filter the rest ─▶ limit rows, and one more to know of a next page
//! ```

use super::filter::{Count, Cursor, Window};
use super::order::{Dated, Stamp};
use super::sorted::SortedSet;
use std::iter::Peekable;

/// A total is counted when at most this many rows have to be looked at. Few in tests.
const COUNTED: usize = if cfg!(test) { 8 } else { 10_000 };

/// Where the candidates come from.
pub(super) enum Source<'v> {
    /// Sets of an index, in the order of creation.
    Sets(Vec<&'v SortedSet<Stamp>>),
    /// An index of due times, up to below this one.
    Due(&'v SortedSet<Dated>, Option<Dated>),
    /// Collected from a few roots, sorted.
    Own(Vec<Cursor>),
}

/// A way to answer a list.
pub(super) struct Plan<'v> {
    pub source: Source<'v>,
    /// How many conditions of the filter hold for every candidate.
    pub answers: usize,
    /// Whether no row is in two sets.
    pub disjoint: bool,
}

pub(super) type Walk<'w> = Box<dyn Iterator<Item = Cursor> + 'w>;

impl<'v> Plan<'v> {
    /// Sets of which no row is in two.
    pub fn disjoint(sets: Vec<&'v SortedSet<Stamp>>) -> Self {
        Plan {
            source: Source::Sets(sets),
            answers: 1,
            disjoint: true,
        }
    }

    /// Sets that may have rows in common.
    pub fn overlapping(sets: Vec<&'v SortedSet<Stamp>>) -> Self {
        let disjoint = sets.len() < 2;
        Plan {
            source: Source::Sets(sets),
            answers: 1,
            disjoint,
        }
    }

    /// Rows that were collected.
    pub fn own(rows: impl Iterator<Item = impl Into<Cursor>>) -> Self {
        let mut rows: Vec<Cursor> = rows.map(Into::into).collect();
        rows.sort_unstable();
        rows.dedup();
        Plan {
            source: Source::Own(rows),
            answers: 0,
            disjoint: true,
        }
    }

    /// Everything of a tenant: answers no condition.
    pub fn everything(set: Option<&'v SortedSet<Stamp>>) -> Self {
        Plan {
            answers: 0,
            ..Plan::disjoint(set.into_iter().collect())
        }
    }

    /// What is due, before an instant if one is given.
    pub fn due(set: &'v SortedSet<Dated>, before_ms: Option<i64>) -> Self {
        Plan {
            source: Source::Due(set, before_ms.map(Dated::first_at)),
            answers: usize::from(before_ms.is_some()),
            disjoint: true,
        }
    }

    /// How many candidates there are, at most.
    pub fn cost(&self) -> usize {
        match &self.source {
            Source::Sets(sets) => sets.iter().map(|set| set.len()).sum(),
            Source::Due(set, limit) => limit.map_or_else(|| set.len(), |limit| set.rank(&limit)),
            Source::Own(rows) => rows.len(),
        }
    }

    /// The candidates in the order of their source, behind the cursor, each once.
    pub fn walk(&self, descending: bool, after: Option<Cursor>) -> Walk<'_> {
        match &self.source {
            Source::Own(rows) if descending => {
                let end =
                    after.map_or(rows.len(), |after| rows.partition_point(|row| *row < after));
                Box::new(rows[..end].iter().rev().copied())
            }
            Source::Own(rows) => {
                let start = after.map_or(0, |after| rows.partition_point(|row| *row <= after));
                Box::new(rows[start..].iter().copied())
            }
            Source::Due(set, None) => walk_due(set, descending, after),
            Source::Due(set, Some(limit)) => {
                let limit = Cursor::from(*limit);
                if descending {
                    let start = after.map_or(limit, |after| after.min(limit));
                    walk_due(set, true, Some(start))
                } else {
                    let walk = walk_due(set, false, after);
                    Box::new(walk.take_while(move |row| *row < limit))
                }
            }
            Source::Sets(sets) => match sets.as_slice() {
                [set] => walk_set(set, descending, after),
                sets => Box::new(Merge {
                    heads: sets
                        .iter()
                        .map(|set| walk_set(set, descending, after).peekable())
                        .collect(),
                    descending,
                }),
            },
        }
    }
}

/// The plan with the fewest candidates.
pub(super) fn cheapest<'v>(plans: Vec<Plan<'v>>, everything: Plan<'v>) -> Plan<'v> {
    plans
        .into_iter()
        .chain([everything])
        .min_by_key(Plan::cost)
        .unwrap_or_else(|| Plan::own(std::iter::empty::<Cursor>()))
}

fn walk_set(set: &SortedSet<Stamp>, descending: bool, after: Option<Cursor>) -> Walk<'_> {
    let stamp = after.map(|cursor| Stamp::new(cursor.order, cursor.slot));
    let stamp = stamp.as_ref();
    if descending {
        Box::new(set.descending(stamp).map(Cursor::from))
    } else {
        Box::new(set.ascending(stamp).map(Cursor::from))
    }
}

/// A walk over due times.
pub(super) fn walk_due(
    set: &SortedSet<Dated>,
    descending: bool,
    after: Option<Cursor>,
) -> Walk<'_> {
    let dated = after.map(Dated::from);
    if descending {
        Box::new(set.descending(dated.as_ref()).map(Cursor::from))
    } else {
        Box::new(set.ascending(dated.as_ref()).map(Cursor::from))
    }
}

/// Several sorted walks as one, without repetitions.
struct Merge<'w> {
    heads: Vec<Peekable<Walk<'w>>>,
    descending: bool,
}

impl Iterator for Merge<'_> {
    type Item = Cursor;

    fn next(&mut self) -> Option<Cursor> {
        let firsts = self
            .heads
            .iter_mut()
            .filter_map(|head| head.peek().copied());
        let first = if self.descending {
            firsts.max()
        } else {
            firsts.min()
        }?;
        for head in &mut self.heads {
            head.next_if_eq(&first);
        }
        Some(first)
    }
}

impl From<Stamp> for Cursor {
    fn from(stamp: Stamp) -> Self {
        Cursor {
            key: 0,
            order: stamp.order(),
            number: 0,
            slot: stamp.slot(),
        }
    }
}

impl From<Dated> for Cursor {
    fn from(dated: Dated) -> Self {
        Cursor {
            key: dated.due,
            order: dated.order,
            number: dated.number,
            slot: dated.slot,
        }
    }
}

impl From<Cursor> for Dated {
    fn from(cursor: Cursor) -> Self {
        Dated {
            due: cursor.key,
            order: cursor.order,
            number: cursor.number,
            slot: cursor.slot,
        }
    }
}

/// A page of slots.
pub(super) struct Slots {
    pub slots: Vec<u32>,
    pub next: Option<Cursor>,
    pub total: Option<u64>,
}

/// A list that is about to be answered.
pub(super) struct Query<'q> {
    pub plan: &'q Plan<'q>,
    /// How many conditions the filter has.
    pub conditions: usize,
    /// Whether a row passes the filter.
    pub passes: &'q dyn Fn(u32) -> bool,
}

impl Query<'_> {
    /// Whether the source of the candidates answers the whole filter.
    fn is_answered(&self) -> bool {
        self.plan.answers == self.conditions
    }

    fn takes(&self, row: &Cursor) -> bool {
        self.is_answered() || (self.passes)(row.slot)
    }

    /// How many of the candidates pass, if it is asked and may be counted.
    fn total(&self, count: Count) -> Option<u64> {
        let cost = self.plan.cost();
        match count {
            Count::No => None,
            Count::Bounded | Count::Exact if self.plan.disjoint && self.is_answered() => {
                Some(cost as u64)
            }
            Count::Bounded if cost > COUNTED => None,
            Count::Bounded | Count::Exact => {
                let all = self.plan.walk(false, None);
                Some(all.filter(|row| self.takes(row)).count() as u64)
            }
        }
    }

    /// The page, when the walk is in the order asked for and begins behind the cursor.
    pub fn walk(&self, walk: Walk<'_>, window: &Window) -> Slots {
        let rows = walk.filter(|row| self.takes(row));
        let rows: Vec<Cursor> = rows.take(window.limit.saturating_add(1)).collect();
        self.page(rows, window)
    }

    /// The page, when every candidate has to be looked at: `key` gives what it is sorted by.
    pub fn sort(&self, key: &dyn Fn(u32) -> u64, window: &Window) -> Slots {
        let descending = window.sort.descending;
        let wanted = window.limit.saturating_add(1);
        let compare = |a: &Cursor, b: &Cursor| {
            if descending { b.cmp(a) } else { a.cmp(b) }
        };
        let mut rows: Vec<Cursor> = Vec::new();
        for row in self.plan.walk(false, None) {
            if !self.takes(&row) {
                continue;
            }
            let key = key(row.slot);
            let row = Cursor { key, ..row };
            if window
                .after
                .is_none_or(|after| compare(&after, &row).is_lt())
            {
                rows.push(row);
            }
            // Twice what is wanted, then the worse half goes: linear in all.
            if rows.len() >= wanted.saturating_mul(2).max(64) {
                rows.select_nth_unstable_by(wanted, compare);
                rows.truncate(wanted);
            }
        }
        rows.sort_unstable_by(compare);
        rows.truncate(wanted);
        self.page(rows, window)
    }

    /// Cuts off the row that only says that there is a next page.
    fn page(&self, mut rows: Vec<Cursor>, window: &Window) -> Slots {
        let more = rows.len() > window.limit;
        rows.truncate(window.limit);
        let known = window.after.is_none() && !more && window.count != Count::No;
        let total = if known {
            Some(rows.len() as u64)
        } else {
            self.total(window.count)
        };
        Slots {
            slots: rows.iter().map(|row| row.slot).collect(),
            next: rows.last().copied().filter(|_| more),
            total,
        }
    }
}
