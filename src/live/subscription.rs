//! One subscription: the state in pages, then what changes, as its filter and the viewer's rights let it pass.
//!
//! Owns: what a change is to this subscriber: new, otherwise, or gone. Never: keeps items; it keeps in mind which it has
//! shown only where one may leave the filter without ending.
//!
//! ```text
//!  follow ─▶ not resumed ─▶ state … state(more: false) ─┐
//!     │                                                 ├▶ dirty ─ every ─▶ step: changes ─▶ frames
//!     └────▶ resumed ────────────────────────────────────┘                    └─ lost ─▶ reset ─▶ state …
//! ```

use super::{
    activities::Painted,
    cases, figures,
    filter::Filter,
    frames,
    listing::Listing,
    logs::Read,
    message::{Refused, Subscribe},
    pages::Pages,
    socket::{End, Out},
    viewer::{Sight, Viewer},
};
use crate::server::State;
use actors::live::{Entry, Following, Key, Kind, Shown, Step, Topic};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::{sync::Notify, time::Instant};

/// Changes that are looked at in one go.
const STEP: usize = 256;
/// What could not be read is tried again after so long.
const AGAIN: Duration = Duration::from_secs(1);

/// A subscription.
pub struct Subscription {
    /// The client's name for it.
    pub id: String,
    topic: Topic,
    filter: Filter,
    every: Duration,
    following: Following,
    flushed: Instant,
    /// When there is something to be done.
    pub due: Option<Instant>,
    memory: Memory,
}

/// What has to be kept in mind.
enum Memory {
    /// Nothing.
    None,
    /// Those that have been shown; after a resume, what came before is not known until the first changes are through.
    Shown { keys: HashSet<Key>, resuming: bool },
    /// Activities as they were shown.
    Painted(Painted),
    /// How far logs were shown.
    Read(Read),
}

/// What all of one flush needs.
pub struct Scene<'s> {
    pub state: &'s Arc<State>,
    pub viewer: &'s Viewer,
    pub wake: &'s Arc<Notify>,
}

impl Subscription {
    /// Begins to follow. Nothing is sent before the first flush, which is due at once.
    pub fn begin(scene: &Scene<'_>, wanted: Subscribe) -> Result<Self, Refused> {
        let (state, tenant) = (scene.state, scene.viewer.tenant);
        let id = &wanted.id;
        let mut filter = Filter::read(state, tenant, wanted.topic, id, &wanted.filter)?;
        if scene.viewer.sight(state, wanted.topic).is_none() {
            return Err(Refused {
                status: 403,
                ..Refused::new(Some(id), "forbidden", "you may not see this topic")
            });
        }
        let resume = wanted.resume.as_deref();
        let resume = resume.filter(|seq| !filter.asks_who() || state.engine.live.knows_people(seq));
        let following = state.engine.follow(
            wanted.topic,
            tenant,
            filter.scopes(),
            resume,
            Arc::clone(scene.wake),
        );
        // Whom users stand for is told from now on.
        filter.look_up(state, tenant);
        let mut subscription = Subscription {
            id: wanted.id,
            topic: wanted.topic,
            filter,
            every: wanted.every,
            following,
            flushed: Instant::now(),
            due: Some(Instant::now()),
            memory: Memory::None,
        };
        subscription.memory = subscription.forgotten();
        Ok(subscription)
    }

    /// What is kept in mind at the beginning.
    fn forgotten(&self) -> Memory {
        match self.topic {
            Topic::Activities => Memory::Painted(Painted::of(&self.filter)),
            Topic::Logs => Memory::Read(Read::of(&self.filter)),
            _ if self.filter.loose => Memory::Shown {
                keys: HashSet::new(),
                resuming: true,
            },
            _ => Memory::None,
        }
    }

    /// Something may have come: then it is due, at the earliest one coalescing after the last time.
    pub fn look(&mut self) {
        if self.following.take_dirty() && self.due.is_none() {
            self.due = Some(self.flushed + self.every);
        }
    }

    /// The first flush: the state, or what has changed since the sequence to resume from. `again`: that was asked for.
    pub async fn open(
        &mut self,
        scene: &Scene<'_>,
        out: &mut Out<'_>,
        asked: bool,
    ) -> Result<(), End> {
        self.due = None;
        if self.following.resumed() {
            self.remember_all(scene).await;
            // What has left the filter by now is found among the changes, not only in what is listed no more.
            scene.state.engine.catch_up();
            self.following.take_dirty();
            return self.flush(scene, out).await;
        }
        if asked {
            out.send(frames::reset(&self.id)).await?;
        }
        self.state(scene, out).await
    }

