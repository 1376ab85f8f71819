//! Companies, their departments and the roles that they make.
//!
//! Owns: that names are unique where they must be, that the tree is a tree, and the numbers of tenants.
//! Never: gives a tenant's number to another company, also after its own was deleted.

mod check;
mod decide;
mod registry;

pub use registry::Registry;

pub(crate) use check::{check_name, check_role_ids};
pub(crate) use decide::decide;

use crate::{Common, Digest, Guid, Role};
use codec::Tenant;
use serde::{Deserialize, Serialize};

/// How a company is licensed; only shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Edition {
    /// Enterprise.
    #[default]
    Enterprise,
    /// Community.
    Community,
}

/// A company: what a tenant is to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// Its id.
    pub id: Guid,
    /// Its number inside; the first company made has 0.
    pub tenant: Tenant,
    /// One of a kind, whatever the case.
    pub name: String,
    /// Its edition.
    pub edition: Edition,
    /// It is there no more; its number stays taken.
    pub deleted: bool,
    /// Notes, makers, revision.
    pub common: Common,
}

/// A department. The one without a parent is its company's root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Department {
    /// Its id.
    pub id: Guid,
    /// The company.
    pub tenant: Tenant,
    /// The department that it belongs to.
    pub parent: Option<Guid>,
    /// One of a kind among its siblings, whatever the case.
    pub name: String,
    /// Notes, makers, revision.
    pub common: Common,
}

/// A wish about companies, departments, roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Make a company with its root department. Its number is given here, whatever the two say.
    CreateCompany {
        /// The company.
        company: Box<Company>,
        /// Its root.
        root: Box<Department>,
    },
    /// Put a company in the place of what it was; its revision must be the next one.
    ChangeCompany(Company),
    /// End a company that has nobody in it.
    DeleteCompany(Guid),
    /// Make a department.
    CreateDepartment(Department),
    /// Put a department in the place of what it was.
    ChangeDepartment(Department),
    /// End a department that has nothing in it.
    DeleteDepartment(Guid),
    /// Make a role.
    CreateRole(Role),
    /// Put a role in the place of what it was.
    ChangeRole(Role),
    /// End a role that nobody has.
    DeleteRole(Guid),
    /// Remember which keys these data are used with.
    BindKeys {
        /// The keys that were bound before, none at the first start.
        replacing: Option<Digest>,
        /// A fingerprint of the keys.
        fingerprint: Digest,
    },
}

/// A fact about them. Disk type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A company is there.
    CompanyCreated(Company),
    /// A company is as it says.
    CompanyChanged(Company),
    /// A company is there no more.
    CompanyDeleted(Guid),
    /// A department is there.
    DepartmentCreated(Department),
    /// A department is as it says.
    DepartmentChanged(Department),
    /// A department is there no more.
    DepartmentDeleted(Guid),
    /// A role is there.
    RoleCreated(Role),
    /// A role is as it says.
    RoleChanged(Role),
    /// A role is there no more.
    RoleDeleted(Guid),
    /// The data are used with the keys of this fingerprint.
    KeysBound(Digest),
}
