//! Who calls the console, for which company and department, and with which rights.
//! Never: lets a robot in, or a token of `loomwork token`, whose bearer is nobody in a company.

use super::{Bearer, COMPANY, DEPARTMENT, Denied, bearer, company_of, guid, within};
use crate::{http::Head, server::State};
use codec::Tenant;
use org::{Guid, Permission, Principal, Rights, Stamp};

/// A call of the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// Who.
    pub who: Principal,
    /// The account's or key's id, for `createdBy`.
    pub id: Guid,
    /// What they are called, for `createdByName`.
    pub name: String,
    /// The company's number.
    pub tenant: Tenant,
    /// The company.
    pub company: Guid,
    /// The department of the header, when there is one.
    pub department: Option<Guid>,
    /// What they may do in the company.
    pub rights: Rights,
}

impl Visitor {
    /// Whether something is allowed in a department.
    pub fn permits(&self, state: &State, permission: Permission, department: Guid) -> bool {
        let organisation = &state.engine.organisation;
        organisation.look(|organisation| self.rights.permits(organisation, permission, department))
    }

    /// Made or changed by them now.
    pub fn stamp(&self, at_ms: i64) -> Stamp {
        Stamp {
            at_ms,
            by: self.id,
            by_name: self.name.clone(),
        }
    }
}

/// Who has signed in, or brings an API key, in whatever company.
pub fn signed_in(state: &State, head: &Head) -> Result<Bearer, Denied> {
    let token = bearer::text(&head.headers).ok_or(Denied::NoToken)?;
    match bearer::find(state, token).ok_or(Denied::NoToken)? {
        found @ (Bearer::Person { .. } | Bearer::Key { .. }) => Ok(found),
        Bearer::Robot { .. } => Err(Denied::RobotsHubOnly),
        Bearer::Token { .. } => Err(Denied::NoToken),
    }
}

/// Who calls, for which company and department: by the token, the header CompanyId (absent: the caller's only company)
/// and the header DepartmentId.
pub fn visitor(state: &State, head: &Head) -> Result<Visitor, Denied> {
    let (who, id, name, tenant) = match signed_in(state, head)? {
        Bearer::Person { account, name } => {
            let tenant = company_of(state, account, guid(head, &COMPANY)?)?;
            (Principal::Account(account), account, name, tenant)
        }
        Bearer::Key { id, name, tenant } => {
            let who = Principal::Key(id);
            within(state, who, tenant, guid(head, &COMPANY)?)?;
            (who, id, name, tenant)
        }
        Bearer::Robot { .. } | Bearer::Token { .. } => return Err(Denied::NoToken),
    };
    let department = guid(head, &DEPARTMENT)?.filter(|department| !department.is_zero());
    state.engine.organisation.look(|organisation| {
        let company = organisation.tenancy.company_of(tenant);
        let company = company.ok_or(Denied::ForeignCompany)?.id;
        let rights = organisation
            .rights(tenant, who)
            .ok_or(Denied::ForeignCompany)?;
        if let Some(department) = department {
            let found = organisation.tenancy.department(department);
            if found.is_none_or(|found| found.tenant != tenant) {
                return Err(Denied::ForeignDepartment);
            }
        }
        Ok(Visitor {
            who,
            id,
            name,
            tenant,
            company,
            department,
            rights,
        })
    })
}