    /// Sends what is due.
    pub async fn flush(&mut self, scene: &Scene<'_>, out: &mut Out<'_>) -> Result<(), End> {
        self.due = None;
        self.flushed = Instant::now();
        let Some(sight) = scene.viewer.sight(scene.state, self.topic) else {
            return Ok(());
        };
        if self.filter.look_up(scene.state, scene.viewer.tenant) {
            // What passes has changed without a change of anything that would pass.
            return self.anew(scene, out).await;
        }
        match &mut self.memory {
            Memory::Painted(_) | Memory::Read(_) => {
                return self.look_again(scene, &sight, out).await;
            }
            Memory::None | Memory::Shown { .. } => {}
        }
        if self.topic == Topic::Figures {
            return self.figures(scene, out).await;
        }
        loop {
            let seen = self.following.cursor();
            let Step::Changes(entries) = self.following.step(STEP) else {
                return self.anew(scene, out).await;
            };
            let last = entries.len() < STEP;
            for entry in &entries {
                let Some(shown) = cases::shown(scene.state, entry).await else {
                    self.keep_in_mind(entry.key);
                    continue;
                };
                if let Some(kind) = self.kind(scene.state, &sight, entry, &shown, seen) {
                    let seq = self.following.text(entry.seq);
                    out.send(frames::change(&self.id, &seq, kind, &shown.json))
                        .await?;
                }
            }
            if last {
                break;
            }
        }
        if let Memory::Shown { resuming, .. } = &mut self.memory {
            *resuming = false;
        }
        Ok(())
    }

    /// Something is gone whose end is not told yet: who comes again may have it.
    fn keep_in_mind(&mut self, key: Key) {
        if let Memory::Shown {
            keys,
            resuming: true,
        } = &mut self.memory
        {
            keys.insert(key);
        }
    }

    /// What a change is to this subscriber; none: nothing.
    fn kind(
        &mut self,
        state: &State,
        sight: &Sight,
        entry: &Entry,
        shown: &Shown,
        seen: u64,
    ) -> Option<Kind> {
        if !sight.has(state, shown) {
            return None;
        }
        let passes = self.filter.passes(shown);
        let over = match self.topic {
            Topic::Instances => false,
            Topic::Jobs | Topic::Runs => shown.ended && self.filter.values("state").is_none(),
            _ => entry.gone.is_some(),
        };
        let ended = entry.gone.is_some() || shown.ended;
        match &mut self.memory {
            Memory::Shown { keys, resuming } => {
                if passes && !over {
                    let new = keys.insert(entry.key) && !*resuming;
                    return Some(if new { Kind::Created } else { Kind::Changed });
                }
                let was = keys.remove(&entry.key) || *resuming || (passes && over);
                was.then_some(Kind::Ended)
            }
            Memory::None | Memory::Painted(_) | Memory::Read(_) => {
                if passes && !over {
                    return Some(match entry.kind(seen) {
                        Kind::Created => Kind::Created,
                        Kind::Changed | Kind::Ended => Kind::Changed,
                    });
                }
                (ended && self.filter.may_have_passed(shown)).then_some(Kind::Ended)
            }
        }
    }

    /// What was missed is not known: all of it again.
    async fn anew(&mut self, scene: &Scene<'_>, out: &mut Out<'_>) -> Result<(), End> {
        out.send(frames::reset(&self.id)).await?;
        let scopes = self.filter.scopes();
        let wake = Arc::clone(scene.wake);
        let tenant = scene.viewer.tenant;
        let following = scene
            .state
            .engine
            .follow(self.topic, tenant, scopes, None, wake);
        self.following = following;
        self.memory = self.forgotten();
        // A reset that lasts as long as it takes to fall behind again must not nest.
        Box::pin(self.state(scene, out)).await
    }

