//! API keys. Owns: that a key's text is shown once. Never: keeps it; `org` has its digest.

use super::{
    body::Body,
    call::{Answered, Call, done, new_id, ok},
    form::{self, Form, Kind, field},
    json::Object,
    page::{self, Place},
    problem::{Refused, internal},
    table::{Endpoint, delete, get, patch, post},
};
use crate::sso::secret;
use org::{
    Command, Guid, Permission as P, State,
    clients::{self, ApiKey},
};

const NEW: Form = &[form::NEW_NAME, form::NOTES, form::PLACE, form::ROLES];
const CHANGE: Form = &[
    form::NAME,
    form::NOTES,
    form::ETAG,
    &[field("departmentId", Kind::Id)],
    form::ROLES,
];

/// The lines of the table.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/openapi/apikeys", P::ApiKeyView, list, "API keys").lists(),
        post(
            "/openapi/apikeys",
            P::ApiKeyCreate,
            create,
            "Make an API key; it is shown this once",
        )
        .takes(NEW),
        get("/openapi/apikeys/{id}", P::ApiKeyView, show, "An API key"),
        patch(
            "/openapi/apikeys/{id}",
            P::ApiKeyEdit,
            change,
            "Change an API key",
        )
        .takes(CHANGE),
        delete(
            "/openapi/apikeys/{id}",
            P::ApiKeyDelete,
            remove,
            "End an API key",
        ),
    ]
}

fn push(company: Guid, key: &ApiKey, text: Option<&str>, out: &mut String) {
    let mut object = Object::begin(out);
    object.id("id", key.id);
    object.text("name", &key.name);
    object.place("ApiKey", company, rpa::Guid(key.department.0));
    object.ids("roleIds", &key.roles);
    object.maybe_text("key", text);
    object.common(&key.common);
    object.end();
}

/// Roles by id or name, of `roleIds` or `roles`.
pub fn read_roles(call: &Call, state: &State, body: &Body) -> Result<Option<Vec<Guid>>, Refused> {
    let texts = match body.texts("roleIds")? {
        Some(texts) => Some(texts),
        None => body.texts("roles")?,
    };
    let Some(texts) = texts else {
        return Ok(None);
    };
    let read = texts.iter().map(|text| {
        let tenancy = &state.tenancy;
        let by_id = text.trim().parse::<Guid>().ok();
        let by_id = by_id.filter(|id| tenancy.grant(call.tenant(), *id).is_some());
        let found = by_id.or_else(|| tenancy.role_named(call.tenant(), text));
        found.ok_or_else(|| Refused::malformed(format!("there is no role '{text}'")))
    });
    read.collect::<Result<_, _>>().map(Some)
}

/// The key that the path names, when the caller may do `permission` with it.
fn find(call: &Call, permission: P) -> Result<ApiKey, Refused> {
    let id = call.org_id("id")?;
    let organisation = &call.state.engine.organisation;
    let key = organisation.look(|state| state.clients.key(id).cloned());
    let key = key.filter(|key| key.tenant == call.tenant());
    let key = key.ok_or_else(|| Refused::unknown("API key", call.param("id")))?;
    call.check(permission, rpa::Guid(key.department.0))?;
    Ok(key)
}

/// `GET /openapi/apikeys`
async fn list(call: Call) -> Answered {
    let query = call.resource_query()?;
    let scope = call.scope(P::ApiKeyView)?;
    call.state.engine.organisation.look(|state| {
        let takes = |key: &&ApiKey| {
            let created_ms = key.common.created.at_ms;
            scope.has(rpa::Guid(key.department.0))
                && query.passes(key.id, created_ms, &key.name, |needle| {
                    needle.is_in(&key.name)
                })
        };
        let mut keys: Vec<&ApiKey> = state.clients.keys(call.tenant()).filter(takes).collect();
        query.sort(&mut keys, |key| {
            Place::in_organisation(key.id, &key.name, Some(&key.common))
        });
        let page = keys.iter().skip(query.skipped()).take(query.page_size);
        page::list(keys.len(), page.collect::<Vec<_>>(), |key, out| {
            push(call.visitor.company, key, None, out);
        })
    })
}

/// `GET /openapi/apikeys/{id}`
async fn show(call: Call) -> Answered {
    let mut out = String::new();
    push(
        call.visitor.company,
        &find(&call, P::ApiKeyView)?,
        None,
        &mut out,
    );
    ok(out)
}

/// `POST /openapi/apikeys`
async fn create(call: Call) -> Answered {
    let body = call.body()?;
    let place = call.place(&body, P::ApiKeyCreate)?;
    if place.tenant != call.tenant() {
        return Err(Refused::field("companyId", "the company of the header"));
    }
    let department = Guid(place.department.0);
    let roles = call.state.engine.organisation.look(|state| {
        let roles = read_roles(&call, state, &body)?.unwrap_or_default();
        call.may_give(state, &roles, department)?;
        Ok::<_, Refused>(roles)
    })?;
    let text = secret::text("lwk_").map_err(|error| internal(&error.to_string()))?;
    let key = ApiKey {
        id: Guid(new_id()?.0),
        tenant: place.tenant,
        department,
        name: body.required_text("name")?,
        digest: secret::digest(&text),
        roles,
        common: call.new_common(&body)?,
    };
    let mut out = String::new();
    push(place.company, &key, Some(&text), &mut out);
    let command = clients::Command::CreateKey(key);
    call.organise(Command::Clients(command)).await?;
    ok(out)
}

/// `PATCH /openapi/apikeys/{id}`
async fn change(call: Call) -> Answered {
    let body = call.body()?;
    let old = find(&call, P::ApiKeyEdit)?;
    let department = body.id("departmentId")?.filter(|id| !id.is_zero());
    let department = department.unwrap_or(old.department);
    call.check(P::ApiKeyEdit, rpa::Guid(department.0))?;
    let roles = call.state.engine.organisation.look(|state| {
        let roles = read_roles(&call, state, &body)?;
        let roles = roles.unwrap_or_else(|| old.roles.clone());
        call.may_give(state, &roles, department)?;
        Ok::<_, Refused>(roles)
    })?;
    let key = ApiKey {
        department,
        name: body.text("name")?.unwrap_or_else(|| old.name.clone()),
        roles,
        common: call.changed_common(&old.common, &body)?,
        ..old
    };
    let command = clients::Command::ChangeKey(key);
    call.organise(Command::Clients(command)).await?;
    let mut out = String::new();
    push(
        call.visitor.company,
        &find(&call, P::ApiKeyEdit)?,
        None,
        &mut out,
    );
    ok(out)
}

/// `DELETE /openapi/apikeys/{id}`
async fn remove(call: Call) -> Answered {
    let key = find(&call, P::ApiKeyDelete)?;
    let command = clients::Command::DeleteKey(key.id);
    call.organise(Command::Clients(command)).await?;
    call.state.sso.forget_verified();
    done()
}
