//! Synchronising identities: what is inserted, what is replaced, what is refused, and what stays as it was.

use codec::Tenant;
use org::{Command, Event, Group, ID_CHARS, Membership, Refusal, State, TEXT_CHARS, User};
use org::{decide, stored_id};

const HOME: Tenant = Tenant(0);
const OTHER: Tenant = Tenant(1);

fn user(id: &str, first_name: &str) -> User {
    User {
        id: id.into(),
        first_name: Some(first_name.into()),
        ..User::default()
    }
}

fn group(id: &str) -> Group {
    Group {
        id: id.into(),
        name: Some("name".into()),
        kind: None,
    }
}

fn member(user: &str, group: &str) -> Membership {
    Membership {
        user: user.into(),
        group: group.into(),
    }
}

fn command(users: Vec<User>, groups: Vec<Group>, memberships: Vec<Membership>) -> Command {
    Command::Synchronise {
        tenant: HOME,
        users,
        groups,
        memberships,
    }
}

fn run(state: &mut State, command: Command) -> Result<usize, Refusal> {
    let events = decide(state, command)?;
    for event in &events {
        state.apply(event);
    }
    Ok(events.len())
}

fn seeded() -> State {
    let mut state = State::default();
    let all = command(
        vec![user("a_u1", "one"), user("a_u2", "two"), user("b_u1", "b")],
        vec![group("a_g1"), group("a_g2"), group("b_g1")],
        vec![
            member("a_u1", "a_g1"),
            member("a_u1", "a_g2"),
            member("a_u2", "a_g1"),
        ],
    );
    assert_eq!(run(&mut state, all), Ok(9));
    state
}

#[test]
fn an_id_is_prefixed_as_the_documented_service_does() {
    let rows = [
        (Some("sys"), Some("u1"), "sys_u1"),
        (None, Some("u1"), "u1"),
        (Some(""), Some("u1"), "u1"),
        (Some("sys"), None, "sys_null"),
        (None, None, "null"),
        (Some("sys"), Some(""), "sys_"),
        (Some(""), Some(""), ""),
        (Some("a_b"), Some("c"), "a_b_c"),
    ];
    for (system, id, expected) in rows {
        assert_eq!(stored_id(system, id), expected, "{system:?} {id:?}");
    }
}

#[test]
fn what_is_new_is_inserted_what_differs_is_replaced_and_the_rest_makes_no_event() {
    let rows: [(&str, Command, &[&str]); 6] = [
        ("nothing", command(vec![], vec![], vec![]), &[]),
        (
            "the same again",
            command(
                vec![user("a_u1", "one")],
                vec![group("a_g1")],
                vec![member("a_u1", "a_g1")],
            ),
            &[],
        ),
        (
            "a new name",
            command(vec![user("a_u1", "uno")], vec![], vec![]),
            &["user a_u1 uno"],
        ),
        (
            "twice, the last counts",
            command(vec![user("x", "1"), user("x", "2")], vec![], vec![]),
            &["user x 2"],
        ),
        (
            "a member of a new group",
            command(
                vec![],
                vec![group("n")],
                vec![member("a_u2", "n"), member("a_u2", "n")],
            ),
            &["group n", "member a_u2 n"],
        ),
        (
            "ids are case-sensitive",
            command(vec![user("A_U1", "one")], vec![], vec![]),
            &["user A_U1 one"],
        ),
    ];
    for (name, command, expected) in rows {
        let events = decide(&seeded(), command).unwrap();
        let shown: Vec<String> = events.iter().map(show).collect();
        assert_eq!(shown, expected, "{name}");
    }
}

fn show(event: &Event) -> String {
    match event {
        Event::UserSynchronised { user, .. } => {
            format!(
                "user {} {}",
                user.id,
                user.first_name.as_deref().unwrap_or("-")
            )
        }
        Event::GroupSynchronised { group, .. } => format!("group {}", group.id),
        Event::MembershipAdded { membership, .. } => {
            format!("member {} {}", membership.user, membership.group)
        }
        Event::TokenCreated(token) => format!("token {}", token.name),
        Event::TokenRevoked { name, .. } => format!("revoked {name}"),
        Event::Tenancy(event) => format!("{event:?}"),
        Event::People(event) => format!("{event:?}"),
        Event::Clients(event) => format!("{event:?}"),
        Event::Sessions(event) => format!("{event:?}"),
    }
}

#[test]
fn an_update_replaces_the_whole_user() {
    let mut state = seeded();
    let bare = User {
        id: "a_u1".into(),
        email: Some("one@a".into()),
        ..User::default()
    };
    assert_eq!(
        run(&mut state, command(vec![bare.clone()], vec![], vec![])),
        Ok(1)
    );
    assert_eq!(state.user(HOME, "a_u1"), Some(&bare));
    assert_eq!(state.group_ids_of_user(HOME, "a_u1").count(), 2);
}

