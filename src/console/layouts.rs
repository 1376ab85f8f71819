//! Layouts: workflows in a row.
//! Owns: how they look, and that nobody names a workflow that they may not execute. Never: runs one.

use super::{
    assets,
    body::Body,
    call::{Answered, Call, Reach, done, new_id, ok},
    form::{self, Field, Form, Kind, field, required},
    jobs::render,
    json::Object,
    page,
    problem::Refused,
    table::{Endpoint, delete, get, patch, post},
    workflows::execute,
};
use org::{Guid, Permission as P};
use rpa::{
    argument::Argument,
    execution::Execution,
    registry::{Action, Layout, LayoutSettings, NewNode, Node, State, Target},
};

const NODE: Form = &[
    form::NAME,
    form::NOTES,
    &[
        field("id", Kind::Id),
        field("index", Kind::Integer),
        required("workflowId", Kind::Id),
        field("arguments", form::SOURCED_ARGUMENTS),
    ],
];
const SETTINGS: &[Field] = &[
    field("nodes", Kind::Objects(NODE)),
    field("continueOnFailure", Kind::Boolean),
];
const NEW: Form = &[form::NEW_NAME, form::NOTES, form::PLACE, SETTINGS];
const CHANGE: Form = &[form::NAME, form::NOTES, form::ETAG, SETTINGS];

/// The lines of the table.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/openapi/workflowlayouts", P::LayoutView, list, "Layouts").lists(),
        post(
            "/openapi/workflowlayouts",
            P::LayoutCreate,
            create,
            "Make a layout",
        )
        .takes(NEW),
        get(
            "/openapi/workflowlayouts/{id}",
            P::LayoutView,
            show,
            "A layout",
        ),
        patch(
            "/openapi/workflowlayouts/{id}",
            P::LayoutEdit,
            change,
            "Change a layout",
        )
        .takes(CHANGE),
        delete(
            "/openapi/workflowlayouts/{id}",
            P::LayoutDelete,
            remove,
            "Delete a layout that no schedule names",
        ),
        post(
            "/openapi/workflowlayouts/{id}/execute",
            P::LayoutExecute,
            run,
            "Execute a layout",
        )
        .takes(execute::FORM),
    ]
}

fn push(company: Guid, layout: &Layout, out: &mut String) {
    let mut object = Object::begin(out);
    members(company, layout, &mut object);
    object.end();
}

fn members(company: Guid, layout: &Layout, object: &mut Object<'_>) {
    object.id("id", layout.id);
    object.label(&layout.label);
    object.list(
        "nodes",
        layout.nodes.iter().enumerate(),
        |(index, node), out| push_node(index, node, out),
    );
    object.boolean("continueOnFailure", layout.continue_on_failure);
    object.maybe_instant("lastTriggeredAt", layout.last_triggered_ms);
    object.number("triggeredCount", layout.triggered_count.cast_signed());
    // There is no such word in the document's list of types.
    object.meta("WorkflowLayout", company, &layout.meta);
}

fn push_node(index: usize, node: &Node, out: &mut String) {
    let mut object = Object::begin(out);
    object.id("id", node.id);
    object.count("index", index);
    object.label(&node.label);
    object.id("workflowId", node.workflow);
    object.sourced_arguments("arguments", &node.arguments);
    object.stamp("createdAt", "createdBy", "createdByName", &node.created);
    if let Some(modified) = &node.modified {
        object.stamp("modifiedAt", "modifiedBy", "modifiedByName", modified);
    }
    object.end();
}

/// The layout itself, and again as the list of one that the document shows.
fn rendered(company: Guid, layout: &Layout) -> String {
    let mut out = String::new();
    let mut object = Object::begin(&mut out);
    members(company, layout, &mut object);
    object.count("count", 1);
    object.list("list", [layout], |layout, out| push(company, layout, out));
    object.end();
    out
}

/// The layout that the path names, when the caller may do `permission` with it.
pub fn look<T>(
    call: &Call,
    permission: P,
    view: impl FnOnce(&State, &Layout) -> T,
) -> Result<T, Refused> {
    let id = call.id("id")?;
    call.state.engine.registry.look(|registry| {
        let found = registry.layout(call.tenant(), id);
        let layout = call.checked(permission, "layout", found)?;
        Ok(view(registry, layout))
    })
}

/// `GET /openapi/workflowlayouts`
async fn list(call: Call) -> Answered {
    let query = call.resource_query()?;
    let scope = call.scope(P::LayoutView)?;
    call.state.engine.registry.look(|registry| {
        let (count, page) = query.page(&scope, registry.layouts(call.tenant()));
        page::list(count, page, |layout, out| {
            push(call.visitor.company, layout, out)
        })
    })
}

