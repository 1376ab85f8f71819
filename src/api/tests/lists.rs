//! Lists: filters, pages, totals, over memory and the archive.

use super::{Row, Server, models};
use serde_json::Value;

/// Starts instances with these business keys and gives their ids.
pub(super) async fn start(server: &Server, keys: &[&str]) -> Vec<String> {
    let mut ids = Vec::new();
    for (n, key) in keys.iter().enumerate() {
        let body =
            format!(r#"{{"definitionKey":"leave","businessKey":"{key}","variables":{{"n":{n}}}}}"#);
        let told = server.ask("POST /instances", &body).await;
        let instance: Value = serde_json::from_slice(&told.body).expect("JSON");
        ids.push(instance["id"].as_str().expect("an id").to_owned());
    }
    ids
}

/// The ids of all pages of a list.
pub(super) async fn walk(server: &Server, list: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut after = String::new();
    loop {
        let told = server.ask(&format!("GET {list}{after}"), "").await;
        assert_eq!(told.status, 200, "{list}: {}", told.text());
        let page: Value = serde_json::from_slice(&told.body).expect("JSON");
        let items = page["items"].as_array().expect("items");
        ids.extend(
            items
                .iter()
                .filter_map(|item| item["id"].as_str().map(str::to_owned)),
        );
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return ids,
        }
    }
}

