//! Stories of /commonForm.

use super::{Server, model};

fn forms() -> String {
    let properties = "<activiti:formProperty id=\"amt\" name=\"金额\" type=\"long\" required=\"true\"/>\
         <activiti:formProperty id=\"kind\" type=\"enum\" default=\"a\"><activiti:value id=\"a\" name=\"A\"/>\
         <activiti:value id=\"b\" name=\"B\"/></activiti:formProperty>";
    model(&format!(
        "<process id=\"pay\"><startEvent id=\"s\" activiti:formKey=\"startForm\"><extensionElements>{properties}\
         </extensionElements></startEvent><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"t\"/>\
         <userTask id=\"t\" activiti:formKey=\"form-${{kind}}\"><extensionElements>{properties}\
         <activiti:formProperty id=\"ro\" writable=\"false\"/></extensionElements></userTask>\
         <sequenceFlow id=\"f2\" sourceRef=\"t\" targetRef=\"e\"/><endEvent id=\"e\"/></process>"
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_are_read_started_saved_and_submitted() {
    let mut server = Server::start().await;
    server.deploy(&forms()).await;
    server.deploy(&forms()).await;
    let start = "POST /commonForm/submitStartFormData?processKey=pay";
    let save = "POST /commonForm/saveFormData?taskId={task}";
    server
        .tell(&[
            (
                "GET /commonForm/getStartFormData?processKey=nope",
                "",
                200,
                &["获取表单失败"],
                "",
            ),
            (
                "GET /commonForm/getStartFormData?processKey=pay",
                "",
                200,
                &[
                    "\"formkey\":\"startForm\"",
                    "\"mimeType\":\"plain/text\"",
                    "\"values\":{\"a\":\"A\",\"b\":\"B\"}",
                    "\"value\":\"a\"",
                ],
                "",
            ),
            (
                start,
                "{\"amt\":null}",
                200,
                &["提交表单失败", "form property 'amt' is required"],
                "",
            ),
            (
                start,
                "{\"amt\":\"1.5\"}",
                200,
                &["For input string: \\\"1.5\\\""],
                "",
            ),
            (start, "{\"amt\":{}}", 200, &["提交表单失败"], ""),
            (
                start,
                "{\"amt\":100,\"more\":\"x\"}",
                200,
                &[
                    "提交表单成功",
                    "\"amt\":100",
                    "\"kind\":\"a\"",
                    "\"more\":\"x\"",
                    ":2:",
                ],
                "task=/data/0/taskId",
            ),
            (
                "GET /commonForm/getTaskFormData?taskId={task}",
                "",
                200,
                &["\"formKey\":\"form-a\"", "\"value\":\"100\""],
                "",
            ),
            (
                "GET /commonForm/getTaskFormData?taskId=nope",
                "",
                200,
                &["No task found for taskId 'nope'"],
                "",
            ),
            (
                save,
                "{\"amt\":\"7\",\"ro\":\"x\"}",
                200,
                &["保存表单失败", "form property 'ro' is not writable"],
                "",
            ),
            (
                save,
                "{\"amt\":\"7\",\"kind\":\"z\"}",
                200,
                &["Invalid value for enum form property: z"],
                "",
            ),
            (
                save,
                "{\"amt\":\"7\",\"kind\":\"b\"}",
                200,
                &["保存表单成功"],
                "",
            ),
            (
                "GET /commonForm/getTaskFormData?taskId={task}",
                "",
                200,
                &["\"formKey\":\"form-b\"", "\"value\":\"7\""],
                "",
            ),
            (
                "POST /commonForm/submitTaskFormData?taskId={task}",
                "{\"amt\":8}",
                200,
                &["提交表单成功"],
                "",
            ),
            (
                "POST /commonForm/submitTaskFormData?taskId={task}",
                "{\"amt\":8}",
                200,
                &["Cannot find task with id {task}"],
                "",
            ),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_are_set_where_they_belong() {
    let mut server = Server::start().await;
    server.deploy(&forms()).await;
    let all = "GET /commonForm/getVariables?taskId={task}";
    let local = "GET /commonForm/getVariablesLocal?taskId={task}";
    server
        .tell(&[
            (
                "POST /commonForm/submitStartFormData?processKey=pay",
                "{\"amt\":\"1\"}",
                200,
                &[],
                "task=/data/0/taskId",
            ),
            (
                "POST /commonForm/setVariables?taskId={task}",
                "{\"d\":1.50,\"tiny\":1.0E-10,\"gone\":null,\"o\":{\"n\":null,\"l\":[null]}}",
                200,
                &["设置任务变量成功"],
                "",
            ),
            (
                "POST /commonForm/setVariablesLocal?taskId={task}",
                "{\"amt\":2}",
                200,
                &["设置任务变量成功"],
                "",
            ),
            (
                all,
                "",
                200,
                &[
                    "获取任务变量成功",
                    "\"data\":{\"amt\":2,\"d\":1.5,\"kind\":\"a\",\"o\":{\"l\":[null]},\"tiny\":1.0E-10}",
                ],
                "",
            ),
            (local, "", 200, &["\"data\":{\"amt\":2}"], ""),
            (
                "POST /commonForm/setVariables?taskId=nope",
                "{}",
                200,
                &["设置任务变量失败", "Cannot find task with id nope"],
                "",
            ),
            (
                "GET /commonForm/getVariables?taskId=nope",
                "",
                200,
                &["设置任务变量失败", "task nope doesn't exist"],
                "",
            ),
        ])
        .await;
}
