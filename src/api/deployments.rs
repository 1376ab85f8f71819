//! Deployments: files in, definitions out.
//! Never: reads a model; the engine does, and all its complaints come back at once.

use super::{
    common::{self, Answered},
    definitions,
    json::{Object, key},
    order::{self, Write},
    page,
    problem::{self, Refused},
};
use crate::{
    http::{Context, Fault, Params, Request, StatusCode},
    server::State,
};
use actors::{
    definitions::{Complaint, Deployment, deploy},
    message::Rendered,
};
use codec::DefinitionId;
use std::sync::Arc;

/// The name of a model that came without one.
const UNNAMED: &str = "process.bpmn20.xml";

/// `POST /deployments`
pub async fn create(state: Context<State>, request: Request, _params: Params) -> Answered {
    let write = Write::of(&state, &request);
    let filter = common::flag(&request, "enableDuplicateFiltering")?.unwrap_or(false);
    let files = files(&request).await?;
    let name = match request.query.get("name") {
        Some(name) => name.to_owned(),
        None => files
            .first()
            .map_or_else(String::new, |file| file.name.clone()),
    };
    let work = async {
        let deployed = state
            .engine
            .deploy(write.tenant, name, files, filter)
            .await?;
        let catalog = &state.engine.catalog;
        let deployment = catalog.deployment(write.tenant, deployed.number);
        let deployment = deployment.ok_or_else(|| unknown(&deployed.number.to_string()))?;
        let status = if deployed.unchanged {
            StatusCode::OK
        } else {
            StatusCode::CREATED
        };
        let mut body = String::with_capacity(1024);
        push(&state, &deployment, Some(&deployed.warnings), &mut body);
        Ok(Rendered {
            status: status.as_u16(),
            location: format!("/api/v1/deployments/{}", deployed.number),
            body: body.into_bytes(),
        })
    };
    order::once(&state, write.remember, work).await
}

/// The parts of a multipart body, or the body as one model.
async fn files(request: &Request) -> Result<Vec<deploy::File>, Refused> {
    let content_type = request.content_type();
    if content_type.starts_with("multipart/") {
        let parts = request.multipart().await?;
        let file = |part: crate::http::Part| deploy::File {
            name: part
                .file_name
                .filter(|name| !name.is_empty())
                .unwrap_or(part.name),
            bytes: Arc::from(&part.bytes[..]),
        };
        return Ok(parts.into_iter().map(file).collect());
    }
    // A form's type is what curl sends when nobody says otherwise; the bytes tell.
    let model = matches!(
        &*content_type,
        "" | "application/octet-stream"
            | "application/xml"
            | "text/xml"
            | "application/x-www-form-urlencoded"
    ) || content_type.ends_with("+xml");
    if !model {
        let wanted = "a deployment is a model as application/xml, or files as multipart/form-data";
        return Err(Fault::UnsupportedMediaType(wanted.into()).into());
    }
    if request.body.is_empty() {
        return Err(Refused::malformed("the body is empty"));
    }
    let name = request.query.get("name").filter(|name| !name.is_empty());
    let name = name.unwrap_or(UNNAMED);
    let suffix = if deploy::holds_processes(name) {
        ""
    } else {
        ".bpmn20.xml"
    };
    Ok(vec![deploy::File {
        name: format!("{name}{suffix}"),
        bytes: Arc::from(&request.body[..]),
    }])
}

/// A deployment; with the warnings about its files when it has just been made.
fn push(state: &State, deployment: &Deployment, warnings: Option<&[Complaint]>, out: &mut String) {
    let mut object = Object::begin(out);
    object.text(key!("id"), &deployment.number.to_string());
    object.text(key!("name"), &deployment.name);
    object.instant(key!("deployedAt"), deployment.deployed_ms);
    let list = object.name(key!("definitions"));
    list.push('[');
    let catalog = &state.engine.catalog;
    let numbers = deployment.definitions.iter();
    let published = numbers.filter_map(|number| catalog.get(DefinitionId(*number)));
    for (n, published) in published.enumerate() {
        if n > 0 {
            list.push(',');
        }
        definitions::push(&published, list);
    }
    list.push(']');
    if let Some(warnings) = warnings {
        problem::push_complaints(warnings, object.name(key!("warnings")));
    }
    object.end();
}

fn unknown(id: &str) -> Refused {
    Refused::not_found(
        "deployment-not-found",
        format!("there is no deployment with the id '{id}'"),
    )
}

/// `GET /deployments`
pub async fn list(state: Context<State>, request: Request, _params: Params) -> Answered {
    let names = common::all(&request, "name");
    let mut all = state
        .engine
        .catalog
        .deployments(common::tenant(&state, &request));
    all.retain(|deployment| names.is_empty() || names.contains(&deployment.name));
    all.reverse();
    let newest_first = |deployment: &Deployment| u64::MAX - deployment.number;
    page::of_all(&request, &all, newest_first, |deployment, out| {
        push(&state, deployment, None, out);
    })
}

fn number(id: &str) -> Result<u64, Refused> {
    id.parse().map_err(|_| unknown(id))
}

/// `GET /deployments/{id}`
pub async fn get(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = params.get("id");
    let tenant = common::tenant(&state, &request);
    let found = state.engine.catalog.deployment(tenant, number(id)?);
    let deployment = found.ok_or_else(|| unknown(id))?;
    let mut body = String::with_capacity(1024);
    push(&state, &deployment, None, &mut body);
    common::ok(body)
}

/// `DELETE /deployments/{id}`
pub async fn delete(state: Context<State>, request: Request, params: Params) -> Answered {
    let cascade = common::flag(&request, "cascade")?.unwrap_or(false);
    let tenant = common::tenant(&state, &request);
    let number = number(params.get("id"))?;
    state.engine.undeploy(tenant, number, cascade).await?;
    Ok(order::respond(order::gone()))
}
