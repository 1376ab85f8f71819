//! The log of changes: the newest one of every entity in the order in which they came, and who follows what.
//!
//! Owns: sequences and their text, what is forgotten when there is too much, the index from a change to its followers.
//! Never: holds two entries of one entity, or lets the load of one company forget what another one's followers need.
//!
//! ```text
//!  topic ─▶ company ─▶ Course: entries by sequence ─┬─ whole: those who follow all of it
//!                                                   └─ parts: scope ─▶ those who follow this
//! ```

use super::{
    Key, Topic,
    entry::{Entry, Note, What},
    interest::Interest,
};
use codec::Tenant;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Entities of a topic of a company whose newest change is remembered.
pub const REMEMBERED: usize = 65_536;
/// Companies that may use up [`REMEMBERED`] of a topic; when there are more, they share what these may use.
const LARGE_COMPANIES: usize = 4;
/// What nobody has followed for so long is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(120);

/// What follows from beginning to follow.
pub(super) struct Begun {
    pub interest: Arc<Interest>,
    pub cursor: u64,
    pub resumed: bool,
    pub boot: u64,
}

/// Those who follow the same, and those who did a while ago and may come again.
struct Audience {
    /// All that changed behind here is known.
    since: u64,
    /// The newest change, or a later sequence.
    newest: u64,
    /// By number.
    followers: Vec<Arc<Interest>>,
    idle_since: Option<Instant>,
}

impl Audience {
    fn new(since: u64, newest: u64) -> Self {
        Audience {
            since,
            newest,
            followers: Vec::new(),
            idle_since: None,
        }
    }

    fn join(&mut self, interest: &Arc<Interest>) {
        // Numbers grow.
        self.followers.push(Arc::clone(interest));
        self.idle_since = None;
    }

    fn leave(&mut self, interest: &Interest) {
        if let Ok(at) = self
            .followers
            .binary_search_by_key(&interest.number, |other| other.number)
        {
            self.followers.remove(at);
        }
        if self.followers.is_empty() {
            self.followers = Vec::new();
            self.idle_since = Some(Instant::now());
        }
    }

    fn is_over(&self) -> bool {
        self.idle_since
            .is_some_and(|since| since.elapsed() > FORGOTTEN_AFTER)
    }
}

/// One topic of one company.
#[derive(Default)]
struct Course {
    entries: BTreeMap<u64, Arc<Entry>>,
    newest: HashMap<Key, u64>,
    whole: Option<Audience>,
    parts: HashMap<u128, Audience>,
}

impl Course {
    /// Whether all that changed in a part behind a sequence is known.
    fn knows(&self, scope: u128, after: u64) -> bool {
        let audiences = [self.parts.get(&scope), self.whole.as_ref()];
        let mut audiences = audiences.into_iter().flatten();
        audiences.any(|audience| after >= audience.since)
    }

    /// A follower of the whole.
    fn follow_whole(&mut self, interest: &Arc<Interest>, last: u64) {
        let whole = self.whole.get_or_insert_with(|| Audience::new(last, last));
        whole.join(interest);
    }

    /// A follower of parts, who gets at once what has changed in them behind a sequence.
    fn follow_parts(
        &mut self,
        interest: &Arc<Interest>,
        scopes: &[u128],
        after: Option<u64>,
        last: u64,
    ) {
        // What is noted for the whole is noted for its parts.
        let since = self.whole.as_ref().map_or(last, |whole| whole.since);
        let mut missed = false;
        for scope in scopes {
            let part = self.parts.entry(*scope);
            let part = part.or_insert_with(|| Audience::new(since, last));
            missed |= after.is_some_and(|after| part.newest > after);
            part.join(interest);
        }
        let Some(after) = after.filter(|_| missed) else {
            return;
        };
        for (_, entry) in self.entries.range(after + 1..) {
            if scopes.binary_search(&entry.key.scope).is_ok() {
                interest.hand(entry);
            }
        }
    }

    fn put(&mut self, entry: &Arc<Entry>, limit: usize) {
        let (key, seq) = (entry.key, entry.seq);
        if key.topic.is_kept() {
            self.newest.insert(key, seq);
            self.entries.insert(seq, Arc::clone(entry));
            while self.entries.len() > limit {
                self.forget_oldest();
            }
        }
        if let Some(whole) = &mut self.whole {
            whole.newest = seq;
            whole.followers.iter().for_each(|one| one.mark());
        }
        if let Some(part) = self.parts.get_mut(&key.scope) {
            part.newest = seq;
            part.followers.iter().for_each(|one| one.hand(entry));
        }
    }

    fn forget_oldest(&mut self) {
        let Some((oldest, forgotten)) = self.entries.pop_first() else {
            return;
        };
        self.newest.remove(&forgotten.key);
        let part = self.parts.get_mut(&forgotten.key.scope);
        for audience in self.whole.iter_mut().chain(part) {
            audience.since = audience.since.max(oldest);
        }
    }

    fn forget_all(&mut self, last: u64) {
        self.entries = BTreeMap::new();
        self.newest = HashMap::new();
        for audience in self.whole.iter_mut().chain(self.parts.values_mut()) {
            audience.since = last;
            audience.newest = last;
            audience.followers.iter().for_each(|one| one.lose());
        }
    }
}

