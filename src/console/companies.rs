//! Companies, as those who belong to them see them.

mod changes;

pub use changes::endpoints;

use super::{
    call::{Answered, ok},
    json::Object,
    query::{Needle, Query},
};
use crate::{
    access::{Bearer, Denied},
    http::{Context, Params, Request},
    server::State,
};
use codec::Tenant;
use org::{
    Guid,
    people::{CompanyUser, Status},
    tenancy::{Company, Edition},
};

/// What a caller is in a company: the user of a person, or the key itself.
struct Seat<'o> {
    company: &'o Company,
    user: Option<&'o CompanyUser>,
    id: Guid,
    name: &'o str,
}

/// `GET /openapi/companies/companylist`: all companies of who has signed in, whatever the headers say.
pub async fn list(state: Context<State>, request: Request, _params: Params) -> Answered {
    let bearer = request.extensions.get::<Bearer>().ok_or(Denied::NoToken)?;
    let needle = Query(&request.query).text("Name").map(Needle::new);
    let body = state.engine.organisation.look(|organisation| {
        let (tenants, caller, name): (Vec<Tenant>, Guid, &str) = match bearer {
            Bearer::Person { account, name } => {
                (organisation.companies_of(*account), *account, name)
            }
            Bearer::Key { id, name, tenant } => (vec![*tenant], *id, name),
            Bearer::Robot { .. } | Bearer::Token { .. } => (Vec::new(), Guid::ZERO, ""),
        };
        let seats = tenants.iter().filter_map(|tenant| {
            let company = organisation.tenancy.company_of(*tenant)?;
            let user = organisation.people.user_of(*tenant, caller);
            Some(Seat {
                company,
                user,
                id: user.map_or(caller, |user| user.id),
                name: user.map_or(name, |user| &user.name),
            })
        });
        let fits = |seat: &Seat<'_>| {
            needle
                .as_ref()
                .is_none_or(|needle| needle.is_in(&seat.company.name))
        };
        let seats: Vec<Seat<'_>> = seats.filter(fits).collect();
        let mut out = String::new();
        let mut object = Object::begin(&mut out);
        object.list("companies", &seats, push);
        object.list("tenants", &seats, |seat, out| {
            push_tenant(seat, caller, out)
        });
        object.end();
        out
    });
    ok(body)
}

fn push(seat: &Seat<'_>, out: &mut String) {
    let company = seat.company;
    let mut object = Object::begin(out);
    object.id("id", company.id);
    object.id("companyId", company.id);
    object.id("companyUserId", seat.id);
    object.text("companyUserName", seat.name);
    push_company(company, &mut object);
    object.end();
}

/// What is said of a company to everybody who sees it, behind its ids.
fn push_company(company: &Company, object: &mut Object<'_>) {
    object.text("resourceType", "Company");
    object.text("name", &company.name);
    object.text("edition", edition(company));
    object.texts("domains", &[] as &[&str]);
    object.common(&company.common);
}

/// The same as an older generation shows it.
fn push_tenant(seat: &Seat<'_>, caller: Guid, out: &mut String) {
    let mut object = Object::begin(out);
    object.id("userId", caller);
    object.id("tenantId", seat.company.id);
    object.boolean("isOwner", seat.user.is_some_and(|user| user.owner));
    object.text(
        "status",
        status(seat.user.map_or(Status::Active, |user| user.status)),
    );
    object.text("tenantName", &seat.company.name);
    object.text("displayName", &seat.company.name);
    object.text("edition", edition(seat.company));
    object.texts("domains", &[] as &[&str]);
    object.end();
}

fn edition(company: &Company) -> &'static str {
    match company.edition {
        Edition::Enterprise => "Enterprise",
        Edition::Community => "Community",
    }
}

/// A status as the API writes it.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Active => "Active",
        Status::Inactive => "Inactive",
        Status::Banned => "Banned",
    }
}
