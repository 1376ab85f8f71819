//! People of the company: added, changed, let go, with their roles and passwords.
//!
//! Owns: that nobody comes to another's rights by a password, and what people of several companies are to one of them.
//! Never: keeps or shows a password.

use super::{
    body::Body,
    call::{Answered, Call, done, new_id, ok},
    form::{self, Field, Form, Kind, field, required},
    json::Object,
    keys::read_roles,
    page::{self, Place},
    people::{push_account, push_user},
    problem::Refused,
    query::Needle,
    table::{Endpoint, delete, get, patch, post},
};
use crate::{
    first_start::new_account,
    http::Fault,
    sso::{FULL_AGAIN_S, Full},
};
use org::{
    Command, Guid, Permission as P, State,
    people::{self, Account, CompanyUser, Status},
};

/// Letters of a password that somebody chooses here.
const PASSWORD_CHARS: usize = 8;

const PASSWORD: &[Field] = &[required("password", Kind::Text)];
const PERSON: &[Field] = &[
    field(
        "status",
        Kind::Word(|| vec!["Active", "Inactive", "Banned"]),
    ),
    field("email", Kind::Text),
    field("phoneNumber", Kind::Text),
    field("userExtensionInfo", Kind::Object(EXTENSION)),
];
const EXTENSION: Form = &[&[
    field("extensionId", Kind::Text),
    field("extensionMobile", Kind::Text),
    field("extensionEmail", Kind::Text),
]];
const NEW: Form = &[
    &[required("userName", Kind::Text)],
    PASSWORD,
    form::NAME,
    form::NOTES,
    form::PLACE,
    form::ROLES,
    PERSON,
];
const CHANGE: Form = &[
    form::NAME,
    form::NOTES,
    form::ETAG,
    &[field("departmentId", Kind::Id)],
    form::ROLES,
    PERSON,
];

/// The lines of the table.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/openapi/companyusers",
            P::UserView,
            list,
            "People of the company",
        )
        .lists()
        .query(&["Status"]),
        post(
            "/openapi/companyusers",
            P::UserCreate,
            create,
            "Add a person",
        )
        .takes(NEW),
        get("/openapi/companyusers/{id}", P::UserView, show, "A person"),
        patch(
            "/openapi/companyusers/{id}",
            P::UserEdit,
            change,
            "Change a person",
        )
        .takes(CHANGE),
        delete(
            "/openapi/companyusers/{id}",
            P::UserDelete,
            remove,
            "Let a person go from the company",
        ),
        post(
            "/openapi/companyusers/{id}/password",
            P::UserEdit,
            set_password,
            "Set a person's password; whoever is signed in must sign in again",
        )
        .takes(&[PASSWORD]),
        post(
            "/openapi/companyusers/{id}/roles",
            P::UserEdit,
            set_roles,
            "Give a person these roles instead of those that they have",
        )
        .takes(&[form::ROLES, form::NOTES, form::ETAG]),
    ]
}

/// Somebody in the company.
struct Person {
    user: CompanyUser,
    account: Account,
}

fn push(call: &Call, state: &State, user: &CompanyUser, account: &Account, out: &mut String) {
    let mut object = Object::begin(out);
    object.id("id", user.id);
    object.id("userId", account.id);
    object.id("companyId", call.visitor.company);
    object.text("resourceType", "CompanyUser");
    object.text("name", &user.name);
    push_user(&mut object, state, user);
    push_account(&mut object, account);
    object.common(&user.common);
    object.end();
}

/// The person that the path names, when the caller may do `permission` with them.
fn find(call: &Call, permission: P) -> Result<Person, Refused> {
    let id = call.org_id("id")?;
    let found = call.state.engine.organisation.look(|state| {
        let user = state.people.user(id)?;
        let user = Some(user).filter(|user| user.tenant == call.tenant())?;
        let account = state.people.account(user.account)?;
        Some(Person {
            user: user.clone(),
            account: account.clone(),
        })
    });
    let found = found.ok_or_else(|| Refused::unknown("user", call.param("id")))?;
    call.check(permission, rpa::Guid(found.user.department.0))?;
    Ok(found)
}

