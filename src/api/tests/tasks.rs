//! Tasks: claimed, handed on, changed, completed; their links, variables and forms.

use super::{Row, Server, models};

async fn with_task() -> Server {
    let mut server = Server::start().await;
    server.deploy("leave.bpmn", models::LEAVE).await;
    let start = r#"{"definitionKey":"leave","businessKey":"k","variables":{"n":1}}"#;
    let rows: &[Row<'_>] = &[
        ("POST /instances", start, 201, &[], "p=/id"),
        (
            "GET /tasks?instanceId={p}",
            "",
            200,
            &["\"total\":1"],
            "t=/items/0/id",
        ),
    ];
    server.tell(rows).await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_passes_from_hand_to_hand_and_is_completed() {
    let mut server = with_task().await;
    let rows: &[Row<'_>] = &[
        (
            "GET /tasks/{t}",
            "",
            200,
            &[
                "{\"id\":\"{t}\",\"activityId\":\"approve\",\"name\":\"Approve\",\"description\":null,\"instanceId\":\"{p}\",\"definitionId\":\"leave:1:",
                "\"processDefinitionKey\":\"leave\",\"executionId\":\"{p}-",
                "\"assignee\":null,\"owner\":null,\"delegationState\":null,\"priority\":50,\"dueAt\":null,\"category\":null,\"formKey\":\"approve\"",
                "\"parentTaskId\":null,\"suspended\":false,\"createdAt\":\"2",
                "\"claimedAt\":null}",
            ],
            "",
        ),
        ("POST /tasks/{t}/claim", "{}", 400, &["userId"], ""),
        (
            "POST /tasks/{t}/claim",
            r#"{"userId":"ann"}"#,
            200,
            &["\"assignee\":\"ann\"", "\"claimedAt\":\"2"],
            "",
        ),
        (
            "POST /tasks/{t}/claim",
            r#"{"userId":"bob"}"#,
            409,
            &["already-claimed"],
            "",
        ),
        (
            "POST /tasks/{t}/unclaim",
            "",
            200,
            &["\"assignee\":null", "\"claimedAt\":null"],
            "",
        ),
        (
            "POST /tasks/{t}/assign",
            r#"{"userId":"bob"}"#,
            200,
            &["\"assignee\":\"bob\""],
            "",
        ),
        (
            "POST /tasks/{t}/delegate",
            r#"{"userId":"cid"}"#,
            200,
            &["\"assignee\":\"cid\",\"owner\":\"bob\",\"delegationState\":\"pending\""],
            "",
        ),
        (
            "POST /tasks/{t}/complete",
            "{}",
            409,
            &["delegation-pending"],
            "",
        ),
        (
            "POST /tasks/{t}/resolve",
            r#"{"variables":{"r":1}}"#,
            200,
            &["\"assignee\":\"bob\",\"owner\":\"bob\",\"delegationState\":\"resolved\""],
            "",
        ),
        (
            "PATCH /tasks/{t}",
            r#"{"name":"New","description":"d","priority":70,"dueAt":"2026-05-21T06:30:12Z","owner":null,"category":"c"}"#,
            200,
            &[
                "\"name\":\"New\",\"description\":\"d\"",
                "\"owner\":null",
                "\"priority\":70,\"dueAt\":\"2026-05-21T06:30:12.000Z\",\"category\":\"c\"",
            ],
            "",
        ),
        (
            "PATCH /tasks/{t}",
            r#"{"dueAt":"soon"}"#,
            400,
            &["'dueAt'"],
            "",
        ),
        (
            "PATCH /tasks/{t}",
            r#"{"dueAt":null}"#,
            200,
            &["\"dueAt\":null,\"category\":\"c\""],
            "",
        ),
        (
            "POST /tasks/{t}/complete",
            r#"{"userId":"bob","variables":{"ok":true},"localVariables":{"l":1}}"#,
            200,
            &[
                "{\"instance\":{\"id\":\"{p}\"",
                "\"state\":\"completed\"",
                "\"endActivityId\":\"end\"",
                "\"tasks\":[]}",
            ],
            "",
        ),
        ("GET /tasks/{t}", "", 404, &["task-not-found"], ""),
        (
            "POST /tasks/{t}/complete",
            "{}",
            409,
            &["instance-ended"],
            "",
        ),
        (
            "GET /tasks?state=completed&assignee=bob",
            "",
            200,
            &[
                "\"id\":\"{t}\"",
                "\"name\":\"New\"",
                "\"deleteReason\":null}",
                "\"total\":1",
            ],
            "",
        ),
        (
            "GET /tasks?state=completed&assignee=ann",
            "",
            200,
            &["{\"items\":[],"],
            "",
        ),
        (
            "GET /instances/{p}/variables",
            "",
            200,
            &["\"ok\":true"],
            "",
        ),
    ];
    server.tell(rows).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_added_listed_and_removed() {
    let mut server = with_task().await;
    let links = "/tasks/{t}/identity-links";
    let (get, post, delete) = (
        format!("GET {links}"),
        format!("POST {links}"),
        format!("DELETE {links}"),
    );
    let by_query = format!("{delete}?type=assignee&userId=ann");
    let rows: &[Row<'_>] = &[
        (
            &get,
            "",
            200,
            &[
                "{\"type\":\"candidate\",\"userId\":\"ann\"}",
                "{\"type\":\"candidate\",\"groupId\":\"boss\"}",
                "\"total\":3",
            ],
            "",
        ),
        (
            &post,
            r#"{"groupId":"hr"}"#,
            201,
            &["{\"type\":\"candidate\",\"groupId\":\"hr\"}"],
            "",
        ),
        (&post, r#"{"type":"watcher","userId":"eve"}"#, 201, &[], ""),
        (&post, r#"{"type":"assignee","userId":"ann"}"#, 201, &[], ""),
        (&post, r#"{"type":"owner","userId":"bob"}"#, 201, &[], ""),
        (
            &post,
            r#"{"type":"owner","groupId":"hr"}"#,
            400,
            &["the owner is a user"],
            "",
        ),
        (&post, "{}", 400, &["userId or a groupId"], ""),
        (
            &get,
            "",
            200,
            &[
                "{\"type\":\"assignee\",\"userId\":\"ann\"},{\"type\":\"owner\",\"userId\":\"bob\"}",
                "watcher",
                "\"total\":7",
            ],
            "",
        ),
        ("GET /tasks?involvedUser=eve", "", 200, &["{t}"], ""),
        (
            &delete,
            r#"{"type":"assignee","userId":"someone else"}"#,
            204,
            &[],
            "",
        ),
        (
            "GET /tasks/{t}",
            "",
            200,
            &["\"assignee\":\"ann\",\"owner\":\"bob\""],
            "",
        ),
        (&by_query, "", 204, &[], ""),
        (&delete, r#"{"type":"owner","userId":"bob"}"#, 204, &[], ""),
        (&delete, r#"{"groupId":"hr"}"#, 204, &[], ""),
        (&get, "", 200, &["\"total\":4"], ""),
        (
            "GET /tasks/{t}",
            "",
            200,
            &["\"assignee\":null,\"owner\":null"],
            "",
        ),
    ];
    server.tell(rows).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_sees_its_own_variables_before_those_of_its_instance() {
    let mut server = with_task().await;
    let rows: &[Row<'_>] = &[
        ("GET /tasks/{t}/variables", "", 200, &["{\"n\":1}"], ""),
        ("GET /tasks/{t}/variables/local", "", 200, &["{}"], ""),
        (
            "PATCH /tasks/{t}/variables/local",
            r#"{"set":{"n":2,"l":true}}"#,
            200,
            &["\"n\":2", "\"l\":true"],
            "",
        ),
        (
            "GET /tasks/{t}/variables",
            "",
            200,
            &["{\"l\":true,\"n\":2}"],
            "",
        ),
        ("GET /instances/{p}/variables", "", 200, &["{\"n\":1}"], ""),
        (
            "PATCH /tasks/{t}/variables/local",
            r#"{"remove":["n"]}"#,
            200,
            &["{\"l\":true}"],
            "",
        ),
        (
            "PATCH /tasks/{t}/variables",
            r#"{"set":{"n":3}}"#,
            200,
            &["{\"l\":true,\"n\":3}"],
            "",
        ),
        ("GET /instances/{p}/variables", "", 200, &["\"n\":3"], ""),
    ];
    server.tell(rows).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_read_and_submitted() {
    let mut server = with_task().await;
    let rows: &[Row<'_>] = &[
        (
            "GET /tasks/{t}/form",
            "",
            200,
            &[
                "{\"taskId\":\"{t}\",\"formKey\":\"approve\",\"properties\":[{\"id\":\"days\",\"name\":\"Days\",\"type\":\"long\",\"value\":null",
                "\"required\":true}",
                "\"type\":\"enum\",\"value\":\"paid\"",
                "\"enumValues\":[{\"id\":\"paid\",\"name\":\"Paid\"},{\"id\":\"unpaid\",\"name\":\"unpaid\"}]",
            ],
            "",
        ),
        (
            "POST /tasks/{t}/form",
            r#"{"properties":{}}"#,
            422,
            &["form-invalid", "days"],
            "",
        ),
        (
            "POST /tasks/{t}/form",
            r#"{"properties":{"days":"many"}}"#,
            422,
            &["form-invalid"],
            "",
        ),
        ("GET /tasks/{t}", "", 200, &[], ""),
        (
            "POST /tasks/{t}/form",
            r#"{"properties":{"days":"5","kind":"unpaid"}}"#,
            200,
            &["\"state\":\"completed\""],
            "",
        ),
        (
            "GET /instances/{p}/variables",
            "",
            200,
            &["\"days\":5", "\"kind\":\"unpaid\""],
            "",
        ),
    ];
    server.tell(rows).await;
    server.stop().await;
}
