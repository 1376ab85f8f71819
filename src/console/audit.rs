//! The audit trail, read.
//! Owns: how a row looks. Never: adds one; the routes do.

use super::{
    call::{Answered, Call, Scope},
    json::Object,
    page,
    table::{Endpoint, get},
};
use actors::archive::{AuditFilter, Audited};
use org::Permission as P;

/// The lines of the table.
pub fn endpoints() -> Vec<Endpoint> {
    let summary = "What was changed by whom, the last change first";
    vec![get("/openapi/audit", P::AuditView, list, summary).query(&[
        "Actor",
        "Resource",
        "Action",
        "StartTime",
        "EndTime",
        "IsDesc",
        "PageIndex",
        "PageSize",
    ])]
}

/// `GET /openapi/audit`
async fn list(call: Call) -> Answered {
    let (query, page) = (call.query(), call.list_query()?);
    let text = |name| query.text(name).map(str::to_owned);
    let filter = AuditFilter {
        tenant: call.tenant(),
        departments: match call.scope(P::AuditView)? {
            Scope::All => None,
            Scope::Only(departments) => Some(departments.iter().map(ToString::to_string).collect()),
        },
        actor: text("Actor"),
        resource: text("Resource"),
        action: text("Action"),
        start_ms: page.start_ms,
        end_ms: page.end_ms,
        ascending: !page.descending,
        offset: page.skipped(),
        limit: page.page_size,
    };
    let engine = &call.state.engine;
    let found = engine.archived(move |archive| archive.audit(&filter)).await;
    let (count, rows) = found?;
    page::list(usize::try_from(count).unwrap_or(usize::MAX), &rows, push)
}

fn push(row: &Audited, out: &mut String) {
    let entry = &row.entry;
    let mut object = Object::begin(out);
    object.id("id", entry.id);
    object.instant("at", entry.at_ms);
    object.text("actor", &entry.actor);
    object.text("actorName", &entry.actor_name);
    object.text("action", &entry.action);
    object.text("resourceType", &entry.resource_type);
    object.maybe_text("resourceId", entry.resource_id.as_deref());
    object.maybe_text("companyId", entry.company.as_deref());
    object.maybe_text("departmentId", entry.department.as_deref());
    object.text("from", &entry.from);
    object.maybe_text("detail", entry.detail.as_deref());
    // Without an answer the server ended in between: the change may have been made or not.
    object.text("outcome", if row.is_answered { "Done" } else { "Unknown" });
    object.end();
}
