//! Roles: the built-in ones, those that a company makes, and the permissions that there are.
//! Never: changes a built-in one.

use super::{
    body::Body,
    call::{Answered, Call, done, new_id, ok},
    form::{self, Field, Form, Kind, field},
    json::Object,
    page::{self, Place},
    problem::Refused,
    table::{Endpoint, Need, delete, get, patch, post},
};
use org::{
    BuiltIn, Command, Common, Guid, Permission, Permission as P, Permissions, Role, Scope, State,
    tenancy,
};

const SETTINGS: &[Field] = &[
    field("permissions", Kind::Texts),
    field("scope", Kind::Word(|| vec!["Department", "Company"])),
];
const NEW: Form = &[form::NEW_NAME, form::NOTES, SETTINGS];
const CHANGE: Form = &[form::NAME, form::NOTES, form::ETAG, SETTINGS];

/// The lines of the table.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/openapi/permissions",
            Need::Member,
            permissions,
            "All permissions that a role may have",
        ),
        get("/openapi/roles", P::RoleView, list, "Roles").lists(),
        post("/openapi/roles", P::RoleCreate, create, "Make a role").takes(NEW),
        get("/openapi/roles/{id}", P::RoleView, show, "A role"),
        patch("/openapi/roles/{id}", P::RoleEdit, change, "Change a role").takes(CHANGE),
        delete(
            "/openapi/roles/{id}",
            P::RoleDelete,
            remove,
            "Delete a role that nobody has",
        ),
    ]
}

/// `GET /openapi/permissions`
async fn permissions(_call: Call) -> Answered {
    let all = Permission::ALL;
    page::list(all.len(), all, |permission, out| {
        let mut object = Object::begin(out);
        object.text("name", permission.text());
        object.text("resource", permission.resource());
        object.text("action", permission.action());
        object.end();
    })
}

/// A role as it is shown.
struct Shown {
    id: Guid,
    name: String,
    scope: Scope,
    permissions: Permissions,
    /// What a built-in one has not.
    common: Option<Common>,
}

impl Shown {
    fn own(role: &Role) -> Self {
        Shown {
            id: role.id,
            name: role.name.clone(),
            scope: role.scope,
            permissions: role.permissions.iter().copied().collect(),
            common: Some(role.common.clone()),
        }
    }

    fn built_in(role: BuiltIn) -> Self {
        Shown {
            id: role.id(),
            name: role.name().to_owned(),
            scope: role.scope(),
            permissions: role.permissions(),
            common: None,
        }
    }

    fn find(state: &State, call: &Call) -> Result<Self, Refused> {
        let id = call.org_id("id")?;
        if let Some(role) = BuiltIn::by_id(id) {
            return Ok(Shown::built_in(role));
        }
        let role = state.tenancy.role(id);
        let role = role.filter(|role| role.tenant == call.tenant());
        let role = role.ok_or_else(|| Refused::unknown("role", call.param("id")))?;
        Ok(Shown::own(role))
    }

    fn push(&self, company: Guid, out: &mut String) {
        let mut object = Object::begin(out);
        object.id("id", self.id);
        object.text("name", &self.name);
        let scope = match self.scope {
            Scope::Department => "Department",
            Scope::Company => "Company",
        };
        object.text("scope", scope);
        let all = Permission::ALL.iter();
        let given = all.filter(|permission| self.permissions.contains(**permission));
        object.texts("permissions", given.map(|permission| permission.text()));
        object.boolean("isBuiltIn", self.common.is_none());
        object.id("companyId", company);
        object.common(self.common.as_ref().unwrap_or(&Common::default()));
        object.end();
    }

    /// One that the company made.
    fn changeable(self) -> Result<(Self, Common), Refused> {
        match self.common.clone() {
            Some(common) => Ok((self, common)),
            None => Err(Refused::malformed("a built-in role never changes")),
        }
    }
}

