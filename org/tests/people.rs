//! People and programs: whose names and ids are whose, and who must stay.

// What cannot be made here fails the test that wants it.
#![allow(clippy::unwrap_used)]

mod support;

use org::{
    BuiltIn, Command, Digest, Guid, Refusal, Stamp, State,
    clients::{self, Client, Grant, Owner, THIRD_PARTY},
    people::{self, Account, CompanyUser, Status},
};
use support::*;

fn people(state: &mut State, command: people::Command) -> Result<(), Refusal> {
    run(state, Command::People(command))
}

fn programs(state: &mut State, command: clients::Command) -> Result<(), Refusal> {
    run(state, Command::Clients(command))
}

fn account(state: &State, id: Guid, change: impl FnOnce(&mut Account)) -> people::Command {
    let mut account = state.people.account(id).unwrap().clone();
    account.common = account.common.changed(Stamp::default());
    change(&mut account);
    people::Command::ChangeAccount(Box::new(account))
}

fn user(state: &State, id: Guid, change: impl FnOnce(&mut CompanyUser)) -> people::Command {
    let mut user = state.people.user(id).unwrap().clone();
    user.common = user.common.changed(Stamp::default());
    change(&mut user);
    people::Command::ChangeUser(user)
}

#[test]
fn a_user_name_is_one_of_a_kind_over_all_companies() {
    let mut state = founded();
    let kim = person(&mut state, 30, "Kim", ROOT, &[]);
    assert_eq!(
        state.people.account_named("kIM").map(|one| one.id),
        Some(kim)
    );
    let again = people::Command::CreateAccount {
        account: Box::new(new_account(31, "KIM")),
        users: vec![],
    };
    assert_eq!(people(&mut state, again).unwrap_err().code(), "name-taken");
    let renamed = account(&state, kim, |one| one.user_name = "lee".into());
    people(&mut state, renamed).unwrap();
    assert_eq!(state.people.account_named("kim"), None);
    assert_eq!(state.people.account(kim).map(|one| one.number), Some(2));
}

#[test]
fn a_password_is_changed_only_by_its_own_command_and_signs_out() {
    let mut state = founded();
    let kim = person(&mut state, 30, "kim", ROOT, &[]);
    let smuggled = account(&state, kim, |one| {
        one.password = Some("$argon2id$other".into())
    });
    people(&mut state, smuggled).unwrap();
    let hash = |state: &State| state.people.account(kim).unwrap().password.clone();
    assert_eq!(hash(&state).as_deref(), Some("$argon2id$"));
    let set = |hash: &str| people::Command::SetPassword {
        account: kim,
        hash: hash.into(),
        stamp: Stamp::default(),
    };
    assert_eq!(
        people(&mut state, set("plain")).unwrap_err().code(),
        "invalid"
    );
    people(&mut state, set("$argon2id$new")).unwrap();
    assert_eq!(hash(&state).as_deref(), Some("$argon2id$new"));
    assert!(state.people.account(kim).unwrap().has_modified_password);
}

#[test]
fn the_last_administrator_stays() {
    let mut state = founded();
    let last = |refused: Result<(), Refusal>| {
        assert_eq!(refused, Err(Refusal::LastAdministrator("Home".into())));
    };
    let demoted = account(&state, ADMIN, |one| {
        one.system_admin = false;
        one.status = Status::Banned;
    });
    let banned = account(&state, ADMIN, |one| one.status = Status::Inactive);
    for command in [demoted, banned, people::Command::DeleteAccount(ADMIN)] {
        last(people(&mut state, command));
    }
    // Without the flag the role in the company is what keeps it administered.
    let plain = account(&state, ADMIN, |one| one.system_admin = false);
    people(&mut state, plain).unwrap();
    let roleless = user(&state, ADMIN_USER, |one| one.roles.clear());
    let inactive = user(&state, ADMIN_USER, |one| one.status = Status::Banned);
    for command in [
        roleless.clone(),
        inactive,
        people::Command::RemoveUser(ADMIN_USER),
    ] {
        last(people(&mut state, command));
    }
    person(&mut state, 30, "kim", ROOT, &[BuiltIn::CompanyAdmin.id()]);
    people(&mut state, roleless).unwrap();
    last(people(&mut state, people::Command::DeleteAccount(Guid(30))));
    people(&mut state, people::Command::DeleteAccount(ADMIN)).unwrap();
}

