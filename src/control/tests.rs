//! Stories over a real socket: what is asked and answered, who is turned away, and what is left behind.

use super::*;
use std::{
    fs,
    io::{Read, Write},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    sync::{Arc, Mutex},
};
use tokio::{sync::oneshot, task::JoinHandle};

/// Keeps names in the order of their making; refuses what it cannot do.
#[derive(Default)]
struct Desk(Mutex<Vec<String>>);

impl ControlHandler for Desk {
    async fn token_create(&self, name: String) -> Result<NewToken, String> {
        let mut names = self.0.lock().expect("no panic under the lock");
        if names.contains(&name) {
            return Err(format!("there is a token called '{name}' already"));
        }
        names.push(name.clone());
        Ok(NewToken {
            token: format!("secret of {name}"),
            name,
        })
    }

    async fn token_list(&self) -> Result<Vec<TokenLine>, String> {
        let names = self.0.lock().expect("no panic under the lock");
        let lines = names.iter().map(|name| TokenLine {
            name: name.clone(),
            principal: name.clone(),
            tenant: 0,
            created_ms: 1_779_345_012_345,
        });
        Ok(lines.collect())
    }

    async fn token_revoke(&self, name: String) -> Result<(), String> {
        let mut names = self.0.lock().expect("no panic under the lock");
        let before = names.len();
        names.retain(|known| *known != name);
        if names.len() == before {
            return Err(format!("there is no token called '{name}'"));
        }
        Ok(())
    }

    async fn backup(&self, into: PathBuf) -> Result<BackedUp, String> {
        assert!(!into.ends_with("bug"), "a handler that panics");
        Ok(BackedUp {
            files: 3,
            bytes: u64::MAX,
            sequence: 7,
        })
    }

    async fn user_add(&self, new: NewUser) -> Result<(), String> {
        self.token_create(new.user_name).await.map(|_| ())
    }

    async fn user_password(&self, user_name: String, _hash: String) -> Result<(), String> {
        let names = self.0.lock().expect("no panic under the lock");
        let found = names.contains(&user_name).then_some(());
        found.ok_or_else(|| format!("there is no user '{user_name}'"))
    }
}

struct Running {
    dir: tempfile::TempDir,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Running {
    fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let (stop, stopped) = oneshot::channel();
        let socket = ControlSocket::bind(&socket_path(dir.path())).expect("a socket");
        let serving = tokio::spawn(socket.serve(Arc::new(Desk::default()), async {
            let _ = stopped.await;
        }));
        Self { dir, stop, serving }
    }

    async fn ask(&self, request: Request) -> Result<Reached, ControlError> {
        let path = socket_path(self.dir.path());
        tokio::task::spawn_blocking(move || call(&path, &request))
            .await
            .expect("no panic")
    }

    /// What comes back for raw bytes after which nothing more is sent.
    async fn send(&self, bytes: Vec<u8>) -> String {
        let path = socket_path(self.dir.path());
        let talk = move || {
            let mut stream = UnixStream::connect(path).expect("a connection");
            // The server may have answered and hung up before all of it is sent.
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer);
            answer
        };
        tokio::task::spawn_blocking(talk).await.expect("no panic")
    }
}

fn user(name: &str) -> NewUser {
    NewUser {
        user_name: named(name),
        name: named(name),
        hash: named("secret"),
        company: None,
        department: None,
        roles: vec![],
        system_admin: false,
    }
}

fn named(name: &str) -> String {
    name.to_owned()
}