/// `GET /openapi/companyusers`
async fn list(call: Call) -> Answered {
    let query = call.resource_query()?;
    let status = call.query().word("Status", read_status)?;
    let scope = call.scope(P::UserView)?;
    call.state.engine.organisation.look(|state| {
        let users = state.people.users(call.tenant());
        let pairs = users.filter_map(|user| Some((user, state.people.account(user.account)?)));
        let takes = |(user, account): &(&CompanyUser, &Account)| {
            let email = account.email.as_deref().unwrap_or_default();
            let texts = [user.name.as_str(), account.user_name.as_str(), email];
            let finds = |needle: &Needle| texts.iter().any(|text| needle.is_in(text));
            let created_ms = user.common.created.at_ms;
            scope.has(rpa::Guid(user.department.0))
                && status.is_none_or(|status| status == user.status)
                && query.passes(user.id, created_ms, &user.name, finds)
        };
        let mut found: Vec<_> = pairs.filter(takes).collect();
        query.sort(&mut found, |(user, _)| {
            Place::in_organisation(user.id, &user.name, Some(&user.common))
        });
        let count = found.len();
        let page = found.into_iter().skip(query.skipped());
        let page: Vec<_> = page.take(query.page_size).collect();
        page::list(count, page, |(user, account), out| {
            push(&call, state, user, account, out);
        })
    })
}

/// `GET /openapi/companyusers/{id}`
async fn show(call: Call) -> Answered {
    shown(&call, P::UserView)
}

fn shown(call: &Call, permission: P) -> Answered {
    let person = find(call, permission)?;
    ok(rendered(call, &person))
}

fn rendered(call: &Call, person: &Person) -> String {
    call.state.engine.organisation.look(|state| {
        let mut out = String::new();
        push(call, state, &person.user, &person.account, &mut out);
        out
    })
}

fn read_status(text: &str) -> Option<Status> {
    match text.trim().to_ascii_lowercase().as_str() {
        "active" | "0" => Some(Status::Active),
        "inactive" | "1" => Some(Status::Inactive),
        "banned" | "2" => Some(Status::Banned),
        _ => None,
    }
}

/// What a body says of a person, over what is known.
fn describe(account: &mut Account, body: &Body) -> Result<(), Refused> {
    let set = |to: &mut Option<String>, given: Option<String>| {
        if let Some(text) = given {
            // An empty text takes it away.
            *to = Some(text).filter(|text| !text.trim().is_empty());
        }
    };
    set(&mut account.email, body.text("email")?);
    set(&mut account.phone_number, body.text("phoneNumber")?);
    if let Some(extension) = body.object("userExtensionInfo")? {
        set(&mut account.extension.id, extension.text("extensionId")?);
        set(
            &mut account.extension.mobile,
            extension.text("extensionMobile")?,
        );
        set(
            &mut account.extension.email,
            extension.text("extensionEmail")?,
        );
    }
    Ok(())
}

/// The hash of the password of a body, made among the sign-ins and as bounded as they are.
async fn hashed(call: &Call, body: &Body) -> Result<String, Refused> {
    let text = body.required_text("password")?;
    if text.chars().nth(PASSWORD_CHARS - 1).is_none() {
        return Err(Refused::field("password", "8 characters or more"));
    }
    let hashed = call.state.sso.hash(call.request.peer.ip(), text).await;
    let hashed = hashed.map_err(|Full| Fault::TooManyRequests {
        retry_after_s: FULL_AGAIN_S,
    })?;
    hashed.map_err(|error| Refused::malformed(error.to_string()))
}

/// `POST /openapi/companyusers`
async fn create(call: Call) -> Answered {
    let body = call.body()?;
    let place = call.place(&body, P::UserCreate)?;
    if place.tenant != call.tenant() {
        return Err(Refused::field("companyId", "the company of the header"));
    }
    let department = Guid(place.department.0);
    let roles = call.state.engine.organisation.look(|state| {
        let roles = read_roles(&call, state, &body)?.unwrap_or_default();
        call.may_give(state, &roles, department)?;
        Ok::<_, Refused>(roles)
    })?;
    let user_name = body.required_text("userName")?;
    let common = call.new_common(&body)?;
    let hash = hashed(&call, &body).await?;
    let mut account = new_account(Guid(new_id()?.0), &user_name, hash, common.clone());
    account.name = body.text("name")?.unwrap_or(user_name);
    describe(&mut account, &body)?;
    let user = CompanyUser {
        id: Guid(new_id()?.0),
        tenant: place.tenant,
        account: account.id,
        name: account.name.clone(),
        department,
        roles,
        status: body.word("status", read_status)?.unwrap_or_default(),
        owner: false,
        common,
    };
    let command = people::Command::CreateAccount {
        account: Box::new(account.clone()),
        users: vec![user.clone()],
    };
    call.organise(Command::People(command)).await?;
    ok(rendered(&call, &Person { user, account }))
}

