//! From the id of a job, a run instance or a job group to its execution, for a caller who may see it.
//! Never: lets another company's pass, or says whether it exists.

use crate::console::{call::Call, problem::Refused};
use actors::Failure;
use org::Permission;
use rpa::{
    Guid,
    execution::{Execution, Refusal},
};

/// Something of an execution.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Its own id.
    pub id: Guid,
    /// The execution.
    pub execution: Guid,
}

/// 404 of a job.
pub fn unknown_job(id: Guid) -> Refused {
    Refused::unknown("job", &id.to_string())
}

/// An execution that is no longer in memory has ended: it refuses as it did when it was there.
pub fn gone(failure: Failure, over: Refusal) -> Refused {
    match failure {
        Failure::NotFound => over.into(),
        other => other.into(),
    }
}

/// A job with which the caller may do `permission`.
pub async fn job(call: &Call, permission: Permission, id: Guid) -> Result<Found, Refused> {
    let execution = call.state.engine.execution_of_job(id).await?;
    let execution = execution.ok_or_else(|| unknown_job(id))?;
    check(call, permission, execution, || unknown_job(id)).await?;
    Ok(Found { id, execution })
}

/// A run instance with which the caller may do `permission`.
pub async fn run(call: &Call, permission: Permission, id: Guid) -> Result<Found, Refused> {
    let unknown = || Refused::unknown("run instance", &id.to_string());
    let execution = call.state.engine.execution_of_run(id).await?;
    let execution = execution.ok_or_else(unknown)?;
    check(call, permission, execution, unknown).await?;
    Ok(Found { id, execution })
}

/// A job group with which the caller may do `permission`.
pub async fn group(call: &Call, permission: Permission, id: Guid) -> Result<Found, Refused> {
    let unknown = || Refused::unknown("job group", &id.to_string());
    check(call, permission, id, unknown).await?;
    Ok(Found { id, execution: id })
}

async fn check(
    call: &Call,
    permission: Permission,
    execution: Guid,
    unknown: impl Fn() -> Refused,
) -> Result<(), Refused> {
    let department = |execution: &Execution| execution.start().map(|start| start.department);
    let engine = &call.state.engine;
    let looked = engine.look_execution(call.tenant(), execution, department);
    match looked.await {
        Ok(Some(department)) => call.check(permission, department),
        Ok(None) | Err(Failure::NotFound) => Err(unknown()),
        Err(failure) => Err(failure.into()),
    }
}
