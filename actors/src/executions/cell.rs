//! An execution's mailbox: one message at a time, decided by whoever sends it.
//!
//! Owns: its state, that one command is one record, that a panic changes nothing.
//! Never: sends an effect before its record is durable.
//!
//! ```text
//!  Live ──panic, rebuilt──▶ Live        Live ──cannot be rebuilt──▶ Quarantined: 503 for it alone, bytes and records stay
//! ```

use super::{Live, RenderExecution, live::UNKNOWN_ORDER};
use crate::{
    core::Core,
    failure::Failure,
    message::{Answer, Remember, Remembered, Rendered},
    publisher::{Change, Publication},
    record,
    set_aside::Remains,
    slot::Saved,
};
use codec::Tenant;
use parking_lot::Mutex;
use rpa::{
    Guid,
    execution::{
        Command, Decision, Effect, Execution, Start, decide,
        rows::{self, Rows},
        stored,
    },
};
use snapshots::Record;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// An execution.
pub struct Cell {
    /// Its id: the job group's.
    pub id: Guid,
    /// The company.
    pub tenant: Tenant,
    body: Mutex<Body>,
}

enum Body {
    Live(Box<Live>),
    /// It could not be rebuilt.
    Quarantined(Box<Remains>),
}

/// What the publisher shows and sends of a decision.
pub struct ExecutionChange {
    /// The execution.
    pub cell: Arc<Cell>,
    /// Its changed rows.
    pub rows: Rows,
    /// Its place among all executions.
    pub order: u64,
    /// What is to be sent.
    pub effects: Vec<Effect>,
    /// A request whose answer is remembered.
    pub remembered: Option<Remembered>,
    /// Nothing will happen in it any more: the archive is to take it.
    pub finished: bool,
}

/// What a command has led to.
struct Decided {
    decision: Decision,
    record: Option<Vec<u8>>,
}

impl Cell {
    /// An execution before its start.
    pub fn new(id: Guid, tenant: Tenant) -> Self {
        Cell {
            id,
            tenant,
            body: Mutex::new(Body::Live(Box::new(Live::new(id, tenant)))),
        }
    }

    /// An execution that recovery found.
    pub fn recovered(id: Guid, tenant: Tenant, live: Live) -> Self {
        Cell {
            id,
            tenant,
            body: Mutex::new(Body::Live(Box::new(live))),
        }
    }

    /// An execution that recovery could not read.
    pub fn quarantined(id: Guid, tenant: Tenant, remains: Remains) -> Self {
        Cell {
            id,
            tenant,
            body: Mutex::new(Body::Quarantined(Box::new(remains))),
        }
    }

    /// Begins it. The answer is the caller's business: it leaves behind a later record.
    pub fn start(
        self: &Arc<Self>,
        core: &Arc<Core>,
        start: Start,
        remember: Option<(Remember, RenderExecution)>,
    ) -> Result<Option<Arc<Rendered>>, Failure> {
        let mut body = self.body.lock();
        let Body::Live(live) = &mut *body else {
            return Err(Failure::Panicked);
        };
        let decided = decide_guarded(core, live, Command::Start(Box::new(start)))?;
        let event_bytes = decided.record.as_ref().map_or(0, Vec::len);
        let remembered = remember.map(|(request, render)| Remembered {
            request,
            at_ms: core.clock.real_ms(),
            answer: Arc::new(render(&live.execution)),
        });
        let rendered = remembered.as_ref().map(|it| Arc::clone(&it.answer));
        let answer_bytes = rendered.as_ref().map_or(0, |it| it.body.len());
        record::fits(
            &core.options,
            event_bytes + answer_bytes + record::HEAD_BYTES,
        )?;
        self.push(core, live, decided, remembered, None);
        Ok(rendered)
    }

    /// Decides a command. `view` looks at the state after it, `answer` makes what leaves when that is durable.
    pub fn command<T>(
        self: &Arc<Self>,
        core: &Arc<Core>,
        command: Command,
        view: impl FnOnce(&Execution, &Decision) -> T,
        answer: impl FnOnce(Result<T, Failure>) -> Answer,
    ) {
        let mut body = self.body.lock();
        let decided = match &mut *body {
            Body::Quarantined(remains) => Err(Failure::Quarantined(remains.reason.clone())),
            Body::Live(live) => match decide_guarded(core, live, command) {
                Ok(decided) => {
                    let seen = view(&live.execution, &decided.decision);
                    self.push(core, live, decided, None, Some(answer(Ok(seen))));
                    return;
                }
                // A refusal comes before the first event; after anything else the state is rebuilt.
                Err(Failure::Execution(refusal)) => Err(Failure::Execution(refusal)),
                Err(failure) => Err(self.undo(core, &mut body, failure)),
            },
        };
        core.queue
            .push_barrier(Publication::barrier(answer(decided)));
    }

    /// Decides a command that nobody waits for; a refusal means that there is nothing to do.
    pub fn tell(self: &Arc<Self>, core: &Arc<Core>, command: Command) {
        self.command(core, command, |_, _| (), |_| Box::new(|| ()));
    }

