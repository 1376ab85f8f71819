//! Golden bytes of the facts about companies, people, programs and sign-ins.

use super::{super::*, TENANT};
use crate::{
    Common, Digest, Guid, Permission, Role, Scope, Stamp,
    clients::{self, ApiKey, Client, Grant, Owner},
    people::{self, Account, CompanyUser, Extension, Status},
    sessions::{self, Family},
    tenancy::{self, Company, Department, Edition},
};
use codec::golden;

fn stamp() -> Stamp {
    Stamp {
        at_ms: 1_779_345_012_345,
        by: Guid::MACHINE,
        by_name: "m".into(),
    }
}

fn common() -> Common {
    Common {
        description: Some("d".into()),
        tags: vec!["t".into()],
        properties: [("k".to_owned(), "v".to_owned())].into(),
        created: stamp(),
        modified: Some(stamp()),
        revision: 3,
    }
}

fn company() -> Company {
    Company {
        id: Guid(2),
        tenant: TENANT,
        name: "c".into(),
        edition: Edition::Community,
        deleted: false,
        common: common(),
    }
}

fn department(id: u128, parent: Option<Guid>) -> Department {
    Department {
        id: Guid(id),
        tenant: TENANT,
        parent,
        name: format!("d{id}"),
        common: Common::new(stamp()),
    }
}

fn role() -> Role {
    Role {
        id: Guid(5),
        tenant: TENANT,
        name: "r".into(),
        scope: Scope::Company,
        permissions: vec![Permission::CompanyView, Permission::WebhookDelete],
        common: Common::default(),
    }
}

fn account() -> Account {
    Account {
        id: Guid(6),
        number: 1,
        user_name: "u".into(),
        name: "n".into(),
        password: Some("$argon2id$".into()),
        has_modified_password: true,
        system_admin: true,
        status: Status::Banned,
        email: Some("e".into()),
        phone_number: Some("p".into()),
        extension: Extension {
            id: Some("i".into()),
            mobile: None,
            email: Some("x".into()),
        },
        last_login_ms: Some(7),
        common: Common::default(),
    }
}

fn user() -> CompanyUser {
    CompanyUser {
        id: Guid(7),
        tenant: TENANT,
        account: Guid(6),
        name: "n".into(),
        department: Guid(3),
        roles: vec![Guid(5)],
        status: Status::Inactive,
        owner: true,
        common: Common::default(),
    }
}

fn client() -> Client {
    Client {
        id: "c".into(),
        name: "n".into(),
        secret: Some(Digest([0xab; 32])),
        grants: Grant::ALL.to_vec(),
        access_token_s: 2,
        owner: Owner::Robot {
            tenant: TENANT,
            department: Guid(3),
            id: Guid(8),
        },
        revision: 4,
    }
}

fn key() -> ApiKey {
    ApiKey {
        id: Guid(9),
        tenant: TENANT,
        department: Guid(3),
        name: "k".into(),
        digest: Digest([0xab; 32]),
        roles: vec![Guid(5)],
        common: Common::default(),
    }
}

fn family() -> Family {
    Family {
        id: Guid(10),
        account: Guid(6),
        client: "c".into(),
        current: Digest([0xab; 32]),
        began_ms: 5,
        rotated_ms: 6,
    }
}

fn tenancy_events() -> Vec<(Event, &'static str)> {
    use tenancy::Event::*;
    let rows = [
        (
            CompanyCreated(company()),
            "0101050002070163010001016401017401016b0176fdf26c74923c03000001016d01fdf26c74923c03000001016d03",
        ),
        (
            CompanyChanged(company()),
            "0101050102070163010001016401017401016b0176fdf26c74923c03000001016d01fdf26c74923c03000001016d03",
        ),
        (CompanyDeleted(Guid(2)), "0101050202"),
        (
            DepartmentCreated(department(3, None)),
            "01010503030700026433000000fdf26c74923c03000001016d0000",
        ),
        (
            DepartmentChanged(department(4, Some(Guid(3)))),
            "0101050404070103026434000000fdf26c74923c03000001016d0000",
        ),
        (DepartmentDeleted(Guid(4)), "0101050504"),
        (
            RoleCreated(role()),
            "0101050605070172010200450000000000000000",
        ),
        (
            RoleChanged(role()),
            "0101050705070172010200450000000000000000",
        ),
        (RoleDeleted(Guid(5)), "0101050805"),
        (
            KeysBound(Digest([0xab; 32])),
            "01010509abababababababababababababababababababababababababababababababab",
        ),
    ];
    rows.map(|(event, bytes)| (Event::Tenancy(event), bytes))
        .into()
}