#[test]
fn one_bad_part_refuses_the_whole_call() {
    let good = || user("new", "new");
    let long_id = "i".repeat(ID_CHARS + 1);
    let long = Some("t".repeat(TEXT_CHARS + 1));
    let text_too_long = |field| Refusal::TextTooLong {
        field,
        id: "x".into(),
    };
    let with = |change: fn(&mut User, Option<String>)| {
        let mut bad = user("x", "x");
        change(&mut bad, long.clone());
        command(vec![good(), bad], vec![], vec![])
    };
    let with_group = |change: fn(&mut Group, Option<String>)| {
        let mut bad = group("x");
        change(&mut bad, long.clone());
        command(vec![good()], vec![bad], vec![])
    };
    let id_too_long = |what| Refusal::IdTooLong {
        what,
        id: "i".repeat(ID_CHARS),
    };
    let rows = [
        (
            command(vec![good(), user(&long_id, "")], vec![], vec![]),
            id_too_long("user"),
        ),
        (
            command(vec![good()], vec![group(&long_id)], vec![]),
            id_too_long("group"),
        ),
        (
            with(|user, long| user.first_name = long),
            text_too_long("firstName"),
        ),
        (
            with(|user, long| user.last_name = long),
            text_too_long("lastName"),
        ),
        (with(|user, long| user.email = long), text_too_long("email")),
        (
            with_group(|group, long| group.name = long),
            text_too_long("name"),
        ),
        (
            with_group(|group, long| group.kind = long),
            text_too_long("type"),
        ),
        (
            command(vec![good()], vec![], vec![member("nobody", "a_g1")]),
            Refusal::UnknownUser("nobody".into()),
        ),
        (
            command(vec![good()], vec![], vec![member("new", "nowhere")]),
            Refusal::UnknownGroup("nowhere".into()),
        ),
    ];
    for (command, expected) in rows {
        let mut state = seeded();
        assert_eq!(run(&mut state, command), Err(expected.clone()));
        assert_eq!(state, seeded(), "{expected}");
    }
}

#[test]
fn limits_count_characters_and_are_inclusive() {
    let widest = User {
        id: "字".repeat(ID_CHARS),
        first_name: Some("字".repeat(TEXT_CHARS)),
        last_name: None,
        email: None,
    };
    assert_eq!(
        run(&mut State::default(), command(vec![widest], vec![], vec![])),
        Ok(1)
    );
}

#[test]
fn lists_by_system_group_and_user_are_in_order_of_id() {
    let state = seeded();
    let users = |system| -> Vec<&str> {
        state
            .users_of_system(HOME, system)
            .map(|user| user.id.as_str())
            .collect()
    };
    let groups = |system| -> Vec<&str> {
        state
            .groups_of_system(HOME, system)
            .map(|group| group.id.as_str())
            .collect()
    };
    let members = |group| -> Vec<&str> {
        state
            .users_of_group(HOME, group)
            .map(|user| user.id.as_str())
            .collect()
    };
    let of_user = |user| -> Vec<&str> {
        state
            .groups_of_user(HOME, user)
            .map(|group| group.id.as_str())
            .collect()
    };
    assert_eq!(users(Some("a")), ["a_u1", "a_u2"]);
    assert_eq!(users(None), ["a_u1", "a_u2", "b_u1"]);
    assert_eq!(users(Some("")), users(None));
    assert_eq!(users(Some("%")), [] as [&str; 0]);
    assert_eq!(groups(Some("b")), ["b_g1"]);
    assert_eq!(groups(None), ["a_g1", "a_g2", "b_g1"]);
    assert_eq!(members("a_g1"), ["a_u1", "a_u2"]);
    assert_eq!(members("b_g1"), [] as [&str; 0]);
    assert_eq!(members("nowhere"), [] as [&str; 0]);
    assert_eq!(of_user("a_u1"), ["a_g1", "a_g2"]);
    assert_eq!(of_user("nobody"), [] as [&str; 0]);
}

#[test]
fn a_tenant_sees_nothing_of_another() {
    let mut state = seeded();
    assert_eq!(state.users_of_system(OTHER, None).count(), 0);
    assert_eq!(state.group_ids_of_user(OTHER, "a_u1").count(), 0);
    let foreign = Command::Synchronise {
        tenant: OTHER,
        users: vec![],
        groups: vec![],
        memberships: vec![member("a_u1", "a_g1")],
    };
    assert_eq!(
        run(&mut state, foreign),
        Err(Refusal::UnknownUser("a_u1".into()))
    );
}