    /// Looks at what is decided.
    pub fn peek<T>(&self, view: impl FnOnce(&Execution) -> T) -> Option<T> {
        match &*self.body.lock() {
            Body::Live(live) => Some(view(&live.execution)),
            Body::Quarantined(_) => None,
        }
    }

    /// Looks at it for a reader: the answer leaves when what was seen is durable.
    pub fn read<T>(
        &self,
        core: &Core,
        view: impl FnOnce(&Execution) -> T,
        answer: impl FnOnce(Result<T, Failure>) -> Answer,
    ) {
        let body = self.body.lock();
        let (seen, sequence) = match &*body {
            Body::Live(live) => (Ok(view(&live.execution)), live.sequence()),
            Body::Quarantined(remains) => (Err(Failure::Quarantined(remains.reason.clone())), 0),
        };
        drop(body);
        let answer = answer(seen);
        if sequence <= core.queue.published() {
            answer();
        } else {
            core.queue.push_barrier(Publication::barrier(answer));
        }
    }

    /// What a snapshot gets of it.
    pub fn save(&self) -> Saved {
        match &mut *self.body.lock() {
            Body::Live(live) => {
                let order = live.order().unwrap_or(UNKNOWN_ORDER);
                let (bytes, sequence) = live.rebase();
                Saved {
                    kind: record::kind::PLACED_EXECUTION,
                    bytes: [&order.to_le_bytes(), bytes].concat(),
                    sequence,
                }
            }
            Body::Quarantined(remains) => Saved {
                kind: record::kind::EXECUTION_SET_ASIDE,
                bytes: remains.encode(),
                sequence: remains.sequence,
            },
        }
    }

    /// Throws away what a failed command did.
    fn undo(&self, core: &Arc<Core>, body: &mut Body, failure: Failure) -> Failure {
        let Body::Live(live) = body else {
            return failure;
        };
        let Err(error) = live.rebuild() else {
            return failure;
        };
        self.quarantine(core, body, error.to_string());
        Failure::Quarantined(error.to_string())
    }

    /// Sets it aside though it can be rebuilt: a command that it cannot decide would come again and again.
    pub fn set_aside(&self, core: &Arc<Core>, reason: &str) {
        self.quarantine(core, &mut self.body.lock(), reason.to_owned());
    }

    fn quarantine(&self, core: &Arc<Core>, body: &mut Body, reason: String) {
        let Body::Live(live) = body else {
            return;
        };
        tracing::error!(execution = %self.id, reason, "an execution is quarantined");
        let remains = live.remains(reason, core.clock.real_ms());
        *body = Body::Quarantined(Box::new(remains));
        // Behind what was decided before, whose rows would wake it up again.
        let (then, id) = (Arc::clone(core), self.id);
        core.queue
            .push_barrier(Publication::barrier(Box::new(move || {
                let freed = then.jobs.write().stand_still(id);
                then.robots.look(&freed);
            })));
    }

    /// Hands a decision to the journal.
    fn push(
        self: &Arc<Self>,
        core: &Arc<Core>,
        live: &mut Live,
        decided: Decided,
        remembered: Option<Remembered>,
        answer: Option<Answer>,
    ) {
        let Decided { decision, record } = decided;
        let change = ExecutionChange {
            cell: Arc::clone(self),
            rows: rows::changed(&live.execution, &decision.events),
            order: live.order().unwrap_or(UNKNOWN_ORDER),
            effects: decision.effects,
            remembered: None,
            finished: live.execution.is_finished() && record.is_some(),
        };
        let Some(events) = record else {
            core.queue.push_barrier(Publication {
                change: Change::Execution(Box::new(change)),
                answer,
                ..Publication::none()
            });
            return;
        };
        let entry = Record {
            kind: record::kind::EXECUTION,
            version: record::VERSION,
            entity: self.id.0,
            payload: record::encode(self.tenant, remembered.as_ref(), &events),
        };
        let order = live.order();
        let sequence = core.queue.push(entry, |sequence| Publication {
            sequence,
            change: Change::Execution(Box::new(ExecutionChange {
                remembered,
                order: order.unwrap_or(sequence),
                ..change
            })),
            answer,
            cause: None,
        });
        live.keep(events, sequence);
    }
}

/// Decides. After any failure but a refusal the state must be rebuilt.
fn decide_guarded(core: &Core, live: &mut Live, command: Command) -> Result<Decided, Failure> {
    let now_ms = core.clock.real_ms();
    let execution = &mut live.execution;
    let times = &core.options.robots.execution;
    let decided = catch_unwind(AssertUnwindSafe(|| {
        let decision = decide(execution, command, now_ms, times)?;
        let record = (!decision.events.is_empty()).then(|| stored::encode_events(&decision.events));
        Ok(Decided { decision, record })
    }));
    match decided {
        Ok(Ok(decided)) => {
            let bytes = decided.record.as_ref().map_or(0, Vec::len);
            record::fits(&core.options, bytes + record::HEAD_BYTES)?;
            Ok(decided)
        }
        Ok(Err(refusal)) => Err(Failure::Execution(refusal)),
        Err(_) => Err(Failure::Panicked),
    }
}
