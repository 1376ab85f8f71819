//! ProcessState: a running instance.

use super::{definition, suspension};
use crate::process_center::dates;
use actors::{
    definitions::Catalog,
    views::{Instance, State},
};
use serde_json::{Value as Json, json};

/// A running instance. What the original never fills is what it sends for it.
pub fn state(catalog: &Catalog, instance: Instance<'_>) -> Json {
    let id = instance.id();
    let suspended = instance.state() == State::Suspended;
    json!({
        "id": id.to_string(),
        "processId": id.to_string(),
        "processInstanceId": id.to_string(),
        "processDefinitionId": definition(catalog, instance.definition()),
        "processDefinitionKey": instance.definition_key(),
        "processDefinitionVersion": instance.definition_version(),
        "rootProcessInstanceId": id.root.to_string(),
        "superExecution": instance.super_execution().map(|id| id.to_string()),
        "businessKey": instance.business_key(),
        "name": instance.name(),
        "startTime": dates::text(instance.started_ms()),
        "startUserId": instance.start_user(),
        "suspensionState": suspension(suspended),
        "activityId": null,
        "parentId": null,
        "lockTime": null,
        "isActive": true,
        "isConcurrent": false,
        "isScope": true,
        "isEventScope": false,
        "eventSubscriptionCount": 0,
        "taskCount": 0,
        "jobCount": 0,
        "timerJobCount": 0,
        "suspendedJobCount": 0,
        "deadLetterJobCount": 0,
        "variableCount": 0,
        "identityLinkCount": 0,
    })
}
