//! What the caller is in the company.

use super::{
    call::{Answered, Call, ok},
    companies::status,
    json::Object,
};
use org::{
    Common, Guid, State,
    people::{Account, CompanyUser, Status},
};

/// `GET /openapi/companyusers/self`
pub async fn own(call: Call) -> Answered {
    let visitor = &call.visitor;
    let body = call.state.engine.organisation.look(|organisation| {
        let account = organisation.people.account(visitor.id);
        let user = organisation.people.user_of(visitor.tenant, visitor.id);
        let mut out = String::new();
        let mut object = Object::begin(&mut out);
        object.id("userId", visitor.id);
        object.id("companyId", visitor.company);
        object.text("resourceType", "CompanyUser");
        match (user, account) {
            (Some(user), Some(account)) => {
                object.id("id", user.id);
                object.text("name", &user.name);
                push_user(&mut object, organisation, user);
                push_account(&mut object, account);
                object.common(&user.common);
            }
            // A system administrator is nobody in most companies; a key is no person.
            (None, Some(account)) => {
                object.id("id", account.id);
                object.text("name", &account.name);
                push_stranger(&mut object, organisation, &call, account.status, &[]);
                push_account(&mut object, account);
                object.common(&account.common);
            }
            (_, None) => {
                let key = organisation.clients.key(visitor.id);
                let roles = key.map_or(&[][..], |key| &key.roles);
                object.id("id", visitor.id);
                object.text("name", &visitor.name);
                object.text("userName", &visitor.name);
                object.boolean("isExternalUser", false);
                object.boolean("hasModifiedPassword", false);
                push_stranger(&mut object, organisation, &call, Status::Active, roles);
                object.common(&key.map_or_else(Common::default, |key| key.common.clone()));
            }
        }
        object.end();
        out
    });
    ok(body)
}

/// What somebody is in the company.
pub fn push_user(object: &mut Object<'_>, organisation: &State, user: &CompanyUser) {
    object.boolean("isCompanyOwner", user.owner);
    object.ids("roleIds", &user.roles);
    object.text("status", status(user.status));
    push_department(object, organisation, user.department);
}

fn push_stranger(
    object: &mut Object<'_>,
    organisation: &State,
    call: &Call,
    is: Status,
    roles: &[Guid],
) {
    object.boolean("isCompanyOwner", false);
    object.ids("roleIds", roles);
    object.text("status", status(is));
    let key = organisation.clients.key(call.visitor.id);
    let root = organisation.tenancy.root(call.tenant()).map(|root| root.id);
    let department = key.map(|key| key.department).or(root);
    if let Some(department) = department {
        push_department(object, organisation, department);
    }
}

/// Where in the company.
pub fn push_department(object: &mut Object<'_>, organisation: &State, department: Guid) {
    object.text("parentResourceType", "Department");
    object.id("parentId", department);
    object.id("assignedDepartmentId", department);
    object.id("departmentId", department);
    object.text(
        "departmentPath",
        &organisation.tenancy.department_path(department),
    );
}

/// What somebody is to themselves.
pub fn push_account(object: &mut Object<'_>, account: &Account) {
    object.text("userName", &account.user_name);
    object.boolean("isExternalUser", false);
    object.boolean("hasModifiedPassword", account.has_modified_password);
    object.maybe_instant("lastLoginAt", account.last_login_ms);
    object.maybe_text("email", account.email.as_deref());
    object.maybe_text("phoneNumber", account.phone_number.as_deref());
    let extension = &account.extension;
    let mut inner = Object::begin(object.name("userExtensionInfo"));
    inner.maybe_text("extensionId", extension.id.as_deref());
    inner.maybe_text("extensionMobile", extension.mobile.as_deref());
    inner.maybe_text("extensionEmail", extension.email.as_deref());
    inner.end();
}
