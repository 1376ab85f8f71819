//! Tokens: made once, found by digest alone, gone when revoked.

use codec::Tenant;
use org::{Command, Digest, ID_CHARS, Refusal, State, TEXT_CHARS, Token, decide};

const HOME: Tenant = Tenant(0);

fn digest(selector: u8, proof: u8) -> Digest {
    let mut bytes = [selector; 32];
    bytes[16..].fill(proof);
    Digest(bytes)
}

fn token(name: &str, digest: Digest) -> Token {
    Token {
        tenant: HOME,
        name: name.into(),
        principal: "robot".into(),
        digest,
        created_ms: 1,
    }
}

fn run(state: &mut State, command: Command) -> Result<(), Refusal> {
    for event in decide(state, command)? {
        state.apply(&event);
    }
    Ok(())
}

fn revoke(name: &str) -> Command {
    Command::RevokeToken {
        tenant: HOME,
        name: name.into(),
    }
}

fn names(state: &State, tenant: Tenant) -> Vec<&str> {
    state
        .tokens(tenant)
        .map(|token| token.name.as_str())
        .collect()
}

#[test]
fn a_token_lets_in_until_it_is_revoked_and_its_name_is_free_again() {
    let mut state = State::default();
    let first = token("ci", digest(1, 1));
    let second = token("bi", digest(2, 2));
    run(&mut state, Command::CreateToken(first.clone())).unwrap();
    run(&mut state, Command::CreateToken(second.clone())).unwrap();
    assert_eq!(names(&state, HOME), ["bi", "ci"]);
    assert_eq!(state.token_by_digest(&first.digest), Some(&first));

    run(&mut state, revoke("ci")).unwrap();
    assert_eq!(state.token_by_digest(&first.digest), None);
    assert_eq!(state.token_by_digest(&second.digest), Some(&second));
    assert_eq!(names(&state, HOME), ["bi"]);

    let again = token("ci", digest(1, 1));
    run(&mut state, Command::CreateToken(again)).unwrap();
    run(&mut state, revoke("ci")).unwrap();
    run(&mut state, revoke("bi")).unwrap();
    assert_eq!(state, State::default());
}

#[test]
fn only_the_whole_digest_lets_in() {
    let mut state = State::default();
    run(&mut state, Command::CreateToken(token("ci", digest(1, 2)))).unwrap();
    for (selector, proof, found) in [(1, 2, true), (1, 3, false), (2, 2, false), (2, 1, false)] {
        let looked_up = state.token_by_digest(&digest(selector, proof));
        assert_eq!(looked_up.is_some(), found, "{selector} {proof}");
    }
    for byte in 0..32 {
        let mut near = digest(1, 2);
        near.0[byte] ^= 0x80;
        assert_eq!(state.token_by_digest(&near), None, "byte {byte} differs");
    }
}

#[test]
fn a_token_is_refused_when_its_name_digest_or_text_will_not_do() {
    let principal = |text: &str| Token {
        principal: text.into(),
        ..token("x", digest(9, 9))
    };
    let unprintable = |field| Refusal::UnprintableText { field };
    let rows = [
        (
            token("ci", digest(9, 9)),
            Refusal::TokenNameTaken("ci".into()),
        ),
        (token("x", digest(1, 9)), Refusal::TokenDigestTaken),
        (token("", digest(9, 9)), unprintable("name")),
        (token(" ", digest(9, 9)), unprintable("name")),
        (token("a\nb", digest(9, 9)), unprintable("name")),
        (principal(""), unprintable("principal")),
        (
            principal(&"p".repeat(ID_CHARS + 1)),
            Refusal::IdTooLong {
                what: "principal",
                id: "p".repeat(ID_CHARS),
            },
        ),
        (
            token(&"n".repeat(TEXT_CHARS + 1), digest(9, 9)),
            Refusal::TextTooLong {
                field: "name",
                id: "n".repeat(ID_CHARS),
            },
        ),
    ];
    for (token, expected) in rows {
        let mut state = State::default();
        run(
            &mut state,
            Command::CreateToken(self::token("ci", digest(1, 1))),
        )
        .unwrap();
        let before = state.clone();
        assert_eq!(run(&mut state, Command::CreateToken(token)), Err(expected));
        assert_eq!(state, before);
    }
    let unknown = Err(Refusal::UnknownToken("ci".into()));
    assert_eq!(run(&mut State::default(), revoke("ci")), unknown);
}

#[test]
fn two_tenants_may_use_one_name_and_revoke_only_their_own() {
    let mut state = State::default();
    let foreign = Token {
        tenant: Tenant(5),
        ..token("ci", digest(5, 5))
    };
    run(&mut state, Command::CreateToken(token("ci", digest(1, 1)))).unwrap();
    run(&mut state, Command::CreateToken(foreign.clone())).unwrap();
    run(&mut state, revoke("ci")).unwrap();
    assert_eq!(names(&state, HOME), [] as [&str; 0]);
    assert_eq!(state.token_by_digest(&foreign.digest), Some(&foreign));
}

#[test]
fn a_digest_is_not_shown_in_full() {
    assert_eq!(format!("{:?}", digest(0xab, 0xcd)), "Digest(abababab…)");
}
