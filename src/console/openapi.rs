//! The OpenAPI document, made from the route table.
//! Owns: how a line of the table becomes an operation of the document. Never: the schema of a body ([`form`] makes those), or
//! of an answer; the document of the console has them.

use super::{
    call::{Answered, ok},
    form,
    table::{self, Content, Endpoint, Need},
};
use crate::{
    http::{Context, Params, Request},
    server::State,
};
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

/// What holds of every body.
const ABOUT: &str = "Names of fields are taken in any case, null is the same as nothing, and numbers, booleans and texts are \
                     taken for one another where they can be read so. Fields that are not named are ignored.";

/// `GET /openapi/openapi.json`
pub async fn document(_state: Context<State>, _request: Request, _params: Params) -> Answered {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    ok(DOCUMENT.get_or_init(|| whole().to_string()).clone())
}

fn whole() -> Value {
    let mut paths = Map::new();
    for endpoint in table::endpoints() {
        let path = paths
            .entry(endpoint.route.path)
            .or_insert_with(|| json!({}));
        let method = endpoint.route.method.as_str().to_ascii_lowercase();
        path[method] = operation(&endpoint);
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Loomwork console API", "description": ABOUT, "version": env!("CARGO_PKG_VERSION")},
        "paths": paths,
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
    })
}

fn operation(endpoint: &Endpoint) -> Value {
    let parameter = |name: &str, place: &str| {
        let required = place == "path";
        json!({"name": name, "in": place, "required": required, "schema": {"type": "string"}})
    };
    let names = endpoint.route.path.split('{').skip(1);
    let names = names.filter_map(|rest| Some(rest.split_once('}')?.0));
    let mut parameters: Vec<Value> = names.map(|name| parameter(name, "path")).collect();
    parameters.extend(endpoint.query.iter().map(|name| parameter(name, "query")));
    if endpoint.need != Need::SignedIn {
        parameters.push(parameter("CompanyId", "header"));
        parameters.push(parameter("DepartmentId", "header"));
    }
    let mut operation = json!({
        "summary": endpoint.route.summary,
        "parameters": parameters,
        "responses": {
            "200": {"description": "OK"},
            "default": {"description": "refused", "content": {"application/problem+json": {}}},
        },
    });
    if let Need::Permission(permission) = endpoint.need {
        operation["x-permission"] = permission.text().into();
    }
    if let Some(content) = endpoint.body {
        operation["requestBody"] = request_body(content);
    }
    operation
}

fn request_body(content: Content) -> Value {
    let json = |schema: Value| {
        let required = schema["required"].is_array();
        json!({"required": required, "content": {"application/json": {"schema": schema}}})
    };
    match content {
        Content::Object(form) => json(form::schema(form)),
        Content::Objects(form) => {
            let one = form::schema(form);
            json(json!({"anyOf": [one, {"type": "array", "items": one}]}))
        }
        Content::File => {
            let schema = json!({"type": "string", "format": "binary"});
            json!({"required": true, "content": {"application/octet-stream": {"schema": schema}}})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_in_the_document_and_says_what_it_does() {
        let document = whole();
        let endpoints = table::endpoints();
        assert!(!endpoints.is_empty());
        for endpoint in endpoints {
            let method = endpoint.route.method.as_str().to_ascii_lowercase();
            let operation = &document["paths"][endpoint.route.path][method];
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(!summary.is_empty(), "{}", endpoint.route.path);
        }
    }
}
