//! Departments made, changed and deleted.
//! Never: decides what `org` decides, or what of robots keeps a department (that is `actors::closing`).

use super::Tree;
use crate::console::{
    call::{Answered, Call, done, new_id, ok},
    form::{self, Field, Form, Kind, field},
    page::{self, Place},
    problem::Refused,
    table::{Endpoint, delete, get, patch, post},
};
use org::{
    Command, Guid, Permission as P,
    tenancy::{self, Department},
};
use rpa::Guid as Id;

const PARENT: &[Field] = &[field("parentId", Kind::Id)];
const NEW: Form = &[form::NEW_NAME, PARENT, form::NOTES];
const CHANGE: Form = &[form::NAME, PARENT, form::NOTES, form::ETAG];

/// The lines of the table.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/openapi/departments",
            P::DepartmentView,
            list,
            "Departments, one after the other",
        )
        .lists(),
        post(
            "/openapi/departments",
            P::DepartmentCreate,
            create,
            "Make a department",
        )
        .takes(NEW),
        get(
            "/openapi/departments/{id}",
            P::DepartmentView,
            show,
            "A department",
        ),
        patch(
            "/openapi/departments/{id}",
            P::DepartmentEdit,
            change,
            "Change a department, or move it",
        )
        .takes(CHANGE),
        delete(
            "/openapi/departments/{id}",
            P::DepartmentDelete,
            remove,
            "Delete a department that has nothing in it",
        ),
    ]
}

/// The department that the path names, when the caller may do `permission` there.
fn find(call: &Call, permission: P) -> Result<Department, Refused> {
    let id = call.org_id("id")?;
    let organisation = &call.state.engine.organisation;
    let found = organisation.look(|state| state.tenancy.department(id).cloned());
    let found = found.filter(|found| found.tenant == call.tenant());
    let found = found.ok_or_else(|| Refused::unknown("department", call.param("id")))?;
    call.check(permission, Id(id.0))?;
    Ok(found)
}

/// `GET /openapi/departments`
async fn list(call: Call) -> Answered {
    let query = call.resource_query()?;
    let scope = call.scope(P::DepartmentView)?;
    call.state.engine.organisation.look(|state| {
        let tree = Tree::of(state, &call.visitor);
        let takes = |one: &&Department| {
            let created_ms = one.common.created.at_ms;
            scope.has(Id(one.id.0))
                && query.passes(one.id, created_ms, &one.name, |needle| {
                    needle.is_in(&one.name)
                })
        };
        let all = state.tenancy.departments(call.tenant());
        let mut found: Vec<&Department> = all.filter(takes).collect();
        query.sort(&mut found, |one| {
            Place::in_organisation(one.id, &one.name, Some(&one.common))
        });
        let page = found.iter().skip(query.skipped()).take(query.page_size);
        page::list(found.len(), page.collect::<Vec<_>>(), |one, out| {
            tree.push(one, &state.tenancy.department_path(one.id), false, out);
        })
    })
}

/// `GET /openapi/departments/{id}`
async fn show(call: Call) -> Answered {
    rendered(&call, &find(&call, P::DepartmentView)?)
}

fn rendered(call: &Call, department: &Department) -> Answered {
    let body = call.state.engine.organisation.look(|state| {
        let tree = Tree::of(state, &call.visitor);
        let mut out = String::new();
        let path = state.tenancy.department_path(department.id);
        tree.push(department, &path, false, &mut out);
        out
    });
    ok(body)
}

/// `POST /openapi/departments`: below `parentId`, else below the department of the header, else below the root.
async fn create(call: Call) -> Answered {
    let body = call.body()?;
    let parent = body.id("parentId")?.or(call.visitor.department);
    let organisation = &call.state.engine.organisation;
    let parent = organisation.look(|state| {
        let parent = match parent {
            Some(id) => state.tenancy.department(id),
            None => state.tenancy.root(call.tenant()),
        };
        let parent = parent.filter(|parent| parent.tenant == call.tenant());
        parent.map(|parent| parent.id)
    });
    let parent = parent.ok_or_else(|| Refused::field("parentId", "a department of the company"))?;
    call.check(P::DepartmentCreate, Id(parent.0))?;
    let department = Department {
        id: Guid(new_id()?.0),
        tenant: call.tenant(),
        parent: Some(parent),
        name: body.required_text("name")?,
        common: call.new_common(&body)?,
    };
    let command = tenancy::Command::CreateDepartment(department.clone());
    call.organise(Command::Tenancy(command)).await?;
    rendered(&call, &department)
}

/// `PATCH /openapi/departments/{id}`
async fn change(call: Call) -> Answered {
    let body = call.body()?;
    let old = find(&call, P::DepartmentEdit)?;
    let parent = body.id("parentId")?.filter(|id| !id.is_zero());
    if let Some(parent) = parent.filter(|parent| Some(*parent) != old.parent) {
        let organisation = &call.state.engine.organisation;
        let known = organisation.look(|state| state.tenancy.department(parent).cloned());
        let known = known.filter(|known| known.tenant == call.tenant());
        known.ok_or_else(|| Refused::field("parentId", "a department of the company"))?;
        // Whoever moves it gives it away at one end and takes it in at the other.
        call.check(P::DepartmentEdit, Id(parent.0))?;
        let from = old.parent.unwrap_or(old.id);
        call.check(P::DepartmentEdit, Id(from.0))?;
    }
    let department = Department {
        name: body.text("name")?.unwrap_or_else(|| old.name.clone()),
        parent: parent.or(old.parent),
        common: call.changed_common(&old.common, &body)?,
        ..old
    };
    let command = tenancy::Command::ChangeDepartment(department);
    call.organise(Command::Tenancy(command)).await?;
    rendered(&call, &find(&call, P::DepartmentEdit)?)
}

/// `DELETE /openapi/departments/{id}`
async fn remove(call: Call) -> Answered {
    let id = find(&call, P::DepartmentDelete)?.id;
    let command = Command::Tenancy(tenancy::Command::DeleteDepartment(id));
    let engine = &call.state.engine;
    engine
        .delete_departments(call.tenant(), Some(Id(id.0)), command)
        .await?;
    done()
}
