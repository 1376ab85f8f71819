//! What a wish about companies, departments or roles leads to.
//! Never: changes the state.

use super::{
    Command, Company, Department, Event,
    check::{check_common, check_name, check_next},
    registry::same,
};
use crate::{BuiltIn, Digest, Guid, Refusal, Role, State};
use codec::Tenant;

/// Departments lie at most so deep.
const DEPTH: usize = 32;

/// The facts that follow, or why none.
pub(crate) fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::CreateCompany { company, root } => create_company(state, *company, *root),
        Command::ChangeCompany(company) => change_company(state, company),
        Command::DeleteCompany(id) => delete_company(state, id),
        Command::CreateDepartment(department) => create_department(state, department),
        Command::ChangeDepartment(department) => change_department(state, department),
        Command::DeleteDepartment(id) => delete_department(state, id),
        Command::CreateRole(role) => create_role(state, role),
        Command::ChangeRole(role) => change_role(state, role),
        Command::DeleteRole(id) => delete_role(state, id),
        Command::BindKeys {
            replacing,
            fingerprint,
        } => bind_keys(state, replacing, fingerprint),
    }
}

fn unknown(what: &'static str, id: Guid) -> Refusal {
    Refusal::Unknown {
        what,
        id: id.to_string(),
    }
}

fn taken(what: &'static str, name: String) -> Refusal {
    Refusal::NameTaken { what, name }
}

fn create_company(
    state: &State,
    mut company: Company,
    mut root: Department,
) -> Result<Vec<Event>, Refusal> {
    check_company(state, &company)?;
    if state.tenancy.was_company(company.id) {
        return Err(Refusal::IdTaken {
            what: "company",
            id: company.id,
        });
    }
    company.tenant = state.tenancy.next_tenant();
    company.deleted = false;
    root.tenant = company.tenant;
    root.parent = None;
    check_name("name", &root.name)?;
    check_new_department(state, root.id)?;
    Ok(vec![
        Event::CompanyCreated(company),
        Event::DepartmentCreated(root),
    ])
}

fn check_company(state: &State, company: &Company) -> Result<(), Refusal> {
    check_name("name", &company.name)?;
    check_common(&company.common)?;
    match state.tenancy.company_named(&company.name) {
        Some(other) if other.id != company.id => Err(taken("company", company.name.clone())),
        Some(_) | None => Ok(()),
    }
}

fn change_company(state: &State, company: Company) -> Result<Vec<Event>, Refusal> {
    let old = state.tenancy.company(company.id);
    let old = old.ok_or_else(|| unknown("company", company.id))?;
    check_next(
        "company",
        old.id,
        old.common.revision,
        company.common.revision,
    )?;
    check_company(state, &company)?;
    Ok(vec![Event::CompanyChanged(Company {
        tenant: old.tenant,
        deleted: false,
        ..company
    })])
}

fn delete_company(state: &State, id: Guid) -> Result<Vec<Event>, Refusal> {
    let company = state
        .tenancy
        .company(id)
        .ok_or_else(|| unknown("company", id))?;
    let in_use = |by: String| {
        Err(Refusal::InUse {
            what: "company",
            name: company.name.clone(),
            by,
        })
    };
    if let Some(user) = state.people.users(company.tenant).next() {
        return in_use(format!("user '{}'", user.name));
    }
    if let Some(department) = state
        .tenancy
        .departments(company.tenant)
        .find(|one| one.parent.is_some())
    {
        return in_use(format!("department '{}'", department.name));
    }
    if let Some(client) = state.clients.of_tenant(company.tenant).next() {
        return in_use(format!("client '{}'", client.name));
    }
    if let Some(key) = state.clients.keys(company.tenant).next() {
        return in_use(format!("API key '{}'", key.name));
    }
    Ok(vec![Event::CompanyDeleted(id)])
}

fn check_new_department(state: &State, id: Guid) -> Result<(), Refusal> {
    match state.tenancy.department(id) {
        Some(_) => Err(Refusal::IdTaken {
            what: "department",
            id,
        }),
        None => Ok(()),
    }
}

fn create_department(state: &State, department: Department) -> Result<Vec<Event>, Refusal> {
    check_new_department(state, department.id)?;
    if department.parent.is_none() {
        return Err(Refusal::Invalid {
            field: "parentId",
            why: "must be there",
        });
    }
    check_department(state, &department)?;
    Ok(vec![Event::DepartmentCreated(department)])
}

fn change_department(state: &State, department: Department) -> Result<Vec<Event>, Refusal> {
    let old = state.tenancy.department(department.id);
    let old = old.ok_or_else(|| unknown("department", department.id))?;
    check_next(
        "department",
        old.id,
        old.common.revision,
        department.common.revision,
    )?;
    if old.parent.is_none() != department.parent.is_none() {
        return Err(Refusal::Invalid {
            field: "parentId",
            why: "cannot be changed for a root",
        });
    }
    check_department(state, &department)?;
    Ok(vec![Event::DepartmentChanged(Department {
        tenant: old.tenant,
        ..department
    })])
}

