//! One call of the console: who, where, what was sent.
//!
//! Owns: what a header or a body says about company and department, and whether the caller may do something there.
//! Never: knows a resource.
//!
//! ```text
//!  list      scope(permission)          the department of the header, or all that the caller may see
//!  by id     check(permission, meta)    the resource's own department
//!  creation  place(body, permission)    the body's, else the header's, else the root
//!  named     reach.check(…)             what a body names, in the company that the thing itself belongs to
//! ```

use super::{
    body::Body,
    page::Listed,
    problem::{Refused, internal},
    query::{ListQuery, Order, Query},
};
use crate::{
    access::{Denied, Visitor},
    http::{Context, Params, Request, Response, StatusCode},
    server::State,
    sso::secret,
};
use codec::Tenant;
use org::{Guid, Permission, Rights};
use rpa::{
    registry::{Action, Command},
    terms::Stamp,
};
use std::{collections::BTreeSet, sync::Arc};

/// What a handler answers.
pub type Answered = Result<Response, Refused>;

/// A call whose caller may come in.
pub struct Call {
    /// The server.
    pub state: Context<State>,
    /// Who, in which company.
    pub visitor: Visitor,
    /// What was sent.
    pub request: Request,
    pub(super) params: Params,
}

/// The departments that a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of the company.
    All,
    /// These.
    Only(BTreeSet<Guid>),
}

impl Scope {
    /// Whether it shows what is in this department.
    pub fn has(&self, department: rpa::Guid) -> bool {
        match self {
            Scope::All => true,
            Scope::Only(departments) => departments.contains(&Guid(department.0)),
        }
    }
}

/// Where something new belongs, and who makes it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The company.
    pub tenant: Tenant,
    /// Its id.
    pub company: Guid,
    /// The department.
    pub department: rpa::Guid,
    /// Who, and when.
    pub by: Stamp,
    rights: Rights,
}

/// A company, and what the caller may do there: what a body names is looked up in it.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The company.
    pub tenant: Tenant,
    rights: Rights,
}

impl Reach {
    /// 403 unless the permission is given in the department.
    pub fn check(
        &self,
        state: &State,
        permission: Permission,
        department: rpa::Guid,
    ) -> Result<(), Refused> {
        let permitted = state.engine.organisation.look(|organisation| {
            let department = Guid(department.0);
            self.rights.permits(organisation, permission, department)
        });
        permitted.then_some(()).ok_or_else(Refused::forbidden)
    }
}

impl Place {
    /// What the caller may do there.
    pub fn reach(&self) -> Reach {
        Reach {
            tenant: self.tenant,
            rights: self.rights.clone(),
        }
    }

    /// A wish there.
    pub fn command(&self, action: Action) -> Command {
        Command {
            tenant: self.tenant,
            by: self.by.clone(),
            action,
        }
    }
}

impl Call {
    /// A shared hold of the server, for what outlives the call.
    pub fn server(&self) -> Arc<State> {
        Arc::clone(&self.state)
    }

    /// The company.
    pub fn tenant(&self) -> Tenant {
        self.visitor.tenant
    }

    /// The id in the path. Text that is no id names nothing: 404.
    pub fn id(&self, name: &'static str) -> Result<rpa::Guid, Refused> {
        let text = self.params.get(name);
        text.trim()
            .parse()
            .map_err(|_| Refused::unknown("resource", text))
    }

    /// The same for what `org` keeps.
    pub fn org_id(&self, name: &'static str) -> Result<Guid, Refused> {
        self.id(name).map(|id| Guid(id.0))
    }

    /// A text in the path.
    pub fn param(&self, name: &'static str) -> &str {
        self.params.get(name)
    }

    /// The body.
    pub fn body(&self) -> Result<Body, Refused> {
        Body::read(&self.request)
    }