/// All topics of all companies.
pub(super) struct Log {
    /// What sequences begin with: another server's are told from this one's.
    boot: u64,
    last: u64,
    interests: u64,
    remembered: usize,
    courses: Vec<HashMap<Tenant, Course>>,
}

impl Log {
    pub fn new(remembered: usize) -> Self {
        Log {
            // The upper half of an id that grows with time and is met once.
            boot: (uuid::Uuid::now_v7().as_u128() >> 64) as u64,
            last: 1,
            interests: 0,
            remembered: remembered.max(1),
            courses: Topic::ALL.iter().map(|_| HashMap::new()).collect(),
        }
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

    /// Nothing of what has changed so far is known.
    pub fn forget_all(&mut self) {
        self.last += 1;
        let last = self.last;
        for course in self.courses.iter_mut().flat_map(HashMap::values_mut) {
            course.forget_all(last);
        }
    }

    /// Somebody follows. `scopes` are in order.
    pub fn follow(
        &mut self,
        topic: Topic,
        tenant: Tenant,
        scopes: Option<Vec<u128>>,
        after: Option<&str>,
        wake: Arc<Notify>,
    ) -> Begun {
        let after = after.and_then(|text| self.read(text));
        let after = after.filter(|_| topic.is_kept());
        self.interests += 1;
        let interest = Arc::new(Interest::new(self.interests, tenant, scopes, wake));
        let last = self.last;
        let course = self.courses[topic.index()].entry(tenant).or_default();
        let after = after.filter(|after| match &interest.scopes {
            None => (course.whole.iter()).any(|whole| *after >= whole.since),
            Some(scopes) => scopes.iter().all(|scope| course.knows(*scope, *after)),
        });
        match &interest.scopes {
            None => course.follow_whole(&interest, last),
            Some(scopes) => course.follow_parts(&interest, scopes, after, last),
        }
        if after.is_some() {
            interest.mark();
        }
        Begun {
            interest,
            cursor: after.unwrap_or(last),
            resumed: after.is_some(),
            boot: self.boot,
        }
    }

    pub fn leave(&mut self, topic: Topic, interest: &Interest) {
        let courses = &mut self.courses[topic.index()];
        let Some(course) = courses.get_mut(&interest.tenant) else {
            return;
        };
        match &interest.scopes {
            None => course.whole.iter_mut().for_each(|all| all.leave(interest)),
            Some(scopes) => {
                for scope in scopes {
                    if let Some(part) = course.parts.get_mut(scope) {
                        part.leave(interest);
                    }
                }
            }
        }
    }

    /// Forgets what nobody has followed for long: each topic and company, with the part or as a whole.
    pub fn sweep(&mut self, mut forgotten: impl FnMut(Topic, Tenant, Option<u128>)) {
        for (topic, courses) in Topic::ALL.into_iter().zip(&mut self.courses) {
            courses.retain(|tenant, course| {
                if course.whole.as_ref().is_some_and(Audience::is_over) {
                    course.whole = None;
                    forgotten(topic, *tenant, None);
                }
                course.parts.retain(|scope, part| {
                    let is_over = part.is_over();
                    if is_over {
                        forgotten(topic, *tenant, Some(*scope));
                    }
                    !is_over
                });
                course.whole.is_some() || !course.parts.is_empty()
            });
        }
    }

    /// A change has come.
    pub fn put(&mut self, note: Note) {
        let key = note.key;
        let courses = &mut self.courses[key.topic.index()];
        let limit = self
            .remembered
            .min((self.remembered.saturating_mul(LARGE_COMPANIES) / courses.len().max(1)).max(1));
        let Some(course) = courses.get_mut(&key.tenant) else {
            return;
        };
        self.last += 1;
        let seq = self.last;
        let older = course.newest.get(&key).copied();
        let older = older.and_then(|older| course.entries.remove(&older));
        let before = older.map_or(0, |older| older.created);
        let (created, gone) = match note.what {
            What::Created => (seq, None),
            What::Changed => (before, None),
            What::Gone(last) => (before, Some(last)),
        };
        course.put(&Arc::new(Entry::new(seq, key, created, gone)), limit);
    }

    /// All who follow a topic are to look, though nothing of it has changed; gives the sequence from which they know.
    pub fn touch(&mut self, topic: Topic) -> u64 {
        self.last += 1;
        for course in self.courses[topic.index()].values() {
            let audiences = course.whole.iter().chain(course.parts.values());
            let followers = audiences.flat_map(|audience| &audience.followers);
            followers.for_each(|interest| interest.mark());
        }
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
        let course = self.courses[topic.index()].get(&tenant)?;
        if course.whole.as_ref().is_none_or(|all| cursor < all.since) {
            return None;
        }
        let behind = course.entries.range(cursor + 1..).map(|(_, entry)| entry);
        Some(behind.take(limit).map(Arc::clone).collect())
    }

    /// The last sequence.
    pub fn last(&self) -> u64 {
        self.last
    }
}