/// `GET /openapi/workflowlayouts/{id}`
async fn show(call: Call) -> Answered {
    shown(&call, P::LayoutView)
}

fn shown(call: &Call, permission: P) -> Answered {
    let company = call.visitor.company;
    ok(look(call, permission, |_, layout| {
        rendered(company, layout)
    })?)
}

/// `POST /openapi/workflowlayouts`
async fn create(call: Call) -> Answered {
    let body = call.body()?;
    let place = call.place(&body, P::LayoutCreate)?;
    let settings = settings(&call, &place.reach(), &body, &[])?;
    let id = new_id()?;
    let command = place.command(Action::CreateLayout {
        id,
        department: place.department,
        settings,
    });
    call.state.engine.change_registry(command).await?;
    let body = call.state.engine.registry.look(|registry| {
        let layout = registry.layout(place.tenant, id)?;
        Some(rendered(place.company, layout))
    });
    // Somebody may have deleted it already.
    ok(body.ok_or_else(|| Refused::unknown("layout", &id.to_string()))?)
}

/// `PATCH /openapi/workflowlayouts/{id}`
async fn change(call: Call) -> Answered {
    let body = call.body()?;
    let old = look(&call, P::LayoutEdit, |_, layout| layout.clone())?;
    let command = call.command(Action::ChangeLayout {
        id: old.id,
        etag: body.etag()?,
        settings: settings(&call, &call.reach(), &body, &old.nodes)?,
    });
    call.state.engine.change_registry(command).await?;
    shown(&call, P::LayoutEdit)
}

/// `DELETE /openapi/workflowlayouts/{id}`
async fn remove(call: Call) -> Answered {
    let id = look(&call, P::LayoutDelete, |_, layout| layout.id)?;
    let command = call.command(Action::DeleteLayout { id });
    call.state.engine.change_registry(command).await?;
    done()
}

/// `POST /openapi/workflowlayouts/{id}/execute`
async fn run(call: Call) -> Answered {
    let body = call.body()?;
    let id = look(&call, P::LayoutExecute, |_, layout| layout.id)?;
    let execute = execute::asked(&call, &body)?;
    let company = call.visitor.company;
    let view = move |execution: &Execution| render::group(execution, company);
    execute::begin(&call, execute, Target::Layout(id), view).await
}

fn settings(
    call: &Call,
    reach: &Reach,
    body: &Body,
    old: &[Node],
) -> Result<LayoutSettings, Refused> {
    let nodes = match body.objects("nodes")? {
        Some(nodes) => Some(read_nodes(call, reach, &nodes, old)?),
        None => None,
    };
    Ok(LayoutSettings {
        label: body.label()?,
        nodes,
        continue_on_failure: body.boolean("continueOnFailure")?,
    })
}

/// All nodes, in the order of their indexes; those without one stay where they are in the body. A node with an id that
/// the layout has is that node, any other is a new one.
fn read_nodes(
    call: &Call,
    reach: &Reach,
    bodies: &[Body],
    old: &[Node],
) -> Result<Vec<NewNode>, Refused> {
    let mut nodes = Vec::with_capacity(bodies.len());
    for (at, body) in (0_i64..).zip(bodies) {
        let id = body.id("id")?.map(|id| rpa::Guid(id.0));
        let known = id.filter(|id| old.iter().any(|node| node.id == *id));
        let node = NewNode {
            id: match known {
                Some(id) => id,
                None => new_id()?,
            },
            label: body.label()?,
            workflow: rpa::Guid(body.required_id("workflowId")?.0),
            arguments: body.sourced_arguments("arguments")?.unwrap_or_default(),
        };
        nodes.push((body.integer("index")?.unwrap_or(at), node));
    }
    nodes.sort_by_key(|(index, _)| *index);
    let nodes: Vec<NewNode> = nodes.into_iter().map(|(_, node)| node).collect();
    may_run(call, reach, &nodes)?;
    Ok(nodes)
}

/// Whoever executes the layout executes its workflows: naming one needs the permission to. One that is not there is for
/// the registry to refuse.
fn may_run(call: &Call, reach: &Reach, nodes: &[NewNode]) -> Result<(), Refused> {
    call.state.engine.registry.look(|registry| {
        for node in nodes {
            if let Some(workflow) = registry.workflow(reach.tenant, node.workflow) {
                reach.check(&call.state, P::WorkflowExecute, workflow.meta.department)?;
            }
        }
        Ok::<_, Refused>(())
    })?;
    let arguments = nodes.iter().flat_map(|node| &node.arguments);
    let arguments: Vec<&Argument> = arguments.map(|sourced| &sourced.argument).collect();
    assets::check_named(call, reach, arguments)
}
