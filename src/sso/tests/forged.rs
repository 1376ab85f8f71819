//! Tokens that this server did not make, or not for this: none of them lets anybody in.

use super::*;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;

/// What a good token of the administrator says.
async fn claims(server: &Server) -> Value {
    let token = server.token(&ADMIN).await.text("access_token");
    let said = jsonwebtoken::dangerous::insecure_decode::<Value>(&token);
    said.expect("claims").claims
}

fn good_header(server: &Server) -> Header {
    let mut header = Header::new(Algorithm::RS256);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(server.state.sso.keys.id.clone());
    header
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut changed = claims.clone();
    changed[name] = value;
    changed
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_in_a_token_that_is_signed_again_decides() {
    let server = Server::start().await;
    let claims = claims(&server).await;
    let header = good_header(&server);
    let sign = |header: &Header, claims: &Value| {
        let key = &server.state.sso.keys.signing;
        jsonwebtoken::encode(header, claims, key).expect("a token")
    };
    let now_s = server.state.engine.clock.real_ms() / 1000;
    let mut typ = header.clone();
    typ.typ = Some("JWT".to_owned());
    let mut kid = header.clone();
    kid.kid = Some("other".to_owned());
    let mut no_kid = header.clone();
    no_kid.kid = None;
    let mut longer = header.clone();
    longer.alg = Algorithm::RS512;
    let nobody = "00000000-0000-4000-8000-000000000000";
    let rows = [
        ("unchanged", &header, claims.clone(), 200),
        (
            "another audience",
            &header,
            with(&claims, "aud", json!("other")),
            401,
        ),
        ("expired", &header, with(&claims, "exp", json!(now_s)), 401),
        (
            "not yet good",
            &header,
            with(&claims, "nbf", json!(now_s + 3_600)),
            401,
        ),
        (
            "an unknown sign-in",
            &header,
            with(&claims, "sid", json!(nobody)),
            401,
        ),
        (
            "an unknown account",
            &header,
            with(&claims, "userid", json!(nobody)),
            401,
        ),
        (
            "no sign-in",
            &header,
            with(&claims, "sid", Value::Null),
            401,
        ),
        ("no expiry", &header, with(&claims, "exp", Value::Null), 401),
        ("another type", &typ, claims.clone(), 401),
        ("another key's id", &kid, claims.clone(), 401),
        ("no key's id", &no_kid, claims.clone(), 401),
        ("another algorithm", &longer, claims.clone(), 401),
    ];
    for (what, header, claims, expected) in rows {
        let token = sign(header, &claims);
        assert_eq!(server.visit(&token, &[]).await.status, expected, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_our_signature_is_nothing() {
    let server = Server::start().await;
    let claims = claims(&server).await;
    let header = good_header(&server);
    let kid = server.state.sso.keys.id.clone();
    let good = jsonwebtoken::encode(&header, &claims, &server.state.sso.keys.signing);
    let good = good.expect("a token");
    let (signed, signature) = good.rsplit_once('.').expect("three parts");
    let other = Keys::generate().expect("keys");
    let foreign = jsonwebtoken::encode(&header, &claims, &other.signing).expect("a token");
    // The public key as the secret of a symmetric algorithm: an old trick.
    let (n, _) = &server.state.sso.keys.public;
    let mut symmetric = Header::new(Algorithm::HS256);
    symmetric.typ = Some("at+jwt".to_owned());
    symmetric.kid = Some(kid.clone());
    let secret = EncodingKey::from_secret(n.as_bytes());
    let symmetric = jsonwebtoken::encode(&symmetric, &claims, &secret).expect("a token");
    let none = |alg: &str| {
        let header = json!({"alg": alg, "typ": "at+jwt", "kid": kid});
        format!("{}.{}.", part(&header), part(&claims))
    };
    let admin = with(
        &claims,
        "userid",
        json!("11111111-1111-4111-8111-000000000002"),
    );
    let head = signed.split_once('.').expect("two parts").0;
    let rows = [
        ("another key", foreign),
        ("a symmetric key", symmetric),
        ("none", none("none")),
        ("None", none("None")),
        ("no signature", format!("{signed}.")),
        (
            "other claims",
            format!("{head}.{}.{signature}", part(&admin)),
        ),
        ("half a signature", good[..good.len() - 20].to_owned()),
        ("four parts", format!("{good}.x")),
        ("rubbish", "a.b.c".to_owned()),
        ("empty parts", "..".to_owned()),
    ];
    for (what, token) in rows {
        assert_eq!(server.visit(&token, &[]).await.status, 401, "{what}");
    }
    let told = server.visit("a.b.c", &[]).await;
    assert!(
        told.headers["www-authenticate"]
            .as_bytes()
            .starts_with(b"Bearer")
    );
    assert_eq!(server.visit(&good, &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_verified_still_expires() {
    let server = Server::start().await;
    let short = [("client_id", "shortlived"), ADMIN[1], ADMIN[2], ADMIN[3]];
    let told = server.token(&short).await;
    let token = told.text("access_token");
    assert_eq!(server.visit(&token, &[]).await.status, 200);
    // The clock is the machine's: a second must pass.
    let began = Instant::now();
    let mut status = 200;
    while status == 200 && began.elapsed().as_secs() < 30 {
        status = server.visit(&token, &[]).await.status;
    }
    assert_eq!(status, 401);
}
