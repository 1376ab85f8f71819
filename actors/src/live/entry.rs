//! A change as the log keeps it, and what is rendered of it.

use super::{Key, Topic};
use crate::definitions::Published;
use bpmn::rows::{IdentityLink, InstanceRow};
use codec::Id;
use rpa::Guid;
use std::{future::Future, sync::Arc};
use tokio::sync::OnceCell;

/// What the publisher hands over.
#[derive(Debug)]
pub(super) struct Note {
    pub key: Key,
    pub what: What,
}

/// What has happened to an entity.
#[derive(Debug)]
pub(super) enum What {
    Created,
    Changed,
    Gone(Last),
}

/// What was last known of something that is gone from the views, or may be before anybody has looked.
#[derive(Clone)]
pub enum Last {
    /// An instance that has ended, and its definition, which may be gone before anybody looks.
    Instance(Box<InstanceRow>, Arc<Published>),
    /// A task that is done.
    Task(Box<LastTask>),
    /// An incident that is resolved: its instance and the definition of that.
    Incident(Id, Arc<Published>, bpmn::rows::IncidentKind),
    /// A definition.
    Definition(Arc<Published>),
    /// A robot, a group or a task queue of this department.
    Placed(Guid),
}

impl std::fmt::Debug for Last {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Last")
    }
}

/// What filters ask of a task that is done.
#[derive(Clone)]
pub struct LastTask {
    /// Its instance.
    pub instance: Id,
    /// The instance's definition.
    pub definition: Arc<Published>,
    /// Who had it.
    pub assignee: Option<String>,
    /// Who might have taken it.
    pub links: Vec<IdentityLink>,
}

/// How an entity is shown, rendered once for all who follow it.
#[derive(Debug, PartialEq, Eq)]
pub struct Shown {
    /// The item, as JSON.
    pub json: Box<str>,
    /// What filters look at: names and values; a name may come more than once.
    pub facts: Vec<(&'static str, Box<str>)>,
    /// The department whose rights decide who sees it; none: everyone of the company does.
    pub department: Option<Guid>,
    /// It has ended or is gone.
    pub ended: bool,
}

/// What a change is to a follower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It was not there before.
    Created,
    /// It is otherwise than before.
    Changed,
    /// It is gone, has ended, or passes the filter no more.
    Ended,
}

impl Kind {
    /// Its name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Created => "created",
            Kind::Changed => "changed",
            Kind::Ended => "ended",
        }
    }
}

/// The newest change of an entity.
#[derive(Debug)]
pub struct Entry {
    /// Its place among all changes.
    pub seq: u64,
    /// The entity.
    pub key: Key,
    /// The change with which the entity came; 0: before anybody followed.
    pub created: u64,
    /// What was last known, when it is gone.
    pub gone: Option<Last>,
    shown: OnceCell<Option<Arc<Shown>>>,
}

impl Entry {
    pub(super) fn new(seq: u64, key: Key, created: u64, gone: Option<Last>) -> Self {
        Entry {
            seq,
            key,
            created,
            gone,
            shown: OnceCell::new(),
        }
    }

    /// How it is shown; the first who asks renders it, and again if that could not be done. None: it is gone, and a later
    /// entry says so.
    pub async fn shown<E, F: Future<Output = Result<Option<Shown>, E>>>(
        &self,
        render: impl FnOnce() -> F,
    ) -> Result<Option<Arc<Shown>>, E> {
        let render = || async { Ok(render().await?.map(Arc::new)) };
        self.shown.get_or_try_init(render).await.cloned()
    }

    /// What it is to somebody who has seen everything up to a sequence.
    pub fn kind(&self, seen: u64) -> Kind {
        if self.gone.is_some() {
            Kind::Ended
        } else if self.created > seen {
            Kind::Created
        } else {
            Kind::Changed
        }
    }

    /// Its topic.
    pub fn topic(&self) -> Topic {
        self.key.topic
    }
}