    /// The parameters.
    pub fn query(&self) -> Query<'_> {
        Query(&self.request.query)
    }

    /// The filters and the page of a list.
    pub fn list_query(&self) -> Result<ListQuery, Refused> {
        ListQuery::read(self.query())
    }

    /// The same of a list of resources, with its order.
    pub fn resource_query(&self) -> Result<ListQuery, Refused> {
        let order = self.query().word("OrderBy", Order::read)?;
        Ok(ListQuery {
            order: order.unwrap_or_default(),
            ..self.list_query()?
        })
    }

    /// Who does it, now.
    pub fn by(&self) -> Stamp {
        Stamp {
            at_ms: self.state.engine.clock.now_ms(),
            by: rpa::Guid(self.visitor.id.0),
            by_name: self.visitor.name.clone(),
        }
    }

    /// A wish of the caller in their company.
    pub fn command(&self, action: Action) -> Command {
        Command {
            tenant: self.visitor.tenant,
            by: self.by(),
            action,
        }
    }

    /// 403 unless the permission is given in the department.
    pub fn check(&self, permission: Permission, department: rpa::Guid) -> Result<(), Refused> {
        let department = Guid(department.0);
        if self.visitor.permits(&self.state, permission, department) {
            return Ok(());
        }
        Err(Refused::forbidden())
    }

    /// What the caller may do in their company.
    pub fn reach(&self) -> Reach {
        Reach {
            tenant: self.visitor.tenant,
            rights: self.visitor.rights.clone(),
        }
    }

    /// Something of the registry that the path names, when the caller may do `permission` with it.
    pub fn checked<'r, T: Listed>(
        &self,
        permission: Permission,
        what: &str,
        found: Option<&'r T>,
    ) -> Result<&'r T, Refused> {
        let found = found.ok_or_else(|| Refused::unknown(what, self.params.get("id")))?;
        self.check(permission, found.meta().department)?;
        Ok(found)
    }

    /// The departments that a list shows: that of the header, else all in which the permission is given.
    pub fn scope(&self, permission: Permission) -> Result<Scope, Refused> {
        if let Some(department) = self.visitor.department {
            self.check(permission, rpa::Guid(department.0))?;
            return Ok(Scope::Only(BTreeSet::from([department])));
        }
        let rights = &self.visitor.rights;
        if rights.permits_everywhere(permission) {
            return Ok(Scope::All);
        }
        let organisation = &self.state.engine.organisation;
        Ok(organisation.look(|organisation| {
            let all = organisation.tenancy.departments(self.visitor.tenant);
            let seen = all.filter(|one| rights.permits(organisation, permission, one.id));
            Scope::Only(seen.map(|one| one.id).collect())
        }))
    }

    /// Where something new belongs: the body's company and department, else the header's, else the root.
    pub fn place(&self, body: &Body, permission: Permission) -> Result<Place, Refused> {
        let company = body.id("companyId")?.filter(|id| !id.is_zero());
        let department = body.id("departmentId")?.filter(|id| !id.is_zero());
        let visitor = &self.visitor;
        self.state.engine.organisation.look(|organisation| {
            let tenancy = &organisation.tenancy;
            let other = company.filter(|company| *company != visitor.company);
            let (tenant, rights, header) = match other {
                None => (visitor.tenant, visitor.rights.clone(), visitor.department),
                Some(other) => {
                    let tenant = tenancy.company(other).map(|company| company.tenant);
                    let tenant = tenant.ok_or(Denied::ForeignCompany)?;
                    let rights = organisation.rights(tenant, visitor.who);
                    (tenant, rights.ok_or(Denied::ForeignCompany)?, None)
                }
            };
            let root = || tenancy.root(tenant).map(|root| root.id);
            let department = department.or(header).or_else(root);
            let department = department.and_then(|id| tenancy.department(id));
            let department = department.filter(|department| department.tenant == tenant);
            let department = department.ok_or(Denied::ForeignDepartment)?.id;
            if !rights.permits(organisation, permission, department) {
                return Err(Refused::forbidden());
            }
            Ok(Place {
                tenant,
                company: company.unwrap_or(visitor.company),
                department: rpa::Guid(department.0),
                by: self.by(),
                rights,
            })
        })
    }
}

/// A new random id.
pub fn new_id() -> Result<rpa::Guid, Refused> {
    let id = secret::guid().map_err(|error| internal(&error.to_string()))?;
    Ok(rpa::Guid(id.0))
}

/// 200 with JSON.
pub fn ok(body: String) -> Answered {
    Ok(Response::json(StatusCode::OK, body))
}

/// 200 without a body: what the document calls "no content".
pub fn done() -> Answered {
    Ok(Response::new(StatusCode::OK))
}
