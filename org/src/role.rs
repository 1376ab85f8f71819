//! Roles: sets of permissions that a company user or an API key has, and the built-in ones.
//! Never: keeps a built-in role; those are the same everywhere and need no bytes.

use crate::{Common, Guid, Permission, Permissions};
use codec::Tenant;
use serde::{Deserialize, Serialize};

/// Where a role counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// In the holder's department and all below it.
    Department,
    /// In the whole company.
    Company,
}

/// A role that a company made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Its id.
    pub id: Guid,
    /// The company.
    pub tenant: Tenant,
    /// One of a kind in its company, whatever the case.
    pub name: String,
    /// Where it counts.
    pub scope: Scope,
    /// What it lets do.
    pub permissions: Vec<Permission>,
    /// Notes, makers, revision.
    pub common: Common,
}

/// A role that every company has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// Everything in the company.
    CompanyAdmin,
    /// Everything in a department and below, except users, roles, companies, API keys and the audit trail.
    DepartmentAdmin,
    /// Sees all, runs workflows and layouts, works with jobs.
    Operator,
    /// Sees all.
    Viewer,
    /// The hub of the robots and nothing else.
    Robot,
}

impl BuiltIn {
    /// All of them.
    pub const ALL: [BuiltIn; 5] = [
        BuiltIn::CompanyAdmin,
        BuiltIn::DepartmentAdmin,
        BuiltIn::Operator,
        BuiltIn::Viewer,
        BuiltIn::Robot,
    ];

    /// Its id, the same everywhere.
    pub fn id(self) -> Guid {
        Guid(match self {
            BuiltIn::CompanyAdmin => 0x101,
            BuiltIn::DepartmentAdmin => 0x102,
            BuiltIn::Operator => 0x103,
            BuiltIn::Viewer => 0x104,
            BuiltIn::Robot => 0x105,
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            BuiltIn::CompanyAdmin => "CompanyAdmin",
            BuiltIn::DepartmentAdmin => "DepartmentAdmin",
            BuiltIn::Operator => "Operator",
            BuiltIn::Viewer => "Viewer",
            BuiltIn::Robot => "Robot",
        }
    }

    /// Where it counts.
    pub fn scope(self) -> Scope {
        match self {
            BuiltIn::CompanyAdmin => Scope::Company,
            BuiltIn::DepartmentAdmin | BuiltIn::Operator | BuiltIn::Viewer | BuiltIn::Robot => {
                Scope::Department
            }
        }
    }

    /// What it lets do.
    pub fn permissions(self) -> Permissions {
        // Companies themselves are the system administrators'.
        let of_systems = |one: Permission| one.resource() == "company" && one.action() != "view";
        match self {
            BuiltIn::CompanyAdmin => Permissions::where_(|one| !of_systems(one)),
            BuiltIn::DepartmentAdmin => Permissions::where_(|one| {
                !["company", "user", "role", "apikey", "audit"].contains(&one.resource())
            }),
            BuiltIn::Operator => Permissions::where_(|one| {
                let runs = [Permission::WorkflowExecute, Permission::LayoutExecute];
                one.action() == "view" || one.resource() == "job" || runs.contains(&one)
            }),
            BuiltIn::Viewer => Permissions::where_(|one| one.action() == "view"),
            BuiltIn::Robot => Permissions::default(),
        }
    }

    /// The one with this id.
    pub fn by_id(id: Guid) -> Option<BuiltIn> {
        BuiltIn::ALL.into_iter().find(|one| one.id() == id)
    }

    /// The one with this name, whatever the case.
    pub fn by_name(name: &str) -> Option<BuiltIn> {
        let mut all = BuiltIn::ALL.into_iter();
        all.find(|one| one.name().eq_ignore_ascii_case(name))
    }
}
