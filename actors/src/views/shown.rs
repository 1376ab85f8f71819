//! Rows as readers see them: borrowed, each field looked up when it is asked for.
//! Never: outlives the lock that the views are read under.

use super::Views;
use super::alike::TaskAtHand;
use super::definitions::DefinitionRecord;
use super::order::time_of;
use super::record::{
    IncidentRecord, InstanceExtra, InstanceRecord, NOBODY, Name, TaskExtra, TaskRecord, TimerRecord,
};
use super::tasks::{claimed_of, created_of, due_of};
use bpmn::model::{Element, ElementIndex, Process};
use bpmn::rows::{Delegation, Ended, IdentityLink, IncidentKind, Repeat};
use codec::{DefinitionId, Id, Tenant};

/// The state of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs.
    Active,
    /// It is suspended.
    Suspended,
    /// It ended by itself.
    Completed,
    /// It was deleted.
    Cancelled,
}

impl State {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Suspended => "suspended",
            State::Completed => "completed",
            State::Cancelled => "cancelled",
        }
    }
}

macro_rules! shown {
    ($(#[$doc:meta])* $name:ident, $record:ident, $table:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name<'v> {
            pub(super) views: &'v Views,
            pub(super) slot: u32,
        }

        impl<'v> $name<'v> {
            #[inline]
            fn record(self) -> &'v $record {
                &self.views.$table[self.slot]
            }

            /// Its number in its root.
            #[inline]
            pub fn number(self) -> u32 {
                self.record().number
            }

            /// Its id.
            #[inline]
            pub fn id(self) -> Id {
                let record = self.record();
                self.views.root_of(record.root).child(record.number)
            }

            /// Whose it is.
            pub fn tenant(self) -> Tenant {
                self.views.tenant_of(self.record().root)
            }

            /// Its definition.
            pub fn definition(self) -> DefinitionId {
                self.definition_record().id
            }

            /// The definition's key; empty while the definition is not told.
            pub fn definition_key(self) -> &'v str {
                self.process().map_or("", |process| &process.key)
            }

            /// The definition's version.
            pub fn definition_version(self) -> u32 {
                self.definition_record().version
            }

            /// The definition's graph.
            pub fn process(self) -> Option<&'v Process> {
                self.definition_record().process.as_deref()
            }
        }
    };
}

macro_rules! of_instance {
    ($name:ident) => {
        impl<'v> $name<'v> {
            /// Its instance.
            #[inline]
            pub fn instance(self) -> Instance<'v> {
                Instance {
                    views: self.views,
                    slot: self.record().instance,
                }
            }

            fn definition_record(self) -> &'v DefinitionRecord {
                self.instance().definition_record()
            }

            /// The execution that waits, by its id.
            pub fn execution(self) -> Id {
                self.id().root.child(self.record().execution)
            }

            /// The element's place in the definition.
            pub fn element_index(self) -> ElementIndex {
                self.record().element
            }

            /// The element; none while the definition is not told.
            pub fn element(self) -> Option<&'v Element> {
                self.definition_record().element(self.record().element)
            }

            /// The element's id in the model; empty while the definition is not told.
            pub fn activity_id(self) -> &'v str {
                self.element().map_or("", |element| &element.id)
            }
        }
    };
}

shown! {
    /// An instance, running or ended and not archived yet.
    Instance, InstanceRecord, instances
}
shown! {
    /// An open task.
    Task, TaskRecord, tasks
}
shown! {
    /// A timer that waits.
    Timer, TimerRecord, timers
}
shown! {
    /// An open incident.
    Incident, IncidentRecord, incidents
}
of_instance!(Task);
of_instance!(Timer);
of_instance!(Incident);

impl<'v> Instance<'v> {
    pub(super) fn definition_record(self) -> &'v DefinitionRecord {
        self.views.definitions.get(self.record().definition)
    }

    fn extra(self) -> Option<&'v InstanceExtra> {
        self.record().extra.as_deref()
    }

    /// Its place in the order of creation.
    pub fn order(self) -> u64 {
        self.record().order
    }

    /// Business key.
    pub fn business_key(self) -> Option<&'v str> {
        self.extra()?.business_key.as_deref()
    }

    /// Name.
    pub fn name(self) -> Option<&'v str> {
        self.extra()?.name.as_deref()
    }

    /// Its state.
    pub fn state(self) -> State {
        match (self.ended(), self.record().suspended) {
            (Some(ended), _) if ended.cancelled => State::Cancelled,
            (Some(_), _) => State::Completed,
            (None, true) => State::Suspended,
            (None, false) => State::Active,
        }
    }

    /// Started, in milliseconds since 1970.
    pub fn started_ms(self) -> i64 {
        let skewed = self.extra().and_then(|extra| extra.started_ms);
        skewed.unwrap_or_else(|| time_of(self.record().order))
    }

    /// Who started it.
    pub fn start_user(self) -> Option<&'v str> {
        self.extra()?.start_user.as_deref()
    }

    /// The instance that called it.
    pub fn super_instance(self) -> Option<Id> {
        let number = self.extra()?.super_instance?;
        Some(self.id().root.child(number))
    }

    /// The execution that called it.
    pub fn super_execution(self) -> Option<Id> {
        let number = self.extra()?.super_execution?;
        Some(self.id().root.child(number))
    }

    /// How it ended, if it has.
    pub fn ended(self) -> Option<&'v Ended> {
        self.extra()?.ended.as_ref()
    }
}

