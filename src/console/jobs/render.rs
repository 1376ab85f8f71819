//! How jobs, job groups and run instances look.
//!
//! Owns: their members, under the names of the document and of its clients, typing errors included. Never: reads
//! anything but the execution that it is given.

use crate::console::json::{Object, array};
use org::Guid;
use rpa::{
    argument::{self, Argument},
    execution::{Execution, Job, Owner, Run, Start},
    limits,
    terms::{Direction, JobStartupType, Stamp},
};

/// An array of all jobs of an execution: what an execute answers.
pub fn jobs(execution: &Execution, company: Guid) -> String {
    let mut out = String::new();
    let all = (1..).zip(execution.jobs());
    array(&mut out, all, |(number, job), out| {
        push_job(execution, number, job, company, out);
    });
    out
}

/// One job of an execution.
pub fn job(execution: &Execution, id: rpa::Guid, company: Guid) -> Option<String> {
    let (number, job) = execution.job(id)?;
    let mut out = String::new();
    push_job(execution, number, job, company, &mut out);
    Some(out)
}

/// A job group with its jobs.
pub fn group(execution: &Execution, company: Guid) -> String {
    let mut out = String::new();
    push_group(execution, company, &mut out);
    out
}

fn push_group(execution: &Execution, company: Guid, out: &mut String) {
    let mut object = Object::begin(out);
    object.id("id", execution.id());
    object.maybe_instant("startedAt", execution.started_ms());
    object.maybe_instant("finishedAt", execution.finished_ms());
    if let Some(start) = execution.start() {
        object.text("name", &start.name);
        let (Owner::Workflow(owner) | Owner::Layout(owner)) = start.owner;
        object.id("ownerId", owner);
        object.text("ownerType", owner_type(start.owner));
        object.place("JobGroup", company, start.department);
        object.stamp("createdAt", "createdBy", "createdByName", &start.created);
        push_startup(&mut object, start);
        object.maybe_id("retryOf", start.retry_of);
    }
    let changes = execution
        .jobs()
        .iter()
        .filter_map(|job| job.modified.as_ref());
    push_modified(&mut object, changes.max_by_key(|stamp| stamp.at_ms));
    object.text("eTag", &execution.etag());
    let all = (1..).zip(execution.jobs());
    object.list("jobs", all, |(number, job), out| {
        push_job(execution, number, job, company, out);
    });
    object.end();
}

fn owner_type(owner: Owner) -> &'static str {
    match owner {
        Owner::Workflow(_) => "Workflow",
        Owner::Layout(_) => "WorkflowLayout",
    }
}

fn push_modified(object: &mut Object<'_>, modified: Option<&Stamp>) {
    if let Some(stamp) = modified {
        object.stamp("modifiedAt", "modifiedBy", "modifiedByName", stamp);
    }
}

fn push_startup(object: &mut Object<'_>, start: &Start) {
    let startup = &start.startup;
    object.text("jobStartupType", startup.kind.name());
    object.maybe_text("jobStartupId", startup.id.as_deref());
    object.maybe_text("jobStartupName", startup.name.as_deref());
}

fn push_job(execution: &Execution, number: u32, job: &Job, company: Guid, out: &mut String) {
    let spec = &job.spec;
    let mut object = Object::begin(out);
    object.id("id", spec.id);
    object.id("workflowId", spec.workflow);
    object.text("name", &spec.name);
    object.maybe_text("description", spec.description.as_deref());
    object.id("packageId", spec.package.id);
    object.text("packageName", &spec.package.name);
    object.text("packageVersion", &spec.package.version);
    object.id("packageVersionId", spec.package.version_id);
    object.sourced_arguments("arguments", &spec.arguments);
    object.id("containingQueueId", spec.queue);
    object.boolean("isRobotDedicatedQueue", spec.robot.is_some());
    object.number("priority", spec.priority.into());
    object.number(
        "reversedPriority",
        i64::from(limits::PRIORITY.saturating_sub(spec.priority)),
    );
    push_course(&mut object, job);
    object.text("videoRecordMode", spec.video.name());
    object.text("jobExecutionPolicy", spec.policy.name());
    object.maybe_number("maxRunSeconds", spec.max_run_seconds.map(i64::from));
    object.boolean("deleted", false);
    object.id("jobGroupId", execution.id());
    object.number("seqNum", number.into());
    object.text("step", &spec.label);
    object.maybe_text("jobSubjectId", spec.subject.id.as_deref());
    object.maybe_text("jobSubjectName", spec.subject.name.as_deref());
    object.maybe_text("jobSubjectType", spec.subject.kind.as_deref());
    if let Some(start) = execution.start() {
        push_origin(&mut object, start, company);
    }
    push_modified(&mut object, job.modified.as_ref());
    object.text("eTag", &job.etag());
    object.end();
}

