//! The robot itself: one offer or run at a time, results and logs until the server has them.
//!
//! Owns: what follows from what the server says and what a run says. Never: waits for either.
//!
//! ```text
//!  offer ─▶ Preparing ─▶ on disk ─▶ accept ─▶ Accepted ─ start ─▶ Running ─▶ result on disk ─▶ Past ─ acknowledged ─▶ gone
//! ```

mod offers;
mod past;
mod verdicts;

use super::{
    Error, contents, failed,
    link::{self, Event, Outgoing},
    logs::{Logs, Voice},
    messages::{self, Heard, Offer, Run, Stage},
    options::Options,
    runner::{Order, Report, Reports, Why},
    store::{Home, State, Store},
};
use past::Past;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    time::{Instant, sleep_until},
};

/// Reports that wait; a run that says more waits too.
const REPORTS: usize = 256;
/// A run has so long to end by itself when its robot ends or has lost contact.
const STOP_GRACE: Duration = Duration::from_secs(10);
/// The robot waits so long for the last acknowledgements.
const LAST_ACKS: Duration = Duration::from_secs(3);
/// The server has so long to say when it gives a run up; until then its own default.
const LOST_AFTER: Duration = Duration::from_secs(300);
/// Nothing happens by the clock: a day.
const NEVER: Duration = Duration::from_secs(86_400);

/// What the robot works on.
enum Phase {
    /// It looks at the package; nothing is promised.
    Preparing,
    /// It has promised.
    Accepted(Home),
    /// It runs.
    Running(Running),
}

/// A run that has been started.
struct Running {
    home: Home,
    logs: Logs,
    orders: mpsc::UnboundedSender<Order>,
    is_paused: bool,
    is_stopping: bool,
    /// The server knows it no longer: nothing of it is said.
    is_forgotten: bool,
}

struct Current {
    offer: Offer,
    phase: Phase,
}

/// The end of the robot, once it is in sight.
struct Leaving {
    because: Option<Error>,
    deadline: Option<Instant>,
}

struct Agent {
    options: Options,
    store: Store,
    reports: Reports,
    capabilities: Vec<&'static str>,
    /// None while there is no connection.
    out: Option<mpsc::UnboundedSender<Outgoing>>,
    is_welcome: bool,
    /// When the server has surely heard this robot.
    contact: Instant,
    lost_after: Duration,
    current: Option<Current>,
    past: BTreeMap<Run, Past>,
    leaving: Option<Leaving>,
}

