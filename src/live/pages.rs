//! The state of a subscription in pages.
//! Never: holds more than the page that is sent, but for what its caller has in hand.

use super::{
    frames::StatePage,
    listing::PAGE,
    logs::Read,
    socket::{End, Out},
    subscription::Scene,
    viewer::Sight,
};

/// The pages of a state.
pub struct Pages {
    /// The subscription.
    pub id: String,
    /// What to resume from once all of them are there.
    pub seq: String,
    /// From a page that is not the last one, nothing can be resumed: it is not all.
    pub unfinished: String,
}

impl Pages {
    /// One page.
    pub async fn page(&self, items: &[Box<str>], more: bool, out: &mut Out<'_>) -> Result<(), End> {
        let seq = if more { &self.unfinished } else { &self.seq };
        let mut page = StatePage::begin(&self.id, seq);
        items.iter().for_each(|json| page.push(json));
        out.send(page.end(more)).await
    }

    /// The last pages.
    pub async fn send(&self, all: Vec<Box<str>>, out: &mut Out<'_>) -> Result<(), End> {
        let mut rest = all.as_slice();
        while rest.len() > PAGE {
            let (page, after) = rest.split_at(PAGE);
            self.page(page, true, out).await?;
            rest = after;
        }
        self.page(rest, false, out).await
    }

    /// All lines of logs that there are.
    pub async fn lines(
        &self,
        read: &mut Read,
        scene: &Scene<'_>,
        sight: &Sight,
        out: &mut Out<'_>,
    ) -> Result<(), End> {
        let mut waiting: Vec<Box<str>> = Vec::new();
        loop {
            let lines = read.look(scene.state, scene.viewer.tenant).await;
            if lines.is_empty() {
                return self.send(waiting, out).await;
            }
            if !waiting.is_empty() {
                self.page(&waiting, true, out).await?;
            }
            let seen = lines
                .into_iter()
                .filter(|line| sight.has(scene.state, line));
            waiting = seen.map(|line| line.json).collect();
        }
    }
}
