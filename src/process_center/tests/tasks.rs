//! Stories of /taskCtr.

use super::{Server, approval, model};

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_completed_by_its_assignee_only_and_says_what_comes_next() {
    let mut server = Server::start().await;
    server.deploy(&approval("leave")).await;
    let complete = "POST /taskCtr/complete?taskId={task}&systemId=s&userId=u";
    server
        .tell(&[
            (
                "POST /processCtr/createPro?processKey=leave",
                "",
                200,
                &["创建流程成功"],
                "process=/data",
            ),
            (
                "GET /taskCtr/currentTask?processId={process}",
                "",
                200,
                &["\"name\":\"提交\"", "\"assignee\":null"],
                "task=/data/0/taskId",
            ),
            (
                complete,
                "{}",
                200,
                &["999999", "任务处理失败", "流程处理人错误！"],
                "",
            ),
            (complete, "", 200, &["流程处理人错误！"], ""),
            (complete, "{\"variables\":1}", 200, &["\"data\":null"], ""),
            (
                "POST /taskCtr/complete?taskId=nope&systemId=s&userId=u",
                "",
                200,
                &["任务不存在！"],
                "",
            ),
            (
                "POST /taskCtr/setAssigner?taskId={task}&systemId=s&userId=u",
                "",
                200,
                &["设置任务处理人成功！"],
                "",
            ),
            (
                "GET /taskCtr/listTaskByUserId?systemId=s&userId=u",
                "",
                200,
                &["{task}"],
                "",
            ),
            (
                "GET /taskCtr/listTaskByUserId?systemId=s&userId=v",
                "",
                200,
                &["\"data\":[]"],
                "",
            ),
            (
                "GET /taskCtr/listTaskByProcessKey?processKey=nope&systemId=s&userId=u",
                "",
                200,
                &["\"data\":[]"],
                "",
            ),
            (
                complete,
                "{\"variables\":{\"n\":1,\"taskId\":\"x\"}}",
                200,
                &["000000", "任务已处理"],
                "next=/data",
            ),
            (complete, "{}", 200, &["任务不存在！"], ""),
            (
                "GET /taskCtr/getTaskById?taskId={next}",
                "",
                200,
                &[
                    "\"taskId\":\"{next}\"",
                    "\"n\":1",
                    "\"variables\":{\"n\":1,\"taskId\":\"x\"}",
                ],
                "",
            ),
            (
                "POST /taskCtr/setAssigner?taskId={next}&systemId=s&userId=u",
                "",
                200,
                &["000000"],
                "",
            ),
            (
                "POST /taskCtr/complete?taskId={next}&systemId=s&userId=u",
                "{}",
                200,
                &["999999", "\"data\":null"],
                "",
            ),
            (
                "POST /taskCtr/complete?taskId={next}&systemId=s&userId=u",
                "{\"transientVariables\":{\"result\":1}}",
                200,
                &["000000", "\"data\":null"],
                "",
            ),
            (
                "GET /taskCtr/currentTask?processId={process}",
                "",
                200,
                &["\"data\":[]"],
                "",
            ),
            (
                "GET /taskCtr/getTaskById?taskId={next}",
                "",
                200,
                &["获取任务失败", "\"stackTrace\":[]"],
                "",
            ),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_delegated_to_who_is_linked_and_comes_back_resolved() {
    let mut server = Server::start().await;
    server.deploy(&approval("leave")).await;
    let resolve = "POST /taskCtr/resolveTask?taskId={task}";
    let delegate = "POST /taskCtr/delegateTask?taskId={task}&systemId=s&userId=";
    let (to_v, to_g) = (format!("{delegate}v"), format!("{delegate}g"));
    server
        .tell(&[
            (
                "POST /processCtr/createPro?processKey=leave",
                "",
                200,
                &[],
                "process=/data",
            ),
            (
                "GET /taskCtr/listRunTask?processId={process}",
                "",
                200,
                &[],
                "task=/data/0/taskId",
            ),
            (
                "POST /taskCtr/setAssigner?taskId={task}&systemId=s&userId=u",
                "",
                200,
                &[],
                "",
            ),
            (
                "POST /taskCtr/addCandidateUser?taskId={task}&systemId=s&userId=v",
                "",
                200,
                &["设置任务候选处理人成功！"],
                "",
            ),
            (
                "POST /taskCtr/addCandidateUsers?taskId={task}&systemId=s&userIds=w1,%20w2",
                "",
                200,
                &["设置任务候选处理人列表成功！"],
                "",
            ),
            (
                "POST /taskCtr/addCandidateUsers?taskId=nope&systemId=s&userIds=",
                "",
                200,
                &["000000"],
                "",
            ),
            (
                "POST /taskCtr/addCandidateUsers?taskId=nope&systemId=s&userIds=w",
                "",
                200,
                &["设置任务候选处理人列表失败！"],
                "",
            ),
            (
                "POST /taskCtr/addCandidateUsers?taskId={task}&systemId=s&userIds%5B%5D=w",
                "",
                400,
                &["Required List parameter 'userIds' is not present"],
                "",
            ),
            (
                "POST /taskCtr/addCandidateGroup?taskId={task}&systemId=s&groupId=g",
                "",
                200,
                &["设置任务候选用户组成功！"],
                "",
            ),
            (
                "POST /taskCtr/addCandidateGroups?taskId={task}&systemId=s&groupIds=g1&groupIds=g2",
                "",
                200,
                &["设置任务候选用户组列表成功！"],
                "",
            ),
            (
                "GET /taskCtr/getIdentityLinksForTask?taskId={task}",
                "",
                200,
                &[
                    "\"userId\":\"s_w2\"",
                    "\"groupId\":\"s_g2\"",
                    "{\"id\":null,\"type\":\"assignee\",\"userId\":\"s_u\"",
                ],
                "",
            ),
            (
                "GET /taskCtr/getIdentityLinksForTask?taskId=nope",
                "",
                200,
                &["999999"],
                "",
            ),
            (resolve, "{}", 200, &["999999", "处理委托任务失败！"], ""),
            (
                &to_g,
                "",
                200,
                &["任务委托失败，任务委托人不在候选人列表中。"],
                "",
            ),
            (&to_v, "", 200, &["任务委托成功"], ""),
            (
                "GET /taskCtr/getTaskById?taskId={task}",
                "",
                200,
                &[
                    "\"owner\":\"s_u\"",
                    "\"assignee\":\"s_v\"",
                    "\"delegationState\":\"PENDING\"",
                ],
                "",
            ),
            (
                "POST /taskCtr/complete?taskId={task}&systemId=s&userId=u",
                "{}",
                200,
                &["999999", "\"data\":null"],
                "",
            ),
            (
                resolve,
                "{\"variables\":{\"seen\":1}}",
                200,
                &["处理委托任务成功！"],
                "",
            ),
            (resolve, "", 200, &["处理委托任务成功！"], ""),
            (
                "GET /taskCtr/getTaskById?taskId={task}",
                "",
                200,
                &[
                    "\"assignee\":\"s_u\"",
                    "\"delegationState\":\"RESOLVED\"",
                    "\"seen\":1",
                ],
                "",
            ),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_comes_in_pieces_and_is_complete_and_in_order() {
    let mut server = Server::start().await;
    let many = model(
        "<process id=\"many\"><startEvent id=\"s\"/>\
         <sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"t\"/>\
         <userTask id=\"t\" activiti:assignee=\"s_u\"><multiInstanceLoopCharacteristics isSequential=\"false\">\
         <loopCardinality>1203</loopCardinality></multiInstanceLoopCharacteristics></userTask>\
         <sequenceFlow id=\"f2\" sourceRef=\"t\" targetRef=\"e\"/><endEvent id=\"e\"/></process>",
    );
    server.deploy(&many).await;
    let create = "POST /processCtr/createPro?processKey=many";
    server
        .tell(&[(create, "", 200, &[], "process=/data")])
        .await;
    let counters = |text: &str| -> Vec<u64> {
        let answer: serde_json::Value = serde_json::from_str(text).expect("JSON");
        let tasks = answer["data"].as_array().expect("a list").iter();
        tasks
            .map(|task| task["loopCounter"].as_u64().expect("a number"))
            .collect()
    };
    let own = server
        .ask("GET /taskCtr/currentTask?processId={process}", "")
        .await;
    assert_eq!(counters(&own.text()), (0..1203).collect::<Vec<_>>());
    let user = "GET /taskCtr/listTaskByUserId?systemId=s&userId=u";
    let user = server.ask(user, "").await;
    assert_eq!(counters(&user.text()), (0..1203).rev().collect::<Vec<_>>());
}
