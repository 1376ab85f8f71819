//! What a host works on: one slot, its state, and the message in hand. It outlives the host.
//!
//! Owns: how a message to an instance becomes a record and an answer. Never: keeps what a failed command did
//! (it is rebuilt), or answers before the publication of what the answer rests on.

use crate::{
    cause::Cause,
    core::Core,
    definitions::gate::Pass,
    entity::{self, Live},
    failure::Failure,
    host::Context,
    message::{Applied, Look, Message, Order, Remember, Remembered, Rendered, Responder, Seen},
    publisher::{Change, InstanceChange, Publication, Quarantined},
    record,
    set_aside::Remains,
    slot::{Body, Saved, Slot},
};
use bpmn::{Decision, Event, Refusal, Refused, stored};
use codec::DefinitionId;
use snapshots::Record;
use std::sync::{Arc, mpsc};

/// Messages of one slot in a row before others get their turn.
const MESSAGES_BEFORE_YIELD: usize = 64;

/// A host's desk.
#[derive(Default)]
pub struct Desk {
    slot: Option<Arc<Slot>>,
    body: Option<Body>,
    /// Who waits for the message in hand.
    pending: Option<Responder>,
}

/// How a run ended.
pub enum Finished {
    /// The mailbox is empty.
    Empty,
    /// Others have their turn; run the slot again.
    Yielded(Arc<Slot>),
}

impl Desk {
    /// Puts a slot on the desk.
    pub fn take_over(&mut self, slot: Arc<Slot>) {
        self.body = Some(slot.borrow());
        self.slot = Some(slot);
        self.pending = None;
    }

    /// Handles message after message.
    pub fn run(&mut self, core: &Arc<Core>) -> Finished {
        let Some(slot) = self.slot.clone() else {
            return Finished::Empty;
        };
        for _ in 0..MESSAGES_BEFORE_YIELD {
            match slot.next(&mut self.body) {
                None => {
                    self.slot = None;
                    core.after_run(&slot);
                    return Finished::Empty;
                }
                Some(Message::Command(order)) => self.decide(core, &slot, *order),
                Some(Message::Read(look)) => self.look(core, &slot, look),
                Some(Message::Save(out)) => self.save(&slot, &out),
            }
        }
        if let Some(body) = self.body.take() {
            slot.give_back(body);
        }
        self.slot = None;
        Finished::Yielded(slot)
    }

    /// After the host's death: rebuilds, answers the message that did it, gives back what to run on.
    pub fn clear_up(&mut self, core: &Arc<Core>) -> Option<Arc<Slot>> {
        let slot = self.slot.take()?;
        let body = match self.body.take() {
            Some(Body::Live(mut live)) => match live.rebuild(slot.root, slot.tenant) {
                Ok(()) => Body::Live(live),
                Err(error) => {
                    quarantine(core, &slot, live.into_remains(&error, core.clock.now_ms()))
                }
            },
            Some(body) => body,
            None => Body::AtRest(Box::default()),
        };
        slot.give_back(body);
        self.refuse(core, &slot, Failure::Panicked);
        Some(slot)
    }

    fn live(&mut self, core: &Core, slot: &Slot) -> Result<&mut Live, Failure> {
        if let Some(Body::AtRest(_)) = &self.body {
            let Some(Body::AtRest(bytes)) = self.body.take() else {
                return Err(Failure::NotFound);
            };
            let sequence = slot.sequence();
            let woken = Live::wake(slot.root, slot.tenant, bytes.to_vec(), sequence);
            self.body = Some(match woken {
                Ok(live) => Body::Live(Box::new(live)),
                Err(error) => {
                    let remains = Remains {
                        since_ms: core.clock.now_ms(),
                        ..Remains::of_bytes(bytes.into_vec(), sequence, &error)
                    };
                    quarantine(core, slot, remains)
                }
            });
        }
        match &mut self.body {
            Some(Body::Live(live)) => Ok(live),
            Some(Body::Ended(_)) => Err(Failure::Ended),
            Some(Body::Quarantined(kept)) => Err(Failure::Quarantined(kept.reason.clone())),
            Some(Body::AtRest(_) | Body::Lent) | None => Err(Failure::NotFound),
        }
    }

    fn decide(&mut self, core: &Arc<Core>, slot: &Arc<Slot>, order: Order) {
        let Order {
            command,
            responder,
            cause,
            remember,
        } = order;
        self.pending = Some(responder);
        let live = match self.live(core, slot) {
            Ok(live) => live,
            Err(failure) => return self.refuse(core, slot, failure),
        };
        let history_before = live.instance.history().len();
        let mut context = Context::new(core);
        let decided = live.instance.decide(command, &mut context);
        match decided {
            Ok(decision) => self.commit(core, slot, decision, history_before, remember, cause),
            Err(Refused { refusal, dirty }) => {
                if dirty {
                    self.undo(core, slot);
                }
                self.refuse(core, slot, Failure::Refused(refusal));
            }
        }
    }

    /// Takes back what a command did before it failed.
    fn undo(&mut self, core: &Core, slot: &Slot) {
        if let Some(Body::Live(mut live)) = self.body.take() {
            self.body = Some(match live.rebuild(slot.root, slot.tenant) {
                Ok(()) => Body::Live(live),
                Err(error) => {
                    quarantine(core, slot, live.into_remains(&error, core.clock.now_ms()))
                }
            });
        }
    }