/// How far a job is.
fn push_course(object: &mut Object<'_>, job: &Job) {
    let state = job.state().name();
    object.text("state", state);
    object.text("displayState", state);
    object.text("lastState", state);
    object.maybe_text("message", job.message.as_deref());
    if let Some(run) = job.last_run() {
        object.id("lastRunInstaceId", run.id);
        if !run.robot.is_nil() {
            object.id("lastRobotId", run.robot);
            object.text("lastRobotName", &run.robot_name);
        }
    }
    object.maybe_instant("startedAt", job.started_ms);
    object.maybe_instant("finishedAt", job.finished_ms);
    object.maybe_instant("cancelRequestedAt", job.cancel_requested_ms);
    object.number("retriedCount", job.retried_count().into());
    object.number("maxRetryCount", job.spec.max_retry_count.into());
}

/// Where a job comes from.
fn push_origin(object: &mut Object<'_>, start: &Start, company: Guid) {
    object.place("Job", company, start.department);
    push_startup(object, start);
    if start.startup.kind == JobStartupType::Trigger {
        let schedule = start.startup.id.as_deref();
        let schedule = schedule.and_then(|id| id.parse::<rpa::Guid>().ok());
        object.maybe_id("cronTriggerId", schedule);
    }
    object.maybe_text("source", start.source.as_deref());
    object.maybe_id("retryOf", start.retry_of);
    object.stamp("createdAt", "createdBy", "createdByName", &start.created);
}

/// A run instance with what it gave back.
pub fn push_run(execution: &Execution, job: &Job, run: &Run, company: Guid, out: &mut String) {
    let attempt = job
        .runs
        .iter()
        .take_while(|other| other.id != run.id)
        .count()
        + 1;
    let mut object = Object::begin(out);
    object.id("id", run.id);
    object.id("runInstanceId", run.id);
    object.id("jobId", job.spec.id);
    object.id("workflowId", job.spec.workflow);
    if !run.robot.is_nil() {
        object.id("robotId", run.robot);
        object.text("robotName", &run.robot_name);
    }
    object.count("attempt", attempt);
    object.text("status", run.status().name());
    let end = run.end.as_ref();
    object.maybe_number("exitCode", end.and_then(|end| end.exit_code).map(i64::from));
    object.maybe_text("message", end.and_then(|end| end.message.as_deref()));
    let outputs = end.map_or(&[][..], |end| &end.outputs);
    object.arguments("arguments", &outputs_of(job, outputs));
    object.maybe_instant("startedAt", run.started_ms);
    object.maybe_instant("finishedAt", run.finished_ms);
    object.instant("createdAt", run.offered_ms);
    if let Some(start) = execution.start() {
        object.id("createdBy", start.created.by);
        object.text("createdByName", &start.created.by_name);
        object.id("companyId", company);
        object.id("departmentId", start.department);
    }
    object.text("eTag", &run.etag());
    object.end();
}

/// What a run gave back, with the declared types; what nobody declared has the type of its value.
fn outputs_of(job: &Job, outputs: &[(String, codec::Value)]) -> Vec<Argument> {
    let outputs = outputs.iter().map(|(name, value)| {
        let declared = job.spec.arguments.iter().map(|sourced| &sourced.argument);
        let mut declared = declared.filter(|argument| argument.name == *name);
        let mut output = match declared.next() {
            Some(declared) => Argument::new(name, &declared.type_name, declared.direction),
            None => Argument::new(name, type_of(value), Direction::Out),
        };
        output.value = argument::to_text(value);
        output
    });
    outputs.collect()
}

fn type_of(value: &codec::Value) -> &'static str {
    use codec::Value as V;
    match value {
        V::Bool(_) => "System.Boolean",
        V::Int(_) => "System.Int64",
        V::Double(_) => "System.Double",
        V::Date(_) => "System.DateTime",
        V::Null | V::BigInt(_) | V::String(_) | V::Bytes(_) | V::List(_) | V::Map(_) => {
            "System.String"
        }
    }
}