impl<'v> Task<'v> {
    fn extra(self) -> Option<&'v TaskExtra> {
        self.record().extra.as_deref()
    }

    /// With its records at hand.
    #[inline]
    pub fn at_hand(self) -> TaskAtHand<'v> {
        TaskAtHand::of(self, self.record(), self.instance().record())
    }

    /// Its place in the order of creation.
    pub fn order(self) -> u64 {
        self.record().order
    }

    /// Name.
    pub fn name(self) -> Option<&'v str> {
        match self.extra().map_or(&Name::OfElement, |extra| &extra.name) {
            Name::OfElement => self.element()?.name.as_deref(),
            Name::Absent => None,
            Name::Own(name) => Some(name),
        }
    }

    /// Description.
    pub fn description(self) -> Option<&'v str> {
        self.extra()?.description.as_deref()
    }

    /// Who does it.
    pub fn assignee(self) -> Option<&'v str> {
        self.user(self.record().assignee)
    }

    /// Who answers for it.
    pub fn owner(self) -> Option<&'v str> {
        self.user(self.extra()?.owner)
    }

    fn user(self, number: u32) -> Option<&'v str> {
        (number != NOBODY).then(|| self.views.people.user_name(number))
    }

    /// Whether it is delegated.
    pub fn delegation(self) -> Option<Delegation> {
        self.extra()?.delegation
    }

    /// Priority; 50 by default.
    pub fn priority(self) -> i32 {
        self.record().priority
    }

    /// Due, in milliseconds since 1970.
    pub fn due_ms(self) -> Option<i64> {
        due_of(self.record())
    }

    /// Category.
    pub fn category(self) -> Option<&'v str> {
        self.extra()?.category.as_deref()
    }

    /// Form key.
    pub fn form_key(self) -> Option<&'v str> {
        self.extra()?.form_key.as_deref()
    }

    /// Whether its instance is suspended.
    pub fn suspended(self) -> bool {
        self.record().suspended
    }

    /// Created, in milliseconds since 1970.
    pub fn created_ms(self) -> i64 {
        created_of(self.record())
    }

    /// Claimed, in milliseconds since 1970.
    pub fn claimed_ms(self) -> Option<i64> {
        claimed_of(self.record())
    }

    /// Candidates and other links, in the order of their addition; not the assignee, not the owner.
    pub fn links(self) -> &'v [IdentityLink] {
        self.extra().map_or(&[], |extra| &extra.links)
    }

    /// The task that it is part of.
    pub fn parent_task(self) -> Option<Id> {
        let number = self.extra()?.parent_task?;
        Some(self.id().root.child(number))
    }
}

impl<'v> Timer<'v> {
    /// Due, in milliseconds since 1970.
    pub fn due_ms(self) -> i64 {
        self.record().due_ms
    }

    /// How often it may still fail.
    pub fn retries_left(self) -> u32 {
        self.record().retries_left
    }

    /// Its cycle, if it repeats.
    pub fn repeat(self) -> Option<&'v Repeat> {
        self.record().repeat.as_deref()
    }

    /// Why it failed last.
    pub fn last_error(self) -> Option<&'v str> {
        self.record().last_error.as_deref()
    }

    /// Whether its instance is suspended: then it does not fire.
    pub fn suspended(self) -> bool {
        self.record().suspended
    }
}

impl<'v> Incident<'v> {
    /// Its place in the order of creation.
    pub fn order(self) -> u64 {
        self.record().order
    }

    /// What failed.
    pub fn kind(self) -> IncidentKind {
        self.record().kind
    }

    /// Why.
    pub fn message(self) -> &'v str {
        &self.record().message
    }

    /// When, in milliseconds since 1970.
    pub fn occurred_ms(self) -> i64 {
        self.record().occurred_ms
    }

    /// How often it was tried.
    pub fn retries(self) -> u32 {
        self.record().retries
    }

    /// The timer that failed, if it was one.
    pub fn timer(self) -> Option<Id> {
        let number = self.record().timer?;
        Some(self.id().root.child(number))
    }
}

/// A timer for the timer service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub tenant: Tenant,
    /// Due, in milliseconds since 1970.
    pub due_ms: i64,
}
