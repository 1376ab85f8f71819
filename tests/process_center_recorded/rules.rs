//! Why an answer of the original is not ours: a closed list, each with its reason.
//!
//! Owns: which rule covers a case; it looks at the recorded request and answer only, never at a position. Never: at our answer.

use super::case::{Case, Mandatory, REFUSALS_OF_COMPLETE};
use serde_json::Value;

/// Why our answer differs. The number of a decision is that of section 12 of the behaviour file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The text of a Java library; all but the text is reproduced.
    JavaText,
    /// The text of a database; all but the text is reproduced.
    SqlText,
    /// The text of a failed cast; all but the text is reproduced.
    ClassCastText,
    /// Decision 1: a refused completion is a failure.
    CompletionRefused,
    /// Decision 1: the last completion of an instance is a success.
    CompletionOfTheLast,
    /// Decision 2: instances are really suspended; an unknown id is 404, a wrong state 409.
    Suspension,
    /// Decision 4: the system's keys win over variables of the same name.
    SystemKeys,
    /// Decision 5: the body of `complete` and `resolveTask` may be absent.
    OptionalBody,
    /// Decision 5: `resolveTask` resolves.
    Resolving,
    /// Decision 6: synchronising again updates.
    SyncAgain,
    /// Decision 6: every form of a body is read.
    SyncForms,
    /// Decision 6: nobody is stored without an id.
    SyncWithoutId,
    /// Decision 6: the four undocumented reads work, without passwords.
    IdentityReads,
    /// Decision 7: a mandatory parameter that is absent is 400; a body of the wrong type 415.
    MandatoryParameter,
    /// Decision 9: uploads are told apart by content and file name.
    UploadTypes,
    /// Decision 9: a model that cannot run is refused, with our diagnostics.
    Diagnostics,
    /// Decision 10: what needs Java is refused, its listeners are skipped.
    Delegates,
    /// Decision 12: pictures say that they are PNG, are drawn without diagram interchange too; an unknown id is 404.
    Pictures,
    /// Decision 13: start forms use the latest version.
    LatestVersion,
    /// Decision 13: form values may be any JSON scalar, written and read.
    FormScalars,
    /// Decision 13 with verdict 11: a date that is only half there is refused instead of stored as null.
    HalfDates,
    /// Verdict 11 with trace 6: a transient variable does not keep an instance from ending.
    TransientAtTheEnd,
    /// Section 7.6: decimals are equal when their values are.
    ScaleOfDecimals,
    /// Decision 9: an element that this version does not run is refused at deployment and named; the cases behind it are
    /// asked of the model without it.
    NotRunYet,
    /// Verdict 11: a candidate who is added again is listed once.
    Duplicates,
    /// The limits on uploads are this server's, `[http] body_bytes`.
    UploadLimits,
}

/// All rules, in the order in which they are listed.
pub const RULES: [Rule; 26] = [
    Rule::JavaText,
    Rule::SqlText,
    Rule::ClassCastText,
    Rule::CompletionRefused,
    Rule::CompletionOfTheLast,
    Rule::Suspension,
    Rule::SystemKeys,
    Rule::OptionalBody,
    Rule::Resolving,
    Rule::SyncAgain,
    Rule::SyncForms,
    Rule::SyncWithoutId,
    Rule::IdentityReads,
    Rule::MandatoryParameter,
    Rule::UploadTypes,
    Rule::Diagnostics,
    Rule::Delegates,
    Rule::Pictures,
    Rule::LatestVersion,
    Rule::FormScalars,
    Rule::HalfDates,
    Rule::TransientAtTheEnd,
    Rule::ScaleOfDecimals,
    Rule::NotRunYet,
    Rule::Duplicates,
    Rule::UploadLimits,
];

