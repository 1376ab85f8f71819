//! Task queues, groups and late lines in the feed, and the filters of what the console shows.

use super::*;
use crate::console::tests::world::change;
use codec::Tenant;
use rpa::{Guid, registry::Action};

/// Asks for something as the administrator.
async fn ask(server: &Server, request: &str, body: &str) -> Value {
    let json = [("content-type", "application/json")];
    let told = server.send(ADMIN, request, &json, body.to_owned()).await;
    assert!(
        (200..300).contains(&told.status),
        "{request}: {}",
        told.text()
    );
    serde_json::from_str(&told.text()).unwrap_or_default()
}

fn id(item: &Value) -> &str {
    item["id"].as_str().expect("an id")
}

fn tenant(server: &Server) -> Tenant {
    let company = super::super::COMPANY.parse().expect("an id");
    let found = server.state.engine.organisation.look(|organisation| {
        let company = organisation.tenancy.company(company);
        company.map(|company| company.tenant)
    });
    found.expect("a company")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_queue_is_seen_from_its_making_to_its_end() {
    let server = Server::start().await;
    let listening = Listening::on(&server).await;
    let mut watcher = Watcher::connect(listening.address, ADMIN).await;
    let mut foreign = Watcher::connect(listening.address, FOREIGN).await;
    let mut nobody = Watcher::connect(listening.address, NOBODY).await;
    assert!(items(&watcher.subscribe("taskqueues", json!({})).await).is_empty());
    assert!(items(&foreign.subscribe("taskqueues", json!({})).await).is_empty());
    assert_eq!(
        nobody.subscribe("taskqueues", json!({})).await["status"],
        403
    );

    let made = ask(&server, "POST /openapi/taskqueues", r#"{"name":"orders"}"#).await;
    let told = watcher.of("taskqueues").await;
    assert_eq!((&told["kind"], &told["item"]), (&json!("created"), &made));
    let path = format!("/openapi/taskqueues/{}", id(&made));
    let message = r#"[{"body":{"n":1}},{"body":{"n":2}}]"#;
    ask(&server, &format!("POST {path}/messages"), message).await;
    let is_full = |change: &Value| change["item"]["readyCount"] == 2;
    let told = watcher.until("taskqueues", is_full).await;
    assert_eq!(told[0]["kind"], "changed");
    let shown = ask(&server, &format!("GET {path}"), "").await;
    assert_eq!(told.last().map(|told| &told["item"]), Some(&shown));

    let other = ask(&server, "POST /openapi/taskqueues", r#"{"name":"others"}"#).await;
    let mut one = Watcher::connect(listening.address, ADMIN).await;
    for (filter, count) in [
        (json!({ "id": id(&made) }), 1),
        (json!({ "queueId": [id(&made), id(&other), "nonsense"] }), 2),
        (json!({ "id": id(&made), "queueId": id(&other) }), 0),
        (json!({ "queueId": id(&made) }), 1),
    ] {
        let told = one.subscribe("taskqueues", filter.clone()).await;
        assert_eq!(items(&told).len(), count, "{filter}: {told}");
        if count != 1 || filter.get("queueId").is_none() {
            one.say(json!({ "op": "unsubscribe", "id": "taskqueues" }))
                .await;
        }
    }
    ask(
        &server,
        &format!("DELETE /openapi/taskqueues/{}", id(&other)),
        "",
    )
    .await;
    ask(&server, &format!("DELETE {path}"), "").await;
    let told = one.of("taskqueues").await;
    assert_eq!(
        (&told["kind"], id(&told["item"])),
        (&json!("ended"), id(&made)),
        "nothing is told of the other one"
    );
    let is_last = |change: &Value| change["item"]["id"] == id(&made) && change["kind"] == "ended";
    let told = watcher.until("taskqueues", is_last).await;
    let ends = told.iter().filter(|change| change["kind"] == "ended");
    assert_eq!(ends.count(), 2);
    let told = foreign.subscribe("groups", json!({})).await;
    assert!(
        items(&told).is_empty(),
        "nothing was told of the queues before: {told}"
    );
    assert!(foreign.kept.is_empty(), "{:?}", foreign.kept);
    listening.stop.send(true).expect("a server");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_goes_takes_its_robots_out_of_it() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let listening = Listening::on(&server).await;
    let made = ask(&server, "POST /openapi/queues", r#"{"name":"second"}"#).await;
    let robot: Guid = world.robots[0].parse().expect("an id");
    let group: Guid = id(&made).parse().expect("an id");
    let add = Action::AddRobots {
        group,
        robots: vec![robot],
    };
    change(&server, tenant(&server), add).await;
    let mut watcher = Watcher::connect(listening.address, ADMIN).await;
    let in_it = json!({ "queueId": id(&made) });
    let robots = watcher.subscribe("robots", in_it.clone()).await;
    assert_eq!(items(&robots).len(), 1, "{robots}");
    assert_eq!(id(&items(&robots)[0]), world.robots[0]);
    let groups = watcher.subscribe("groups", in_it).await;
    assert_eq!(id(&items(&groups)[0]), id(&made));
    ask(
        &server,
        &format!("DELETE /openapi/queues/{}", id(&made)),
        "",
    )
    .await;
    for topic in ["groups", "robots"] {
        let told = watcher.of(topic).await;
        assert_eq!(told["kind"], "ended", "{topic}: {told}");
    }
    listening.stop.send(true).expect("a server");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_come_after_their_run_has_left_memory_are_told() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let listening = Listening::on(&server).await;
    let mut robot = Speaker::connect(&server, &world.robots[0]).await;
    world.execute(&server, &world.workflow, "{}").await;
    let run = robot.starts().await;
    let mut watcher = Watcher::connect(listening.address, ADMIN).await;
    let of_run = json!({ "runInstanceId": run.run.to_string() });
    assert!(items(&watcher.subscribe("logs", of_run).await).is_empty());
    robot.logs(run, 2).await;
    watcher.until("logs", |line| line["item"]["seq"] == 2).await;
    robot.reports(run, ResultStatus::Succeeded).await;
    let engine = &server.state.engine;
    let left = timeout(PATIENCE, async {
        while engine.jobs.read().run(run.run).is_some() {
            engine.barrier().await;
        }
    });
    left.await.expect("the archive has it");
    robot.logs(run, 4).await;
    let told = watcher.until("logs", |line| line["item"]["seq"] == 4).await;
    let told: Vec<_> = told.iter().map(|line| &line["item"]["seq"]).collect();
    assert_eq!(json!(told), json!([3, 4]), "each once");
    listening.stop.send(true).expect("a server");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_filters_of_the_console_are_met_by_rows_and_by_changes() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let listening = Listening::on(&server).await;
    let second = world
        .make(
            &server,
            "second",
            &format!(r#""associatedQueueId":"{}""#, world.group),
        )
        .await;
    let mut robot = Speaker::connect(&server, &world.robots[0]).await;
    let a = world.execute(&server, &world.workflow, "{}").await;
    let run = robot.starts().await;
    let b = world.execute(&server, &second, "{}").await;
    let executions = {
        let jobs = server.state.engine.jobs.read();
        [&a, &b].map(|id| {
            let row = jobs.job(id.parse().expect("an id"));
            row.map(|row| row.execution.to_string()).expect("a job")
        })
    };
    let run_id = run.run.to_string();
    let none = Guid(0xdead).to_string();
    let rows: Vec<(&str, Value, Vec<&str>)> = vec![
        ("jobs", json!({}), vec![&a, &b]),
        ("jobs", json!({ "id": b }), vec![&b]),
        ("jobs", json!({ "id": [none, a] }), vec![&a]),
        ("jobs", json!({ "workflowId": second }), vec![&b]),
        (
            "jobs",
            json!({ "workflowId": [second, world.workflow] }),
            vec![&a, &b],
        ),
        ("jobs", json!({ "jobGroupId": executions[0] }), vec![&a]),
        (
            "jobs",
            json!({ "jobGroupId": executions, "id": b }),
            vec![&b],
        ),
        ("jobs", json!({ "robotId": world.robots[0] }), vec![&a]),
        ("jobs", json!({ "robotId": world.robots[1] }), vec![]),
        ("jobs", json!({ "queueId": world.group }), vec![&a, &b]),
        ("jobs", json!({ "queueId": none }), vec![]),
        ("jobs", json!({ "state": "Running" }), vec![&a]),
        (
            "jobs",
            json!({ "state": ["Running", "Queued"], "workflowId": second }),
            vec![&b],
        ),
        ("jobs", json!({ "state": "Succeeded" }), vec![]),
        ("runs", json!({}), vec![&run_id]),
        ("runs", json!({ "jobId": a }), vec![&run_id]),
        ("runs", json!({ "jobId": [b, none] }), vec![]),
        (
            "robots",
            json!({ "id": [world.robots[1], none] }),
            vec![&world.robots[1]],
        ),
        ("robots", json!({ "queueId": none }), vec![]),
        (
            "robots",
            json!({ "queueId": [world.group] }),
            vec![&world.robots[0], &world.robots[1]],
        ),
        ("groups", json!({ "id": world.group }), vec![&world.group]),
        (
            "groups",
            json!({ "queueId": world.group }),
            vec![&world.group],
        ),
        ("groups", json!({ "queueId": none }), vec![]),
    ];
    let mut watcher = Watcher::connect(listening.address, ADMIN).await;
    for (topic, filter, expected) in rows {
        let told = watcher.subscribe(topic, filter.clone()).await;
        let ids: Vec<_> = items(&told).iter().map(id).collect();
        assert_eq!(ids, expected, "{topic} {filter}");
        watcher
            .say(json!({ "op": "unsubscribe", "id": topic }))
            .await;
    }
    // What a filter of a state shows is what changes into it, and no more.
    let running = json!({ "state": "Running", "workflowId": second });
    assert!(items(&watcher.subscribe("jobs", running).await).is_empty());
    robot.reports(run, ResultStatus::Succeeded).await;
    let run = robot.starts().await;
    let told = watcher.of("jobs").await;
    assert_eq!(
        (&told["kind"], id(&told["item"])),
        (&json!("created"), b.as_str())
    );
    robot.reports(run, ResultStatus::Succeeded).await;
    // It may have changed while it ran, too.
    let told = watcher.until("jobs", |told| told["kind"] == "ended").await;
    assert!(told.iter().all(|told| id(&told["item"]) == b), "{told:?}");
    listening.stop.send(true).expect("a server");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_of_jobs_and_runs_comes_in_pages_that_leave_nothing_out() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let listening = Listening::on(&server).await;
    let mut expected = Vec::new();
    for _ in 0..501 {
        expected.push(world.execute(&server, &world.workflow, "{}").await);
    }
    let mut watcher = Watcher::connect(listening.address, ADMIN).await;
    let mut told = Vec::new();
    let mut page = watcher.subscribe("jobs", json!({})).await;
    loop {
        told.extend(items(&page).iter().map(|item| id(item).to_owned()));
        if page["more"] == false {
            break;
        }
        page = watcher.of("jobs").await;
    }
    assert_eq!(told, expected);
    listening.stop.send(true).expect("a server");
    server.stop().await;
}