/// What is the account's counts in all of its companies: only one that is in no other company is this one's to change,
/// and nobody changes somebody who may do more than they.
fn is_ours(call: &Call, person: &Person) -> Result<(), Refused> {
    call.state.engine.organisation.look(|state| {
        let caller = state.people.account(call.visitor.id);
        if caller.is_some_and(|caller| caller.system_admin || caller.id == person.account.id) {
            return Ok(());
        }
        if person.account.system_admin || state.people.users_of(person.account.id).count() > 1 {
            return Err(Refused::forbidden());
        }
        call.may_give(state, &person.user.roles, person.user.department)
    })
}

/// `PATCH /openapi/companyusers/{id}`
async fn change(call: Call) -> Answered {
    let body = call.body()?;
    let old = find(&call, P::UserEdit)?;
    let department = body.id("departmentId")?.filter(|id| !id.is_zero());
    let department = department.unwrap_or(old.user.department);
    call.check(P::UserEdit, rpa::Guid(department.0))?;
    let roles = call.state.engine.organisation.look(|state| {
        let roles = read_roles(&call, state, &body)?;
        let roles = roles.unwrap_or_else(|| old.user.roles.clone());
        call.may_give(state, &old.user.roles, old.user.department)?;
        call.may_give(state, &roles, department)?;
        Ok::<_, Refused>(roles)
    })?;
    let user = CompanyUser {
        name: body.text("name")?.unwrap_or_else(|| old.user.name.clone()),
        department,
        roles,
        status: body.word("status", read_status)?.unwrap_or(old.user.status),
        common: call.changed_common(&old.user.common, &body)?,
        ..old.user.clone()
    };
    let mut account = old.account.clone();
    describe(&mut account, &body)?;
    let mut commands = vec![Command::People(people::Command::ChangeUser(user))];
    if account != old.account {
        is_ours(&call, &old)?;
        let now_ms = call.state.engine.clock.now_ms();
        account.common = account.common.changed(call.visitor.stamp(now_ms));
        let command = people::Command::ChangeAccount(Box::new(account));
        commands.push(Command::People(command));
    }
    call.organise(Command::All(commands)).await?;
    shown(&call, P::UserEdit)
}

/// `POST /openapi/companyusers/{id}/roles`
async fn set_roles(call: Call) -> Answered {
    let body = call.body()?;
    let old = find(&call, P::UserEdit)?.user;
    let roles = call.state.engine.organisation.look(|state| {
        let roles = read_roles(&call, state, &body)?;
        let roles = roles.ok_or_else(|| Refused::field("roleIds", "given"))?;
        call.may_give(state, &old.roles, old.department)?;
        call.may_give(state, &roles, old.department)?;
        Ok::<_, Refused>(roles)
    })?;
    let user = CompanyUser {
        roles,
        common: call.changed_common(&old.common, &body)?,
        ..old
    };
    let command = people::Command::ChangeUser(user);
    call.organise(Command::People(command)).await?;
    shown(&call, P::UserEdit)
}

/// `POST /openapi/companyusers/{id}/password`
async fn set_password(call: Call) -> Answered {
    let body = call.body()?;
    let person = find(&call, P::UserEdit)?;
    is_ours(&call, &person)?;
    let command = people::Command::SetPassword {
        account: person.account.id,
        hash: hashed(&call, &body).await?,
        stamp: call.visitor.stamp(call.state.engine.clock.now_ms()),
    };
    call.organise(Command::People(command)).await?;
    call.state.sso.forget_verified();
    done()
}

/// `DELETE /openapi/companyusers/{id}`: who is in no other company is nobody any more.
async fn remove(call: Call) -> Answered {
    let person = find(&call, P::UserDelete)?;
    let only = call.state.engine.organisation.look(|state| {
        call.may_give(state, &person.user.roles, person.user.department)?;
        let elsewhere = state.people.users_of(person.account.id).count() > 1;
        Ok::<_, Refused>(!elsewhere && !person.account.system_admin)
    })?;
    let command = match only {
        true => people::Command::DeleteAccount(person.account.id),
        false => people::Command::RemoveUser(person.user.id),
    };
    call.organise(Command::People(command)).await?;
    call.state.sso.forget_verified();
    done()
}