    /// What was never started leaves the directory, also when nobody waits any more for hearing so.
    fn forget_unstarted(&self, core: &Core, slot: &Slot) {
        if slot.sequence() == 0 {
            core.directory.remove(slot.root);
        }
    }

    fn refuse(&mut self, core: &Arc<Core>, slot: &Arc<Slot>, failure: Failure) {
        self.forget_unstarted(core, slot);
        if let Some(pending) = self.pending.take() {
            core.answer(slot, pending(Err(failure)).send);
        }
    }

    /// One record for the command; its answer leaves behind it.
    fn commit(
        &mut self,
        core: &Arc<Core>,
        slot: &Arc<Slot>,
        decision: Decision,
        history_before: usize,
        remember: Option<Remember>,
        cause: Option<Cause>,
    ) {
        let events = stored::encode_events(&decision.events);
        let pass = match admit(core, &decision, &events) {
            Ok(pass) => pass,
            Err(failure) => {
                self.undo(core, slot);
                return self.refuse(core, slot, failure);
            }
        };
        let taken = events.len() + record::HEAD_BYTES;
        let (Some(Body::Live(live)), Some(pending)) = (&mut self.body, self.pending.take()) else {
            return;
        };
        let ready = pending(Ok(Applied {
            instance: &live.instance,
            decision: &decision,
            room_bytes: core.options.record_limit_bytes().saturating_sub(taken),
        }));
        if decision.events.is_empty() {
            return core.answer(slot, ready.send);
        }
        if remember.is_some() && ready.rendered.is_none() {
            self.undo(core, slot);
            self.forget_unstarted(core, slot);
            return core.answer(slot, ready.send);
        }
        let remembered = remembered(core, remember, ready.rendered);
        let record = record_of(slot, remembered.as_ref(), &events);
        let change = InstanceChange {
            slot: Arc::clone(slot),
            rows: live.instance.row_changes(&decision.events),
            remembered,
            finished: entity::finished_since(&live.instance, history_before),
            ended: live.instance.is_ended(),
        };
        let ended = change.ended;
        // The slot's sequence is set while the desk holds it, so nobody reads between.
        let sequence = core.queue.push(record, |sequence| Publication {
            sequence,
            change: Change::Instance(Box::new(change)),
            answer: Some(ready.send),
            cause,
        });
        pass.started(sequence);
        slot.set_sequence(sequence);
        live.keep(events, sequence);
        if ended {
            // What waits for the archive would be cold by then, and is several times its bytes. Encoded on the desk: a panic
            // finds it live.
            live.rebase();
            if let Some(Body::Live(live)) = self.body.take() {
                self.body = Some(Body::Ended(live.rest()));
            }
        } else {
            live.prepare();
        }
    }

    fn look(&mut self, core: &Arc<Core>, slot: &Arc<Slot>, look: Look) {
        let answer = match &self.body {
            Some(Body::Live(live)) => look(Ok(Seen {
                instance: &live.instance,
                chunks: live.chunks(),
            })),
            Some(Body::AtRest(bytes) | Body::Ended(bytes)) => entity::look(slot, bytes, look),
            Some(Body::Quarantined(kept)) => look(Err(Failure::Quarantined(kept.reason.clone()))),
            Some(Body::Lent) | None => look(Err(Failure::NotFound)),
        };
        core.answer(slot, answer);
    }

    fn save(&mut self, slot: &Slot, out: &mpsc::Sender<Saved>) {
        let body = self.body.as_mut();
        if let Some(saved) = body.and_then(|body| body.save(slot.sequence())) {
            // The snapshotter may have given up.
            let _ = out.send(saved);
        }
    }
}

/// Whether a decision may become a record: it is not too large, and no definition that it starts is being removed.
fn admit<'a>(core: &'a Core, decision: &Decision, events: &[u8]) -> Result<Pass<'a>, Failure> {
    record::fits(&core.options, events.len() + record::HEAD_BYTES)?;
    let started = decision.events.iter().filter_map(|event| {
        let Event::InstanceStarted { definition, .. } = event else {
            return None;
        };
        Some(*definition)
    });
    let closed = |id: DefinitionId| Failure::Refused(Refusal::UnknownDefinition(id.0.to_string()));
    core.gate.pass(started.collect()).map_err(closed)
}

fn remembered(
    core: &Core,
    remember: Option<Remember>,
    rendered: Option<Arc<Rendered>>,
) -> Option<Remembered> {
    let (request, answer) = remember.zip(rendered)?;
    Some(Remembered {
        request,
        at_ms: core.clock.real_ms(),
        answer,
    })
}

fn record_of(slot: &Slot, remembered: Option<&Remembered>, events: &[u8]) -> Record {
    Record {
        kind: record::kind::INSTANCE,
        version: record::VERSION,
        entity: slot.root.0,
        payload: record::encode(slot.tenant, remembered, events),
    }
}

/// Sets an instance aside, and shows it as an incident.
fn quarantine(core: &Core, slot: &Slot, remains: Remains) -> Body {
    tracing::error!(root = %slot.root, reason = remains.reason, "an instance cannot be rebuilt: it is quarantined");
    core.queue.push_barrier(Publication {
        change: Change::Quarantined(Box::new(Quarantined {
            root: slot.root,
            reason: remains.reason.clone(),
            since_ms: remains.since_ms,
        })),
        ..Publication::none()
    });
    Body::Quarantined(Box::new(remains))
}

#[cfg(test)]
mod tests;
