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

/// How many rows are asked for. More than a page may have means as many as it may.
pub fn limit(request: &Request) -> Result<usize, Refused> {
    let Some(text) = request.query.get("limit") else {
        return Ok(DEFAULT_LIMIT);
    };
    match text.parse::<usize>() {
        Ok(0) | Err(_) => Err(Refused::parameter("limit", text)),
        Ok(limit) => Ok(limit.min(MAX_LIMIT)),
    }
}

/// The cursor, where the page begins.
pub fn after<C: FromStr>(request: &Request) -> Result<Option<C>, Refused> {
    let Some(text) = request.query.get("after") else {
        return Ok(None);
    };
    let cursor = text
        .parse()
        .map_err(|_| Refused::parameter("after", text))?;
    Ok(Some(cursor))
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
}

impl List {
    /// With room for so many rows.
    pub fn new(rows: usize) -> Self {
        let mut out = String::with_capacity(64 + rows * ROW_BYTES);
        out.push_str("{\"items\":[");
        List { out, first: true }
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
        self.out.push_str("],\"next\":");
        match next {
            Some(next) => push_text(&next, &mut self.out),
            None => self.out.push_str("null"),
        }
        self.out.push_str(",\"total\":");
        match total {
            Some(total) => push_number(total.cast_signed(), &mut self.out),
            None => self.out.push_str("null"),
        }
        self.out.push('}');
        self.out
    }
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
    let mut list = List::new(page.len());
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
