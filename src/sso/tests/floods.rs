//! Too many tries: who must wait, and who must not.

use super::*;

const STRANGER: [u8; 4] = [10, 9, 9, 9];

fn wrong() -> Arrival {
    let pairs = [ADMIN[0], ADMIN[1], ADMIN[2], ("password", "wrong")];
    form("/connect/token", &pairs)
}

#[tokio::test(flavor = "multi_thread")]
async fn after_five_failures_the_next_try_waits_also_with_the_right_password() {
    let server = Server::start().await;
    for n in 0..5 {
        assert_eq!(server.send(wrong()).await.status, 400, "failure {n}");
    }
    let told = server.token(&ADMIN).await;
    assert_eq!(told.status, 429);
    let wait = told.headers["retry-after"].to_str().map(str::parse::<u32>);
    assert!(matches!(wait, Ok(Ok(1..=5))), "{wait:?}");
    assert!(!told.text("error").is_empty() && !told.text("error_description").is_empty());
    let other = [
        ADMIN[0],
        ADMIN[1],
        ("username", "both"),
        ("password", "both"),
    ];
    assert_eq!(server.token(&other).await.status, 200, "another account");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_forgets_the_failures_before_it() {
    let server = Server::start().await;
    for _ in 0..3 {
        for _ in 0..4 {
            assert_eq!(server.send(wrong()).await.status, 400);
        }
        assert_eq!(server.token(&ADMIN).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_flood_locks_nobody_out() {
    let server = Arc::new(Server::start().await);
    let flood: Vec<_> = (0..300)
        .map(|_| {
            let server = Arc::clone(&server);
            tokio::spawn(async move { server.send(from(wrong(), STRANGER)).await })
        })
        .collect();
    let owner = server.token(&ADMIN).await;
    assert_eq!(owner.status, 200, "in the middle of the flood: {owner:?}");
    let mut compared = 0;
    for one in flood {
        match one.await.expect("an answer").status {
            400 => compared += 1,
            status => assert_eq!(status, 429),
        }
    }
    // One more may have been under way on the other thread when the fifth failed.
    assert!((5..=6).contains(&compared), "{compared} were compared");
    assert_eq!(server.token(&ADMIN).await.status, 200, "and after it");
    let right = from(form("/connect/token", &ADMIN), STRANGER);
    assert_eq!(server.send(right).await.status, 429, "the stranger waits");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_may_sign_in_at_once_with_the_right_password() {
    let server = Arc::new(Server::start().await);
    let all: Vec<_> = (0..40)
        .map(|_| {
            let server = Arc::clone(&server);
            tokio::spawn(async move { server.token(&ADMIN).await.status })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.expect("an answer"), 200);
    }
}
