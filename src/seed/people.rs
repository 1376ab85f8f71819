//! People of a seed file.
//! Never: keeps a password; a person who is there is compared by it.

use super::{
    Complaint,
    draft::{At, Draft},
    file::{self, File},
};
use crate::{first_start::new_account, sso::password};
use org::{
    Command, Guid,
    people::{self, Account, CompanyUser, Status},
};

/// Plans them.
pub fn add(draft: &mut Draft<'_>, file: &File) -> Result<(), Complaint> {
    for entry in &file.user {
        user(draft, entry.span().start, entry.get_ref())?;
    }
    Ok(())
}

fn user(draft: &mut Draft<'_>, at: At, wanted: &file::User) -> Result<(), Complaint> {
    let id = wanted
        .id
        .as_deref()
        .map(|text| draft.guid(at, text))
        .transpose()?;
    let people = &draft.state.people;
    let found = match id {
        Some(id) => people.account(id),
        None => people.account_named(&wanted.user_name),
    };
    if let Some(found) = found {
        let users = memberships(draft, at, found.id, wanted)?;
        return if is_same(found, wanted) && are_same(draft, found.id, &users) {
            Ok(())
        } else {
            Err(draft.differs(at, "user", &found.user_name))
        };
    }
    let id = draft.id(at, wanted.id.as_deref())?;
    let hash = password::hash(&wanted.password);
    let hash = hash.map_err(|error| draft.complaint(at, error.to_string()))?;
    let account = Account {
        name: name(wanted).to_owned(),
        system_admin: wanted.system_admin,
        email: wanted.email.clone(),
        phone_number: wanted.phone_number.clone(),
        ..new_account(id, &wanted.user_name, hash, draft.common())
    };
    let users = memberships(draft, at, id, wanted)?;
    let command = people::Command::CreateAccount {
        account: Box::new(account),
        users,
    };
    draft.push(at, Command::People(command))
}

fn name(wanted: &file::User) -> &str {
    wanted.name.as_deref().unwrap_or(&wanted.user_name)
}

fn is_same(found: &Account, wanted: &file::User) -> bool {
    found.user_name == wanted.user_name
        && found.name == name(wanted)
        && found.system_admin == wanted.system_admin
        && found.email == wanted.email
        && found.phone_number == wanted.phone_number
        && password::is_right(&wanted.password, found.password.as_deref())
}

fn are_same(draft: &Draft<'_>, account: Guid, wanted: &[CompanyUser]) -> bool {
    let people = &draft.state.people;
    let here = |wanted: &CompanyUser| {
        let found = people.user_of(wanted.tenant, account);
        found.is_some_and(|found| {
            found.department == wanted.department && found.roles == wanted.roles
        })
    };
    people.users_of(account).count() == wanted.len() && wanted.iter().all(here)
}

fn memberships(
    draft: &Draft<'_>,
    at: At,
    account: Guid,
    wanted: &file::User,
) -> Result<Vec<CompanyUser>, Complaint> {
    let one = |member: &file::Member| {
        let place = draft.place(at, member.company.as_deref(), member.department.as_deref());
        let (tenant, department) = place?;
        Ok(CompanyUser {
            id: draft.id(at, None)?,
            tenant,
            account,
            name: name(wanted).to_owned(),
            department,
            roles: draft.roles(at, tenant, &member.roles)?,
            status: Status::Active,
            owner: false,
            common: draft.common(),
        })
    };
    wanted.member.iter().map(one).collect()
}