impl Rule {
    /// The rule that covers this case; none: our answer is the original's.
    pub fn of(case: &Case, mandatory: &Mandatory) -> Option<Rule> {
        parameters(case, mandatory)
            .or_else(|| completing(case))
            .or_else(|| suspending(case))
            .or_else(|| picture(case))
            .or_else(|| upload(case))
            .or_else(|| synchronising(case))
            .or_else(|| form(case))
            .or_else(|| expression(case))
            .or_else(|| java_listener(case))
            .or_else(|| behind_what_is_not_run(case))
            .or_else(|| duplicates(case))
            .or_else(|| system_keys(case))
            .or_else(|| text(case))
    }
}

fn when(holds: bool, rule: Rule) -> Option<Rule> {
    holds.then_some(rule)
}

fn parameters(case: &Case, mandatory: &Mandatory) -> Option<Rule> {
    let not_multipart = case.message() == "Current request is not a multipart request";
    let absent = case.status == Some(200)
        && !matches!(case.request.method.as_str(), "HEAD" | "OPTIONS")
        && mandatory.missing(&case.request).is_some();
    when(not_multipart || absent, Rule::MandatoryParameter)
}

fn completing(case: &Case) -> Option<Rule> {
    let completes = case.is("/taskCtr/complete");
    let resolves = case.is("/taskCtr/resolveTask");
    if !completes && !resolves {
        return None;
    }
    if case
        .message()
        .starts_with("Required request body is missing")
    {
        return Some(Rule::OptionalBody);
    }
    if resolves {
        return when(case.succeeded() && case.case == "PENDING", Rule::Resolving);
    }
    let text = case.answered("data").unwrap_or_default();
    if case.succeeded() {
        return when(
            REFUSALS_OF_COMPLETE.contains(&text),
            Rule::CompletionRefused,
        );
    }
    if case.note.contains("class cast") {
        return Some(Rule::TransientAtTheEnd);
    }
    let transient = case
        .request
        .body
        .as_ref()
        .is_some_and(|body| body.get("transientVariables").is_some());
    let last = case.note.contains("committed")
        || case.case.contains("ends the instance")
        || case.case.contains("the owner may complete");
    when(last && !transient, Rule::CompletionOfTheLast)
}

fn suspending(case: &Case) -> Option<Rule> {
    let concerned = case.is("/suspendProcess") || case.is("/activateProcess");
    if !concerned || case.status != Some(200) {
        return None;
    }
    let id = case.parameter("processId").unwrap_or_default();
    let a_definition = id.contains(':') && !id.starts_with('<');
    when(
        !a_definition || case.case.contains("already"),
        Rule::Suspension,
    )
}

fn picture(case: &Case) -> Option<Rule> {
    when(
        case.is("/getImage") && case.status == Some(200),
        Rule::Pictures,
    )
}

fn upload(case: &Case) -> Option<Rule> {
    let upload = case.request.multipart.as_ref()?;
    let content = upload.content.as_str();
    if content.ends_with("MB>") {
        return Some(Rule::UploadLimits);
    }
    if case.status != Some(200) {
        return None;
    }
    let kind = upload.content_type.as_deref().unwrap_or_default();
    let named_by_us = [
        "application/xml",
        "application/zip",
        "application/octet-stream",
    ];
    if named_by_us.contains(&kind) || (content == "<zip>" && kind == "text/xml") {
        return Some(Rule::UploadTypes);
    }
    if case.answered("rtnMsg") == Some("发布流程失败！") {
        return Some(Rule::Diagnostics);
    }
    if !case.succeeded() {
        return None;
    }
    let broken = ["<not a zip>", "<empty zip>"].contains(&content)
        || content.starts_with("<DOCTYPE")
        || content.contains("\"${a\"");
    let java =
        content.contains("<serviceTask id=\"t\" activiti:class") || content.contains("groovy");
    when(broken, Rule::Diagnostics)
        .or_else(|| when(java, Rule::Delegates))
        .or_else(|| when(not_run_yet(content), Rule::NotRunYet))
}

