//! The live feed's hub: what has changed, in which order, and who is to hear of it.
//!
//! Owns: the sequence of changes, the newest change of every entity for as long as it is remembered, and the index of who
//! follows what. Never: slows the publisher down (it takes ids and forgets them all when there are too many), reads a row,
//! or knows how anything is shown.
//!
//! ```text
//!  publisher ─ notes: ids, after the views ─▶ Inbox ─▶ Hub (actor): Log, one entry an entity, the newest
//!                                                        │ index: topic → all · topic, scope → these
//!                                                        ▼
//!  connection ◀── wake ── Following: cursor ◀────────────┘      reads what lies behind its cursor, when it likes
//! ```
//!
//! Nothing is queued for a follower of a whole topic: it keeps a cursor into the log, so a slow one meets the newest state of
//! all that changed, and one that falls behind the log's oldest entry begins anew. An entry is rendered by the first who
//! needs it and shared by all others.

mod entry;
mod followed;
mod following;
mod hub;
mod inbox;
mod interest;
mod log;
mod news;
#[cfg(test)]
mod tests;
mod topic;

pub use entry::{Entry, Kind, Last, LastTask, Shown};
pub use following::{Following, Step};
pub use news::News;
pub use topic::{Key, Topic};

use crate::{core::Core, jobs::JobViews, queues::QueueChange};
use codec::Tenant;
use followed::Followed;
use inbox::Inbox;
use log::Log;
use parking_lot::{Mutex, RwLock};
use ractor::{ActorRef, SpawnErr};
use rpa::Guid;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};
use tokio::sync::Notify;

/// Notes that are taken into the log without letting others at it.
const SLICE: usize = 1_000;

/// What all followers share.
pub struct Live {
    /// Topics that somebody follows, or followed a while ago: one bit each.
    wanted: AtomicU32,
    /// What of them.
    followed: Followed,
    /// Users are in other groups than before; nobody has been woken for it.
    people: AtomicBool,
    /// The sequence before which users may have been in other groups.
    people_since: AtomicU64,
    inbox: Mutex<Inbox>,
    /// Held while the inbox goes into the log, so that who takes later puts later.
    taking: Mutex<()>,
    /// The hub has been told that there is something.
    told: AtomicBool,
    hub: Mutex<Option<ActorRef<hub::Message>>>,
    log: RwLock<Log>,
}

impl Default for Live {
    fn default() -> Self {
        Live::remembering(log::REMEMBERED)
    }
}

impl Live {
    /// One that remembers the newest change of so many entities of a topic.
    pub fn remembering(entries: usize) -> Self {
        Live {
            wanted: AtomicU32::new(0),
            followed: Followed::default(),
            people: AtomicBool::new(false),
            people_since: AtomicU64::new(0),
            inbox: Mutex::default(),
            taking: Mutex::new(()),
            told: AtomicBool::new(false),
            hub: Mutex::new(None),
            log: RwLock::new(Log::new(entries)),
        }
    }

    /// Starts the hub, and who starts it again when it dies.
    pub async fn start(self: &Arc<Self>) -> Result<(), SpawnErr> {
        hub::start(self).await
    }

    /// Whether anybody would hear of a change.
    fn wants(&self, topic: Topic) -> bool {
        self.wanted.load(Ordering::SeqCst) & topic.bit() != 0
    }

