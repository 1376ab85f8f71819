//! Random commands: replaying the events, and reading a stored state, give the state that life gave.

use codec::Tenant;
use org::{Command, Digest, Group, Membership, State, Token, User, decide, stored};
use proptest::prelude::*;

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let id = || (0..6_u8).prop_map(|n| format!("s_{n}"));
    let user = (id(), proptest::option::of("[a-c]{1,2}")).prop_map(|(id, first_name)| User {
        id,
        first_name,
        ..User::default()
    });
    let group = (id(), proptest::option::of("[a-c]{1,2}")).prop_map(|(id, name)| Group {
        id,
        name,
        kind: None,
    });
    let membership = (id(), id()).prop_map(|(user, group)| Membership { user, group });
    let tenant = || (0..2_u32).prop_map(Tenant);
    let synchronise = (
        tenant(),
        proptest::collection::vec(user, 0..4),
        proptest::collection::vec(group, 0..4),
        proptest::collection::vec(membership, 0..3),
    )
        .prop_map(
            |(tenant, users, groups, memberships)| Command::Synchronise {
                tenant,
                users,
                groups,
                memberships,
            },
        );
    let create = (tenant(), id(), 0..8_u8).prop_map(|(tenant, name, seed)| {
        Command::CreateToken(Token {
            tenant,
            principal: name.clone(),
            name,
            digest: Digest([seed; 32]),
            created_ms: i64::from(seed),
        })
    });
    let revoke = (tenant(), id()).prop_map(|(tenant, name)| Command::RevokeToken { tenant, name });
    proptest::collection::vec(
        prop_oneof![3 => synchronise, 2 => create, 1 => revoke],
        0..40,
    )
}

proptest! {
    #[test]
    fn replay_and_snapshot_give_what_life_gave(commands in commands()) {
        let mut live = State::default();
        let mut replayed = State::default();
        for command in commands {
            let Ok(events) = decide(&live, command.clone()) else {
                continue;
            };
            for event in &events {
                live.apply(event);
            }
            let read = stored::decode_events(&stored::encode_events(&events));
            for event in read.map_err(|error| TestCaseError::fail(error.to_string()))? {
                replayed.apply(&event);
            }
            // The same wish again finds all done, except that a token is made and taken away once only.
            if matches!(command, Command::Synchronise { .. }) {
                prop_assert_eq!(decide(&live, command), Ok(vec![]));
            }
        }
        prop_assert_eq!(&replayed, &live);
        prop_assert_eq!(stored::decode_state(&stored::encode_state(&live)), Ok(live));
    }
}
