//! Golden bytes of every event and of the state, and what damage does.

#[path = "access.rs"]
mod access;

use super::*;
use crate::Digest;
use codec::golden;

const TENANT: Tenant = Tenant(7);

fn user() -> User {
    User {
        id: "oa_u1".into(),
        first_name: Some("é".into()),
        last_name: None,
        email: Some("a@b".into()),
    }
}

fn group() -> Group {
    Group {
        id: "oa_g".into(),
        name: Some("G".into()),
        kind: None,
    }
}

fn membership() -> Membership {
    Membership {
        user: "oa_u1".into(),
        group: "oa_g".into(),
    }
}

fn token() -> Token {
    Token {
        tenant: TENANT,
        name: "ci".into(),
        principal: "bot".into(),
        digest: Digest([0xab; 32]),
        created_ms: 1_779_345_012_345,
    }
}

fn every_event() -> Vec<(Event, String)> {
    let tenant = TENANT;
    let digest = "ab".repeat(32);
    vec![
        (
            Event::UserSynchronised {
                tenant,
                user: user(),
            },
            "01010007056f615f75310102c3a9000103614062".into(),
        ),
        (
            Event::GroupSynchronised {
                tenant,
                group: group(),
            },
            "01010107046f615f6701014700".into(),
        ),
        (
            Event::MembershipAdded {
                tenant,
                membership: membership(),
            },
            "01010207056f615f7531046f615f67".into(),
        ),
        (
            Event::TokenCreated(token()),
            format!("0101030702636903626f74{digest}fdf26c74923c030000"),
        ),
        (
            Event::TokenRevoked {
                tenant,
                name: "ci".into(),
            },
            "01010407026369".into(),
        ),
    ]
}

fn full_state() -> State {
    let mut state = State::default();
    // The last event takes the token away again.
    for (event, _) in every_event().into_iter().take(4) {
        state.apply(&event);
    }
    state
}

#[test]
fn bytes_of_every_event_are_fixed() {
    for (event, expected) in every_event() {
        golden::check(EVENTS_VERSION, &vec![event], &expected);
    }
}

#[test]
fn bytes_of_the_state_are_fixed() {
    let expected = format!(
        "01010701056f615f75310102c3a900010361406201046f615f670101470001056f615f7531046f615f67\
         010702636903626f74{}fdf26c74923c030000",
        "ab".repeat(32)
    );
    golden::check(
        FIRST_STATE_VERSION,
        &StoredState::of(&full_state()),
        &expected,
    );
    let now = encode_state(&full_state());
    let hex: String = now.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        format!("02{}00", &expected[2..]),
        "and no facts of access"
    );
}

#[test]
fn a_state_comes_back_with_all_that_is_derived() {
    let state = full_state();
    let back = decode_state(&encode_state(&state)).unwrap();
    assert_eq!(back, state);
    assert_eq!(back.token_by_digest(&token().digest), Some(&token()));
    assert_eq!(
        back.users_of_group(TENANT, "oa_g").collect::<Vec<_>>(),
        [&user()]
    );
    let empty = State::default();
    assert_eq!(decode_state(&encode_state(&empty)), Ok(empty));
}

#[test]
fn cut_or_foreign_bytes_are_errors() {
    let events: Vec<Event> = every_event().into_iter().map(|(event, _)| event).collect();
    let bytes = encode_events(&events);
    assert_eq!(decode_events(&bytes), Ok(events));
    for end in 0..bytes.len() {
        assert!(decode_events(&bytes[..end]).is_err(), "cut at {end}");
    }
    let bytes = encode_state(&full_state());
    for end in 0..bytes.len() {
        assert!(decode_state(&bytes[..end]).is_err(), "cut at {end}");
    }
    let mut later = bytes;
    later[0] = STATE_VERSION + 1;
    assert!(matches!(
        decode_state(&later),
        Err(DecodeError::Version { .. })
    ));
}
