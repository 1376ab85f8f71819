//! Stories of /processCtr, deployments left out.

use super::{Server, approval, model};

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_is_listed_suspended_and_drawn_and_its_history_stays() {
    let mut server = Server::start().await;
    server.deploy(&approval("leave")).await;
    let suspend = "POST /processCtr/suspendProcess?processId={process}";
    let activate = "POST /processCtr/activateProcess?processId={process}";
    let history = "GET /processCtr/listHistory?processId={process}";
    server
        .tell(&[
            ("POST /processCtr/createPro4bus?processKey=leave&busCode=B1&busType=", "", 200, &[], "process=/data"),
            ("GET /processCtr/listProcess?processKey=leave", "", 200, &["\"processId\":\"{process}\"", "\"suspensionState\":1"], "definition=/data/0/processDefinitionId"),
            ("GET /processCtr/listProcess?processKey=nope", "", 200, &["\"data\":[]"], ""),
            ("GET /processCtr/listAllProcessInstance", "", 200, &["\"rootProcessInstanceId\":\"{process}\""], ""),
            ("GET /taskCtr/currentTask?processId={process}", "", 200, &["\"busCode\":\"B1\"", "\"busType\":\"\""], "task=/data/0/taskId"),
            ("GET /processCtr/getProcessByTaskId?taskId={task}", "", 200, &["\"processInstanceId\":\"{process}\""], ""),
            (suspend, "", 200, &[], ""),
            (suspend, "", 409, &["\"error\":\"Conflict\""], ""),
            ("GET /processCtr/getProcessByProcessId?processId={process}", "", 200, &["\"suspensionState\":2"], ""),
            ("GET /taskCtr/listRunTask?processId={process}", "", 200, &["\"data\":[]"], ""),
            ("POST /commonForm/setVariables?taskId={task}", "{}", 200, &["Cannot add variables to a suspended task"], ""),
            ("POST /commonForm/saveFormData?taskId={task}", "{}", 200, &["Cannot submit a form to a suspended task"], ""),
            ("POST /taskCtr/setAssigner?taskId={task}&systemId=s&userId=u", "", 200, &["Cannot execute operation: task is suspended"], ""),
            (activate, "", 200, &[], ""),
            (activate, "", 409, &[], ""),
            ("POST /processCtr/suspendProcess?processId=nope", "", 404, &["\"error\":\"Not Found\""], ""),
            ("POST /processCtr/suspendProcess?processId={definition}", "", 200, &[], ""),
            ("POST /processCtr/suspendProcess?processId={definition}", "", 409, &[], ""),
            ("POST /processCtr/createPro?processKey=leave", "", 200, &["创建流程失败"], ""),
            ("POST /commonForm/submitStartFormData?processKey=leave", "{}", 200, &["Cannot execute operation because process definition 'leave' (id={definition}) is suspended"], ""),
            ("POST /processCtr/activateProcess?processId={definition}", "", 200, &[], ""),
            ("POST /commonForm/submitTaskFormData?taskId={task}", "{}", 200, &["提交表单成功"], ""),
            (history, "", 200, &["\"activityId\":\"submit\"", "\"activityType\":\"startEvent\""], "task=/data/2/taskId"),
            ("POST /commonForm/submitTaskFormData?taskId={task}", "{\"result\":\"1\"}", 200, &["提交表单成功"], ""),
            (history, "", 200, &["\"activityName\":\"审批\"", "\"activityType\":\"endEvent\""], ""),
            ("GET /processCtr/getProcessByProcessId?processId={process}", "", 200, &["获取流程实例失败！"], ""),
            ("GET /processCtr/listHistory?processId=nope", "", 200, &["\"data\":[]"], ""),
        ])
        .await;
    let before = server.ask(history, "").await.text();
    server.state.engine.archiver.flush();
    server.state.engine.core().barrier().await;
    assert_eq!(server.ask(history, "").await.text(), before);
    let suspended = server.ask(suspend, "").await;
    assert_eq!(suspended.status, 409, "{}", suspended.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_shows_the_state_only_when_asked() {
    let mut server = Server::start().await;
    server.deploy(&approval("leave")).await;
    let create = "POST /processCtr/createPro?processKey=leave";
    server
        .tell(&[(create, "", 200, &[], "process=/data")])
        .await;
    let image = "GET /processCtr/getImage?processId={process}&lightFlag=";
    let plain = server.ask(&format!("{image}false"), "").await;
    let light = server.ask(&format!("{image}true"), "").await;
    for told in [&plain, &light] {
        assert_eq!(told.status, 200);
        assert_eq!(told.headers["content-type"], "image/png");
        assert!(told.body.starts_with(b"\x89PNG"));
    }
    assert_ne!(plain.body, light.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_called_instance_is_listed_names_its_caller_and_is_suspended_with_it() {
    let mut server = Server::start().await;
    let calling = model(
        "<process id=\"caller\"><startEvent id=\"s\"/>\
         <sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"c\"/>\
         <callActivity id=\"c\" calledElement=\"callee\"/>\
         <sequenceFlow id=\"f2\" sourceRef=\"c\" targetRef=\"e\"/><endEvent id=\"e\"/></process>\
         <process id=\"callee\"><startEvent id=\"s2\"/>\
         <sequenceFlow id=\"g1\" sourceRef=\"s2\" targetRef=\"t\"/><userTask id=\"t\"/>\
         <sequenceFlow id=\"g2\" sourceRef=\"t\" targetRef=\"e2\"/><endEvent id=\"e2\"/></process>",
    );
    server.deploy(&calling).await;
    server
        .tell(&[
            (
                "POST /processCtr/createPro?processKey=caller",
                "",
                200,
                &[],
                "process=/data",
            ),
            (
                "GET /taskCtr/currentTask?processId={process}",
                "",
                200,
                &["\"data\":[]"],
                "",
            ),
            (
                "GET /processCtr/listProcess?processKey=callee",
                "",
                200,
                &["\"rootProcessInstanceId\":\"{process}\""],
                "called=/data/0/id",
            ),
            (
                "GET /processCtr/listHistory?processId={process}",
                "",
                200,
                &["\"calledProcessInstanceId\":\"{called}\""],
                "",
            ),
            (
                "POST /processCtr/suspendProcess?processId={process}",
                "",
                200,
                &[],
                "",
            ),
            (
                "GET /processCtr/getProcessByProcessId?processId={called}",
                "",
                200,
                &["\"suspensionState\":2"],
                "execution=/data/superExecution",
            ),
            (
                "GET /taskCtr/currentTask?processId={called}",
                "",
                200,
                &["\"suspensionState\":2"],
                "task=/data/0/taskId",
            ),
            (
                "POST /processCtr/activateProcess?processId={process}",
                "",
                200,
                &[],
                "",
            ),
            (
                "POST /commonForm/submitTaskFormData?taskId={task}",
                "{}",
                200,
                &["提交表单成功"],
                "",
            ),
            (
                "GET /processCtr/listAllProcessInstance",
                "",
                200,
                &["\"data\":[]"],
                "",
            ),
        ])
        .await;
}
