//! What a principal may do, and where.
//! Owns: joining roles, scopes and departments into an answer. Never: believes anything but the state as it is now.

use crate::{Guid, Permission, Permissions, Scope, State, people::Status};
use codec::Tenant;

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    /// A person's account.
    Account(Guid),
    /// An API key.
    Key(Guid),
    /// A robot.
    Robot(Guid),
    /// The server itself.
    Machine,
}

/// What one may do in one company.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    company: Permissions,
    departments: Vec<(Guid, Permissions)>,
}

impl Rights {
    /// Whether it is allowed in a department of the company.
    pub fn permits(&self, state: &State, permission: Permission, department: Guid) -> bool {
        self.company.contains(permission)
            || self.departments.iter().any(|(above, permissions)| {
                permissions.contains(permission) && state.tenancy.is_within(department, *above)
            })
    }

    /// Whether it is allowed in the whole company.
    pub fn permits_everywhere(&self, permission: Permission) -> bool {
        self.company.contains(permission)
    }

    /// Whether it is allowed anywhere in the company.
    pub fn permits_somewhere(&self, permission: Permission) -> bool {
        let mut departments = self.departments.iter();
        self.company.contains(permission)
            || departments.any(|(_, permissions)| permissions.contains(permission))
    }

    /// Whether nothing but looking is allowed anywhere in the company.
    pub fn only_look(&self) -> bool {
        let departments = self.departments.iter().map(|(_, permissions)| *permissions);
        let all = departments.fold(self.company, Permissions::and);
        all.iter().all(|permission| permission.action() == "view")
    }

    /// Whether there is any right in a department.
    pub fn any_in(&self, state: &State, department: Guid) -> bool {
        let none = Permissions::default();
        let mut departments = self.departments.iter();
        self.company != none
            || departments.any(|(above, permissions)| {
                *permissions != none && state.tenancy.is_within(department, *above)
            })
    }

    fn add(&mut self, state: &State, tenant: Tenant, roles: &[Guid], department: Guid) {
        for role in roles {
            let Some((permissions, scope)) = state.tenancy.grant(tenant, *role) else {
                continue;
            };
            match scope {
                Scope::Company => self.company = self.company.and(permissions),
                Scope::Department => self.departments.push((department, permissions)),
            }
        }
    }
}

impl State {
    /// What a principal may do in a company; none: it is not of that company, or may not come in.
    pub fn rights(&self, tenant: Tenant, principal: Principal) -> Option<Rights> {
        self.tenancy.company_of(tenant)?;
        let mut rights = Rights::default();
        match principal {
            Principal::Machine => rights.company = Permissions::where_(|_| true),
            Principal::Account(id) => {
                let account = self.people.account(id)?;
                if account.status != Status::Active {
                    return None;
                }
                let user = self.people.user_of(tenant, id);
                let user = user.filter(|user| user.status == Status::Active);
                if account.system_admin {
                    rights.company = Permissions::where_(|_| true);
                } else {
                    user?;
                }
                if let Some(user) = user {
                    rights.add(self, tenant, &user.roles, user.department);
                }
            }
            Principal::Key(id) => {
                let key = self.clients.key(id).filter(|key| key.tenant == tenant)?;
                rights.add(self, tenant, &key.roles, key.department);
            }
            Principal::Robot(id) => {
                let client = self.clients.client(&id.to_string())?;
                (client.tenant() == Some(tenant)).then_some(())?;
            }
        }
        Some(rights)
    }

    /// The companies that an account may work in, in the order of their making.
    pub fn companies_of(&self, account: Guid) -> Vec<Tenant> {
        let all = self.tenancy.companies().map(|company| company.tenant);
        all.filter(|tenant| self.rights(*tenant, Principal::Account(account)).is_some())
            .collect()
    }
}
