//! Lists of what is all at hand: filtered, ordered, one page of it.
//! Never: knows a resource beyond its label and its history.

use super::{
    call::{Answered, Scope, ok},
    json::Object,
    query::{ListQuery, Needle, Order},
};
use org::Guid;
use rpa::{
    package::Package,
    registry::{Asset, Group, Layout, Robot, Schedule, Workflow},
    terms::{Label, Meta},
};
use std::cmp::Ordering;

/// About how many bytes a row takes, for the first allocation.
const ROW_BYTES: usize = 768;

/// What is listed.
pub trait Listed {
    /// Its id.
    fn id(&self) -> rpa::Guid;
    /// Its place and history.
    fn meta(&self) -> &Meta;
    /// What it is called.
    fn label(&self) -> &Label;
}

macro_rules! listed {
    ($($kind:ident),+) => {
        $(
            impl Listed for $kind {
                fn id(&self) -> rpa::Guid {
                    self.id
                }

                fn meta(&self) -> &Meta {
                    &self.meta
                }

                fn label(&self) -> &Label {
                    &self.label
                }
            }
        )+
    };
}

listed!(Package, Group, Robot, Workflow, Layout, Asset, Schedule);

impl Order {
    /// `CreatedAt`, `ModifiedAt` or `Name` in any case; a number, whose meaning nobody has told, is by creation.
    pub fn read(text: &str) -> Option<Order> {
        let words = [
            ("createdAt", Order::Created),
            ("modifiedAt", Order::Modified),
            ("name", Order::Name),
        ];
        let mut words = words.into_iter();
        let word = words.find(|(word, _)| word.eq_ignore_ascii_case(text));
        let number = text.parse::<u32>().ok().map(|_| Order::Created);
        word.map(|(_, order)| order).or(number)
    }
}

impl ListQuery {
    /// The number of all that fit, and those of the page; what one page shows, the next one does not.
    pub fn page<'r, T: Listed>(
        &self,
        scope: &Scope,
        all: impl Iterator<Item = &'r T>,
    ) -> (usize, Vec<&'r T>) {
        let mut fitting: Vec<&T> = all.filter(|one| self.takes(scope, *one)).collect();
        fitting.sort_by(|left, right| {
            let order = compare(self.order, *left, *right);
            if self.descending {
                order.reverse()
            } else {
                order
            }
        });
        let count = fitting.len();
        let page = fitting.into_iter().skip(self.skipped());
        (count, page.take(self.page_size).collect())
    }

    fn takes<T: Listed>(&self, scope: &Scope, one: &T) -> bool {
        let (meta, label) = (one.meta(), one.label());
        let finds = |needle: &Needle| {
            let description = label.description.as_deref().unwrap_or_default();
            needle.is_in(&label.name)
                || needle.is_in(description)
                || label.tags.iter().any(|tag| needle.is_in(tag))
        };
        let id = Guid(one.id().0);
        scope.has(meta.department) && self.passes(id, meta.created.at_ms, &label.name, finds)
    }
}

fn compare<T: Listed>(order: Order, left: &T, right: &T) -> Ordering {
    let created = |one: &T| (one.meta().created.at_ms, one.id());
    let modified = |one: &T| {
        let meta = one.meta();
        meta.modified.as_ref().unwrap_or(&meta.created).at_ms
    };
    let first = match order {
        Order::Created => Ordering::Equal,
        Order::Modified => modified(left).cmp(&modified(right)),
        Order::Name => {
            let (left, right) = (&left.label().name, &right.label().name);
            left.to_lowercase().cmp(&right.to_lowercase())
        }
    };
    first.then_with(|| created(left).cmp(&created(right)))
}

/// `{count, list}`, as text.
pub fn rendered<T>(
    count: usize,
    page: impl IntoIterator<Item = T>,
    push: impl FnMut(T, &mut String),
) -> String {
    let page = page.into_iter();
    let mut out = String::with_capacity(64 + page.size_hint().0 * ROW_BYTES);
    let mut object = Object::begin(&mut out);
    object.count("count", count);
    object.list("list", page, push);
    object.end();
    out
}

/// 200 with `{count, list}`.
pub fn list<T>(
    count: usize,
    page: impl IntoIterator<Item = T>,
    push: impl FnMut(T, &mut String),
) -> Answered {
    ok(rendered(count, page, push))
}