fn synchronising(case: &Case) -> Option<Rule> {
    if !case.request.path.starts_with("/identityCtr/") {
        return None;
    }
    if case.request.method == "GET" {
        return Some(Rule::IdentityReads);
    }
    let body = case.request.body.as_ref().unwrap_or(&Value::Null);
    let message = case.message();
    let lists = case.is("UserList") || case.is("GroupList");
    if lists && body.is_array() && message.contains("START_ARRAY") {
        return Some(Rule::SyncForms);
    }
    let read_by_us = message.starts_with("not match") || message.starts_with("expect '['");
    let empty = body.as_object().is_some_and(|object| object.is_empty());
    if read_by_us && !empty || message.starts_with("<class cast com.alibaba.fastjson.JSONArray") {
        return Some(Rule::SyncForms);
    }
    let one = case.is("/syncUser") || case.is("/syncGroup");
    let without_id = one && body.get("id").is_none_or(Value::is_null);
    if case.succeeded() && without_id {
        return Some(Rule::SyncWithoutId);
    }
    let nobody = without_id || body["user"].as_object().is_some_and(|user| user.is_empty());
    when(
        message == "<SQL error: primary key violation>" && !nobody,
        Rule::SyncAgain,
    )
}

fn form(case: &Case) -> Option<Rule> {
    if !case.request.path.starts_with("/commonForm/") {
        return None;
    }
    let message = case.message();
    if message.starts_with("Query return") {
        return Some(Rule::LatestVersion);
    }
    let scalar = ["java.lang.Integer", "java.lang.Boolean"]
        .iter()
        .any(|class| message.starts_with(&format!("<class cast {class} ")));
    if scalar {
        return Some(Rule::FormScalars);
    }
    let body = case.request.body.as_ref().unwrap_or(&Value::Null);
    let date = body["d"].as_str().unwrap_or_default();
    let lost = case.body["data"][0].get("d").is_some_and(Value::is_null);
    when(
        case.succeeded() && !date.is_empty() && lost,
        Rule::HalfDates,
    )
}

fn expression(case: &Case) -> Option<Rule> {
    let outcomes = case.body.get("<value> -> outcome")?;
    when(
        outcomes["1"] == "true" && outcomes["1.0"] == "default",
        Rule::ScaleOfDecimals,
    )
}

fn java_listener(case: &Case) -> Option<Rule> {
    when(
        case.case == "task listener class is unknown",
        Rule::Delegates,
    )
}

fn not_run_yet(model: &str) -> bool {
    model.contains("messageEventDefinition") || model.contains("activiti:async=")
}

fn behind_what_is_not_run(case: &Case) -> Option<Rule> {
    let reads = case.request.method == "GET";
    when(reads && case.case.contains("async step"), Rule::NotRunYet)
}

fn duplicates(case: &Case) -> Option<Rule> {
    let links = case.body["data"].as_array()?;
    let who = |link: &Value| {
        (
            link["type"].clone(),
            link["userId"].clone(),
            link["groupId"].clone(),
        )
    };
    let concerned = case.is("/getIdentityLinksForTask");
    let again = links.iter().enumerate().any(|(at, link)| {
        link.is_object() && links[..at].iter().any(|other| who(other) == who(link))
    });
    when(concerned && again, Rule::Duplicates)
}

fn system_keys(case: &Case) -> Option<Rule> {
    let hidden = |task: &Value| {
        task.get("taskEntity").is_some()
            && task["taskId"]
                .as_str()
                .is_some_and(|id| !id.starts_with("<taskId"))
    };
    let data = &case.body["data"];
    let found = hidden(data) || data.as_array().is_some_and(|all| all.iter().any(hidden));
    when(found, Rule::SystemKeys)
}

fn text(case: &Case) -> Option<Rule> {
    let message = case.message();
    if message.starts_with("<SQL error") {
        return Some(Rule::SqlText);
    }
    if message.starts_with("<class cast") {
        return Some(Rule::ClassCastText);
    }
    let java = message == "<null pointer>"
        || message.starts_with("JSON parse error")
        || message.starts_with("Failed to convert value")
        || message.starts_with("expect '['")
        || message.ends_with("<method>")
        || case
            .body
            .as_str()
            .is_some_and(|body| body.contains("Whitelabel"));
    when(java, Rule::JavaText)
}