/// Works until told to stop, or until there is no sense in going on.
pub async fn run(options: Options, store: Store) -> Result<(), Error> {
    let (reports, mut reported) = mpsc::channel(REPORTS);
    let mut terminate = signal(SignalKind::terminate()).map_err(failed("signals"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed("signals"))?;
    let mut agent = Agent::new(options.clone(), store, reports)?;
    let mut events = link::keep(options);
    let mut batch = Vec::new();
    while !agent.is_done() {
        let due = agent.due();
        tokio::select! {
            Some(event) = events.recv() => agent.on_event(event)?,
            _ = reported.recv_many(&mut batch, REPORTS) => agent.on_reports(&mut batch)?,
            _ = terminate.recv() => agent.leave(None),
            _ = interrupt.recv() => agent.leave(None),
            () = sleep_until(due) => agent.on_time()?,
        }
    }
    agent.say_bye(&mut events).await;
    match agent.leaving.and_then(|leaving| leaving.because) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

impl Agent {
    fn new(options: Options, store: Store, reports: Reports) -> Result<Self, Error> {
        let mut agent = Self {
            options,
            store,
            reports,
            capabilities: contents::capabilities(),
            out: None,
            is_welcome: false,
            contact: Instant::now(),
            lost_after: LOST_AFTER,
            current: None,
            past: BTreeMap::new(),
            leaving: None,
        };
        let found = agent.store.found().map_err(failed("reading the runs"))?;
        for found in found {
            let run = found.offer.run();
            match found.state {
                State::Accepted => {
                    // At most one is promised; of two, the newer.
                    agent.drop_promise()?;
                    agent.current = Some(Current {
                        offer: found.offer,
                        phase: Phase::Accepted(found.home),
                    });
                }
                State::LeftOver => agent.keep(run, found.home, None)?,
                State::Finished(result) => agent.keep(run, found.home, Some(result))?,
            }
        }
        Ok(agent)
    }

    fn on_event(&mut self, event: Event) -> Result<(), Error> {
        match event {
            Event::Up(out) => {
                self.out = Some(out);
                self.is_welcome = false;
                let hello = messages::hello(
                    &self.capabilities,
                    (self.leaving.is_none(), self.options.auto_accept),
                    &self.named(),
                );
                self.say(hello);
            }
            Event::Heard(message) => match Heard::read(&message) {
                Ok(heard) => self.on_heard(heard)?,
                Err(cause) => tracing::warn!(cause, "a message is not understood"),
            },
            Event::Contact(at) => self.contact = self.contact.max(at),
            Event::Down => {
                self.out = None;
                self.is_welcome = false;
                // The server offers it elsewhere.
                if matches!(
                    &self.current,
                    Some(Current {
                        phase: Phase::Preparing,
                        ..
                    })
                ) {
                    self.current = None;
                }
            }
            Event::Over(error) => {
                self.out = None;
                self.is_welcome = false;
                self.leave(Some(error));
            }
        }
        Ok(())
    }

    /// The runs that hello names.
    fn named(&self) -> Vec<(Run, Stage)> {
        let current = self.current.iter().filter_map(|current| {
            let stage = match &current.phase {
                Phase::Preparing => return None,
                Phase::Accepted(_) => Stage::Accepted,
                Phase::Running(running) if running.is_forgotten => return None,
                Phase::Running(running) if running.is_paused => Stage::Paused,
                Phase::Running(_) => Stage::Running,
            };
            Some((current.offer.run(), stage))
        });
        let past = self.past.iter().filter(|(_, past)| past.has_result());
        current
            .chain(past.map(|(run, _)| (run.clone(), Stage::Finished)))
            .collect()
    }

    fn on_reports(&mut self, reports: &mut Vec<(Run, Report)>) -> Result<(), Error> {
        let mut lines: Vec<(Voice, String)> = Vec::new();
        for (run, report) in reports.drain(..) {
            let is_current = self
                .current
                .as_ref()
                .is_some_and(|current| current.offer.run() == run);
            if !is_current {
                continue;
            }
            match report {
                Report::Line(voice, text) => lines.push((voice, text)),
                Report::Ready(ready) => self.on_ready(ready)?,
                Report::Paused => self.on_paused(&run, true),
                Report::Resumed => self.on_paused(&run, false),
                Report::Ended(result) => {
                    self.log(std::mem::take(&mut lines))?;
                    self.on_ended(run, result)?;
                }
            }
        }
        self.log(lines)?;
        self.deliver()
    }

    fn running(&mut self) -> Option<&mut Running> {
        match self.current.as_mut().map(|current| &mut current.phase) {
            Some(Phase::Running(running)) => Some(running),
            Some(Phase::Preparing | Phase::Accepted(_)) | None => None,
        }
    }

    fn log(&mut self, lines: Vec<(Voice, String)>) -> Result<(), Error> {
        let at = jiff::Timestamp::now().to_string();
        match self.running() {
            Some(running) if !lines.is_empty() => running
                .logs
                .add(&at, &lines)
                .map_err(failed("keeping logs")),
            Some(_) | None => Ok(()),
        }
    }

    fn on_paused(&mut self, run: &Run, is_paused: bool) {
        if let Some(running) = self.running() {
            running.is_paused = is_paused;
        }
        let kind = if is_paused { "paused" } else { "resumed" };
        self.say_if_welcome(messages::about(kind, run, json!({})));
    }

    fn on_ended(&mut self, run: Run, result: Value) -> Result<(), Error> {
        let phase = self.current.take().map(|current| current.phase);
        let Some(Phase::Running(running)) = phase else {
            return Ok(());
        };
        tracing::info!(
            run = run.run_instance_id,
            status = result["status"].as_str().unwrap_or_default(),
            "a run has ended"
        );
        if running.is_forgotten {
            return running.home.remove().map_err(failed("removing a run"));
        }
        running
            .home
            .finish(&result)
            .map_err(failed("keeping a result"))?;
        let past = Past::new(running.home, running.logs, Some(result));
        self.past.insert(run, past);
        Ok(())
    }

    fn stop(&mut self, why: Why, grace: Duration) {
        if let Some(running) = self.running() {
            running.is_stopping = true;
            // A run that cannot hear has ended; its report is on the way.
            running
                .orders
                .send(Order::Stop(why, grace))
                .unwrap_or_default();
        }
    }

    /// When something happens by the clock next.
    fn due(&mut self) -> Instant {
        let lost = self.contact + self.contact_limit();
        let mut due = Instant::now() + NEVER;
        if self.running().is_some_and(|running| !running.is_stopping) {
            due = due.min(lost);
        }
        if self.is_welcome {
            let again = self.past.values().filter_map(Past::again_at).min();
            due = due.min(again.unwrap_or(due));
        }
        let deadline = self.leaving.as_ref().and_then(|leaving| leaving.deadline);
        due.min(deadline.unwrap_or(due))
    }

    /// Without contact for longer, the server may begin the job elsewhere.
    fn contact_limit(&self) -> Duration {
        let earlier = self.lost_after.saturating_sub(Duration::from_secs(30));
        earlier.max(self.lost_after / 2)
    }

    fn on_time(&mut self) -> Result<(), Error> {
        let is_lost = self.contact.elapsed() >= self.contact_limit();
        let runs = self.running().is_some_and(|running| !running.is_stopping);
        if is_lost && runs {
            tracing::warn!("no contact with the server for too long: the run is ended");
            // No grace: the same job may begin elsewhere any moment.
            self.stop(Why::NoContact, Duration::ZERO);
        }
        self.deliver()
    }

    /// The robot is to end; asked again, it ends at once.
    fn leave(&mut self, because: Option<Error>) {
        let is_urgent = self.leaving.is_some() || because.is_some();
        let grace = if is_urgent {
            Duration::ZERO
        } else {
            STOP_GRACE
        };
        if self.leaving.is_none() {
            self.say_if_welcome(json!({ "type": "accepting", "value": false }));
            self.leaving = Some(Leaving {
                because,
                deadline: None,
            });
        }
        self.stop(Why::Leaving, grace);
    }

    /// Whether there is nothing more to do before the end.
    fn is_done(&mut self) -> bool {
        let runs = self.running().is_some();
        let has_work = self.is_welcome && self.past.values().any(Past::has_result);
        let Some(leaving) = &mut self.leaving else {
            return false;
        };
        if runs {
            return false;
        }
        let deadline = *leaving.deadline.get_or_insert(Instant::now() + LAST_ACKS);
        !has_work || Instant::now() >= deadline
    }

    fn say(&self, message: Value) {
        if let Some(out) = &self.out {
            // A connection that has just ended says so itself.
            out.send(Outgoing::Say(message)).unwrap_or_default();
        }
    }

    fn say_if_welcome(&self, message: Value) {
        if self.is_welcome {
            self.say(message);
        }
    }

    async fn say_bye(&mut self, events: &mut mpsc::Receiver<Event>) {
        let Some(out) = self.out.take() else {
            return;
        };
        let bye = Outgoing::Bye(json!({ "type": "bye" }));
        out.send(bye).unwrap_or_default();
        let told = async { while events.recv().await.is_some() {} };
        // It is a courtesy; the server would notice by itself.
        tokio::time::timeout(LAST_ACKS, told)
            .await
            .unwrap_or_default();
    }
}