/// `GET /openapi/roles`
async fn list(call: Call) -> Answered {
    let query = call.resource_query()?;
    let company = call.visitor.company;
    call.state.engine.organisation.look(|state| {
        let built_in = BuiltIn::ALL.into_iter().map(Shown::built_in);
        let own = state.tenancy.roles(call.tenant()).map(Shown::own);
        let takes = |role: &Shown| {
            let ids = query.ids.as_ref();
            ids.is_none_or(|ids| ids.contains(&role.id))
                && [&query.name, &query.search]
                    .into_iter()
                    .flatten()
                    .all(|needle| needle.is_in(&role.name))
        };
        let mut roles: Vec<Shown> = built_in.chain(own).filter(takes).collect();
        query.sort(&mut roles, |role| {
            Place::in_organisation(role.id, &role.name, role.common.as_ref())
        });
        let page = roles.iter().skip(query.skipped()).take(query.page_size);
        let page: Vec<&Shown> = page.collect();
        page::list(roles.len(), page, |role, out| role.push(company, out))
    })
}

/// `GET /openapi/roles/{id}`
async fn show(call: Call) -> Answered {
    shown(&call)
}

fn shown(call: &Call) -> Answered {
    let organisation = &call.state.engine.organisation;
    let found = organisation.look(|state| Shown::find(state, call))?;
    let mut out = String::new();
    found.push(call.visitor.company, &mut out);
    ok(out)
}

fn read_permissions(body: &Body) -> Result<Option<Vec<Permission>>, Refused> {
    let Some(texts) = body.texts("permissions")? else {
        return Ok(None);
    };
    let read = texts.iter().map(|text| {
        let known = text.trim().parse::<Permission>();
        known.map_err(|_| Refused::malformed(format!("there is no permission '{text}'")))
    });
    read.collect::<Result<_, _>>().map(Some)
}

fn read_scope(text: &str) -> Option<Scope> {
    match text.trim().to_ascii_lowercase().as_str() {
        "department" | "0" => Some(Scope::Department),
        "company" | "1" => Some(Scope::Company),
        _ => None,
    }
}

/// Roles are the company's: whoever makes one may do all of it in the whole company.
fn may_make(call: &Call, permissions: &[Permission]) -> Result<(), Refused> {
    let rights = &call.visitor.rights;
    let mut permissions = permissions.iter();
    match permissions.all(|permission| rights.permits_everywhere(*permission)) {
        true => Ok(()),
        false => Err(Refused::forbidden()),
    }
}

/// `POST /openapi/roles`
async fn create(call: Call) -> Answered {
    let body = call.body()?;
    call.check_company(P::RoleCreate)?;
    let permissions = read_permissions(&body)?.unwrap_or_default();
    may_make(&call, &permissions)?;
    let role = Role {
        id: Guid(new_id()?.0),
        tenant: call.tenant(),
        name: body.required_text("name")?,
        scope: body.word("scope", read_scope)?.unwrap_or(Scope::Department),
        permissions,
        common: call.new_common(&body)?,
    };
    let mut out = String::new();
    Shown::own(&role).push(call.visitor.company, &mut out);
    call.organise(Command::Tenancy(tenancy::Command::CreateRole(role)))
        .await?;
    ok(out)
}

/// `PATCH /openapi/roles/{id}`
async fn change(call: Call) -> Answered {
    let body = call.body()?;
    call.check_company(P::RoleEdit)?;
    let organisation = &call.state.engine.organisation;
    let (old, common) = organisation
        .look(|state| Shown::find(state, &call))?
        .changeable()?;
    let before = Permission::ALL.iter().copied();
    let before: Vec<Permission> = before
        .filter(|permission| old.permissions.contains(*permission))
        .collect();
    let permissions = read_permissions(&body)?.unwrap_or(before);
    may_make(&call, &permissions)?;
    let role = Role {
        id: old.id,
        tenant: call.tenant(),
        name: body.text("name")?.unwrap_or(old.name),
        scope: body.word("scope", read_scope)?.unwrap_or(old.scope),
        permissions,
        common: call.changed_common(&common, &body)?,
    };
    call.organise(Command::Tenancy(tenancy::Command::ChangeRole(role)))
        .await?;
    shown(&call)
}

/// `DELETE /openapi/roles/{id}`
async fn remove(call: Call) -> Answered {
    call.check_company(P::RoleDelete)?;
    let organisation = &call.state.engine.organisation;
    let (old, _) = organisation
        .look(|state| Shown::find(state, &call))?
        .changeable()?;
    call.organise(Command::Tenancy(tenancy::Command::DeleteRole(old.id)))
        .await?;
    done()
}
