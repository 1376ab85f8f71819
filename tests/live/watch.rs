//! `loomwork watch`: one line a change, and on again after a cut.

use crate::support::{Server, Setup, models};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
};

use crate::watcher::PATIENCE;

struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn start(base: &str, words: &[&str]) -> Watch {
        let mut child = Command::new(env!("CARGO_BIN_EXE_loomwork"))
            .args(["watch", "--server", base, "--every", "0"])
            .args(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Watch { child, lines }
    }

    /// The next line: a word, and an item where there is one.
    fn line(&self) -> (String, Value) {
        let line = self.lines.recv_timeout(PATIENCE).unwrap();
        let (word, item) = line.split_once(' ').unwrap_or((&line, "null"));
        (word.to_owned(), serde_json::from_str(item).unwrap())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_line_comes_for_each_change_and_goes_on_after_a_restart() {
    let listen = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap()
    };
    let mut server = Server::start(Setup::new());
    let mut client = server.client();
    client.deploy("a.bpmn", &models::one_task("a"));
    let start = json!({ "definitionKey": "a" });
    let one = client.native("POST", "/instances", Some(&start));
    let proxy = Proxy::start(listen, server.address());
    let watch = Watch::start(&format!("http://{listen}"), &["tasks", "assignee=s_u"]);
    let (word, item) = watch.line();
    assert_eq!(
        (word.as_str(), &item["id"]),
        ("there", &one["tasks"][0]["id"])
    );
    let two = client.native("POST", "/instances", Some(&start));
    let (word, item) = watch.line();
    assert_eq!(
        (word.as_str(), &item["id"]),
        ("created", &two["tasks"][0]["id"])
    );

    proxy.cut();
    let three = client.native("POST", "/instances", Some(&start));
    let (word, item) = watch.line();
    assert_eq!(
        item["id"], three["tasks"][0]["id"],
        "{word}: only what was missed"
    );

    server.restart();
    proxy.to(server.address());
    proxy.cut();
    assert_eq!(
        watch.line().0,
        "reset",
        "another server knows nothing of what was missed"
    );
    for _ in 0..3 {
        assert_eq!(watch.line().0, "there");
    }
}

#[test]
fn what_cannot_be_watched_is_said() {
    let server = Server::start(Setup::new());
    let base = server.base();
    for words in [
        &["nothing"][..],
        &["tasks", "x=y"],
        &["tasks", "assignee"],
        &["activities"],
        &["jobs"],
        &["tasks", "--token", "lw_wrong"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_loomwork"))
            .args(["watch", "--server", &base])
            .args(words)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}: {output:?}");
        assert!(output.stderr.starts_with(b"loomwork: "), "{words:?}");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_loomwork"))
        .args(["watch", "--server", &base, "--once", "figures"])
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(output.stdout.starts_with(b"there {"), "{output:?}");
}

/// A way to the server that can be cut.
struct Proxy {
    target: std::sync::Arc<std::sync::Mutex<(std::net::SocketAddr, Vec<std::net::TcpStream>)>>,
}

impl Proxy {
    fn start(listen: std::net::SocketAddr, target: std::net::SocketAddr) -> Proxy {
        let listener = std::net::TcpListener::bind(listen).unwrap();
        let target = std::sync::Arc::new(std::sync::Mutex::new((target, Vec::new())));
        let shared = std::sync::Arc::clone(&target);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mut shared = shared.lock().unwrap();
                let Ok(server) = std::net::TcpStream::connect(shared.0) else {
                    continue;
                };
                for (mut from, mut to) in [
                    (client.try_clone().unwrap(), server.try_clone().unwrap()),
                    (server.try_clone().unwrap(), client.try_clone().unwrap()),
                ] {
                    thread::spawn(move || {
                        // Either side may end it.
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(std::net::Shutdown::Both);
                    });
                }
                shared.1.extend([client, server]);
            }
        });
        Proxy { target }
    }

    fn to(&self, address: std::net::SocketAddr) {
        self.target.lock().unwrap().0 = address;
    }

    fn cut(&self) {
        for stream in self.target.lock().unwrap().1.drain(..) {
            // It may have ended already.
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}
