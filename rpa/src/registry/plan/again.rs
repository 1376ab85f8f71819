//! A job once more: what its repetition needs is looked up as if it were planned now.
//! Owns: that a repetition never waits for what is gone. Never: asks for the workflow; the job keeps its own settings.

use crate::{
    Guid,
    execution::{NewJob, Start},
    registry::{Kind, Refusal, State},
    terms::JobExecutionPolicy,
};
use codec::Tenant;

/// What a repetition begins with. `has_robot` says of a group whether one of its robots is free for a new job now.
pub fn again(
    state: &State,
    tenant: Tenant,
    start: Start,
    has_robot: &dyn Fn(Guid) -> bool,
) -> Result<Start, Refusal> {
    let mut start = start;
    for job in &mut start.jobs {
        check(state, tenant, job)?;
        let skips = job.policy == JobExecutionPolicy::SkipWhenNoResource;
        job.skipped = skips && !has_robot(job.queue);
    }
    Ok(start)
}

fn check(state: &State, tenant: Tenant, job: &NewJob) -> Result<(), Refusal> {
    let there = |kind, id, found: bool| match found {
        true => Ok(()),
        false => Err(Refusal::UnknownReference { kind, id }),
    };
    let (package, version) = (job.package.id, job.package.version_id);
    let found = state.version(tenant, package, version).is_some();
    there(Kind::Version, version, found)?;
    if let Some(robot) = job.robot {
        there(Kind::Robot, robot, state.robot(tenant, robot).is_some())?;
    }
    there(
        Kind::Group,
        job.queue,
        state.group(tenant, job.queue).is_some(),
    )?;
    for sourced in &job.arguments {
        if sourced.argument.asset.is_some() {
            let asset = sourced.argument.asset_id().unwrap_or_default();
            there(Kind::Asset, asset, state.asset(tenant, asset).is_some())?;
        }
    }
    Ok(())
}
