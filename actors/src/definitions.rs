//! The definitions: deployments, versions, suspension, start timers, and operations over all instances of a definition.
//!
//! Owns: the actor that decides about them, alone and in order. Never: parses while it decides (`deploy::prepare` did),
//! touches an instance (it sends commands), or shows what is not durable (the catalog follows the journal).
//!
//! ```text
//!  deploy(files) ─ prepare (blocking thread) ─▶ actor: decide ─▶ one record ─▶ catalog ─▶ answer
//!  undeploy, suspend with instances: intent (record) ─▶ a command to each root ─▶ end (record); resumed after a crash
//! ```

use crate::{
    core::Core,
    failure::Failure,
    message::Answer,
    publisher::{Change, Publication},
    record,
};
use codec::Tenant;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use snapshots::Record;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak},
};

pub mod catalog;
pub mod deploy;
pub mod event;
pub mod gate;
mod operations;
mod refusal;
pub mod starts;
pub mod state;

pub use catalog::{Catalog, CatalogChange, Model, Published, Shown};
pub use event::{Event, Operation, Resource, StartTimer};
pub use gate::Gate;
pub use operations::run as run_operation;
pub use refusal::{Complaint, Refusal};
pub use state::{Deployment, State};

use deploy::Prepared;
use event::DeployedDefinition;

/// What a deployment gave.
#[derive(Clone, Debug)]
pub struct Deployed {
    /// The deployment's number.
    pub number: u64,
    /// Nothing had changed: it is the latest deployment of that name.
    pub unchanged: bool,
    /// Warnings about its files.
    pub warnings: Vec<Complaint>,
}

/// A request to the definitions; the answer leaves when its record is durable.
pub enum Message {
    /// Deploy files.
    Deploy {
        /// The company.
        tenant: Tenant,
        /// A name, empty for none.
        name: String,
        /// The files.
        prepared: Prepared,
        /// Give the latest deployment of the name again when nothing changed.
        filter_duplicates: bool,
        /// Who asks.
        reply: Reply<Deployed>,
    },
    /// Remove a deployment.
    Undeploy {
        /// The company.
        tenant: Tenant,
        /// Its number.
        number: u64,
        /// With its instances and their history.
        cascade: bool,
        /// Who asks.
        reply: Reply<()>,
    },
    /// Suspend or activate a definition.
    SetState {
        /// Its number.
        number: u64,
        /// Suspend, or activate.
        suspended: bool,
        /// And its instances.
        include_instances: bool,
        /// Who asks.
        reply: Reply<()>,
    },
    /// An operation over instances is done.
    EndOperation(Operation),
    /// A start timer is due, or is fired by hand.
    FireStart {
        /// Which.
        number: u64,
        /// Who asks.
        reply: Reply<()>,
    },
    /// The start of an instance by a timer is durable, or was refused for good.
    AcknowledgeStart(u128),
    /// The state for a snapshot: bytes and the last sequence.
    Save(std::sync::mpsc::Sender<(Vec<u8>, u64)>),
}

/// Takes the outcome to who asked.
pub type Reply<T> = Box<dyn FnOnce(Result<T, Failure>) + Send>;

/// The actor.
pub struct Definitions;

/// What the actor holds.
pub struct Holder {
    core: Weak<Core>,
    state: State,
    sequence: u64,
}

impl Actor for Definitions {
    type Msg = Message;
    type State = Holder;
    type Arguments = Holder;

    async fn pre_start(
        &self,
        _myself: ActorRef<Message>,
        holder: Holder,
    ) -> Result<Holder, ActorProcessingErr> {
        Ok(holder)
    }

    async fn handle(
        &self,
        _myself: ActorRef<Message>,
        message: Message,
        holder: &mut Holder,
    ) -> Result<(), ActorProcessingErr> {
        let Some(core) = holder.core.upgrade() else {
            return Ok(());
        };
        // There is one of it, so it outlives a message that panics; who sent that is answered that nothing was done.
        let handled = catch_unwind(AssertUnwindSafe(|| holder.handle(&core, message)));
        if handled.is_err() {
            tracing::error!("a message to the definitions panicked");
        }
        Ok(())
    }
}

impl Holder {
    /// What recovery found.
    pub fn new(core: &Arc<Core>, state: State, sequence: u64) -> Self {
        for deployment in state.deployments.values().filter(|d| d.leaving) {
            let leaving = operations::ids(&deployment.definitions);
            core.gate.close(&leaving, |_| true);
        }
        Holder {
            core: Arc::downgrade(core),
            state,
            sequence,
        }
    }