pub(super) async fn archive_all(server: &Server) {
    let engine = server.state.engine.clone();
    let flushed = tokio::task::spawn_blocking(move || engine.archiver.flush());
    flushed.await.expect("the archiver");
    server.state.engine.barrier().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_over_memory_and_archive_give_each_instance_once_newest_first() {
    let mut server = Server::start().await;
    server.deploy("leave.bpmn", models::LEAVE).await;
    let mut ids = start(&server, &["a", "b", "c", "d", "e", "f", "g"]).await;
    for n in [1, 2, 5] {
        assert_eq!(
            server
                .ask(&format!("DELETE /instances/{}", ids[n]), "")
                .await
                .status,
            204
        );
    }
    archive_all(&server).await;
    assert_eq!(
        server
            .ask(&format!("DELETE /instances/{}", ids[3]), "")
            .await
            .status,
        204
    );
    ids.reverse();
    for limit in 1..=8 {
        let found = walk(&server, &format!("/instances?state=any&limit={limit}")).await;
        assert_eq!(found, ids, "pages of {limit}");
        let running = walk(&server, &format!("/instances?limit={limit}")).await;
        assert_eq!(
            running,
            [0, 2, 6].map(|n| ids[n].clone()),
            "pages of {limit}"
        );
        let ended = walk(
            &server,
            &format!("/instances?state=cancelled&limit={limit}"),
        )
        .await;
        assert_eq!(
            ended,
            [1, 3, 4, 5].map(|n| ids[n].clone()),
            "pages of {limit}"
        );
        let list = format!("/instances?state=active&state=cancelled&limit={limit}");
        let mixed = walk(&server, &list);
        assert_eq!(mixed.await, ids, "pages of {limit}");
        let list = format!("/instances?state=any&variable=n:ge:2&limit={limit}");
        let some = walk(&server, &list);
        assert_eq!(some.await, ids[..5], "pages of {limit}");
        let tasks = walk(&server, &format!("/tasks?state=any&limit={limit}")).await;
        let roots: Vec<&str> = tasks.iter().map(|id| &id[..32]).collect();
        assert_eq!(roots, ids, "pages of {limit}");
    }
    let rows: &[Row<'_>] = &[
        (
            "GET /instances?state=any&limit=2",
            "",
            200,
            &["\"total\":7"],
            "",
        ),
        ("GET /instances?limit=2", "", 200, &["\"total\":3"], ""),
        (
            "GET /instances?state=any&businessKey=b&businessKey=c",
            "",
            200,
            &["\"total\":2"],
            "",
        ),
        (
            "GET /instances?businessKey=a&definitionKey=leave",
            "",
            200,
            &["\"total\":1"],
            "",
        ),
        (
            "GET /instances?businessKey=a&definitionKey=other",
            "",
            200,
            &["\"total\":0"],
            "",
        ),
        (
            "GET /instances?definitionId=leave:9:9",
            "",
            200,
            &["\"total\":0"],
            "",
        ),
        (
            "GET /instances?startedAfter=2100-01-01",
            "",
            200,
            &["\"total\":0"],
            "",
        ),
        (
            "GET /instances?startedBefore=2100-01-01",
            "",
            200,
            &["\"total\":3"],
            "",
        ),
        (
            "GET /instances?state=any&limit=2&total=exact",
            "",
            200,
            &["\"total\":7"],
            "",
        ),
        (
            "GET /instances?state=cancelled&limit=1&total=exact",
            "",
            200,
            &["\"total\":4"],
            "",
        ),
        (
            "GET /instances?state=completed&state=active&limit=1",
            "",
            200,
            &["\"total\":3"],
            "",
        ),
        (
            "GET /instances?state=suspended&state=cancelled&limit=1&total=exact",
            "",
            200,
            &["\"total\":4"],
            "",
        ),
        (
            "GET /instances?state=any&variable=n:ge:2&limit=1&total=exact",
            "",
            200,
            &["\"total\":5"],
            "",
        ),
        (
            "GET /instances?variable=n:ge:2&limit=1&total=exact",
            "",
            200,
            &["\"total\":2"],
            "",
        ),
        (
            "GET /instances?variable=n:ge:2&limit=1",
            "",
            200,
            &["\"total\":null"],
            "",
        ),
        (
            "GET /tasks?state=any&involvedUser=eve&limit=1&total=exact",
            "",
            200,
            &["\"total\":0"],
            "",
        ),
        (
            "GET /tasks?state=completed&limit=1",
            "",
            200,
            &["\"total\":4"],
            "",
        ),
        (
            "GET /tasks?state=completed&endedAfter=2100-01-01",
            "",
            200,
            &["\"total\":0"],
            "",
        ),
        (
            "GET /tasks?state=completed&candidateUser=ann",
            "",
            200,
            &["\"total\":0"],
            "",
        ),
    ];
    server.tell(rows).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_found_by_who_may_do_them_and_sorted() {
    let mut server = Server::start().await;
    server.deploy("leave.bpmn", models::LEAVE).await;
    start(&server, &["a", "b", "c"]).await;
    let rows: &[Row<'_>] = &[
        (
            "GET /tasks?businessKey=a",
            "",
            200,
            &["\"total\":1"],
            "a=/items/0/id",
        ),
        (
            "GET /tasks?businessKey=b",
            "",
            200,
            &["\"total\":1"],
            "b=/items/0/id",
        ),
        (
            "GET /tasks?businessKey=c",
            "",
            200,
            &["\"total\":1"],
            "c=/items/0/id",
        ),
        (
            "GET /tasks?candidateUser=ann",
            "",
            200,
            &["\"total\":3"],
            "",
        ),
        (
            "GET /tasks?candidateGroup=boss&candidateUser=ann",
            "",
            200,
            &["\"total\":3"],
            "",
        ),
        (
            "GET /tasks?candidateUser=eve",
            "",
            200,
            &["\"total\":0"],
            "",
        ),
        ("POST /tasks/{a}/claim", r#"{"userId":"ann"}"#, 200, &[], ""),
        (
            "GET /tasks?candidateUser=ann",
            "",
            200,
            &["\"total\":2"],
            "",
        ),
        (
            "GET /tasks?assignee=ann&assignee=bob",
            "",
            200,
            &["{a}", "\"total\":1"],
            "",
        ),
        ("GET /tasks?involvedUser=ann", "", 200, &["\"total\":3"], ""),
        ("GET /tasks?unassigned=true", "", 200, &["\"total\":2"], ""),
        (
            "GET /tasks?name=Approve&activityId=approve&processDefinitionKey=leave",
            "",
            200,
            &["\"total\":3"],
            "",
        ),
        ("GET /tasks?suspended=true", "", 200, &["\"total\":0"], ""),
        (
            "PATCH /tasks/{b}",
            r#"{"priority":90,"dueAt":"2026-01-02T00:00:00Z"}"#,
            200,
            &[],
            "",
        ),
        (
            "PATCH /tasks/{c}",
            r#"{"dueAt":"2026-01-01T00:00:00Z"}"#,
            200,
            &[],
            "",
        ),
        (
            "GET /tasks?dueBefore=2026-01-02",
            "",
            200,
            &["{c}", "\"total\":1"],
            "",
        ),
        ("GET /tasks?sort=-priority&limit=1", "", 200, &["{b}"], ""),
        ("GET /tasks?sort=dueAt&limit=1", "", 200, &["{c}"], ""),
        ("GET /tasks?sort=createdAt&limit=1", "", 200, &["{a}"], ""),
        (
            "GET /tasks?sort=createdAt&state=any",
            "",
            400,
            &["sorted"],
            "",
        ),
    ];
    server.tell(rows).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_leads_on_in_its_own_list_only() {
    let mut server = Server::start().await;
    server.deploy("leave.bpmn", models::LEAVE).await;
    start(&server, &["a", "b", "c"]).await;
    let own = "/tasks?sort=createdAt";
    let told = server.ask(&format!("GET {own}&limit=1"), "").await;
    let page: Value = serde_json::from_slice(&told.body).expect("JSON");
    let next = page["next"].as_str().expect("more");
    let others = [
        "/tasks?sort=-createdAt",
        "/tasks?state=completed",
        "/instances?state=running",
        "/incidents?limit=1",
        "/timers?limit=1",
        "/definitions?limit=1",
    ];
    for (list, status) in [(own, 200)].into_iter().chain(others.map(|it| (it, 400))) {
        let told = server.ask(&format!("GET {list}&after={next}"), "").await;
        assert_eq!(told.status, status, "{list}: {}", told.text());
    }
}
