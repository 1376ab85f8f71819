//! What we answer where a rule says that it is not the original's answer.
//!
//! Owns: the expected answer of each rule. Never: decides which rule covers a case.

use super::{
    case::{Case, REFUSALS_OF_COMPLETE},
    matching::{Bindings, is_date},
    rules::Rule,
};
use crate::support::Answer;
use serde_json::{Value, json};

/// Checks our answer to this case under its rule.
pub fn check(
    rule: Rule,
    case: &Case,
    answer: &Answer,
    bindings: &mut Bindings,
) -> Result<(), String> {
    match rule {
        Rule::JavaText | Rule::SqlText | Rule::ClassCastText => {
            all_but_text(case, answer, bindings)
        }
        Rule::CompletionRefused => {
            let data = &case.body["data"];
            envelope(answer, "999999", "任务处理失败", data)
        }
        Rule::CompletionOfTheLast | Rule::TransientAtTheEnd => {
            envelope(answer, "000000", "任务已处理", &Value::Null)
        }
        Rule::Suspension => suspension(case, answer),
        Rule::SystemKeys => system_keys(case, answer, bindings),
        Rule::OptionalBody => optional_body(case, answer),
        Rule::Resolving => recorded(case, answer, bindings),
        Rule::SyncAgain | Rule::SyncForms => synchronised(case, answer),
        Rule::SyncWithoutId => failure(answer, &failed_message(case)),
        Rule::IdentityReads => identity_read(case, answer),
        Rule::MandatoryParameter => absent_parameter(case, answer),
        Rule::UploadTypes => deployed(answer),
        Rule::NotRunYet if case.request.method == "GET" => went_on(case, answer),
        Rule::Duplicates => once_each(case, answer, bindings),
        Rule::Diagnostics | Rule::NotRunYet => refused_model(answer),
        Rule::Delegates if case.is("/createPro") => success(answer, "创建流程成功"),
        Rule::Delegates => refused_model(answer),
        Rule::Pictures => picture(case, answer),
        Rule::LatestVersion | Rule::FormScalars => form(case, answer),
        Rule::HalfDates => failure(answer, "提交表单失败"),
        Rule::ScaleOfDecimals => Err("is asked value by value".into()),
        Rule::UploadLimits => deployed(answer),
    }
}

/// Our answer is the recorded one.
pub fn recorded(case: &Case, answer: &Answer, bindings: &mut Bindings) -> Result<(), String> {
    head(case, answer)?;
    if case.body.as_str() == Some("<as before>") {
        return numbers_as_written(case, answer);
    }
    match case.body.as_str() {
        Some(text) if answer.text() == text => Ok(()),
        Some(text) => Err(format!("recorded the body {text:?}")),
        None => bindings.check(&case.body, &body(answer)?),
    }
}

fn head(case: &Case, answer: &Answer) -> Result<(), String> {
    if Some(answer.status) != case.status {
        return Err(format!("recorded the status {:?}", case.status));
    }
    let plain = |kind: Option<&str>| kind.map(|kind| kind.replace(' ', "").to_ascii_lowercase());
    if plain(answer.header("content-type")) != plain(case.content_type.as_deref()) {
        return Err(format!(
            "recorded the content type {:?}, answered {:?}",
            case.content_type,
            answer.header("content-type")
        ));
    }
    let methods = |allow: Option<&str>| {
        let mut methods: Vec<String> = allow
            .unwrap_or_default()
            .split(',')
            .map(|method| method.trim().to_owned())
            .filter(|method| !method.is_empty())
            .collect();
        methods.sort();
        methods
    };
    // A GET answers HEAD too; the original names only the one it was written with.
    let ours: Vec<String> = methods(answer.header("allow"));
    let theirs = methods(case.allow.as_deref());
    if !theirs.iter().all(|method| ours.contains(method)) {
        return Err(format!("recorded Allow {theirs:?}, answered {ours:?}"));
    }
    Ok(())
}

fn body(answer: &Answer) -> Result<Value, String> {
    serde_json::from_slice(&answer.body).map_err(|error| format!("the body is no JSON: {error}"))
}

/// `"name":text` of every number stands in the answer's bytes.
fn numbers_as_written(case: &Case, answer: &Answer) -> Result<(), String> {
    let body = answer.text();
    let listed = case.note.trim_start_matches("number text: ");
    match listed.split(", ").find(|number| !body.contains(*number)) {
        Some(number) => Err(format!("the answer has not {number}")),
        None => Ok(()),
    }
}

