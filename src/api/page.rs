//! Pages of lists: limits, cursors, the envelope.
//! Never: knows what is listed.

use super::{
    common::{self, Answered},
    json::{push_number, push_text},
    problem::Refused,
};
use crate::http::Request;
use actors::views::Count;
use std::str::FromStr;

/// Rows of a page when nothing is asked.
const DEFAULT_LIMIT: usize = 50;
/// Rows of a page at most.
pub const MAX_LIMIT: usize = 1000;
/// About how many bytes a row takes, for the first allocation.
const ROW_BYTES: usize = 512;

/// How many rows are asked for.
pub fn limit(request: &Request) -> Result<usize, Refused> {
    let Some(text) = request.query.get("limit") else {
        return Ok(DEFAULT_LIMIT);
    };
    let limit = text.parse().ok();
    let limit = limit.filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| Refused::parameter("limit", text))
}

/// Which list a cursor is of: a place in one order means nothing in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Which(u16);

impl Which {
    /// By the path and what decides the order.
    pub fn of(request: &Request) -> Self {
        let mut sum = crc32c::crc32c(request.path().as_bytes());
        for name in ["state", "sort"] {
            let value = request.query.get(name).unwrap_or_default();
            for part in ["&", name, "=", value] {
                sum = crc32c::crc32c_append(sum, part.as_bytes());
            }
        }
        Which((sum >> 16) as u16)
    }

    fn cursor(self, place: &str) -> String {
        format!("{:04x}{place}", self.0)
    }

    fn place(self, cursor: &str) -> Option<&str> {
        let (which, place) = cursor.split_at_checked(4)?;
        (u16::from_str_radix(which, 16) == Ok(self.0)).then_some(place)
    }
}

/// The cursor, where the page begins; one of another list is refused.
pub fn after<C: FromStr>(request: &Request) -> Result<Option<C>, Refused> {
    let Some(text) = request.query.get("after") else {
        return Ok(None);
    };
    let place = Which::of(request).place(text);
    let cursor = place.and_then(|place| place.parse().ok());
    cursor.map_or_else(|| Err(Refused::parameter("after", text)), |it| Ok(Some(it)))
}

/// How much is said of the whole.
pub fn count(request: &Request) -> Result<Count, Refused> {
    match request.query.get("total") {
        None => Ok(Count::Bounded),
        Some("exact") => Ok(Count::Exact),
        Some(other) => Err(Refused::parameter("total", other)),
    }
}

/// A list that is being written.
pub struct List {
    out: String,
    first: bool,
    which: Which,
}

impl List {
    /// With room for so many rows.
    pub fn new(which: Which, rows: usize) -> Self {
        List {
            out: begin(rows),
            first: true,
            which,
        }
    }

    /// Where the next row goes.
    pub fn row(&mut self) -> &mut String {
        if !std::mem::take(&mut self.first) {
            self.out.push(',');
        }
        &mut self.out
    }

    /// The whole.
    pub fn end(mut self, next: Option<String>, total: Option<u64>) -> String {
        push_end(self.which, next, total, &mut self.out);
        self.out
    }
}

/// What stands before the rows, with room for so many.
pub fn begin(rows: usize) -> String {
    let mut out = String::with_capacity(64 + rows * ROW_BYTES);
    out.push_str("{\"items\":[");
    out
}

/// What stands behind the rows.
pub fn push_end(which: Which, next: Option<String>, total: Option<u64>, out: &mut String) {
    out.push_str("],\"next\":");
    match next {
        Some(next) => push_text(&which.cursor(&next), out),
        None => out.push_str("null"),
    }
    out.push_str(",\"total\":");
    match total {
        Some(total) => push_number(total.cast_signed(), out),
        None => out.push_str("null"),
    }
    out.push('}');
}

/// A page of what is all at hand, in order; `key` is its place in the order and grows along it.
pub fn of_all<T>(
    request: &Request,
    all: &[T],
    key: impl Fn(&T) -> u64,
    push: impl Fn(&T, &mut String),
) -> Answered {
    let (limit, after) = (limit(request)?, after::<u64>(request)?);
    let start = after.map_or(0, |after| all.partition_point(|item| key(item) <= after));
    let rest = &all[start.min(all.len())..];
    let page = &rest[..limit.min(rest.len())];
    let mut list = List::new(Which::of(request), page.len());
    for item in page {
        push(item, list.row());
    }
    let more = rest.len() > page.len();
    let next = page
        .last()
        .filter(|_| more)
        .map(|last| key(last).to_string());
    common::ok(list.end(next, Some(all.len() as u64)))
}
