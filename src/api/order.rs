//! Commands to instances on behalf of a request: admitted, sent, answered from the state that they led to.
//!
//! Owns: `Idempotency-Key`: what two requests must share to be the same one. Never: decides.

use super::{
    common::{self, Answered},
    problem::Refused,
    subject::{self, Subject},
};
use crate::{
    access::Caller,
    http::{Context, HeaderName, HeaderValue, Request, Response, StatusCode, header},
    server::State,
};
use actors::message::{Applied, Remember, Remembered, Rendered};
use bpmn::Command;
use codec::{Id, Tenant};
use sha2::{Digest, Sha256};
use std::sync::Arc;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Who writes, and whether the answer is to be remembered.
#[derive(Clone, Copy)]
pub struct Write {
    /// The caller's company.
    pub tenant: Tenant,
    /// With an `Idempotency-Key`: which request it is.
    pub remember: Option<Remember>,
}

impl Write {
    /// Of a request.
    pub fn of(state: &State, request: &Request) -> Self {
        Write {
            tenant: common::tenant(state, request),
            remember: remember(state, request),
        }
    }
}

fn remember(state: &State, request: &Request) -> Option<Remember> {
    let principal = request.extensions.get::<Caller>();
    let principal = principal.and_then(|caller| caller.principal.as_deref());
    let tenant = common::tenant(state, request);
    remember_of(request, tenant, principal.unwrap_or_default())
}

/// With an `Idempotency-Key`: which request of a principal of a company it is.
pub fn remember_of(request: &Request, tenant: Tenant, principal: &str) -> Option<Remember> {
    let key = request.headers.get(IDEMPOTENCY_KEY)?;
    let mut hash = Sha256::new();
    hash.update(tenant.0.to_le_bytes());
    for part in [
        principal.as_bytes(),
        request.method.as_str().as_bytes(),
        request.uri.to_string().as_bytes(),
        key.as_bytes(),
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    Some(Remember {
        key: first_half(hash),
        body: first_half(Sha256::new_with_prefix(&request.body)),
    })
}

fn first_half(hash: Sha256) -> u128 {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    u128::from_be_bytes(bytes)
}

/// 200 with a JSON body.
pub fn rendered(body: String) -> Rendered {
    Rendered {
        status: StatusCode::OK.as_u16(),
        location: String::new(),
        body: body.into_bytes(),
    }
}

/// 204.
pub fn gone() -> Rendered {
    Rendered {
        status: StatusCode::NO_CONTENT.as_u16(),
        location: String::new(),
        body: Vec::new(),
    }
}

/// The answer that was rendered.
pub fn respond(rendered: Rendered) -> Response {
    let status = StatusCode::from_u16(rendered.status).unwrap_or(StatusCode::OK);
    let response = if rendered.body.is_empty() {
        Response::new(status)
    } else {
        Response::json(status, rendered.body)
    };
    match HeaderValue::try_from(rendered.location) {
        Ok(location) if !location.is_empty() => response.header(header::LOCATION, location),
        Ok(_) | Err(_) => response,
    }
}

/// An answer that is remembered too.
pub fn respond_shared(rendered: Arc<Rendered>) -> Response {
    respond(Arc::unwrap_or_clone(rendered))
}

/// Sends a command to what `id` is in; `render` makes the answer at the instance.
pub async fn order(
    state: &Context<State>,
    write: Write,
    subject: Subject,
    id: Id,
    command: Command,
    render: impl FnOnce(&Applied<'_>) -> Rendered + Send + 'static,
) -> Answered {
    if subject::is_foreign(state, write.tenant, id.root) {
        return Err(subject.unknown(&id.to_string()));
    }
    let done = match write.remember {
        None => state
            .engine
            .order(id.root, command, render)
            .await
            .map(respond),
        Some(request) => {
            let once = state.engine.order_once(id.root, command, request, render);
            Box::pin(once).await.map(respond_shared)
        }
    };
    match done {
        Ok(response) => Ok(response),
        Err(failure) => Err(subject::explain(state, write.tenant, subject, id, failure).await),
    }
}

/// Does work that is no command to an instance once for an `Idempotency-Key`. Its answer is remembered
/// in a record of its own.
pub async fn once(
    state: &Context<State>,
    remember: Option<Remember>,
    work: impl Future<Output = Result<Rendered, Refused>>,
) -> Answered {
    let Some(request) = remember else {
        return work.await.map(respond);
    };
    let engine = &state.engine;
    if let Some(answer) = engine.begin(request).await? {
        return Ok(respond_shared(answer));
    }
    let _in_flight = engine.idempotency.hold(request);
    let answer = Arc::new(work.await?);
    let remembered = Remembered {
        request,
        at_ms: engine.clock.real_ms(),
        answer: Arc::clone(&answer),
    };
    engine.remember(remembered).await?;
    Ok(respond_shared(answer))
}