    /// What the publisher is about to gather for one batch.
    pub fn news(&self) -> News<'_> {
        News::new(&self.followed, self.wanted.load(Ordering::SeqCst))
    }

    /// The publisher hands over what it has gathered; the views have it already.
    pub fn tell(&self, news: News<'_>) {
        let notes = news.into_notes();
        if notes.is_empty() {
            return;
        }
        self.inbox.lock().put(notes);
        self.wake();
    }

    /// Jobs and runs have other rows.
    pub fn rows_changed(&self, jobs: &JobViews, rows: &rpa::execution::rows::Rows) {
        let mut news = self.news();
        news.rows(jobs, rows);
        self.tell(news);
    }

    /// Users may be in other groups than before: then they are candidates of other tasks.
    pub fn people_changed(&self, events: &[org::Event]) {
        let moves = |event: &org::Event| match event {
            org::Event::UserSynchronised { .. }
            | org::Event::GroupSynchronised { .. }
            | org::Event::MembershipAdded { .. } => true,
            org::Event::TokenCreated(_)
            | org::Event::TokenRevoked { .. }
            | org::Event::Tenancy(_)
            | org::Event::People(_)
            | org::Event::Clients(_)
            | org::Event::Sessions(_) => false,
        };
        if self.wants(Topic::Tasks) && events.iter().any(moves) {
            self.people.store(true, Ordering::SeqCst);
            self.wake();
        }
    }

    /// Whether users have been in the same groups since a sequence that a follower has seen.
    pub fn knows_people(&self, text: &str) -> bool {
        let log = self.log.read();
        let since = self.people_since.load(Ordering::SeqCst);
        let told = !self.people.load(Ordering::SeqCst);
        told && log.read(text).is_some_and(|seq| seq >= since)
    }

    /// A task queue is shown otherwise, or is gone.
    pub fn queue_changed(&self, change: &QueueChange) {
        let mut news = self.news();
        news.queue(change);
        self.tell(news);
    }

    /// A robot is shown otherwise: connected or not, busy or not, heard.
    pub fn robot_changed(&self, core: &Core, robot: Guid) {
        if !self.wants(Topic::Robots) {
            return;
        }
        let tenant = core.registry.look(|state| {
            let robot = state.robot_connecting(robot);
            robot.map(|robot| robot.meta.tenant)
        });
        let Some(tenant) = tenant else {
            return;
        };
        let mut news = self.news();
        news.changed(Key::of_guid(Topic::Robots, tenant, robot));
        self.tell(news);
    }

    /// Lines of these runs' logs are kept; late ones too, of runs that have left memory.
    pub fn lines_kept(&self, runs: impl IntoIterator<Item = (Tenant, Guid)>) {
        let mut news = self.news();
        for (tenant, run) in runs {
            news.changed(Key::of_guid(Topic::Logs, tenant, run));
        }
        self.tell(news);
    }

    fn wake(&self) {
        if !self.told.swap(true, Ordering::SeqCst)
            && let Some(hub) = &*self.hub.lock()
        {
            // One that has died is started again, and looks.
            let _ = hub.cast(hub::Message::Look);
        }
    }

    /// Begins to follow a topic of a company; with scopes only these of it. `after`: the text of a sequence that a follower
    /// has seen; when all that changed since then is still known, it comes first, else [`Following::resumed`] is false.
    /// `wake` is told when something has come.
    pub fn follow(
        self: &Arc<Self>,
        topic: Topic,
        tenant: Tenant,
        scopes: Option<Vec<u128>>,
        after: Option<&str>,
        wake: Arc<Notify>,
    ) -> Following {
        let mut log = self.log.write();
        self.followed.join(topic, tenant, scopes.as_deref());
        self.wanted.fetch_or(topic.bit(), Ordering::SeqCst);
        let begun = log.follow(topic, tenant, scopes, after, wake);
        Following::new(Arc::clone(self), topic, begun)
    }

    /// What the inbox holds goes into the log, and whoever waits for it is woken.
    fn take_in(&self) {
        let _taking = self.taking.lock();
        self.told.store(false, Ordering::SeqCst);
        let (notes, lost) = self.inbox.lock().take();
        if lost {
            self.log.write().forget_all();
        }
        let mut notes = notes.into_iter();
        while notes.len() > 0 {
            let mut log = self.log.write();
            for note in notes.by_ref().take(SLICE) {
                log.put(note);
            }
        }
        if self.people.load(Ordering::SeqCst) {
            let mut log = self.log.write();
            self.people.store(false, Ordering::SeqCst);
            let seq = log.touch(Topic::Tasks);
            self.people_since.store(seq, Ordering::SeqCst);
        }
    }

    /// Forgets what nobody has followed for long.
    fn sweep(&self) {
        let mut log = self.log.write();
        log.sweep(|topic, tenant, scope| self.followed.leave(topic, tenant, scope));
        self.wanted.store(self.followed.topics(), Ordering::SeqCst);
    }

    /// Everybody begins anew.
    fn forget_all(&self) {
        self.log.write().forget_all();
    }
}

impl Core {
    /// Begins to follow, as [`Live::follow`]; what is read from now on contains everything that is not told.
    pub fn follow(
        &self,
        topic: Topic,
        tenant: Tenant,
        scopes: Option<Vec<u128>>,
        after: Option<&str>,
        wake: Arc<Notify>,
    ) -> Following {
        let following = self.live.follow(topic, tenant, scopes, after, wake);
        // A batch that had asked before who follows is behind us once the views were to be had.
        drop(self.views.read());
        following
    }

    /// Everything that can be read by now is in the log.
    pub fn catch_up(&self) {
        drop(self.views.read());
        self.live.take_in();
    }
}
