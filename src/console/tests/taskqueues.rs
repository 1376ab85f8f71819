//! Task queues over the API.

use super::story::Story;

#[tokio::test(flavor = "multi_thread")]
async fn a_task_queue_is_made_changed_and_deleted() {
    let mut story = Story::begin().await;
    story
        .tell(&[
            (
                "admin",
                "POST /TaskQueues",
                r#"{"Name":"orders","MaxDeliveries":"2","ttl":"PT1H","tags":["a"]}"#,
                200,
                &[
                    r#""maxDeliveries":2,"ttl":"PT1H","messageCount":0,"readyCount":0"#,
                    r#""resourceType":"TaskQueue""#,
                    "!null",
                ],
                "q=/id",
            ),
            (
                "admin",
                "POST /taskqueues",
                r#"{"name":""}"#,
                400,
                &["name"],
                "",
            ),
            (
                "admin",
                "POST /taskqueues",
                r#"{"name":"x","ttl":"soon"}"#,
                400,
                &["ttl"],
                "",
            ),
            (
                "admin",
                "POST /taskqueues",
                r#"{"name":"x","maxDeliveries":0}"#,
                400,
                &["maxDeliveries"],
                "",
            ),
            ("sales", "POST /taskqueues", r#"{"name":"x"}"#, 403, &[], ""),
            (
                "sales/sales",
                "POST /taskqueues",
                r#"{"name":"of sales"}"#,
                200,
                &[r#""maxDeliveries":5"#, "!ttl"],
                "s=/id",
            ),
            (
                "viewer",
                "GET /taskqueues?Name=ORD",
                "{}",
                200,
                &[r#""count":1"#, "{q}"],
                "",
            ),
            (
                "sales",
                "GET /taskqueues",
                "",
                200,
                &[r#""count":1"#, "{s}"],
                "",
            ),
            ("sales", "GET /taskqueues/{q}", "", 403, &[], ""),
            ("other", "GET /taskqueues", "", 200, &[r#""count":0"#], ""),
            (
                "admin",
                "PATCH /taskqueues/{q}",
                r#"{"ttl":"","description":"d","eTag":"1"}"#,
                200,
                &["!ttl", r#""description":"d""#, r#""eTag":"2""#],
                "",
            ),
            (
                "admin",
                "PATCH /taskqueues/{q}",
                r#"{"eTag":"1"}"#,
                409,
                &["changed"],
                "",
            ),
            ("admin", "DELETE /taskqueues/{q}", "{}", 200, &[], ""),
            ("admin", "GET /taskqueues/{q}", "", 404, &[], ""),
        ])
        .await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_put_received_and_settled_by_their_receipts() {
    let mut story = Story::begin().await;
    story
        .tell(&[
            ("admin", "POST /taskqueues", r#"{"name":"orders","maxDeliveries":1}"#, 200, &[], "q=/id"),
            (
                "admin",
                "POST /taskqueues/{q}/messages",
                r#"[{"body":{"n":1},"priority":10,"dedupKey":"k"},{"body":[2,null,"x"],"priority":20},{"body":3,"dedupKey":"k"}]"#,
                200,
                &[r#""count":3"#],
                "first=/list/0/id",
            ),
            ("admin", "POST /taskqueues/{q}/messages", r#"{"body":"late","ttl":"PT0S"}"#, 400, &["ttl"], ""),
            ("admin", "POST /taskqueues/{q}/messages", "[", 400, &[], ""),
            ("viewer", "POST /taskqueues/{q}/messages", "{}", 403, &[], ""),
            (
                "viewer",
                "GET /taskqueues/{q}/messages?State=ready",
                "",
                200,
                &[r#""count":2"#, r#""body":{"n":1}"#, r#""body":[2,null,"x"]"#, r#""dedupKey":"k""#, "!receipt"],
                "",
            ),
            ("viewer", "GET /taskqueues/{q}/messages?SearchString=X", "", 200, &[r#""count":1"#, r#"[2,null,"x"]"#], ""),
            ("viewer", "GET /taskqueues/{q}/messages?Name=K", "", 200, &[r#""count":1"#, r#"{"n":1}"#], ""),
            ("viewer", "GET /taskqueues/{q}/messages?Ids={first}", "", 200, &[r#""count":1"#, "{first}"], ""),
            ("viewer", "GET /taskqueues/{q}/messages?StartTime=2100-01-01T00:00:00Z", "", 200, &[r#""count":0"#], ""),
            (
                "viewer",
                "GET /taskqueues/{q}/messages?OrderBy=Priority&IsDesc=true&PageSize=1",
                "",
                200,
                &[r#""count":2"#, r#"[2,null,"x"]"#, r#"!{"n":1}"#],
                "",
            ),
            (
                "admin",
                "POST /taskqueues/{q}/messages/receive",
                r#"{"max":2,"lockMs":60000}"#,
                200,
                &[r#""count":2"#, r#""state":"Locked","deliveryCount":1"#, "lockedUntil"],
                "r=/list/1/receipt",
            ),
            ("admin", "POST /taskqueues/{q}/messages/receive", r#"{"waitMs":1}"#, 200, &[r#"{"count":0,"list":[]}"#], ""),
            ("admin", "POST /taskqueues/{q}/messages/receive", r#"{"max":0}"#, 400, &["max"], ""),
            ("admin", "POST /taskqueues/{q}/messages/{first}/complete", "{}", 400, &["receipt"], ""),
            ("admin", "POST /taskqueues/{q}/messages/{first}/complete", r#"{"receipt":"{nothing}"}"#, 409, &["lock-lost"], ""),
            ("admin", "POST /taskqueues/{q}/messages/{nothing}/complete", r#"{"receipt":"{r}"}"#, 404, &[], ""),
            ("admin", "POST /taskqueues/{q}/messages/{first}/release", r#"{"receipt":"{r}"}"#, 200, &[], ""),
            (
                "viewer",
                "GET /taskqueues/{q}/messages?State=Dead",
                "",
                200,
                &[r#""count":1"#, "{first}", "delivered 1 times", "deadAt"],
                "",
            ),
            ("admin", "DELETE /taskqueues/{q}/messages/{first}", "", 200, &[], ""),
            ("viewer", "GET /taskqueues/{q}", "", 200, &[r#""messageCount":1,"readyCount":0"#], ""),
        ])
        .await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_starts_the_workflow_that_its_queue_is_bound_to() {
    let mut story = Story::begin().await;
    story.workflow("w", "root").await;
    story
        .tell(&[
            ("admin", "POST /queues", r#"{"name":"g"}"#, 200, &[], "g=/id"),
            ("admin", "PATCH /workflows/{w}", r#"{"associatedQueueId":"{g}"}"#, 200, &[], ""),
            ("admin", "POST /taskqueues", r#"{"name":"orders"}"#, 200, &[], "q=/id"),
            ("admin", "POST /taskqueues/{q}/bindings", r#"{"workflowId":"{nothing}"}"#, 400, &["workflowId"], ""),
            ("admin", "POST /taskqueues/{q}/bindings", r#"{"workflowId":"{w}","mapping":{"a":"b"}}"#, 400, &["mapping"], ""),
            (
                "admin",
                "POST /taskqueues/{q}/bindings",
                r#"{"WorkflowId":"{w}","Mapping":{"a":"/n"},"concurrency":"serial","removeWhen":"started"}"#,
                200,
                &[r#""mapping":{"a":"/n"},"concurrency":"Serial","removeWhen":"Started","enabled":true"#],
                "b=/id",
            ),
            ("viewer", "GET /taskqueues/{q}/bindings", "", 200, &[r#""count":1"#, "{b}", r#""eTag""#], ""),
            ("admin", "PATCH /taskqueues/{q}/bindings/{b}", r#"{"eTag":"0"}"#, 409, &["changed"], ""),
            ("admin", "PATCH /taskqueues/{q}/bindings/{b}", r#"{"eTag":"string"}"#, 200, &[], ""),
            ("admin", "PATCH /taskqueues/{q}/bindings/{b}", r#"{"concurrency":"Often"}"#, 400, &["concurrency"], ""),
            ("admin", "POST /taskqueues/{q}/messages", r#"{"body":{"n":7}}"#, 200, &[], "m=/list/0/id"),
        ])
        .await;
    let mut jobs = String::new();
    for _ in 0..10_000 {
        let told = story
            .send("viewer", "GET /jobs?StartupType=TaskQueue", "")
            .await;
        jobs = told.text();
        if jobs.contains(r#""count":1"#) {
            break;
        }
        story.server.state.engine.barrier().await;
    }
    for fragment in [r#""jobStartupType":"TaskQueue""#, r#""defaultValue":"7""#] {
        assert!(jobs.contains(fragment), "{fragment} in {jobs}");
    }
    let queue = &story.names["q"];
    assert!(
        jobs.contains(&format!(r#""jobStartupId":"{queue}""#)),
        "{jobs}"
    );
    // Without its workflow it starts nothing, says so, and its messages wait.
    story
        .tell(&[
            ("admin", "DELETE /workflows/{w}", "", 200, &[], ""),
            (
                "admin",
                "POST /taskqueues/{q}/messages",
                r#"{"body":{"n":8}}"#,
                200,
                &[],
                "",
            ),
        ])
        .await;
    let mut bindings = String::new();
    for _ in 0..10_000 {
        let told = story.send("viewer", "GET /taskqueues/{q}/bindings", "");
        bindings = told.await.text();
        if bindings.contains("stalledAt") {
            break;
        }
        story.server.state.engine.barrier().await;
    }
    assert!(
        bindings.contains(r#""stallReason":"there is no workflow"#),
        "{bindings}"
    );
    story
        .tell(&[
            (
                "admin",
                "PATCH /taskqueues/{q}/bindings/{b}",
                r#"{"removeWhen":"Succeeded"}"#,
                400,
                &["workflowId"],
                "",
            ),
            (
                "admin",
                "PATCH /taskqueues/{q}/bindings/{b}",
                r#"{"enabled":false}"#,
                200,
                &[r#""enabled":false"#, "!stall"],
                "",
            ),
            (
                "viewer",
                "GET /taskqueues/{q}/messages",
                "",
                200,
                &[r#""count":1"#, r#""state":"Ready","deliveryCount":0"#],
                "",
            ),
            (
                "admin",
                "DELETE /taskqueues/{q}/bindings/{b}",
                "",
                200,
                &[],
                "",
            ),
            (
                "admin",
                "GET /taskqueues/{q}/bindings/{b}",
                "",
                404,
                &[],
                "",
            ),
        ])
        .await;
    story.end().await;
}
