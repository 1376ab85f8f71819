//! Sign-ins: a refresh token works once, and what becomes of one that is used again.

// What cannot be made here fails the test that wants it.
#![allow(clippy::unwrap_used)]

mod support;

use org::{
    Command, Digest, Guid, Refusal, Stamp, State,
    people::{self, Status},
    sessions::{self, FAMILIES, FAMILY_MS, Family},
};
use support::*;

const GRACE_MS: i64 = 10_000;

fn sessions(state: &mut State, command: sessions::Command) -> Result<(), Refusal> {
    run(state, Command::Sessions(command))
}

fn family(id: u128, began_ms: i64) -> Family {
    Family {
        id: Guid(id),
        account: ADMIN,
        client: "c".into(),
        current: Digest([1; 32]),
        began_ms,
        rotated_ms: began_ms,
    }
}

fn signed_in() -> State {
    let mut state = founded();
    sessions(&mut state, sessions::Command::SignIn(family(100, 0))).unwrap();
    state
}

fn refresh(presented: u8, next: u8, at_ms: i64) -> sessions::Command {
    sessions::Command::Refresh {
        family: Guid(100),
        client: "c".into(),
        presented: Digest([presented; 32]),
        next: Digest([next; 32]),
        at_ms,
        grace_ms: GRACE_MS,
    }
}

#[test]
fn a_refresh_token_works_once() {
    let mut state = signed_in();
    sessions(&mut state, refresh(1, 2, 1_000)).unwrap();
    sessions(&mut state, refresh(2, 3, 2_000)).unwrap();
    let found = state.sessions.family(Guid(100)).unwrap();
    assert_eq!((found.current, found.rotated_ms), (Digest([3; 32]), 2_000));
    assert_eq!(state.people.account(ADMIN).unwrap().last_login_ms, Some(0));
}

#[test]
fn of_many_at_once_one_wins_and_the_others_change_nothing() {
    let mut state = signed_in();
    let won = (0..64_u8)
        .filter(|n| sessions(&mut state, refresh(1, 100 + n, 1_000 + i64::from(*n))).is_ok())
        .count();
    assert_eq!(won, 1);
    let found = state.sessions.family(Guid(100)).unwrap();
    assert_eq!(found.current, Digest([100; 32]), "the first one");
    sessions(&mut state, refresh(100, 2, 1_100)).unwrap();
}

#[test]
fn a_used_token_is_refused_within_the_grace_and_ends_the_family_later() {
    let rows = [(GRACE_MS, true), (GRACE_MS + 1, false)];
    for (after_ms, stays) in rows {
        let mut state = signed_in();
        sessions(&mut state, refresh(1, 2, 1_000)).unwrap();
        let again = sessions(&mut state, refresh(1, 3, 1_000 + after_ms));
        let found = state.sessions.family(Guid(100));
        assert_eq!(found.is_some(), stays, "after {after_ms} ms");
        let refused = stays.then_some(Refusal::RefreshRefused);
        assert_eq!(again.err(), refused);
        let present = sessions(&mut state, refresh(2, 4, 1_000 + after_ms));
        assert_eq!(
            present.is_ok(),
            stays,
            "the present token of an ended family is no good"
        );
    }
}

#[test]
fn a_refresh_by_another_client_of_an_unknown_family_or_too_late_is_refused() {
    let mut state = signed_in();
    let sessions::Command::Refresh {
        presented,
        next,
        at_ms,
        grace_ms,
        ..
    } = refresh(1, 2, 1_000)
    else {
        panic!("a refresh");
    };
    let with = |family: u128, client: &str, at_ms| sessions::Command::Refresh {
        family: Guid(family),
        client: client.into(),
        presented,
        next,
        at_ms,
        grace_ms,
    };
    for command in [
        with(101, "c", at_ms),
        with(100, "other", at_ms),
        with(100, "c", FAMILY_MS),
    ] {
        let refused = sessions(&mut state, command.clone());
        assert_eq!(refused, Err(Refusal::RefreshRefused), "{command:?}");
    }
    sessions(&mut state, with(100, "c", FAMILY_MS - 1)).unwrap();
}

#[test]
fn with_one_family_too_many_the_oldest_of_that_client_goes() {
    let mut state = founded();
    let mut other = family(999, 0);
    other.client = "other".into();
    sessions(&mut state, sessions::Command::SignIn(other)).unwrap();
    for n in 0..=FAMILIES {
        let id = 100 + n as u128;
        sessions(&mut state, sessions::Command::SignIn(family(id, n as i64))).unwrap();
    }
    assert_eq!(state.sessions.of_account(ADMIN).count(), FAMILIES + 1);
    assert_eq!(state.sessions.family(Guid(100)), None, "the oldest");
    assert!(state.sessions.family(Guid(101)).is_some());
    assert!(
        state.sessions.family(Guid(999)).is_some(),
        "of another client"
    );
    let late = family(500, FAMILY_MS * 2);
    sessions(&mut state, sessions::Command::SignIn(late)).unwrap();
    assert_eq!(
        state.sessions.of_account(ADMIN).count(),
        1,
        "the others had ended"
    );
}

#[test]
fn a_ban_a_new_password_and_a_deletion_sign_out_and_in_no_more() {
    let set = people::Command::SetPassword {
        account: Guid(30),
        hash: "$argon2id$x".into(),
        stamp: Stamp::default(),
    };
    for (what, may_come_back) in [("ban", false), ("password", true), ("deletion", false)] {
        let mut state = founded();
        person(&mut state, 30, "kim", ROOT, &[]);
        let own = |id| Family {
            account: Guid(30),
            ..family(id, 0)
        };
        sessions(&mut state, sessions::Command::SignIn(own(100))).unwrap();
        match what {
            "ban" => set_status(&mut state, Guid(30), Status::Banned),
            "password" => run(&mut state, Command::People(set.clone())).unwrap(),
            _ => {
                let delete = people::Command::DeleteAccount(Guid(30));
                run(&mut state, Command::People(delete)).unwrap();
            }
        }
        assert_eq!(state.sessions.family(Guid(100)), None, "{what}");
        let again = sessions(&mut state, sessions::Command::SignIn(own(101)));
        assert_eq!(again.is_ok(), may_come_back, "{what}");
    }
}

#[test]
fn an_access_token_that_was_taken_back_is_remembered_until_it_would_have_ended() {
    let mut state = founded();
    let revoke = |id, until_ms, at_ms| sessions::Command::RevokeAccessToken {
        id: Guid(id),
        until_ms,
        at_ms,
    };
    sessions(&mut state, revoke(1, 100, 50)).unwrap();
    sessions(&mut state, revoke(2, 40, 50)).unwrap();
    assert!(state.sessions.is_revoked(Guid(1)));
    assert!(!state.sessions.is_revoked(Guid(2)), "it had ended already");
    sessions(&mut state, revoke(3, 200, 100)).unwrap();
    assert!(!state.sessions.is_revoked(Guid(1)) && state.sessions.is_revoked(Guid(3)));
    sessions(&mut state, sessions::Command::SignOut(Guid(77))).unwrap();
}
