//! The OpenAPI document, made from the route table.
//! Owns: how a line of the table becomes an operation of the document. Never: a schema (`schemas.json` beside it has those).

use super::{
    common::{self, Answered},
    table,
};
use crate::{
    http::{Context, Method, Params, Request, Route, StatusCode},
    server::State,
};
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

/// The schemas that the table names.
const SCHEMAS: &str = include_str!("schemas.json");

/// A line of the table.
pub struct Operation {
    /// What is mounted.
    pub route: Route<State>,
    query: Vec<&'static str>,
    body: Body,
    answer: Answer,
    idempotent: bool,
}

#[derive(Clone, Copy)]
enum Body {
    None,
    Schema(&'static str),
    Models,
}

#[derive(Clone, Copy)]
enum Answer {
    Schema(StatusCode, &'static str),
    List(&'static str),
    Bytes(&'static str),
    Nothing,
}

/// An operation without parameters, body and answer.
pub fn operation(route: Route<State>) -> Operation {
    Operation {
        route,
        query: Vec::new(),
        body: Body::None,
        answer: Answer::Nothing,
        idempotent: false,
    }
}

impl Operation {
    /// Parameters of its query.
    pub fn query(mut self, names: impl IntoIterator<Item = &'static str>) -> Self {
        self.query.extend(names);
        self
    }

    /// A JSON body.
    pub fn takes(mut self, schema: &'static str) -> Self {
        self.body = Body::Schema(schema);
        self
    }

    /// A model, or files.
    pub fn takes_models(mut self) -> Self {
        self.body = Body::Models;
        self
    }

    /// 200 with a resource.
    pub fn gives(mut self, schema: &'static str) -> Self {
        self.answer = Answer::Schema(StatusCode::OK, schema);
        self
    }

    /// 201 with a resource.
    pub fn creates(mut self, schema: &'static str) -> Self {
        self.answer = Answer::Schema(StatusCode::CREATED, schema);
        self
    }

    /// A page.
    pub fn lists(mut self, item: &'static str) -> Self {
        self.answer = Answer::List(item);
        self
    }

    /// Something that is not of a schema here.
    pub fn sends(mut self, content_type: &'static str) -> Self {
        self.answer = Answer::Bytes(content_type);
        self
    }

    /// 204.
    pub fn removes(mut self) -> Self {
        self.answer = Answer::Nothing;
        self
    }

    /// Heeds `Idempotency-Key`.
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    fn document(&self) -> Value {
        let mut parameters = Vec::new();
        for name in path_parameters(self.route.path) {
            let schema = json!({"type": "string"});
            parameters
                .push(json!({"name": name, "in": "path", "required": true, "schema": schema}));
        }
        for name in &self.query {
            let schema = json!({"type": "string"});
            parameters.push(json!({"name": name, "in": "query", "schema": schema}));
        }
        if self.idempotent {
            let about = "the same key, path and body give the first answer again";
            let schema = json!({"type": "string"});
            parameters.push(json!({
                "name": "Idempotency-Key", "in": "header", "description": about, "schema": schema,
            }));
        }
        let mut operation = Map::new();
        operation.insert("summary".into(), self.route.summary.into());
        operation.insert("operationId".into(), self.id().into());
        operation.insert("parameters".into(), parameters.into());
        if let Some(body) = self.request_body() {
            operation.insert("requestBody".into(), body);
        }
        operation.insert("responses".into(), self.responses());
        operation.into()
    }

    /// `postInstancesByIdTrigger`
    fn id(&self) -> String {
        let mut id = self.route.method.as_str().to_ascii_lowercase();
        let path = self.route.path.trim_start_matches("/api/v1");
        for word in path.split(|c: char| !c.is_ascii_alphanumeric()) {
            let mut letters = word.chars();
            if let Some(first) = letters.next() {
                id.push(first.to_ascii_uppercase());
                id.push_str(letters.as_str());
            }
        }
        id
    }

    fn request_body(&self) -> Option<Value> {
        match self.body {
            Body::None => None,
            Body::Schema(name) => Some(json!({
                "content": {"application/json": {"schema": reference(name)}},
            })),
            Body::Models => Some(json!({
                "required": true,
                "content": {
                    "application/xml": {"schema": {"type": "string"}},
                    "multipart/form-data": {"schema": {
                        "type": "object",
                        "additionalProperties": {"type": "string", "format": "binary"},
                    }},
                },
            })),
        }
    }

    fn responses(&self) -> Value {
        let problem = json!({
            "description": "refused",
            "content": {"application/problem+json": {"schema": reference("Problem")}},
        });
        let of_schema = |schema: Value| json!({"application/json": {"schema": schema}});
        let (status, content) = match self.answer {
            Answer::Nothing => (StatusCode::NO_CONTENT, None),
            Answer::Schema(status, name) => (status, Some(of_schema(reference(name)))),
            Answer::List(item) => (StatusCode::OK, Some(of_schema(list_of(item)))),
            Answer::Bytes(content_type) => {
                let schema = json!({"type": "string"});
                (
                    StatusCode::OK,
                    Some(json!({content_type: {"schema": schema}})),
                )
            }
        };
        let mut done = Map::new();
        done.insert("description".into(), status.canonical_reason().into());
        if let Some(content) = content {
            done.insert("content".into(), content);
        }
        json!({status.as_str(): done, "default": problem})
    }
}

fn list_of(item: &str) -> Value {
    json!({
        "type": "object",
        "required": ["items", "next", "total"],
        "properties": {
            "items": {"type": "array", "items": reference(item)},
            "next": {"type": ["string", "null"], "description": "the parameter after of the next page"},
            "total": {"type": ["integer", "null"]},
        },
    })
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    let rest = path.split('{').skip(1);
    rest.filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
}

/// The whole document.
fn whole() -> String {
    let mut paths = Map::new();
    for operation in table::operations() {
        let path = paths
            .entry(operation.route.path)
            .or_insert_with(|| json!({}));
        let method = operation.route.method.as_str().to_ascii_lowercase();
        path[method] = operation.document();
    }
    // The file is part of the program; a test reads it.
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    let document = json!({
        "openapi": "3.1.0",
        "info": {"title": "Loomwork engine API", "version": env!("CARGO_PKG_VERSION")},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    });
    document.to_string()
}

/// `GET /openapi.json`
pub async fn document(_state: Context<State>, request: Request, _params: Params) -> Answered {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    debug_assert!(request.method == Method::GET || request.method == Method::HEAD);
    common::ok(DOCUMENT.get_or_init(whole).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_that_is_named_is_there() {
        let document: Value = serde_json::from_str(&whole()).expect("JSON");
        let schemas = document["components"]["schemas"]
            .as_object()
            .expect("schemas");
        assert!(!schemas.is_empty());
        let text = document.to_string();
        for rest in text.split("#/components/schemas/").skip(1) {
            let name = rest.split('"').next().unwrap_or_default();
            assert!(schemas.contains_key(name), "{name}");
        }
        for operation in table::operations() {
            assert!(
                !operation.route.summary.is_empty(),
                "{}",
                operation.route.path
            );
        }
    }
}
