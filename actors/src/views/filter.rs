//! What a list can be asked: filters, sorting, cursors, pages.
//! Never: text of an API; each API reads its own parameters into these.
//!
//! Filters combine with AND; several values of one filter with OR; an empty filter lets everything pass.

use bpmn::rows::IncidentKind;
use codec::{DefinitionId, Id, RootId, Tenant};
use std::{fmt, str::FromStr};

/// Which open tasks.
#[derive(Clone, Debug, Default)]
pub struct TaskFilter {
    /// Whose.
    pub tenant: Tenant,
    /// Of these instances, not of what they called.
    pub instances: Vec<Id>,
    /// Of these root instances and all that they called.
    pub roots: Vec<RootId>,
    /// Of these definitions.
    pub definitions: Vec<DefinitionId>,
    /// Of all versions of these keys.
    pub keys: Vec<String>,
    /// Element ids in the model.
    pub activity_ids: Vec<String>,
    /// Names.
    pub names: Vec<String>,
    /// Assignees.
    pub assignees: Vec<String>,
    /// Owners.
    pub owners: Vec<String>,
    /// Nobody is assigned and one of these may claim it.
    pub candidate_users: Vec<CandidateUser>,
    /// Nobody is assigned and one of these groups' members may claim it.
    pub candidate_groups: Vec<String>,
    /// Assignee, owner, or linked in any way.
    pub involved_users: Vec<String>,
    /// Without an assignee.
    pub unassigned: bool,
    /// Business keys of their instances.
    pub business_keys: Vec<String>,
    /// Due before, in milliseconds since 1970; tasks that are never due do not pass.
    pub due_before: Option<i64>,
    /// Suspended, or not.
    pub suspended: Option<bool>,
}

/// A user with the groups that count as his.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CandidateUser {
    /// The user.
    pub user: String,
    /// Groups that the user is a member of.
    pub groups: Vec<String>,
}

/// Which instances.
#[derive(Clone, Debug, Default)]
pub struct InstanceFilter {
    /// Whose.
    pub tenant: Tenant,
    /// Of these definitions.
    pub definitions: Vec<DefinitionId>,
    /// Of all versions of these keys.
    pub keys: Vec<String>,
    /// Of these root instances, themselves and all that they called.
    pub roots: Vec<RootId>,
    /// Business keys.
    pub business_keys: Vec<String>,
    /// In this state.
    pub state: InstanceState,
    /// Called by this instance.
    pub super_instance: Option<Id>,
    /// Started before, in milliseconds since 1970.
    pub started_before: Option<i64>,
    /// Started after, in milliseconds since 1970.
    pub started_after: Option<i64>,
}

/// States that can be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InstanceState {
    /// Not ended.
    #[default]
    Running,
    /// Running and not suspended.
    Active,
    /// Running and suspended.
    Suspended,
    /// Ended and not archived yet.
    Ended,
    /// Ended so by itself.
    Completed,
    /// Ended by being cancelled.
    Cancelled,
    /// Any of them.
    Any,
}

/// Which timers.
#[derive(Clone, Debug, Default)]
pub struct TimerFilter {
    /// Whose.
    pub tenant: Tenant,
    /// Of these instances, not of what they called.
    pub instances: Vec<Id>,
    /// Of these root instances and all that they called.
    pub roots: Vec<RootId>,
    /// Of these definitions.
    pub definitions: Vec<DefinitionId>,
    /// Of all versions of these keys.
    pub keys: Vec<String>,
    /// Due before, in milliseconds since 1970.
    pub due_before: Option<i64>,
}

/// Which incidents.
#[derive(Clone, Debug, Default)]
pub struct IncidentFilter {
    /// Whose.
    pub tenant: Tenant,
    /// Of these instances, not of what they called.
    pub instances: Vec<Id>,
    /// Of these root instances and all that they called.
    pub roots: Vec<RootId>,
    /// Of these definitions.
    pub definitions: Vec<DefinitionId>,
    /// Of all versions of these keys.
    pub keys: Vec<String>,
    /// Of these kinds.
    pub kinds: Vec<IncidentKind>,
}

/// How a list is sorted. What is equal in the key is in the order of creation, in the same direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub key: SortKey,
    /// Greatest first. What has no due time comes last in both directions.
    pub descending: bool,
}

impl Sort {
    /// Newest first, as lists are unless asked otherwise.
    pub const NEWEST_FIRST: Sort = Sort {
        key: SortKey::Order,
        descending: true,
    };
    /// In the order of creation.
    pub const OLDEST_FIRST: Sort = Sort {
        key: SortKey::Order,
        descending: false,
    };
}

/// What a list is sorted by. Instances have neither a due time nor a priority: there both mean the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// The order in which things happened.
    Order,
    /// The time of creation.
    CreatedAt,
    /// The due time.
    DueAt,
    /// The priority.
    Priority,
}

/// How much a page says of how many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Count {
    /// Nothing.
    No,
    /// Exact when one index answers it or at most 10,000 rows have to be looked at.
    #[default]
    Bounded,
    /// Exact, whatever it costs.
    Exact,
}

/// Which part of a list.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// How the list is sorted. Timers are always in the order of their due times, incidents newest first.
    pub sort: Sort,
    /// Behind this row.
    pub after: Option<Cursor>,
    /// At most so many rows.
    pub limit: usize,
    /// What is said of the whole.
    pub count: Count,
}

impl Default for Window {
    fn default() -> Self {
        Window {
            sort: Sort::NEWEST_FIRST,
            after: None,
            limit: 50,
            count: Count::default(),
        }
    }
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
    /// How many rows the whole list has, if it was asked and is known.
    pub total: Option<u64>,
}

/// The last row of a page: opaque text for clients. It holds also when that row is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub(super) key: u64,
    pub(super) order: u64,
    pub(super) number: u32,
    pub(super) slot: u32,
}

/// The text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct ParseCursorError;

impl Cursor {
    /// Stands, newest first, before every row of this order.
    pub fn before_order(order: u64) -> Self {
        Cursor {
            key: 0,
            order,
            number: u32::MAX,
            slot: u32::MAX,
        }
    }

    /// The place in the order of creation that it stands at.
    pub fn order(self) -> u64 {
        self.order
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cursor {
            key,
            order,
            number,
            slot,
        } = self;
        write!(f, "v{key:x}.{order:x}.{number:x}.{slot:x}")
    }
}

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, ParseCursorError> {
        let mut parts = text.strip_prefix('v').ok_or(ParseCursorError)?.split('.');
        let mut part = || {
            let digits = parts.next().ok_or(ParseCursorError)?;
            u64::from_str_radix(digits, 16).map_err(|_| ParseCursorError)
        };
        let narrow = |wide: u64| u32::try_from(wide).map_err(|_| ParseCursorError);
        let cursor = Cursor {
            key: part()?,
            order: part()?,
            number: narrow(part()?)?,
            slot: narrow(part()?)?,
        };
        if parts.next().is_some() {
            return Err(ParseCursorError);
        }
        Ok(cursor)
    }
}
