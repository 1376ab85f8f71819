//! One subscription: the state in pages, then what changes, as its filter and the viewer's rights let it pass.
//!
//! Owns: what is done in one turn, and what comes after it. Never: does more in one turn than a page or a bounded number of
//! changes; and what it takes from the log it tells, in order, unless the filter or the rights say otherwise.
//!
//! ```text
//!  follow ─▶ not resumed ─▶ State: page ─▶ changes so far ─▶ page … the last page ─┐
//!     │                                                                            ├▶ Rest ─ dirty, every ─▶ Changes ─▶ Rest
//!     └────▶ resumed ─▶ Remember: what is there ─▶ Changes ────────────────────────┘                          └─ lost ─▶ reset ─▶ State
//! ```

mod state;
mod telling;

use super::{
    activities::Painted,
    cases::NotNow,
    figures,
    filter::Filter,
    frames,
    keys::Keys,
    listing::Listing,
    logs::Read,
    message::{Refused, Subscribe},
    out::Out,
    pages::Pages,
    socket::End,
    viewer::{Sight, Viewer},
};
use crate::server::State;
use actors::live::{Entry, Following, Kind, Step, Topic};
use org::Rights;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{sync::Notify, time::Instant};

/// Changes that are looked at in one turn.
const STEP: usize = 256;
/// What could not be shown is tried again after so long.
const RETRY: Duration = Duration::from_secs(1);

/// A subscription.
pub struct Subscription {
    /// The client's name for it.
    pub id: String,
    topic: Topic,
    filter: Filter,
    every: Duration,
    following: Following,
    /// The rights with which it was shown so far, where they matter.
    rights: Option<Rights>,
    /// The client has asked to go on where it was, and could not.
    anew: bool,
    flushed: Instant,
    /// When there is something to be done.
    pub due: Option<Instant>,
    stage: Stage,
    /// What was taken from the log, and the place before it.
    taken: VecDeque<Arc<Entry>>,
    seen: u64,
    memory: Memory,
}

/// What is under way.
enum Stage {
    /// Nothing.
    Rest,
    /// The state, and until where the log is told before the next page.
    State(Box<Pages>, u64),
    /// After a resume: what passes now is what the client has, but for what has changed.
    Remember(Box<Listing>),
    /// What has changed until here.
    Changes(u64),
    /// What was found when it was looked again.
    Found(VecDeque<(Kind, Box<str>)>),
}

/// What has to be kept in mind.
enum Memory {
    /// Nothing.
    None,
    /// What has been shown.
    Keys(Keys),
    /// Activities as they were shown.
    Painted(Painted),
    /// How far logs were shown.
    Read(Read),
}

/// What all of one turn needs.
pub struct Scene<'s> {
    pub state: &'s Arc<State>,
    pub viewer: &'s Viewer,
    pub wake: &'s Arc<Notify>,
}

/// What comes of a turn.
pub enum Turned {
    /// It goes on.
    On,
    /// It ends, and why.
    Over(Refused),
}

impl Subscription {
    /// Begins to follow. Nothing is sent before the first turn, which is due at once.
    pub fn begin(scene: &Scene<'_>, wanted: Subscribe) -> Result<Self, Refused> {
        let (state, tenant) = (scene.state, scene.viewer.tenant);
        let filter = Filter::read(state, tenant, wanted.topic, &wanted.id, &wanted.filter)?;
        let Some(sight) = scene.viewer.sight(state, wanted.topic) else {
            return Err(forbidden(&wanted.id));
        };
        let after = wanted.resume.as_deref();
        // What has left their sight meanwhile could not be told from what was never in it.
        let after = after.filter(|_| !moves(wanted.topic, &sight));
        let following = state.engine.follow(
            wanted.topic,
            tenant,
            filter.scopes(),
            after,
            Arc::clone(scene.wake),
        );
        let now = Instant::now();
        let resumed = following.resumed();
        let mut subscription = Subscription {
            id: wanted.id,
            topic: wanted.topic,
            filter,
            every: wanted.every,
            following,
            rights: None,
            anew: wanted.resume.is_some() && !resumed,
            flushed: now,
            due: Some(now),
            stage: Stage::Rest,
            taken: VecDeque::new(),
            seen: 0,
            memory: Memory::None,
        };
        subscription.start(scene, &sight);
        // Asked after its groups were looked up: what has changed later is found in its turn.
        let asks_who = resumed && subscription.filter.asks_who();
        if asks_who && !after.is_some_and(|seq| state.engine.live.knows_people(seq)) {
            subscription.begin_anew(scene, &sight);
        }
        Ok(subscription)
    }