fn all_but_text(case: &Case, answer: &Answer, bindings: &mut Bindings) -> Result<(), String> {
    if case.body.is_string() {
        return (Some(answer.status) == case.status)
            .then_some(())
            .ok_or_else(|| format!("recorded the status {:?}", case.status));
    }
    head(case, answer)?;
    let ours = body(answer)?;
    let mut expected = case.body.clone();
    let place = |body: &Value| match body.get("data") {
        Some(data) if data.is_object() => "/data/message",
        _ => "/message",
    };
    let path = place(&expected);
    let text = ours.pointer(path).cloned().unwrap_or(Value::Null);
    if text.as_str().is_none_or(str::is_empty) {
        return Err(format!("{path} says nothing"));
    }
    for key in [path.to_owned(), path.replace("message", "localizedMessage")] {
        if let Some(message) = expected.pointer_mut(&key) {
            *message = text.clone();
        }
    }
    bindings.check(&expected, &ours)
}

fn envelope(answer: &Answer, code: &str, message: &str, data: &Value) -> Result<(), String> {
    let expected = json!({"rtnCode": code, "rtnMsg": message, "data": data});
    let ours = body(answer)?;
    if answer.status == 200 && ours == expected {
        Ok(())
    } else {
        Err(format!("expected {expected}"))
    }
}

fn success(answer: &Answer, message: &str) -> Result<(), String> {
    let ours = body(answer)?;
    let holds = answer.status == 200 && ours["rtnCode"] == "000000" && ours["rtnMsg"] == message;
    holds
        .then_some(())
        .ok_or_else(|| format!("expected 000000 {message}"))
}

/// 999999 with this message, and data that explains without a trace (decision 3) or none.
fn failure(answer: &Answer, message: &str) -> Result<(), String> {
    let ours = body(answer)?;
    if answer.status != 200 || ours["rtnCode"] != "999999" || ours["rtnMsg"] != message {
        return Err(format!("expected 999999 {message}"));
    }
    let data = &ours["data"];
    let bean = json!({
        "message": data["message"], "localizedMessage": data["message"],
        "cause": null, "stackTrace": [], "suppressed": []
    });
    if data.is_null() || *data == bean {
        Ok(())
    } else {
        Err("the data of a failure is null, or message, localizedMessage, cause, stackTrace, suppressed".into())
    }
}

fn spring(answer: &Answer, status: u16, mentions: &str) -> Result<(), String> {
    let ours = body(answer)?;
    let holds = answer.status == status
        && ours["status"] == status
        && ours["timestamp"].as_str().is_some_and(is_date)
        && ours["error"].is_string()
        && ours["path"].is_string()
        && ours["message"]
            .as_str()
            .is_some_and(|text| text.contains(mentions));
    holds
        .then_some(())
        .ok_or_else(|| format!("expected {status} with the error object, mentioning {mentions:?}"))
}

fn suspension(case: &Case, answer: &Answer) -> Result<(), String> {
    let id = case.parameter("processId").unwrap_or_default();
    if !id.starts_with('<') && !id.contains(':') {
        return spring(answer, 404, "");
    }
    if case.case.contains("already") {
        return spring(answer, 409, "");
    }
    // Which of the two it must be for an instance is asked of the instance itself, before and after.
    match answer.status {
        200 if answer.body.is_empty() => Ok(()),
        409 => spring(answer, 409, ""),
        _ => Err("expected 200 with an empty body, or 409".into()),
    }
}

fn system_keys(case: &Case, answer: &Answer, bindings: &mut Bindings) -> Result<(), String> {
    head(case, answer)?;
    let ours = body(answer)?;
    let mut expected = case.body.clone();
    for place in ["/data", "/data/0"] {
        let hidden = expected.pointer(&format!("{place}/taskId")).cloned();
        let real = ours.pointer(&format!("{place}/taskEntity/id")).cloned();
        let variable = ours.pointer(&format!("{place}/variables/taskId")).cloned();
        if let (Some(hidden), Some(real)) = (hidden, real) {
            if variable.as_ref() != Some(&hidden) {
                return Err(format!(
                    "variables.taskId is {variable:?}, set was {hidden}"
                ));
            }
            if let Some(key) = expected.pointer_mut(&format!("{place}/taskId")) {
                *key = real;
            }
        }
    }
    bindings.check(&expected, &ours)
}

fn optional_body(case: &Case, answer: &Answer) -> Result<(), String> {
    if case.is("/resolveTask") {
        return failure(answer, "处理委托任务失败！");
    }
    let wrong_user = Value::from(REFUSALS_OF_COMPLETE[2]);
    envelope(answer, "999999", "任务处理失败", &wrong_user)
}

fn failed_message(case: &Case) -> String {
    let message = case.answered("rtnMsg").unwrap_or_default();
    message.replace("成功", "失败")
}

fn synchronised(case: &Case, answer: &Answer) -> Result<(), String> {
    // A recorded 400 has no message of the operation; its siblings have it.
    let message = match case.answered("rtnMsg") {
        Some(failed) => failed.replace("失败", "成功"),
        None if case.is("UserList") => "同步用户信息成功！".to_owned(),
        None => "同步用户组（角色）信息成功！".to_owned(),
    };
    envelope(answer, "000000", &message, &Value::Null)
}

