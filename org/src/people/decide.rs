//! What a wish about people leads to.
//! Never: changes the state; leaves a company without anybody who can administer it.

use super::{Account, Command, CompanyUser, Event, Registry, Status};
use crate::{BuiltIn, Guid, Refusal, Stamp, State, tenancy};

/// The facts that follow, or why none.
pub(crate) fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::CreateAccount { account, users } => create(state, *account, users),
        Command::ChangeAccount(account) => change(state, *account),
        Command::SetPassword {
            account,
            hash,
            stamp,
        } => set_password(state, account, hash, stamp),
        Command::DeleteAccount(id) => delete(state, id),
        Command::AddUser(user) => {
            check_user(state, &user)?;
            check_new_user(state, &user)?;
            find(state, user.account)?;
            Ok(vec![Event::UserAdded(user)])
        }
        Command::ChangeUser(user) => change_user(state, user),
        Command::RemoveUser(id) => remove_user(state, id),
    }
}

fn unknown(what: &'static str, id: Guid) -> Refusal {
    Refusal::Unknown {
        what,
        id: id.to_string(),
    }
}

fn find(state: &State, id: Guid) -> Result<&Account, Refusal> {
    state
        .people
        .account(id)
        .ok_or_else(|| unknown("account", id))
}

fn create(
    state: &State,
    mut account: Account,
    users: Vec<CompanyUser>,
) -> Result<Vec<Event>, Refusal> {
    if state.people.account(account.id).is_some() {
        return Err(Refusal::IdTaken {
            what: "account",
            id: account.id,
        });
    }
    check_account(state, &account)?;
    for (n, user) in users.iter().enumerate() {
        if user.account != account.id {
            return Err(unknown("account", user.account));
        }
        check_user(state, user)?;
        check_new_user(state, user)?;
        if users[..n]
            .iter()
            .any(|other| other.tenant == user.tenant || other.id == user.id)
        {
            return Err(Refusal::IdTaken {
                what: "user",
                id: user.id,
            });
        }
    }
    account.number = state.people.next_number();
    account.last_login_ms = None;
    let mut events = vec![Event::AccountCreated(account)];
    events.extend(users.into_iter().map(Event::UserAdded));
    Ok(events)
}

fn check_account(state: &State, account: &Account) -> Result<(), Refusal> {
    tenancy::check_name("userName", &account.user_name)?;
    tenancy::check_name("name", &account.name)?;
    let extension = &account.extension;
    let texts = [
        ("email", &account.email),
        ("phoneNumber", &account.phone_number),
        ("extensionId", &extension.id),
        ("extensionMobile", &extension.mobile),
        ("extensionEmail", &extension.email),
    ];
    for (field, text) in texts {
        text.as_deref()
            .map_or(Ok(()), |text| tenancy::check_name(field, text))?;
    }
    match state.people.account_named(&account.user_name) {
        Some(other) if other.id != account.id => Err(Refusal::NameTaken {
            what: "account",
            name: account.user_name.clone(),
        }),
        Some(_) | None => Ok(()),
    }
}

fn change(state: &State, account: Account) -> Result<Vec<Event>, Refusal> {
    let old = find(state, account.id)?;
    if account.common.revision != old.common.revision.wrapping_add(1) {
        return Err(Refusal::Stale {
            what: "account",
            id: account.id,
        });
    }
    check_account(state, &account)?;
    let account = Account {
        number: old.number,
        password: old.password.clone(),
        has_modified_password: old.has_modified_password,
        last_login_ms: old.last_login_ms,
        ..account
    };
    let ends = account.status != Status::Active;
    if ends || (Registry::is_system_admin(old) && !account.system_admin) {
        // What is left when this one is no system administrator: the roles in its companies.
        let stays = |user: &CompanyUser| !ends && user.roles.contains(&BuiltIn::CompanyAdmin.id());
        check_administered(state, old, stays)?;
    }
    Ok(vec![Event::AccountChanged(account)])
}

/// Every company must still have somebody, when this account administers only where `stays` says so.
fn check_administered(
    state: &State,
    account: &Account,
    stays: impl Fn(&CompanyUser) -> bool,
) -> Result<(), Refusal> {
    let everywhere = Registry::is_system_admin(account);
    for company in state.tenancy.companies() {
        let user = state.people.user_of(company.tenant, account.id);
        let now = everywhere || user.is_some_and(|user| state.people.administers(user));
        if now
            && !user.is_some_and(&stays)
            && !state
                .people
                .is_administered_without(company.tenant, account.id)
        {
            return Err(Refusal::LastAdministrator(company.name.clone()));
        }
    }
    Ok(())
}

fn set_password(
    state: &State,
    account: Guid,
    hash: String,
    stamp: Stamp,
) -> Result<Vec<Event>, Refusal> {
    find(state, account)?;
    if !hash.starts_with("$argon2id$") || hash.len() > 255 {
        return Err(Refusal::Invalid {
            field: "password",
            why: "must be an argon2id hash",
        });
    }
    Ok(vec![Event::PasswordSet {
        account,
        hash,
        stamp,
    }])
}

fn delete(state: &State, id: Guid) -> Result<Vec<Event>, Refusal> {
    check_administered(state, find(state, id)?, |_| false)?;
    Ok(vec![Event::AccountDeleted(id)])
}

fn check_user(state: &State, user: &CompanyUser) -> Result<(), Refusal> {
    tenancy::check_name("name", &user.name)?;
    let department = state.tenancy.department(user.department);
    if department.is_none_or(|department| department.tenant != user.tenant) {
        return Err(unknown("department", user.department));
    }
    tenancy::check_role_ids(state, user.tenant, &user.roles)
}

fn check_new_user(state: &State, user: &CompanyUser) -> Result<(), Refusal> {
    let there = state.people.user(user.id).is_some()
        || state.people.user_of(user.tenant, user.account).is_some();
    if there {
        return Err(Refusal::IdTaken {
            what: "user",
            id: user.id,
        });
    }
    Ok(())
}

fn change_user(state: &State, user: CompanyUser) -> Result<Vec<Event>, Refusal> {
    let old = state
        .people
        .user(user.id)
        .ok_or_else(|| unknown("user", user.id))?;
    if user.common.revision != old.common.revision.wrapping_add(1) {
        return Err(Refusal::Stale {
            what: "user",
            id: user.id,
        });
    }
    let user = CompanyUser {
        tenant: old.tenant,
        account: old.account,
        ..user
    };
    check_user(state, &user)?;
    let stays = user.status == Status::Active && user.roles.contains(&BuiltIn::CompanyAdmin.id());
    if !stays {
        check_replaceable(state, old)?;
    }
    Ok(vec![Event::UserChanged(user)])
}

fn remove_user(state: &State, id: Guid) -> Result<Vec<Event>, Refusal> {
    let user = state.people.user(id).ok_or_else(|| unknown("user", id))?;
    check_replaceable(state, user)?;
    Ok(vec![Event::UserRemoved(id)])
}

/// A company's last administrator stays one.
fn check_replaceable(state: &State, user: &CompanyUser) -> Result<(), Refusal> {
    let people = &state.people;
    let by_account = people
        .account(user.account)
        .is_some_and(Registry::is_system_admin);
    if by_account
        || !people.administers(user)
        || people.is_administered_without(user.tenant, user.account)
    {
        return Ok(());
    }
    let company = state.tenancy.company_of(user.tenant);
    let name = company.map_or_else(String::new, |company| company.name.clone());
    Err(Refusal::LastAdministrator(name))
}