fn people_events() -> Vec<(Event, &'static str)> {
    use people::Event::*;
    let password = PasswordSet {
        account: Guid(6),
        hash: "$argon2id$".into(),
        stamp: stamp(),
    };
    let rows = [
        (
            AccountCreated(account()),
            "0101060006010175016e010a246172676f6e3269642401010201016501017001016900010178010e0000000000000000",
        ),
        (
            AccountChanged(account()),
            "0101060106010175016e010a246172676f6e3269642401010201016501017001016900010178010e0000000000000000",
        ),
        (
            password,
            "01010602060a246172676f6e32696424fdf26c74923c03000001016d",
        ),
        (AccountDeleted(Guid(6)), "0101060306"),
        (
            UserAdded(user()),
            "01010604070706016e03010501010000000000000000",
        ),
        (
            UserChanged(user()),
            "01010605070706016e03010501010000000000000000",
        ),
        (UserRemoved(Guid(7)), "0101060607"),
    ];
    rows.map(|(event, bytes)| (Event::People(event), bytes))
        .into()
}

fn clients_events() -> Vec<(Event, &'static str)> {
    use clients::Event::*;
    let rows = [
        (
            ClientRegistered(client()),
            "010107000163016e01abababababababababababababababababababababababababababababababab03000102020107030804",
        ),
        (ClientRemoved("c".into()), "010107010163"),
        (
            KeyCreated(key()),
            "01010702090703016babababababababababababababababababababababababababababababababab01050000000000000000",
        ),
        (KeyDeleted(Guid(9)), "0101070309"),
    ];
    rows.map(|(event, bytes)| (Event::Clients(event), bytes))
        .into()
}

fn sessions_events() -> Vec<(Event, &'static str)> {
    use sessions::Event::*;
    let refreshed = Refreshed {
        family: Guid(10),
        current: Digest([0xab; 32]),
        at_ms: 7,
    };
    let revoked = AccessTokenRevoked {
        id: Guid(11),
        until_ms: 9,
        at_ms: 8,
    };
    let rows = [
        (
            SignedIn(family()),
            "010108000a060163abababababababababababababababababababababababababababababababab0a0c",
        ),
        (
            refreshed,
            "010108010aabababababababababababababababababababababababababababababababab0e",
        ),
        (SignedOut(Guid(10)), "010108020a"),
        (revoked, "010108030b1210"),
    ];
    rows.map(|(event, bytes)| (Event::Sessions(event), bytes))
        .into()
}

#[test]
fn bytes_of_every_fact_of_access_are_fixed() {
    let all = tenancy_events().into_iter().chain(people_events());
    for (event, expected) in all.chain(clients_events()).chain(sessions_events()) {
        golden::check(EVENTS_VERSION, &vec![event], expected);
    }
}

#[test]
fn the_permissions_keep_their_numbers() {
    for (number, permission) in Permission::ALL.iter().enumerate() {
        golden::check(1, permission, &format!("01{number:02x}"));
    }
}

#[test]
fn a_state_with_everything_in_it_comes_back() {
    let mut state = State::default();
    let gone = |event: &Event| {
        let text = format!("{event:?}");
        text.contains("Deleted(") || text.contains("Removed(") || text.contains("SignedOut(")
    };
    let all = tenancy_events().into_iter().chain(people_events());
    for (event, _) in all.chain(clients_events()).chain(sessions_events()) {
        if !gone(&event) {
            state.apply(&event);
        }
    }
    let bytes = encode_state(&state);
    assert_eq!(decode_state(&bytes).as_ref(), Ok(&state));
    assert!(state.sessions.family(Guid(10)).is_some());
    assert!(state.sessions.is_revoked(Guid(11)));
    for end in 0..bytes.len() {
        assert!(decode_state(&bytes[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn a_state_of_the_first_version_is_still_read() {
    let mut state = State::default();
    state.apply(&Event::TokenCreated(super::token()));
    let first = codec::encode(1, &StoredState::of(&state));
    assert_eq!(decode_state(&first), Ok(state));
}
