//! A company with an administrator, and short ways to more of that.

// Each test file is a crate of its own and uses a part of this.
#![allow(dead_code)]
// What cannot be made here fails the test that wants it.
#![allow(clippy::unwrap_used)]

use codec::Tenant;
use org::{
    BuiltIn, Command, Common, Digest, Guid, Permission, Refusal, Role, Scope, Stamp, State,
    clients::{self, ApiKey, Client, Grant, Owner},
    decide,
    people::{self, Account, CompanyUser, Extension, Status},
    stored,
    tenancy::{self, Company, Department, Edition},
};

/// The first company.
pub const HOME: Tenant = Tenant(0);
/// Its id.
pub const COMPANY: Guid = Guid(10);
/// Its root department.
pub const ROOT: Guid = Guid(11);
/// Its administrator's account.
pub const ADMIN: Guid = Guid(12);
/// What the administrator is in it.
pub const ADMIN_USER: Guid = Guid(13);

/// Does it, and checks that the facts survive their bytes and the state a snapshot.
pub fn run(state: &mut State, command: Command) -> Result<(), Refusal> {
    let before = state.clone();
    let events = decide(state, command).inspect_err(|_| assert_eq!(*state, before))?;
    let read = stored::decode_events(&stored::encode_events(&events)).unwrap();
    for event in &read {
        state.apply(event);
    }
    assert_eq!(
        stored::decode_state(&stored::encode_state(state)).as_ref(),
        Ok(&*state)
    );
    Ok(())
}

pub fn common() -> Common {
    Common::new(Stamp {
        at_ms: 1,
        by: Guid::MACHINE,
        by_name: "test".into(),
    })
}

pub fn new_company(id: u128, name: &str) -> tenancy::Command {
    let company = Company {
        id: Guid(id),
        tenant: Tenant(99),
        name: name.into(),
        edition: Edition::Enterprise,
        deleted: false,
        common: common(),
    };
    let root = Department {
        id: Guid(id + 1),
        tenant: Tenant(99),
        parent: None,
        name: name.into(),
        common: common(),
    };
    tenancy::Command::CreateCompany {
        company: Box::new(company),
        root: Box::new(root),
    }
}

/// Makes a company; its root has the next id.
pub fn company(state: &mut State, id: u128, name: &str) -> Tenant {
    run(state, Command::Tenancy(new_company(id, name))).unwrap();
    state.tenancy.company(Guid(id)).unwrap().tenant
}

pub fn new_account(id: u128, user_name: &str) -> Account {
    Account {
        id: Guid(id),
        number: 0,
        user_name: user_name.into(),
        name: user_name.into(),
        password: Some("$argon2id$".into()),
        has_modified_password: false,
        system_admin: false,
        status: Status::Active,
        email: None,
        phone_number: None,
        extension: Extension::default(),
        last_login_ms: None,
        common: common(),
    }
}

pub fn new_user(
    id: u128,
    tenant: Tenant,
    account: Guid,
    department: Guid,
    roles: &[Guid],
) -> CompanyUser {
    CompanyUser {
        id: Guid(id),
        tenant,
        account,
        name: "somebody".into(),
        department,
        roles: roles.to_vec(),
        status: Status::Active,
        owner: false,
        common: common(),
    }
}

/// A company with a system administrator.
pub fn founded() -> State {
    let mut state = State::default();
    company(&mut state, COMPANY.0, "Home");
    let account = Account {
        system_admin: true,
        ..new_account(ADMIN.0, "admin")
    };
    let roles = [BuiltIn::CompanyAdmin.id()];
    let command = people::Command::CreateAccount {
        account: Box::new(account),
        users: vec![new_user(ADMIN_USER.0, HOME, ADMIN, ROOT, &roles)],
    };
    run(&mut state, Command::People(command)).unwrap();
    state
}

pub fn new_department(id: u128, parent: Guid, name: &str) -> Department {
    Department {
        id: Guid(id),
        tenant: HOME,
        parent: Some(parent),
        name: name.into(),
        common: common(),
    }
}

pub fn department(state: &mut State, id: u128, parent: Guid, name: &str) -> Guid {
    let command = tenancy::Command::CreateDepartment(new_department(id, parent, name));
    run(state, Command::Tenancy(command)).unwrap();
    Guid(id)
}

pub fn role(
    state: &mut State,
    id: u128,
    name: &str,
    scope: Scope,
    permissions: &[Permission],
) -> Guid {
    let role = Role {
        id: Guid(id),
        tenant: HOME,
        name: name.into(),
        scope,
        permissions: permissions.to_vec(),
        common: common(),
    };
    run(state, Command::Tenancy(tenancy::Command::CreateRole(role))).unwrap();
    Guid(id)
}

/// Somebody in the first company; the company user has 1,000 more as its id.
pub fn person(state: &mut State, id: u128, name: &str, department: Guid, roles: &[Guid]) -> Guid {
    let command = people::Command::CreateAccount {
        account: Box::new(new_account(id, name)),
        users: vec![new_user(id + 1_000, HOME, Guid(id), department, roles)],
    };
    run(state, Command::People(command)).unwrap();
    Guid(id)
}

pub fn set_status(state: &mut State, account: Guid, status: Status) {
    let old = state.people.account(account).unwrap().clone();
    let account = Account {
        status,
        common: old.common.clone().changed(Stamp::default()),
        ..old
    };
    let command = people::Command::ChangeAccount(Box::new(account));
    run(state, Command::People(command)).unwrap();
}

pub fn new_key(id: u128, name: &str, roles: &[Guid]) -> ApiKey {
    ApiKey {
        id: Guid(id),
        tenant: HOME,
        department: ROOT,
        name: name.into(),
        digest: Digest([u8::try_from(id).unwrap(); 32]),
        roles: roles.to_vec(),
        common: common(),
    }
}

pub fn key(state: &mut State, id: u128, name: &str, roles: &[Guid]) -> Guid {
    let command = clients::Command::CreateKey(new_key(id, name, roles));
    run(state, Command::Clients(command)).unwrap();
    Guid(id)
}

pub fn new_robot(id: u128, name: &str) -> Client {
    Client {
        id: Guid(id).to_string(),
        name: name.into(),
        secret: Some(Digest([7; 32])),
        grants: vec![Grant::ClientCredentials],
        access_token_s: 3_600,
        owner: Owner::Robot {
            tenant: HOME,
            department: ROOT,
            id: Guid(id),
        },
        revision: 0,
    }
}

pub fn robot(state: &mut State, id: u128, name: &str) -> Guid {
    let command = clients::Command::RegisterClient(new_robot(id, name));
    run(state, Command::Clients(command)).unwrap();
    Guid(id)
}
