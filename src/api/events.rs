//! Signals and messages from outside. Models with such events are refused at deployment, so nobody waits for one yet:
//! a signal reaches nobody, a message finds no subscription.
//! Never: accepts a body that would be refused if somebody waited.

use super::{
    common::{self, Answered, Map},
    problem::Refused,
    subject::{self, Subject},
};
use crate::{
    http::{Context, Params, Request},
    server::State,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventBody {
    name: String,
    #[serde(default)]
    variables: Option<Map>,
    #[serde(default)]
    correlation: Option<Map>,
    #[serde(default)]
    instance_id: Option<String>,
}

/// Reads the body and looks at the instance that it names.
async fn read(state: &Context<State>, request: &Request) -> Result<EventBody, Refused> {
    let body: EventBody = common::body(request)?;
    if body.name.is_empty() {
        return Err(Refused::malformed("name is empty"));
    }
    common::variables(body.variables.clone())?;
    common::variables(body.correlation.clone())?;
    let Some(text) = &body.instance_id else {
        return Ok(body);
    };
    let unknown = || {
        let detail = format!("there is no process instance with the id '{text}'");
        Refused::unprocessable("instance-not-found", detail)
    };
    let id = Subject::Instance.parse(text).map_err(|_| unknown())?;
    let tenant = common::tenant(state, request);
    let open = {
        let views = state.engine.views.read();
        views
            .instance(tenant, id)
            .map(|instance| instance.ended().is_none())
    };
    match open {
        Some(true) => Ok(body),
        None if subject::archived_row(state, tenant, id).await?.is_none() => Err(unknown()),
        Some(false) | None => Err(Refused::conflict(
            "instance-ended",
            "the process instance has ended",
        )),
    }
}

/// `POST /signals`
pub async fn signal(state: Context<State>, request: Request, _params: Params) -> Answered {
    read(&state, &request).await?;
    common::ok("{\"delivered\":0,\"started\":0}".to_owned())
}

/// `POST /messages`
pub async fn message(state: Context<State>, request: Request, _params: Params) -> Answered {
    let body = read(&state, &request).await?;
    let detail = format!("nobody waits for the message '{}'", body.name);
    Err(Refused::not_found("no-subscription", detail))
}