    /// The state, in pages.
    async fn state(&mut self, scene: &Scene<'_>, out: &mut Out<'_>) -> Result<(), End> {
        let (state, tenant) = (scene.state, scene.viewer.tenant);
        self.flushed = Instant::now();
        let pages = Pages {
            id: self.id.clone(),
            seq: self.following.text(self.following.cursor()),
            unfinished: self.following.text(0),
        };
        let Some(sight) = scene.viewer.sight(state, self.topic) else {
            return pages.send(Vec::new(), out).await;
        };
        match &mut self.memory {
            Memory::Painted(painted) => {
                let all = painted.look(state, tenant).await.into_iter();
                return pages
                    .send(all.map(|(_, json)| json.into()).collect(), out)
                    .await;
            }
            Memory::Read(read) => {
                let sent = pages.lines(read, scene, &sight, out).await;
                self.due = read.take_failed().then(|| Instant::now() + AGAIN);
                return sent;
            }
            Memory::None | Memory::Shown { .. } => {}
        }
        if self.topic == Topic::Figures {
            self.due = Some(self.flushed + figures::EVERY);
            let figures = state.live.figures.of(state, tenant);
            return pages.send(vec![(*figures).into()], out).await;
        }
        let mut listing = Listing::of(state, self.topic, tenant, &self.filter);
        loop {
            let (keys, more) = listing.page(state, &self.filter);
            let mut items = Vec::with_capacity(keys.len());
            for key in keys {
                if let Some(shown) = self.there(scene, &sight, &key).await {
                    items.push(shown.json);
                }
            }
            if !more {
                pages.send(items, out).await?;
                break;
            }
            pages.page(&items, true, out).await?;
        }
        if let Memory::Shown { resuming, .. } = &mut self.memory {
            *resuming = false;
        }
        Ok(())
    }

    /// Something that is there, if it passes; it is kept in mind where that is needed.
    async fn there(&mut self, scene: &Scene<'_>, sight: &Sight, key: &Key) -> Option<Shown> {
        let shown = cases::show(scene.state, key, None).await?;
        let over =
            self.topic == Topic::Jobs && shown.ended && self.filter.values("state").is_none();
        if over || !self.filter.passes(&shown) || !sight.has(scene.state, &shown) {
            return None;
        }
        if let Memory::Shown { keys, .. } = &mut self.memory {
            keys.insert(*key);
        }
        Some(shown)
    }

    /// After a resume: what passes now is what the client has, but for what has changed.
    async fn remember_all(&mut self, scene: &Scene<'_>) {
        if !matches!(self.memory, Memory::Shown { .. }) {
            return;
        }
        let Some(sight) = scene.viewer.sight(scene.state, self.topic) else {
            return;
        };
        let tenant = scene.viewer.tenant;
        let mut listing = Listing::of(scene.state, self.topic, tenant, &self.filter);
        loop {
            let (keys, more) = listing.page(scene.state, &self.filter);
            for key in keys {
                self.there(scene, &sight, &key).await;
            }
            if !more {
                return;
            }
        }
    }

    /// Activities and logs: a change says only that there is something to see.
    async fn look_again(
        &mut self,
        scene: &Scene<'_>,
        sight: &Sight,
        out: &mut Out<'_>,
    ) -> Result<(), End> {
        let (state, tenant) = (scene.state, scene.viewer.tenant);
        // Only that they came matters; one that was lost says the same.
        let _ = self.following.step(STEP);
        let seq = self.following.text(self.following.cursor());
        match &mut self.memory {
            Memory::Painted(painted) => {
                for (kind, json) in painted.look(state, tenant).await {
                    out.send(frames::change(&self.id, &seq, kind, &json))
                        .await?;
                }
            }
            Memory::Read(read) => {
                loop {
                    let lines = read.look(state, tenant).await;
                    if lines.is_empty() {
                        break;
                    }
                    for line in lines.iter().filter(|line| sight.has(state, line)) {
                        out.send(frames::change(&self.id, &seq, Kind::Created, &line.json))
                            .await?;
                    }
                }
                self.due = read.take_failed().then(|| Instant::now() + AGAIN);
            }
            Memory::None | Memory::Shown { .. } => {}
        }
        Ok(())
    }

    async fn figures(&mut self, scene: &Scene<'_>, out: &mut Out<'_>) -> Result<(), End> {
        self.due = Some(self.flushed + figures::EVERY);
        let json = scene
            .state
            .live
            .figures
            .of(scene.state, scene.viewer.tenant);
        let seq = self.following.text(self.following.cursor());
        out.send(frames::change(&self.id, &seq, Kind::Changed, &json))
            .await
    }
}
