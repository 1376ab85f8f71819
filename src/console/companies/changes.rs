//! Companies made, changed and deleted, by who administers the system.
//! Never: decides what `org` decides, or what of robots keeps a company (that is `actors::closing`); shows a company to who
//! has no rights in it.

use super::push_company;
use crate::console::{
    body::Body,
    call::{Answered, Call, done, new_id, ok},
    form::{self, Field, Form, Kind, field},
    json::Object,
    page::{self, Place},
    problem::Refused,
    table::{Endpoint, delete, get, patch, post},
};
use org::{
    Command, Guid, Permission as P,
    tenancy::{self, Company, Department, Edition},
};

const EDITION: &[Field] = &[field(
    "edition",
    Kind::Word(|| vec!["Enterprise", "Community"]),
)];
const NEW: Form = &[
    form::NEW_NAME,
    &[field("rootDepartmentName", Kind::Text)],
    EDITION,
    form::NOTES,
];
const CHANGE: Form = &[form::NAME, EDITION, form::NOTES, form::ETAG];

/// The lines of the table.
pub fn endpoints() -> Vec<Endpoint> {
    let path = "/openapi/companies";
    let one = "/openapi/companies/{id}";
    vec![
        get(
            path,
            P::CompanyView,
            list,
            "Companies that one has rights in",
        )
        .lists(),
        post(
            path,
            P::CompanyCreate,
            create,
            "Make a company with its root department",
        )
        .takes(NEW),
        get(one, P::CompanyView, show, "A company"),
        patch(one, P::CompanyEdit, change, "Change a company").takes(CHANGE),
        delete(
            one,
            P::CompanyDelete,
            remove,
            "Delete a company that has nobody and nothing in it",
        ),
    ]
}

/// The company that the path names, when the caller may do `permission` in it.
fn find(call: &Call, permission: P) -> Result<Company, Refused> {
    let id = call.org_id("id")?;
    let found = call.state.engine.organisation.look(|state| {
        let company = state.tenancy.company(id)?;
        let rights = state.rights(company.tenant, call.visitor.who)?;
        let permitted = rights.permits_somewhere(permission);
        permitted.then(|| company.clone())
    });
    found.ok_or_else(|| Refused::unknown("company", call.param("id")))
}

fn push(company: &Company, out: &mut String) {
    let mut object = Object::begin(out);
    object.id("id", company.id);
    object.id("companyId", company.id);
    push_company(company, &mut object);
    object.end();
}

fn rendered(company: &Company) -> Answered {
    let mut out = String::new();
    push(company, &mut out);
    ok(out)
}

/// `GET /openapi/companies`
async fn list(call: Call) -> Answered {
    let query = call.resource_query()?;
    call.state.engine.organisation.look(|state| {
        let takes = |one: &&Company| {
            let rights = state.rights(one.tenant, call.visitor.who);
            let created_ms = one.common.created.at_ms;
            rights.is_some_and(|rights| rights.permits_somewhere(P::CompanyView))
                && query.passes(one.id, created_ms, &one.name, |needle| {
                    needle.is_in(&one.name)
                })
        };
        let mut found: Vec<&Company> = state.tenancy.companies().filter(takes).collect();
        query.sort(&mut found, |one| {
            Place::in_organisation(one.id, &one.name, Some(&one.common))
        });
        let page = found.iter().skip(query.skipped()).take(query.page_size);
        page::list(found.len(), page.collect::<Vec<_>>(), |one, out| {
            push(one, out);
        })
    })
}

/// `GET /openapi/companies/{id}`
async fn show(call: Call) -> Answered {
    rendered(&find(&call, P::CompanyView)?)
}

/// `POST /openapi/companies`: its root department is called `rootDepartmentName`, else like the company.
async fn create(call: Call) -> Answered {
    let body = call.body()?;
    let name = body.required_text("name")?;
    let root_name = body.text("rootDepartmentName")?;
    let common = call.new_common(&body)?;
    let company = Company {
        id: Guid(new_id()?.0),
        // Given where it is decided.
        tenant: call.tenant(),
        edition: read_edition(&body)?.unwrap_or_default(),
        name: name.clone(),
        deleted: false,
        common: common.clone(),
    };
    let root = Department {
        id: Guid(new_id()?.0),
        tenant: call.tenant(),
        parent: None,
        name: root_name.unwrap_or(name),
        common,
    };
    let command = tenancy::Command::CreateCompany {
        company: Box::new(company.clone()),
        root: Box::new(root),
    };
    call.organise(Command::Tenancy(command)).await?;
    rendered(&company)
}

/// `PATCH /openapi/companies/{id}`
async fn change(call: Call) -> Answered {
    let body = call.body()?;
    let old = find(&call, P::CompanyEdit)?;
    let company = Company {
        name: body.text("name")?.unwrap_or_else(|| old.name.clone()),
        edition: read_edition(&body)?.unwrap_or(old.edition),
        common: call.changed_common(&old.common, &body)?,
        ..old
    };
    let command = tenancy::Command::ChangeCompany(company);
    call.organise(Command::Tenancy(command)).await?;
    rendered(&find(&call, P::CompanyEdit)?)
}

/// `DELETE /openapi/companies/{id}`
async fn remove(call: Call) -> Answered {
    let company = find(&call, P::CompanyDelete)?;
    let command = Command::Tenancy(tenancy::Command::DeleteCompany(company.id));
    let engine = &call.state.engine;
    engine
        .delete_departments(company.tenant, None, command)
        .await?;
    done()
}

fn read_edition(body: &Body) -> Result<Option<Edition>, Refused> {
    let Some(text) = body.text("edition")? else {
        return Ok(None);
    };
    match text.to_ascii_lowercase().as_str() {
        "enterprise" => Ok(Some(Edition::Enterprise)),
        "community" => Ok(Some(Edition::Community)),
        _ => Err(Refused::field("edition", "Enterprise or Community")),
    }
}
