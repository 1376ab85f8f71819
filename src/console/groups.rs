//! Groups of robots, which the API calls queues, and who is in them.
//! Owns: how they look, and that a robot's hidden group is in no list. Never: decides who may be in one.

use super::{
    call::{Answered, Call, Place, done, new_id, ok},
    form::{self, Form},
    json::Object,
    page,
    problem::Refused,
    query::Query,
    robots,
    table::{Endpoint, delete, get, patch, post},
};
use codec::Tenant;
use org::{Guid, Permission as P};
use rpa::registry::{Action, Group, Robot, State, Workflow};
use std::collections::BTreeSet;

const NEW: Form = &[form::NEW_NAME, form::NOTES, form::PLACE];

/// The lines of the table.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/openapi/queues", P::QueueView, list, "Groups of robots")
            .lists()
            .query(&ASKED),
        post("/openapi/queues", P::QueueCreate, create, "Make a group").takes(NEW),
        post(
            "/openapi/queues/{id}",
            P::QueueCreate,
            create_as,
            "Make a group with this id",
        )
        .takes(NEW),
        get("/openapi/queues/{id}", P::QueueView, show, "A group"),
        patch(
            "/openapi/queues/{id}",
            P::QueueEdit,
            change,
            "Change a group",
        )
        .takes(form::LABEL),
        delete(
            "/openapi/queues/{id}",
            P::QueueDelete,
            remove,
            "Delete a group that nothing uses",
        ),
        get(
            "/openapi/queues/{id}/robots",
            P::QueueView,
            members,
            "The robots of a group",
        ),
        post(
            "/openapi/queues/{id}/robots",
            P::QueueEdit,
            add,
            "Put robots into a group",
        )
        .takes(form::ROBOTS),
        delete(
            "/openapi/queues/{id}/robots/{robot}",
            P::QueueEdit,
            take_out,
            "Take a robot out of a group",
        ),
    ]
}

/// What lists of groups and robots may be asked for beside.
pub const ASKED: [&str; 3] = ["AssociatedQueueId", "PackageId", "PackageVersionId"];

/// A group, and what workflows of a package target, as a list is asked for them.
pub struct Asked {
    group: Option<rpa::Guid>,
    /// Groups and robots that those workflows target; none: no package is named.
    targets: Option<(BTreeSet<rpa::Guid>, BTreeSet<rpa::Guid>)>,
}

impl Asked {
    /// Reads what [`ASKED`] names.
    pub fn read(query: Query<'_>, registry: &State, tenant: Tenant) -> Result<Self, Refused> {
        let id = |name| Ok::<_, Refused>(query.id(name)?.map(|id| rpa::Guid(id.0)));
        let (group, package) = (id("AssociatedQueueId")?, id("PackageId")?);
        let version = id("PackageVersionId")?;
        if package.is_none() && version.is_none() {
            return Ok(Asked {
                group,
                targets: None,
            });
        }
        let runs = |workflow: &&Workflow| {
            package.is_none_or(|package| workflow.package == package)
                && version.is_none_or(|version| workflow.version == version)
        };
        let (mut groups, mut robots) = (BTreeSet::new(), BTreeSet::new());
        for workflow in registry.workflows(tenant).filter(runs) {
            groups.extend(workflow.queue);
            robots.extend(&workflow.robots);
        }
        Ok(Asked {
            group,
            targets: Some((groups, robots)),
        })
    }

    fn takes_group(&self, group: &Group) -> bool {
        let targets = self.targets.as_ref();
        self.group.is_none_or(|id| id == group.id)
            && targets.is_none_or(|(groups, _)| groups.contains(&group.id))
    }

    /// Whether a robot is in the group, and the target of such a workflow, also through a group.
    pub fn takes_robot(&self, registry: &State, robot: &Robot) -> bool {
        let is_in = |id: &rpa::Guid| registry.groups_of_robot(robot.id).any(|group| group == *id);
        let targets = self.targets.as_ref();
        self.group.as_ref().is_none_or(is_in)
            && targets.is_none_or(|(groups, robots)| {
                robots.contains(&robot.id) || groups.iter().any(is_in)
            })
    }
}

/// A group.
pub fn push(company: Guid, group: &Group, out: &mut String) {
    let mut object = Object::begin(out);
    object.id("id", group.id);
    object.label(&group.label);
    object.count("robotCount", group.robots.len());
    object.maybe_id("dedicatedRobotId", group.dedicated_robot);
    object.meta("Queue", company, &group.meta);
    object.end();
}

/// The group that the path names, when the caller may do `permission` with it.
fn look<T>(
    call: &Call,
    permission: P,
    view: impl FnOnce(&State, &Group) -> T,
) -> Result<T, Refused> {
    let id = call.id("id")?;
    call.state.engine.registry.look(|registry| {
        let found = registry.group(call.tenant(), id);
        let group = call.checked(permission, "robot group", found)?;
        Ok(view(registry, group))
    })
}

