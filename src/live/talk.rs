//! A connection after its hello.
//!
//! Owns: whose turn it is: each turn does one bounded piece of one subscription, and in between what arrives is heard, the
//! token is asked about, and the client is pinged. Never: says more than the reader takes; it goes on with the newest state
//! when the reader has taken what it was told.
//!
//! ```text
//!      ┌────────────────────────────────────────────────────────────────────────────────────────┐
//!      ▼                                                                                        │
//!  message │ bytes were taken │ something has changed │ time: token, ping, silence, stall,      │
//!      │                                               a piece of what is due, if there is room ─┤
//!      └─ refused, gone, too slow, silent, the server leaves ─▶ End                             └┘
//! ```

use super::{
    frames,
    message::{self, Refused, Said},
    out::{Out, SLOW, Turn},
    socket::{End, NO_TOKEN, text},
    subscription::{Scene, Subscription, Turned},
    viewer::Viewer,
};
use crate::server::State;
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// A reader that has not taken what it was told for so long may not let more wait than the buffer holds.
const GRACE: Duration = Duration::from_secs(1);
/// A token that should have ended, and has not, is asked about again after so long.
const AGAIN: Duration = Duration::from_secs(1);
/// Values of all filters of a connection at most, and their bytes.
const VALUES: usize = 20_000;
const VALUE_BYTES: usize = 1024 * 1024;

/// Nothing was heard of the client.
const SILENT: End = End::With(4410, "nothing was heard for too long");
/// The server leaves.
const LEAVING: End = End::With(1001, "the server stops");

/// A connection after its hello.
pub struct Talk<'s> {
    state: &'s Arc<State>,
    out: &'s mut Out,
    viewer: Viewer,
    wake: Arc<Notify>,
    subscriptions: Vec<Subscription>,
    /// Which subscription has the next turn, if it is due.
    next: usize,
    heard: Instant,
    pinged: Instant,
    /// When what waits for a full reader is weighed.
    weighed: Instant,
}

impl<'s> Talk<'s> {
    /// The viewer is welcome.
    pub fn new(state: &'s Arc<State>, out: &'s mut Out, viewer: Viewer) -> Self {
        let now = Instant::now();
        Talk {
            state,
            out,
            viewer,
            wake: Arc::default(),
            subscriptions: Vec::new(),
            next: 0,
            heard: now,
            pinged: now,
            weighed: now,
        }
    }

    /// Goes on until it ends.
    pub async fn go_on(&mut self) -> Result<(), End> {
        let mut leaving = self.state.live.leaving();
        // A guard of the watched value must not be held over an await: only the fact is kept.
        let mut left = pin!(async { leaving.wait_for(|leaving| *leaving).await.is_ok() });
        loop {
            let wake = Arc::clone(&self.wake);
            let next = self.next_time();
            tokio::select! {
                turn = self.out.turn() => match turn {
                    Turn::Heard(heard) => {
                        self.heard = Instant::now();
                        if let Some(text) = text(heard)? {
                            Box::pin(self.hear(&text)).await?;
                        }
                    }
                    // Somebody is there who reads; the answer to a ping may lie far behind.
                    Turn::Taken { late: true } => self.heard = Instant::now(),
                    Turn::Taken { late: false } => {}
                },
                () = wake.notified() => {
                    self.subscriptions.iter_mut().for_each(Subscription::look);
                }
                () = sleep_until(next) => {
                    Box::pin(self.tick()).await?;
                    Box::pin(self.turn()).await?;
                }
                _ = &mut left => return Err(LEAVING),
            }
        }
    }

    /// When something has to be done though nothing happens.
    fn next_time(&self) -> Instant {
        let limits = &self.state.config.live;
        let due = match self.out.full_since() {
            Some(since) => Some((since + GRACE).max(self.weighed + GRACE)),
            None => self.subscriptions.iter().filter_map(|one| one.due).min(),
        };
        let times = [
            due,
            self.out.stalls(),
            self.viewer.ends,
            Some(self.pinged + limits.ping),
        ];
        let times = times.into_iter().flatten();
        times.fold(self.heard + limits.silence, Instant::min)
    }

    /// A token is asked about again, a silent client is pinged, or left, and one that does not read, too.
    async fn tick(&mut self) -> Result<(), End> {
        let limits = &self.state.config.live;
        let now = Instant::now();
        if self.out.stalls().is_some_and(|stalls| stalls <= now) {
            return Err(SLOW);
        }
        if self.heard + limits.silence <= now {
            return Err(SILENT);
        }
        if self.viewer.ends.is_some_and(|ends| ends <= now) {
            self.check().await?;
            self.viewer.ends = Some(now + AGAIN);
        }
        if self.pinged + limits.ping <= now {
            self.pinged = now;
            self.check().await?;
            self.subscriptions
                .iter_mut()
                .for_each(Subscription::ask_rights);
            self.out.ping()?;
        }
        Ok(())
    }

