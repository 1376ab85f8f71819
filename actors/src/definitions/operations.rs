//! Operations over many instances: the intent is a record, the rest are commands to each root, the end is a record.
//! After a crash they begin again where the state says that they have not ended; each step may be done twice.
//! Never: holds the definitions' actor up; the steps run beside it.

use super::{Event, Holder, Message, Operation, Refusal, Reply};
use crate::{
    core::Core,
    failure::Failure,
    views::{Count, InstanceFilter, Sort, Window},
};
use bpmn::Command;
use codec::{DefinitionId, Id, Tenant};
use ractor::ActorRef;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Commands of one operation on their way at a time.
const AT_A_TIME: usize = 64;

impl Holder {
    pub(super) fn undeploy(
        &mut self,
        core: &Arc<Core>,
        tenant: Tenant,
        number: u64,
        cascade: bool,
        reply: Reply<()>,
    ) {
        let found = self.state.deployments.get(&number);
        let Some(deployment) = found.filter(|d| d.tenant == tenant && !d.leaving) else {
            let refusal = Refusal::UnknownDeployment(number.to_string());
            return super::answer_behind(core, move || reply(Err(refusal.into())));
        };
        let definitions = ids(&deployment.definitions);
        if !cascade {
            // What began and is not published yet is not in the views: it runs, too.
            let closed = core.gate.close(&definitions, |last_start| {
                last_start <= core.queue.published()
                    && instances_of(core, tenant, &definitions, 1).is_empty()
            });
            if !closed {
                return super::answer_behind(core, move || {
                    reply(Err(Refusal::HasInstances.into()))
                });
            }
            let gone = Event::Undeployed {
                deployment: number,
                cascade,
            };
            return self.commit(
                core,
                vec![gone],
                Vec::new(),
                Some(Box::new(move || reply(Ok(())))),
            );
        }
        // Whatever began before shows up among the instances; nothing begins from here on.
        core.gate.close(&definitions, |_| true);
        let operation = Operation::Undeploy { deployment: number };
        self.begin(core, operation, Vec::new(), reply);
    }

    pub(super) fn set_state(
        &mut self,
        core: &Arc<Core>,
        number: u64,
        suspended: bool,
        include_instances: bool,
        reply: Reply<()>,
    ) {
        let refusal = match self.state.definitions.get(&number) {
            None => Some(Refusal::UnknownDefinition {
                what: "id",
                text: number.to_string(),
            }),
            Some(known) if known.suspended == suspended => {
                Some(Refusal::AlreadyInState(if suspended {
                    "suspended"
                } else {
                    "active"
                }))
            }
            Some(_) => None,
        };
        if let Some(refusal) = refusal {
            return super::answer_behind(core, move || reply(Err(refusal.into())));
        }
        let changed = Event::StateChanged { number, suspended };
        if !include_instances {
            return self.commit(
                core,
                vec![changed],
                Vec::new(),
                Some(Box::new(move || reply(Ok(())))),
            );
        }
        let operation = Operation::SetInstances {
            definition: number,
            suspended,
        };
        self.begin(core, operation, vec![changed], reply);
    }

    /// Records the intent; the steps begin when it is durable, the answer leaves when all is done.
    fn begin(
        &mut self,
        core: &Arc<Core>,
        operation: Operation,
        mut events: Vec<Event>,
        reply: Reply<()>,
    ) {
        events.push(Event::OperationBegun(operation.clone()));
        let definitions = self.definitions_of(&operation);
        let (core_then, handle) = (Arc::clone(core), core.runtime.clone());
        let steps = Box::new(move || {
            handle.spawn(async move {
                run(&core_then, operation, definitions).await;
                reply(Ok(()));
            });
        });
        self.commit(core, events, Vec::new(), Some(steps));
    }

