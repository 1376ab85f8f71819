//! The companies, departments and roles that there are.
//! Owns: apply (total) and the look-ups. Never: judges.

use super::{Company, Department, Event};
use crate::{BuiltIn, Digest, Guid, Permissions, Role, Scope};
use codec::Tenant;
use std::collections::BTreeMap;

/// All companies with what is theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    companies: BTreeMap<Guid, Company>,
    departments: BTreeMap<Guid, Department>,
    roles: BTreeMap<Guid, Role>,
    keys: Option<Digest>,
    /// Derived from `companies`, without the deleted ones.
    tenants: BTreeMap<Tenant, Guid>,
}

impl Registry {
    pub(crate) fn apply(&mut self, event: &Event) {
        match event {
            Event::CompanyCreated(company) | Event::CompanyChanged(company) => {
                if company.deleted {
                    self.tenants.remove(&company.tenant);
                } else {
                    self.tenants.insert(company.tenant, company.id);
                }
                self.companies.insert(company.id, company.clone());
            }
            Event::CompanyDeleted(id) => self.delete_company(*id),
            Event::DepartmentCreated(department) | Event::DepartmentChanged(department) => {
                self.departments.insert(department.id, department.clone());
            }
            Event::DepartmentDeleted(id) => {
                self.departments.remove(id);
            }
            Event::RoleCreated(role) | Event::RoleChanged(role) => {
                self.roles.insert(role.id, role.clone());
            }
            Event::RoleDeleted(id) => {
                self.roles.remove(id);
            }
            Event::KeysBound(fingerprint) => self.keys = Some(*fingerprint),
        }
    }

    fn delete_company(&mut self, id: Guid) {
        let Some(company) = self.companies.get_mut(&id) else {
            return;
        };
        company.deleted = true;
        let tenant = company.tenant;
        self.tenants.remove(&tenant);
        self.departments.retain(|_, one| one.tenant != tenant);
        self.roles.retain(|_, one| one.tenant != tenant);
    }

    /// The facts that lead to this.
    pub(crate) fn facts(&self) -> impl Iterator<Item = Event> {
        let companies = self.companies.values().cloned().map(Event::CompanyCreated);
        let departments = self.departments.values().cloned();
        let roles = self.roles.values().cloned().map(Event::RoleCreated);
        companies
            .chain(departments.map(Event::DepartmentCreated))
            .chain(roles)
            .chain(self.keys.map(Event::KeysBound))
    }

    /// The companies, in the order of their making.
    pub fn companies(&self) -> impl Iterator<Item = &Company> {
        self.tenants
            .values()
            .filter_map(|id| self.companies.get(id))
    }

    /// The company with this id.
    pub fn company(&self, id: Guid) -> Option<&Company> {
        self.companies.get(&id).filter(|one| !one.deleted)
    }

    /// The company with this number.
    pub fn company_of(&self, tenant: Tenant) -> Option<&Company> {
        self.company(*self.tenants.get(&tenant)?)
    }

    /// The company with this name, whatever the case.
    pub fn company_named(&self, name: &str) -> Option<&Company> {
        self.companies().find(|one| same(&one.name, name))
    }

    /// Whether an id was ever a company's.
    pub(crate) fn was_company(&self, id: Guid) -> bool {
        self.companies.contains_key(&id)
    }

    /// The number of the next company.
    pub fn next_tenant(&self) -> Tenant {
        let taken = self.companies.values().map(|one| one.tenant.0 + 1);
        Tenant(taken.max().unwrap_or(0))
    }

    /// The department with this id.
    pub fn department(&self, id: Guid) -> Option<&Department> {
        self.departments.get(&id)
    }

    /// A company's departments, in order of id.
    pub fn departments(&self, tenant: Tenant) -> impl Iterator<Item = &Department> {
        let all = self.departments.values();
        all.filter(move |one| one.tenant == tenant)
    }

    /// A company's root department.
    pub fn root(&self, tenant: Tenant) -> Option<&Department> {
        self.departments(tenant).find(|one| one.parent.is_none())
    }

    /// The departments right below one, in order of id.
    pub fn children(&self, id: Guid) -> impl Iterator<Item = &Department> {
        let all = self.departments.values();
        all.filter(move |one| one.parent == Some(id))
    }

    /// A department, the one above it, and so on to the root.
    pub fn ancestors(&self, id: Guid) -> impl Iterator<Item = &Department> {
        std::iter::successors(self.department(id), |one| self.department(one.parent?))
    }

    /// Whether a department is another one or below it.
    pub fn is_within(&self, id: Guid, above: Guid) -> bool {
        self.ancestors(id).any(|one| one.id == above)
    }

    /// The names from the root down to a department, with slashes between.
    pub fn department_path(&self, id: Guid) -> String {
        let mut names: Vec<&str> = self.ancestors(id).map(|one| one.name.as_str()).collect();
        names.reverse();
        names.join("/")
    }

    /// The role with this id that a company made.
    pub fn role(&self, id: Guid) -> Option<&Role> {
        self.roles.get(&id)
    }

    /// The roles that a company made, in order of id.
    pub fn roles(&self, tenant: Tenant) -> impl Iterator<Item = &Role> {
        self.roles.values().filter(move |one| one.tenant == tenant)
    }

    /// The id of a built-in or own role by its name, whatever the case.
    pub fn role_named(&self, tenant: Tenant, name: &str) -> Option<Guid> {
        let built_in = BuiltIn::by_name(name).map(BuiltIn::id);
        let own = || self.roles(tenant).find(|one| same(&one.name, name));
        built_in.or_else(|| own().map(|one| one.id))
    }

    /// What a built-in role or one of this company lets do, and where it counts.
    pub fn grant(&self, tenant: Tenant, id: Guid) -> Option<(Permissions, Scope)> {
        if let Some(built_in) = BuiltIn::by_id(id) {
            return Some((built_in.permissions(), built_in.scope()));
        }
        let role = self.role(id).filter(|role| role.tenant == tenant)?;
        Some((role.permissions.iter().copied().collect(), role.scope))
    }

    /// The fingerprint of the keys that these data are used with.
    pub fn keys(&self) -> Option<Digest> {
        self.keys
    }
}

/// Whether two names are one, whatever the case.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}