/// `GET /openapi/queues`
async fn list(call: Call) -> Answered {
    let query = call.resource_query()?;
    let scope = call.scope(P::QueueView)?;
    call.state.engine.registry.look(|registry| {
        let asked = Asked::read(call.query(), registry, call.tenant())?;
        let open = registry.groups(call.tenant());
        let open = open.filter(|group| group.dedicated_robot.is_none() && asked.takes_group(group));
        let (count, page) = query.page(&scope, open);
        page::list(count, page, |group, out| {
            push(call.visitor.company, group, out)
        })
    })
}

/// `GET /openapi/queues/{id}`, also of a robot's hidden group: jobs name it.
async fn show(call: Call) -> Answered {
    shown(&call, P::QueueView)
}

fn shown(call: &Call, permission: P) -> Answered {
    let body = look(call, permission, |_, group| {
        let mut out = String::new();
        push(call.visitor.company, group, &mut out);
        out
    });
    ok(body?)
}

/// `POST /openapi/queues`
async fn create(call: Call) -> Answered {
    let id = new_id()?;
    made(&call, id).await
}

/// `POST /openapi/queues/{id}`, as the document has it. Text that is no id stands for a random one.
async fn create_as(call: Call) -> Answered {
    let given = call.id("id").ok().filter(|id| !id.is_nil());
    let id = match given {
        Some(id) => id,
        None => new_id()?,
    };
    made(&call, id).await
}

async fn made(call: &Call, id: rpa::Guid) -> Answered {
    let body = call.body()?;
    let place = call.place(&body, P::QueueCreate)?;
    let command = place.command(Action::CreateGroup {
        id,
        department: place.department,
        label: body.label()?,
    });
    call.state.engine.change_registry(command).await?;
    ok(placed(call, &place, id)?)
}

fn placed(call: &Call, place: &Place, id: rpa::Guid) -> Result<String, Refused> {
    let body = call.state.engine.registry.look(|registry| {
        let mut out = String::new();
        push(place.company, registry.group(place.tenant, id)?, &mut out);
        Some(out)
    });
    // Somebody may have deleted it already.
    body.ok_or_else(|| Refused::unknown("robot group", &id.to_string()))
}

/// `PATCH /openapi/queues/{id}`
async fn change(call: Call) -> Answered {
    let body = call.body()?;
    let id = look(&call, P::QueueEdit, |_, group| group.id)?;
    let (etag, label) = (body.etag()?, body.label()?);
    let command = call.command(Action::ChangeGroup { id, etag, label });
    call.state.engine.change_registry(command).await?;
    shown(&call, P::QueueEdit)
}

/// `DELETE /openapi/queues/{id}`
async fn remove(call: Call) -> Answered {
    let id = look(&call, P::QueueDelete, |_, group| group.id)?;
    // How many jobs are open is counted where it is decided.
    let command = call.command(Action::DeleteGroup { id, open_jobs: 0 });
    call.state.engine.change_registry(command).await?;
    done()
}

/// `GET /openapi/queues/{id}/robots`
async fn members(call: Call) -> Answered {
    let query = call.resource_query()?;
    page_of_members(&call, P::QueueView, &query)
}

fn page_of_members(call: &Call, permission: P, query: &super::query::ListQuery) -> Answered {
    let (count, page) = look(call, permission, |registry, group| {
        let robots = group.robots.iter();
        let robots = robots.filter_map(|id| registry.robot(call.tenant(), *id));
        let (count, page) = query.page(&super::call::Scope::All, robots);
        let page = page.into_iter();
        (
            count,
            page.map(|robot| robots::Found::of(registry, robot))
                .collect::<Vec<_>>(),
        )
    })?;
    robots::list_of(call, count, &page)
}

/// `POST /openapi/queues/{id}/robots`: all of them or none; the answer is who is in it then.
async fn add(call: Call) -> Answered {
    let query = call.resource_query()?;
    let body = call.body()?;
    let group = look(&call, P::QueueEdit, |_, group| group.id)?;
    let ids = body.ids("robotIds")?;
    let ids = ids.ok_or_else(|| Refused::field("robotIds", "given"))?;
    let ids: Vec<rpa::Guid> = ids.into_iter().map(|id| rpa::Guid(id.0)).collect();
    robots::check(&call, P::RobotView, &ids)?;
    let command = call.command(Action::AddRobots { group, robots: ids });
    call.state.engine.change_registry(command).await?;
    page_of_members(&call, P::QueueEdit, &query)
}

/// `DELETE /openapi/queues/{id}/robots/{robot}`
async fn take_out(call: Call) -> Answered {
    let robot = call.id("robot")?;
    let group = look(&call, P::QueueEdit, |_, group| group.id)?;
    let command = call.command(Action::RemoveRobot { group, robot });
    call.state.engine.change_registry(command).await?;
    done()
}