fn check_department(state: &State, department: &Department) -> Result<(), Refusal> {
    check_name("name", &department.name)?;
    check_common(&department.common)?;
    let Some(parent) = department.parent else {
        return Ok(());
    };
    let above = state.tenancy.department(parent);
    if above.is_none_or(|above| above.tenant != department.tenant) {
        return Err(unknown("department", parent));
    }
    if state.tenancy.is_within(parent, department.id) {
        return Err(Refusal::Invalid {
            field: "parentId",
            why: "must not lie below the department itself",
        });
    }
    if state.tenancy.ancestors(parent).count() >= DEPTH {
        return Err(Refusal::Invalid {
            field: "parentId",
            why: "lies too deep",
        });
    }
    let mut siblings = state.tenancy.children(parent);
    match siblings.find(|one| one.id != department.id && same(&one.name, &department.name)) {
        Some(_) => Err(taken("department", department.name.clone())),
        None => Ok(()),
    }
}

fn delete_department(state: &State, id: Guid) -> Result<Vec<Event>, Refusal> {
    let department = state
        .tenancy
        .department(id)
        .ok_or_else(|| unknown("department", id))?;
    let in_use = |by: String| {
        Err(Refusal::InUse {
            what: "department",
            name: department.name.clone(),
            by,
        })
    };
    if department.parent.is_none() {
        return in_use("its company".to_owned());
    }
    if let Some(child) = state.tenancy.children(id).next() {
        return in_use(format!("department '{}'", child.name));
    }
    if let Some(user) = state
        .people
        .users(department.tenant)
        .find(|one| one.department == id)
    {
        return in_use(format!("user '{}'", user.name));
    }
    if let Some(key) = state
        .clients
        .keys(department.tenant)
        .find(|one| one.department == id)
    {
        return in_use(format!("API key '{}'", key.name));
    }
    let mut clients = state.clients.of_tenant(department.tenant);
    if let Some(client) = clients.find(|one| one.department() == Some(id)) {
        return in_use(format!("robot '{}'", client.name));
    }
    Ok(vec![Event::DepartmentDeleted(id)])
}

fn create_role(state: &State, role: Role) -> Result<Vec<Event>, Refusal> {
    if state.tenancy.role(role.id).is_some() || BuiltIn::by_id(role.id).is_some() {
        return Err(Refusal::IdTaken {
            what: "role",
            id: role.id,
        });
    }
    check_role(state, &role)?;
    Ok(vec![Event::RoleCreated(role)])
}

fn change_role(state: &State, role: Role) -> Result<Vec<Event>, Refusal> {
    let old = state
        .tenancy
        .role(role.id)
        .ok_or_else(|| unknown("role", role.id))?;
    check_next("role", old.id, old.common.revision, role.common.revision)?;
    check_role(state, &role)?;
    Ok(vec![Event::RoleChanged(Role {
        tenant: old.tenant,
        ..role
    })])
}

fn check_role(state: &State, role: &Role) -> Result<(), Refusal> {
    check_name("name", &role.name)?;
    check_common(&role.common)?;
    check_tenant(state, role.tenant)?;
    match state.tenancy.role_named(role.tenant, &role.name) {
        Some(other) if other != role.id => Err(taken("role", role.name.clone())),
        Some(_) | None => Ok(()),
    }
}

fn check_tenant(state: &State, tenant: Tenant) -> Result<(), Refusal> {
    match state.tenancy.company_of(tenant) {
        Some(_) => Ok(()),
        None => Err(Refusal::Unknown {
            what: "company",
            id: tenant.0.to_string(),
        }),
    }
}

fn delete_role(state: &State, id: Guid) -> Result<Vec<Event>, Refusal> {
    let role = state.tenancy.role(id).ok_or_else(|| unknown("role", id))?;
    let in_use = |by: String| {
        Err(Refusal::InUse {
            what: "role",
            name: role.name.clone(),
            by,
        })
    };
    if let Some(user) = state
        .people
        .users(role.tenant)
        .find(|one| one.roles.contains(&id))
    {
        return in_use(format!("user '{}'", user.name));
    }
    if let Some(key) = state
        .clients
        .keys(role.tenant)
        .find(|one| one.roles.contains(&id))
    {
        return in_use(format!("API key '{}'", key.name));
    }
    Ok(vec![Event::RoleDeleted(id)])
}

fn bind_keys(
    state: &State,
    replacing: Option<Digest>,
    fingerprint: Digest,
) -> Result<Vec<Event>, Refusal> {
    if state.tenancy.keys() == Some(fingerprint) {
        return Ok(Vec::new());
    }
    if state.tenancy.keys() != replacing {
        return Err(Refusal::KeysDiffer);
    }
    Ok(vec![Event::KeysBound(fingerprint)])
}