    /// What comes first.
    fn start(&mut self, scene: &Scene<'_>, sight: &Sight) {
        let resumed = self.following.resumed();
        self.rights = sight.rights().cloned();
        self.taken.clear();
        self.memory = match self.topic {
            Topic::Activities => Memory::Painted(Painted::of(&self.filter)),
            Topic::Logs => Memory::Read(Read::of(&self.filter)),
            _ if self.filter.loose || moves(self.topic, sight) => Memory::Keys(Keys::new(resumed)),
            _ => Memory::None,
        };
        self.stage = match (resumed, &self.memory) {
            (true, Memory::Keys(_)) => Stage::Remember(Box::new(self.listing(scene))),
            (true, _) => Stage::Changes(self.following.last()),
            (false, Memory::Painted(_) | Memory::Read(_)) => Stage::State(Box::default(), 0),
            (false, Memory::None | Memory::Keys(_)) if self.topic == Topic::Figures => {
                Stage::State(Box::default(), 0)
            }
            (false, Memory::None | Memory::Keys(_)) => {
                let pages = Pages::listed(self.listing(scene));
                Stage::State(Box::new(pages), 0)
            }
        };
        self.due = Some(Instant::now());
    }

    /// Something may have come: then it is due, at the earliest one coalescing after the last time. While something is under
    /// way it is not asked, so that it is found afterwards.
    pub fn look(&mut self) {
        if self.due.is_none() && self.following.take_dirty() {
            self.due = Some(self.flushed + self.every);
        }
    }

    /// How many entities it keeps in mind.
    pub fn remembered(&self) -> usize {
        match &self.memory {
            Memory::Keys(keys) => keys.count(),
            Memory::None | Memory::Painted(_) | Memory::Read(_) => 0,
        }
    }

    /// Why it ends when the connection keeps more in mind than it may.
    pub fn too_much(&self) -> Refused {
        Refused {
            status: 413,
            ..Refused::new(
                Some(&self.id),
                "too-much-remembered",
                "filters of what changes keep in mind what they have shown, and that is too much",
            )
        }
    }

    /// It is asked whether the rights are still the same.
    pub fn ask_rights(&mut self) {
        if self.rights.is_some() && self.due.is_none() {
            self.due = Some(Instant::now());
        }
    }

    /// How many values its filter has, and their bytes.
    pub fn weight(&self) -> (usize, usize) {
        self.filter.weight()
    }

    fn listing(&self, scene: &Scene<'_>) -> Listing {
        Listing::of(scene.state, self.topic, scene.viewer.tenant, &self.filter)
    }

    /// Does one piece of what is due; the reader has room.
    pub async fn turn(&mut self, scene: &Scene<'_>, out: &mut Out) -> Result<Turned, End> {
        let Some(sight) = scene.viewer.sight(scene.state, self.topic) else {
            return Ok(Turned::Over(forbidden(&self.id)));
        };
        // When groups change, what passes does without a change of anything that would pass.
        let who = self.filter.look_up(scene.state, scene.viewer.tenant);
        if who || sight.rights() != self.rights.as_ref() {
            self.begin_anew(scene, &sight);
        }
        if std::mem::take(&mut self.anew) {
            out.send(frames::reset(&self.id))?;
        }
        let done = match std::mem::replace(&mut self.stage, Stage::Rest) {
            Stage::Rest => self.flush(scene, &sight, out).await,
            Stage::State(pages, until) => self.state(scene, &sight, out, pages, until).await,
            Stage::Remember(listing) => self.remember(scene, &sight, listing).await,
            Stage::Changes(until) => self.changes(scene, &sight, out, until).await,
            Stage::Found(found) => self.tell_found(scene, &sight, out, found).await,
        };
        match done {
            Ok(()) => self.rest(),
            Err(Stop::NotNow) => self.due = Some(Instant::now() + RETRY),
            Err(Stop::End(end)) => return Err(end),
        }
        Ok(Turned::On)
    }