#[tokio::test]
async fn every_request_is_answered_and_a_refusal_says_why() {
    let server = Running::start();
    let refused = |why: &str| Answer::Refused(why.to_owned());
    let line = TokenLine {
        name: named("ci"),
        principal: named("ci"),
        tenant: 0,
        created_ms: 1_779_345_012_345,
    };
    let made = NewToken {
        name: named("ci"),
        token: named("secret of ci"),
    };
    let backed_up = BackedUp {
        files: 3,
        bytes: u64::MAX,
        sequence: 7,
    };
    let story = [
        (Request::TokenList, Answer::Tokens(vec![])),
        (
            Request::TokenCreate { name: named("ci") },
            Answer::TokenCreated(made),
        ),
        (
            Request::TokenCreate { name: named("ci") },
            refused("there is a token called 'ci' already"),
        ),
        (Request::TokenList, Answer::Tokens(vec![line])),
        (
            Request::TokenRevoke { name: named("ci") },
            Answer::TokenRevoked,
        ),
        (
            Request::TokenRevoke { name: named("ci") },
            refused("there is no token called 'ci'"),
        ),
        (
            Request::Backup { into: "/b".into() },
            Answer::BackedUp(backed_up),
        ),
        (
            Request::Backup { into: "b".into() },
            refused("the directory of a backup must be absolute"),
        ),
        (Request::UserAdd(user("kim")), Answer::Done),
        (
            Request::UserPassword {
                user_name: named("kim"),
                hash: named("$"),
            },
            Answer::Done,
        ),
        (
            Request::UserPassword {
                user_name: named("lee"),
                hash: named("$"),
            },
            refused("there is no user 'lee'"),
        ),
    ];
    for (request, expected) in story {
        let reached = server.ask(request.clone()).await.expect("an answer");
        assert_eq!(reached, Reached::Server(expected), "{request:?}");
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_harms_nobody() {
    let server = Running::start();
    let mut endless = vec![b' '; 200_000];
    endless.push(b'\n');
    let rows = [
        (b"".to_vec(), "is no line"),
        (b"\"token-list\"".to_vec(), "is no line"),
        (b"{\n".to_vec(), "malformed request"),
        (b"\"format-disk\"\n".to_vec(), "unknown variant"),
        (b"\xff\xfe\n".to_vec(), "malformed request"),
        (b"{\"token-create\":{}}\n".to_vec(), "missing field `name`"),
        (b"\"token-list\"\n".to_vec(), "{\"tokens\":[]}\n"),
    ];
    for (bytes, expected) in rows {
        let answer = server.send(bytes).await;
        assert!(answer.contains(expected), "{answer}");
    }
    // The kernel may cut the connection before the answer to an endless line is read; what counts is the next client.
    server.send(endless).await;
    assert_eq!(
        server.ask(Request::TokenList).await.expect("an answer"),
        Reached::Server(Answer::Tokens(vec![]))
    );
}

#[tokio::test]
async fn a_handler_that_panics_ends_its_own_client_only() {
    let server = Running::start();
    let answer = server
        .ask(Request::Backup {
            into: "/bug".into(),
        })
        .await;
    assert!(
        matches!(answer, Err(ControlError::Malformed(_))),
        "{answer:?}"
    );
    assert!(server.ask(Request::TokenList).await.is_ok());
}

#[tokio::test]
async fn the_socket_is_the_owners_alone_and_goes_with_the_server() {
    let server = Running::start();
    let path = socket_path(server.dir.path());
    let mode = fs::metadata(&path)
        .expect("the socket")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    server.stop.send(()).expect("a server");
    server.serving.await.expect("to end well");
    assert!(!path.exists());
    assert_eq!(
        call(&path, &Request::TokenList).expect("an outcome"),
        Reached::Nobody
    );
}

#[tokio::test]
async fn a_socket_that_a_crash_left_behind_is_nobody_and_is_replaced() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = socket_path(dir.path());
    drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket"));
    assert!(path.exists());
    assert_eq!(
        call(&path, &Request::TokenList).expect("an outcome"),
        Reached::Nobody
    );
    let socket = ControlSocket::bind(&path).expect("a socket");
    assert!(UnixStream::connect(&path).is_ok());
    drop(socket);
}

#[test]
fn a_path_that_is_no_socket_is_an_error_and_not_nobody() {
    let dir = tempfile::tempdir().expect("a directory");
    let too_long = dir.path().join("x".repeat(200));
    assert!(call(&too_long, &Request::TokenList).is_err());
}

#[test]
fn a_new_token_is_not_shown_by_debug() {
    let made = NewToken {
        name: named("ci"),
        token: named("secret"),
    };
    assert_eq!(format!("{made:?}"), "NewToken { name: \"ci\", .. }");
    let new = user("kim");
    assert_eq!(format!("{new:?}"), "NewUser { user_name: \"kim\", .. }");
}
