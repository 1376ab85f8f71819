//! Lists of what is all at hand: filtered, ordered, one page of it.
//! Never: knows a resource beyond its label and its history.

use super::{
    call::{Answered, Scope, ok},
    json::Object,
    query::{ListQuery, Needle, Order},
};
use org::{Common, Guid};
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

/// What decides where a row stands in a list of resources.
pub struct Place<'r> {
    created_ms: i64,
    modified_ms: Option<i64>,
    name: &'r str,
    id: Guid,
}

impl<'r> Place<'r> {
    /// Of what has a label and a history.
    fn of<T: Listed>(one: &'r T) -> Self {
        let meta = one.meta();
        Place {
            created_ms: meta.created.at_ms,
            modified_ms: meta.modified.as_ref().map(|stamp| stamp.at_ms),
            name: &one.label().name,
            id: Guid(one.id().0),
        }
    }

    /// Of what the organisation has; what is built in has no history, and comes first.
    pub fn in_organisation(id: Guid, name: &'r str, common: Option<&Common>) -> Self {
        let modified = common.and_then(|common| common.modified.as_ref());
        Place {
            created_ms: common.map_or(i64::MIN, |common| common.created.at_ms),
            modified_ms: modified.map(|stamp| stamp.at_ms),
            name,
            id,
        }
    }

    fn compare(&self, other: &Self, order: Order) -> Ordering {
        let modified = |one: &Self| one.modified_ms.unwrap_or(one.created_ms);
        let first = match order {
            Order::Created => Ordering::Equal,
            Order::Modified => modified(self).cmp(&modified(other)),
            Order::Name => self.name.to_lowercase().cmp(&other.name.to_lowercase()),
        };
        first
            .then_with(|| self.created_ms.cmp(&other.created_ms))
            .then_with(|| self.id.cmp(&other.id))
    }
}

impl ListQuery {
    /// Puts rows into the order that was asked for.
    pub fn sort<T>(&self, rows: &mut [T], place: impl for<'t> Fn(&'t T) -> Place<'t>) {
        rows.sort_by(|left, right| {
            let order = place(left).compare(&place(right), self.order);
            match self.descending {
                true => order.reverse(),
                false => order,
            }
        });
    }

    /// The number of all that fit, and those of the page; what one page shows, the next one does not.
    pub fn page<'r, T: Listed>(
        &self,
        scope: &Scope,
        all: impl Iterator<Item = &'r T>,
    ) -> (usize, Vec<&'r T>) {
        let mut fitting: Vec<&T> = all.filter(|one| self.takes(scope, *one)).collect();
        self.sort(&mut fitting, |one| Place::of(*one));
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
