//! The log of changes: the newest one of every entity in the order in which they came, and who follows what.
//!
//! Owns: sequences and their text, what is forgotten when there is too much, the index from a change to its followers.
//! Never: holds two entries of one entity.

use super::{
    Key, Topic,
    entry::{Entry, Note, What},
};
use codec::Tenant;
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Entities of a topic whose newest change is remembered.
pub const REMEMBERED: usize = 65_536;
/// A topic that nobody has followed for so long is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(120);
/// Entries that may wait for a follower of a part; one that takes none of so many begins anew.
const WAITING: usize = 10_000;

/// Somebody who follows something.
pub(super) struct Interest {
    number: u64,
    tenant: Tenant,
    /// The parts that are followed; none: all.
    scopes: Option<Vec<u128>>,
    dirty: AtomicBool,
    wake: Arc<Notify>,
    waiting: Mutex<Waiting>,
}

/// What waits for a follower of a part.
#[derive(Default)]
struct Waiting {
    entries: HashMap<Key, Arc<Entry>>,
    lost: bool,
}

impl Interest {
    fn mark(&self) {
        if !self.dirty.swap(true, Ordering::SeqCst) {
            self.wake.notify_one();
        }
    }

    fn hand(&self, entry: &Arc<Entry>) {
        let mut waiting = self.waiting.lock();
        if waiting.entries.len() >= WAITING && !waiting.entries.contains_key(&entry.key) {
            waiting.entries.clear();
            waiting.lost = true;
        }
        if !waiting.lost {
            waiting.entries.insert(entry.key, Arc::clone(entry));
        }
        drop(waiting);
        self.mark();
    }

    fn lose(&self) {
        let mut waiting = self.waiting.lock();
        waiting.entries.clear();
        waiting.lost = true;
        drop(waiting);
        self.mark();
    }

    /// Whether something has come since this was asked last.
    pub fn take_dirty(&self) -> bool {
        self.dirty.swap(false, Ordering::SeqCst)
    }

    /// What waits, in order; none: something was lost.
    pub fn take_waiting(&self) -> Option<Vec<Arc<Entry>>> {
        let mut waiting = self.waiting.lock();
        if waiting.lost {
            return None;
        }
        let mut entries: Vec<_> = waiting.entries.drain().map(|(_, entry)| entry).collect();
        entries.sort_unstable_by_key(|entry| entry.seq);
        Some(entries)
    }

    /// Whether it is of parts only.
    pub fn is_narrow(&self) -> bool {
        self.scopes.is_some()
    }
}

/// What follows from beginning to follow.
pub(super) struct Begun {
    pub interest: Arc<Interest>,
    pub cursor: u64,
    pub resumed: bool,
}

/// One topic.
#[derive(Default)]
struct Course {
    entries: BTreeMap<u64, Arc<Entry>>,
    newest: HashMap<Key, u64>,
    /// What changed up to here is not known any more.
    floor: u64,
    all: Vec<Arc<Interest>>,
    parts: HashMap<u128, Vec<Arc<Interest>>>,
    followers: usize,
    idle_since: Option<Instant>,
}

/// All topics.
pub(super) struct Log {
    /// What sequences begin with: another server's are told from this one's.
    boot: u64,
    last: u64,
    interests: u64,
    remembered: usize,
    courses: Vec<Course>,
}

impl Log {
    pub fn new(remembered: usize) -> Self {
        Log {
            // The upper half of an id that grows with time and is met once.
            boot: (uuid::Uuid::now_v7().as_u128() >> 64) as u64,
            last: 1,
            interests: 0,
            remembered: remembered.max(1),
            courses: Topic::ALL.iter().map(|_| Course::default()).collect(),
        }
    }

    /// A sequence as clients see it: it grows with every change, also over a restart.
    pub fn text(&self, seq: u64) -> String {
        format!("{:016x}{seq:016x}", self.boot)
    }

    /// A sequence from its text; none: it is another server's, or none at all.
    pub fn read(&self, text: &str) -> Option<u64> {
        if text.len() != 32 || !text.is_ascii() {
            return None;
        }
        let (boot, seq) = text.split_at(16);
        let boot = u64::from_str_radix(boot, 16).ok()?;
        let seq = u64::from_str_radix(seq, 16).ok()?;
        (boot == self.boot && seq <= self.last).then_some(seq)
    }

    /// A topic is followed from now on.
    pub fn begin(&mut self, topic: Topic) {
        let last = self.last;
        let course = &mut self.courses[topic.index()];
        course.floor = last;
        course.idle_since = None;
    }

    /// A topic is not followed any more.
    pub fn end(&mut self, topic: Topic) {
        let course = &mut self.courses[topic.index()];
        course.entries = BTreeMap::new();
        course.newest = HashMap::new();
        course.floor = self.last;
        course.idle_since = None;
    }