fn identity_read(case: &Case, answer: &Answer) -> Result<(), String> {
    if answer.text().contains("password") {
        return Err("a password has no place in an answer".into());
    }
    let mandatory = match case.request.path.rsplit('/').next() {
        Some("getUserListByGroupId") => "groupId",
        Some("getGroupListByUserId") => "userId",
        _ => "systemId",
    };
    if case.parameter(mandatory).is_none() {
        return spring(answer, 400, "");
    }
    let groups = case.is("/getGroupListBySystemId") || case.is("/getGroupListByUserId");
    success(
        answer,
        if groups {
            "获取用户组列表成功"
        } else {
            "获取用户列表成功"
        },
    )?;
    let listed = body(answer)?["data"].to_string();
    let wanted = if groups { "\"hr_g1\"" } else { "\"hr_u1\"" };
    listed
        .contains(wanted)
        .then_some(())
        .ok_or_else(|| format!("{wanted} is not listed"))
}

fn absent_parameter(case: &Case, answer: &Answer) -> Result<(), String> {
    if case.message().contains("multipart") {
        let status = if case.request.content_type.is_some() {
            415
        } else {
            400
        };
        return spring(answer, status, "");
    }
    spring(answer, 400, "is not present")
}

fn deployed(answer: &Answer) -> Result<(), String> {
    let ours = body(answer)?;
    let message = ours["rtnMsg"].as_str().unwrap_or_default();
    let holds = ours["rtnCode"] == "000000"
        && message.trim_end_matches('！') == "发布成功"
        && ours["data"].is_string();
    holds
        .then_some(())
        .ok_or_else(|| "expected 000000 发布成功 with the deployment's id".into())
}

fn refused_model(answer: &Answer) -> Result<(), String> {
    failure(answer, "发布流程失败！")?;
    body(answer)?["data"]["message"]
        .as_str()
        .is_some_and(|text| !text.is_empty())
        .then_some(())
        .ok_or_else(|| "the diagnostics are missing".into())
}

/// Where the original's step waited for its turn, ours has been taken: its task is there.
fn went_on(case: &Case, answer: &Answer) -> Result<(), String> {
    let data = body(answer)?["data"].clone();
    let holds = if case.is("/currentTask") {
        data[0]["taskEntity"]["name"] == "异步后" && data[1].is_null()
    } else {
        data[0]["endTime"].is_string() && data[1]["endTime"].is_null() && data[2].is_null()
    };
    holds
        .then_some(())
        .ok_or_else(|| "the task behind the step is not open".into())
}

fn once_each(case: &Case, answer: &Answer, bindings: &mut Bindings) -> Result<(), String> {
    let mut expected = case.body.clone();
    if let Some(links) = expected["data"].as_array_mut() {
        let mut seen = Vec::new();
        links.retain(|link| {
            let who = (
                link["type"].clone(),
                link["userId"].clone(),
                link["groupId"].clone(),
            );
            let new = !link.is_object() || !seen.contains(&who);
            seen.push(who);
            new
        });
    }
    bindings.check(&expected, &body(answer)?)
}

fn form(case: &Case, answer: &Answer) -> Result<(), String> {
    let failed = case.answered("rtnMsg").unwrap_or_default();
    success(answer, &failed.replace("失败", "成功"))?;
    if case.is("/getTaskFormData") {
        let value = body(answer)?["data"]["formPropertyList"][0]["value"].clone();
        return (value == "12")
            .then_some(())
            .ok_or_else(|| format!("the value is {value}, expected \"12\""));
    }
    Ok(())
}

fn picture(case: &Case, answer: &Answer) -> Result<(), String> {
    let id = case.parameter("processId").unwrap_or_default();
    if !id.starts_with('<') {
        return spring(answer, 404, "");
    }
    if answer.status != 200 || answer.header("content-type") != Some("image/png") {
        return Err("expected 200 and image/png".into());
    }
    let size = size_of_png(&answer.body).ok_or("the body is no PNG")?;
    let recorded = case.body.as_str().and_then(recorded_size);
    match recorded {
        Some(recorded) if recorded != size => Err(format!(
            "recorded a picture of {recorded:?}, answered {size:?}"
        )),
        // Without diagram interchange the original has no picture; ours is laid out.
        _ if size.0 > 50 && size.1 > 30 => Ok(()),
        _ => Err(format!("a picture of {size:?} shows nothing")),
    }
}

fn recorded_size(text: &str) -> Option<(u32, u32)> {
    let (width, rest) = text.strip_prefix("<png ")?.split_once('x')?;
    let (height, _) = rest.split_once(',')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

fn size_of_png(bytes: &[u8]) -> Option<(u32, u32)> {
    let head = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR")?;
    let number = |at: usize| Some(u32::from_be_bytes(head.get(at..at + 4)?.try_into().ok()?));
    Some((number(0)?, number(4)?))
}
