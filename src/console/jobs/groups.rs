//! Job groups: what one execute of a workflow or a layout made.

use super::{find, listing, render};
use crate::console::{
    call::{Answered, Call, ok},
    page,
    problem::Refused,
};
use actors::executions::{GroupFilter, GroupKey, JobPage, Range};
use org::Permission;
use rpa::{
    Guid,
    execution::{Execution, Refusal, Scope},
};

/// `GET /openapi/jobgroups`
pub async fn list(call: Call) -> Answered {
    let owner = listing::id(call.query(), "OwnerId")?;
    let scope = call.scope(Permission::JobView)?;
    page_of(&call, owner, listing::departments(scope)).await
}

/// `GET /openapi/workflowlayouts/{id}/jobgroups`
pub async fn of_layout(call: Call) -> Answered {
    let id = call.id("id")?;
    // What is named decides where one looks, not the header.
    let department = call.state.engine.registry.look(|registry| {
        let found = registry.layout(call.tenant(), id);
        let found = call.checked(Permission::JobView, "workflow layout", found)?;
        Ok::<_, Refused>(found.meta.department)
    })?;
    page_of(&call, Some(id), Some(vec![department])).await
}

/// Numbers as those of the lists of jobs.
fn read_key(text: &str) -> Option<GroupKey> {
    match text.to_ascii_lowercase().as_str() {
        "createdat" | "0" => Some(GroupKey::CreatedAt),
        "startedat" | "1" => Some(GroupKey::StartedAt),
        "finishedat" | "2" => Some(GroupKey::FinishedAt),
        "name" => Some(GroupKey::Name),
        _ => None,
    }
}

async fn page_of(call: &Call, owner: Option<Guid>, departments: Option<Vec<Guid>>) -> Answered {
    let (list, query) = (call.list_query()?, call.query());
    let filter = GroupFilter {
        tenant: call.tenant(),
        departments,
        ids: listing::ids(call.query())?,
        owner,
        created: Range {
            from_ms: list.start_ms,
            to_ms: list.end_ms,
        },
        name: query.text("Name").map(str::to_owned),
        search: query.text("SearchString").map(str::to_owned),
        key: query.word("OrderBy", read_key)?.unwrap_or_default(),
        descending: list.descending,
    };
    let shown = JobPage {
        offset: list.skipped(),
        limit: list.page_size,
    };
    let engine = &call.state.engine;
    let (count, ids) = engine.list_groups(filter, shown).await?;
    let company = call.visitor.company;
    let view = move |execution: &Execution| render::group(execution, company);
    let seen = engine.look_executions(call.tenant(), ids.iter().copied(), view);
    let seen = seen.await?;
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let shown = ids.iter().filter_map(|id| seen.get(id));
    page::list(count, shown, |group, out| out.push_str(group))
}

/// `GET /openapi/jobgroups/{id}`
pub async fn get(call: Call) -> Answered {
    let found = find::group(&call, Permission::JobView, call.id("id")?).await?;
    let company = call.visitor.company;
    let view = move |execution: &Execution| render::group(execution, company);
    let engine = &call.state.engine;
    let looked = engine.look_execution(call.tenant(), found.execution, view);
    ok(looked.await?)
}

/// `POST /openapi/jobgroups/{id}/cancel`
pub async fn cancel(call: Call) -> Answered {
    let found = find::group(&call, Permission::JobCancel, call.id("id")?).await?;
    let company = call.visitor.company;
    let cancelled = call.state.engine.cancel_jobs(
        found.execution,
        Scope::All,
        call.by(),
        move |execution, _| render::group(execution, company),
    );
    let shown: Result<String, Refused> = cancelled
        .await
        .map_err(|failure| find::gone(failure, Refusal::AlreadyEnded));
    ok(shown?)
}