    /// What comes after a turn.
    fn rest(&mut self) {
        self.due = match self.stage {
            Stage::Rest if self.topic == Topic::Figures => Some(self.flushed + figures::EVERY),
            Stage::Rest => None,
            Stage::State(..) | Stage::Remember(_) | Stage::Changes(_) | Stage::Found(_) => {
                Some(Instant::now())
            }
        };
        self.look();
    }

    /// What was missed is not known, or what may be seen is something else: all of it again.
    fn begin_anew(&mut self, scene: &Scene<'_>, sight: &Sight) {
        self.anew = true;
        self.follow_anew(scene);
        self.start(scene, sight);
    }

    fn follow_anew(&mut self, scene: &Scene<'_>) {
        let scopes = self.filter.scopes();
        let (tenant, wake) = (scene.viewer.tenant, Arc::clone(scene.wake));
        let engine = &scene.state.engine;
        self.following = engine.follow(self.topic, tenant, scopes, None, wake);
    }

    /// Goes on where a change says only that there is something to see; one that was lost says the same of everything.
    fn step_over(&mut self, scene: &Scene<'_>) -> Step {
        let step = self.following.step(usize::MAX);
        if let Step::Lost = step {
            self.follow_anew(scene);
        }
        step
    }

    /// What is due when nothing is under way.
    async fn flush(&mut self, scene: &Scene<'_>, sight: &Sight, out: &mut Out) -> Result<(), Stop> {
        self.flushed = Instant::now();
        // In this order: what is marked later is looked at later.
        self.following.take_dirty();
        let until = self.following.last();
        match self.memory {
            Memory::Painted(_) | Memory::Read(_) => {
                let step = self.step_over(scene);
                let tenant = scene.viewer.tenant;
                let found = match &mut self.memory {
                    Memory::Painted(painted) => painted.look(scene.state, tenant, step).await,
                    Memory::None | Memory::Keys(_) | Memory::Read(_) => Vec::new(),
                };
                self.tell_found(scene, sight, out, found.into()).await
            }
            Memory::None | Memory::Keys(_) if self.topic == Topic::Figures => {
                let figures = &scene.state.live.figures;
                let json = figures.of(scene.state, scene.viewer.tenant);
                let seq = self.following.text(until);
                let frame = frames::change(&self.id, &seq, Kind::Changed, &json);
                if out.has_room(frame.len()) {
                    out.send(frame)?;
                }
                Ok(())
            }
            Memory::None | Memory::Keys(_) => self.changes(scene, sight, out, until).await,
        }
    }

    /// What has changed, until there.
    async fn changes(
        &mut self,
        scene: &Scene<'_>,
        sight: &Sight,
        out: &mut Out,
        until: u64,
    ) -> Result<(), Stop> {
        self.stage = Stage::Changes(until);
        if self.tell(scene, sight, out, until, false).await? == Progress::Done {
            self.stage = Stage::Rest;
            if let Memory::Keys(keys) = &mut self.memory {
                keys.are_known();
            }
        }
        Ok(())
    }
}

/// How far a turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// All is told.
    Done,
    /// There is more, or no room.
    Piece,
    /// It has begun anew.
    Anew,
}

/// Why a turn is not done.
enum Stop {
    /// Something cannot be shown now.
    NotNow,
    End(End),
}

impl From<End> for Stop {
    fn from(end: End) -> Self {
        Stop::End(end)
    }
}

impl From<NotNow> for Stop {
    fn from(_: NotNow) -> Self {
        Stop::NotNow
    }
}

fn forbidden(id: &str) -> Refused {
    Refused {
        status: 403,
        ..Refused::new(Some(id), "forbidden", "you may not see this topic")
    }
}

/// Whether what is seen may leave the sight by going to another department.
fn moves(topic: Topic, sight: &Sight) -> bool {
    let stays = matches!(
        topic,
        Topic::Jobs | Topic::Runs | Topic::Logs | Topic::TaskQueues
    );
    !stays && !sight.is_everything()
}