    /// Topics that nobody has followed for long.
    pub fn idle_topics(&self) -> Vec<Topic> {
        let idle = |topic: &Topic| {
            let since = self.courses[topic.index()].idle_since;
            since.is_some_and(|since| since.elapsed() > FORGOTTEN_AFTER)
        };
        Topic::ALL.into_iter().filter(idle).collect()
    }

    /// Nothing of what has changed so far is known.
    pub fn forget_all(&mut self) {
        self.last += 1;
        for course in &mut self.courses {
            course.entries.clear();
            course.newest.clear();
            course.floor = self.last;
            for interest in &course.all {
                interest.lose();
            }
            for interest in course.parts.values().flatten() {
                interest.lose();
            }
        }
    }

    pub fn follow(
        &mut self,
        topic: Topic,
        tenant: Tenant,
        scopes: Option<Vec<u128>>,
        after: Option<&str>,
        wake: Arc<Notify>,
    ) -> Begun {
        let floor = self.courses[topic.index()].floor;
        let after = after.and_then(|text| self.read(text));
        let after = after.filter(|seq| topic.is_kept() && *seq >= floor);
        self.interests += 1;
        let interest = Arc::new(Interest {
            number: self.interests,
            tenant,
            scopes,
            dirty: AtomicBool::new(false),
            wake,
            waiting: Mutex::default(),
        });
        let course = &mut self.courses[topic.index()];
        course.followers += 1;
        course.idle_since = None;
        match &interest.scopes {
            None => course.all.push(Arc::clone(&interest)),
            Some(scopes) => {
                for scope in scopes {
                    let part = course.parts.entry(*scope).or_default();
                    part.push(Arc::clone(&interest));
                }
            }
        }
        if let Some(after) = after {
            if let Some(scopes) = &interest.scopes {
                let missed = course.entries.range(after + 1..);
                let own = missed.filter(|(_, entry)| {
                    entry.key.tenant == tenant && scopes.contains(&entry.key.scope)
                });
                for (_, entry) in own {
                    interest.hand(entry);
                }
            }
            interest.mark();
        }
        Begun {
            interest,
            cursor: after.unwrap_or(self.last),
            resumed: after.is_some(),
        }
    }

    pub fn leave(&mut self, topic: Topic, interest: &Interest) {
        let course = &mut self.courses[topic.index()];
        let is_other = |other: &Arc<Interest>| other.number != interest.number;
        match &interest.scopes {
            None => course.all.retain(is_other),
            Some(scopes) => {
                for scope in scopes {
                    if let Some(part) = course.parts.get_mut(scope) {
                        part.retain(is_other);
                        if part.is_empty() {
                            course.parts.remove(scope);
                        }
                    }
                }
            }
        }
        course.followers -= 1;
        if course.followers == 0 {
            course.idle_since = Some(Instant::now());
        }
    }

    /// A change has come.
    pub fn put(&mut self, note: Note) {
        self.last += 1;
        let seq = self.last;
        let key = note.key;
        let course = &mut self.courses[key.topic.index()];
        let older = course.newest.get(&key).copied();
        let older = older.and_then(|older| course.entries.remove(&older));
        let before = older.map_or(0, |older| older.created);
        let (created, gone) = match note.what {
            What::Created => (seq, None),
            What::Changed => (before, None),
            What::Gone(last) => (before, Some(last)),
        };
        let entry = Arc::new(Entry::new(seq, key, created, gone));
        if key.topic.is_kept() {
            course.newest.insert(key, seq);
            course.entries.insert(seq, Arc::clone(&entry));
            if course.entries.len() > self.remembered
                && let Some((oldest, forgotten)) = course.entries.pop_first()
            {
                course.newest.remove(&forgotten.key);
                course.floor = oldest;
            }
        }
        for interest in &course.all {
            if interest.tenant == key.tenant {
                interest.mark();
            }
        }
        for interest in course.parts.get(&key.scope).into_iter().flatten() {
            if interest.tenant == key.tenant {
                interest.hand(&entry);
            }
        }
    }

    /// All who follow a topic are to look, though nothing of it has changed; gives the sequence from which they know.
    pub fn touch(&mut self, topic: Topic) -> u64 {
        self.last += 1;
        let course = &self.courses[topic.index()];
        let followers = course.all.iter().chain(course.parts.values().flatten());
        followers.for_each(|interest| interest.mark());
        self.last
    }

    /// Changes of a company behind a cursor, the oldest first; none: some of them are not known any more.
    pub fn behind(
        &self,
        topic: Topic,
        tenant: Tenant,
        cursor: u64,
        limit: usize,
    ) -> Option<Vec<Arc<Entry>>> {
        let course = &self.courses[topic.index()];
        if cursor < course.floor {
            return None;
        }
        let behind = course.entries.range(cursor + 1..).map(|(_, entry)| entry);
        let own = behind.filter(|entry| entry.key.tenant == tenant);
        Some(own.take(limit).map(Arc::clone).collect())
    }

    /// The last sequence.
    pub fn last(&self) -> u64 {
        self.last
    }
}

impl Interest {
    pub(super) fn tenant(&self) -> Tenant {
        self.tenant
    }
}
