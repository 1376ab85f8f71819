//! Who may call: with `auth = "token"` only who brings one, and no page of another site.
//!
//! Owns: these tests, over every operation. Never: tokens of OAuth.

use crate::{
    operations::{self, KEY, Stage},
    support::{Request, Server, Setup, models, shared},
};

#[test]
fn with_a_token_required_every_operation_is_401_without_one() {
    let Some(shared) = shared() else { return };
    let server = Server::start(Setup::new().set("process_center", "auth", "\"token\""));
    let mut nobody = server.client();
    let mut liar = server.client().with_token("not-a-token");
    let mut friend = server.client().with_token(&new_token(&server));
    friend.deploy("work.bpmn", &models::one_task(KEY));
    for operation in operations::load(&shared) {
        let stage = Stage::new(&mut friend);
        stage.prepare(&mut friend, &operation);
        let call = stage.good_call(&operation);
        for (who, client) in [("nobody", &mut nobody), ("a liar", &mut liar)] {
            let refused = client.send(&call);
            assert_eq!(
                refused.status,
                401,
                "{who}: {} {}",
                operation.path,
                refused.text()
            );
        }
        let answer = friend.send(&call);
        assert_eq!(answer.status, 200, "{} {}", operation.path, answer.text());
    }
    let foreign = Request::post("/processCtr/createPro")
        .query(&[("processKey", KEY)])
        .header("Origin", "http://elsewhere.example");
    assert_eq!(friend.send(&foreign).status, 403, "a page of another site");
}

/// A token that the command line makes while the server runs.
fn new_token(server: &Server) -> String {
    let made = server
        .command(&["token", "create", "--name", "test"])
        .output();
    let made = match made {
        Ok(made) => made,
        Err(error) => panic!("loomwork token: {error}"),
    };
    let printed = String::from_utf8_lossy(&made.stdout).into_owned();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    // The token stands alone on its line or is the last word of it.
    let token = printed
        .split_whitespace()
        .max_by_key(|word| word.len())
        .unwrap_or_default()
        .to_owned();
    assert!(token.len() >= 20, "{printed}");
    token
}
