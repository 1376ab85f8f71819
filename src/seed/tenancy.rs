//! Companies, departments and roles of a seed file.
//! Never: gives a company two roots.

use super::{
    Complaint,
    draft::{At, Draft},
    file::{self, File},
};
use org::{
    Command, Guid, Permission, Role, Scope,
    tenancy::{self, Company, Department, Edition},
};

/// Plans them, in the order of the file: a department stands behind the one that it belongs to.
pub fn add(draft: &mut Draft<'_>, file: &File) -> Result<(), Complaint> {
    for entry in &file.company {
        company(draft, file, entry.span().start, entry.get_ref())?;
    }
    for entry in &file.department {
        department(draft, entry.span().start, entry.get_ref())?;
    }
    for entry in &file.role {
        role(draft, entry.span().start, entry.get_ref())?;
    }
    Ok(())
}

fn company(
    draft: &mut Draft<'_>,
    file: &File,
    at: At,
    wanted: &file::Company,
) -> Result<(), Complaint> {
    let id = wanted
        .id
        .as_deref()
        .map(|text| draft.guid(at, text))
        .transpose()?;
    let tenancy = &draft.state.tenancy;
    let found = match id {
        Some(id) => tenancy.company(id),
        None => tenancy.company_named(&wanted.name),
    };
    if let Some(found) = found {
        if found.name == wanted.name {
            return Ok(());
        }
        return Err(draft.differs(at, "company", &found.name));
    }
    let id = draft.id(at, wanted.id.as_deref())?;
    let root = root_of(draft, file, at, wanted, id)?;
    let company = Company {
        id,
        tenant: draft.state.tenancy.next_tenant(),
        name: wanted.name.clone(),
        edition: Edition::Enterprise,
        deleted: false,
        common: draft.common(),
    };
    draft.note(&company);
    let command = tenancy::Command::CreateCompany {
        company: Box::new(company),
        root: Box::new(root),
    };
    draft.push(at, Command::Tenancy(command))
}

/// A company's root is the first department of the file that is its and has no parent, else one of its own name.
fn root_of(
    draft: &Draft<'_>,
    file: &File,
    at: At,
    wanted: &file::Company,
    id: Guid,
) -> Result<Department, Complaint> {
    let only = file.company.len() == 1 && draft.state.tenancy.companies().next().is_none();
    let named = |department: &file::Department| match department.company.as_deref() {
        Some(company) => company == wanted.name || company.parse() == Ok(id),
        None => only,
    };
    let mut roots = file.department.iter().filter(|entry| {
        let department = entry.get_ref();
        department.parent.is_none() && named(department)
    });
    let (id, name) = match roots.next() {
        Some(entry) => {
            let department = entry.get_ref();
            let id = draft.id(entry.span().start, department.id.as_deref())?;
            (id, department.name.clone())
        }
        None => (draft.id(at, None)?, wanted.name.clone()),
    };
    Ok(Department {
        id,
        tenant: draft.state.tenancy.next_tenant(),
        parent: None,
        name,
        common: draft.common(),
    })
}

fn department(draft: &mut Draft<'_>, at: At, wanted: &file::Department) -> Result<(), Complaint> {
    let id = wanted
        .id
        .as_deref()
        .map(|text| draft.guid(at, text))
        .transpose()?;
    let tenant = draft.company(at, wanted.company.as_deref())?.tenant;
    let parent = match wanted.parent.as_deref() {
        Some(named) => Some(draft.department(at, tenant, Some(named))?.id),
        None => None,
    };
    let tenancy = &draft.state.tenancy;
    let found = match id {
        Some(id) => tenancy.department(id),
        None => {
            let mut all = tenancy.departments(tenant);
            all.find(|one| one.parent == parent && one.name == wanted.name)
        }
    };
    if let Some(found) = found {
        let same = found.tenant == tenant && found.parent == parent && found.name == wanted.name;
        return if same {
            Ok(())
        } else {
            Err(draft.differs(at, "department", &found.name))
        };
    }
    if parent.is_none() {
        return Err(draft.complaint(at, "the company has a root department already"));
    }
    let department = Department {
        id: draft.id(at, wanted.id.as_deref())?,
        tenant,
        parent,
        name: wanted.name.clone(),
        common: draft.common(),
    };
    let command = tenancy::Command::CreateDepartment(department);
    draft.push(at, Command::Tenancy(command))
}

fn role(draft: &mut Draft<'_>, at: At, wanted: &file::Role) -> Result<(), Complaint> {
    let id = wanted
        .id
        .as_deref()
        .map(|text| draft.guid(at, text))
        .transpose()?;
    let tenant = draft.company(at, wanted.company.as_deref())?.tenant;
    let mut permissions = Vec::with_capacity(wanted.permissions.len());
    for text in &wanted.permissions {
        let permission: Permission = text
            .parse()
            .map_err(|_| draft.complaint(at, format!("there is no permission '{text}'")))?;
        permissions.push(permission);
    }
    permissions.sort();
    permissions.dedup();
    let scope = match wanted.scope {
        file::Scope::Department => Scope::Department,
        file::Scope::Company => Scope::Company,
    };
    let tenancy = &draft.state.tenancy;
    let found = match id {
        Some(id) => tenancy.role(id),
        None => tenancy.roles(tenant).find(|one| one.name == wanted.name),
    };
    if let Some(found) = found {
        let same = found.tenant == tenant
            && found.name == wanted.name
            && found.scope == scope
            && found.permissions == permissions;
        return if same {
            Ok(())
        } else {
            Err(draft.differs(at, "role", &found.name))
        };
    }
    let role = Role {
        id: draft.id(at, wanted.id.as_deref())?,
        tenant,
        name: wanted.name.clone(),
        scope,
        permissions,
        common: draft.common(),
    };
    draft.push(at, Command::Tenancy(tenancy::Command::CreateRole(role)))
}
