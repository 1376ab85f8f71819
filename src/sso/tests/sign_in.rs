//! The ways to a token, what it says, and what is refused in which words.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_as_the_recorded_clients_do_and_calls_both_apis() {
    let server = Server::start().await;
    let told = server.token(&ADMIN).await;
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!(told.body["expires_in"], 3600);
    assert_eq!(told.body["token_type"], "Bearer");
    assert_eq!(
        told.body["scope"],
        "apigateway offline_access openid profile"
    );
    assert_eq!(told.headers["cache-control"], "no-store");
    assert!(!told.body.to_string().to_lowercase().contains("error"));
    let names: Vec<&String> = told.body.as_object().expect("an object").keys().collect();
    assert_eq!(names.len(), 5, "{names:?}");
    let token = told.text("access_token");
    assert_eq!(server.visit(&token, &[]).await.status, 200);
    let path = "/processCtr/getAllProcess";
    assert_ne!(server.visit_at(path, &token, &[]).await.status, 401);
    let encoded = ADMIN.map(|(name, text)| (name, text.replace('@', "%40")));
    let encoded = encoded
        .each_ref()
        .map(|(name, text)| (*name, text.as_str()));
    assert_eq!(server.token(&encoded).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_case_of_a_path_means_nothing() {
    let server = Server::start().await;
    for path in ["/Connect/Token", "/CONNECT/token/"] {
        let told = server.form(path, &ADMIN).await;
        assert_eq!(told.status, 200, "{path}: {told:?}");
        let token = told.text("refresh_token");
        let out = [("token", &*token), ("client_id", "thirdpartyservice")];
        let told = server.form("/CONNECT/Revocation", &out).await;
        assert_eq!(told.status, 200, "{told:?}");
    }
    let document = server.visit_at("/.Well-Known/OpenID-Configuration", "x", &[]);
    assert_eq!(document.await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_says_what_callers_read_of_it() {
    let server = Server::start().await;
    server
        .state
        .sso
        .set_issuer("http://sso.example:81".to_owned());
    let token = server.token(&ADMIN).await.text("access_token");
    let header = jsonwebtoken::decode_header(&token).expect("a header");
    assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    assert_eq!(
        header.kid.as_deref(),
        Some(server.state.sso.keys.id.as_str())
    );
    // A digest as short as a certificate's, in base64url.
    assert_eq!(header.x5t.map(|text| text.len()), Some(27));
    let said = jsonwebtoken::dangerous::insecure_decode::<Value>(&token);
    let claims = said.expect("claims").claims;
    let rows = [
        ("iss", "http://sso.example:81"),
        ("aud", "apigateway"),
        ("client_id", "thirdpartyservice"),
        ("client_name", "thirdpartyservice"),
        ("sub", "1"),
        ("idp", "local"),
        ("userid", "11111111-1111-4111-8111-111111111111"),
        ("default_timezoneid", "China Standard Time"),
        ("name", "Admin"),
    ];
    for (name, expected) in rows {
        assert_eq!(claims[name], expected, "{name}");
    }
    assert_eq!(claims["amr"], serde_json::json!(["pwd"]));
    let scopes = ["profile", "openid", "offline_access", "apigateway"];
    assert_eq!(claims["scope"], serde_json::json!(scopes));
    let lifetime = claims["exp"].as_i64().zip(claims["nbf"].as_i64());
    assert_eq!(lifetime.map(|(exp, nbf)| exp - nbf), Some(3_600));
    assert!(claims["auth_time"].is_i64());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_worded_as_the_standard_wants() {
    let server = Server::start().await;
    let third = ("client_id", "thirdpartyservice");
    let password = ("grant_type", "password");
    let rows: [(&[(&str, &str)], &str); 13] = [
        (&[third], "invalid_request"),
        (&[third, password], "invalid_request"),
        (
            &[third, password, ("username", "x"), ("password", "")],
            "invalid_request",
        ),
        (&[third, password, password], "invalid_request"),
        (&[third, ("grant_type", "refresh_token")], "invalid_request"),
        (&[third, ("grant_type", "magic")], "unsupported_grant_type"),
        (
            &[third, ("grant_type", "client_credentials")],
            "unauthorized_client",
        ),
        (
            &[password, ("username", "x"), ("password", "x")],
            "invalid_client",
        ),
        (
            &[
                ("client_id", "x"),
                password,
                ("username", "x"),
                ("password", "x"),
            ],
            "invalid_client",
        ),
        (
            &[third, password, ("username", "nobody"), ("password", "x")],
            "invalid_grant",
        ),
        (
            &[
                third,
                password,
                ("username", "admin@encootech.com"),
                ("password", "x"),
            ],
            "invalid_grant",
        ),
        (
            &[
                third,
                ("grant_type", "refresh_token"),
                ("refresh_token", "x"),
            ],
            "invalid_grant",
        ),
        (
            &[ROBOT[0], ROBOT[1], ("client_secret", "wrong")],
            "invalid_client",
        ),
    ];
    for (pairs, expected) in rows {
        let told = server.token(pairs).await;
        assert_eq!(told.status, 400, "{pairs:?}");
        assert_eq!(told.text("error"), expected, "{pairs:?}");
        assert!(!told.text("error_description").is_empty(), "{pairs:?}");
    }
    let nobody = [third, password, ("username", "nobody"), ("password", "x")];
    let told = server.token(&nobody).await;
    assert_eq!(
        told.text("error_description"),
        "invalid_username_or_password"
    );
    let uri = "/connect/token".parse().expect("a path");
    let json = Arrival::local(Method::POST, uri, "{}").header(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    let told = server.send(json).await;
    assert_eq!(
        (told.status, told.text("error").as_str()),
        (400, "invalid_request")
    );
    let uri = "/connect/token".parse().expect("a path");
    let told = server.send(Arrival::local(Method::GET, uri, "")).await;
    assert_eq!(
        (told.status, &told.headers["allow"]),
        (405, &value("POST, OPTIONS"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_a_secret_must_bring_it_by_parameter_or_header() {
    let server = Server::start().await;
    let both = [
        ("grant_type", "password"),
        ("username", "both"),
        ("password", "both"),
    ];
    let with = |secret| {
        let client = [("client_id", "guarded"), ("client_secret", secret)];
        [&client[..], &both[..]].concat()
    };
    let told = server.token(&with("guarded-secret")).await;
    assert_eq!(told.status, 200);
    assert_eq!(
        told.text("refresh_token"),
        "",
        "the grant is not among the client's"
    );
    assert_eq!(
        server.token(&with("wrong")).await.text("error"),
        "invalid_client"
    );
    let by_header = |secret| basic(form("/connect/token", &both), "guarded", secret);
    assert_eq!(server.send(by_header("guarded-secret")).await.status, 200);
    let told = server.send(by_header("wrong")).await;
    assert_eq!(
        (told.status, told.text("error").as_str()),
        (401, "invalid_client")
    );
    assert!(
        told.headers["www-authenticate"]
            .as_bytes()
            .starts_with(b"Basic")
    );
    let old = form("/connect/token", &ADMIN).header(header::AUTHORIZATION, value("Bearer old"));
    assert_eq!(
        server.send(old).await.status,
        200,
        "an old token is no client"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_comes_by_its_secret_and_only_to_its_hub() {
    let server = Server::start().await;
    let told = server.token(&ROBOT).await;
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!(told.text("refresh_token"), "");
    let token = told.text("access_token");
    assert_eq!(server.visit(&token, &[]).await.status, 403);
    let live = super::super::live(&server.state, &token).expect("a live token");
    assert_eq!(live.sub, ROBOT[0].1);
    let replaced = org::clients::Command::ReplaceSecret {
        id: ROBOT[0].1.to_owned(),
        secret: super::super::secret::digest("another-secret-012"),
    };
    let engine = &server.state.engine;
    let done = engine
        .organisation
        .command(engine.core(), Command::Clients(replaced));
    done.await.expect("another secret");
    assert!(
        super::super::live(&server.state, &token).is_none(),
        "the old secret's tokens end"
    );
    assert_eq!(server.token(&ROBOT).await.text("error"), "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_company_is_the_callers_only_one_or_the_one_they_name() {
    let server = Server::start().await;
    let admin = server.token(&ADMIN).await.text("access_token");
    let both = [
        ADMIN[0],
        ADMIN[1],
        ("username", "BOTH"),
        ("password", "both"),
    ];
    let both = server.token(&both).await.text("access_token");
    let key = "lwk_0123456789abcdef";
    let unknown = "9a0c7d89-404a-4896-a0b9-000000000009";
    let rows: [(&str, Option<&str>, u16); 12] = [
        (&admin, None, 200),
        (&admin, Some(FIRST), 200),
        (&admin, Some(SECOND), 403),
        (&admin, Some(unknown), 403),
        (&admin, Some("x"), 400),
        (&admin, Some(""), 200),
        (&both, None, 400),
        (&both, Some(FIRST), 200),
        (&both, Some(SECOND), 200),
        (key, None, 200),
        (key, Some(FIRST), 200),
        (key, Some(SECOND), 403),
    ];
    for (token, company, expected) in rows {
        let headers: Vec<_> = company.map(|id| ("companyid", id)).into_iter().collect();
        let told = server.visit(token, &headers).await;
        assert_eq!(told.status, expected, "{company:?} {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_api_takes_no_bad_token_of_ours_for_none() {
    let server = Server::with(|config| config.api.auth = Auth::Open).await;
    let admin = server.token(&ADMIN).await.text("access_token");
    for (token, expected) in [
        (admin.as_str(), 200),
        ("a.b.c", 401),
        ("lwk_unknown", 401),
        ("lw_unknown", 401),
        ("somebody-elses", 200),
    ] {
        assert_eq!(server.visit(token, &[]).await.status, expected, "{token}");
    }
}
