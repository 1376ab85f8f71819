//! The recording, as data: what was asked of the original and what it answered.
//!
//! Owns: the file's shape. Never: judges an answer.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// The three texts with which the original refuses to complete a task, in the answer's data.
pub const REFUSALS_OF_COMPLETE: [&str; 3] = ["任务不存在！", "流程已结束", "流程处理人错误！"];

/// One recorded request with its answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// A chapter: its cases share one state.
    pub scenario: String,
    /// What the case shows.
    pub case: String,
    /// The request.
    pub request: Asked,
    /// The status; none: the connection was cut.
    pub status: Option<u16>,
    /// The content type of the answer.
    pub content_type: Option<String>,
    /// The body: JSON, or text.
    pub body: Value,
    /// A remark of the recorder.
    #[serde(default)]
    pub note: String,
    /// The header `Allow`.
    pub allow: Option<String>,
}

/// A recorded request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// GET, POST, …
    pub method: String,
    /// The path.
    pub path: String,
    /// Query parameters; a list is a repeated one.
    #[serde(default)]
    pub query: Map<String, Value>,
    /// The content type of the body.
    pub content_type: Option<String>,
    /// A JSON body.
    pub body: Option<Value>,
    /// A body as it is.
    pub raw_body: Option<String>,
    /// An upload.
    pub multipart: Option<Upload>,
    /// Other headers.
    #[serde(default)]
    pub headers: Map<String, Value>,
    /// A form body.
    pub form: Option<Map<String, Value>>,
}

/// A recorded upload of one part.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    /// The part's name.
    pub name: String,
    /// The file's name.
    pub filename: Option<String>,
    /// The part's content type.
    pub content_type: Option<String>,
    /// The content, or `<what it was>`.
    pub content: String,
}

impl Case {
    /// For messages: where it stands and what it asks.
    pub fn title(&self) -> String {
        format!("{} | {} | {}", self.scenario, self.request.path, self.case)
    }

    /// The text of this key of the answer's body.
    pub fn answered(&self, key: &str) -> Option<&str> {
        self.body.get(key).and_then(Value::as_str)
    }

    /// The message of the error, wherever this answer has it.
    pub fn message(&self) -> &str {
        self.answered("message")
            .or_else(|| self.body["data"]["message"].as_str())
            .unwrap_or_default()
    }

    /// The text of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.request.query.get(name).and_then(Value::as_str)
    }

    /// The answer says that it succeeded.
    pub fn succeeded(&self) -> bool {
        self.answered("rtnCode") == Some("000000")
    }

    /// The path ends so.
    pub fn is(&self, operation: &str) -> bool {
        self.request.path.ends_with(operation)
    }

    /// What it uploads, or nothing.
    pub fn upload(&self) -> &str {
        self.request
            .multipart
            .as_ref()
            .map_or("", |upload| upload.content.as_str())
    }
}

/// All cases in order.
///
/// # Panics
/// When the file is not what it was.
pub fn load(shared: &Path) -> Vec<Case> {
    let recorded =
        crate::support::shared::read_json(shared, "contract/process-center-recorded.json");
    let Value::Array(entries) = recorded else {
        panic!("the recording is not a list");
    };
    entries
        .into_iter()
        .filter(|entry| entry["scenario"] != "conventions")
        .map(|entry| {
            serde_json::from_value(entry).unwrap_or_else(|error| panic!("a case: {error}"))
        })
        .collect()
}

/// The mandatory query parameters of every documented operation.
pub struct Mandatory(BTreeMap<String, BTreeSet<String>>);

impl Mandatory {
    /// From the contract.
    pub fn load(shared: &Path) -> Mandatory {
        let contract = crate::support::shared::read_json(shared, "contract/process-center.json");
        let operations = contract.as_array().into_iter().flatten();
        Mandatory(
            operations
                .map(|operation| {
                    let path = operation["path"].as_str().unwrap_or_default().to_owned();
                    (path, mandatory(operation))
                })
                .collect(),
        )
    }

    /// The first mandatory parameter that this request lacks.
    pub fn missing(&self, asked: &Asked) -> Option<String> {
        let given = |name: &String| {
            asked.query.contains_key(name)
                || asked
                    .form
                    .as_ref()
                    .is_some_and(|form| form.contains_key(name))
        };
        let names = self.0.get(&asked.path)?;
        names.iter().find(|name| !given(name)).cloned()
    }
}

fn mandatory(operation: &Value) -> BTreeSet<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters
        .filter(|one| one["required"] == true && one["in"] == "query")
        .filter_map(|one| one["name"].as_str().map(str::to_owned))
        .collect()
}
