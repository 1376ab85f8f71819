//! Executing a workflow: what the request says beside it counts for this execution only.

use crate::{
    api::order,
    console::{
        assets,
        body::Body,
        call::{Answered, Call, new_id, ok},
        form::{self, Form, Kind, field, words},
        jobs::render,
        problem::Refused,
    },
};
use org::Permission as P;
use rpa::{
    execution::{Execution, Startup, Subject},
    registry::{
        Target,
        plan::{Execute, Overrides},
    },
    terms::{JobExecutionPolicy, JobStartupType, VideoRecordMode},
};

/// What an execute may say.
pub const FORM: Form = &[
    form::EXECUTION,
    &[
        field("jobSubjectId", Kind::Text),
        field("jobSubjectName", Kind::Text),
        field("jobSubjectType", Kind::Text),
        field("startupType", words!(JobStartupType)),
        field("startupId", Kind::Text),
        field("startupName", Kind::Text),
        field("source", Kind::Text),
    ],
];

/// `POST /openapi/workflows/{id}/execute`
pub async fn execute(call: Call) -> Answered {
    let body = call.body()?;
    let id = super::check(&call, P::WorkflowExecute)?;
    let execute = asked(&call, &body)?;
    let company = call.visitor.company;
    let view = move |execution: &Execution| render::jobs(execution, company);
    begin(&call, execute, Target::Workflow(id), view).await
}

/// An execute as the request asks for it.
pub fn asked(call: &Call, body: &Body) -> Result<Execute, Refused> {
    let overrides = overrides(body)?;
    assets::check_named(call, &call.reach(), &overrides.arguments)?;
    Ok(Execute {
        tenant: call.tenant(),
        execution: new_id()?,
        created: call.by(),
        startup: startup(body)?,
        source: body.text("source")?,
        activity: None,
        overrides,
    })
}

/// Executes; a repetition of the request gets the first answer again.
pub async fn begin(
    call: &Call,
    execute: Execute,
    target: Target,
    view: impl Fn(&Execution) -> String + Send + 'static,
) -> Answered {
    let engine = &call.state.engine;
    let principal = call.visitor.id.to_string();
    match order::remember_of(&call.request, call.tenant(), &principal) {
        None => ok(engine.execute(execute, target, view).await?),
        Some(request) => {
            let render = move |execution: &Execution| order::rendered(view(execution));
            let answer = engine.execute_once(execute, target, request, render);
            Ok(order::respond_shared(answer.await?))
        }
    }
}

fn startup(body: &Body) -> Result<Startup, Refused> {
    let kind = body.word("startupType", JobStartupType::read)?;
    Ok(Startup {
        kind: kind.unwrap_or(JobStartupType::Manually),
        id: body.text("startupId")?,
        name: body.text("startupName")?,
    })
}

fn overrides(body: &Body) -> Result<Overrides, Refused> {
    Ok(Overrides {
        arguments: body.arguments("arguments")?.unwrap_or_default(),
        video: body.word("videoRecordMode", VideoRecordMode::read)?,
        priority: body.unsigned("priority")?,
        max_retry_count: body.unsigned("maxRetryCount")?,
        max_run_seconds: body.unsigned("maxRunSeconds")?,
        policy: body.word("triggerPolicy", JobExecutionPolicy::read)?,
        subject: Subject {
            id: body.text("jobSubjectId")?,
            name: body.text("jobSubjectName")?,
            kind: body.text("jobSubjectType")?,
        },
    })
}