#[test]
fn a_person_is_in_a_company_once_and_in_a_department_and_roles_of_it() {
    let mut state = founded();
    let other = company(&mut state, 50, "Other");
    let kim = person(&mut state, 30, "kim", ROOT, &[]);
    let rows = [
        (new_user(31, HOME, kim, ROOT, &[]), "id-taken"),
        (new_user(1_030, other, kim, Guid(51), &[]), "id-taken"),
        (new_user(31, other, kim, ROOT, &[]), "unknown"),
        (new_user(31, other, Guid(99), Guid(51), &[]), "unknown"),
        (new_user(31, other, kim, Guid(51), &[Guid(77)]), "unknown"),
    ];
    for (user, code) in rows {
        let refused = people(&mut state, people::Command::AddUser(user.clone()));
        assert_eq!(refused.unwrap_err().code(), code, "{user:?}");
    }
    let joins = new_user(31, other, kim, Guid(51), &[BuiltIn::Viewer.id()]);
    people(&mut state, people::Command::AddUser(joins)).unwrap();
    assert_eq!(state.people.users_of(kim).count(), 2);
    assert_eq!(state.people.users(other).count(), 1);
    people(&mut state, people::Command::RemoveUser(Guid(31))).unwrap();
    assert_eq!(state.companies_of(kim), [HOME]);
}

#[test]
fn the_documented_client_is_always_there_as_it_is() {
    let mut state = State::default();
    let client = state.clients.client(THIRD_PARTY).unwrap().clone();
    assert_eq!(client.grants, [Grant::Password, Grant::RefreshToken]);
    assert_eq!((client.secret, client.access_token_s), (None, 3_600));
    let removed = clients::Command::RemoveClient(THIRD_PARTY.into());
    assert_eq!(programs(&mut state, removed).unwrap_err().code(), "invalid");
    let again = clients::Command::RegisterClient(client);
    assert_eq!(
        programs(&mut state, again).unwrap_err().code(),
        "name-taken"
    );
}

#[test]
fn a_client_that_comes_by_itself_is_a_robot_with_a_secret() {
    let mut state = founded();
    let good = new_robot(30, "r1");
    let rows = [
        Client {
            secret: None,
            ..good.clone()
        },
        Client {
            grants: vec![Grant::Password],
            ..good.clone()
        },
        Client {
            owner: Owner::People,
            ..good.clone()
        },
        Client {
            id: "r1".into(),
            ..good.clone()
        },
        Client {
            access_token_s: 0,
            ..good.clone()
        },
        Client {
            access_token_s: 86_401,
            ..good.clone()
        },
    ];
    for client in rows {
        let refused = programs(&mut state, clients::Command::RegisterClient(client.clone()));
        assert_eq!(refused.unwrap_err().code(), "invalid", "{client:?}");
    }
    programs(&mut state, clients::Command::RegisterClient(good.clone())).unwrap();
    let replaced = clients::Command::ReplaceSecret {
        id: good.id.clone(),
        secret: Digest([8; 32]),
    };
    programs(&mut state, replaced).unwrap();
    let found = state.clients.client(&good.id).unwrap();
    assert_eq!((found.secret, found.revision), (Some(Digest([8; 32])), 1));
    assert_eq!(state.clients.of_tenant(HOME).count(), 1);
    programs(&mut state, clients::Command::RemoveClient(good.id.clone())).unwrap();
    assert_eq!(state.clients.client(&good.id), None);
}

#[test]
fn a_key_is_found_by_its_whole_digest_until_it_is_deleted() {
    let mut state = founded();
    let id = key(&mut state, 30, "ci", &[]);
    assert_eq!(
        state
            .clients
            .key_by_digest(&Digest([30; 32]))
            .map(|one| one.id),
        Some(id)
    );
    let mut near = [30; 32];
    near[31] ^= 1;
    assert_eq!(state.clients.key_by_digest(&Digest(near)), None);
    let taken = clients::Command::CreateKey(new_key(31, "CI", &[]));
    assert_eq!(
        programs(&mut state, taken).unwrap_err().code(),
        "name-taken"
    );
    let mut renamed = new_key(30, "cd", &[BuiltIn::Viewer.id()]);
    renamed.digest = Digest([99; 32]);
    renamed.common = renamed.common.changed(Stamp::default());
    programs(&mut state, clients::Command::ChangeKey(renamed)).unwrap();
    let found = state.clients.key_by_digest(&Digest([30; 32])).unwrap();
    assert_eq!(found.name, "cd", "its text stays");
    programs(&mut state, clients::Command::DeleteKey(id)).unwrap();
    assert_eq!(state.clients.key_by_digest(&Digest([30; 32])), None);
}

#[test]
fn all_commands_of_a_list_are_done_or_none() {
    let mut state = founded();
    let before = state.clone();
    let make = |id, name: &str| {
        Command::People(people::Command::CreateAccount {
            account: Box::new(new_account(id, name)),
            users: vec![new_user(id + 1_000, HOME, Guid(id), ROOT, &[])],
        })
    };
    let refused = run(
        &mut state,
        Command::All(vec![make(30, "kim"), make(31, "KIM")]),
    );
    assert_eq!(refused.unwrap_err().code(), "name-taken");
    assert_eq!(state, before);
    run(
        &mut state,
        Command::All(vec![make(30, "kim"), make(31, "lee")]),
    )
    .unwrap();
    let numbers = [30, 31].map(|id| state.people.account(Guid(id)).map(|one| one.number));
    assert_eq!(numbers, [Some(2), Some(3)]);
}
