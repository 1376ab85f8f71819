//! The audit rows of executions that somebody began by hand.
//!
//! Owns: their ids, and that they can be made again: the row of an execute waits for no disk, and what a crash takes
//! follows from the execution, which is as durable as its answer. Never: makes one for what the server began by itself.

use crate::{
    archive::{AuditEntry, AuditOutcome, AuditRow},
    core::Core,
};
use rpa::{
    Guid,
    execution::{Execution, Owner, Start},
    registry::State,
    terms::JobStartupType,
};

/// From where an execute came that is known by its execution only.
const FROM: &str = "journal";
/// The number by which the id of the row follows from the execution's; those of jobs count from 1.
const NUMBER: u64 = u64::MAX;
/// What was answered.
const OK: u16 = 200;

/// The id of the row of an execute: always the same, so that making it again cannot double it.
pub fn row_id(execution: Guid) -> Guid {
    execution.derive(NUMBER)
}

/// The rows of an execution, as far as it tells them; none when nobody executed it by hand.
pub fn rows(core: &Core, execution: &Execution) -> Vec<AuditRow> {
    let start = execution.start();
    let by_hand = start.filter(|start| {
        core.registry
            .look(|registry| is_execute(registry, execution, start))
    });
    let Some(start) = by_hand else {
        return Vec::new();
    };
    let tenant = execution.tenant();
    let id = row_id(execution.id());
    let (resource_type, resource) = match start.owner {
        Owner::Workflow(id) => ("Workflow", id),
        Owner::Layout(id) => ("WorkflowLayout", id),
    };
    let company = core.organisation.look(|organisation| {
        let company = organisation.tenancy.company_of(tenant);
        company.map(|company| company.id.to_string())
    });
    let entry = AuditEntry {
        id,
        at_ms: start.created.at_ms,
        tenant,
        actor: start.created.by.to_string(),
        actor_name: start.created.by_name.clone(),
        action: "execute".to_owned(),
        resource_type: resource_type.to_owned(),
        resource_id: Some(resource.to_string()),
        company,
        department: Some(start.department.to_string()),
        from: FROM.to_owned(),
        detail: None,
    };
    let outcome = AuditOutcome {
        id,
        status: OK,
        resource_id: None,
        department: None,
    };
    vec![AuditRow::Begun(entry), AuditRow::Ended(outcome)]
}

/// Retries and firings by hand have rows of their own before they begin; the machine has none.
fn is_execute(registry: &State, execution: &Execution, start: &Start) -> bool {
    let startup = &start.startup;
    let schedule = startup.id.as_ref().and_then(|id| id.parse::<Guid>().ok());
    let fired = startup.kind == JobStartupType::Trigger
        && schedule.is_some_and(|id| registry.schedule(execution.tenant(), id).is_some());
    let machine = start.created.by == Guid(org::Guid::MACHINE.0);
    !fired && !machine && start.retry_of.is_none() && start.activity.is_none()
}