    pub(super) fn end_operation(&mut self, core: &Arc<Core>, operation: Operation) {
        if !self.state.operations.contains(&operation) {
            return;
        }
        let mut events = vec![Event::OperationEnded(operation.clone())];
        if let Operation::Undeploy { deployment } = operation {
            let gone = self.state.deployments.get(&deployment);
            events.push(Event::DefinitionsForgotten {
                definitions: gone.map_or_else(Vec::new, |gone| gone.definitions.clone()),
            });
            events.push(Event::Undeployed {
                deployment,
                cascade: true,
            });
        }
        self.commit(core, events, Vec::new(), None);
    }

    fn definitions_of(&self, operation: &Operation) -> Vec<DefinitionId> {
        match operation {
            Operation::SetInstances { definition, .. } => vec![DefinitionId(*definition)],
            Operation::Undeploy { deployment } => self
                .state
                .deployments
                .get(deployment)
                .map_or_else(Vec::new, |d| ids(&d.definitions)),
        }
    }

    /// The operations that a crash interrupted.
    pub fn interrupted(&self) -> Vec<(Operation, Vec<DefinitionId>)> {
        let open = self.state.operations.iter();
        open.map(|operation| (operation.clone(), self.definitions_of(operation)))
            .collect()
    }
}

pub(super) fn ids(numbers: &[u64]) -> Vec<DefinitionId> {
    numbers.iter().copied().map(DefinitionId).collect()
}

/// Running instances of definitions, called ones too, oldest first.
fn instances_of(
    core: &Core,
    tenant: Tenant,
    definitions: &[DefinitionId],
    limit: usize,
) -> Vec<Id> {
    let filter = InstanceFilter {
        tenant,
        definitions: definitions.to_vec(),
        ..InstanceFilter::default()
    };
    let window = Window {
        sort: Sort::OLDEST_FIRST,
        after: None,
        limit,
        count: Count::No,
    };
    let views = core.views.read();
    let page = views.instances(&filter, &window);
    page.items.iter().map(|instance| instance.id()).collect()
}

/// Does the steps of an operation and records its end.
pub async fn run(core: &Arc<Core>, operation: Operation, definitions: Vec<DefinitionId>) {
    let tenant = definitions
        .first()
        .and_then(|id| core.catalog.get(*id))
        .map_or(core.options.tenant, |published| published.definition.tenant);
    match &operation {
        Operation::SetInstances { suspended, .. } => {
            let targets = instances_of(core, tenant, &definitions, usize::MAX);
            let suspended = *suspended;
            each(core, targets, |instance| {
                if suspended {
                    Command::Suspend {
                        instance,
                        include_called: false,
                    }
                } else {
                    Command::Activate {
                        instance,
                        include_called: false,
                    }
                }
            })
            .await;
        }
        Operation::Undeploy { .. } => {
            // What was decided before the intent became visible shows up in a later round.
            let mut before = Vec::new();
            loop {
                core.barrier().await;
                let targets = instances_of(core, tenant, &definitions, usize::MAX);
                // Those that withstood are quarantined.
                if targets == before {
                    break;
                }
                before.clone_from(&targets);
                each(core, targets, |instance| Command::Delete {
                    instance,
                    reason: Some("deployment deleted".to_owned()),
                })
                .await;
            }
            core.archiver.forget_definitions(&definitions).await;
        }
    }
    if let Some(actor) = core.definitions.get() {
        end(actor, operation);
    }
    // The end is decided before whoever waits for this is told.
    core.definitions_settled().await;
}

fn end(actor: &ActorRef<Message>, operation: Operation) {
    // The actor lives as long as the server.
    let _ = actor.cast(Message::EndOperation(operation));
}

async fn each(core: &Arc<Core>, targets: Vec<Id>, command: impl Fn(u32) -> Command) {
    let mut running = JoinSet::new();
    for Id { root, number } in targets {
        if running.len() >= AT_A_TIME {
            running.join_next().await;
        }
        let (core, command) = (Arc::clone(core), command(number));
        running.spawn(async move {
            match core.command(root, command, None, |_| ()).await {
                Ok(()) | Err(Failure::Refused(_) | Failure::NotFound | Failure::Ended) => {}
                Err(failure) => {
                    tracing::warn!(%root, %failure, "a step of an operation over instances failed")
                }
            }
        });
    }
    while running.join_next().await.is_some() {}
}