    /// Ends it when the token is good no more.
    async fn check(&mut self) -> Result<(), End> {
        if self.viewer.is_good(self.state) {
            return Ok(());
        }
        self.refuse(&Refused {
            id: None,
            status: 401,
            code: "unauthorized",
            title: "the token is good no more".to_owned(),
        })
        .await
    }

    /// Says why it ends.
    async fn refuse(&mut self, refused: &Refused) -> Result<(), End> {
        self.out.send(frames::problem(refused))?;
        self.out.flush().await?;
        Err(NO_TOKEN)
    }

    /// A piece of what is due.
    async fn turn(&mut self) -> Result<(), End> {
        let now = Instant::now();
        if let Some(since) = self.out.full_since() {
            if since + GRACE <= now && self.weighed + GRACE <= now {
                self.weigh().await?;
            }
            return Ok(());
        }
        let count = self.subscriptions.len();
        let mut places = (0..count).map(|n| (self.next + n) % count);
        let is_due = |at: &usize| self.subscriptions[*at].due.is_some_and(|due| due <= now);
        let Some(at) = places.find(is_due) else {
            return Ok(());
        };
        self.next = at + 1;
        self.check().await?;
        let scene = Scene {
            state: self.state,
            viewer: &self.viewer,
            wake: &self.wake,
        };
        match self.subscriptions[at].turn(&scene, self.out).await? {
            Turned::On => {
                let remembered = self.subscriptions.iter().map(Subscription::remembered);
                if remembered.sum::<usize>() > self.state.config.live.remembered {
                    let refused = self.subscriptions.remove(at).too_much();
                    return self.out.send(frames::problem(&refused));
                }
                Ok(())
            }
            Turned::Over(refused) => {
                self.subscriptions.remove(at);
                self.out.send(frames::problem(&refused))
            }
        }
    }

    /// A reader that takes too little is left when more waits for it than may.
    async fn weigh(&mut self) -> Result<(), End> {
        let limit = self.state.config.live.max_buffer;
        let scene = Scene {
            state: self.state,
            viewer: &self.viewer,
            wake: &self.wake,
        };
        let mut bytes = self.out.unsent();
        for subscription in &self.subscriptions {
            bytes += subscription
                .weigh(&scene, limit.saturating_sub(bytes))
                .await;
            if bytes > limit {
                return Err(SLOW);
            }
        }
        self.weighed = Instant::now();
        Ok(())
    }

    async fn hear(&mut self, text: &str) -> Result<(), End> {
        let done = match message::read(text) {
            Err(refused) => Err(refused),
            Ok(Said::Hello { token, company }) => match Viewer::admit(self.state, token, company) {
                Err(refused) => return self.refuse(&refused).await,
                Ok(viewer) if viewer.is(&self.viewer) => {
                    self.viewer = viewer;
                    let welcome = frames::welcome(self.state.config.live.subscriptions);
                    return self.out.send(welcome);
                }
                Ok(_) => Err(Refused::new(
                    None,
                    "somebody-else",
                    "a connection stays with who has said hello first",
                )),
            },
            Ok(Said::Subscribe(wanted)) => {
                self.check().await?;
                self.subscribe(wanted)
            }
            Ok(Said::Unsubscribe { id }) => {
                let before = self.subscriptions.len();
                self.subscriptions.retain(|one| one.id != id);
                if self.subscriptions.len() < before {
                    Ok(())
                } else {
                    let title = format!("there is no subscription '{id}'");
                    Err(Refused::new(Some(&id), "unknown-subscription", title))
                }
            }
        };
        match done {
            Ok(()) => Ok(()),
            Err(refused) => self.out.send(frames::problem(&refused)),
        }
    }

    fn subscribe(&mut self, wanted: message::Subscribe) -> Result<(), Refused> {
        let id = wanted.id.clone();
        if self.subscriptions.iter().any(|one| one.id == id) {
            let title = format!("the id '{id}' is in use");
            return Err(Refused::new(Some(&id), "id-in-use", title));
        }
        if self.subscriptions.len() >= self.state.config.live.subscriptions {
            let title = "there are as many subscriptions as may be";
            return Err(Refused::new(Some(&id), "too-many-subscriptions", title));
        }
        let scene = Scene {
            state: self.state,
            viewer: &self.viewer,
            wake: &self.wake,
        };
        let subscription = Subscription::begin(&scene, wanted)?;
        let weights = self.subscriptions.iter().map(Subscription::weight);
        let (values, bytes) = weights
            .chain([subscription.weight()])
            .fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
        if values > VALUES || bytes > VALUE_BYTES {
            let title = format!(
                "the filters of all subscriptions may have {VALUES} values and {VALUE_BYTES} bytes"
            );
            return Err(Refused::new(Some(&id), "too-many-values", title));
        }
        self.subscriptions.push(subscription);
        Ok(())
    }
}
