//! Robots, and the secrets that they connect with.

use super::{ROBOT, ROOT, story::Story};
use crate::{first_start, sso::secret};
use rpa::{
    Guid,
    registry::{Action, Command, LabelSettings, RobotSettings},
    terms::Stamp,
};

/// As many robots as a group takes.
const FULL: u128 = 10_000;

/// Fills a group.
async fn fill(story: &Story, group: &str) {
    let engine = &story.server.state.engine;
    let group = story.names[group].parse().expect("an id");
    let robots: Vec<Guid> = (0..FULL).map(|n| Guid(0x10_0000 + n)).collect();
    let made = robots.iter().map(|id| Action::CreateRobot {
        id: *id,
        queue: Guid(id.0 + 0x10_0000),
        department: ROOT.parse().expect("an id"),
        settings: RobotSettings {
            label: LabelSettings {
                name: Some(format!("one {id}")),
                ..LabelSettings::default()
            },
            management: None,
        },
    });
    let mut actions: Vec<Action> = made.collect();
    actions.push(Action::AddRobots { group, robots });
    let mut actions = actions.into_iter().peekable();
    while actions.peek().is_some() {
        let some = actions.by_ref().take(1_000).map(|action| Command {
            tenant: codec::Tenant::default(),
            by: Stamp::default(),
            action,
        });
        let done = engine.registry.commands(engine.core(), some.collect());
        done.await.expect("robots");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_is_registered_shown_changed_and_deleted() {
    let mut story = Story::begin().await;
    story
        .tell(&[
            ("admin", "POST /queues", r#"{"name":"g"}"#, 200, &[], "g=/id"),
            (
                "admin",
                "POST /Robots",
                r#"{"Name":"r1","Description":"d","tags":["t"],"ConsoleManagement":1,"queueIds":["{g}"]}"#,
                200,
                &[
                    r#""name":"r1","description":"d","tags":["t"]"#,
                    r#""status":"Disconnected""#,
                    r#""consoleManagement":"Unmanaged""#,
                    r#""queueIds":["{g}"]"#,
                    r#""licenseStatus":"ServerLicensed","clientSku":"Enterprise","canUpgrade":false,"listeningStatus":[]"#,
                    r#""capabilities":[]"#,
                    r#""resourceType":"Robot""#,
                    r#""connectionString":"HubUrl=http://localhost/robothub;ClientId="#,
                    "!null",
                ],
                "r=/id",
            ),
            (
                "viewer",
                "GET /robots/{r}",
                "{}",
                200,
                &[r#""id":"{r}""#, r#""companyId":"#, r#""eTag":"1""#, "!connectionString", "!ecret"],
                "q=/dedicatedQueueId",
            ),
            // Its own group is there, but in no list, and nobody's to change.
            ("viewer", "GET /queues/{q}", "", 200, &[r#""dedicatedRobotId":"{r}""#], ""),
            ("viewer", "GET /queues", "", 200, &[r#""count":1"#, "!{q}"], ""),
            ("admin", "PATCH /queues/{q}", r#"{"name":"x"}"#, 400, &["hidden-group"], ""),
            ("admin", "DELETE /queues/{q}", "", 400, &["hidden-group"], ""),
            ("admin", "POST /queues/{q}/robots", r#"{"robotIds":["{r}"]}"#, 400, &["hidden-group"], ""),
            (
                "admin",
                "PATCH /robots/{r}",
                r#"{"name":"renamed","consoleManagement":"managed","queueIds":[]}"#,
                200,
                &[r#""name":"renamed""#, r#""consoleManagement":"Managed""#, r#""queueIds":[]"#, r#""modifiedByName":"admin""#, "!connectionString"],
                "",
            ),
            ("admin", "PATCH /robots/{r}", r#"{"eTag":"1"}"#, 409, &["changed"], ""),
            ("admin", "PATCH /robots/{r}", r#"{"consoleManagement":"7"}"#, 400, &["consoleManagement"], ""),
            ("admin", "PATCH /robots/{r}", r#"{"queueIds":["{q}"]}"#, 400, &["queueIds"], ""),
            ("admin", "POST /robots", r#"{"description":"no name"}"#, 400, &["improper"], ""),
            ("admin", "GET /robots?SearchString=RENAM&IsDesc=true", "", 200, &[r#""count":1"#, "{r}", "!ecret"], ""),
            ("admin", "DELETE /robots/{r}", "{}", 200, &[], ""),
            ("admin", "GET /robots/{r}", "", 404, &["unknown"], ""),
            ("admin", "GET /queues/{q}", "", 404, &["unknown"], ""),
            ("admin", "POST /robots/{r}/secret", "", 404, &["unknown"], ""),
        ])
        .await;
    let robot = story.names["r"].clone();
    let client = story.server.state.engine.organisation.look(|organisation| {
        let client = organisation.clients.client(&robot);
        client.is_some()
    });
    assert!(!client, "its client has gone with it");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn robots_belong_to_departments_and_companies() {
    let mut story = Story::begin().await;
    story
        .tell(&[
            (
                "admin",
                "POST /robots",
                r#"{"name":"top"}"#,
                200,
                &[],
                "top=/id",
            ),
            (
                "sales/sales",
                "POST /robots",
                r#"{"name":"own"}"#,
                200,
                &["{sales}"],
                "own=/id",
            ),
            (
                "sales",
                "GET /robots",
                "",
                200,
                &[r#""count":1"#, "{own}"],
                "",
            ),
            ("sales", "GET /robots/{top}", "", 403, &["forbidden"], ""),
            ("sales", "PATCH /robots/{top}", "", 403, &["forbidden"], ""),
            ("sales", "DELETE /robots/{top}", "", 403, &["forbidden"], ""),
            (
                "sales",
                "POST /robots/{top}/secret",
                "",
                403,
                &["forbidden"],
                "",
            ),
            (
                "sales",
                "POST /robots/{own}/secret",
                "",
                200,
                &["ClientSecret="],
                "",
            ),
            (
                "viewer",
                "POST /robots",
                r#"{"name":"x"}"#,
                403,
                &["forbidden"],
                "",
            ),
            (
                "viewer",
                "POST /robots/{own}/secret",
                "",
                403,
                &["forbidden"],
                "",
            ),
            (
                "viewer",
                "DELETE /robots/{own}",
                "",
                403,
                &["forbidden"],
                "",
            ),
            ("other", "GET /robots/{own}", "", 404, &["unknown"], ""),
            (
                "other",
                "POST /robots/{own}/secret",
                "",
                404,
                &["unknown"],
                "",
            ),
            ("other", "GET /robots", "", 200, &[r#""count":0"#], ""),
            ("", "GET /robots", "", 401, &["unauthorized"], ""),
        ])
        .await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_comes_with_its_groups_and_its_secret_or_not_at_all() {
    let mut story = Story::begin().await;
    story
        .tell(&[
            (
                "admin",
                "POST /queues",
                r#"{"name":"g"}"#,
                200,
                &[],
                "g=/id",
            ),
            (
                "admin",
                "POST /queues",
                r#"{"name":"h"}"#,
                200,
                &[],
                "h=/id",
            ),
            (
                "admin",
                "POST /robots",
                r#"{"name":"r","queueIds":["{g}"]}"#,
                200,
                &["{g}"],
                "r=/id",
            ),
        ])
        .await;
    let engine = story.server.state.engine.clone();
    let clients = || {
        engine.organisation.look(|organisation| {
            let clients = organisation.clients.of_tenant(codec::Tenant::default());
            clients.count()
        })
    };
    let before = clients();
    // The group is there when it is looked at, but not when it is decided.
    fill(&story, "h").await;
    story
        .tell(&[
            (
                "admin",
                "POST /robots",
                r#"{"name":"s","queueIds":["{h}"]}"#,
                400,
                &["improper"],
                "",
            ),
            (
                "admin",
                "GET /robots?Name=s",
                "",
                200,
                &[r#""count":0"#],
                "",
            ),
            (
                "admin",
                "PATCH /robots/{r}",
                r#"{"name":"t","queueIds":["{h}"]}"#,
                400,
                &["improper"],
                "",
            ),
            (
                "admin",
                "GET /robots/{r}",
                "",
                200,
                &[r#""name":"r""#, "{g}", "!{h}"],
                "",
            ),
            (
                "admin",
                "PATCH /robots/{r}",
                r#"{"name":"t","queueIds":[]}"#,
                200,
                &[r#""name":"t""#, "!{g}"],
                "",
            ),
        ])
        .await;
    assert_eq!(clients(), before);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_removes_the_secret_of_a_robot_that_is_registered_no_more() {
    let mut story = Story::begin().await;
    story
        .tell(&[(
            "admin",
            "POST /robots",
            r#"{"name":"r"}"#,
            200,
            &[],
            "r=/id",
        )])
        .await;
    let engine = story.server.state.engine.clone();
    let known = |id: &str| {
        let organisation = &engine.organisation;
        organisation.look(|organisation| organisation.clients.client(id).is_some())
    };
    let ours = story.names["r"].clone();
    // Of the seed only what a robot connects with is here, as a crash in the middle of a deletion leaves it.
    assert!(known(ROBOT) && known(&ours));
    first_start::robots(&engine).await;
    assert!(!known(ROBOT) && known(&ours));
    story.end().await;
}

/// The secret in a connection string.
fn secret_in(answer: &serde_json::Value) -> String {
    let text = answer["connectionString"].as_str().expect("a text");
    let mut parts = text.split(';');
    let part = parts.find_map(|part| part.strip_prefix("ClientSecret="));
    part.expect("a secret").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_ends_the_old_one() {
    let story = Story::begin().await;
    let made = story
        .send("admin", "POST /robots", r#"{"name":"r"}"#)
        .await
        .json();
    let id = made["id"].as_str().expect("an id").to_owned();
    let known = |text: &str| {
        let digest = secret::digest(text);
        let organisation = &story.server.state.engine.organisation;
        organisation.look(|organisation| {
            let client = organisation.clients.client(&id).expect("a client");
            client.secret.is_some_and(|secret| secret.is_same(&digest))
        })
    };
    let first = secret_in(&made);
    assert!(known(&first) && first.len() >= 43);
    let renewed = story
        .send("admin", &format!("POST /robots/{id}/secret"), "")
        .await
        .json();
    let second = secret_in(&renewed);
    assert_eq!(renewed["id"].as_str(), Some(id.as_str()));
    assert!(known(&second) && !known(&first));
    story.end().await;
}