    fn handle(&mut self, core: &Arc<Core>, message: Message) {
        match message {
            Message::Deploy {
                tenant,
                name,
                prepared,
                filter_duplicates,
                reply,
            } => self.deploy(core, tenant, name, prepared, filter_duplicates, reply),
            Message::Undeploy {
                tenant,
                number,
                cascade,
                reply,
            } => self.undeploy(core, tenant, number, cascade, reply),
            Message::SetState {
                number,
                suspended,
                include_instances,
                reply,
            } => self.set_state(core, number, suspended, include_instances, reply),
            Message::EndOperation(operation) => self.end_operation(core, operation),
            Message::FireStart { number, reply } => self.fire_start(core, number, reply),
            Message::AcknowledgeStart(root) => {
                if self.state.starting.iter().any(|start| start.root == root) {
                    self.commit(
                        core,
                        vec![Event::StartAcknowledged { root }],
                        Vec::new(),
                        None,
                    );
                }
            }
            Message::Save(out) => {
                let bytes = codec::encode(event::VERSION, &self.state);
                // The snapshotter may have given up.
                let _ = out.send((bytes, self.sequence));
            }
        }
    }

    /// One record for the events; the answer leaves behind it.
    fn commit(
        &mut self,
        core: &Arc<Core>,
        events: Vec<Event>,
        models: Vec<Model>,
        answer: Option<Answer>,
    ) {
        for event in &events {
            self.state.apply(event);
        }
        let record = Record {
            kind: record::kind::DEFINITIONS,
            version: record::VERSION,
            entity: 0,
            payload: codec::encode(event::VERSION, &events),
        };
        self.sequence = core.queue.push(record, |sequence| Publication {
            sequence,
            change: Change::Catalog(Box::new(CatalogChange { events, models })),
            answer,
            cause: None,
        });
    }

    fn deploy(
        &mut self,
        core: &Arc<Core>,
        tenant: Tenant,
        name: String,
        prepared: Prepared,
        filter_duplicates: bool,
        reply: Reply<Deployed>,
    ) {
        if filter_duplicates
            && let Some(latest) = self.state.latest_deployment(tenant, &name)
            && covers(&latest.resources, &prepared.resources)
        {
            let unchanged = Deployed {
                number: latest.number,
                unchanged: true,
                warnings: prepared.warnings,
            };
            return answer_behind(core, move || reply(Ok(unchanged)));
        }
        let number = self.state.last_number + 1;
        let (definitions, models) = self.number_definitions(tenant, number, &prepared);
        let mut events = vec![Event::Deployed {
            number,
            tenant,
            name,
            deployed_ms: core.clock.now_ms(),
            resources: prepared.resources,
            definitions: definitions.clone(),
        }];
        let mut last_timer = number + definitions.len() as u64;
        for (definition, model) in definitions.iter().zip(&models) {
            if let Some(previous) = self.state.latest(tenant, &definition.key) {
                events.push(Event::TimersRemoved {
                    definition: previous.number,
                });
            }
            match starts::schedule(core, definition.number, &model.process, &mut last_timer) {
                Ok(timers) => events.extend(timers.into_iter().map(Event::TimerScheduled)),
                Err(refusal) => {
                    return answer_behind(core, move || reply(Err(Failure::Definitions(refusal))));
                }
            }
        }
        // Only a deployment carries what others wrote; the records of all else are small.
        let bytes = codec::encode(event::VERSION, &events).len();
        if let Err(failure) = record::fits(&core.options, bytes) {
            return answer_behind(core, move || reply(Err(failure)));
        }
        let deployed = Deployed {
            number,
            unchanged: false,
            warnings: prepared.warnings,
        };
        self.commit(
            core,
            events,
            models,
            Some(Box::new(move || reply(Ok(deployed)))),
        );
    }

    fn number_definitions(
        &self,
        tenant: Tenant,
        deployment: u64,
        prepared: &Prepared,
    ) -> (Vec<DeployedDefinition>, Vec<Model>) {
        let mut definitions = Vec::with_capacity(prepared.processes.len());
        let mut models = Vec::with_capacity(prepared.processes.len());
        for (number, process) in (deployment + 1..).zip(&prepared.processes) {
            let key = process.process.key.clone();
            let version = self.state.latest(tenant, &key).map_or(0, |d| d.version) + 1;
            definitions.push(DeployedDefinition {
                number,
                key,
                version,
                resource: process.resource,
            });
            models.push(Model {
                number,
                process: Arc::clone(&process.process),
                diagram: Arc::clone(&process.diagram),
            });
        }
        (definitions, models)
    }
}

/// An answer that changed nothing leaves when what it was decided on is durable.
fn answer_behind(core: &Arc<Core>, answer: impl FnOnce() + Send + 'static) {
    core.queue
        .push_barrier(Publication::barrier(Box::new(answer)));
}

/// Every new file stands in the old deployment with the same bytes; a removed file alone changes nothing.
fn covers(old: &[Resource], new: &[Resource]) -> bool {
    new.iter().all(|resource| old.contains(resource))
}
