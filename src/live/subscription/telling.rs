//! What has changed, and what waits to be told.
//! Never: moves on before something is told, or known not to be this subscriber's.

use super::{Memory, Progress, STEP, Scene, Stage, Stop, Subscription};
use crate::{
    live::{
        cases, frames,
        keys::{Change, Told},
        out::Out,
        viewer::Sight,
    },
    server::State,
};
use actors::live::{Entry, Kind, Shown, Step, Topic};
use std::{collections::VecDeque, sync::Arc};

/// Changes that are weighed.
const WEIGHED: usize = 4_096;

impl Subscription {
    /// Tells a bounded number of changes, until a place in the log. `unfinished`: the state is not whole yet.
    pub(super) async fn tell(
        &mut self,
        scene: &Scene<'_>,
        sight: &Sight,
        out: &mut Out,
        until: u64,
        unfinished: bool,
    ) -> Result<Progress, Stop> {
        if self.taken.is_empty() {
            if self.following.cursor() >= until {
                return Ok(Progress::Done);
            }
            self.seen = self.following.cursor();
            match self.following.step(STEP) {
                Step::Changes(entries) => self.taken = entries.into(),
                Step::Lost => {
                    self.begin_anew(scene, sight);
                    return Ok(Progress::Anew);
                }
            }
        }
        while let Some(entry) = self.taken.front() {
            let entry = Arc::clone(entry);
            if let Some(shown) = cases::shown(scene.state, &entry).await? {
                if !out.has_room(frames::change_bytes(&self.id, &shown.json)) {
                    return Ok(Progress::Piece);
                }
                if let Some(told) = self.judge(scene.state, sight, &entry, &shown) {
                    let seq = match unfinished {
                        true => self.following.unfinished(entry.seq),
                        false => self.following.text(entry.seq),
                    };
                    let frame = match told {
                        Told::Whole(kind) => frames::change(&self.id, &seq, kind, &shown.json),
                        Told::GoneById => {
                            let json = cases::only_id(&entry.key);
                            frames::change(&self.id, &seq, Kind::Ended, &json)
                        }
                    };
                    out.send(frame)?;
                }
            } else if let Memory::Keys(keys) = &mut self.memory {
                keys.keep_in_mind(entry.key);
            }
            self.taken.pop_front();
        }
        self.taken = VecDeque::new();
        Ok(match self.following.cursor() >= until {
            true => Progress::Done,
            false => Progress::Piece,
        })
    }

    /// What a change is to this subscriber; none: nothing.
    fn judge(
        &mut self,
        state: &State,
        sight: &Sight,
        entry: &Entry,
        shown: &Shown,
    ) -> Option<Told> {
        let change = Change {
            key: entry.key,
            kind: entry.kind(self.seen),
            is_seen: sight.has(state, shown),
            passes: self.filter.passes(shown),
            may_have_passed: self.filter.may_have_passed(shown),
            is_over: self.is_over(shown, entry.gone.is_some()),
            has_ended: shown.ended || entry.gone.is_some(),
        };
        match &mut self.memory {
            Memory::Keys(keys) => keys.judge(&change),
            Memory::None | Memory::Painted(_) | Memory::Read(_) => change.judge(),
        }
    }

    /// Whether something passes, but is not there any more: it is told once that it has ended.
    fn is_over(&self, shown: &Shown, gone: bool) -> bool {
        match self.topic {
            // The filter decides: without one it is what runs.
            Topic::Instances => false,
            Topic::Jobs | Topic::Runs => shown.ended && self.filter.values("state").is_none(),
            _ => gone,
        }
    }

    /// Whether something that is there is shown.
    pub(super) fn is_there(&self, state: &State, sight: &Sight, shown: &Shown) -> bool {
        !self.is_over(shown, false) && self.filter.passes(shown) && sight.has(state, shown)
    }

    /// Activities and logs: a change has said only that there is something to see.
    pub(super) async fn tell_found(
        &mut self,
        scene: &Scene<'_>,
        sight: &Sight,
        out: &mut Out,
        mut found: VecDeque<(Kind, Box<str>)>,
    ) -> Result<(), Stop> {
        let (state, tenant) = (scene.state, scene.viewer.tenant);
        if let (true, Memory::Read(read)) = (found.is_empty(), &mut self.memory) {
            self.stage = Stage::Found(VecDeque::new());
            let lines = read.look(state, tenant).await?.into_iter();
            let seen = lines.filter(|line| sight.has(state, line));
            found.extend(seen.map(|line| (Kind::Created, line.json)));
            self.stage = Stage::Rest;
        }
        if found.is_empty() {
            return Ok(());
        }
        let seq = self.following.text(self.following.cursor());
        while let Some((kind, json)) = found.front() {
            let frame = frames::change(&self.id, &seq, *kind, json);
            if !out.has_room(frame.len()) {
                break;
            }
            out.send(frame)?;
            found.pop_front();
        }
        // There may be more lines than one look gives.
        let again = matches!(self.memory, Memory::Read(_));
        if again || !found.is_empty() {
            self.stage = Stage::Found(found);
        }
        Ok(())
    }

    /// Bytes of what would be told now; more than the limit is not looked at.
    pub async fn weigh(&self, scene: &Scene<'_>, limit: u64) -> u64 {
        let sight = match &self.memory {
            Memory::None | Memory::Keys(_) => scene.viewer.sight(scene.state, self.topic),
            Memory::Painted(_) | Memory::Read(_) => None,
        };
        let Some(sight) = sight else {
            return 0;
        };
        let behind = self.following.peek(WEIGHED).unwrap_or_default();
        let mut bytes = 0;
        for entry in self.taken.iter().chain(&behind) {
            if let Ok(Some(shown)) = cases::shown(scene.state, entry).await
                && self.filter.passes(&shown)
                && sight.has(scene.state, &shown)
            {
                bytes += frames::change_bytes(&self.id, &shown.json) as u64;
            }
            if bytes > limit {
                break;
            }
        }
        bytes
    }
}
