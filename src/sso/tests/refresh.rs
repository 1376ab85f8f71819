//! Refresh tokens and signing out, over HTTP.

use super::*;

/// A server that signs out at once when a used token comes back.
async fn strict() -> Server {
    Server::with(|config| config.auth.refresh_grace = std::time::Duration::from_nanos(1)).await
}

/// Waits until the clock shows another millisecond than the last rotation.
async fn a_moment(server: &Server) {
    let now_ms = server.state.engine.clock.real_ms();
    while server.state.engine.clock.real_ms() <= now_ms + 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_works_once_and_a_late_second_use_ends_everything() {
    let server = strict().await;
    let first = server.token(&ADMIN).await;
    let used = first.text("refresh_token");
    let second = server.token(&refresh(&used)).await;
    assert_eq!(second.status, 200);
    let present = second.text("refresh_token");
    assert_ne!(present, used);
    let access = second.text("access_token");
    assert_eq!(server.visit(&access, &[]).await.status, 200);
    a_moment(&server).await;
    let again = server.token(&refresh(&used)).await;
    assert_eq!(
        (again.status, again.text("error").as_str()),
        (400, "invalid_grant")
    );
    assert_eq!(
        server.visit(&access, &[]).await.status,
        401,
        "its access tokens end"
    );
    let after = server.token(&refresh(&present)).await;
    assert_eq!(
        after.text("error"),
        "invalid_grant",
        "and its present refresh token"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_refreshes_at_once_one_wins_and_none_is_locked_out() {
    let server = Arc::new(Server::start().await);
    let token = server.token(&ADMIN).await.text("refresh_token");
    let racing: Vec<_> = (0..64)
        .map(|_| {
            let (server, token) = (Arc::clone(&server), token.clone());
            tokio::spawn(async move { server.token(&refresh(&token)).await })
        })
        .collect();
    let mut winners = Vec::new();
    for one in racing {
        let told = one.await.expect("an answer");
        match told.status {
            200 => winners.push(told.text("refresh_token")),
            _ => assert_eq!(
                (told.status, told.text("error").as_str()),
                (400, "invalid_grant")
            ),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(server.token(&refresh(&winners[0])).await.status, 200);
    assert_eq!(server.token(&ADMIN).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_clients_refresh_token_is_no_good() {
    let server = Server::start().await;
    let short = [("client_id", "shortlived"), ADMIN[1], ADMIN[2], ADMIN[3]];
    let told = server.token(&short).await;
    assert_eq!(told.body["expires_in"], 3);
    let token = told.text("refresh_token");
    assert_eq!(
        server.token(&refresh(&token)).await.text("error"),
        "invalid_grant"
    );
    let own = [
        ("client_id", "shortlived"),
        ("grant_type", "refresh_token"),
        ("refresh_token", &token),
    ];
    assert_eq!(server.token(&own).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_sign_in_by_either_token_and_says_nothing_of_unknown_ones() {
    let server = Server::start().await;
    for which in ["access_token", "refresh_token"] {
        let told = server.token(&ADMIN).await;
        let access = told.text("access_token");
        assert_eq!(server.visit(&access, &[]).await.status, 200);
        let token = told.text(which);
        let foreign = [("token", token.as_str()), ("client_id", "shortlived")];
        assert_eq!(
            server.form("/connect/revocation", &foreign).await.status,
            200
        );
        assert_eq!(
            server.visit(&access, &[]).await.status,
            200,
            "of another client"
        );
        let own = [
            ("token", token.as_str()),
            ("client_id", "thirdpartyservice"),
        ];
        assert_eq!(server.form("/connect/revocation", &own).await.status, 200);
        assert_eq!(server.visit(&access, &[]).await.status, 401, "{which}");
        let refreshed = server.token(&refresh(&told.text("refresh_token"))).await;
        assert_eq!(refreshed.text("error"), "invalid_grant", "{which}");
        assert_eq!(
            server.form("/connect/revocation", &own).await.status,
            200,
            "again"
        );
    }
    let unknown = [("token", "x"), ("client_id", "thirdpartyservice")];
    assert_eq!(
        server.form("/connect/revocation", &unknown).await.status,
        200
    );
    let told = server.form("/connect/revocation", &unknown[1..]).await;
    assert_eq!(
        (told.status, told.text("error").as_str()),
        (400, "invalid_request")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robots_access_token_is_taken_back_alone() {
    let server = Server::start().await;
    let [one, other] = [server.token(&ROBOT).await, server.token(&ROBOT).await]
        .map(|told| told.text("access_token"));
    let revoke = [("token", one.as_str()), ROBOT[0], ROBOT[2]];
    assert_eq!(
        server.form("/connect/revocation", &revoke).await.status,
        200
    );
    let live = |token: &str| super::super::live(&server.state, token).is_some();
    assert!(!live(&one) && live(&other));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_shuts_out_at_once_whatever_the_token_says() {
    let server = Server::start().await;
    let both = [
        ADMIN[0],
        ADMIN[1],
        ("username", "both"),
        ("password", "both"),
    ];
    let token = server.token(&both).await.text("access_token");
    let company = [("companyid", FIRST)];
    assert_eq!(server.visit(&token, &company).await.status, 200);
    let engine = &server.state.engine;
    let mut account = engine
        .organisation
        .look(|organisation| organisation.people.account_named("both").cloned())
        .expect("somebody");
    account.status = org::people::Status::Banned;
    account.common = account.common.changed(org::Stamp::default());
    let command = org::people::Command::ChangeAccount(Box::new(account));
    let done = engine
        .organisation
        .command(engine.core(), Command::People(command));
    done.await.expect("a ban");
    assert_eq!(server.visit(&token, &company).await.status, 401);
    assert_eq!(server.token(&both).await.text("error"), "invalid_grant");
}
