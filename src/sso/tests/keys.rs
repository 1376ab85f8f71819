//! The directory of the keys: made once, private, whole, bound to the data.

use super::*;
use crate::first_start;
use org::sessions::{self, Family};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

#[test]
fn keys_are_made_for_their_owner_only_and_read_back_the_same() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("deep/keys");
    assert!(Keys::read(&path).expect("no keys").is_none());
    let made = Keys::make(&path).expect("keys");
    let read = Keys::read(&path).expect("keys").expect("some");
    assert_eq!(made.fingerprint(), read.fingerprint());
    assert_eq!(
        (made.upload(), made.assets()),
        (read.upload(), read.assets())
    );
    assert_ne!(made.upload(), made.assets());
    let mode = |path: &Path| {
        let found = fs::metadata(path).expect("a file");
        found.permissions().mode() & 0o777
    };
    assert_eq!(mode(&path), 0o700);
    for name in ["signing.pem", "upload.key", "assets.key"] {
        assert_eq!(mode(&path.join(name)), 0o600, "{name}");
    }
    assert_eq!(fs::read_dir(&path).map(Iterator::count).ok(), Some(3));
    assert!(!format!("{made:?}").contains("PRIVATE"));
}

#[test]
fn a_file_that_is_no_key_is_named() {
    for (name, text) in [
        ("signing.pem", "x"),
        ("upload.key", "AAAA"),
        ("assets.key", ""),
    ] {
        let dir = tempfile::tempdir().expect("a directory");
        Keys::make(dir.path()).expect("keys");
        fs::write(dir.path().join(name), text).expect("a file");
        let refused = Keys::read(dir.path()).expect_err("no key").to_string();
        assert!(refused.contains(name), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_do_not_fit_the_data_are_never_used() {
    let server = Server::start().await;
    let (engine, other) = (
        &server.state.engine,
        tempfile::tempdir().expect("a directory"),
    );
    let mut config = server.state.config.clone();
    let dir = tempfile::tempdir().expect("a directory");
    config.keys = Some(dir.path().join("keys"));
    let first = first_start::keys(engine, &config, false)
        .await
        .expect("keys");
    let again = first_start::keys(engine, &config, false)
        .await
        .expect("keys");
    assert_eq!(first.fingerprint(), again.fingerprint());

    let mut foreign = config.clone();
    foreign.keys = Some(other.path().join("keys"));
    Keys::make(&other.path().join("keys")).expect("keys");
    let refused = first_start::keys(engine, &foreign, false).await;
    let refused = refused.map(|_| ()).expect_err("a refusal").to_string();
    assert!(refused.contains("do not fit"), "{refused}");

    // Nobody has signed in yet, so nothing is lost with the keys.
    let mut absent = config.clone();
    absent.keys = Some(dir.path().join("none"));
    let made = first_start::keys(engine, &absent, false)
        .await
        .expect("keys");
    assert_ne!(made.fingerprint(), first.fingerprint());

    let account = engine
        .organisation
        .look(|organisation| organisation.people.account_named("both").map(|one| one.id));
    let family = Family {
        id: org::Guid(1),
        account: account.expect("somebody"),
        client: "c".to_owned(),
        current: org::Digest([1; 32]),
        began_ms: engine.clock.real_ms(),
        rotated_ms: 0,
    };
    let sign_in = Command::Sessions(sessions::Command::SignIn(family));
    let done = engine.organisation.command(engine.core(), sign_in).await;
    done.expect("a sign-in");
    absent.keys = Some(dir.path().join("lost"));
    let refused = first_start::keys(engine, &absent, false).await;
    let refused = refused.map(|_| ()).expect_err("a refusal").to_string();
    assert!(refused.contains("--new-keys"), "{refused}");
    assert!(!dir.path().join("lost").exists(), "nothing is made");
    first_start::keys(engine, &absent, true)
        .await
        .expect("new keys");
}
