//! Moving workflows to the highest versions of their packages: each has its own outcome.

use crate::console::{
    call::{Answered, Call, ok},
    jobs::batch::{Report, ids},
    problem::{Refused, internal},
};
use org::Permission as P;
use rpa::{
    Guid,
    registry::{Action, Reply, UpgradeReport},
};

/// `POST /openapi/workflows/batch/upgrade`
pub async fn upgrade(call: Call) -> Answered {
    let ids = ids(&call, "workflowIds")?;
    let mut report = Report {
        total: ids.len(),
        ..Report::default()
    };
    // One that the caller may not change is told of, the others are moved.
    let (forbidden, names) = call.state.engine.registry.look(|registry| {
        let found = ids
            .iter()
            .filter_map(|id| registry.workflow(call.tenant(), *id));
        let mut forbidden = Vec::new();
        let mut names = std::collections::BTreeMap::new();
        for workflow in found {
            names.insert(workflow.id, workflow.label.name.clone());
            if call
                .check(P::WorkflowEdit, workflow.meta.department)
                .is_err()
            {
                forbidden.push(workflow.id);
            }
        }
        (forbidden, names)
    });
    let ids = ids.into_iter().filter(|id| !forbidden.contains(id));
    let command = call.command(Action::UpgradeWorkflows { ids: ids.collect() });
    let reply = call.state.engine.change_registry(command).await?;
    let Reply::Upgraded(upgraded) = reply else {
        return Err(internal("an upgrade was answered with something else"));
    };
    let UpgradeReport {
        succeeded,
        unchanged,
        failed,
        missing,
    } = upgraded;
    let entry = |id: Guid, message: &str| (id, names.get(&id).cloned(), message.to_owned());
    report.succeeded = succeeded.len();
    report.missing = missing.len();
    let gone = failed
        .into_iter()
        .map(|id| entry(id, "its package is gone"));
    let refused = Refused::forbidden().detail();
    let refused = forbidden.into_iter().map(|id| entry(id, &refused));
    report.failed = gone.chain(refused).collect();
    let unchanged = unchanged.into_iter();
    let newest = "it is at the newest version already";
    report.warned = unchanged.map(|id| entry(id, newest)).collect();
    ok(report.rendered())
}
