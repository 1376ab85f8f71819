//! What is there: the pages of the state, and what is kept in mind of it after a resume.
//! Never: tells a page that is older than a change which was told before it.

use super::{Memory, NotNow, Progress, Scene, Stage, Stop, Subscription};
use crate::live::{
    cases, frames,
    listing::Listing,
    out::Out,
    pages::{Page, Pages},
    viewer::Sight,
};
use actors::live::{Shown, Topic};
use tokio::time::Instant;

impl Subscription {
    /// A page of the state, or of what has changed before it.
    pub(super) async fn state(
        &mut self,
        scene: &Scene<'_>,
        sight: &Sight,
        out: &mut Out,
        mut pages: Box<Pages>,
        until: u64,
    ) -> Result<(), Stop> {
        // A page that waits is older than what would be told now.
        if pages.waiting.is_none() {
            match self.tell(scene, sight, out, until, true).await {
                Ok(Progress::Done) => {}
                Ok(Progress::Anew) => return Ok(()),
                Ok(Progress::Piece) => {
                    self.stage = Stage::State(pages, until);
                    return Ok(());
                }
                Err(stop) => {
                    self.stage = Stage::State(pages, until);
                    return Err(stop);
                }
            }
            let page = match self.page(scene, sight, &mut pages, out.page_bytes()).await {
                Ok(page) => page,
                Err(NotNow) => {
                    self.stage = Stage::State(pages, until);
                    return Err(Stop::NotNow);
                }
            };
            let cursor = self.following.cursor();
            let seq = match page.more {
                true => self.following.unfinished(cursor),
                false => self.following.text(cursor),
            };
            // One without items says nothing, unless it is the last.
            if !page.more || !page.items.is_empty() {
                let frame = frames::state(&self.id, &seq, &page.items, page.more);
                pages.waiting = Some((frame, page.more));
            }
        }
        let (said, more) = match pages.waiting.take() {
            None => (true, true),
            Some((frame, more)) if out.has_room(frame.len()) => {
                out.send(frame)?;
                (true, more)
            }
            Some(frame) => {
                pages.waiting = Some(frame);
                (false, true)
            }
        };
        if more {
            let until = if said { self.following.last() } else { until };
            self.stage = Stage::State(pages, until);
        }
        Ok(())
    }

    /// The next page: what of it passes.
    async fn page(
        &mut self,
        scene: &Scene<'_>,
        sight: &Sight,
        pages: &mut Pages,
        bytes: usize,
    ) -> Result<Page, NotNow> {
        let (state, tenant) = (scene.state, scene.viewer.tenant);
        match &mut self.memory {
            Memory::Painted(painted) if pages.is_new() => {
                pages.found(painted.all(state, tenant).await, true);
            }
            Memory::Read(read) => {
                while pages.is_short() {
                    let lines = read.look(state, tenant).await?;
                    let over = lines.is_empty();
                    let seen = lines.into_iter().filter(|line| sight.has(state, line));
                    pages.found(seen.map(|line| line.json), over);
                }
            }
            Memory::None | Memory::Keys(_) if self.topic == Topic::Figures => {
                self.flushed = Instant::now();
                let figures = state.live.figures.of(state, tenant);
                pages.found([Box::from(&*figures)], true);
            }
            Memory::None | Memory::Keys(_) => pages.list(state, &self.filter),
            Memory::Painted(_) => {}
        }
        let mut page = pages.page_of_found(bytes);
        while let Some(key) = pages.next_key() {
            let shown = match cases::show(state, &key, None).await {
                Ok(shown) => shown.filter(|shown| self.is_there(state, sight, shown)),
                // What was found is told first; then it is met again.
                Err(NotNow) if !page.items.is_empty() => break,
                Err(NotNow) => return Err(NotNow),
            };
            if let Some(shown) = shown {
                if !page.takes(shown.json.len(), bytes) {
                    break;
                }
                if let Memory::Keys(keys) = &mut self.memory
                    && !shown.ended
                {
                    keys.insert(key);
                }
                page.items.push(shown.json);
            }
            pages.pass_key();
        }
        page.more = !pages.are_over();
        Ok(page)
    }

    /// After a resume, what passes is kept in mind.
    pub(super) async fn remember(
        &mut self,
        scene: &Scene<'_>,
        sight: &Sight,
        mut listing: Box<Listing>,
    ) -> Result<(), Stop> {
        let (keys, more) = listing.page(scene.state, &self.filter);
        for key in keys {
            let shown = match cases::show(scene.state, &key, None).await {
                Ok(shown) => shown,
                Err(NotNow) => {
                    // From the beginning: what is in mind already stays there.
                    self.stage = Stage::Remember(Box::new(self.listing(scene)));
                    return Err(Stop::NotNow);
                }
            };
            let is_there = |shown: &Shown| !shown.ended && self.is_there(scene.state, sight, shown);
            if shown.is_some_and(|shown| is_there(&shown))
                && let Memory::Keys(keys) = &mut self.memory
            {
                keys.insert(key);
            }
        }
        self.stage = if more {
            Stage::Remember(listing)
        } else {
            // What has left the filter by now is found among the changes, not only in what is listed no more.
            scene.state.engine.catch_up();
            self.following.take_dirty();
            Stage::Changes(self.following.last())
        };
        Ok(())
    }
}
