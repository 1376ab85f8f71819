//! Rows as they are kept: numbers for names, and what is rarely set in a box of its own.
//! Never: text that the definition gives.

use bpmn::model::ElementIndex;
use bpmn::rows::{Delegation, Ended, IdentityLink, IncidentKind, Repeat};
use codec::{RootId, Tenant};

/// No user.
pub(super) const NOBODY: u32 = u32::MAX;

/// A root instance: its id and everything in it that has a row.
pub(super) struct RootRecord {
    id: [u8; 16],
    pub tenant: Tenant,
    pub items: Items,
}

impl RootRecord {
    pub fn new(id: RootId, tenant: Tenant) -> Self {
        RootRecord {
            id: id.0.to_be_bytes(),
            tenant,
            items: Items::default(),
        }
    }

    #[inline]
    pub fn id(&self) -> RootId {
        RootId(u128::from_be_bytes(self.id))
    }
}

/// What a number inside a root is, and its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Instance(u32),
    Task(u32),
    Timer(u32),
    Incident(u32),
}

/// An item with its number, packed: two bits say what it is.
#[derive(Clone, Copy)]
pub(super) struct Packed {
    number: u32,
    item: u32,
}

const SLOT_BITS: u32 = 30;
/// Slots of one kind.
pub(super) const MAX_SLOTS: u32 = 1 << SLOT_BITS;

impl Packed {
    fn new(number: u32, item: Item) -> Self {
        let (kind, slot) = match item {
            Item::Instance(slot) => (0, slot),
            Item::Task(slot) => (1, slot),
            Item::Timer(slot) => (2, slot),
            Item::Incident(slot) => (3, slot),
        };
        Packed {
            number,
            item: kind << SLOT_BITS | slot,
        }
    }

    fn item(self) -> Item {
        let slot = self.item & (MAX_SLOTS - 1);
        match self.item >> SLOT_BITS {
            0 => Item::Instance(slot),
            1 => Item::Task(slot),
            2 => Item::Timer(slot),
            _ => Item::Incident(slot),
        }
    }
}

/// Items by number. Most roots have an instance and one thing that it waits for.
pub(super) enum Items {
    Few(u8, [Packed; 2]),
    // A vector in a box keeps the common case small.
    #[allow(clippy::box_collection)]
    Many(Box<Vec<Packed>>),
}

impl Default for Items {
    fn default() -> Self {
        Items::Few(0, [Packed { number: 0, item: 0 }; 2])
    }
}

impl Items {
    fn slice(&self) -> &[Packed] {
        match self {
            Items::Few(len, items) => &items[..usize::from(*len)],
            Items::Many(items) => items,
        }
    }

    /// All of them by number.
    pub fn iter(&self) -> impl Iterator<Item = Item> {
        self.slice().iter().map(|packed| packed.item())
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.slice().len()
    }

    /// The item with this number.
    pub fn find(&self, number: u32) -> Option<Item> {
        let items = self.slice();
        let index = items.binary_search_by_key(&number, |item| item.number);
        index.ok().map(|index| items[index].item())
    }

    /// Adds an item; its number must be new.
    pub fn insert(&mut self, number: u32, item: Item) {
        let packed = Packed::new(number, item);
        let index = self
            .slice()
            .partition_point(|other| other.number < packed.number);
        match self {
            Items::Few(len, items) if usize::from(*len) < items.len() => {
                items.copy_within(index..usize::from(*len), index + 1);
                items[index] = packed;
                *len += 1;
            }
            Items::Few(_, items) => {
                let mut all = items.to_vec();
                all.insert(index, packed);
                *self = Items::Many(Box::new(all));
            }
            Items::Many(items) => items.insert(index, packed),
        }
    }

    /// Takes the item with this number out.
    pub fn remove(&mut self, number: u32) -> Option<Item> {
        let index = self
            .slice()
            .binary_search_by_key(&number, |item| item.number)
            .ok()?;
        let item = self.slice()[index].item();
        match self {
            Items::Few(len, items) => {
                items.copy_within(index + 1..usize::from(*len), index);
                *len -= 1;
            }
            Items::Many(items) => {
                items.remove(index);
                if let [first, second] = ***items {
                    *self = Items::Few(2, [first, second]);
                }
            }
        }
        Some(item)
    }
}

/// An instance.
pub(super) struct InstanceRecord {
    pub order: u64,
    pub extra: Option<Box<InstanceExtra>>,
    pub root: u32,
    pub number: u32,
    pub definition: u32,
    pub suspended: bool,
}

/// What few instances have.
#[derive(Default)]
pub(super) struct InstanceExtra {
    pub started_ms: Option<i64>,
    pub business_key: Option<Box<str>>,
    pub name: Option<Box<str>>,
    pub start_user: Option<Box<str>>,
    pub super_instance: Option<u32>,
    pub super_execution: Option<u32>,
    pub ended: Option<Ended>,
}

/// An open task.
pub(super) struct TaskRecord {
    pub order: u64,
    pub extra: Option<Box<TaskExtra>>,
    pub root: u32,
    pub number: u32,
    pub instance: u32,
    pub element: ElementIndex,
    pub execution: u32,
    pub assignee: u32,
    pub priority: i32,
    pub suspended: bool,
}

/// What few tasks have.
pub(super) struct TaskExtra {
    pub created_ms: Option<i64>,
    pub name: Name,
    pub description: Option<Box<str>>,
    pub owner: u32,
    pub delegation: Option<Delegation>,
    pub due_ms: Option<i64>,
    pub category: Option<Box<str>>,
    pub form_key: Option<Box<str>>,
    pub claimed_ms: Option<i64>,
    pub links: Box<[IdentityLink]>,
    pub parent_task: Option<u32>,
}

impl Default for TaskExtra {
    fn default() -> Self {
        TaskExtra {
            created_ms: None,
            name: Name::OfElement,
            description: None,
            owner: NOBODY,
            delegation: None,
            due_ms: None,
            category: None,
            form_key: None,
            claimed_ms: None,
            links: Box::default(),
            parent_task: None,
        }
    }
}

/// A task's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// The element's.
    OfElement,
    /// None, though the element has one.
    Absent,
    /// Its own.
    Own(Box<str>),
}

/// A timer.
pub(super) struct TimerRecord {
    pub due_ms: i64,
    pub root: u32,
    pub number: u32,
    pub instance: u32,
    pub execution: u32,
    pub element: ElementIndex,
    pub retries_left: u32,
    pub suspended: bool,
    pub repeat: Option<Box<Repeat>>,
    pub last_error: Option<Box<str>>,
}

impl TimerRecord {
    /// Whether it fires when it is due.
    pub fn fires(&self) -> bool {
        !self.suspended && self.retries_left > 0
    }
}

/// An open incident.
pub(super) struct IncidentRecord {
    pub order: u64,
    pub root: u32,
    pub number: u32,
    pub instance: u32,
    pub execution: u32,
    pub element: ElementIndex,
    pub timer: Option<u32>,
    pub kind: IncidentKind,
    pub retries: u32,
    pub occurred_ms: i64,
    pub message: Box<str>,
}

const _: () = assert!(
    size_of::<Option<TaskRecord>>() <= 48
        && size_of::<Option<InstanceRecord>>() <= 32
        && size_of::<Option<RootRecord>>() <= 48,
    "a million waiting instances are paid by these"
);
